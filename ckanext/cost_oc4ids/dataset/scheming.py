"""A schema for the portal's ordinary datasets, for plugins that ask scheming for one of every dataset."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.types import Action, Context, DataDict


@tk.chained_action
@tk.side_effect_free
def scheming_dataset_schema_show(original_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Show the schema of a dataset type; of ordinary datasets that nobody describes, one without fields.

    A portal gets ckanext-scheming with this plugin, for its own type alone
    (``scheming.dataset_fallback = false``). ckanext-dcat 2 asks scheming for the schema of every dataset
    that it writes as soon as scheming is there, and fails for those that have none: its catalogue
    would respond with 500.

    :param type: the dataset type
    :raises ckan.plugins.toolkit.ObjectNotFound: another type that nobody describes
    """
    try:
        return original_action(context, data_dict)
    except tk.ObjectNotFound:
        if data_dict.get("type") != "dataset":
            raise
    return {"scheming_version": 2, "dataset_type": "dataset", "dataset_fields": [], "resource_fields": []}


def get_actions() -> dict[str, Action]:
    """Return the action, where there is scheming to ask."""
    if not p.plugin_loaded("scheming_datasets"):
        return {}
    return {"scheming_dataset_schema_show": scheming_dataset_schema_show}
