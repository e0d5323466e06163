"""Schedules as plans print them, with the dates in them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning.schedules import months_schedule, parse_schedule
from ckanext.ogp_plan.planning.types import ScheduleKind


@pytest.mark.parametrize(
    ("printed", "due", "precision"),
    [
        ("Dic 2026", "2026-12-31", Precision.MONTH),
        ("Febrero de 2028", "2028-02-29", Precision.MONTH),
        ("mar-2026", "2026-03-31", Precision.MONTH),
        ("06/2026", "2026-06-30", Precision.MONTH),
        ("30 de abril de 2026", "2026-04-30", Precision.DAY),
        ("1 de mayo", "2026-05-01", Precision.DAY),
        ("31/12/2026", "2026-12-31", Precision.DAY),
        ("2026-04-30", "2026-04-30", Precision.DAY),
        ("2026", "2026-12-31", Precision.YEAR),
    ],
)
def test_dates(printed: str, due: str, precision: Precision) -> None:
    read = parse_schedule(printed, 2026)
    assert read is not None
    assert (read.kind, read.due, read.precision) == (ScheduleKind.DATE, dt.date.fromisoformat(due), precision)


@pytest.mark.parametrize(
    ("printed", "start", "due"),
    [
        ("Enero a diciembre de 2026", "2026-01-01", "2026-12-31"),
        ("Del 1 de febrero al 30 de noviembre de 2026", "2026-02-01", "2026-11-30"),
        ("desde marzo hasta junio", "2026-03-01", "2026-06-30"),
        ("01/02/2026 - 30/06/2026", "2026-02-01", "2026-06-30"),
    ],
)
def test_ranges(printed: str, start: str, due: str) -> None:
    read = parse_schedule(printed, 2026)
    assert read is not None and read.kind is ScheduleKind.RANGE
    assert (read.start, read.due) == (dt.date.fromisoformat(start), dt.date.fromisoformat(due))


def test_lists_and_cadences() -> None:
    months = parse_schedule("abril, agosto y diciembre", 2026)
    assert months is not None and (months.kind, months.months) == (ScheduleKind.MONTHS, (4, 8, 12))
    often = parse_schedule("Trimestral")
    assert often is not None and (often.cadence, often.times) == ("trimestral", 4)


@pytest.mark.parametrize("printed", ["Permanente", "31/02/2026", "diciembre a enero de 2026", "cuando haya lugar", "13/2026"])
def test_what_is_no_date_is_not_read(printed: str) -> None:
    assert parse_schedule(printed, 2026) is None


def test_no_months_is_undeclared_and_never_none() -> None:
    assert months_schedule((), 2026).kind is ScheduleKind.UNDECLARED
    assert months_schedule((12, 3), 2026).due == dt.date(2026, 12, 31)


@given(st.text(max_size=200))
def test_any_text_is_read_or_not_without_trouble(text: str) -> None:
    numbers.parse_number(text)
    numbers.find_quantities(text)
    numbers.first_quantity(text)
    parse_schedule(text, 2026)
