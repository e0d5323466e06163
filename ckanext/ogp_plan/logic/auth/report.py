"""Who may hand in reports of an organismo, and see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.serializers import report as report_serializer
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_report_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """A focal point of the organismo, when it owes anything in the plan."""
    return check.report(person, data, whole_item=False)


@check.public
def ogp_plan_report_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan; without one everybody, over the plans they may see."""
    return check.see(person, data)


@check.public
def ogp_plan_report_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see a plan that it was handed in to; for another it is not there."""
    reference = check.text(data, "id")
    if reference is not None:
        report_serializer.get_report(person, reference)
    return check.yes()


@check.signed_in
def ogp_plan_report_rows(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may report for any organismo of the plan, or for whole items; each row is asked about again."""
    return check.report(person, {**data, "item": None})
