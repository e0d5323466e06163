"""What the worker does, with a real RQ worker: large files, other ways, failures, and nights."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import rq
from ckan import model
from ckan.lib import jobs as core_jobs
from ckan.lib import uploader
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import stored_bytes, stored_state

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.model import Report, ResourceState
from ckanext.cost_oc4ids.validation import queue as validation_queue
from ckanext.cost_oc4ids.validation import reasons, remote, runner, sweep, worker

OPTION = "ckanext.cost_oc4ids."


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def publisher(app: Any) -> Publisher:
    core_jobs.get_queue(config.queue()).empty()
    return Publisher.new(app)


def work() -> int:
    """Let a real worker do what is queued; return how many jobs failed."""
    model.Session.remove()
    queue = core_jobs.get_queue(config.queue())
    failed = rq.registry.FailedJobRegistry(queue=queue)
    before = len(failed)
    worker = rq.SimpleWorker([queue], connection=queue.connection)
    worker.work(burst=True)
    return len(failed) - before


def queued() -> list[str]:
    return core_jobs.get_queue(config.queue()).job_ids


_numbers = iter(range(1_000_000, 9_000_000, 10))


@pytest.fixture
def content() -> dict[str, bytes]:
    first = next(_numbers)
    bad = uploads.package(1, first=first)
    bad["projects"][0]["status"] = "demolido"
    return {"good": encoded(uploads.package(2, first=first)), "bad": encoded(bad)}


def upload(
    publisher: Publisher, data: bytes, dataset: dict[str, Any] | None = None, **fields: Any
) -> tuple[str, str]:
    dataset = dataset or publisher.dataset()
    answer = publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data), **fields)}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return dataset["id"], answer.get_json()["result"]["id"]


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large."""
    monkeypatch.setitem(tk.config, OPTION + "inline_max_bytes", 10)


