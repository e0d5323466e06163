"""A published file and its result never part, and a failure to read withdraws nothing."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import smtplib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs as core_jobs
from click.testing import CliRunner, Result
from rq.registry import StartedJobRegistry
from support import publisher, uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import stored_state

from ckanext.cost_common import storage
from ckanext.cost_oc4ids import cli, config
from ckanext.cost_oc4ids.model import FileWrite, ResourceState
from ckanext.cost_oc4ids.validation import alerts, file_writes, sweep, worker
from ckanext.cost_oc4ids.validation import queue as validation_queue

OPTION = "ckanext.cost_oc4ids."


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def scene(app: Any) -> Publisher:
    core_jobs.get_queue(config.queue()).empty()
    return Publisher.new(app)


@pytest.fixture(params=["path", "storage"])
def kind(
    request: pytest.FixtureRequest, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Uploads in the portal's folder, and in a file storage of CKAN 2.12, which writes into the same file."""
    if request.param == "path":
        yield request.param
        return
    if not tk.check_ckan_version("2.12"):
        pytest.skip("CKAN 2.11 has no file storages")
    from ckan.lib import files

    for name, value in {
        "type": "ckan:fs",
        "path": str(tmp_path),
        "initialize": True,
        "overwrite_existing": True,
    }.items():
        monkeypatch.setitem(tk.config, f"ckan.files.storage.kept.{name}", value)
    monkeypatch.setitem(tk.config, "ckan.files.default_storages.resource", "kept")
    files.storages.reset()
    files.storages.collect()
    yield request.param
    monkeypatch.undo()
    files.storages.reset()
    files.storages.collect()


_numbers = iter(range(20_000_000, 90_000_000, 10))


def package(projects: int = 1) -> bytes:
    return encoded(uploads.package(projects, first=next(_numbers)))


def upload(scene: Publisher, data: bytes, dataset: dict[str, Any] | None = None) -> tuple[str, str]:
    dataset = dataset or scene.dataset()
    answer = scene.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return dataset["id"], answer.get_json()["result"]["id"]


def path_of(resource_id: str) -> Path:
    found = storage.find_path(resource_id)
    assert found is not None
    return found.path


def stored_bytes(resource_id: str) -> bytes:
    return path_of(resource_id).read_bytes()


def beside(resource_id: str) -> list[str]:
    """Names of files that stand beside a resource's own."""
    path = path_of(resource_id)
    return sorted(each.name for each in path.parent.glob(path.name + "?*"))


def state_of(resource_id: str) -> ResourceState:
    model.Session.rollback()
    state = ResourceState.lock(resource_id)
    model.Session.rollback()
    assert state is not None
    return state


def run(*words: str) -> Result:
    model.Session.rollback()
    result = CliRunner().invoke(cli.cost_oc4ids, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def file_writes_left() -> int:
    with model.meta.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(FileWrite)).scalar_one())


