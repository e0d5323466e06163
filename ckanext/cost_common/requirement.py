"""The check that plugins that need ``cost_common`` make when the portal starts."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.exceptions import CkanConfigurationException

NAME = "cost_common"


def require_common(plugin: str) -> None:
    """End the portal's start when ``cost_common`` is not listed beside a plugin that needs it.

    :param plugin: the name of the plugin that needs it.
    :raises ckan.exceptions.CkanConfigurationException: it is not listed; the message has the line that is.
    """
    if p.plugin_loaded(NAME):
        return
    listed = tk.aslist(tk.config.get("ckan.plugins") or [])
    raise CkanConfigurationException(
        f"The plugin {plugin} needs the plugin {NAME}, which ckan.plugins does not list. "
        f"Write: ckan.plugins = {' '.join([*listed, NAME])}"
    )
