"""What every authorisation function does: ask the matrix (:mod:`.services.permission`), say why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import permission

#: An authorisation function as written here: who asks, what with.
Question = Callable[[permission.Person, dict[str, Any]], AuthResult]


def reads(question: Question) -> Callable[[Context, DataDict | None], AuthResult]:
    """Make an authorisation function for everybody, signed in or not."""
    made: Callable[..., AuthResult] = tk.auth_allow_anonymous_access(_asked(question))
    return made


def writes(question: Question) -> Callable[[Context, DataDict | None], AuthResult]:
    """Make an authorisation function for who is signed in. It is asked of the administration too:
    what only a role may do, a sysadmin without the role may not."""
    made: Callable[..., AuthResult] = tk.auth_sysadmins_check(_asked(question))
    return made


def _asked(question: Question) -> Callable[[Context, DataDict | None], AuthResult]:
    def answer(context: Context, data_dict: DataDict | None) -> AuthResult:
        return question(permission.of(context), data_dict or {})

    answer.__name__ = question.__name__
    answer.__doc__ = question.__doc__
    answer.__module__ = question.__module__
    return answer


def yes() -> AuthResult:
    """Allowed."""
    return {"success": True}


def no(why: str) -> AuthResult:
    """Refused, and why."""
    return {"success": False, "msg": why}


def allow(
    person: permission.Person,
    what: str,
    plan: PlanRow | None,
    item: PlanItem | None = None,
    organization: str | None = None,
) -> AuthResult:
    """Ask the matrix; the refusal says whether it is the plan's status or the person's role."""
    if permission.may(person, what, plan, item, organization):
        return yes()
    if plan is not None and all(
        PlanStatus(plan.status) not in rule.statuses for rule in permission.MATRIX if rule.action == what
    ):
        return no(_because_of_status(plan, what))
    return no(why_not(what))


def _because_of_status(plan: PlanRow, what: str) -> str:
    if what == "publish_dataset":
        return str(tk._("A draft is in no catalogue. Publish the plan first."))
    if plan.status == PlanStatus.CLOSED.value:
        return str(tk._("The plan is closed: nothing more is changed or reported in it."))
    return str(tk._("The plan is not adopted yet: nothing is reported, judged or cut in it before that."))


def why_not(what: str) -> str:
    """Say who may do something, for a refusal."""
    only_focal = tk._(
        "Only a focal point of an organismo that owes the item may do this, for that organismo."
    )
    managers = tk._("Only the coordinator of the plan or an administrator of its owner may do this.")
    said = {
        "report": only_focal,
        "report_whole": tk._(
            "Say for which organismo you report. Only the coordinator reports for the item as a whole."
        ),
        "review": tk._(
            "Only the leader of the component or the coordinator reviews, never what they sent themselves."
        ),
        "verdict": tk._("Only Control Interno and the independent monitor give a verdict."),
        "cut_create": tk._("Only Control Interno makes a cut."),
        "cut_publish": tk._("Only Control Interno publishes a cut."),
        "grant": tk._("Only the administration of the portal grants or ends this role."),
        "delegate": tk._(
            "Only who reports for the organismo, or its administrator, arranges who stands in for them."
        ),
        "private_evidence": tk._("This evidence is withheld."),
        "create": tk._("Only an administrator of the owner organization may make a plan for it."),
    }
    return str(said.get(what, managers))


def plan_of(person: permission.Person, data: dict[str, Any], field: str = "plan") -> PlanRow:
    """Return the plan a request names (:func:`ckanext.ogp_plan.logic.lookup.plan`)."""
    return lookup.plan(person, data.get(field))


def see(person: permission.Person, data: dict[str, Any], field: str = "plan") -> AuthResult:
    """Whoever may see the plan; for another it is not there."""
    plan_of(person, data, field)
    return yes()


def report(person: permission.Person, data: dict[str, Any]) -> AuthResult:
    """A focal point for its organismo when it owes the item, the coordinator for the item as a whole.

    ``plan``, ``item`` (without one: any of the plan), ``organization`` (its name; none: as a whole).
    """
    plan = plan_of(person, data)
    item = lookup.item(plan, data["item"]) if data.get("item") else None
    organization = data.get("organization") or None
    if organization is None:
        return allow(person, "report_whole", plan, item)
    return allow(person, "report", plan, item, str(organization))
