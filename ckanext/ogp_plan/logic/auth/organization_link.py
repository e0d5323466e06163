"""Who may say which organization of the portal an organismo is: its administration alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_organization_link_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """The portal's administration: it says who linked them."""
    return check.allow(person, "link_organization", None)


@check.signed_in
def ogp_plan_organization_link_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """The portal's administration."""
    return check.allow(person, "link_organization", None)


@check.signed_in
def ogp_plan_organization_link_end(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """The portal's administration."""
    return check.allow(person, "link_organization", None)
