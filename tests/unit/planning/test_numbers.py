"""Numbers and dates as officials write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning.schedules import months_schedule, parse_schedule
from ckanext.ogp_plan.planning.types import ScheduleKind


@pytest.mark.parametrize(
    ("printed", "value", "percent"),
    [
        ("5.000", "5000", False),
        ("2.200", "2200", False),
        ("1.234.567,50", "1234567.50", False),
        ("(01)", "1", False),
        ("100%", "100", True),
        ("59,5 %", "59.5", True),
        ("10,5", "10.5", False),
        ("10.5", "10.5", False),
        ("1000", "1000", False),
        ("0", "0", False),
    ],
)
def test_a_cell_with_a_number(printed: str, value: str, percent: bool) -> None:
    read = numbers.parse_number(printed)
    assert read is not None and (read.value, read.percent) == (Decimal(value), percent)


@pytest.mark.parametrize("printed", ["1,000", "12,345,678", "1.23.4", "uno", "", "5.000.00", "1-2", "١٢"])
def test_what_reads_in_two_ways_or_none_is_not_read(printed: str) -> None:
    assert numbers.parse_number(printed) is None


def test_two_ways_are_told_from_none() -> None:
    assert numbers.is_ambiguous("1,000") and not numbers.is_ambiguous("uno")


@pytest.mark.parametrize(
    ("goal", "values"),
    [
        ("Cinco mil (5.000) publicaciones", ["5000"]),
        ("una (01) publicación y los treinta y nueve (39) mapas", ["1", "39"]),
        ("Dos (2) notas de un tema Dos (2) notas de otro", ["2", "2"]),
        ("100% cumplimiento de la Resolución 1519 de 2020", ["100"]),
        ("20K USD para el año 2026/27", ["20000"]),
        ("Quinientos (500) colaboradores en el 2022", ["500"]),
        ("Disponer de un espacio", []),
        ("Informe para 2026/27", []),
    ],
)
def test_quantities(goal: str, values: list[str]) -> None:
    assert [one.value for one in numbers.find_quantities(goal)] == [Decimal(value) for value in values]


def test_the_word_at_the_beginning_is_what_is_promised() -> None:
    launch = numbers.first_quantity("Un evento con (a) 20 participantes y (b) 10")
    assert launch is not None and launch.value == 1
    meetings = numbers.first_quantity("Dos (3) reuniones")
    assert meetings is not None and meetings.value == 3
    assert numbers.first_quantity("Monitoreo periódico") is None


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


@given(st.integers(0, 10**12))
def test_thousands_dots_change_no_number(value: int) -> None:
    read = numbers.parse_number(f"{value:,}".replace(",", "."))
    assert read is not None and read.value == value


@given(st.text(max_size=200))
def test_any_text_is_read_or_not_without_trouble(text: str) -> None:
    numbers.parse_number(text)
    numbers.find_quantities(text)
    numbers.first_quantity(text)
    parse_schedule(text, 2026)
