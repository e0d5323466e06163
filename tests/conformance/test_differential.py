"""Whatever libcoveoc4ids 0.9.1 calls an error we call one, and whatever it passes we pass; exceptions are written down.

The long run (5 000 packages and more) is ``make fuzz``; a fixed part of it stands here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import defects, differential, fuzz, generate, sampling

DIFFERENCES = yaml.safe_load((Path(__file__).parent / "differences.yaml").read_text(encoding="utf-8"))
SEEDS = sampling.seeds(range(150), one_in=3)


@pytest.fixture(scope="module")
def reviewer(tools_python: str, reference: Path) -> Iterator[differential.Reviewer]:
    with differential.Reviewer(tools_python, reference) as asked:
        yield asked


def agree(reviewer: differential.Reviewer, package: Any) -> tuple[str, ...]:
    """Assert that nothing unexplained differs; the names of the differences that do."""
    answer = reviewer.ask(package)
    if "crash" in answer:
        assert not differential.ours(package).report.valid, (
            f"they stop ({answer['crash']}), we say that it is valid"
        )
        return ("crash",)
    compared = differential.compare(package, answer)
    assert not compared.missed, f"errors that only libcoveoc4ids reports: {sorted(compared.missed)}"
    assert not compared.refused, f"refused by us, passed by libcoveoc4ids: {sorted(compared.refused)}"
    return compared.explained


@pytest.mark.parametrize("size", generate.SIZES)
def test_good_packages(reviewer: differential.Reviewer, size: str) -> None:
    package = generate.make(20, size)
    answer = reviewer.ask(package)
    assert (answer["errors"], answer["closed"], answer["open"], answer["checks"]) == ([], {}, {}, {})
    assert agree(reviewer, package) == ()
    assert differential.ours(package).report.valid


def test_reference_examples(reviewer: differential.Reviewer, reference: Path) -> None:
    for path in sorted((reference / "examples").glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        package = found if "projects" in found else generate.package([found])
        agree(reviewer, package)
    assert differential.ours(
        json.loads((reference / "examples" / "example.json").read_text(encoding="utf-8"))
    ).report.valid


@pytest.mark.parametrize("name", defects.DEFECTS)
def test_kinds_of_defect(reviewer: differential.Reviewer, name: str) -> None:
    agree(reviewer, defects.defective(name))


def test_fuzzed_packages(reviewer: differential.Reviewer) -> None:
    wrong = 0
    for seed in SEEDS:
        package = fuzz.fuzzed(seed)
        try:
            agree(reviewer, package)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        wrong += not differential.ours(package).report.valid
    assert wrong > len(SEEDS) // 3, "too few of the packages are wrong for this comparison to mean anything"


def merged(example: dict[str, Any]) -> Any:
    package = generate.package([{"id": "oc4ids-zz9999-1", "title": "Obra"}])
    package |= example.get("package", {})
    if "project" in example:
        package["projects"][0] |= example["project"]
    return package


@pytest.mark.parametrize(
    ("side", "name"), [(side, name) for side in ("theirs_only", "ours_only") for name in DIFFERENCES[side]]
)
def test_written_differences_still_happen(reviewer: differential.Reviewer, side: str, name: str) -> None:
    about = DIFFERENCES[side][name]
    assert set(about) == {"ours", "theirs", "reason", "example"}
    assert name in agree(reviewer, merged(about["example"]))


def test_every_rule_is_written_down() -> None:
    assert set(DIFFERENCES["theirs_only"]) == set(differential.THEIRS_ONLY)
    assert set(DIFFERENCES["ours_only"]) == set(differential.OURS_ONLY)
