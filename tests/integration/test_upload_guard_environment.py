"""The upload guard among other parts of CKAN: file storages, harvesters, the form of the dataset type, moved resources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib import jobs as core_jobs
from ckan.lib.navl.validators import ignore
from ckan.logic import schema as core_schema
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields, storage
from support.stored_state import stored_state

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.validation import worker


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def publisher(app: Any) -> Publisher:
    core_jobs.get_queue(config.queue()).empty()
    return Publisher.new(app)


_numbers = iter(range(100_000_000, 900_000_000, 10))


@pytest.fixture
def good() -> bytes:
    return encoded(uploads.package(1, first=next(_numbers)))


def upload(publisher: Publisher, data: bytes, dataset: dict[str, Any]) -> Any:
    return publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))}
    )


@pytest.mark.skipif(not tk.check_ckan_version("2.12"), reason="CKAN 2.11 has no file storages")
class TestFileStorage:
    """Uploads in a configured storage, which need not be a folder: nothing of ours goes by a path."""

    @pytest.fixture
    def storage(self, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        from ckan.lib import files

        prefix = "ckan.files.storage.guarded."
        for name, value in {
            "type": "ckan:fs",
            "path": str(tmp_path),
            "initialize": True,
            "override_existing": True,
        }.items():
            monkeypatch.setitem(tk.config, prefix + name, value)
        monkeypatch.setitem(tk.config, "ckan.files.default_storages.resource", "guarded")
        files.storages.reset()
        files.storages.collect()
        yield tmp_path
        monkeypatch.undo()
        files.storages.reset()
        files.storages.collect()

    def files(self, storage: Path) -> list[bytes]:
        return [path.read_bytes() for path in storage.rglob("*") if path.is_file()]

    def test_refused_and_accepted(self, publisher: Publisher, storage: Path, good: bytes) -> None:
        dataset = publisher.dataset()
        assert upload(publisher, encoded(uploads.broken_package()), dataset).status_code == 409
        assert self.files(storage) == []
        resource = upload(publisher, good, dataset).get_json()["result"]["id"]
        assert self.files(storage) == [good]
        assert stored_state(dataset["id"]).states == {resource: "valid"}
        assert publisher.call("oc4ids_validate", resource_id=resource)["valid"] is True
        refused = publisher.post("resource_patch", {"id": resource, "upload": file(b"%PDF-1.4")})
        assert refused.status_code == 409
        assert self.files(storage) == [good]

    def test_the_worker_reads_it(
        self, publisher: Publisher, storage: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.inline_max_bytes", 10)
        dataset = publisher.dataset()
        resource = upload(publisher, good, dataset).get_json()["result"]["id"]
        assert worker.validate_resource(resource, "job") == "valid"
        assert len(stored_state(dataset["id"]).projects) == 1

    def test_a_file_that_is_gone(self, publisher: Publisher, storage: Path, good: bytes) -> None:
        dataset = publisher.dataset()
        resource = upload(publisher, good, dataset).get_json()["result"]["id"]
        for path in storage.rglob("*"):
            if path.is_file():
                path.unlink()
        assert worker.validate_resource(resource, "job", force=True) == "valid"
        assert len(stored_state(dataset["id"]).projects) == 1, "an empty folder may be one that is not mounted"
        assert ResourceState.lock(resource).read_problem == "storage_unavailable"


class TestHarvest:
    """A harvester brings its own schema, no ids of ours and none of our fields."""

    @pytest.mark.parametrize("kind", ["oc4ids", "dataset"])
    def test_links_wait_and_nothing_is_required(self, publisher: Publisher, kind: str) -> None:
        schema = core_schema.default_create_package_schema()
        schema["id"] = [tk.get_validator("unicode_safe")]
        schema["__junk"] = [ignore]
        context: Any = {"user": publisher.editor["name"], "ignore_auth": True, "schema": schema}
        remote = {
            "id": model.types.make_uuid(),
            "name": f"cosechado-{model.types.make_uuid()}",
            "type": kind,
            "owner_org": publisher.organization["id"],
            "extras": [{"key": "harvest_source_id", "value": "x"}],
            "resources": [
                {
                    "url": "https://otro.example.org/proyectos.json",
                    "format": "JSON",
                    "conforms_to": uploads.CONFORMS_TO,
                    "oc4ids_version": "0.9.5",
                    "oc4ids_verdict": "valid",
                    "tracking_summary": {"total": 1},
                }
            ],
        }
        made = tk.get_action("package_create")(context, remote)
        shown = tk.get_action("package_show")({"ignore_auth": True}, {"id": made["id"]})
        assert shown["id"] == remote["id"]
        resource = shown["resources"][0]
        assert resource["conforms_to"] == uploads.CONFORMS_TO
        assert resource["oc4ids_verdict"] == "pending", "another portal's verdict is not ours"
        assert ResourceState.get(resource["id"]).reason == "link_not_fetched"
        if kind == "oc4ids":
            assert shown["license_id"] == "cc-by"
            assert shown["language"] == "es"

    def test_what_another_portal_harvests_survives(self, publisher: Publisher, good: bytes) -> None:
        """What stands on a resource is all that CKAN's harvester keeps of a scheming dataset."""
        dataset = publisher.dataset()
        assert upload(publisher, good, dataset).status_code == 200
        found = tk.get_action("package_search")({"ignore_auth": True}, {"fq": f"id:{dataset['id']}"})[
            "results"
        ][0]
        resource = found["resources"][0]
        assert resource["conforms_to"] == uploads.CONFORMS_TO
        assert resource["oc4ids_version"] == "0.9.5"
        assert resource["oc4ids_verdict"] == "valid"
        assert all(
            isinstance(resource[name], str) for name in ("conforms_to", "oc4ids_version", "oc4ids_verdict")
        )


