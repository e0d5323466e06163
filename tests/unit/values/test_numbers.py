"""Numbers as officials write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values import numbers


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


def test_two_ways_are_distinguished_from_none() -> None:
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


@given(st.integers(0, 10**12))
def test_thousands_dots_change_no_number(value: int) -> None:
    read = numbers.parse_number(f"{value:,}".replace(",", "."))
    assert read is not None and read.value == value
