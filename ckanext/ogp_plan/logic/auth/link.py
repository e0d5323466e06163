"""Who may see, make and remove links between items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.cost_common.logic import usable
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.planning.tracking import LinkKind
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.request_fields import member


@check.public
def ogp_plan_link_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)


@check.signed_in
def ogp_plan_link_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan of the item; when one answer counts for both, who manages the other's too."""
    allowed = check.in_plan(person, "link", data)
    if not allowed["success"]:
        return allowed
    other_plan = check.plan_of(person, data, "other_plan")
    counts = usable(member(LinkKind), data.get("kind")) is LinkKind.COUNTS_FOR
    return check.allow(person, "link", other_plan) if other_plan is not None and counts else allowed


@check.signed_in
def ogp_plan_link_remove(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan of the item."""
    reference = check.fact_id(data)
    if reference is None:
        return check.somewhere(person, "link")
    _, plan = lookup.fact(person, reference, "link")
    return check.allow(person, "link", plan)
