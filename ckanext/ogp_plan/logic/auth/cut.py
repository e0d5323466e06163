"""Who may make, publish, see and recompute cuts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.public
def ogp_plan_cut_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)


@check.public
def ogp_plan_cut_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)


@check.public
def ogp_plan_cut_verify(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan: anybody may compute a cut again."""
    return check.see(person, data)


@check.signed_in
def ogp_plan_cut_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Control Interno; the portal's administration."""
    return check.in_plan(person, "cut_create", data)


@check.signed_in
def ogp_plan_cut_publish(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Control Interno alone."""
    return check.in_plan(person, "cut_publish", data)
