"""Who may say who is what: roles, delegations, periods, links, private calendars."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.model import PlanRow, Token
from ckanext.ogp_plan.model.people import COMPONENT_LEADER, FOCAL_POINT
from ckanext.ogp_plan.services.permission import Person

#: Roles that who manages a plan may grant in it; the others are the administration's to give.
GRANTED_BY_MANAGERS = (COMPONENT_LEADER, FOCAL_POINT)


def ogp_plan_role_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan; of all plans, the portal's administration."""
    plan = decision.plan_of(person, data) if data.get("plan") else None
    return decision.allow(person, "see_roles" if plan is not None else "grant", plan)


def _role(person: Person, role: str, plan: PlanRow | None) -> AuthResult:
    if plan is None or role not in GRANTED_BY_MANAGERS:
        return decision.allow(person, "grant", plan)
    return decision.allow(person, "roles", plan)


def ogp_plan_role_grant(person: Person, data: dict[str, Any]) -> AuthResult:
    """Focal points and leaders: who manages the plan. The rest, or in all plans: the administration."""
    plan = decision.plan_of(person, data) if data.get("plan") else None
    return _role(person, str(data.get("role") or ""), plan)


def ogp_plan_role_end(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who might grant it."""
    found = lookup.role(data.get("id"))
    return _role(person, found.role, PlanRow.get(found.plan_id))


def ogp_plan_delegation_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who reports for the organismo, about itself; for another, the organismo's administrator."""
    return _delegates(person, str(data.get("organization") or ""), data.get("user"))


def ogp_plan_delegation_revoke(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who might make it."""
    found = lookup.delegation(data.get("id"))
    return _delegates(person, found.organization, found.user_id)


def _delegates(person: Person, organization: str, user: Any) -> AuthResult:
    if user and user not in (person.id, person.name):
        named_by_admin = person.sysadmin or organization in person.admin_of
        return decision.yes() if named_by_admin else decision.no(decision.why_not("delegate"))
    return decision.allow(person, "delegate", None, organization=organization)


def ogp_plan_delegation_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who is signed in sees their own; those of an organismo, who speaks for it."""
    if data.get("organization"):
        return decision.allow(person, "delegate", None, organization=str(data["organization"]))
    return decision.yes()


def ogp_plan_period_open(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return decision.allow(person, "period", decision.plan_of(person, data))


def ogp_plan_period_close(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return decision.allow(person, "period", decision.plan_of(person, data))


def ogp_plan_link_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def ogp_plan_link_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan of the item; when one answer counts for both, who manages the other's too."""
    allowed = decision.allow(person, "link", decision.plan_of(person, data))
    other = data.get("other_plan")
    if not allowed["success"] or not other:
        return allowed
    second = lookup.plan(person, other)
    if data.get("kind") == "counts_for":
        return decision.allow(person, "link", second)
    return allowed


def ogp_plan_link_remove(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan of the item."""
    _, plan = lookup.fact(person, data.get("id"), "link")
    return decision.allow(person, "link", plan)


def ogp_plan_token_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who is signed in, for themselves; of an organismo, who reports for it."""
    if data.get("organization") and str(data["organization"]) not in person.speaks_for(None):
        return decision.no(decision.why_not("report"))
    return decision.yes()


def ogp_plan_token_revoke(person: Person, data: dict[str, Any]) -> AuthResult:
    """Whose it is; the portal's administration."""
    reference = data.get("id")
    found = model.Session.get(Token, reference) if isinstance(reference, str) and reference else None
    if found is None or not (person.sysadmin or found.user_id == person.id):
        raise tk.ObjectNotFound(tk._("There is no such private calendar."))
    return decision.yes()


def ogp_plan_letters_patch(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who is signed in, for themselves; for another, the portal's administration."""
    if data.get("user") and data["user"] not in (person.id, person.name) and not person.sysadmin:
        return decision.no(decision.why_not("grant"))
    return decision.yes()


def ogp_plan_mine_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who is signed in, of themselves."""
    return decision.yes()


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_role_list": decision.writes(ogp_plan_role_list),
        "ogp_plan_role_grant": decision.writes(ogp_plan_role_grant),
        "ogp_plan_role_end": decision.writes(ogp_plan_role_end),
        "ogp_plan_delegation_create": decision.writes(ogp_plan_delegation_create),
        "ogp_plan_delegation_revoke": decision.writes(ogp_plan_delegation_revoke),
        "ogp_plan_delegation_list": decision.writes(ogp_plan_delegation_list),
        "ogp_plan_period_open": decision.writes(ogp_plan_period_open),
        "ogp_plan_period_close": decision.writes(ogp_plan_period_close),
        "ogp_plan_link_list": decision.reads(ogp_plan_link_list),
        "ogp_plan_link_create": decision.writes(ogp_plan_link_create),
        "ogp_plan_link_remove": decision.writes(ogp_plan_link_remove),
        "ogp_plan_token_create": decision.writes(ogp_plan_token_create),
        "ogp_plan_token_revoke": decision.writes(ogp_plan_token_revoke),
        "ogp_plan_letters_patch": decision.writes(ogp_plan_letters_patch),
        "ogp_plan_mine_show": decision.writes(ogp_plan_mine_show),
    }
