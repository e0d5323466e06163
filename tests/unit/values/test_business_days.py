"""Business days of Colombia, beside holidays known by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values.business_days import (
    add_business_days,
    business_days_between,
    day_of,
    holidays,
    is_business_day,
    nth_business_day,
)

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))


@pytest.mark.parametrize(
    ("year", "month", "tenth"),
    [
        (2020, 5, "2020-05-15"),
        (2022, 5, "2022-05-13"),
        (2022, 9, "2022-09-14"),
        (2023, 1, "2023-01-16"),
        (2026, 5, "2026-05-15"),
        (2026, 9, "2026-09-14"),
        (2027, 1, "2027-01-18"),
    ],
)
def test_tenth_business_day(year: int, month: int, tenth: str) -> None:
    assert nth_business_day(year, month, 10).isoformat() == tenth


def test_holidays_that_move_to_monday_and_those_of_easter() -> None:
    assert {dt.date(2026, 1, 12), dt.date(2026, 4, 2), dt.date(2026, 4, 3), dt.date(2026, 6, 29)} <= holidays(2026)
    assert dt.date(2026, 1, 6) not in holidays(2026)
    assert not is_business_day(dt.date(2026, 4, 3))
    assert is_business_day(dt.date(2026, 1, 6))


def test_business_days_before_a_due_day() -> None:
    due = dt.date(2026, 4, 6)
    # Thursday 2 and Friday 3 April 2026 are holidays
    assert add_business_days(due, -1) == dt.date(2026, 4, 1)
    assert add_business_days(due, -3) == dt.date(2026, 3, 30)
    assert add_business_days(dt.date(2026, 4, 4), 0) == due
    assert business_days_between(dt.date(2026, 4, 1), due) == 1
    assert business_days_between(due, dt.date(2026, 4, 1)) == -1
    with pytest.raises(ValueError, match="from 1"):
        nth_business_day(2026, 1, 0)


@given(DAYS, st.integers(-40, 40).filter(bool))
def test_going_and_coming_back(day: dt.date, count: int) -> None:
    there = add_business_days(day, count)
    assert is_business_day(there) and (there > day) == (count > 0)
    assert business_days_between(*sorted((day, there))) == abs(count) - (count < 0) + (
        count < 0 and is_business_day(day)
    )


@given(DAYS, st.integers(1, 25))
def test_the_nth_business_day_has_n_up_to_it(day: dt.date, count: int) -> None:
    found = nth_business_day(day.year, day.month, count)
    first = day.replace(day=1)
    inside = [first + dt.timedelta(days=n) for n in range((found - first).days + 1)]
    assert sum(is_business_day(one) for one in inside) == count


def test_a_day_is_a_day_in_colombia() -> None:
    assert day_of(dt.datetime(2026, 5, 1, 4, 59, tzinfo=dt.timezone.utc)) == dt.date(2026, 4, 30)
