"""The server that forks a process for each request: a fresh interpreter of one thread, without CKAN.

A request is one byte with descriptors: the request itself (JSON), the file for its result, the file to be
worked on if there is one, and last a pipe. When the process has ended its status is written to the pipe, with
the processor time it took.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from typing import Any

#: Exit statuses of a process: its function failed, was refused memory, or returned too much.
EXIT_FAILED, EXIT_MEMORY, EXIT_LARGE_RESULT = 1, 3, 4
#: Seconds without a request after which the server ends, and gives its own memory back.
IDLE_SECONDS = 120
#: Descriptors of a request at most, and those that a process may have open.
_DESCRIPTORS, _OPEN_FILES = 4, 64


def main(descriptor: int) -> None:
    """Fork the server and end; see :func:`ckanext.cost_common.processes._start`."""
    if os.fork():
        os._exit(0)
    os.setsid()
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    # whatever the web server ignores or blocks
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    serve(connection)
    os._exit(0)


def serve(connection: socket.socket, idle_seconds: float = IDLE_SECONDS) -> None:
    """Serve until the other side is gone, or has asked for nothing for a while; end all that still runs."""
    waiting, woken = os.pipe()
    for end in (waiting, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    #: process → pipe that its end is written to
    running: dict[int, int] = {}
    try:
        while True:
            ready, _, _ = select.select([connection, waiting], [], [], None if running else idle_seconds)
            if not ready:
                return
            if waiting in ready:
                os.read(waiting, 4096)
                _report_ended(running)
            if connection in ready:
                message, descriptors, _, _ = socket.recv_fds(connection, 1, _DESCRIPTORS)
                if not message:
                    return
                _start(descriptors, running, [connection.fileno(), waiting, woken])
    finally:
        for process in running:
            os.kill(process, signal.SIGKILL)


def _report_ended(running: dict[int, int]) -> None:
    for process in list(running):
        ended, status, usage = os.wait4(process, os.WNOHANG)
        if ended:
            _write(running.pop(process), {"status": status, "seconds": usage.ru_utime + usage.ru_stime})


def _write(pipe: int, message: dict[str, Any]) -> None:
    try:
        os.write(pipe, json.dumps(message).encode())
    except BrokenPipeError:
        # nobody waits for it any more
        pass
    finally:
        os.close(pipe)


def _start(descriptors: list[int], running: dict[int, int], own: list[int]) -> None:
    """Fork the process of one request. ``own``: descriptors of the server, which a process has no need of."""
    asked, result, *file, pipe = descriptors
    try:
        with os.fdopen(os.dup(asked), "rb") as sent:
            sent.seek(0)
            request = json.load(sent)
        module, _, name = request["function"].partition(":")
        # imported here, so that the next process begins with it
        function = getattr(importlib.import_module(module), name)
        process = os.fork()
    except Exception as error:
        traceback.print_exc()
        _write(pipe, {"error": f"{type(error).__name__}: {error}"})
        for descriptor in (asked, result, *file):
            os.close(descriptor)
        return
    if process:
        running[process] = pipe
        for descriptor in (asked, result, *file):
            os.close(descriptor)
        return
    status = EXIT_FAILED
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (asked, pipe, *own, *running.values()):
            os.close(descriptor)
        status = _work(function, request, result, file[0] if file else None)
    finally:
        os._exit(status)


def _work(function: Any, request: dict[str, Any], result: int, file: int | None) -> int:
    """Call the function within its limits; return the exit status."""
    try:
        limits = request["limits"]
        _limit(limits)
        opened = None
        if file is not None:
            opened = os.fdopen(file, "rb")
            opened.seek(0)
        found = json.dumps(function(opened, **request["arguments"]), ensure_ascii=False)
        data = memoryview(found.encode("utf-8", "surrogatepass"))
        if len(data) > limits["result"]:
            return EXIT_LARGE_RESULT
        while data:
            data = data[os.write(result, data) :]
    except MemoryError:
        return EXIT_MEMORY
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return EXIT_MEMORY
        traceback.print_exc()
        return EXIT_LARGE_RESULT if error.errno == errno.EFBIG else EXIT_FAILED
    except Exception:
        traceback.print_exc()
        return EXIT_FAILED
    return 0


def _limit(limits: dict[str, int]) -> None:
    """Set the limits of this process; what cannot be asked of this system is left."""
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"])
    wanted = [
        # the second one is a kill, for what would not end at the first
        (resource.RLIMIT_CPU, limits["seconds"], limits["seconds"] + 1),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, limits["result"], limits["result"]),
        (resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES),
    ]
    size = _size()
    if size is not None:
        wanted.append((resource.RLIMIT_AS, size + limits["memory"], size + limits["memory"]))
    for kind, soft, hard in wanted:
        _, highest = resource.getrlimit(kind)
        if highest != resource.RLIM_INFINITY:
            soft, hard = min(soft, highest), min(hard, highest)
        resource.setrlimit(kind, (soft, hard))


def _size() -> int | None:
    """Bytes of address space that this process has; None where the system does not say."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        with open("/proc/self/statm", "rb") as pages:
            return int(pages.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None
