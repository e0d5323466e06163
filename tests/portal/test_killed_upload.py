"""Whatever ends an upload, and whenever: the file that is published and its result are of one save.

Processes are really killed; Solr, Redis and PostgreSQL go away for one process, behind a proxy of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs as core_jobs
from rq.registry import StartedJobRegistry
from support import publisher, uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import stored_state

from ckanext.cost_common import storage
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import FileWrite, Project, ResourceState
from ckanext.cost_oc4ids.validation import file_writes, sweep, worker
from ckanext.cost_oc4ids.validation import queue as validation_queue

pytestmark = pytest.mark.slow
TESTS = Path(__file__).resolve().parents[1]
OPTION = "ckanext.cost_oc4ids."
STORAGE = "ckan.files.storage.kept."


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as served:
        yield served


@pytest.fixture
def scene(app: Any) -> Publisher:
    core_jobs.get_queue(config.queue()).empty()
    return Publisher.new(app)


@pytest.fixture(scope="module")
def ini(request: pytest.FixtureRequest) -> str:
    return str(Path(request.config.getoption("--ckan-ini")).resolve())


@pytest.fixture(params=["path", "storage"])
def folder(request: pytest.FixtureRequest, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str | None]:
    """The folder of a file storage, which writes into the same file; None: uploads take each other's place."""
    if request.param == "path":
        yield None
        return
    if not tk.check_ckan_version("2.12"):
        pytest.skip("CKAN 2.11 has no file storages")
    from ckan.lib import files

    for name, value in {"type": "ckan:fs", "path": str(tmp_path), "initialize": True, "overwrite_existing": True}.items():
        monkeypatch.setitem(tk.config, STORAGE + name, value)
    monkeypatch.setitem(tk.config, "ckan.files.default_storages.resource", "kept")
    files.storages.reset()
    files.storages.collect()
    yield str(tmp_path)
    monkeypatch.undo()
    files.storages.reset()
    files.storages.collect()


_numbers = iter(range(20_000_000, 90_000_000, 10))


def package(projects: int) -> bytes:
    """A file of several megabytes, so that it is written in parts."""
    return encoded({**uploads.package(projects, first=next(_numbers)), "x_filler": "x" * (3 << 20)})


def upload(scene: Publisher, data: bytes) -> tuple[str, str]:
    dataset = scene.dataset()
    answer = scene.post("resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return dataset["id"], answer.get_json()["result"]["id"]


class Uploader:
    """The process that uploads; see :mod:`support.upload_worker`."""

    def __init__(self, ini: str, scene: Publisher, folder: str | None, service: str | None, tmp_path: Path) -> None:
        wanted = {"user": scene.editor["name"], "storage": folder, "service": service}
        self._file = tmp_path.with_name(tmp_path.name + "-upload.json")
        self._log = tmp_path.with_name(tmp_path.name + "-upload.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.upload_worker", ini, json.dumps(wanted)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            text=True,
        )
        assert self._line() == "ready\n", self.log()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def log(self) -> str:
        self._log.flush()
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-5000:]

    def upload(self, step: str, content: bytes, action: str = "resource_patch", options: Any = None, **data: Any) -> dict[str, Any]:
        """Upload; return the outcome, or nothing when it was killed."""
        assert self.process.stdin is not None
        self._file.write_bytes(content)
        asked = {"action": action, "data": data, "file": str(self._file), "step": step, "options": options}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self._line()
        return json.loads(line) if line else {}

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture
def uploader(ini: str, scene: Publisher, folder: str | None, tmp_path: Path) -> Iterator[Callable[..., Uploader]]:
    started: list[Uploader] = []

    def start(service: str | None = None) -> Uploader:
        started.append(Uploader(ini, scene, folder, service, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.end()


def path_of(resource: str) -> Path:
    found = storage.find_path(resource)
    assert found is not None
    return found.path


def assert_one(dataset: str, resource: str, contents: dict[int, bytes]) -> int:
    """The file, its result, its projects and its row are of one of some contents, by their projects; return which."""
    model.Session.remove()
    stored = path_of(resource).read_bytes()
    state = model.Session.get(ResourceState, resource)
    row = model.Session.get(model.Resource, resource)
    projects = model.Session.scalar(sa.select(sa.func.count()).select_from(Project).where(Project.package_id == dataset))
    model.Session.remove()
    sizes = {hashlib.sha256(content).hexdigest(): number for number, content in contents.items()}
    found = {
        "file": sizes.get(hashlib.sha256(stored).hexdigest(), f"{len(stored)} other bytes"),
        "saved": sizes.get(state.stored_hash),
        "result": sizes.get(state.content_hash),
        "projects": projects,
        "row": {len(content): number for number, content in contents.items()}.get(row.size),
    }
    assert len(set(found.values())) == 1, found
    assert state.state == "valid"
    return int(projects)


def assert_clean(resource: str) -> None:
    """Nothing is left of a save."""
    path = path_of(resource)
    assert [each.name for each in path.parent.glob(path.name + "?*")] == []
    assert file_writes_left() == 0


def file_writes_left() -> int:
    with model.meta.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(FileWrite)).scalar_one())


