"""Periods of reporting by their ids."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values.dates import months_between
from ckanext.cost_common.values.periods import Period, parse_period, period_of

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))


@given(DAYS, st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_a_day_is_in_its_period(day: dt.date, length: int) -> None:
    found = period_of(day, length)
    assert found.start <= day <= found.end
    assert parse_period(found.id) == found
    assert len(months_between(found.start, found.end)) == length


def test_periods_by_name() -> None:
    assert parse_period("2026-02").end == dt.date(2026, 2, 28)
    assert parse_period("2026-T4").start == dt.date(2026, 10, 1)
    assert parse_period("2026-C2") == Period("2026-C2", dt.date(2026, 5, 1), dt.date(2026, 8, 31))
    assert parse_period("2026").end == dt.date(2026, 12, 31)
    for name in ("2026-13", "2026-00", "2026-T5", "2026-S0", "0000", "2026-1", "abril", "2026-02 ", "२०२६"):
        with pytest.raises(ValueError, match="period"):
            parse_period(name)
    with pytest.raises(ValueError, match="5 months"):
        period_of(dt.date(2026, 1, 1), 5)
