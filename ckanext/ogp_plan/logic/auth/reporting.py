"""Who may report, and review what was reported.

A request names ``plan``, ``item`` and ``organization``; the review ``update`` or ``report``, a fact's id.
"""

from __future__ import annotations

from typing import Any

from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan import people, reports
from ckanext.ogp_plan.logic import finding
from ckanext.ogp_plan.logic.auth import deciding
from ckanext.ogp_plan.people import Person


def ogp_plan_update_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return deciding.report(person, data)


def ogp_plan_measurement_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return deciding.report(person, data)


def ogp_plan_answer_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """As for every report."""
    return deciding.report(person, data)


def ogp_plan_report_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """A focal point of the organismo, when it owes anything in the plan."""
    return deciding.report(person, {**data, "item": None})


def ogp_plan_report_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see the plan; without one everybody, over the plans they may see."""
    return deciding.see(person, data) if data.get("plan") else deciding.yes()


def ogp_plan_report_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may see a plan that it was handed in to; for another it is not there."""
    reports.one_of(person, data.get("id"))
    return deciding.yes()


def ogp_plan_report_rows(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may report for any organismo of the plan, or for whole items; each row is asked about again."""
    plan = deciding.plan_of(person, data)
    if data.get("organization") or not people.may(person, "report", plan):
        return deciding.report(person, {**data, "item": None})
    return deciding.yes()


def ogp_plan_review_create(person: Person, data: dict[str, Any]) -> AuthResult:
    """The leader of the component, the coordinator; never of what they sent themselves."""
    fact, plan = finding.fact(person, data.get("update") or data.get("report"), "update", "report")
    if people.may_review(person, plan, fact):
        return deciding.yes()
    refused = deciding.allow(person, "review", plan)
    return refused if not refused["success"] else deciding.no(deciding.why_not("review"))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_update_create": deciding.writes(ogp_plan_update_create),
        "ogp_plan_measurement_create": deciding.writes(ogp_plan_measurement_create),
        "ogp_plan_answer_create": deciding.writes(ogp_plan_answer_create),
        "ogp_plan_report_create": deciding.writes(ogp_plan_report_create),
        "ogp_plan_report_list": deciding.reads(ogp_plan_report_list),
        "ogp_plan_report_show": deciding.reads(ogp_plan_report_show),
        "ogp_plan_report_rows": deciding.writes(ogp_plan_report_rows),
        "ogp_plan_review_create": deciding.writes(ogp_plan_review_create),
    }
