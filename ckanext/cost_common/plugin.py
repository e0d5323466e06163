"""The ``cost_common`` plugin: what ``cost_oc4ids`` and ``ogp_plan`` share. Its place in the list is free."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation

from ckanext.cost_common import config, helpers


@tk.blanket.helpers(helpers.get_helpers)
@tk.blanket.config_declarations
class CostCommonPlugin(DefaultTranslation, p.SingletonPlugin):
    """The page frame, its styles and scripts, and the translations of what both plugins share."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.ITranslation)

    def update_config(self, config_: CKANConfig) -> None:
        tk.add_template_directory(config_, "templates")
        tk.add_resource("assets", "cost_common")

    def configure(self, _config: CKANConfig) -> None:
        # a value that cannot be used ends the portal's start
        config.require_valid()
