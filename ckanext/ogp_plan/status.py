"""The plugin and its families of plans in ``status_show``, where those who watch portals look."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.cost_common.version import release
from ckanext.ogp_plan.planning import families


@tk.side_effect_free
@tk.chained_action
def status_show(next_action: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Add ``ogp_plan``: the extension's version and the families of plans it knows."""
    status = next_action(context, data_dict)
    status["ogp_plan"] = {"version": release(), "families": families.names()}
    return status
