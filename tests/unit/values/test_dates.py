"""Days and months."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values.dates import Precision, months_between, parse_day

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))


@given(DAYS, DAYS)
def test_months_between(one: dt.date, other: dt.date) -> None:
    start, end = sorted((one, other))
    found = months_between(start, end)
    assert found[0] == (start.year, start.month) and found[-1] == (end.year, end.month)
    assert len(found) == len(set(found)) == (end.year - start.year) * 12 + end.month - start.month + 1
    assert start.replace(day=1) == end.replace(day=1) or months_between(end, start) == ()


@pytest.mark.parametrize(
    ("printed", "day", "precision"),
    [
        ("Dic 2026", "2026-12-31", Precision.MONTH),
        ("06/2026", "2026-06-30", Precision.MONTH),
        ("Vigencia 2027", "2027-12-31", Precision.YEAR),
        ("30 de abril de 2027", "2027-04-30", Precision.DAY),
        ("1 de mayo", "2026-05-01", Precision.DAY),
        ("31/12/2026", "2026-12-31", Precision.DAY),
        ("2026-04-30 00:00:00", "2026-04-30", Precision.DAY),
    ],
)
def test_a_day(printed: str, day: str, precision: Precision) -> None:
    assert parse_day(printed, 2026) == (dt.date.fromisoformat(day), precision)


@pytest.mark.parametrize("printed", ["", "31/02/2026", "13/2026", "cuando haya lugar", "30 de abrilio"])
def test_what_is_no_day(printed: str) -> None:
    assert parse_day(printed, 2026) is None


def test_a_day_without_a_year_needs_one() -> None:
    assert parse_day("1 de mayo") is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_not(text: str) -> None:
    parse_day(text, 2026)