class TestForm:
    def page(self, publisher: Publisher, address: str) -> BeautifulSoup:
        answer = publisher.app.get(address, headers={"Authorization": publisher.editor["token"]})
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        return BeautifulSoup(answer.get_data(as_text=True), "html.parser")

    def chosen(self, page: BeautifulSoup) -> list[str]:
        return [each["value"] for each in page.find_all("input", {"name": "conforms_to", "checked": True})]

    def test_a_new_resource_is_a_projects_file(self, publisher: Publisher) -> None:
        dataset = publisher.dataset()
        page = self.page(publisher, f"/oc4ids/{dataset['name']}/resource/new")
        assert self.chosen(page) == [uploads.CONFORMS_TO]
        assert "Qué es este archivo" in page.get_text()
        assert not page.find_all("input", {"name": "oc4ids_verdict"})

    def test_a_photo_stays_a_photo(self, publisher: Publisher) -> None:
        dataset = publisher.dataset()
        for fields in ({"conforms_to": ""}, {}):
            made = publisher.act(
                "resource_create", package_id=dataset["id"], url="https://example.org/f.png", **fields
            )
            assert made["conforms_to"] == ""
            page = self.page(publisher, f"/oc4ids/{dataset['name']}/resource/{made['id']}/edit")
            assert self.chosen(page) == [""]

    def test_the_dataset_form(self, publisher: Publisher) -> None:
        page = self.page(publisher, "/oc4ids/new")
        names = {each.get("name") for each in page.find_all(["input", "select", "textarea"])}
        wanted = {"title", "name", "notes", "owner_org", "tag_string", "license_id", "language", "frequency"}
        assert (
            wanted | {"temporal_start", "temporal_end", "spatial_text", "contact_name", "contact_email"}
            <= names
        )

    def test_every_text_is_in_both_languages(self, app: Any) -> None:
        schema = tk.get_action("scheming_dataset_schema_show")({}, {"type": "oc4ids", "expanded": False})
        for each in schema["dataset_fields"] + schema["resource_fields"]:
            texts = [
                each.get("label"),
                each.get("help_text"),
                *(choice["label"] for choice in each.get("choices", [])),
            ]
            for text in filter(None, texts):
                assert isinstance(text, dict) and set(text) == {"es", "en"}, each["field_name"]

    def test_a_date_that_is_none(self, publisher: Publisher) -> None:
        with pytest.raises(tk.ValidationError) as refused:
            publisher.dataset(temporal_start="ayer")
        assert "2026-11-21" in refused.value.error_dict["temporal_start"][0]
        assert publisher.dataset(temporal_start="2026-01-31")["temporal_start"] == "2026-01-31"


class TestSize:
    def test_over_the_portals_own_limit(
        self, publisher: Publisher, good: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, "ckan.max_resource_size", 0)
        dataset = publisher.dataset()
        answer = upload(publisher, good, dataset)
        assert answer.status_code == 409
        assert "oc4ids_report" not in answer.get_json()["error"]
        assert stored_state(dataset["id"]).resources == {}


class TestNoFileNoQuestion:
    """Saves without a new file are never refused for what stands in the files already."""

    def test_whatever_its_state(self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        dataset = publisher.dataset()
        with monkeypatch.context() as patch:
            patch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "warn")
            resource = upload(publisher, encoded(uploads.broken_package()), dataset).get_json()["result"][
                "id"
            ]
        publisher.act("package_patch", id=dataset["id"], notes="Otra")
        publisher.act("resource_patch", id=resource, name="Otro")
        whole = publisher.act("package_show", id=dataset["id"])
        publisher.act("package_update", **whole)
        publisher.act("package_resource_reorder", id=dataset["id"], order=[resource])
        publisher.act("resource_delete", id=resource)
        publisher.act("package_delete", id=dataset["id"])

    def test_the_same_save_twice_changes_nothing(self, publisher: Publisher, good: bytes) -> None:
        dataset = publisher.dataset()
        upload(publisher, good, dataset)
        before = stored_state(dataset["id"])
        for _ in range(2):
            publisher.act("package_update", **publisher.act("package_show", id=dataset["id"]))
        assert stored_state(dataset["id"]) == before

    def test_reordered_verdicts_stay_with_their_files(self, publisher: Publisher, good: bytes) -> None:
        dataset = publisher.dataset()
        first = upload(publisher, good, dataset).get_json()["result"]["id"]
        second = publisher.act("resource_create", package_id=dataset["id"], url="https://example.org/x.png")[
            "id"
        ]
        publisher.act("package_resource_reorder", id=dataset["id"], order=[second, first])
        whole = publisher.act("package_show", id=dataset["id"])
        assert [each["id"] for each in whole["resources"]] == [second, first]
        whole["resources"][1]["upload"] = storage(encoded(uploads.package(2, first=next(_numbers))))
        publisher.act("package_update", **whole)
        after = stored_state(dataset["id"])
        assert after.states == {first: "valid"}
        assert {each[0] for each in after.projects} == {first}
        assert len(after.projects) == 2
