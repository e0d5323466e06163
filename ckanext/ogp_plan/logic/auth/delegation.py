"""Who may say who reports for somebody on leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_delegation_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who reports for the organismo, about itself; for another, the organismo's administrator."""
    organization = check.text(data, "organization")
    if organization is None:
        return check.somewhere(person, "delegate")
    return _delegate(person, organization, check.text(data, "user"))


@check.signed_in
def ogp_plan_delegation_revoke(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who might make it."""
    reference = check.fact_id(data)
    if reference is None:
        return check.somewhere(person, "delegate")
    found = lookup.delegation(reference)
    return _delegate(person, found.organization, found.user_id)


def _delegate(person: Person, organization: str, user: str | None) -> AuthResult:
    if user and user not in (person.id, person.name):
        administers = person.sysadmin or organization in person.admin_of
        return check.yes() if administers else check.no(check.why_not("delegate"))
    return check.allow(person, "delegate", None, organization=organization)


@check.signed_in
def ogp_plan_delegation_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who is signed in sees their own; those of an organismo, who reports for it."""
    organization = check.text(data, "organization")
    if organization is not None:
        return check.allow(person, "delegate", None, organization=organization)
    return check.yes()
