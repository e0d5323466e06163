"""Who may judge: only by a role that no organismo grants; the portal's administration has none by itself."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_verdict_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """Control Interno and the monitor of the plan; each as what it is (``role``)."""
    plan = decision.plan_of(person, data)
    item = lookup.item(plan, data["item"]) if data.get("item") else None
    allowed = decision.allow(person, "verdict", plan, item)
    role = data.get("role")
    if allowed["success"] and role and not person.holds(str(role), plan.id):
        return decision.no(decision.why_not("verdict"))
    return allowed


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {"ogp_plan_verdict_create": decision.writes(ogp_plan_verdict_create)}
