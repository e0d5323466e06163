"""The development commands: what they promise about processes, ports and the run of everything."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.own_stack import use_own_state

ROOT = Path(__file__).parents[2]
if not (ROOT / "dev" / "stack").is_dir():
    pytest.skip("the tests run without the checkout's dev folder", allow_module_level=True)

from stack import instances, processes, state, testing  # noqa: E402
from stack.steps import StepFailed  # noqa: E402

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_own_state(tmp_path, monkeypatch)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody here has started."""
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


class TestProcesses:
    def test_started_once_and_ended(self) -> None:
        processes.start("sleeper", SLEEP, ready=lambda: True)
        first = processes.pid_of("sleeper")
        processes.start("sleeper", SLEEP, ready=lambda: True)
        assert first
        assert processes.pid_of("sleeper") == first
        assert processes.stop("sleeper")
        assert processes.pid_of("sleeper") is None
        assert not processes.stop("sleeper")

    def test_another_process_with_the_number_of_ours_is_left_alone(
        self, stranger: subprocess.Popen[bytes], tmp_path: Path
    ) -> None:
        """The system gives numbers again: the record of a process that is gone may name somebody else's."""
        (tmp_path / "pids").mkdir()
        record = {"boot": processes._boot(), "pid": stranger.pid, "started": "1", "command": SLEEP}
        (tmp_path / "pids" / "portal.json").write_text(json.dumps(record))
        assert processes.pid_of("portal") is None
        assert not processes.stop("portal")
        assert stranger.poll() is None
        assert list(processes.PIDS.glob("*.json")) == []

    def test_one_that_does_not_listen_is_killed(self) -> None:
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
        log = processes.LOGS / "deaf.log"
        processes.start("deaf", [sys.executable, "-c", deaf], ready=lambda: log.read_text() == "1\n")
        assert processes.stop("deaf", signal.SIGTERM, patience=1)
        assert processes.pid_of("deaf") is None


class TestPorts:
    def test_kept_from_one_command_to_the_next(self) -> None:
        port = state.port("redis")
        assert state.port("redis") == port
        assert state.port("redis", running=True) == port

    def test_one_that_was_taken_is_exchanged(self) -> None:
        port = state.port("redis")
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))
            other.listen()
            assert state.port("redis") != port

    def test_as_configured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOLR_PORT", "12345")
        assert state.port("solr") == 12345


class TestEverything:
    """``.ci/run``, with a ``make`` that notes what it is asked."""

    def run(self, tmp_path: Path, failing: str) -> tuple[int, str]:
        made = tmp_path / "make"
        order = "s/ ARGS=--randomly-seed=[0-9][0-9]*$//"
        made.write_text(
            f'#!/bin/sh\necho "$*" >> {tmp_path}/requests\npart=$(echo "$*" | sed "{order}")\n'
            f'echo "$part" >> {tmp_path}/parts\n[ "$part" != "{failing}" ]\n'
        )
        made.chmod(0o755)
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(
            [ROOT / ".ci" / "run"], env=environment, capture_output=True, timeout=60, check=False
        )
        return done.returncode, (tmp_path / "parts").read_text()

    PARTS = ("lint", "test CKAN=2.12", "test CKAN=2.11", "test-portal CKAN=2.12", "test-portal CKAN=2.11", "stop")

    @pytest.mark.parametrize("failing", ["", *PARTS])
    def test_all_parts_run_and_any_failure_is_one(self, tmp_path: Path, failing: str) -> None:
        code, parts = self.run(tmp_path, failing)
        assert parts.splitlines() == list(self.PARTS)
        assert code == (1 if failing else 0)

    def test_all_tests_run_in_the_order_of_one_seed(self, tmp_path: Path) -> None:
        self.run(tmp_path, "")
        requests = (tmp_path / "requests").read_text().splitlines()
        seeds = {line.partition("--randomly-seed=")[2] for line in requests if line.startswith("test")}
        assert len(seeds) == 1 and seeds.pop().isdigit()


def test_help_lists_what_can_be_made() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    for target in ("demo", "stop", "test", "test-portal", "lint", "bench", "fuzz", "soak", "i18n"):
        assert f"\n{target} " in done.stdout, target


class TestSessions:
    """Which session runs what, with how many workers."""

    def test_all_that_is_not_named(self) -> None:
        for nothing in ([], ["tests"], ["tests/"]):
            names = [session.name for session, _paths in testing.select(nothing, testing.TEST)]
            assert names == ["pure", "integration", "browser"]
        assert [session.name for session, _paths in testing.select([], testing.PORTAL)] == ["portal"]

    def test_every_folder_of_tests_belongs_to_one(self) -> None:
        folders = sorted({f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in ROOT.glob("tests/*/**/test_*.py")})
        covered = sorted(folder for session in testing.SESSIONS for folder in session.folders)
        assert folders == covered
        assert sorted((*testing.TEST, *testing.PORTAL)) == sorted(session.name for session in testing.SESSIONS)

    def test_what_is_named_goes_to_its_session(self) -> None:
        named = ["tests/unit/test_stack.py::TestPorts", "tests/browser", str(ROOT / "tests/conformance")]
        chosen = [(session.name, paths) for session, paths in testing.select(named, testing.PORTAL)]
        assert chosen == [("pure", [named[0], named[2]]), ("browser", ["tests/browser"])]
        with pytest.raises(StepFailed, match="none of the folders"):
            testing.select(["docs/api.md"], testing.TEST)

    def test_no_more_workers_than_files(self) -> None:
        one = "tests/unit/test_stack.py"
        assert testing._jobs_for([f"{one}::TestPorts", f"{one}::TestCluster"], 2) == 1
        assert testing._jobs_for(["tests/unit"], 2) == 2

    def test_workers_as_configured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JOBS", "3")
        assert testing.workers() == 3
        monkeypatch.delenv("JOBS")
        assert testing.workers() in (1, 2)
        monkeypatch.setenv("JOBS", "many")
        with pytest.raises(StepFailed, match="JOBS=many"):
            testing.workers()

    def test_one_that_fails_or_finds_no_test_fails_the_run(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        codes = {"pure": 0, "integration": 5, "browser": 0}
        monkeypatch.setattr(testing, "_run_session", lambda _base, session, *_more: codes[session.name])
        chosen = testing.select([], testing.TEST)
        base = instances.get("test", "2.12")
        assert testing.run(base, chosen, 2, []) == 1
        assert "FAILED: integration" in capsys.readouterr().err
        codes["integration"] = 0
        assert testing.run(base, chosen, 2, []) == 0
        assert "passed: pure integration browser" in capsys.readouterr().err