class TestASaveThatFails:
    """The old bytes, the old result and nothing beside them, whenever it fails."""

    def fail(self, scene: Publisher, resource: str, data: bytes, match: str = "on purpose") -> None:
        before = stored_bytes(resource), stored_state(state_of(resource).package_id)
        context: Any = {"user": scene.editor["name"], "ignore_auth": False}
        with pytest.raises(Exception, match=match):
            tk.get_action("resource_patch")(context, {"id": resource, "upload": publisher.storage(data)})
        # before anybody ends the transaction as well
        assert stored_bytes(resource) == before[0]
        assert stored_state(state_of(resource).package_id) == before[1]
        assert beside(resource) == []
        assert file_writes_left() == 0

    def test_in_the_index(self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        _, resource = upload(scene, package())
        nowhere = "http://127.0.0.1:9/solr/none"
        monkeypatch.setitem(tk.config, "solr_url", nowhere)
        if not tk.check_ckan_version("2.12"):
            monkeypatch.setattr("ckan.lib.search.common.SolrSettings._url", nowhere)
        self.fail(scene, resource, package(), "(?i)solr|refused")

    def test_in_what_is_stored(self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        _, resource = upload(scene, package())

        def broken(*_args: Any, **_more: Any) -> None:
            raise RuntimeError("on purpose")

        monkeypatch.setattr("ckanext.cost_oc4ids.validation.stored_results.record_result", broken)
        self.fail(scene, resource, package())

    def test_in_another_plugin_that_has_ended_the_transaction(
        self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, resource = upload(scene, package())

        def rude(*_args: Any, **_more: Any) -> None:
            model.Session.rollback()
            raise RuntimeError("on purpose")

        monkeypatch.setattr("ckanext.cost_oc4ids.dataset.index._note_claims", rude)
        self.fail(scene, resource, package())

    def test_a_new_resource_leaves_no_file(
        self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset = scene.dataset()
        root = storage.find_root()
        assert root is not None
        before = sorted(path for path in root.rglob("*") if path.is_file())

        def broken(*_args: Any, **_more: Any) -> None:
            raise RuntimeError("on purpose")

        # after the file: on 2.11 it is written when the dataset's own save is over
        target = (
            "ckan.model.repo.commit"
            if not tk.check_ckan_version("2.12")
            else "ckan.logic.index_update_package_dicts"
        )
        with monkeypatch.context() as patch:
            patch.setattr(target, broken)
            with pytest.raises(RuntimeError, match="on purpose"):
                scene.act(
                    "resource_create",
                    package_id=dataset["id"],
                    **resource_fields(upload=publisher.storage(package())),
                )
        model.Session.rollback()
        assert sorted(path for path in root.rglob("*") if path.is_file()) == before
        assert file_writes_left() == 0
        assert stored_state(dataset["id"]).resources == {}

    def test_a_resource_that_ceases_to_be_oc4ids(
        self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, resource = upload(scene, package())

        def broken(*_args: Any, **_more: Any) -> None:
            raise RuntimeError("on purpose")

        before = stored_bytes(resource)
        monkeypatch.setattr("ckanext.cost_oc4ids.dataset.index._note_claims", broken)
        monkeypatch.setattr("ckanext.cost_oc4ids.dataset.save.ensure_view", broken)
        monkeypatch.setattr("ckanext.cost_oc4ids.validation.stored_results.delete", broken)
        with pytest.raises(RuntimeError, match="on purpose"):
            scene.act("resource_update", id=resource, url="", conforms_to="", upload=publisher.storage(b"x"))
        assert stored_bytes(resource) == before
        with pytest.raises(RuntimeError, match="on purpose"):
            scene.act(
                "resource_update",
                id=resource,
                url="https://example.org/x.json",
                clear_upload="true",
                conforms_to="",
            )
        assert stored_bytes(resource) == before, "core deletes the file before it commits"
        assert beside(resource) == []

    def test_one_that_succeeds_leaves_nothing_beside(self, scene: Publisher, kind: str) -> None:
        dataset, resource = upload(scene, package())
        second = package(2)
        scene.act("resource_patch", id=resource, upload=publisher.storage(second))
        assert stored_bytes(resource) == second
        assert beside(resource) == []
        assert file_writes_left() == 0
        assert len(stored_state(dataset).projects) == 2
        scene.act("resource_patch", id=resource, upload=publisher.storage(second))
        assert (stored_bytes(resource), beside(resource)) == (second, []), "the same bytes again"

    def test_with_the_guard_off(self, scene: Publisher, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, OPTION + "guard", "off")
        _, resource = upload(scene, package())
        worker.validate_resource(resource, "job")

        def broken(*_args: Any, **_more: Any) -> None:
            raise RuntimeError("on purpose")

        monkeypatch.setattr("ckanext.cost_oc4ids.dataset.index._note_claims", broken)
        self.fail(scene, resource, package())


class TestAnUploadOfSomethingElse:
    def test_is_neither_kept_nor_noted(self, scene: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        dataset = scene.dataset()
        made = scene.act(
            "resource_create",
            package_id=dataset["id"],
            url="",
            conforms_to="",
            upload=publisher.storage(b"x", "f.png"),
        )
        monkeypatch.setattr(file_writes, "_keep", lambda *_: 1 / 0)
        monkeypatch.setattr(file_writes, "_note", lambda *_: 1 / 0)
        scene.act("resource_update", **{**made, "upload": publisher.storage(b"y", "f.png")})
        assert stored_bytes(made["id"]) == b"y"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
class TestAFullDisk:
    @pytest.fixture
    def disk(self, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A disk of 256 kB for uploads."""
        import subprocess

        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], check=False
        ).returncode:
            pytest.skip("nothing can be mounted here")
        monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path))
        try:
            yield tmp_path
        finally:
            subprocess.run(["umount", tmp_path], check=True)

    def test_says_so_and_leaves_no_part_of_a_file(self, scene: Publisher, disk: Path) -> None:
        small = package()
        dataset, resource = upload(scene, small)
        before = stored_state(dataset)
        big = encoded({**uploads.package(2, first=next(_numbers)), "x_filler": "x" * 400_000})
        answer = scene.post("resource_patch", {"id": resource, "upload": file(big)})
        assert answer.status_code == 409, answer.get_data(as_text=True)[:2000]
        assert "lugar" in str(answer.get_json()["error"]["upload"]) or "room" in str(
            answer.get_json()["error"]["upload"]
        )
        answer = scene.post("resource_create", {"package_id": dataset, **resource_fields(upload=file(big))})
        assert answer.status_code == 409, answer.get_data(as_text=True)[:2000]
        assert stored_state(dataset) == before
        assert [path.read_bytes() for path in disk.rglob("*") if path.is_file()] == [small]
        assert file_writes_left() == 0

    def test_the_form_says_so(self, scene: Publisher, disk: Path) -> None:
        dataset, resource = upload(scene, package())
        big = encoded({**uploads.package(2, first=next(_numbers)), "x_filler": "x" * 400_000})
        answer = scene.app.post(
            f"/oc4ids/{dataset}/resource/{resource}/edit",
            headers={"Authorization": scene.editor["token"]},
            data={"id": resource, "save": "", **resource_fields(upload=file(big))},
        )
        assert answer.status_code == 200
        assert "no le queda espacio" in answer.get_data(as_text=True)


class TestOtherBytes:
    """Bytes that no save put there are shown and mailed, and change nothing."""

    @pytest.fixture
    def letters(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
        sent: list[tuple[str, str, str]] = []

        class Server:
            def __init__(self, *_: Any, **__: Any) -> None: ...

            def __getattr__(self, _: str) -> Callable[..., Any]:
                return lambda *_args, **_more: None

            def sendmail(self, _sender: str, recipients: list[str], message: str) -> None:
                import email
                from email.header import decode_header, make_header

                parsed = email.message_from_string(message)
                part = parsed.get_payload()[0] if parsed.is_multipart() else parsed
                body = part.get_payload(decode=True).decode()
                sent.append((recipients[0], str(make_header(decode_header(parsed["Subject"]))), body))

        monkeypatch.setattr(smtplib, "SMTP", Server)
        monkeypatch.setitem(tk.config, "smtp.server", "localhost")
        monkeypatch.setitem(tk.config, "smtp.mail_from", "portal@cali.test")
        monkeypatch.setitem(tk.config, OPTION + "alert_emails", ["guardia@cali.test"])
        return sent

    def test_are_shown_and_mailed_once(self, scene: Publisher, letters: list[tuple[str, str, str]]) -> None:
        dataset, resource = upload(scene, package())
        upload(scene, package())
        before = stored_state(dataset)
        path_of(resource).write_bytes(package(3))
        result = run("revalidate", "--stale")
        assert result.exit_code == 1
        assert f"{resource} valid content_mismatch" in result.output
        after = stored_state(dataset)
        assert (after.projects, after.states) == (before.projects, {resource: "valid"})
        ((recipient, subject, body),) = letters
        assert recipient == "guardia@cali.test"
        assert "almacenamiento" in subject
        assert resource in body and "--accept-content" in body and "/oc4ids/" in body
        run("revalidate", "--stale")
        assert len(letters) == 1

        shown = scene.act("oc4ids_report_show", resource_id=resource)
        assert (shown["state"], shown["problem"]) == ("valid", "content_mismatch")
        assert shown["last_read"] < shown["problem_since"]
        page = scene.app.get(
            f"/dataset/{dataset}/oc4ids/{resource}", headers={"Authorization": scene.editor["token"]}
        )
        assert "no es el que se guardó" in page.get_data(as_text=True)
        assert f"{resource} valid content_mismatch" in run("status").output

        # the right file again
        scene.act("resource_patch", id=resource, upload=publisher.storage(package()))
        assert state_of(resource).read_problem is None
        assert resource not in run("status").output

    def test_a_mail_server_that_is_away_is_tried_again(
        self, scene: Publisher, letters: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, resource = upload(scene, package())
        path_of(resource).write_bytes(package())
        with monkeypatch.context() as patch:
            patch.setattr(smtplib, "SMTP", lambda *_args, **_more: 1 / 0)
            assert worker.validate_resource(resource, "job", force=True) == "valid"
        assert state_of(resource).problem_mailed is None
        assert alerts.mail_mismatches() >= 1
        (letter,) = letters
        assert resource in letter[2]

    def test_are_not_taken_by_check_again(self, scene: Publisher) -> None:
        dataset, resource = upload(scene, package())
        before = stored_state(dataset).projects
        path_of(resource).write_bytes(package(2))
        scene.act("oc4ids_resource_revalidate", resource_id=resource)
        worker.validate_resource(resource, "job", force=True)
        assert stored_state(dataset).projects == before
        state = state_of(resource)
        assert (state.state, state.reason, state.read_problem) == ("valid", None, "content_mismatch")

    def test_are_taken_when_an_administrator_says_so(self, scene: Publisher) -> None:
        dataset, resource = upload(scene, package())
        path_of(resource).write_bytes(package(2))
        assert f"{resource} valid" in run("revalidate", "--resource", resource, "--accept-content").output
        assert len(stored_state(dataset).projects) == 2
        assert state_of(resource).read_problem is None
        assert resource not in run("revalidate", "--stale").output

    @pytest.mark.parametrize("words", [["--all"], ["--stale"], ["--resource", "x", "--queue"]])
    def test_only_one_by_one(self, app: Any, words: list[str]) -> None:
        assert run("revalidate", "--accept-content", *words).exit_code == 2

    def test_of_a_save_under_way_are_no_mismatch(self, scene: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        import threading

        dataset, resource = upload(scene, package())
        inside, go_on = threading.Event(), threading.Event()
        store = file_writes.finish
        outcome: list[Any] = []

        def slow(package_id: str) -> None:
            if package_id == dataset:
                inside.set()
                assert go_on.wait(30)
            store(package_id)

        def save() -> None:
            try:
                outcome.append(scene.act("resource_patch", id=resource, upload=publisher.storage(package(2))))
            except Exception as error:
                outcome.append(error)
            finally:
                model.Session.remove()

        monkeypatch.setattr(file_writes, "finish", slow)
        thread = threading.Thread(target=save)
        thread.start()
        assert inside.wait(30)
        threading.Timer(1.0, go_on.set).start()
        problems = sweep.check_files()
        thread.join(30)
        assert isinstance(outcome[0], dict), outcome
        assert resource not in problems
        assert state_of(resource).read_problem is None
        assert len(stored_state(dataset).projects) == 2


class TestWhatCannotBeRead:
    @pytest.fixture
    def alone(self, app: Any) -> Iterator[Publisher]:
        """A portal without any other file."""
        with portal() as application:
            core_jobs.get_queue(config.queue()).empty()
            yield Publisher.new(application)

    def hide(self, path: Path) -> Callable[[], None]:
        away = path.with_name(path.name + "-away")
        path.rename(away)

        def back() -> None:
            if path.exists():
                shutil.rmtree(path)
            away.rename(path)

        return back

    def test_a_storage_that_is_not_mounted_withdraws_nothing(self, alone: Publisher) -> None:
        made = [upload(alone, package()) for _ in range(3)]
        root = storage.find_root()
        assert root is not None
        before = [stored_state(dataset).projects for dataset, _ in made]
        back = self.hide(root)
        try:
            for _ in range(2):
                for state in model.Session.scalars(sa.select(ResourceState)):
                    state.missing_since = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
                model.Session.commit()
                result = run("revalidate", "--stale")
                assert result.exit_code != 0
                assert str(root) in result.output
                assert "ount" in result.output, "and says what to do"
            for dataset, resource in made:
                assert worker.validate_resource(resource, "job", force=True) == "valid"
                assert standing_projects(dataset) == before.pop(0)
                shown = alone.act("oc4ids_report_show", resource_id=resource)
                assert (shown["state"], shown["problem"]) == ("valid", "storage_unavailable")
                assert shown["last_read"]
                assert f"{resource} valid storage_unavailable" in run("status").output
        finally:
            back()
        assert run("revalidate", "--stale").exit_code == 0
        assert all(state_of(resource).read_problem is None for _, resource in made)

    def test_a_gone_file_is_confirmed_a_day_later(self, scene: Publisher) -> None:
        dataset, resource = upload(scene, package())
        other, _ = upload(scene, package())
        content = stored_bytes(resource)
        path_of(resource).unlink()
        for _ in range(3):
            assert run("revalidate", "--stale").exit_code == 1
            worker.validate_resource(resource, "job", force=True)
        assert len(stored_state(dataset).projects) == 1
        state = state_of(resource)
        assert (state.state, state.read_problem) == ("valid", "file_missing")
        page = scene.app.get(
            f"/dataset/{dataset}/oc4ids/{resource}", headers={"Authorization": scene.editor["token"]}
        )
        assert "como se leyó por última vez" in page.get_data(as_text=True)

        self.age(resource, hours=23)
        run("revalidate", "--stale")
        assert len(stored_state(dataset).projects) == 1
        self.age(resource, hours=25)
        assert f"{resource} error file_missing" in run("revalidate", "--stale").output
        assert stored_state(dataset).projects == []
        assert len(stored_state(other).projects) == 1
        state = state_of(resource)
        assert (state.state, state.reason) == ("error", "file_missing")

        path_of(resource).write_bytes(content)
        run("revalidate", "--stale")
        assert len(stored_state(dataset).projects) == 1, "it is back"

    def age(self, resource: str, hours: int) -> None:
        state = ResourceState.lock(resource)
        assert state is not None
        state.missing_since = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=hours)
        model.Session.commit()

    def test_a_good_look_in_between_begins_anew(self, scene: Publisher) -> None:
        _, resource = upload(scene, package())
        upload(scene, package())
        content = stored_bytes(resource)
        path_of(resource).unlink()
        sweep.check_files()
        assert state_of(resource).missing_since is not None
        path_of(resource).write_bytes(content)
        sweep.check_files()
        assert state_of(resource).missing_since is None

    @pytest.mark.parametrize("error", ["PermissionError", "IsADirectoryError", "OSError"])
    def test_an_error_is_not_a_missing_file(
        self, scene: Publisher, error: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset, resource = upload(scene, package())
        path = path_of(resource)
        if error == "IsADirectoryError":
            path.unlink()
            path.mkdir()
        else:
            real = Path.open

            def broken(self: Path, *args: Any, **more: Any) -> Any:
                if self == path:
                    raise {
                        "PermissionError": PermissionError(13, "denied"),
                        "OSError": OSError(5, "I/O error"),
                    }[error]
                return real(self, *args, **more)

            monkeypatch.setattr(Path, "open", broken)
        for _ in range(2):
            worker.validate_resource(resource, "job", force=True)
            state = ResourceState.lock(resource)
            assert state is not None
            assert (state.state, state.read_problem, state.missing_since) == (
                "valid",
                "file_unreadable",
                None,
            )
            model.Session.rollback()
        assert len(standing_projects(dataset)) == 1
        if path.is_dir():
            path.rmdir()


def standing_projects(dataset: str) -> list[Any]:
    """The projects of a dataset, without a look at the files."""
    from ckanext.cost_oc4ids.model import Project

    model.Session.rollback()
    rows = model.Session.scalars(sa.select(Project).where(Project.package_id == dataset))
    return sorted((each.resource_id, each.project_id, each.content_hash) for each in rows)


class TestLostJobs:
    """A check whose job died is found, and queued again or finished."""

    def wait_for_nothing(self, scene: Publisher) -> str:
        """A valid resource whose new check is in the queue, which then loses it."""
        _, resource = upload(scene, package())
        answer = scene.act("oc4ids_resource_revalidate", resource_id=resource)
        assert answer["state"] == "valid"
        state = state_of(resource)
        assert (state.state, state.reason) == ("valid", "queued")
        core_jobs.get_queue(config.queue()).empty()
        return resource

    def test_nightly_finishes_it(self, scene: Publisher) -> None:
        resource = self.wait_for_nothing(scene)
        assert f"{resource} valid" in run("revalidate", "--stale").output
        state = state_of(resource)
        assert (state.state, state.reason) == ("valid", None)

    def test_requeue_queues_it(self, scene: Publisher) -> None:
        resource = self.wait_for_nothing(scene)
        result = run("requeue")
        assert (result.exit_code, f"{resource} queued" in result.output) == (0, True)
        assert validation_queue.job_id(resource) in core_jobs.get_queue(config.queue()).job_ids
        assert resource not in run("requeue").output, "it waits already"

    def test_what_waits_or_runs_is_left_alone(self, scene: Publisher) -> None:
        _, resource = upload(scene, package())
        scene.act("oc4ids_resource_revalidate", resource_id=resource)
        assert resource not in sweep.find_lost_jobs()
        queue = core_jobs.get_queue(config.queue())
        queue.empty()
        # as RQ writes it, on 1.16 and on 2: by its id, and by id and execution
        registry = StartedJobRegistry(queue=queue)
        for name in (validation_queue.job_id(resource), f"{validation_queue.job_id(resource)}:ab12"):
            queue.connection.zadd(registry.key, {name: time.time() + 60})
            assert resource not in sweep.find_lost_jobs()
            queue.connection.zadd(registry.key, {name: time.time() - 60})
            assert resource in sweep.find_lost_jobs(), "its worker has shown no sign of life"
            queue.connection.zrem(registry.key, name)

    def test_a_file_that_ends_its_workers_is_not_tried_for_ever(self, scene: Publisher) -> None:
        resource = self.wait_for_nothing(scene)
        state = ResourceState.lock(resource)
        assert state is not None
        state.attempts, state.started = worker.ATTEMPTS, dt.datetime.now(dt.timezone.utc)
        model.Session.commit()
        assert resource not in run("requeue").output
        assert state_of(resource).reason == "worker_lost"
        assert len(standing_projects(state.package_id)) == 1

    def test_redis_that_does_not_answer(self, scene: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wait_for_nothing(scene)
        monkeypatch.setattr(validation_queue, "core_jobs", _UnreachableJobs)
        result = run("requeue")
        assert result.exit_code == 1
        assert "Redis" in result.output


class _UnreachableJobs:
    @staticmethod
    def get_queue(name: str) -> Any:
        import redis
        import rq

        return rq.Queue(name, connection=redis.Redis(host="127.0.0.1", port=9))


class TestLeftovers:
    def test_are_deleted_after_a_day(self, scene: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        _, resource = upload(scene, package())
        path = path_of(resource)
        old = [
            file_writes.kept_path(path, "0" * 64),
            path.with_name(f"{path.name}.prev-{'1' * 64}.part"),
            path.with_name(path.name + "~"),
        ]
        foreign = [path.with_name("somebody.prev-x"), path.with_name("others~")]
        for each in (*old, *foreign):
            each.write_bytes(b"x")
        assert file_writes.delete_leftovers() == 0, "they may be of a save that is under way"
        monkeypatch.setattr(file_writes, "_LEFTOVER_AFTER", -1)
        assert file_writes.delete_leftovers() == 3
        assert not any(each.exists() for each in old)
        assert all(each.exists() for each in foreign)
        for each in foreign:
            each.unlink()


@pytest.mark.skipif(not tk.check_ckan_version("2.12"), reason="CKAN 2.11 has no file storages")
class TestAStorageWithoutPaths:
    @pytest.fixture(autouse=True)
    def memory(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        from ckan.lib import files

        prefix = "ckan.files.storage.nowhere."
        for name, value in {"type": "ckan:memory", "overwrite_existing": True}.items():
            monkeypatch.setitem(tk.config, prefix + name, value)
        monkeypatch.setitem(tk.config, "ckan.files.default_storages.resource", "nowhere")
        files.storages.reset()
        files.storages.collect()
        yield
        monkeypatch.undo()
        files.storages.reset()
        files.storages.collect()

    def test_says_what_it_cannot_promise(self, scene: Publisher) -> None:
        dataset, resource = upload(scene, package())
        assert stored_state(dataset).states == {resource: "valid"}
        scene.act("resource_patch", id=resource, upload=publisher.storage(package(2)))
        assert len(stored_state(dataset).projects) == 2
        assert "has no paths" in run("status").output
        assert tk.get_action("status_show")({}, {})["cost_oc4ids"]["keeps_former_files"] is False

    def test_a_file_that_is_gone(self, scene: Publisher) -> None:
        from ckan.lib import files

        dataset, resource = upload(scene, package())
        upload(scene, package())
        kept = files.get_storage("nowhere")
        location = files.Location(f"{resource[:3]}/{resource[3:6]}/{resource[6:]}")
        kept.remove(files.FileData(location))
        assert worker.validate_resource(resource, "job", force=True) == "valid"
        assert state_of(resource).read_problem == "file_missing"


def test_a_folder_of_files_promises(scene: Publisher) -> None:
    assert "leaves the former file in place" in run("status").output
    assert tk.get_action("status_show")({}, {})["cost_oc4ids"]["keeps_former_files"] is True
