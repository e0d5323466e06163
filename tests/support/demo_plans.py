"""The demonstration plans with their year of follow-up, stored in a test's own portal without its API.

What ``make demo`` loads through the API and the clock, a test needs in seconds: versions and facts are written
as they are described in ``dev/sample/planes``, and everything is computed once at the end.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass, field
from dataclasses import replace as put
from pathlib import Path
from typing import Any

from ckan import model
from ckan.model.types import make_uuid

from ckanext.ogp_plan.model import PlanRole, PlanRow
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, plan_version

SAMPLE = Path(__file__).resolve().parents[2] / "dev" / "sample" / "planes"


def followup() -> Any:
    """Return the module with the facts of the year."""
    if str(SAMPLE) not in sys.path:
        sys.path.insert(0, str(SAMPLE))
    import followup as found

    return found


@dataclass
class DemoPlans:
    """Names of what was loaded: ``plans``: key of the sample → the plan's name."""

    plans: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)


def organismos(year: Any) -> None:
    """Make the organizations that the sample names and the portal does not have."""
    for one in year.organismos():
        if model.Group.get(one["name"]) is None:
            model.Session.add(
                model.Group(name=one["name"], title=one["title"], is_organization=True, type="organization")
            )
    model.Session.commit()


def load(users: dict[str, str]) -> DemoPlans:
    """Load plans and facts.

    :param users: name in the sample → id of the user whose it is; of the others facts are nobody's.
    """
    year = followup()
    organismos(year)
    made = DemoPlans(users=users)
    for key, plan in year.plans().items():
        row = PlanRow(
            name=plan.name,
            family=plan.family,
            title=key,
            status=plan.status,
            owner="dadii",
            demonstration=True,
        )
        model.Session.add(row)
        plan_version.apply(row, year.plan_of(key), user_id=None, act_name="Resolución 012 de enero de 2026")
        changed = year.plan_of(key, changed=True)
        plan_version.apply(
            row,
            changed,
            user_id=None,
            act_name="Resolución 041 de julio de 2026",
            reason="Ajuste de mitad de año",
        )
        made.plans[key] = row.name
        model.Session.commit()
    _facts(year, made)
    for name in made.plans.values():
        item_status.recompute(PlanRow.get(name).id)
    model.Session.commit()
    return made


def _facts(year: Any, made: DemoPlans) -> None:
    ids: dict[str, str] = {}
    plans = {key: PlanRow.get(name) for key, name in made.plans.items()}
    for fact in year.facts():
        event = year.event_of(fact)
        ids[fact.ref] = make_uuid()
        changes: dict[str, Any] = {"id": ids[fact.ref], "by": made.users.get(fact.by or "")}
        for name in year.REFERENCES:
            value = getattr(event, name, None)
            if value in ids:
                changes[name] = ids[value]
        if getattr(event, "plan", None) in plans:
            changes["plan"] = plans[event.plan].id
        if fact.support:
            # the files of the catalogue are not loaded: what stands in their place is where they would be
            changes.update(resource=None, url=f"https://datos.example.org/{fact.support}")
        event_service.append(plans[fact.plan].id, put(event, **changes), at=fact.at)
    model.Session.commit()


def role(user_id: str, role_name: str, plan: str | None = None, **scope: str) -> None:
    """Give somebody a role, as the portal's administration would."""
    row = PlanRow.get(plan)
    model.Session.add(
        PlanRole(
            user_id=user_id,
            role=role_name,
            plan_id=row.id if row else None,
            since=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
            **scope,
        )
    )
    model.Session.commit()
