"""Work in a process of its own: its limits, what it inherits, and how it begins and ends."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest

from ckanext.cost_common import processes
from ckanext.cost_common.processes import Limits, ProcessError, TooLong, TooMuchMemory, run

LIMITS = Limits(seconds=20, wall_seconds=60, memory=256 << 20, result=1 << 20)
TASKS = "unit.common.sample_tasks"
FOREIGN = {"ckan", "flask", "sqlalchemy", "werkzeug", "redis", "rq", "psycopg2", "pytest"}


def limits(**changed: int) -> Limits:
    return Limits(**{name: changed.get(name, getattr(LIMITS, name)) for name in Limits.__slots__})


@pytest.fixture(autouse=True, scope="module")
def stopped() -> Iterator[None]:
    yield
    processes.stop()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(process: int) -> None:
    until = time.monotonic() + 30
    while is_running(process):
        assert time.monotonic() < until, f"process {process} still runs"
        time.sleep(0.05)


def test_arguments_file_and_result_arrive_whole() -> None:
    with tempfile.TemporaryFile() as file:
        file.write("Peñas Blancas".encode())
        file.flush()
        outcome = run(f"{TASKS}:echo", {"a": [1, None, "ñ"], "b": {"c": 1.5}}, LIMITS, file)
    assert outcome.value == {"arguments": {"a": [1, None, "ñ"], "b": {"c": 1.5}}, "content": "Peñas Blancas"}
    assert 0 <= outcome.seconds < 20


def test_the_process_has_nothing_of_the_caller() -> None:
    os.environ["A_SECRET"] = "x"
    try:
        processes.stop()
        found = run(f"{TASKS}:describe", {}, LIMITS).value
    finally:
        del os.environ["A_SECRET"]
    assert FOREIGN.isdisjoint(found["modules"])
    assert found["threads"] == 1
    # standard ones, the file for the result, and the folder that was listed
    assert found["descriptors"] == 5
    assert "A_SECRET" not in found["environment"]
    assert found["pid"] != os.getpid() and found["parent"] != os.getpid()


def test_a_process_ends_with_its_work_and_another_one_begins() -> None:
    first, second = (run(f"{TASKS}:describe", {}, LIMITS).value for _ in range(2))
    assert first["pid"] != second["pid"] and first["parent"] == second["parent"]
    wait_until_gone(first["pid"])


def test_processor_time_is_limited() -> None:
    with pytest.raises(TooLong) as caught:
        run(f"{TASKS}:spin", {}, limits(seconds=1))
    assert 0.9 <= caught.value.seconds <= 2.5


def test_time_is_limited() -> None:
    started = time.monotonic()
    with pytest.raises(TooLong):
        run(f"{TASKS}:sleep", {"seconds": 600}, limits(wall_seconds=1))
    assert time.monotonic() - started < 60


def test_memory_is_limited() -> None:
    assert run(f"{TASKS}:allocate", {"count": 100 << 20}, LIMITS).value == 100 << 20
    with pytest.raises(TooMuchMemory):
        run(f"{TASKS}:allocate", {"count": 300 << 20}, LIMITS)


def test_the_result_is_limited() -> None:
    with pytest.raises(TooMuchMemory):
        run(f"{TASKS}:large", {"count": 2 << 20}, LIMITS)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_process_that_is_ended_gives_an_error(number: signal.Signals) -> None:
    with pytest.raises(TooMuchMemory):
        run(f"{TASKS}:end", {"signal": int(number)}, LIMITS)


def test_a_function_that_fails_or_is_not_there_gives_an_error() -> None:
    for name in ("fail", "nothing"):
        with pytest.raises(ProcessError) as caught:
            run(f"{TASKS}:{name}", {}, LIMITS)
        assert type(caught.value) is ProcessError
    assert run(f"{TASKS}:echo", {}, LIMITS).value["content"] is None


def test_a_server_that_was_killed_is_started_again() -> None:
    server = run(f"{TASKS}:describe", {}, LIMITS).value["parent"]
    os.kill(server, signal.SIGKILL)
    wait_until_gone(server)
    assert run(f"{TASKS}:describe", {}, LIMITS).value["parent"] != server


def test_the_server_ends_with_who_used_it_and_with_it_what_it_started() -> None:
    """As when a web worker is killed: the other end of the connection is gone."""
    receiver, sender = os.pipe()
    user = os.fork()
    if not user:
        try:
            server = run(f"{TASKS}:describe", {}, LIMITS).value["parent"]
            os.write(sender, f"{server}\n".encode())
            run(f"{TASKS}:report_and_sleep", {"pipe": f"/proc/{os.getpid()}/fd/{sender}"}, LIMITS)
        finally:
            os._exit(0)
    with os.fdopen(receiver, "r") as lines:
        server, process = int(lines.readline()), int(lines.readline())
    os.close(sender)
    os.kill(user, signal.SIGKILL)
    os.waitpid(user, 0)
    wait_until_gone(server)
    wait_until_gone(process)


def test_threads_work_at_once() -> None:
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(run(f"{TASKS}:sleep", {"seconds": 1}, LIMITS).value))
        for _ in range(4)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["slept"] * 4
    assert time.monotonic() - started < 20


def test_a_forked_process_has_a_server_of_its_own() -> None:
    """As a pre-forking web server does, and a worker of RQ for each job."""
    mine = run(f"{TASKS}:describe", {}, LIMITS).value["parent"]
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            theirs = run(f"{TASKS}:describe", {}, LIMITS).value["parent"]
            processes.stop()
            os.write(sender, str(theirs).encode())
        finally:
            os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    theirs = int(os.read(receiver, 100) or b"0")
    os.close(receiver)
    assert theirs and theirs != mine
    wait_until_gone(theirs)
    assert run(f"{TASKS}:describe", {}, LIMITS).value["parent"] == mine
