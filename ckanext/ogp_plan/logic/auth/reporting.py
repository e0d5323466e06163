"""Who may report, and review what was reported.

A request names ``plan``, ``item`` and ``organization``; the review ``update`` or ``report``, a fact's id.
"""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.serializers import report as report_serializer
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_update_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return decision.report(person, data)


def ogp_plan_measurement_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return decision.report(person, data)


def ogp_plan_answer_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return decision.report(person, data)


def ogp_plan_report_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """A focal point of the organismo, when it owes anything in the plan."""
    return decision.report(person, {**data, "item": None})


def ogp_plan_report_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan; without one everybody, over the plans they may see."""
    return decision.see(person, data) if data.get("plan") else decision.yes()


def ogp_plan_report_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see a plan that it was handed in to; for another it is not there."""
    report_serializer.one_of(person, data.get("id"))
    return decision.yes()


def ogp_plan_report_rows(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may report for any organismo of the plan, or for whole items; each row is asked about again."""
    plan = decision.plan_of(person, data)
    if data.get("organization") or not permission.may(person, "report", plan):
        return decision.report(person, {**data, "item": None})
    return decision.yes()


def ogp_plan_review_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """The leader of the component, the coordinator; never of what they sent themselves."""
    fact, plan = lookup.fact(person, data.get("update") or data.get("report"), "update", "report")
    if permission.may_review(person, plan, fact):
        return decision.yes()
    refused = decision.allow(person, "review", plan)
    return refused if not refused["success"] else decision.no(decision.why_not("review"))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_update_create": decision.writes(ogp_plan_update_create),
        "ogp_plan_measurement_create": decision.writes(ogp_plan_measurement_create),
        "ogp_plan_answer_create": decision.writes(ogp_plan_answer_create),
        "ogp_plan_report_create": decision.writes(ogp_plan_report_create),
        "ogp_plan_report_list": decision.reads(ogp_plan_report_list),
        "ogp_plan_report_show": decision.reads(ogp_plan_report_show),
        "ogp_plan_report_rows": decision.writes(ogp_plan_report_rows),
        "ogp_plan_review_create": decision.writes(ogp_plan_review_create),
    }
