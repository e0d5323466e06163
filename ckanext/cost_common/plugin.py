"""The ``cost_common`` plugin: what ``cost_oc4ids`` and ``ogp_plan`` share. It must be listed after them."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation


class CostCommonPlugin(DefaultTranslation, p.SingletonPlugin):
    """Templates, styles, scripts and translations of both plugins."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)

    def update_config(self, config_: CKANConfig) -> None:
        tk.add_template_directory(config_, "templates")
        tk.add_resource("assets", "cost_common")
