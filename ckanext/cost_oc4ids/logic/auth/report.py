"""Who may read a verdict, ask for one, or have a resource judged again. All of it is delegated to core."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthFunction, AuthResult, Context, DataDict

#: one answer for what is not there and for what may not be seen
NOTHING: AuthResult = {"success": False}


def _resource_id(data_dict: DataDict | None) -> str:
    return str((data_dict or {}).get("resource_id") or "")


def _as(name: str, context: Context, resource_id: str) -> AuthResult:
    """Ask core about the resource, after making sure that it stands in a dataset that is there."""
    resource = model.Resource.get(resource_id)
    if resource is None or resource.id != resource_id or resource.state == "deleted":
        return NOTHING
    # CKAN 2.11 still takes its model from the context
    fresh: Any = {
        "model": model,
        "session": model.Session,
        "user": context.get("user"),
        "auth_user_obj": context.get("auth_user_obj"),
        "resource": resource,
    }
    try:
        return authz.is_authorized(name, fresh, {"id": resource_id})
    except tk.ObjectNotFound:
        return NOTHING


@tk.auth_allow_anonymous_access
def oc4ids_report_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever may see the resource may see what was found in it."""
    return _as("resource_show", context, _resource_id(data_dict))


@tk.auth_allow_anonymous_access
def oc4ids_validate(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Anybody; of a resource, whoever may see it."""
    resource_id = _resource_id(data_dict)
    return _as("resource_show", context, resource_id) if resource_id else {"success": True}


def oc4ids_resource_revalidate(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever may change the resource."""
    return _as("resource_update", context, _resource_id(data_dict))


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return the functions of this module by name."""
    return {
        "oc4ids_report_show": oc4ids_report_show,
        "oc4ids_validate": oc4ids_validate,
        "oc4ids_resource_revalidate": oc4ids_resource_revalidate,
    }
