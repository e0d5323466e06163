"""Who may import. A request names ``plan`` (none: a new one, for ``owner``), or ``id``: the import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult

from ckanext.cost_common.logic import is_blank
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.logic.auth.plan import create
from ckanext.ogp_plan.model import Import
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_import(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan; for a new one, who might make a plan for its ``owner``."""
    return create(person, data) if is_blank(data.get("plan")) else check.in_plan(person, "import", data)


def _open_import(person: Person, found: Import) -> AuthResult:
    """Who may import into its plan; of a plan to be: who began it, or the portal's administration."""
    if found.plan_id:
        return check.allow(person, "import", lookup.plan(person, found.plan_id))
    if person.id is None or not (person.sysadmin or person.id == found.user_id):
        raise tk.ObjectNotFound(tk._("There is no such import."))
    return check.allow(person, "create", None, organization=str(found.wanted.get("owner") or ""))


def _named(person: Person, data: Mapping[str, Any]) -> AuthResult:
    reference = check.text(data, "id")
    if reference is None:
        return check.somewhere(person, "import")
    return _open_import(person, lookup.opened_import(reference))


@check.signed_in
def ogp_plan_import_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may work on the import; of an applied one, who manages the plan even when it is closed."""
    reference = check.text(data, "id")
    if reference is None:
        return check.somewhere(person, "import")
    found = lookup.opened_import(reference)
    if found.plan_id:
        return check.allow(person, "see_roles", lookup.plan(person, found.plan_id))
    return _open_import(person, found)


@check.signed_in
def ogp_plan_import_answer(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _named(person, data)


@check.signed_in
def ogp_plan_import_apply(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _named(person, data)


@check.signed_in
def ogp_plan_import_discard(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _named(person, data)


@check.signed_in
def ogp_plan_name_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return check.in_plan(person, "see_roles", data)


@check.signed_in
def ogp_plan_name_answer(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may import into the plan."""
    return check.in_plan(person, "import", data)


@check.signed_in
def ogp_plan_group_patch(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may import into the plan."""
    return check.in_plan(person, "import", data)
