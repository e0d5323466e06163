"""Building the distribution once for all tests of this folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Not part of a distribution, or made while building.
LEFT_OUT = {"node_modules", "build", "dist", "__pycache__", "artifacts"}


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that building leaves nothing behind in it."""
    target = tmp_path_factory.mktemp("source") / "checkout"

    def ignore(_folder: str, names: list[str]) -> set[str]:
        made = (".egg-info", ".mo", ".pyc", ".new")
        return {name for name in names if name in LEFT_OUT or name[0] == "." or name.endswith(made)}

    shutil.copytree(ROOT, target, symlinks=True, ignore=ignore)
    return target


@pytest.fixture(scope="session")
def wheel(source: Path) -> Path:
    """The wheel, built from the sdist and not from the checkout."""
    command = [sys.executable, "-m", "build", "--outdir", str(source / "dist"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = (source / "dist").glob("*.whl")
    return found
