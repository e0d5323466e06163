"""Who may make, publish, see and recompute cuts."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic.auth import deciding
from ckanext.ogp_plan.people import Person


def ogp_plan_cut_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return deciding.see(person, data)


def ogp_plan_cut_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return deciding.see(person, data)


def ogp_plan_cut_verify(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan: anybody may compute a cut again."""
    return deciding.see(person, data)


def ogp_plan_cut_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Control Interno; the portal's administration."""
    return deciding.allow(person, "cut_create", deciding.plan_of(person, data))


def ogp_plan_cut_publish(person: Person, data: dict[str, Any]) -> AuthResult:
    """Control Interno alone."""
    return deciding.allow(person, "cut_publish", deciding.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_cut_list": deciding.reads(ogp_plan_cut_list),
        "ogp_plan_cut_show": deciding.reads(ogp_plan_cut_show),
        "ogp_plan_cut_verify": deciding.reads(ogp_plan_cut_verify),
        "ogp_plan_cut_create": deciding.writes(ogp_plan_cut_create),
        "ogp_plan_cut_publish": deciding.writes(ogp_plan_cut_publish),
    }
