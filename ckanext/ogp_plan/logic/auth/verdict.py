"""Who may give verdicts: only by a role that no organismo grants; the administration has none by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.cost_common.logic import usable
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.planning.tracking import VerdictRole
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.request_fields import member


@check.signed_in
def ogp_plan_verdict_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Control Interno and the monitor of the plan; each as what it is (``role``)."""
    plan = check.plan_of(person, data)
    if plan is None:
        return check.somewhere(person, "verdict")
    allowed = check.allow(person, "verdict", plan, check.item_of(plan, data))
    role = usable(member(VerdictRole), data.get("role"))
    if allowed["success"] and role is not None and not person.holds(role.value, plan.id):
        return check.no(check.why_not("verdict"))
    return allowed
