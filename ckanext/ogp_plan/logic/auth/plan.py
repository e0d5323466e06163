"""Who may see, make and change plans."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Everybody; the list has only what they may see."""
    return decision.yes()


def ogp_plan_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data, "id")


def ogp_plan_diff(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def ogp_plan_obligations(person: Person, data: dict[str, Any]) -> AuthResult:
    """Everybody; what they may not see is in no list and no count."""
    return decision.see(person, data) if data.get("plan") else decision.yes()


def ogp_plan_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """An administrator of the ``owner``, the coordinator of all plans, the portal's administration."""
    return decision.allow(person, "create", None, organization=lookup.organization(data.get("owner")))


def ogp_plan_patch(person: Person, data: dict[str, Any]) -> AuthResult:
    """The coordinator of the plan, administrators of its owner, the portal's administration; to give it
    to another owner, who might make a plan for that one too."""
    plan = decision.plan_of(person, data, "id")
    allowed = decision.allow(person, "change", plan)
    owner = lookup.organization(data.get("owner"))
    if allowed["success"] and owner and owner != plan.owner:
        return decision.allow(person, "create", None, organization=owner)
    return allowed


def ogp_plan_file_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def ogp_plan_publish_dataset(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan, once it is public."""
    return decision.allow(person, "publish_dataset", decision.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_list": decision.reads(ogp_plan_list),
        "ogp_plan_show": decision.reads(ogp_plan_show),
        "ogp_plan_diff": decision.reads(ogp_plan_diff),
        "ogp_plan_obligations": decision.reads(ogp_plan_obligations),
        "ogp_plan_create": decision.writes(ogp_plan_create),
        "ogp_plan_patch": decision.writes(ogp_plan_patch),
        "ogp_plan_file_list": decision.reads(ogp_plan_file_list),
        "ogp_plan_publish_dataset": decision.writes(ogp_plan_publish_dataset),
    }
