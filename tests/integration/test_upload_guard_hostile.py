"""Every kind of broken or hostile file through the API and through the form: refused in words, nothing left behind."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from support import hostile, sampling
from support.application import portal
from support.uploads import CONFORMS_TO

from ckanext.cost_oc4ids.model import Project, ProjectVersion, Report, ResourceState

WAYS = ("api", "form")
#: One of each family by one of the two ways, and of the others one in twenty; `make fuzz` sends all of them by both.
KINDS = sampling.sample(
    [(name, way) for name in sorted(hostile.KINDS) for way in WAYS],
    lambda case: hostile.kind_of(case[0]),
    one_in=20,
)
#: Generous: a whole request on a busy machine. The bound on work is what is tested, not the speed.
SECONDS_A_REQUEST = 10
SECONDS_A_MEGABYTE = 5


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture(scope="module")
def scene(app: Any) -> dict[str, Any]:
    """An organismo with an editor and an empty dataset, once for the module."""
    editor = factories.UserWithToken()
    organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    dataset = factories.Dataset(type="oc4ids", owner_org=organization["id"], user=editor)
    return {"app": app, "headers": {"Authorization": editor["token"]}, "dataset": dataset}


def left_behind(dataset_id: str) -> dict[str, int]:
    """Count what the dataset has: resources, rows of ours, files on disk."""
    model.Session.rollback()
    counts = {
        table.__tablename__: model.Session.query(table).filter(table.package_id == dataset_id).count()
        for table in (Project, ProjectVersion, Report, ResourceState)
    }
    counts["resources"] = (
        model.Session.query(model.Resource)
        .filter(model.Resource.package_id == dataset_id, model.Resource.state == "active")
        .count()
    )
    counts["files"] = sum(
        path.is_file() and "webassets" not in path.parts
        for path in Path(tk.config["ckan.storage_path"]).rglob("*")
    )
    return counts


def form(scene: dict[str, Any], content: bytes) -> dict[str, Any]:
    return {
        "name": "proyectos",
        "conforms_to": CONFORMS_TO,
        "format": "JSON",
        "url": "proyectos.json",
        "url_type": "upload",
        "upload": (io.BytesIO(content), "proyectos.json"),
    }


def by_api(scene: dict[str, Any], content: bytes) -> Any:
    data = form(scene, content) | {"package_id": scene["dataset"]["id"]}
    return scene["app"].post("/api/action/resource_create", data=data, headers=scene["headers"])


def by_form(scene: dict[str, Any], content: bytes) -> Any:
    data = form(scene, content) | {"id": "", "save": "go-dataset-complete"}
    url = f"/dataset/{scene['dataset']['name']}/resource/new"
    return scene["app"].post(url, data=data, headers=scene["headers"], follow_redirects=False)


def undo(scene: dict[str, Any]) -> None:
    """Take away what was accepted, so that each kind starts from nothing."""
    dataset = {"id": scene["dataset"]["id"], "resources": []}
    answer = scene["app"].post("/api/action/package_patch", json=dataset, headers=scene["headers"])
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]


@pytest.mark.parametrize(("name", "way"), KINDS)
def test_no_file_breaks_the_upload(scene: dict[str, Any], name: str, way: str) -> None:
    kind = hostile.KINDS[name]
    send = by_api if way == "api" else by_form
    content = kind.make()
    before = left_behind(scene["dataset"]["id"])
    began = time.process_time()
    answer = send(scene, content)
    took = time.process_time() - began
    body = answer.get_data(as_text=True)

    refused = answer.status_code == 409 if send is by_api else answer.status_code == 200
    accepted = answer.status_code == (200 if send is by_api else 302)
    assert refused or accepted, (answer.status, body[-2000:])
    assert "Traceback" not in body
    assert took <= SECONDS_A_REQUEST + SECONDS_A_MEGABYTE * len(content) / 1e6
    if kind.outcome in ("unreadable", "invalid"):
        assert refused, "a file that does not conform came in"
    if kind.outcome == "valid":
        assert accepted, body[-3000:]
    if refused:
        assert left_behind(scene["dataset"]["id"]) == before
        assert_says_why(answer, body, send)
    else:
        undo(scene)


def assert_says_why(answer: Any, body: str, send: Any) -> None:
    """A refusal has a sentence first and the findings beneath; nothing of the file comes back alive."""
    if send is by_api:
        error = answer.get_json()["error"]
        assert error["__type"] == "Validation Error"
        assert isinstance(error["upload"][0], str) and len(error["upload"][0]) > 20
        report = error["oc4ids_report"][0]
        assert report["valid"] is False and report["findings"]
        assert all(finding["message"] and finding["remedy"] for finding in report["findings"])
        return
    assert 'role="alert"' in body
    assert hostile.SCRIPT not in body
    assert not re.search(r"<img[^>]+onerror|javascript:alert", body, re.IGNORECASE)
