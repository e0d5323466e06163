"""Who may see what somebody is in plans, and change how they are written to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_profile_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who is signed in, of themselves."""
    return check.yes()


@check.signed_in
def ogp_plan_letters_patch(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who is signed in, for themselves; for another, the portal's administration."""
    user = check.text(data, "user")
    if user is not None and user not in (person.id, person.name) and not person.sysadmin:
        return check.no(check.why_not("grant"))
    return check.yes()
