"""The wheel asks for ranges, so that it installs beside what a portal has; the pins are in files of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
RELEASES = ("2.11", "2.12")


def read_dependencies() -> list[Requirement]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.M | re.S)
    assert block is not None
    return [Requirement(line) for line in re.findall(r'"([^"]+)"', block[1])]


def read_pins(release: str) -> dict[str, str]:
    lines = (ROOT / f"requirements-{release}.txt").read_text(encoding="utf-8").splitlines()
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", "\n".join(lines), re.M)
    return {name.lower(): version for name, version in found}


@pytest.mark.parametrize("dependency", read_dependencies(), ids=lambda dependency: dependency.name)
def test_the_wheel_asks_for_a_range(dependency: Requirement) -> None:
    operators = {part.operator for part in dependency.specifier}
    assert ">=" in operators
    assert not operators & {"==", "==="}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("dependency", read_dependencies(), ids=lambda dependency: dependency.name)
def test_what_it_asks_for_is_pinned_within_the_range(dependency: Requirement, release: str) -> None:
    pinned = read_pins(release)[dependency.name.lower()]
    assert dependency.specifier.contains(pinned)
