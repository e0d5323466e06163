"""The rule by which ``make test`` samples: every kind is met, the same way each time, and ``make fuzz`` leaves out nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import sampling

ROOT = Path(__file__).parents[2]
CASES = [(kind, number) for kind in "abc" for number in range(20)] + [("lonely", 0)]


def kind(case: tuple[str, int]) -> str:
    return case[0]


def test_one_of_each_kind_is_always_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FUZZ", None)
    found = sampling.sample(CASES, kind)
    assert [case[0] for case in found] == ["a", "b", "c", "lonely"]
    assert found == sampling.sample(CASES, kind)


def test_of_the_others_one_in_so_many_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FUZZ", None)
    found = sampling.sample(CASES, kind, one_in=4)
    assert [sum(case[0] == name for case in found) for name in ("a", "b", "c", "lonely")] == [5, 5, 5, 1]
    assert found == sorted(found, key=CASES.index)
    assert set(sampling.sample(CASES, kind)) <= set(found)


def test_a_new_case_of_one_kind_changes_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FUZZ", None)
    before = sampling.sample(CASES, kind, one_in=4)
    after = sampling.sample([("a", 99), *CASES], kind, one_in=4)
    assert [case for case in before if case[0] != "a"] == [case for case in after if case[0] != "a"]


def test_all_of_them_when_fuzzing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FUZZ", 2000)
    assert sampling.sample(CASES, kind) == CASES
    assert sampling.examples(60) == 2000
    assert sampling.seeds(range(80)) == range(80)
    monkeypatch.setattr(sampling, "FUZZ", None)
    assert (sampling.examples(60), sampling.examples(20)) == (15, 10)
    assert sampling.seeds(range(80)) == range(20)


def test_what_is_sampled_is_written_down() -> None:
    """``docs/pruebas.md`` names every file whose cases are sampled, and no other."""
    text = (ROOT / "docs" / "pruebas.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^## What `make test` samples$(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    written = set(re.findall(r"^\| `(tests/[\w/]+\.py)", table, re.MULTILINE))
    files = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/*/**/test_*.py")
        if re.search(r"^from support(\.sampling)? import .*\b(sampling|sample|examples|seeds)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    } - {"tests/unit/test_sampling.py"}
    assert written == files
