"""Declared intent across saves: absent keeps, an explicit empty value withdraws, and both are said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from support import cases, uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import stored_state
from support.visitor import Visitor, text_of

PASSWORD = uploads.PASSWORD


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def publisher(app: Any) -> Publisher:
    editor = factories.UserWithToken(password=PASSWORD)
    organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    return Publisher(app, editor, organization)


_numbers = iter(range(200_000, 300_000, 20))


def published(publisher: Publisher, data: bytes | None = None, kind: str = "dataset") -> tuple[str, str]:
    """A dataset with a declared file, and its resource."""
    dataset = publisher.dataset(type=kind)
    data = data or encoded(uploads.package(10, first=next(_numbers)))
    answer = publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return dataset["id"], answer.get_json()["result"]["id"]


def projects(dataset_id: str) -> int:
    model.Session.rollback()
    return len(stored_state(dataset_id).projects)


def test_an_edit_by_the_form_of_a_plain_dataset_keeps_its_projects(app: Any, publisher: Publisher) -> None:
    dataset, resource = published(publisher)
    visitor = Visitor(app)
    visitor.sign_in(publisher.editor["name"], PASSWORD)
    path = f"/dataset/{dataset}/resource/{resource}/edit"
    fields = {**visitor.token(path), "id": resource, "url": "proyectos.json", "url_type": "upload", "name": "Otro", "format": "JSON", "save": "go_metadata"}  # fmt: skip
    assert visitor.post(path, fields).status_code in (302, 303)
    assert publisher.act("resource_show", id=resource)["name"] == "Otro"
    assert publisher.act("resource_show", id=resource)["conforms_to"] == uploads.CONFORMS_TO
    assert projects(dataset) == 10


def test_the_case_of_a_plain_dataset(publisher: Publisher) -> None:
    dataset, resource = published(publisher, cases.read("oc4ids/22-plain-dataset.json"))
    publisher.act("resource_update", id=resource, name="Otro", url="x.json", url_type="upload")
    assert projects(dataset) == 1


def test_absent_keeps_in_every_action(publisher: Publisher) -> None:
    dataset, resource = published(publisher)
    new = encoded(uploads.package(3, first=next(_numbers)))
    answer = publisher.post("resource_update", {"id": resource, "name": "Otro", "upload": file(new)})
    assert answer.status_code == 200
    assert projects(dataset) == 3, "its new file is validated too"
    whole = publisher.act("package_show", id=dataset)
    del whole["resources"][0]["conforms_to"]
    publisher.act("package_update", **whole)
    assert projects(dataset) == 3
    bad = uploads.package(1, first=next(_numbers))
    bad["projects"][0]["status"] = "demolido"
    refused = publisher.post(
        "resource_update", {"id": resource, "name": "Otro", "upload": file(encoded(bad))}
    )
    assert refused.status_code == 409
    assert projects(dataset) == 3


def test_an_explicit_empty_value_withdraws_and_says_how_many(app: Any, publisher: Publisher) -> None:
    dataset, resource = published(publisher)
    answer = publisher.call("resource_patch", id=resource, conforms_to="")
    assert projects(dataset) == 0
    assert any("10" in sentence for sentence in answer["oc4ids_warnings"])
    assert "oc4ids_warnings" not in publisher.act("resource_show", id=resource)
    again = publisher.call("resource_update", **answer)
    assert "oc4ids_warnings" not in again, "what an answer says is not stored when it is sent back"
    assert "oc4ids_warnings" not in publisher.act("resource_show", id=resource)
    dataset, resource = published(publisher, kind="oc4ids")
    visitor = Visitor(app)
    visitor.sign_in(publisher.editor["name"], PASSWORD)
    path = f"/oc4ids/{dataset}/resource/{resource}/edit"
    fields = {**visitor.token(path), "id": resource, "url": "proyectos.json", "url_type": "upload", "name": "Otro", "conforms_to": "", "save": "go_metadata"}  # fmt: skip
    assert visitor.post(path, fields).status_code in (302, 303)
    assert projects(dataset) == 0
    name = publisher.act("package_show", id=dataset)["name"]
    assert "10 proyectos ya no están publicados." in text_of(visitor.page(f"/oc4ids/{name}"))


@pytest.fixture
def harvest_objects(app: Any) -> Iterator[Any]:
    """The table of ckanext-harvest, as far as it says which datasets are copies."""
    with model.meta.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE harvest_object (id text, package_id text, current boolean)"))
    yield
    model.Session.rollback()
    with model.meta.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE harvest_object"))


def test_in_a_copy_absent_withdraws(publisher: Publisher, harvest_objects: Any) -> None:
    copied, resource = published(publisher)
    own, other = published(publisher)
    with model.meta.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO harvest_object VALUES ('1', :id, true), ('2', :own, false)"),
            {"id": copied, "own": own},
        )
    for dataset, each, left in ((copied, resource, 0), (own, other, 10)):
        publisher.act("resource_update", id=each, name="Otro", url="x.json", url_type="upload")
        assert projects(dataset) == left


def test_the_question_stays_on_the_page_of_the_file(app: Any, publisher: Publisher) -> None:
    dataset = publisher.dataset(type="oc4ids")
    data = encoded(uploads.package(1, first=next(_numbers)))
    made = publisher.post(
        "resource_create",
        {"package_id": dataset["id"], **resource_fields(conforms_to="", upload=file(data))},
    ).get_json()["result"]
    path = f"/oc4ids/{dataset['name']}/resource/{made['id']}"
    question = "no está marcado así"
    assert question not in text_of(Visitor(app).page(path))
    editor = Visitor(app)
    editor.sign_in(publisher.editor["name"], PASSWORD)
    assert question in text_of(editor.page(path))
    publisher.act("resource_patch", id=made["id"], conforms_to=uploads.CONFORMS_TO)
    assert question not in text_of(editor.page(path))


@pytest.mark.parametrize("asked", [True, False])
def test_a_file_that_is_oc4ids_and_does_not_say_so_is_asked_about(publisher: Publisher, asked: bool) -> None:
    dataset = publisher.dataset(type="oc4ids" if asked else "dataset")
    data = encoded(uploads.package(1, first=next(_numbers)))
    answer = publisher.post(
        "resource_create",
        {"package_id": dataset["id"], **resource_fields(conforms_to="", upload=file(data))},
    ).get_json()["result"]
    assert ("oc4ids_warnings" in answer) == asked
    other = publisher.post(
        "resource_create",
        {
            "package_id": dataset["id"],
            **resource_fields(conforms_to="", upload=file(json.dumps({"a": 1}).encode())),
        },
    ).get_json()["result"]
    assert "oc4ids_warnings" not in other
