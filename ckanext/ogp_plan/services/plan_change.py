"""What may be changed in a plan and how: title, status, settings, owner."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning import data as planning_data
from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.types import ChangeKind, Plan, PlanStatus
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission, plan_version
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

#: What a plan may become. Once adopted it is never a draft again, and what is closed stays closed.
TRANSITIONS: dict[PlanStatus, frozenset[PlanStatus]] = {
    PlanStatus.DRAFT: frozenset({PlanStatus.CONSULTATION, PlanStatus.ADOPTED}),
    PlanStatus.CONSULTATION: frozenset({PlanStatus.DRAFT, PlanStatus.ADOPTED}),
    PlanStatus.ADOPTED: frozenset({PlanStatus.RUNNING, PlanStatus.CLOSED}),
    PlanStatus.RUNNING: frozenset({PlanStatus.CLOSED}),
    PlanStatus.CLOSED: frozenset(),
}
#: Statuses in which a change of what the plan says needs an act and a reason.
_BY_ACT = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)


def name_in_use() -> str:
    """Return the sentence for a name that another plan has."""
    return str(tk._("There is a plan at this address already. Choose another one."))


def check_name(name: str, errors: dict[str, list[str]]) -> None:
    """Add an error if a name cannot be a plan's address, or another plan has it."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,98}[a-z0-9]", name, re.ASCII):
        errors["name"] = [
            tk._("Write the address with small letters, figures and hyphens: 3 to 100 of them.")
        ]
    elif name in urls.RESERVED_PLANS:
        errors["name"] = [tk._("This address is a page of the portal. Choose another one.")]
    elif PlanRow.get(name) is not None:
        errors["name"] = [name_in_use()]


def check_family(family: str, errors: dict[str, list[str]]) -> None:
    """Add an error if there is no such family of plans."""
    known = families.names()
    if family not in known:
        errors["family"] = [
            tk._("There is no such family of plans. Choose one of: {names}.").format(names=", ".join(known))
        ]


def check_owner(reference: str, errors: dict[str, list[str]]) -> str:
    """Return the name of the organization that owns a plan; add an error if there is none."""
    found = model.Group.get(reference)
    if found is None or not found.is_organization or found.state != "active":
        errors["owner"] = [tk._("Choose the organization that owns the plan.")]
        return ""
    return str(found.name)


def check_days(start: dt.date | None, end: dt.date | None, errors: dict[str, list[str]]) -> None:
    """Add an error if a plan would end before it begins."""
    if start and end and end < start:
        errors["end"] = [tk._("It ends before it begins. Correct one of the two days.")]


