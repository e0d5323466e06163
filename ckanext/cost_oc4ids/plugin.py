"""The ``cost_oc4ids`` plugin: blankets and hooks, no rules of the field."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation

from ckanext.cost_common import logic, tables
from ckanext.cost_common.interfaces import ICostSections, MenuEntry
from ckanext.cost_common.requirement import require_common
from ckanext.cost_oc4ids import cli, config, helpers, status, views
from ckanext.cost_oc4ids.dataset import hooks, index, scheming
from ckanext.cost_oc4ids.logic import action, auth
from ckanext.cost_oc4ids.validation import file_writes
from ckanext.cost_oc4ids.validation import guard as upload_guard


def _actions() -> dict[str, Any]:
    return logic.merge(
        logic.collect(action, "oc4ids_"),
        upload_guard.get_actions(),
        scheming.get_actions(),
        {"status_show": status.status_show},
    )


def _auth_functions() -> dict[str, Any]:
    return logic.collect(auth, "oc4ids_")


@tk.blanket.actions(_actions)
@tk.blanket.auth_functions(_auth_functions)
@tk.blanket.helpers(helpers.get_helpers)
@tk.blanket.blueprints(views.get_blueprints)
@tk.blanket.validators
@tk.blanket.cli(cli.get_commands)
@tk.blanket.config_declarations
class CostOc4idsPlugin(
    index.IndexMixin,
    hooks.ResourceViewMixin,
    hooks.DatasetMixin,
    DefaultTranslation,
    p.SingletonPlugin,
):
    """Infrastructure projects in OC4IDS: validated on upload, shown as pages."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.ITranslation)
    p.implements(ICostSections, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IResourceView, inherit=True)
    p.implements(p.IFacets, inherit=True)
    p.implements(p.IMiddleware, inherit=True)

    def update_config(self, config_: CKANConfig) -> None:
        tk.add_template_directory(config_, "templates")
        tk.add_public_directory(config_, "public")
        tk.add_resource("assets", "cost_oc4ids")
        hooks.register_default_view(config_)

    def configure(self, _config: CKANConfig) -> None:
        require_common("cost_oc4ids")
        # a value that cannot be used ends the portal's start, and not somebody's first upload
        config.require_valid()

    def make_middleware(self, app: Any, _config: CKANConfig) -> Any:
        # the one thing that CKAN asks of plugins when the portal starts and its database is known
        tables.log_missing("cost_oc4ids", "oc4ids_")
        file_writes.recover_at_start()
        return app

    def get_menu_entries(self) -> list[MenuEntry]:
        return [
            MenuEntry("cost_oc4ids_project.index", tk._("Infrastructure"), ("cost_oc4ids_project",), 20),
            MenuEntry("cost_oc4ids_validator.page", tk._("Check a file"), ("cost_oc4ids_validator",), 30),
        ]

    def get_page_sections(self) -> dict[str, list[str]]:
        return {"organization": ["cost_oc4ids/snippets/organization.html"]}
