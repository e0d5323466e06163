"""Who may import. A request names ``plan`` (none: a new one, for ``owner``), or ``id``: the import."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthFunction, AuthResult

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.auth import decision
from ckanext.ogp_plan.services.permission import Person


def ogp_plan_import(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan; for a new one, who might make a plan for its ``owner``."""
    if data.get("plan"):
        return decision.allow(person, "import", decision.plan_of(person, data))
    return decision.allow(person, "create", None, organization=lookup.organization(data.get("owner")))


def _opened(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may import into its plan; of a plan to be: who began it, or the portal's administration."""
    found = lookup.opened_import(data.get("id"))
    if found.plan_id:
        return decision.allow(person, "import", lookup.plan(person, found.plan_id))
    if person.id is None or not (person.sysadmin or person.id == found.user_id):
        raise tk.ObjectNotFound(tk._("There is no such import."))
    return decision.allow(person, "create", None, organization=str(found.wanted.get("owner") or ""))


def ogp_plan_import_show(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may work on the import; of an applied one, who manages the plan even when it is closed."""
    found = lookup.opened_import(data.get("id"))
    if found.plan_id:
        return decision.allow(person, "see_roles", lookup.plan(person, found.plan_id))
    return _opened(person, data)


def ogp_plan_import_answer(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _opened(person, data)


def ogp_plan_import_apply(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _opened(person, data)


def ogp_plan_import_discard(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may work on the import."""
    return _opened(person, data)


def ogp_plan_name_list(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who manages the plan."""
    return decision.allow(person, "see_roles", decision.plan_of(person, data))


def ogp_plan_name_answer(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may import into the plan."""
    return decision.allow(person, "import", decision.plan_of(person, data))


def ogp_plan_group_patch(person: Person, data: dict[str, Any]) -> AuthResult:
    """Who may import into the plan."""
    return decision.allow(person, "import", decision.plan_of(person, data))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the authorisation functions of this module by name."""
    return {
        "ogp_plan_import": decision.writes(ogp_plan_import),
        "ogp_plan_import_show": decision.writes(ogp_plan_import_show),
        "ogp_plan_import_answer": decision.writes(ogp_plan_import_answer),
        "ogp_plan_import_apply": decision.writes(ogp_plan_import_apply),
        "ogp_plan_import_discard": decision.writes(ogp_plan_import_discard),
        "ogp_plan_name_list": decision.writes(ogp_plan_name_list),
        "ogp_plan_name_answer": decision.writes(ogp_plan_name_answer),
        "ogp_plan_group_patch": decision.writes(ogp_plan_group_patch),
    }
