"""Who may read a report, validate a file, or have a resource validated again: as core lets them the resource.

What somebody may not see is not there for them: the same 404 as for what does not exist.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context, DataDict

from ckanext.cost_common.logic import is_blank


def not_found() -> tk.ObjectNotFound:
    """Return the one error for a resource that does not exist and for one that may not be seen."""
    return tk.ObjectNotFound(tk._("There is no such resource."))


def _reference(data_dict: DataDict | None) -> str:
    """The resource that an unvalidated request names; empty for none."""
    value = data_dict.get("resource_id") if isinstance(data_dict, dict) else None
    return "" if is_blank(value) else str(value)


def _ask_core(name: str, context: Context, resource: model.Resource) -> AuthResult:
    # CKAN 2.11 still takes its model from the context
    fresh: Any = {
        "model": model,
        "session": model.Session,
        "user": context.get("user"),
        "auth_user_obj": context.get("auth_user_obj"),
        "resource": resource,
    }
    try:
        return authz.is_authorized(name, fresh, {"id": resource.id})
    except tk.ObjectNotFound:
        return {"success": False}


def existing(resource_id: str) -> model.Resource:
    """Return a resource that was not deleted, whoever may see it.

    :raises tk.ObjectNotFound: there is none.
    """
    # a NUL, or half of a pair of surrogates, is nothing that PostgreSQL could be asked
    resource = model.Session.get(model.Resource, resource_id) if resource_id.isprintable() else None
    if resource is None or resource.state == "deleted":
        raise not_found()
    return resource


def _visible(context: Context, resource_id: str) -> model.Resource:
    """Return a resource that may be seen.

    :raises tk.ObjectNotFound: there is none, or it may not be seen.
    """
    resource = existing(resource_id)
    if not _ask_core("resource_show", context, resource)["success"]:
        raise not_found()
    return resource


@tk.auth_allow_anonymous_access
def oc4ids_report_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever may see the resource may see what was found in it."""
    resource_id = _reference(data_dict)
    if resource_id:
        _visible(context, resource_id)
    return {"success": True}


@tk.auth_allow_anonymous_access
def oc4ids_validate(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Anybody; of a resource, whoever may see it."""
    return oc4ids_report_show(context, data_dict)


@tk.auth_allow_anonymous_access
def oc4ids_resource_revalidate(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever may change the resource; where none is named, whoever may change some."""
    resource_id = _reference(data_dict)
    if not resource_id:
        changes_some = authz.has_user_permission_for_some_org(context.get("user") or "", "update_dataset")
        return {"success": changes_some}
    return _ask_core("resource_update", context, _visible(context, resource_id))
