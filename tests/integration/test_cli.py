"""``ckan cost-oc4ids``, as an administrator types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib import jobs as core_jobs
from ckan.lib import uploader
from click.testing import CliRunner, Result
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import stored_state

from ckanext.cost_oc4ids import cli, config
from ckanext.cost_oc4ids.model import Report, ResourceState
from ckanext.cost_oc4ids.validation import queue as validation_queue
from ckanext.cost_oc4ids.validation import worker


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture(scope="module")
def publisher(app: Any) -> Publisher:
    return Publisher.new(app)


_numbers = iter(range(10_000_000, 90_000_000, 10))


def upload(publisher: Publisher, data: bytes) -> tuple[str, str]:
    dataset = publisher.dataset()
    answer = publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return dataset["id"], answer.get_json()["result"]["id"]


@pytest.fixture
def good() -> bytes:
    return encoded(uploads.package(1, first=next(_numbers)))


def run(*words: str) -> Result:
    model.Session.rollback()
    result = CliRunner().invoke(cli.cost_oc4ids, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


class TestValidate:
    @pytest.mark.usefixtures("app")
    @pytest.mark.parametrize(("kind", "code"), [("good", 0), ("bad", 1), ("unreadable", 2)])
    def test_a_file(self, tmp_path: Path, good: bytes, kind: str, code: int) -> None:
        content = {"good": good, "bad": encoded(uploads.broken_package()), "unreadable": b"%PDF-1.4"}[kind]
        path = tmp_path / "x.json"
        path.write_bytes(content)
        before = model.Session.query(Report).count()
        assert run("validate", str(path)).exit_code == code
        result = run("validate", str(path), "--format", "json", "--lang", "en")
        assert result.exit_code == code
        assert json.loads(result.stdout)["valid"] is (code == 0)
        assert model.Session.query(Report).count() == before

    def test_a_resource(self, publisher: Publisher, good: bytes) -> None:
        _, resource = upload(publisher, good)
        assert run("validate", "--resource", resource).exit_code == 0
        assert run("validate", "--resource", "no-such-resource").exit_code == 2

    @pytest.mark.usefixtures("app")
    def test_neither_and_both(self, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        path.write_bytes(b"{}")
        assert run("validate").exit_code == 2
        assert "--resource" in run("validate", str(path), "--resource", "x").output


class TestRevalidate:
    def test_what_changed(self, publisher: Publisher, good: bytes) -> None:
        dataset, resource = upload(publisher, good)
        _, untouched = upload(publisher, encoded(uploads.package(1, first=next(_numbers))))
        stored = Path(uploader.get_resource_uploader({"id": resource}).get_path(resource))
        stored.write_bytes(encoded(uploads.broken_package()))
        before = stored_state(dataset).projects
        result = run("revalidate", "--stale")
        assert result.exit_code == 1
        assert f"{resource} valid content_mismatch since " in result.output
        assert untouched not in result.output
        assert stored_state(dataset).projects == before != [], "no save put these bytes there"
        # pressing on does not make them right, an administrator does
        assert run("revalidate", "--resource", resource).exit_code == 1
        assert stored_state(dataset).projects == before
        assert f"{resource} invalid" in run("revalidate", "--resource", resource, "--accept-content").output
        assert stored_state(dataset).projects == []
        assert resource not in run("revalidate", "--stale").output
        report = (
            model.Session.query(Report)
            .filter_by(resource_id=resource)
            .order_by(Report.created.desc())
            .first()
        )
        assert report.origin == "command"

    def test_everything(self, publisher: Publisher, good: bytes) -> None:
        dataset, resource = upload(publisher, good)
        before = stored_state(dataset)
        assert f"{resource} valid" in run("revalidate", "--all").output
        after = stored_state(dataset)
        assert after.projects == before.projects
        assert after.versions == before.versions, "the same content is no other version"

    def test_one_by_the_worker(self, publisher: Publisher, good: bytes) -> None:
        _, resource = upload(publisher, good)
        queue = core_jobs.get_queue(config.queue())
        queue.empty()
        assert "queued" in run("revalidate", "--resource", resource, "--queue").output
        assert queue.job_ids == [validation_queue.job_id(resource)]

    @pytest.mark.usefixtures("app")
    def test_what_is_not_there(self) -> None:
        nothing = run("revalidate", "--resource", "no-such-resource")
        assert "no-such-resource not_applicable" in nothing.output
        assert "There is no resource no-such-resource." in nothing.output
        assert nothing.exit_code == 1
        assert run("revalidate").exit_code == 2
        assert run("revalidate", "--all", "--stale").exit_code == 2


def test_status(publisher: Publisher, good: bytes) -> None:
    upload(publisher, good)
    made = publisher.dataset(resources=[resource_fields(url="a.json", url_type="upload")])["resources"][0][
        "id"
    ]
    worker.validate_resource(made, "command")
    made_later = publisher.dataset(resources=[resource_fields(url="b.json", url_type="upload")])["resources"][
        0
    ]["id"]
    result = run("status")
    assert result.exit_code == 0
    assert (
        0 < result.output.index(f"{made} error file_missing") < result.output.index(f"{made_later} pending")
    )
    assert f"{made} error file_missing" in result.output
    assert f"valid           {ResourceState.counts()['valid']}" in result.output
    assert tk.config["ckanext.cost_oc4ids.guard"] in result.output


@pytest.mark.usefixtures("app")
def test_codes() -> None:
    lines = run("codes", "--lang", "es").output.splitlines()
    assert any(
        line.startswith("geo.outside_country ") and line.endswith("Un lugar fuera del país") for line in lines
    )
    assert len(lines) > 100
    assert not [line for line in lines if "%(" in line and "version" not in line]


def test_a_night_with_nothing_to_say_says_nothing(publisher: Publisher, good: bytes) -> None:
    upload(publisher, good)
    for state in list(model.Session.query(ResourceState).filter(ResourceState.state != "valid")):
        model.Session.delete(model.Session.get(model.Resource, state.resource_id))
        model.Session.delete(state)
    model.Session.commit()
    run("revalidate", "--stale")
    result = run("revalidate", "--stale")
    assert (result.exit_code, result.output) == (0, "")
