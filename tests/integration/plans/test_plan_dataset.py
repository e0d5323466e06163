"""Plans as datasets of the catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib import plugins as lib_plugins
from ckan.tests import helpers
from ckanext.scheming import plugins as scheming_plugins
from ckanext.scheming.plugins import SchemingDatasetsPlugin
from click.testing import CliRunner, Result
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan import cli, config
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.services import record as record_service


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def run(town: Town, *words: str) -> Result:
    with town.app.flask_app.test_request_context():
        return CliRunner().invoke(cli.ogp_plan, list(words))


class TestDatasets:
    def test_a_plan_is_a_dataset_that_follows_it(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = town.plan("paac")
        done = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        shown = helpers.call_action("package_show", id=done["dataset"])
        assert (shown["title"], shown["private"], shown["organization"]["name"]) == (
            plan.title,
            False,
            town.owner,
        )
        urls = {one["ogp_plan_file"]: one["url"] for one in shown["resources"]}
        assert urls["plan.json"].endswith(f"/planes/{plan.name}/archivo/plan.json")
        assert {"plan.xlsx", "f014.xlsx", "novedades.atom", "calendario.ics"} <= set(urls)
        for url in urls.values():
            assert town.app.get(url.removeprefix("http://test.ckan.net")).status_code == 200, url
        extras = {one["key"]: one["value"] for one in shown["extras"]}
        assert extras["temporal_start"] == "2026-01-01"
        assert extras["language"] == "es"
        assert extras["frequency"].endswith("/MONTHLY")
        ids = {one["ogp_plan_file"]: one["id"] for one in shown["resources"]}
        # what people add stays; asked again, nothing is doubled
        helpers.call_action(
            "resource_create",
            {"user": town.names["sysadmin"]},
            package_id=done["dataset"],
            url="https://ejemplo.gov.co/otro.pdf",
            name="Otro",
        )
        helpers.call_action(
            "package_patch", {"user": town.names["sysadmin"]}, id=done["dataset"], tags=[{"name": "propia"}]
        )
        monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        after = helpers.call_action("package_show", id=done["dataset"])
        assert {
            one.get("ogp_plan_file"): one["id"]
            for one in after["resources"]
            if one.get("ogp_plan_file") in ids
        } == ids
        assert "corte-2026-04-30" in {one.get("ogp_plan_file") for one in after["resources"]}
        assert "Otro" in {one["name"] for one in after["resources"]}
        assert "propia" in {one["name"] for one in after["tags"]}
        again = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        assert again["dataset"] == done["dataset"]
        assert (
            helpers.call_action("package_show", id=done["dataset"])["metadata_modified"]
            == after["metadata_modified"]
        )

    def test_a_draft_is_in_no_catalogue(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        with pytest.raises(dataset_export.NotPublic):
            dataset_export.publish(plan, {"user": town.names["sysadmin"]})
        for who in ("citizen", "owner_editor", "control"):
            with pytest.raises(tk.NotAuthorized):
                town.call(who, "ogp_plan_publish_dataset", plan=town.plan("paac").name)

    def test_a_dataset_that_was_deleted_is_made_anew_only_on_request(self, town: Town) -> None:
        plan = town.plan("ogp")
        first = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        helpers.call_action("package_delete", {"user": town.names["sysadmin"]}, id=first["dataset"])
        dataset_export.refresh(plan.id)
        assert model.Package.get(first["dataset"]).state == "deleted"
        second = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        assert second["dataset"] != first["dataset"]

    def test_what_fails_undoes_nothing(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = town.plan("paac")
        town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)

        def broken(*_: Any) -> Any:
            raise RuntimeError("no Solr")

        monkeypatch.setattr(dataset_export, "_build_fields", broken)
        assert dataset_export.refresh(plan.id) == "no Solr"
        assert PlanRow.get(plan.name).version == 1
        night = run(town, "nightly")
        assert night.exit_code == cli.OPEN
        assert "failed: " in night.output
        assert f"the dataset of {plan.name} was not brought up to date: no Solr" in night.output

    @pytest.fixture
    def foreign_schema(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """Schemas of the portal's own for ``dataset`` and ``plan``, whose fields have the names of what a plan says."""
        plugin = SchemingDatasetsPlugin.instance
        names = ("issued", "modified", "frequency", "temporal_start", "identifier")
        fields = [
            {"field_name": name, "label": name} for name in ("title", "name", "notes", "owner_org", *names)
        ]
        fields.append({"field_name": "tag_string", "preset": "tag_string_autocomplete"})
        fields.append({"field_name": "language", "label": "language", "preset": "multiple_text"})
        described = {"dataset_fields": fields, "resource_fields": []}
        schemas = {
            **plugin._schemas,
            "dataset": {"dataset_type": "dataset", **described},
            "plan": {"dataset_type": "plan", **described},
        }
        monkeypatch.setattr(plugin, "_schemas", schemas)
        monkeypatch.setattr(plugin, "_expanded_schemas", scheming_plugins._expand_schemas(schemas))
        monkeypatch.setitem(lib_plugins._package_plugins, "dataset", plugin)
        monkeypatch.setitem(lib_plugins._package_plugins, "plan", plugin)

    def test_the_portals_own_schema_for_datasets_is_obeyed(self, town: Town, foreign_schema: None) -> None:
        plan = town.plan("ogp")
        if plan.dataset_id:
            helpers.call_action("package_delete", {"user": town.names["sysadmin"]}, id=plan.dataset_id)
        done = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        shown = helpers.call_action("package_show", id=done["dataset"])
        assert shown["issued"] == plan.created.date().isoformat()
        assert shown["language"] == ["es"]
        extras = {extra["key"] for extra in shown["extras"]}
        assert "ogp_plan" in extras
        assert not extras & {"issued", "modified", "language", "identifier"}
        assert dataset_export.get_status(plan).stale is False
        assert dataset_export.refresh(plan.id) is None

    def test_a_portal_can_declare_a_type_for_them(
        self, town: Town, foreign_schema: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = town.plan("ogp")
        if plan.dataset_id:
            helpers.call_action("package_delete", {"user": town.names["sysadmin"]}, id=plan.dataset_id)
        monkeypatch.setitem(tk.config, config.DATASET_TYPE, "plan")
        done = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan.name)
        shown = helpers.call_action("package_show", id=done["dataset"])
        assert (shown["type"], shown["identifier"]) == ("plan", shown["url"])
        assert dataset_export.refresh(plan.id) is None