@pytest.mark.usefixtures("small_limit")
class TestLargeFiles:
    def test_accepted_as_pending_and_validated_by_the_worker(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset, resource = upload(publisher, content["good"])
        before = stored_state(dataset)
        assert (before.states, before.projects, before.reports) == ({resource: "pending"}, [], 0)
        assert queued() == [validation_queue.job_id(resource)]
        assert work() == 0
        after = stored_state(dataset)
        assert after.states == {resource: "valid"}
        assert len(after.projects) == 2
        report = model.Session.query(Report).filter_by(resource_id=resource).one()
        assert report.origin == "job"
        found = tk.get_action("package_search")({"ignore_auth": True}, {"fq": f"id:{dataset}"})["results"][0]
        assert found["resources"][0]["oc4ids_verdict"] == "valid"
        project = after.projects[0][1]
        assert publisher.act("oc4ids_project_show", id=project)["id"] == project

    def test_what_does_not_conform_publishes_nothing(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset, resource = upload(publisher, content["bad"])
        assert work() == 0
        after = stored_state(dataset)
        assert after.states == {resource: "invalid"}
        assert after.projects == []
        assert stored_bytes(resource) == content["bad"], "the file of a person is never deleted"

    def test_old_projects_stay_until_there_is_a_verdict(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset, resource = upload(publisher, content["good"])
        work()
        answer = publisher.post("resource_patch", {"id": resource, "upload": file(content["bad"])})
        assert answer.status_code == 200
        waiting = stored_state(dataset)
        assert waiting.states == {resource: "pending"}
        assert len(waiting.projects) == 2
        work()
        after = stored_state(dataset)
        assert after.states == {resource: "invalid"}
        assert after.projects == []

    def test_the_same_projects_elsewhere(
        self, app: Any, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        _, published = upload(publisher, content["good"])
        work()
        other = Publisher.new(app)
        dataset, resource = upload(other, content["good"])
        assert work() == 0
        after = stored_state(dataset)
        assert after.states == {resource: "invalid"}
        assert after.projects == []
        shown = other.act("oc4ids_report_show", resource_id=resource)
        assert shown["report"]["findings"][0]["code"] == "registry.published_elsewhere"

        first = model.Session.query(Report).filter_by(resource_id=published).one().package_id
        publisher.act("package_delete", id=first)
        validation_queue.enqueue(resource)
        assert work() == 0
        assert stored_state(dataset).states == {resource: "valid"}, "the other organismo has taken it away"

    def test_twice_is_as_once(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = upload(publisher, content["good"])
        work()
        first = stored_state(dataset)
        validation_queue.enqueue(resource)
        assert work() == 0
        assert stored_state(dataset) == first, "the same content gave another report"

    def test_nothing_is_queued_for_what_was_not_committed(
        self, publisher: Publisher, content: dict[str, bytes]
    ) -> None:
        dataset = publisher.dataset()
        context: Any = {
            "user": publisher.editor["name"],
            "ignore_auth": True,
            "defer_commit": True,
            "return_id_only": True,
        }
        whole = publisher.act("package_show", id=dataset["id"])
        whole["resources"] = [resource_fields(url="a.json", url_type="upload")]
        tk.get_action("package_update")(context, whole)
        model.Session.rollback()
        model.Session.commit()
        assert queued() == []

    def test_a_small_gzip_of_a_large_file_waits(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import gzip

        packed = gzip.compress(content["good"])
        monkeypatch.setitem(tk.config, OPTION + "inline_max_bytes", len(packed) + 100)
        dataset, resource = upload(publisher, packed)
        assert stored_state(dataset).states == {resource: "pending"}
        work()
        assert stored_state(dataset).states == {resource: "valid"}

    def test_gone_before_it_is_validated(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = upload(publisher, content["good"])
        publisher.act("resource_delete", id=resource)
        assert work() == 0
        after = stored_state(dataset)
        assert (after.states, after.projects) == ({}, [])

    def test_replaced_while_it_is_validated(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset, resource = upload(publisher, content["bad"])
        validate_file = runner.validate_file

        def slow(*args: Any, **more: Any) -> Any:
            monkeypatch.setattr(runner, "validate_file", validate_file)
            assert (
                publisher.post("resource_patch", {"id": resource, "upload": file(content["good"])}).status_code
                == 200
            )
            return validate_file(*args, **more)

        monkeypatch.setattr(runner, "validate_file", slow)
        assert work() == 0
        after = stored_state(dataset)
        assert after.states == {resource: "valid"}
        assert after.reports == 1, "a verdict on bytes that are no longer there"


class TestFailures:
    def test_without_a_file(self, publisher: Publisher) -> None:
        dataset = publisher.dataset(resources=[resource_fields(url="a.json", url_type="upload")])
        assert work() == 0
        resource = dataset["resources"][0]["id"]
        shown = publisher.act("oc4ids_report_show", resource_id=resource)
        assert (shown["state"], shown["reason"]) == ("error", "file_missing")
        assert shown["error"]
        assert "Errno" not in shown["error"], "technical words are for the administrator"

    @pytest.mark.usefixtures("small_limit")
    def test_a_check_that_fails_is_recorded_and_repeated_at_night(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset, resource = upload(publisher, content["good"])
        with monkeypatch.context() as patch:
            patch.setattr("ckanext.cost_oc4ids.oc4ids.validator.validate_reader", lambda *_args: 1 / 0)
            assert work() == 0
        assert queued() == [], "it is of no use to try again"
        model.Session.rollback()
        state = ResourceState.get(resource)
        assert (state.state, state.reason, state.attempts) == ("error", "crashed", 1)
        assert "ZeroDivisionError" in state.error
        assert resource in sweep.mark_stale()
        assert worker.validate_resource(resource, "nightly") == "valid"
        assert stored_state(dataset).states == {resource: "valid"}

    @pytest.mark.usefixtures("small_limit")
    def test_a_lost_worker_is_found(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        _, resource = upload(publisher, content["good"])
        core_jobs.get_queue(config.queue()).empty()
        state = ResourceState.get(resource)
        state.started = dt.datetime.now(dt.timezone.utc) - sweep.DEAD_AFTER - dt.timedelta(seconds=1)
        model.Session.commit()
        assert resource in sweep.mark_stale()
        assert ResourceState.get(resource).reason == "worker_lost"

    def test_a_deadlock_is_tried_again_thrice(
        self, publisher: Publisher, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from sqlalchemy.exc import OperationalError

        monkeypatch.setitem(tk.config, OPTION + "inline_max_bytes", 10)
        dataset, resource = upload(publisher, content["good"])

        def deadlock() -> None:
            raise OperationalError("x", {}, Exception("deadlock detected"))

        monkeypatch.setattr("ckanext.cost_oc4ids.projects.registry.lock", deadlock)
        assert work() == 0
        model.Session.rollback()
        state = ResourceState.get(resource)
        assert (state.state, state.reason, state.attempts) == ("error", "worker_lost", worker.ATTEMPTS)
        assert stored_state(dataset).projects == []


class TestNights:
    def test_nothing_changed_nothing_to_do(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        _, resource = upload(publisher, content["good"])
        assert resource not in sweep.mark_stale()

    def test_other_bytes(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = upload(publisher, content["good"])
        Path(uploader.get_resource_uploader({"id": resource}).get_path(resource)).write_bytes(content["bad"])
        assert resource not in sweep.mark_stale()
        assert worker.validate_resource(resource, "nightly", force=True) == "valid"
        assert ResourceState.lock(resource).read_problem == "content_mismatch"
        assert len(stored_state(dataset).projects) == 2, "what no save put there is never promoted by itself"

    def test_other_rules(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        _, resource = upload(publisher, content["good"])
        ResourceState.get(resource).checks_version = 0
        model.Session.commit()
        assert resource in sweep.mark_stale()
        assert ResourceState.get(resource).reason == "rules_changed"
        assert worker.validate_resource(resource, "nightly") == "valid"

    def test_never_seen(self, publisher: Publisher, content: dict[str, bytes]) -> None:
        dataset, resource = upload(publisher, content["good"], conforms_to="")
        found = model.Resource.get(resource)
        found.extras = {**found.extras, "conforms_to": uploads.CONFORMS_TO}
        model.Session.commit()  # by a way that no hook sees
        assert resource in sweep.mark_stale()
        assert worker.validate_resource(resource, "nightly") == "valid"
        assert len(stored_state(dataset).projects) == 2

    def test_what_belongs_to_nothing_is_swept(self, publisher: Publisher) -> None:
        model.Session.add(ResourceState(resource_id="gone", package_id="gone", state="valid"))
        model.Session.commit()
        assert sweep.delete_orphans() >= 1
        assert ResourceState.get("gone") is None


# -- links ---


class _Site(BaseHTTPRequestHandler):
    """A site on this machine; ``pages`` maps a path to (status, headers, body)."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    _Site.pages, _Site.asked = {}, []
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetching_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, OPTION + "fetch_links", True)
    monkeypatch.setitem(tk.config, OPTION + "fetch_hosts", ["localhost", "127.0.0.1", "169.254.169.254"])
    monkeypatch.setitem(tk.config, OPTION + "fetch_networks", ["127.0.0.0/8", "::1/128"])
    monkeypatch.setitem(tk.config, OPTION + "fetch_timeout", 2)


class TestLinks:
    def test_off_by_default(self, publisher: Publisher, site: str) -> None:
        dataset = publisher.dataset(resources=[resource_fields(url=f"{site}/a.json")])
        assert queued() == []
        assert worker.validate_resource(dataset["resources"][0]["id"], "nightly") == "pending"
        assert _Site.asked == []

    @pytest.mark.usefixtures("fetching_on")
    def test_fetched_and_validated(self, publisher: Publisher, site: str, content: dict[str, bytes]) -> None:
        _Site.pages["/a.json"] = (302, {"Location": "/b.json"}, b"")
        _Site.pages["/b.json"] = (200, {}, content["good"])
        made = publisher.dataset(resources=[resource_fields(url=f"{site}/a.json")])
        assert work() == 0
        resource = made["resources"][0]["id"]
        assert stored_state(made["id"]).states == {resource: "valid"}
        assert [path for path, _ in _Site.asked] == ["/a.json", "/b.json"]
        for _, headers in _Site.asked:
            assert not {"authorization", "cookie"} & {name.lower() for name in headers}

        _Site.pages["/b.json"] = (200, {}, content["bad"])
        assert resource in sweep.mark_stale()
        assert worker.validate_resource(resource, "nightly") == "invalid"
        assert stored_state(made["id"]).projects == []

    @pytest.mark.usefixtures("fetching_on")
    def test_a_site_that_fails_is_tried_again(self, publisher: Publisher, site: str) -> None:
        _Site.pages["/a.json"] = (503, {}, b"")
        made = publisher.dataset(resources=[resource_fields(url=f"{site}/a.json")])
        assert work() == 0
        assert len(_Site.asked) == worker.ATTEMPTS
        shown = publisher.act("oc4ids_report_show", resource_id=made["resources"][0]["id"])
        assert (shown["state"], shown["reason"]) == ("error", "fetch_failed")

    @pytest.mark.usefixtures("fetching_on")
    def test_what_is_not_there_is_not_tried_again(self, publisher: Publisher, site: str) -> None:
        made = publisher.dataset(resources=[resource_fields(url=f"{site}/none.json")])
        assert work() == 0
        assert len(_Site.asked) == 1
        assert (
            publisher.act("oc4ids_report_show", resource_id=made["resources"][0]["id"])["reason"]
            == "fetch_not_given"
        )


@pytest.mark.usefixtures("fetching_on")
class TestLinksThatCannotBeRead:
    """A failure to fetch withdraws nothing; a site that has no such file does, when it says so a day later."""

    def published(self, publisher: Publisher, site: str, content: bytes) -> tuple[str, str]:
        _Site.pages["/a.json"] = (200, {}, content)
        made = publisher.dataset(resources=[resource_fields(url=f"{site}/a.json")])
        assert work() == 0
        assert len(stored_state(made["id"]).projects) == 2
        return made["id"], made["resources"][0]["id"]

    def look(self, resource: str) -> ResourceState:
        worker.validate_resource(resource, "nightly")
        core_jobs.get_queue(config.queue()).empty()
        state = ResourceState.lock(resource)
        model.Session.rollback()
        assert state is not None
        return state

    @pytest.mark.parametrize(
        ("answer", "problem"),
        [(503, "fetch_failed"), (429, "fetch_failed"), (403, "fetch_not_given"), (401, "fetch_not_given")],
    )
    def test_a_site_that_refuses_or_fails(
        self, publisher: Publisher, site: str, content: dict[str, bytes], answer: int, problem: str
    ) -> None:
        dataset, resource = self.published(publisher, site, content["good"])
        _Site.pages["/a.json"] = (answer, {}, b"")
        for _ in range(worker.ATTEMPTS + 1):
            state = self.look(resource)
            assert (state.state, state.read_problem, state.missing_since) == ("valid", problem, None)
        assert len(stored_state(dataset).projects) == 2
        shown = publisher.act("oc4ids_report_show", resource_id=resource)
        assert (shown["state"], shown["problem"]) == ("valid", problem)
        _Site.pages["/a.json"] = (200, {}, content["good"])
        assert self.look(resource).read_problem is None

    @pytest.mark.parametrize("option", ["fetch_links", "fetch_hosts"])
    def test_what_may_no_longer_be_fetched(
        self,
        publisher: Publisher,
        site: str,
        content: dict[str, bytes],
        option: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        dataset, resource = self.published(publisher, site, content["good"])
        monkeypatch.setitem(tk.config, OPTION + option, {"fetch_links": False, "fetch_hosts": []}[option])
        state = self.look(resource)
        assert state.state == "valid"
        assert state.read_problem in ("link_not_fetched", "fetch_refused")
        assert len(stored_state(dataset).projects) == 2

    @pytest.mark.parametrize("answer", [404, 410])
    def test_a_file_that_is_gone(
        self, publisher: Publisher, site: str, content: dict[str, bytes], answer: int
    ) -> None:
        dataset, resource = self.published(publisher, site, content["good"])
        _Site.pages["/a.json"] = (answer, {}, b"")
        for _ in range(2):
            assert self.look(resource).state == "valid"
        assert len(stored_state(dataset).projects) == 2
        state = ResourceState.lock(resource)
        assert state is not None
        state.missing_since = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=25)
        model.Session.commit()
        state = self.look(resource)
        assert (state.state, state.reason, state.projects) == ("error", "fetch_not_given", 0)
        assert stored_state(dataset).projects == []


def fetched(url: str) -> bytes:
    with remote.fetch(url) as pieces:
        return b"".join(pieces)


def refused(url: str) -> str:
    with pytest.raises(runner.FileUnavailable) as error:
        fetched(url)
    return error.value.reason


@pytest.mark.usefixtures("app", "fetching_on")
class TestFetching:
    def test_loopback_only_by_configuration(self, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
        _Site.pages["/x"] = (200, {}, b"[]")
        assert fetched(f"{site}/x") == b"[]"
        monkeypatch.setitem(tk.config, OPTION + "fetch_networks", [])
        assert refused(f"{site}/x") == reasons.FETCH_REFUSED
        assert len(_Site.asked) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "ftp://localhost/x",
            "gopher://localhost/x",
            "http://elsewhere.example/x",
            "http://user:secret@localhost/x",
            "http://localhost@evil.example/x",
            "http://evil.example#@localhost/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:10.0.0.1]/",
            "http://2130706433/",
            "http:///x",
            "http://",
            "not an address",
            "http://localhost\\@evil.example/",
        ],
    )
    def test_addresses_that_are_not_asked(self, url: str, site: str) -> None:
        assert refused(url) == reasons.FETCH_REFUSED
        assert _Site.asked == []

    @pytest.mark.parametrize(
        "address",
        [
            "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.2", "0.0.0.7", "169.254.169.254", "100.64.0.1",
            "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1",
        ],
    )  # fmt: skip
    def test_networks_that_are_not_reached(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        import ipaddress

        monkeypatch.setitem(tk.config, OPTION + "fetch_networks", [])
        assert not remote.may_reach(ipaddress.ip_address(address))

    @pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
    def test_the_public_internet_is_reached(self, address: str) -> None:
        import ipaddress

        assert remote.may_reach(ipaddress.ip_address(address))

    def test_a_name_with_a_private_address_beside_a_public_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, OPTION + "fetch_networks", [])
        found = [(2, 1, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: found)
        assert refused("http://localhost/x") == reasons.FETCH_REFUSED

    def test_the_address_is_kept_for_the_connection(self, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that answers otherwise the second time is not asked a second time."""
        import socket

        real, asked = socket.getaddrinfo, []

        def once(host: Any, *args: Any, **more: Any) -> Any:
            asked.append(host)
            return real(host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        _Site.pages["/x"] = (200, {}, b"[]")
        fetched(f"{site}/x")
        assert asked.count("localhost") == 1

    def test_a_redirect_is_checked_as_well(self, site: str) -> None:
        for target in ("http://evil.example/", "file:///etc/passwd", "http://169.254.169.254/"):
            _Site.pages["/x"] = (302, {"Location": target}, b"")
            assert refused(f"{site}/x") == reasons.FETCH_REFUSED

    def test_redirects_end(self, site: str) -> None:
        _Site.pages["/x"] = (302, {"Location": "/x"}, b"")
        assert refused(f"{site}/x") == reasons.FETCH_REFUSED
        assert len(_Site.asked) == remote.REDIRECTS + 1

    @pytest.mark.parametrize("honest", [True, False])
    def test_too_large(self, site: str, monkeypatch: pytest.MonkeyPatch, honest: bool) -> None:
        monkeypatch.setitem(tk.config, OPTION + "max_bytes", 1000)
        _Site.pages["/x"] = (200, {} if honest else {"Transfer-Encoding": "identity"}, b" " * 5000)
        assert refused(f"{site}/x") == reasons.FETCH_TOO_LARGE

    def test_slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import socket

        monkeypatch.setitem(tk.config, OPTION + "fetch_timeout", 1)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            assert refused(f"http://localhost:{silent.getsockname()[1]}/") == reasons.FETCH_FAILED

    def test_one_byte_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No read of it is late, and all of it would take an hour."""
        import socket
        import time

        monkeypatch.setitem(tk.config, OPTION + "fetch_timeout", 2)
        monkeypatch.setattr(remote, "PATIENCE", 0.5)
        with socket.socket() as slow:
            slow.bind(("127.0.0.1", 0))
            slow.listen()

            def drip() -> None:
                there, _ = slow.accept()
                with contextlib.suppress(OSError):
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000:
                        there.send(bytes([byte]))
                        time.sleep(0.1)

            threading.Thread(target=drip, daemon=True).start()
            before = time.monotonic()
            assert refused(f"http://localhost:{slow.getsockname()[1]}/") == reasons.FETCH_FAILED
            assert time.monotonic() - before < 5

    def test_https_is_asked_by_its_name_at_the_kept_address(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The certificate is that of the name, although the connection is made to an address."""
        assert shutil.which("openssl"), "openssl is absent: no certificate can be made"
        key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        _Site.pages, _Site.asked = {"/x": (200, {}, b"[]")}, []
        try:
            address = f"https://localhost:{server.server_port}/x"
            assert refused(address) == reasons.FETCH_FAILED, "nobody vouches for that certificate"
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert fetched(address) == b"[]"
            other = f"https://127.0.0.1:{server.server_port}/x"
            assert refused(other) == reasons.FETCH_FAILED, "it is the certificate of another name"
        finally:
            server.shutdown()
            server.server_close()

    def test_nobody_there(self) -> None:
        assert refused("http://localhost:1/") == reasons.FETCH_FAILED


def test_reports_are_json_without_words(publisher: Publisher, content: dict[str, bytes]) -> None:
    _, resource = upload(publisher, content["good"])
    model.Session.rollback()
    stored = model.Session.query(Report).filter_by(resource_id=resource).one().report
    assert "message" not in json.dumps(stored)
