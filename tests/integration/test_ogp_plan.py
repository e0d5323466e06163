"""The second plugin is a bare place so far: it loads, alone or beside the first, and adds nothing."""

from __future__ import annotations

import pytest
from ckan import plugins as p
from ckan.lib.helpers import helper_functions
from ckan.logic import _actions, get_action


@pytest.mark.ckan_config("ckan.plugins", "ogp_plan")
@pytest.mark.usefixtures("with_plugins")
def test_it_loads_alone() -> None:
    assert p.plugin_loaded("ogp_plan")
    assert not p.plugin_loaded("cost_oc4ids")


@pytest.mark.ckan_config("ckan.plugins", "ogp_plan")
@pytest.mark.usefixtures("with_plugins")
def test_it_adds_nothing() -> None:
    plugin = p.get_plugin("ogp_plan")
    for interface in (
        p.IActions,
        p.IAuthFunctions,
        p.IBlueprint,
        p.ITemplateHelpers,
        p.IConfigurer,
        p.IClick,
    ):
        assert plugin not in set(p.PluginImplementations(interface))
    get_action("status_show")
    assert not [name for name in [*_actions, *helper_functions] if "plan" in name]
