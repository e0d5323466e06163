"""Who may see items."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_item_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan; without a plan everybody, over the plans they may see."""
    return decision.see(person, data) if data.get("plan") else decision.yes()


def ogp_plan_item_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return decision.see(person, data)


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_item_list": decision.reads(ogp_plan_item_list),
        "ogp_plan_item_show": decision.reads(ogp_plan_item_show),
    }