def check_settings(family: str, given: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    """Add an error if a plan of a family cannot be tracked by these settings."""
    try:
        plan_settings.build_settings(record_service.family(family), given)
    except (planning_data.DataError, TypeError, ValueError, KeyError, AttributeError) as error:
        errors["settings"] = [
            tk._(
                "These settings cannot be used ({detail}). Correct them, or leave them as in the family."
            ).format(detail=str(error)[:300])
        ]


def check_successor(reference: str | None, person: Person, errors: dict[str, list[str]]) -> PlanRow | None:
    """Return the plan that another one follows; add an error if there is none that may be seen."""
    found = PlanRow.get(reference)
    if reference and (found is None or not permission.is_allowed(person, "see", found)):
        errors["successor_of"] = [tk._("There is no such plan.")]
        return None
    return found


def patch(row: PlanRow, data: Mapping[str, Any], person: Person, status_name: Callable[[str], str]) -> None:
    """Change a plan, and record what was changed.

    :param data: the fields of ``ogp_plan_patch``.
    :param status_name: returns what a status is called, for errors.
    :raises tk.ValidationError: it may not be changed so.
    """
    errors: dict[str, list[str]] = {}
    status = data["status"]
    if status is not None and status.value != row.status:
        _check_transition(row, status, status_name, errors)
    if data["settings"] is not None:
        check_settings(row.family, data["settings"], errors)
    owner = check_owner(data["owner"], errors) if data["owner"] else row.owner
    start, end = data["start"] or row.start, data["end"] or row.end
    check_days(start, end, errors)
    before = check_successor(data["successor_of"], person, errors)
    if before is not None and before.id == row.id:
        errors["successor_of"] = [tk._("A plan does not follow itself.")]
    restated = (data["title"] or row.title, start, end, owner) != (row.title, row.start, row.end, row.owner)
    if restated and row.status in _BY_ACT:
        _check_act(data, errors)
    if errors:
        raise tk.ValidationError(errors)
    changes: list[tuple[str, Any, Any]] = []
    if status is not None and status.value != row.status:
        changes.append(("status", row.status, status.value))
        row.status = status.value
    if data["settings"] is not None:
        changes += _changed_settings(row, data["settings"])
        row.settings = data["settings"]
    if before is not None:
        row.successor_of = before.id
    if data["demonstration"] is not None:
        row.demonstration = data["demonstration"]
    if restated:
        _restate(row, data, person, start, end, owner)
    _record(row, changes, data, person)
    model.Session.flush()
    if row.version and (changes or restated):
        item_status.recompute(row.id)


def _check_transition(
    row: PlanRow, status: PlanStatus, status_name: Callable[[str], str], errors: dict[str, list[str]]
) -> None:
    there = PlanStatus(row.status)
    if status not in TRANSITIONS[there]:
        errors["status"] = [
            tk._("A plan cannot go from {before} to {after}.").format(
                before=status_name(there.value),
                after=status_name(status.value),
            )
        ]
    elif status in (PlanStatus.ADOPTED, PlanStatus.CONSULTATION) and not _has_items(row):
        errors["status"] = [tk._("The plan has no items yet. Import its document first.")]
    elif status is PlanStatus.ADOPTED and not (row.start and row.end):
        errors["status"] = [tk._("Say when the plan begins and ends before it is adopted.")]


def _has_items(row: PlanRow) -> bool:
    wanted = sa.select(PlanItem.id).where(
        PlanItem.plan_id == row.id, PlanItem.trackable, PlanItem.withdrawn.is_(False)
    )
    return model.Session.execute(wanted.limit(1)).first() is not None


def _check_act(data: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    if not data["act_name"].strip():
        errors["act_name"] = [
            tk._("An adopted plan is changed by an act: write its name (resolution, minutes) and date.")
        ]
    if not data["reason"].strip():
        errors["reason"] = [tk._("Say why the plan changes: it is published beside each change.")]


def _changed_settings(row: PlanRow, given: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What of how a plan is tracked is otherwise: (field, before, after)."""
    family = record_service.family(row.family)
    old = plan_settings.settings_dict(plan_settings.build_settings(family, row.settings or {}))
    new = plan_settings.settings_dict(plan_settings.build_settings(family, given))
    changes: list[tuple[str, Any, Any]] = []
    for name, value in new.items():
        if name == "thresholds":
            changes += [
                (f"settings.thresholds.{element}", old[name][element], after)
                for element, after in value.items()
                if old[name][element] != after
            ]
        elif old[name] != value:
            changes.append((f"settings.{name}", old[name], value))
    return changes


def _restate(
    row: PlanRow,
    data: Mapping[str, Any],
    person: Person,
    start: dt.date | None,
    end: dt.date | None,
    owner: str,
) -> None:
    """Give the plan another title, days, owner: one more version, once it has one."""
    title = data["title"] or row.title
    if row.version:
        plan: Plan = replace(record_service.current_plan(row), title=title, start=start, end=end)
        if plan.owner is not None:
            plan.owner = owner
        plan_version.apply(row, plan, user_id=person.id, act_name=data["act_name"], reason=data["reason"])
    row.title, row.start, row.end, row.owner = title, start, end, owner


def _record(
    row: PlanRow, changes: Sequence[tuple[str, Any, Any]], data: Mapping[str, Any], person: Person
) -> None:
    """Record changes of status and settings beside those of the plan; those of a draft are not published."""
    if not row.version or row.status == PlanStatus.DRAFT.value:
        return
    moment = event_service.clock()
    last = sa.select(sa.func.max(RecordedChange.position)).where(
        RecordedChange.plan_id == row.id, RecordedChange.version == row.version
    )
    first = (model.Session.execute(last).scalar() or 0) + 1
    model.Session.add_all(
        RecordedChange(
            plan_id=row.id,
            version=row.version,
            position=first + number,
            kind=ChangeKind.CHANGED.value,
            field=field,
            before=before,
            after=after,
            act_name=data["act_name"],
            reason=data["reason"],
            user_id=person.id,
            created=moment,
        )
        for number, (field, before, after) in enumerate(changes)
    )