def until_recovered(recover: Callable[[], Any]) -> None:
    """PostgreSQL finds out in its own time that a process is no more, and holds its rows until then."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        recover()
        if not file_writes_left():
            return
        time.sleep(0.2)
    raise AssertionError("what a killed process left was not put right")


class TestKilled:
    @pytest.mark.parametrize("step", ["kept", "writing", "written", "stored", "indexed"])
    def test_before_the_commit(self, scene: Publisher, uploader: Callable[..., Uploader], step: str) -> None:
        contents = {1: package(1), 2: package(2)}
        dataset, resource = upload(scene, contents[1])
        process = uploader()
        assert process.upload(step, contents[2], id=resource) == {}, process.log()
        assert process.process.wait(30) == -9
        ways: dict[str, Callable[[], Any]] = {
            "kept": file_writes.recover_at_start,
            "writing": lambda: scene.act("package_show", id=dataset),
            "written": sweep.check_files,
            "stored": lambda: worker.validate_resource(resource, "job"),
            "indexed": lambda: scene.app.get(f"/dataset/{dataset}/resource/{resource}/download/proyectos.json"),
        }
        until_recovered(ways[step])
        assert assert_one(dataset, resource, contents) == 1
        assert_clean(resource)
        # and nothing stands in the way of doing it again
        scene.act("resource_patch", id=resource, upload=publisher.storage(contents[2]))
        assert assert_one(dataset, resource, contents) == 2
        assert_clean(resource)

    def test_and_uploaded_again_at_once(self, scene: Publisher, uploader: Callable[..., Uploader]) -> None:
        contents = {1: package(1), 2: package(2), 3: package(3)}
        dataset, resource = upload(scene, contents[1])
        process = uploader()
        assert process.upload("writing", contents[2], id=resource) == {}, process.log()
        scene.act("resource_patch", id=resource, upload=publisher.storage(contents[3]))
        assert assert_one(dataset, resource, contents) == 3
        assert_clean(resource)

    def test_after_the_commit(
        self, scene: Publisher, uploader: Callable[..., Uploader], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contents = {1: package(1), 2: package(2)}
        dataset, resource = upload(scene, contents[1])
        process = uploader()
        assert process.upload("committed", contents[2], id=resource) == {}, process.log()
        file_writes.recover_at_start()
        assert assert_one(dataset, resource, contents) == 2
        monkeypatch.setattr(file_writes, "_LEFTOVER_AFTER", -1)
        assert file_writes.delete_leftovers() == 1
        assert_clean(resource)

    @pytest.mark.parametrize("step", ["noted", "written", "stored", "indexed"])
    def test_a_new_resource(self, scene: Publisher, uploader: Callable[..., Uploader], step: str) -> None:
        root = storage.find_root()
        assert root is not None
        dataset = scene.dataset()["id"]
        before = sorted(path for path in root.rglob("*") if path.is_file())
        process = uploader()
        fields = resource_fields(package_id=dataset)
        assert process.upload(step, package(1), "resource_create", **fields) == {}, process.log()
        until_recovered(file_writes.recover)
        assert sorted(path for path in root.rglob("*") if path.is_file()) == before
        assert stored_state(dataset).resources == {}


class TestOutage:
    """A service that goes away in the middle of an upload, and comes back."""

    def test_solr(self, scene: Publisher, uploader: Callable[..., Uploader]) -> None:
        contents = {1: package(1), 2: package(2)}
        dataset, resource = upload(scene, contents[1])
        process = uploader("solr_url")
        for step in ("start", "kept", "writing", "written", "stored"):
            outcome = process.upload(step, contents[2], id=resource)
            assert "error" in outcome, (step, outcome)
            assert assert_one(dataset, resource, contents) == 1, step
            assert_clean(resource)
        assert process.upload("committed", contents[2], id=resource) == {"saved": resource}
        assert assert_one(dataset, resource, contents) == 2
        assert sweep.mark_stale() == []

    def test_postgresql(self, scene: Publisher, uploader: Callable[..., Uploader]) -> None:
        contents = {1: package(1), 2: package(2)}
        dataset, resource = upload(scene, contents[1])
        process = uploader("sqlalchemy.url")
        for step in ("start", "kept", "writing", "written", "stored"):
            outcome = process.upload(step, contents[2], id=resource)
            assert "error" in outcome, (step, outcome)
            # at once, although that process could ask nobody
            assert assert_one(dataset, resource, contents) == 1, step
            until_recovered(file_writes.recover)
            assert_clean(resource)
        outcome = process.upload("indexed", contents[2], id=resource)
        assert "error" in outcome
        # whether the database took the commit is not known to that process; whoever comes next asks it
        until_recovered(lambda: scene.act("package_show", id=dataset))
        assert assert_one(dataset, resource, contents) == 1
        assert_clean(resource)
        assert process.upload("", contents[2], id=resource) == {"saved": resource}
        assert assert_one(dataset, resource, contents) == 2

    def test_redis(self, scene: Publisher, uploader: Callable[..., Uploader]) -> None:
        """What is validated at once needs no queue; what waits for the worker is queued later."""
        contents = {1: package(1), 2: package(2)}
        dataset, resource = upload(scene, contents[1])
        process = uploader("ckan.redis.url")
        for step in ("start", "written", "indexed"):
            for number in (2, 1):
                assert process.upload(step, contents[number], id=resource) == {"saved": resource}, (step, process.log())
                assert assert_one(dataset, resource, contents) == number
                assert_clean(resource)
        options = {OPTION + "inline_max_bytes": 10}
        assert process.upload("start", contents[2], options=options, id=resource) == {"saved": resource}
        assert path_of(resource).read_bytes() == contents[2]
        state = model.Session.get(ResourceState, resource, populate_existing=True)
        assert (state.state, state.reason) == ("pending", "queued")
        model.Session.remove()
        assert core_jobs.get_queue(config.queue()).job_ids == []
        assert sweep.requeue_lost_jobs() == [resource]
        assert core_jobs.get_queue(config.queue()).job_ids == [validation_queue.job_id(resource)]
        assert worker.validate_resource(resource, "job") == "valid"
        assert assert_one(dataset, resource, contents) == 2


class TestKilledWorker:
    def test_its_check_is_queued_again(self, scene: Publisher, ini: str, folder: str | None) -> None:
        """A worker is killed with the check in its hands: ``valid`` and ``queued`` do not stay so."""
        if folder:
            pytest.skip("the queue knows no storage")
        _, resource = upload(scene, package(1))
        scene.act("oc4ids_resource_revalidate", resource_id=resource)
        with model.meta.engine.connect() as connection, connection.begin():
            # it gets as far as noting that it has begun
            connection.execute(sa.text("LOCK TABLE oc4ids_resource IN ACCESS EXCLUSIVE MODE"))
            command = [str(Path(sys.executable).with_name("ckan")), "-c", ini, "jobs", "worker", "--burst", config.queue()]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            queue = core_jobs.get_queue(config.queue())
            until = time.monotonic() + 60
            while queue.job_ids and time.monotonic() < until:
                time.sleep(0.1)
            assert queue.job_ids == []
            os.killpg(process.pid, 9)
            process.wait(30)
        model.Session.remove()
        state = model.Session.get(ResourceState, resource)
        assert (state.state, state.reason) == ("valid", "queued")
        model.Session.remove()
        # RQ counts the job as alive until the worker's last sign of life is too old
        registry = StartedJobRegistry(queue=queue)
        for entry in queue.connection.zrange(registry.key, 0, -1):
            assert resource not in sweep.find_lost_jobs()
            queue.connection.zadd(registry.key, {entry: time.time() - 1})
        assert resource in sweep.requeue_lost_jobs()
        assert any(name.startswith(validation_queue.job_id(resource)) for name in queue.job_ids)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        state = model.Session.get(ResourceState, resource, populate_existing=True)
        assert (state.state, state.reason) == ("valid", None)
