"""Who may see a dataset, by every rule of the portal: its labels, and all plugins' ``package_show``."""

from __future__ import annotations

import logging
from typing import cast

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan.types import Context

log = logging.getLogger(__name__)


def may_visitor_see(dataset_id: str) -> bool | None:
    """Whether somebody who has not signed in may see a dataset, as ``package_show`` answers now.

    Labels of datasets (``IPermissionLabels``) and chained actions exist in Python only, so nothing but
    asking tells. The answer of the database is taken, not that of the index: a save may be under way.

    :param dataset_id: the dataset's id.
    :returns: None when it is not known: a plugin failed.
    """
    visitor: Context = {"user": "", "auth_user_obj": _anonymous(), "ignore_auth": False, "use_cache": False}
    try:
        tk.get_action("package_show")(visitor, {"id": dataset_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    except sa.exc.SQLAlchemyError:
        # the transaction cannot go on, so neither can the caller
        raise
    except Exception:
        log.exception("Whether a visitor may see dataset %s is not known", dataset_id)
        return None
    return True


def _anonymous() -> object:
    from ckan import model

    return model.AnonymousUser()


def may_see(dataset_id: str, context: Context) -> bool:
    """Whether the user of a context may see a dataset, as ``package_show`` answers now.

    :param dataset_id: the dataset's id.
    :param context: of the action that asks; empty: of the user of the request.
    """
    names = ("user", "auth_user_obj", "ignore_auth")
    asked = cast(Context, {name: context[name] for name in names if name in context})  # type: ignore[literal-required]
    try:
        tk.get_action("package_show")(asked, {"id": dataset_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True
