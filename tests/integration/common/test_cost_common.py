"""The plugin that both others stand on: each runs with it, neither without it, and each without the other."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import pytest
from ckan.common import config
from ckan.exceptions import CkanConfigurationException
from ckan.logic import get_action

from ckanext.cost_common.helpers.section import cost_account_entries, cost_menu, cost_sections
from ckanext.cost_common.requirement import require_common


@pytest.mark.ckan_config("ckan.plugins", "cost_oc4ids cost_common")
@pytest.mark.usefixtures("with_plugins")
class TestProjectsAlone:
    def test_it_loads_without_plans(self) -> None:
        assert p.plugin_loaded("cost_oc4ids")
        assert not p.plugin_loaded("ogp_plan")
        assert "ogp_plan" not in get_action("status_show")()

    def test_its_pages_have_its_own_entries_only(self, app: Any) -> None:
        page = app.get("/oc4ids/validar")
        assert page.status_code == 200
        assert 'href="/infraestructura"' in page.get_data(as_text=True)
        assert 'href="/planes"' not in page.get_data(as_text=True)


@pytest.mark.ckan_config("ckan.plugins", "ogp_plan cost_common")
@pytest.mark.usefixtures("with_plugins")
class TestPlansAlone:
    def test_its_pages_have_its_own_entries_only(self, app: Any) -> None:
        page = app.get("/planes")
        assert page.status_code == 200
        assert 'href="/planes"' in page.get_data(as_text=True)
        assert 'href="/infraestructura"' not in page.get_data(as_text=True)


class TestSections:
    @pytest.mark.parametrize(
        "plugins", ["cost_oc4ids ogp_plan cost_common", "cost_common ogp_plan cost_oc4ids"]
    )
    def test_entries_have_one_order_whatever_that_of_the_plugins(
        self, plugins: str, monkeypatch: pytest.MonkeyPatch, with_request_context: None
    ) -> None:
        monkeypatch.setitem(config, "ckan.plugins", plugins)
        p.load_all()
        assert [endpoint for endpoint, _title, _blueprints in cost_menu()] == [
            "ogp_plan.index",
            "cost_oc4ids_project.index",
            "cost_oc4ids_validator.page",
        ]
        assert [entry.endpoint for entry in cost_account_entries()] == ["ogp_plan.mine"]
        assert sorted(cost_sections("organization")) == [
            "cost_oc4ids/snippets/organization.html",
            "ogp_plan/snippets/organization.html",
        ]
        assert cost_sections("no such place") == []


class TestRequirement:
    @pytest.mark.parametrize("plugin", ["cost_oc4ids", "ogp_plan"])
    def test_the_error_names_the_line_to_write(self, plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(config, "ckan.plugins", f"activity {plugin}")
        monkeypatch.setattr(p, "plugin_loaded", lambda name: name != "cost_common")
        with pytest.raises(CkanConfigurationException) as error:
            require_common(plugin)
        assert f"ckan.plugins = activity {plugin} cost_common" in str(error.value)

    @pytest.mark.parametrize("plugin", ["cost_oc4ids", "ogp_plan"])
    def test_a_portal_without_it_does_not_start(self, plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(config, "ckan.plugins", plugin)
        try:
            with pytest.raises(CkanConfigurationException, match="needs the plugin cost_common"):
                p.load_all()
        finally:
            monkeypatch.undo()
            p.load_all()
