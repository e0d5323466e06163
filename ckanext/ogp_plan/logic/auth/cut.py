"""Who may make, publish, see and recompute cuts."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_cut_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def ogp_plan_cut_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def ogp_plan_cut_verify(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan: anybody may compute a cut again."""
    return decision.see(person, data)


def ogp_plan_cut_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Control Interno; the portal's administration."""
    return decision.allow(person, "cut_create", decision.plan_of(person, data))


def ogp_plan_cut_publish(person: Person, data: dict[str, Any]) -> AuthResult:
    """Control Interno alone."""
    return decision.allow(person, "cut_publish", decision.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_cut_list": decision.reads(ogp_plan_cut_list),
        "ogp_plan_cut_show": decision.reads(ogp_plan_cut_show),
        "ogp_plan_cut_verify": decision.reads(ogp_plan_cut_verify),
        "ogp_plan_cut_create": decision.writes(ogp_plan_cut_create),
        "ogp_plan_cut_publish": decision.writes(ogp_plan_cut_publish),
    }
