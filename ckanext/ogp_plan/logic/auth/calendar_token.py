"""Who may make, list and revoke private calendars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.model import Token
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_token_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who is signed in, of their own."""
    return check.yes()


@check.signed_in
def ogp_plan_token_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who is signed in, for themselves; of an organismo, who reports for it."""
    organization = check.text(data, "organization")
    if organization is not None and organization not in person.represented_organizations(None):
        return check.no(check.why_not("report"))
    return check.yes()


@check.signed_in
def ogp_plan_token_revoke(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Whose it is; the portal's administration."""
    reference = check.fact_id(data)
    if reference is None:
        return check.yes()
    found = model.Session.get(Token, reference)
    if found is None or not (person.sysadmin or found.user_id == person.id):
        raise tk.ObjectNotFound(tk._("There is no such private calendar."))
    return check.yes()
