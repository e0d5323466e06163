"""Who may open and close periods of reporting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_period_open(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return check.in_plan(person, "period", data)


@check.signed_in
def ogp_plan_period_close(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return check.in_plan(person, "period", data)
