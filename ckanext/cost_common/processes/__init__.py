"""Work on files of strangers in a process of its own, with limits of processor time, time and memory.

:func:`run` calls a function of a pure module in a process that has no CKAN, no database connection and no
thread of the caller's, and that ends when the function returns: what it took of memory is given back. Such
processes are forked from a small server (:mod:`.server`), a fresh interpreter that is started at the first
call and that ends some time after the last. The caller itself is never forked, so that this may be used from
a web worker with threads, from a pre-forked worker of gunicorn or uwsgi, and from a job of RQ.

Arguments and results are JSON; the file is an open descriptor.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ckanext.cost_common.processes import server

#: Seconds after its time is over within which a process must have been ended.
_GRACE = 10
#: Seconds within which the server must have started.
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take.

    :param seconds: of processor time.
    :param wall_seconds: of time.
    :param memory: bytes, beyond what the empty process has.
    :param result: bytes of its result.
    """

    seconds: int
    wall_seconds: int
    memory: int
    result: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a process. ``value``: what the function returned; ``seconds``: of processor time."""

    value: Any
    seconds: float


class ProcessError(Exception):
    """The process gave no result. ``seconds``: of processor time that it took nevertheless."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class TooLong(ProcessError):
    """It took longer than it may."""


class TooMuchMemory(ProcessError):
    """It took more memory than it may, or its result is larger than it may be."""


def run(function: str, arguments: Mapping[str, Any], limits: Limits, file: BinaryIO | None = None) -> Outcome:
    """Call a function in a process of its own.

    :param function: ``module:name``; it is called with the file (opened for reading, or None) and the
        arguments by their names, and returns what JSON can hold.
    :param arguments: what JSON can hold.
    :param file: an open file that has a descriptor; it is read by that, from its beginning.
    :raises TooLong: see there.
    :raises TooMuchMemory: see there.
    :raises ProcessError: the function failed; its traceback is in the caller's standard error.
    """
    request = {"function": function, "arguments": dict(arguments), "limits": asdict(limits)}
    with tempfile.TemporaryFile() as sent, tempfile.TemporaryFile() as result:
        sent.write(json.dumps(request).encode())
        sent.flush()
        descriptors = [sent.fileno(), result.fileno(), *([file.fileno()] if file is not None else [])]
        status = _call(descriptors, limits.wall_seconds + _GRACE)
        seconds = float(status["seconds"])
        _raise_unless_done(int(status["status"]), seconds, limits)
        result.seek(0)
        return Outcome(json.loads(result.read()), seconds)


def _raise_unless_done(status: int, seconds: float, limits: Limits) -> None:
    """Say why a process gave no result. ``status``: as ``os.wait4`` returns it."""
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return
    if code == server.EXIT_MEMORY:
        raise TooMuchMemory(f"more than {limits.memory} bytes of memory", seconds)
    if code == server.EXIT_LARGE_RESULT:
        raise TooMuchMemory(f"a result of more than {limits.result} bytes", seconds)
    if -code in (signal.SIGXCPU, signal.SIGALRM) or (code == -signal.SIGKILL and seconds >= limits.seconds):
        raise TooLong(f"more than {limits.seconds} s of processor time, or {limits.wall_seconds} s", seconds)
    if -code in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
        # what is not written in Python ends so where it is given no more memory
        raise TooMuchMemory(f"ended by signal {-code}", seconds)
    raise ProcessError(f"ended with {code}", seconds)


def _call(descriptors: list[int], seconds: float) -> dict[str, Any]:
    """Have the server start a process and wait for its end; once more when the server had just ended."""
    for _ in range(2):
        connection = _server.connect()
        done, noticed = os.pipe()
        try:
            try:
                connection.send([*descriptors, noticed])
            finally:
                # only the server has this end now: it closes when the server does
                os.close(noticed)
            found = _read_all(done, seconds)
        except OSError:
            found = b""
        finally:
            os.close(done)
        if found:
            status: dict[str, Any] = json.loads(found)
            if "error" in status:
                raise ProcessError(str(status["error"]))
            return status
        _server.drop(connection)
    raise ProcessError("the server of processes ended")


def _read_all(pipe: int, seconds: float) -> bytes:
    until, found = time.monotonic() + seconds, b""
    while True:
        readable, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        if not readable:
            raise TooLong(f"no result after {seconds} s", seconds)
        part = os.read(pipe, 4096)
        if not part:
            return found
        found += part


class _Connection:
    """The connection to one server."""

    def __init__(self) -> None:
        self._socket = _start()
        self._lock = threading.Lock()

    def send(self, descriptors: list[int]) -> None:
        """Send a request. :raises OSError: the server ended."""
        with self._lock:
            socket.send_fds(self._socket, [b"."], descriptors)

    def close(self) -> None:
        """Let the server go: it ends, with all it started."""
        self._socket.close()


class _Server:
    """The server of this process. What was forked from this process has none until it needs one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def connect(self) -> _Connection:
        """Return the connection to the server, started where there is none."""
        with self._lock:
            if self._connection is None:
                self._connection = _Connection()
            return self._connection

    def drop(self, connection: _Connection | None = None) -> None:
        """Let the server go, if it is still that one (None: whichever it is)."""
        with self._lock:
            if self._connection is not None and connection in (None, self._connection):
                self._connection.close()
                self._connection = None

    def forget(self) -> None:
        """In a process that was just forked: the server is the other one's."""
        self._lock = threading.Lock()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _start() -> socket.socket:
    """Start a server; return the connection to it."""
    ours, theirs = socket.socketpair()
    # not of this process's environment: neither its secrets nor what would change the interpreter
    environment = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    code = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); " + (
        f"from {server.__name__} import main; main(int(sys.argv[2]))"
    )
    path = json.dumps([str(Path(part).absolute()) for part in sys.path])
    try:
        with theirs:
            # what this starts forks the server and ends, so that the server is no child of ours to wait for
            subprocess.run(
                [_interpreter(), "-I", "-c", code, path, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                timeout=_START_SECONDS,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        ours.close()
        raise ProcessError(f"no server of processes could be started: {error}") from error
    return ours


def _interpreter() -> str:
    """The interpreter; ``sys.executable`` is the web server itself where that holds Python inside (uwsgi)."""
    for candidate in (sys.executable, f"{sys.prefix}/bin/python3", f"{sys.base_prefix}/bin/python3"):
        if candidate and Path(candidate).name.startswith("python") and os.access(candidate, os.X_OK):
            return candidate
    raise ProcessError("there is no Python interpreter to start")


_server = _Server()
os.register_at_fork(after_in_child=_server.forget)
atexit.register(_server.drop)


def stop() -> None:
    """End the server of this process, if there is one, with the processes it started."""
    _server.drop()
