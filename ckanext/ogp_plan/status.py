"""The plugin and its families of plans in ``status_show``, where those who watch portals look."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.cost_common.version import release
from ckanext.ogp_plan.model import ChainCheck
from ckanext.ogp_plan.planning import families


@tk.side_effect_free
@tk.chained_action
def status_show(next_action: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Add ``ogp_plan``: the extension's version, the families of plans it knows, and its facts.

    ``facts``: ``verified``, when the oldest of the last verifications was (None: there was none); ``plans``,
    how many were verified; ``wrong``, in how many of them facts are not as they were recorded.
    """
    status = next_action(context, data_dict)
    status["ogp_plan"] = {"version": release(), "families": families.names(), "facts": _facts()}
    return status


def _facts() -> dict[str, Any]:
    wanted = sa.select(
        sa.func.min(ChainCheck.checked),
        sa.func.count(),
        sa.func.count().filter(ChainCheck.findings != sa.literal([], ChainCheck.findings.type)),
    )
    verified, plans, wrong = model.Session.execute(wanted).one()
    moment = verified.astimezone(dt.timezone.utc).isoformat() if verified else None
    return {"verified": moment, "plans": plans, "wrong": wrong}
