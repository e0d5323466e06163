"""The extension and its versions in ``status_show``, where those who watch portals look."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.cost_common import storage
from ckanext.cost_common.version import release
from ckanext.cost_oc4ids.oc4ids.types import CHECKS_VERSION, SCHEMA_VERSION


@tk.side_effect_free
@tk.chained_action
def status_show(next_action: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Add ``cost_oc4ids``: the extension's version, the version of OC4IDS and that of the checks.

    ``keeps_former_files``: whether a save that fails leaves the former file in place, which a storage without
    paths cannot promise.
    """
    status = next_action(context, data_dict)
    status["cost_oc4ids"] = {
        "version": release(),
        "oc4ids_version": SCHEMA_VERSION,
        "checks_version": CHECKS_VERSION,
        "keeps_former_files": storage.find_root() is not None,
    }
    return status
