"""Who may give and withdraw evidence, and read the one that is withheld.

A request names ``plan``, ``item`` and ``organization``, or ``id``: the evidence.
"""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.model import PlanItem
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_evidence_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return decision.report(person, data)


def ogp_plan_evidence_retract(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who might give it: for the same item and organismo."""
    fact, plan = lookup.fact(person, data.get("id"), "evidence")
    item = PlanItem.of(plan.id, fact.level or "", fact.code or "")
    if fact.organization is None:
        return decision.allow(person, "report_whole", plan, item)
    return decision.allow(person, "report", plan, item, fact.organization)


def ogp_plan_evidence_private(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who reports for its organismo, the coordinator, Control Interno, the monitor, the administration."""
    fact, plan = lookup.fact(person, data.get("id"), "evidence")
    item = PlanItem.of(plan.id, fact.level or "", fact.code or "")
    return decision.allow(person, "private_evidence", plan, item, fact.organization)


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_evidence_create": decision.writes(ogp_plan_evidence_create),
        "ogp_plan_evidence_retract": decision.writes(ogp_plan_evidence_retract),
        "ogp_plan_evidence_private": decision.writes(ogp_plan_evidence_private),
    }
