"""Who may read projects: whoever may search datasets. What they see is public by its query."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict


@tk.auth_allow_anonymous_access
def oc4ids_project_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """As for searching datasets."""
    return _may_search(context)


@tk.auth_allow_anonymous_access
def oc4ids_project_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """As for searching datasets."""
    return _may_search(context)


@tk.auth_allow_anonymous_access
def oc4ids_project_search(context: Context, data_dict: DataDict | None) -> AuthResult:
    """As for searching datasets."""
    return _may_search(context)


def _may_search(context: Context) -> AuthResult:
    try:
        tk.check_access("package_search", context, {})
    except tk.NotAuthorized as refused:
        return {"success": False, "msg": str(refused)}
    return {"success": True}
