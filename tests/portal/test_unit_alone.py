"""The unit tests where no CKAN is: what they test is pure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What the tests themselves need, of requirements-dev.txt and of CKAN's development requirements.
TOOLS = ("hypothesis", "jsonschema", "pytest-timeout", "rfc3339-validator", "rfc3986-validator")
#: Depends on CKAN's toolkit: the one dependency that belongs to the plugins and not to the pure packages.
PLUGINS_ONLY = ("ckanext-scheming",)

pytestmark = pytest.mark.one_release("nothing of CKAN is in the environment")


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def requirements() -> list[str]:
    """The pins beside CKAN but for what needs CKAN, and the tests' own tools."""
    pins = [line for line in lines("requirements-2.12.txt") if not line.startswith(PLUGINS_ONLY)]
    return [*pins, *(line for line in lines("requirements-dev.txt") if line.startswith(TOOLS)), "feedgen>=1.0,<2"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_in_an_environment_without_ckan(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", tmp_path / "venv"],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", *requirements(), f"pytest=={pytest.__version__}"],
    ):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CKAN", "PYTEST", "PYTHON"))}
    absent = subprocess.run([python, "-c", "import ckan"], env=clean, capture_output=True, check=False)
    assert absent.returncode != 0, "CKAN is in the environment that should have none"
    tests = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/unit"],
        cwd=ROOT, env={**clean, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tests.returncode == 0, tests.stdout[-6000:] + tests.stderr[-2000:]
    counted = re.search(r"(\d+) passed", tests.stdout)
    assert counted and int(counted[1]) > 3000, tests.stdout[-500:]
