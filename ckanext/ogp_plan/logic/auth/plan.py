"""Who may see, make and change plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.public
def ogp_plan_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Everybody; the list has only what they may see."""
    return check.yes()


@check.public
def ogp_plan_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data, "id")


@check.public
def ogp_plan_diff(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)


def create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """An administrator of the ``owner``, the coordinator of all plans, the portal's administration."""
    owner = lookup.organization(check.text(data, "owner"))
    return check.allow(person, "create", None, organization=owner)


@check.signed_in
def ogp_plan_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """An administrator of the ``owner``, the coordinator of all plans, the portal's administration."""
    return create(person, data)


@check.signed_in
def ogp_plan_patch(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """The coordinator of the plan, administrators of its owner, the portal's administration; to give it
    to another owner, who might make a plan for that one too."""
    plan = check.plan_of(person, data, "id")
    if plan is None:
        return check.somewhere(person, "change")
    allowed = check.allow(person, "change", plan)
    owner = lookup.organization(check.text(data, "owner"))
    if allowed["success"] and owner and owner != plan.owner:
        return check.allow(person, "create", None, organization=owner)
    return allowed
