"""Saying what happens: one line a step with the time it took, and the log's tail when it fails.

Everything goes to standard error, so that a command's answer on standard output stays clean.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from .places import LOGS, ROOT, environment

#: Seconds of silence after which a running step says that it is still at work.
HEARTBEAT = 15
TAIL_LINES = 40


class StepFailed(Exception):
    """A step did not work; the message says which, why, and what to do."""


def say(text: str = "") -> None:
    """Print a line for the person."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step, and say afterwards how long it took."""
    say(f"  … {title}")
    began = time.monotonic()
    yield
    say(f"  ✓ {title} ({time.monotonic() - began:.1f} s)")


def fail(message: str, log: Path | None = None) -> NoReturn:
    """Raise StepFailed with ``message`` and the end of ``log``."""
    parts = [message]
    if log is not None and log.exists():
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        parts += [f"--- end of {log} ---", *lines, "---"]
    raise StepFailed("\n".join(parts))


def run(
    title: str,
    command: Sequence[str | Path],
    *,
    log: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stdin: str | None = None,
) -> None:
    """Run ``command`` with its output in ``.run/logs/<log>.log``; fail loudly when it fails.

    ``env`` is added to the environment. A long command shows the last line of its log
    every 15 seconds.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    words = [str(word) for word in command]
    with step(title), path.open("wb") as out:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=environment(**(env or {})),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        _watch(process, title, path)
        if process.returncode != 0:
            fail(f"“{title}” failed: {' '.join(words)} ended with {process.returncode}", path)


def _watch(process: subprocess.Popen[bytes], title: str, log: Path) -> None:
    began = time.monotonic()
    while True:
        try:
            process.wait(timeout=HEARTBEAT)
            return
        except subprocess.TimeoutExpired:
            last = _last_line(log)
            say(f"    {title}: {time.monotonic() - began:.0f} s … {last[:90]}")
        except BaseException:
            process.terminate()
            raise


def _last_line(log: Path) -> str:
    with log.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - 2000))
        lines = [line for line in source.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def answer(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str:
    """Return what ``command`` prints; fail loudly when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        fail(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return str(done.stdout).strip()
