"""Every way by which a file reaches a dataset, refused and accepted: what stays, what changes, what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields, storage
from support.stored_state import stored_bytes, stored_state
from support.visitor import Visitor, text_of

from ckanext.cost_oc4ids.model import Report
from ckanext.cost_oc4ids.projects import registry
from ckanext.cost_oc4ids.validation import sweep, worker


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def publisher(app: Any) -> Publisher:
    return Publisher.new(app)


_numbers = iter(range(100, 100_000, 10))


@pytest.fixture
def content() -> Iterator[dict[str, bytes]]:
    """Files of projects that no other test has: an old one, a good one, a bad one."""
    first = next(_numbers)
    good, bad = uploads.package(2, first=first), uploads.package(2, first=first)
    bad["projects"][1]["status"] = "demolido"
    bad["projects"][0]["title"] = ""
    old = uploads.package(1, first=first)
    old["projects"][0]["title"] = "Antes"
    return {"old": encoded(old), "good": encoded(good), "bad": encoded(bad)}


# -- the paths: each is given a publisher, a dataset, the resource that is there (or None) and the bytes --------------

Path = Callable[[Publisher, dict[str, Any], str, bytes], Any]


def api_create(publisher: Publisher, dataset: dict[str, Any], _resource: str, data: bytes) -> Any:
    return publisher.post("resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))})


def api_update(publisher: Publisher, _dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    return publisher.post("resource_update", {"id": resource, **resource_fields(upload=file(data))})


def api_patch(publisher: Publisher, _dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    return publisher.post("resource_patch", {"id": resource, "upload": file(data)})


def api_revise_update(publisher: Publisher, dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    return publisher.post(
        "package_revise",
        {"match__id": dataset["id"], f"update__resources__{resource[:8]}__upload": file(data)},
    )


def api_revise_extend(publisher: Publisher, dataset: dict[str, Any], _resource: str, data: bytes) -> Any:
    extend = json.dumps([resource_fields()])
    return publisher.post(
        "package_revise",
        {
            "match__id": dataset["id"],
            "update__resources__extend": extend,
            "update__resources__-1__upload": file(data),
        },
    )


def api_revise_replace(publisher: Publisher, dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    return publisher.post(
        "package_revise",
        {
            "match__id": dataset["id"],
            "filter": json.dumps([f"+resources__{resource[:8]}__id", f"-resources__{resource[:8]}__*"]),
            f"update__resources__{resource[:8]}": json.dumps(resource_fields()),
            f"update__resources__{resource[:8]}__upload": file(data),
        },
    )


def _action(publisher: Publisher, action: str, **data: Any) -> Any:
    try:
        return publisher.act(action, **data)
    except tk.ValidationError as error:
        model.Session.rollback()
        return error


def package_update_add(publisher: Publisher, dataset: dict[str, Any], _resource: str, data: bytes) -> Any:
    whole = publisher.act("package_show", id=dataset["id"])
    whole["resources"].append(resource_fields(upload=storage(data)))
    return _action(publisher, "package_update", **whole)


def package_update_replace(publisher: Publisher, dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    whole = publisher.act("package_show", id=dataset["id"])
    next(each for each in whole["resources"] if each["id"] == resource)["upload"] = storage(data)
    return _action(publisher, "package_update", **whole)


def package_patch_add(publisher: Publisher, dataset: dict[str, Any], _resource: str, data: bytes) -> Any:
    resources = publisher.act("package_show", id=dataset["id"])["resources"]
    return _action(
        publisher,
        "package_patch",
        id=dataset["id"],
        resources=[*resources, resource_fields(upload=storage(data))],
    )


def package_patch_replace(publisher: Publisher, dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    resources = publisher.act("package_show", id=dataset["id"])["resources"]
    next(each for each in resources if each["id"] == resource)["upload"] = storage(data)
    return _action(publisher, "package_patch", id=dataset["id"], resources=resources)


def _form_post(publisher: Publisher, address: str, fields: dict[str, Any]) -> Any:
    return publisher.app.post(
        address,
        headers={"Authorization": publisher.editor["token"]},
        data={
            "save": "go-dataset-complete",
            **resource_fields(url="proyectos.json", url_type="upload"),
            **fields,
        },
        follow_redirects=False,
    )


def form_create(publisher: Publisher, dataset: dict[str, Any], _resource: str, data: bytes) -> Any:
    return _form_post(publisher, f"/oc4ids/{dataset['name']}/resource/new", {"id": "", "upload": file(data)})


def form_update(publisher: Publisher, dataset: dict[str, Any], resource: str, data: bytes) -> Any:
    return _form_post(
        publisher, f"/oc4ids/{dataset['name']}/resource/{resource}/edit", {"id": resource, "upload": file(data)}
    )


ADDING: dict[str, Path] = {
    each.__name__: each
    for each in (api_create, api_revise_extend, package_update_add, package_patch_add, form_create)
}
REPLACING: dict[str, Path] = {
    each.__name__: each
    for each in (
        api_update,
        api_patch,
        api_revise_update,
        api_revise_replace,
        package_update_replace,
        package_patch_replace,
        form_update,
    )
}
PATHS = ADDING | REPLACING


def test_there_are_twelve_paths() -> None:
    assert len(PATHS) == 12


def refused_with(answer: Any) -> dict[str, Any]:
    """The errors of one resource, whatever the path gave them as."""
    if isinstance(answer, tk.ValidationError):
        errors = answer.error_dict
        assert all(isinstance(each, str) for each in answer.error_summary.values()), answer.error_summary
    else:
        assert answer.status_code == 409, answer.get_data(as_text=True)[:2000]
        errors = answer.get_json()["error"]
    if "resources" in errors:
        found = [each for each in errors["resources"] if each]
        assert len(found) == 1
        return found[0]
    return errors


def accepted(answer: Any) -> None:
    if isinstance(answer, dict):
        return
    assert not isinstance(answer, Exception), answer
    assert answer.status_code in (200, 302), answer.get_data(as_text=True)[:3000]


def prepare(publisher: Publisher, content: dict[str, bytes]) -> tuple[dict[str, Any], str]:
    """A dataset with a photo and a validated file."""
    dataset = publisher.dataset()
    answer = api_create(publisher, dataset, "", content["old"])
    accepted(answer)
    resource = answer.get_json()["result"]["id"]
    photo = {
        "package_id": dataset["id"],
        "name": "foto",
        "url": "",
        "upload": file(b"\x89PNG...", "foto.png"),
    }
    accepted(publisher.post("resource_create", photo))
    return dataset, resource


@pytest.mark.parametrize("name", PATHS)
def test_refused_leaves_everything_as_it_was(publisher: Publisher, content: dict[str, bytes], name: str) -> None:
    dataset, resource = prepare(publisher, content)
    before = stored_state(dataset["id"])
    assert [each[0] for each in before.projects] == [resource]

    answer = PATHS[name](publisher, dataset, resource, content["bad"])

    if name.startswith("form_"):
        assert answer.status_code == 200
        assert "demolido" in answer.get_data(as_text=True)
    else:
        errors = refused_with(answer)
        assert len(errors["upload"]) == 1
        assert "OC4IDS" in errors["upload"][0]
        (report,) = errors["oc4ids_report"]
        assert report["valid"] is False
        assert {"code.closed", "schema.enum"} & {each["code"] for each in report["findings"]}
    assert stored_state(dataset["id"]) == before


@pytest.mark.parametrize("name", PATHS)
def test_accepted_is_stored_whole(publisher: Publisher, content: dict[str, bytes], name: str) -> None:
    dataset, resource = prepare(publisher, content)
    before = stored_state(dataset["id"])

    accepted(PATHS[name](publisher, dataset, resource, content["good"]))

    after = stored_state(dataset["id"])
    new = resource if name in REPLACING else next(iter(set(after.resources) - set(before.resources)))
    assert after.states[new] == "valid"
    assert stored_bytes(new) == content["good"]
    mine = [each for each in after.projects if each[0] == new]
    assert len(mine) == 2
    assert after.reports == before.reports + 1
    assert len(after.files) == len(before.files) + (name in ADDING)
    shown = publisher.act("resource_show", id=new)
    assert shown["oc4ids_verdict"] == "valid"
    assert shown["oc4ids_version"] == "0.9.5"
    report = model.Session.query(Report).filter_by(resource_id=new).order_by(Report.created.desc()).first()
    assert report.origin == "upload"
    assert report.user_id == publisher.editor["id"]
    assert len(report.content_hash) == 64


def test_the_form_says_it_short_and_first(publisher: Publisher, content: dict[str, bytes]) -> None:
    dataset = publisher.dataset()
    answer = form_create(publisher, dataset, "", content["bad"])
    visitor = Visitor(publisher.app)
    assert visitor is not None
    from bs4 import BeautifulSoup

    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    box = page.find(id="oc4ids-refused")
    assert box is not None
    assert "'code'" not in text_of(box), "a report printed as Python"
    assert stored_state(dataset["id"]).resources == {}


def test_other_files_pass_untouched(publisher: Publisher, content: dict[str, bytes]) -> None:
    dataset = publisher.dataset()
    for name in ("foto.png", "proyectos.json", "proyectos.xlsx"):
        fields = {"package_id": dataset["id"], "name": name, "url": "", "conforms_to": "", "format": "OC4IDS"}
        accepted(publisher.post("resource_create", {**fields, "upload": file(content["bad"], name)}))
    after = stored_state(dataset["id"])
    assert len(after.resources) == 3
    assert after.states == {}
    assert after.reports == 0


@pytest.mark.parametrize("kind", ["xlsx", "csv", "zip", "ods"])
def test_a_workbook_declared_as_oc4ids_is_refused_in_words(publisher: Publisher, kind: str) -> None:
    import io
    import zipfile

    if kind == "csv":
        data = "id;título\n1;Vía\n".encode()
    else:
        inside = {"xlsx": "xl/workbook.xml", "ods": "content.xml", "zip": "a.txt"}[kind]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            if kind == "ods":
                archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr(inside, "x")
        data = buffer.getvalue()
    dataset = publisher.dataset()
    answer = publisher.post(
        "resource_create",
        {
            "package_id": dataset["id"],
            **resource_fields(format="JSON", upload=file(data, f"proyectos.{kind}")),
        },
    )
    errors = refused_with(answer)
    assert errors["oc4ids_report"][0]["findings"][0]["code"].startswith("read.")
    assert len(errors["upload"][0]) > 30
    assert stored_state(dataset["id"]).resources == {}


@pytest.mark.parametrize("user", ["stranger", "anonymous"])
def test_who_may_not_upload_is_refused_before_any_work(
    publisher: Publisher, content: dict[str, bytes], user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = publisher.dataset()
    validated: list[Any] = []
    monkeypatch.setattr("ckanext.cost_oc4ids.validation.runner.validate_upload", lambda *args: validated.append(args))
    headers = {"Authorization": factories.UserWithToken()["token"]} if user == "stranger" else {}
    answer = publisher.app.post(
        "/api/action/resource_create",
        headers=headers,
        data={"package_id": dataset["id"], **resource_fields(upload=file(content["bad"]))},
    )
    assert answer.status_code == 403
    assert validated == []


def test_too_large_is_refused_before_it_is_read(
    publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = publisher.dataset()
    monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.max_bytes", len(content["good"]) - 1)
    monkeypatch.setattr("ckanext.cost_oc4ids.validation.runner.validate_file", lambda *_args: pytest.fail("it was read"))
    answer = publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(content["good"]))}
    )
    errors = refused_with(answer)
    assert "MB" in errors["upload"][0]
    assert stored_state(dataset["id"]).resources == {}


@pytest.mark.parametrize("kind", ["crash", "timeout"])
def test_a_check_that_fails_stores_nothing(
    publisher: Publisher, content: dict[str, bytes], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, resource = prepare(publisher, content)
    before = stored_state(dataset["id"])
    if kind == "crash":
        monkeypatch.setattr("ckanext.cost_oc4ids.oc4ids.validator.validate_reader", lambda *_args: 1 / 0)
    else:
        monkeypatch.setattr("ckanext.cost_oc4ids.validation.runner.INLINE_SECONDS", -1)
    for path in (api_update, api_create):
        errors = refused_with(path(publisher, dataset, resource, content["good"]))
        assert "oc4ids_report" not in errors
        assert len(errors["upload"]) == 1
    assert stored_state(dataset["id"]) == before


@pytest.mark.parametrize("path", ["api_create", "api_update"])
def test_projects_that_cannot_be_stored_do_not_break_the_save(
    publisher: Publisher, content: dict[str, bytes], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, resource = prepare(publisher, content)
    store = registry.store

    def fails_late(*args: Any) -> int:
        store(*args)
        model.Session.execute(sa.text("SELECT 1 / 0"))
        return 1

    monkeypatch.setattr("ckanext.cost_oc4ids.projects.registry.store", fails_late)
    accepted(PATHS[path](publisher, dataset, resource, content["good"]))
    after = stored_state(dataset["id"])
    failed = [each for each, state in after.states.items() if state == "error"]
    assert len(failed) == 1
    assert stored_bytes(failed[0]) == content["good"]
    assert failed[0] not in [each[0] for each in after.projects]
    # what was saved is found
    found = tk.get_action("package_search")({"ignore_auth": True}, {"fq": f"id:{dataset['id']}"})["results"][
        0
    ]
    assert len(found["resources"]) == len(after.resources)
    monkeypatch.undo()
    assert failed[0] in sweep.mark_stale()
    assert worker.validate_resource(failed[0], "nightly") == "valid"
    assert len([each for each in stored_state(dataset["id"]).projects if each[0] == failed[0]]) == 2


def test_the_steps_of_the_form(publisher: Publisher, content: dict[str, bytes]) -> None:
    """A new dataset is a draft until its first resource is there; a refused file leaves it a draft."""
    dataset = publisher.dataset(state="draft")
    address = f"/oc4ids/{dataset['name']}/resource/new"
    refused = _form_post(publisher, address, {"id": "", "upload": file(content["bad"]), "save": "go-metadata"})
    assert refused.status_code == 200
    assert model.Package.get(dataset["id"]).state == "draft"
    assert stored_state(dataset["id"]).resources == {}
    accepted(_form_post(publisher, address, {"id": "", "upload": file(content["good"]), "save": "go-metadata"}))
    assert list(stored_state(dataset["id"]).states.values()) == ["valid"]
    assert model.Package.get(dataset["id"]).state == "active"
    project = stored_state(dataset["id"]).projects[0][1]
    assert publisher.call("oc4ids_project_show", id=project)["id"] == project


class TestModes:
    def test_warn_accepts_and_publishes_nothing(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset, resource = prepare(publisher, content)
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "warn")
        accepted(api_update(publisher, dataset, resource, content["bad"]))
        after = stored_state(dataset["id"])
        assert after.states[resource] == "invalid"
        assert after.projects == []
        assert stored_bytes(resource) == content["bad"]
        shown = publisher.act("oc4ids_report_show", resource_id=resource)
        assert shown["report"]["valid"] is False

        # back in strict mode, its description can still be changed
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "strict")
        publisher.act("resource_patch", id=resource, description="Otra")
        assert stored_state(dataset["id"]).states[resource] == "invalid"

    def test_off_accepts_and_leaves_it_to_the_worker(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset = publisher.dataset()
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "off")
        monkeypatch.setattr("ckanext.cost_oc4ids.validation.runner.validate_file", lambda *_args: pytest.fail("it was validated"))
        accepted(api_create(publisher, dataset, "", content["bad"]))
        after = stored_state(dataset["id"])
        assert list(after.states.values()) == ["pending"]
        assert after.projects == []


class TestDeclaration:
    """What a resource declares may change without its file."""

    def undeclared(self, publisher: Publisher, data: bytes) -> tuple[dict[str, Any], str]:
        dataset = publisher.dataset()
        answer = publisher.post(
            "resource_create",
            {"package_id": dataset["id"], **resource_fields(conforms_to="", upload=file(data))},
        )
        accepted(answer)
        return dataset, answer.get_json()["result"]["id"]

    def test_a_stored_file_is_validated_when_it_is_declared(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset, resource = self.undeclared(publisher, content["good"])
        publisher.act("resource_patch", id=resource, conforms_to=uploads.CONFORMS_TO)
        after = stored_state(dataset["id"])
        assert after.states == {resource: "valid"}
        assert len(after.projects) == 2
        views = [each["view_type"] for each in publisher.act("resource_view_list", id=resource)]
        assert views.count("oc4ids_view") == 1

    def test_a_stored_file_that_does_not_conform_cannot_be_declared(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset, resource = self.undeclared(publisher, content["bad"])
        before = stored_state(dataset["id"])
        with pytest.raises(tk.ValidationError) as refused:
            publisher.act("resource_patch", id=resource, conforms_to=uploads.CONFORMS_TO)
        assert refused_with(refused.value)["oc4ids_report"][0]["valid"] is False
        assert stored_state(dataset["id"]) == before

    def test_undeclared_its_projects_go(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = prepare(publisher, content)
        publisher.act("resource_patch", id=resource, conforms_to="")
        after = stored_state(dataset["id"])
        assert after.projects == []
        assert after.states == {}
        assert publisher.act("oc4ids_report_show", resource_id=resource)["state"] == "not_applicable"
        assert "oc4ids_verdict" not in publisher.act("resource_show", id=resource)

    def test_turned_into_a_link_its_projects_go(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = prepare(publisher, content)
        publisher.act(
            "resource_patch", id=resource, url="https://example.org/a.json", url_type="", clear_upload="true"
        )
        after = stored_state(dataset["id"])
        assert after.projects == []
        assert after.states == {resource: "pending"}
        shown = publisher.act("oc4ids_report_show", resource_id=resource)
        assert shown["reason"] == "link_not_fetched"
        assert shown["report"] is None

    def test_deleted_its_projects_go(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = prepare(publisher, content)
        publisher.act("resource_delete", id=resource)
        after = stored_state(dataset["id"])
        assert after.projects == []
        assert after.states == {}

    def test_by_hand_without_a_file_it_waits(self, publisher: Publisher) -> None:
        dataset = publisher.dataset()
        made = publisher.act(
            "resource_create", package_id=dataset["id"], **resource_fields(url="a.json", url_type="upload")
        )
        assert stored_state(dataset["id"]).states == {made["id"]: "pending"}

    def test_a_link_waits(self, publisher: Publisher) -> None:
        dataset = publisher.dataset(resources=[resource_fields(url="https://example.org/a.json")])
        after = stored_state(dataset["id"])
        assert list(after.states.values()) == ["pending"]
        assert publisher.act("package_show", id=dataset["id"])["resources"][0]["oc4ids_verdict"] == "pending"

    def test_the_verdict_is_never_taken_from_input(self, publisher: Publisher) -> None:
        for kind in ("dataset", "oc4ids"):
            fields = {"oc4ids_verdict": "valid", "oc4ids_version": "1.1"}
            declaring = resource_fields(url="https://example.org/a.json", **fields)
            other = resource_fields(url="https://example.org/b.json", **fields | {"conforms_to": ""})
            dataset = publisher.dataset(type=kind, resources=[declaring, other])
            shown = publisher.act("package_show", id=dataset["id"])["resources"]
            assert [each.get("oc4ids_verdict") for each in shown] == ["pending", None], kind
            assert [each.get("oc4ids_version") for each in shown] == ["0.9.5", None], kind
            stored = stored_state(dataset["id"]).resources.values()
            assert all("oc4ids_verdict" not in extras for *_, extras in stored), kind

    def test_a_list_of_what_it_conforms_to_survives(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        both = [uploads.CONFORMS_TO, "https://example.org/other"]
        for kind in ("dataset", "oc4ids"):
            dataset = publisher.dataset(type=kind)
            whole = publisher.act("package_show", id=dataset["id"])
            whole["resources"] = [resource_fields(conforms_to=both, url="https://example.org/x.json")]
            shown = publisher.act("package_update", **whole)["resources"][0]
            assert shown["conforms_to"] == both, kind
            assert shown["oc4ids_verdict"] == "pending", kind

    def test_a_plain_dataset_is_guarded_as_well(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset = publisher.dataset(type="dataset")
        refused_with(api_create(publisher, dataset, "", content["bad"]))
        accepted(api_create(publisher, dataset, "", content["good"]))
        assert list(stored_state(dataset["id"]).states.values()) == ["valid"]
