"""What every authorisation function does: ask the matrix (:mod:`.services.permission`), say why not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.cost_common.logic import usable
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.request_fields import identity, name, yes_or_no

#: An authorisation function as written here: the person who asks, the request as it came.
Question = Callable[[permission.Person, Mapping[str, Any]], AuthResult]
AuthFunction = Callable[[Context, "DataDict | None"], AuthResult]


def public(question: Question) -> AuthFunction:
    """Make an authorisation function for everybody, signed in or not."""
    function: AuthFunction = tk.auth_allow_anonymous_access(_asked(question))
    return function


def signed_in(question: Question) -> AuthFunction:
    """Make an authorisation function for who is signed in. It is asked of the administration too:
    what only a role may do, a sysadmin without the role may not."""

    @functools.wraps(question)
    def of_somebody(person: permission.Person, data: Mapping[str, Any]) -> AuthResult:
        result = question(person, data)
        # CKAN refuses who is not signed in only where the context has no user object: a request has one
        if person.id is None and result["success"]:
            return no(tk._("Sign in to do this."))
        return result

    function: AuthFunction = tk.auth_sysadmins_check(_asked(of_somebody))
    return function


def _asked(question: Question) -> AuthFunction:
    @functools.wraps(question)
    def function(context: Context, data_dict: DataDict | None) -> AuthResult:
        return question(permission.get_person(context), data_dict if isinstance(data_dict, Mapping) else {})

    # functools leaves a way to the function it wraps, whose signature CKAN would look at
    del function.__wrapped__  # type: ignore[attr-defined]
    return function


def yes() -> AuthResult:
    """Allowed."""
    return {"success": True}


def no(why: str) -> AuthResult:
    """Refused, and why."""
    return {"success": False, "msg": why}


def text(data: Mapping[str, Any], field: str) -> str | None:
    """Return a name, id or other short text of a request; None if there is none that can be used."""
    value: str | None = usable(name, data.get(field))
    return value


def fact_id(data: Mapping[str, Any], field: str = "id") -> str | None:
    """Return the id of something recorded that a request names; None if there is none that can be used."""
    value: str | None = usable(identity, data.get(field))
    return value


def allow(
    person: permission.Person,
    what: str,
    plan: PlanRow | None,
    item: PlanItem | None = None,
    organization: str | None = None,
) -> AuthResult:
    """Ask the matrix; the refusal says whether it is the plan's status or the person's role."""
    if permission.is_allowed(person, what, plan, item, organization):
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
    reasons = {
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
        "link_organization": tk._(
            "Only the administration of the portal says which organization an organismo is."
        ),
        "delegate": tk._(
            "Only who reports for the organismo, or its administrator, chooses their substitute."
        ),
        "private_evidence": tk._("This evidence is withheld."),
        "create": tk._("Only an administrator of the owner organization may make a plan for it."),
    }
    return str(reasons.get(what, managers))


def somewhere(person: permission.Person, *whats: str) -> AuthResult:
    """Ask whether the person may do any of these things anywhere: for a request that does not say where."""
    if any(permission.is_allowed_somewhere(person, what) for what in whats):
        return yes()
    return no(why_not(whats[0]))


def plan_of(person: permission.Person, data: Mapping[str, Any], field: str = "plan") -> PlanRow | None:
    """Return the plan that a request names; None if it names none.

    :raises tk.ObjectNotFound: there is no such plan, or the person may not see it.
    """
    reference = text(data, field)
    return lookup.plan(person, reference) if reference else None


def item_of(plan: PlanRow, data: Mapping[str, Any]) -> PlanItem | None:
    """Return the item of a plan that a request names; None if it names none.

    :raises tk.ObjectNotFound: the plan has no such item.
    """
    reference = text(data, "item")
    return lookup.item(plan, reference) if reference else None


def see(person: permission.Person, data: Mapping[str, Any], field: str = "plan") -> AuthResult:
    """Whoever may see the plan; for another it is not there."""
    plan_of(person, data, field)
    return yes()


def in_plan(person: permission.Person, what: str, data: Mapping[str, Any], field: str = "plan") -> AuthResult:
    """Whoever may do something in the plan that the request names."""
    plan = plan_of(person, data, field)
    return allow(person, what, plan) if plan is not None else somewhere(person, what)


def report(
    person: permission.Person,
    data: Mapping[str, Any],
    *,
    of_plan: bool = False,
    whole_item: bool = True,
) -> AuthResult:
    """A focal point for its organismo when it owes the item, the coordinator for the item as a whole.

    ``plan``, ``item`` (without one: any of the plan), ``organization`` (its name; none: the person's own
    one, or as a whole), ``whole``.

    :param of_plan: what is declared is the coordinator's to declare, whoever's part it is about.
    :param whole_item: there is an item that may be reported for as a whole.
    """
    plan, organization = plan_of(person, data), text(data, "organization")
    if plan is None:
        if organization is not None and organization not in person.represented_organizations(None):
            return no(why_not("report"))
        return somewhere(person, "report", *(["report_whole"] if whole_item else []))
    item = item_of(plan, data) if whole_item else None
    if of_plan or (organization is None and usable(yes_or_no, data.get("whole"))):
        return allow(person, "report_whole", plan, item)
    if organization is not None:
        return allow(person, "report", plan, item, organization)
    if permission.is_allowed(person, "report", plan, item):
        return yes()
    return allow(person, "report_whole", plan, item)
