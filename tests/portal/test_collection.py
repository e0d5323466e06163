"""Workers of pytest-xdist collect for themselves: their lists must be alike, or the session ends before its first test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests/unit", "tests/conformance", "tests/integration", "tests/browser")

pytestmark = pytest.mark.one_release("names of tests are the same beside each")


def collect(hash_seed: int) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
    command = ["-m", "pytest", "-p", "no:ckan", "-p", "no:ckan_fixtures", "-p", "no:randomly", "-p", "no:cacheprovider"]
    return subprocess.Popen(
        [sys.executable, *command, "--collect-only", "-q", *FOLDERS],
        cwd=ROOT, env={**clean, "PYTHONHASHSEED": str(hash_seed)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_every_worker_collects_the_same_tests() -> None:
    """Between the two lie a second and another order of sets."""
    first = collect(1)
    time.sleep(1.5)
    second = collect(2)
    lists = [[line for line in process.communicate()[0].splitlines() if "::" in line] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(lists[0]) > 6000
    assert lists[0] == lists[1]
