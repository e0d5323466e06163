"""Who may review what was reported, and see what waits for a review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_review_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who reviews in the plan: leaders of its components, the coordinator."""
    return check.in_plan(person, "review", data)


@check.signed_in
def ogp_plan_review_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """The leader of the component, the coordinator; never of what they sent themselves.

    The request names ``update`` or ``report``: the fact that is reviewed.
    """
    reference = check.fact_id(data, "update") or check.fact_id(data, "report")
    if reference is None:
        return check.somewhere(person, "review")
    fact, plan = lookup.fact(person, reference, "update", "report")
    if permission.is_review_allowed(person, plan, fact):
        return check.yes()
    refused = check.allow(person, "review", plan)
    return refused if not refused["success"] else check.no(check.why_not("review"))
