"""Who may see what waits for a review."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic.auth import deciding
from ckanext.ogp_plan.people import Person


def ogp_plan_review_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who reviews in the plan: leaders of its components, the coordinator."""
    return deciding.allow(person, "review", deciding.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {"ogp_plan_review_list": deciding.writes(ogp_plan_review_list)}
