"""The ``ogp_plan`` plugin: blankets and hooks, no rules of the field."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation

from ckanext.cost_common import logic, tables
from ckanext.cost_common.interfaces import AccountEntry, ICostSections, MenuEntry
from ckanext.cost_common.requirement import require_common
from ckanext.ogp_plan import cli, config, helpers, status, views
from ckanext.ogp_plan.logic import action, auth


def _actions() -> dict[str, Any]:
    return logic.merge(logic.collect(action, "ogp_plan_"), {"status_show": status.status_show})


def _auth_functions() -> dict[str, Any]:
    return logic.collect(auth, "ogp_plan_")


@tk.blanket.actions(_actions)
@tk.blanket.auth_functions(_auth_functions)
@tk.blanket.helpers(helpers.get_helpers)
@tk.blanket.blueprints(views.get_blueprints)
@tk.blanket.cli(cli.get_commands)
@tk.blanket.config_declarations
class OgpPlanPlugin(DefaultTranslation, p.SingletonPlugin):
    """Public plans tracked to the end."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.ITranslation)
    p.implements(ICostSections, inherit=True)
    p.implements(p.IMiddleware, inherit=True)

    def update_config(self, config_: CKANConfig) -> None:
        tk.add_template_directory(config_, "templates")
        tk.add_public_directory(config_, "public")
        tk.add_resource("assets", "ogp_plan")

    def configure(self, _config: CKANConfig) -> None:
        require_common("ogp_plan")
        # a value that cannot be used ends the portal's start, and not somebody's first report
        config.require_valid()

    def make_middleware(self, app: Any, _config: CKANConfig) -> Any:
        # the one thing that CKAN asks of plugins when the portal starts and its database is known
        tables.log_missing("ogp_plan", "ogp_")
        return app

    def get_menu_entries(self) -> list[MenuEntry]:
        blueprints = ("ogp_plan", "ogp_plan_report", "ogp_plan_import", "ogp_plan_file")
        return [MenuEntry("ogp_plan.index", tk._("Plans"), blueprints, 10)]

    def get_account_entries(self) -> list[AccountEntry]:
        return [AccountEntry("ogp_plan.mine", tk._("My notices"), "bell")]

    def get_page_sections(self) -> dict[str, list[str]]:
        return {"organization": ["ogp_plan/snippets/organization.html"]}
