"""Who may see what waits for a review."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_review_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who reviews in the plan: leaders of its components, the coordinator."""
    return decision.allow(person, "review", decision.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {"ogp_plan_review_list": decision.writes(ogp_plan_review_list)}
