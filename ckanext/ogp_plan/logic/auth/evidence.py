"""Who may give and withdraw evidence, and read the one that is withheld.

A request names ``plan``, ``item`` and ``organization``, or ``id``: the evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.model import PlanItem
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_evidence_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """As for every report."""
    return check.report(person, data)


@check.signed_in
def ogp_plan_evidence_retract(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who might give it: for the same item and organismo."""
    reference = check.fact_id(data)
    if reference is None:
        return check.somewhere(person, "report", "report_whole")
    fact, plan = lookup.fact(person, reference, "evidence")
    item = PlanItem.of(plan.id, fact.level or "", fact.code or "")
    if fact.organization is None:
        return check.allow(person, "report_whole", plan, item)
    return check.allow(person, "report", plan, item, fact.organization)


@check.signed_in
def ogp_plan_evidence_private(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who reports for its organismo, the coordinator, Control Interno, the monitor, the administration."""
    reference = check.fact_id(data)
    if reference is None:
        return check.somewhere(person, "private_evidence")
    fact, plan = lookup.fact(person, reference, "evidence")
    item = PlanItem.of(plan.id, fact.level or "", fact.code or "")
    return check.allow(person, "private_evidence", plan, item, fact.organization)
