"""Functions that the tests of processes run in a process of its own."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any, BinaryIO


def echo(file: BinaryIO | None, **arguments: Any) -> Any:
    return {"arguments": arguments, "content": file.read().decode() if file is not None else None}


def describe(file: BinaryIO | None) -> Any:
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "environment": sorted(os.environ),
    }


def spin(file: BinaryIO | None) -> Any:
    while True:
        pass


def sleep(file: BinaryIO | None, seconds: float) -> Any:
    time.sleep(seconds)
    return "slept"


def allocate(file: BinaryIO | None, count: int) -> Any:
    held = bytearray(count)
    return len(held)


def fail(file: BinaryIO | None) -> Any:
    raise ValueError("as asked")


def large(file: BinaryIO | None, count: int) -> Any:
    return "x" * count


def end(file: BinaryIO | None, signal: int) -> Any:
    os.kill(os.getpid(), signal)


def report_and_sleep(file: BinaryIO | None, pipe: str) -> Any:
    with open(pipe, "w") as lines:
        lines.write(f"{os.getpid()}\n")
    time.sleep(600)
