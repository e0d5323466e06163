"""Who may see, grant and end roles in plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.cost_common.logic import is_blank, usable
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.model.role import COMPONENT_LEADER, FOCAL_POINT, ROLES
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.request_fields import choice

#: Roles that who manages a plan may grant in it; the others are the administration's to give.
GRANTED_BY_MANAGERS = (COMPONENT_LEADER, FOCAL_POINT)


@check.signed_in
def ogp_plan_role_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan; of all plans, the portal's administration."""
    if is_blank(data.get("plan")):
        return check.allow(person, "grant", None)
    return check.in_plan(person, "see_roles", data)


def _grant(person: Person, role: str | None, plan: PlanRow | None) -> AuthResult:
    if plan is None or (role is not None and role not in GRANTED_BY_MANAGERS):
        return check.allow(person, "grant", plan)
    return check.allow(person, "roles", plan)


@check.signed_in
def ogp_plan_role_grant(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Focal points and leaders: who manages the plan. The rest, or in all plans: the administration."""
    plan = check.plan_of(person, data)
    if plan is None and not is_blank(data.get("plan")):
        return check.somewhere(person, "roles")
    return _grant(person, usable(choice(ROLES), data.get("role")), plan)


@check.signed_in
def ogp_plan_role_end(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who might grant it."""
    reference = check.fact_id(data)
    if reference is None:
        return check.somewhere(person, "roles")
    found = lookup.role(reference)
    return _grant(person, found.role, PlanRow.get(found.plan_id))
