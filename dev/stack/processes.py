"""Starting long-lived processes, and ending only those that we started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .places import LOGS, PIDS, ROOT, environment
from .steps import fail, say


def _stat(pid: int) -> tuple[str, str] | None:
    """Return (command line, start time) of a process, or None when it is gone or a zombie."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] == "Z":
        return None
    return command.decode(errors="replace"), fields[19]


def _record(name: str) -> dict[str, Any] | None:
    path = PIDS / f"{name}.json"
    if not path.exists():
        return None
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def pid_of(name: str) -> int | None:
    """Return the process id of ``name`` when the process we started under it still runs.

    The number alone proves nothing, it may have been given to another process since: the
    start time noted when we started it must be the same.
    """
    record = _record(name)
    if record is None or record["boot"] != _boot():
        return None
    now = _stat(record["pid"])
    if now is None or now[1] != record["started"]:
        return None
    return int(record["pid"])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    ready: Callable[[], bool],
    patience: float = 60,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path = ROOT,
) -> None:
    """Start ``command`` in the background under ``name`` and wait until ``ready()``.

    ``user`` is whom it runs as (root only). Its output goes to ``.run/logs/<name>.log``.
    """
    if pid_of(name) is not None:
        return
    PIDS.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    identity: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )
    stat = _stat(process.pid)
    if stat is None:
        fail(f"{name} ended at once", log)
    # A process id and its start time are counted from the machine's start, so that is noted too.
    record = {"boot": _boot(), "pid": process.pid, "started": stat[1], "command": list(map(str, command))}
    (PIDS / f"{name}.json").write_text(json.dumps(record))
    _await(name, process, ready, patience, log)


def _await(
    name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], patience: float, log: Path
) -> None:
    until = time.monotonic() + patience
    while not ready():
        if process.poll() is not None:
            fail(f"{name} ended with {process.returncode} while starting", log)
        if time.monotonic() > until:
            stop(name)
            fail(f"{name} did not answer within {patience:.0f} s", log)
        time.sleep(0.1)


def stop(name: str, how: signal.Signals = signal.SIGTERM, patience: float = 20) -> bool:
    """End the process started as ``name``; return whether there was one.

    Never signals a process that is not the one we started.
    """
    pid = pid_of(name)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        if not _gone(name, patience):
            say(f"    {name} does not end by itself: killing it")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _gone(name, patience)
    (PIDS / f"{name}.json").unlink(missing_ok=True)
    return pid is not None


def _gone(name: str, patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if pid_of(name) is None:
            return True
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.05)
    return pid_of(name) is None


def end_server(pid_file: Path, *, naming: str, how: signal.Signals, patience: float = 20) -> bool:
    """End the server whose own ``pid_file`` says that it runs, though no record of ours does.

    Only a process whose command line has the word ``naming`` is touched: the file may be older
    than the machine's last start. Returns whether there was one.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    stat = _stat(pid)
    if stat is None or naming not in stat[0].split(" "):
        return False
    os.kill(pid, how)
    until = time.monotonic() + patience
    while _stat(pid) == stat:
        if time.monotonic() > until:
            fail(f"the server of {pid_file} (process {pid}) does not end: end it, then try again")
        time.sleep(0.05)
    return True
