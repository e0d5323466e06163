"""Business days of Colombia, periods of reporting, and when things are due."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tracked import months, on, plan

from ckanext.cost_common.values.business_days import (
    add_business_days,
    business_days_between,
    day_of,
    holidays,
    is_business_day,
    nth_business_day,
)
from ckanext.cost_common.values.dates import Precision, months_between
from ckanext.cost_common.values.periods import Period, parse_period, period_of
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.types import Plan, Schedule, ScheduleKind

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


@given(DAYS, DAYS)
def test_months_between(one: dt.date, other: dt.date) -> None:
    start, end = sorted((one, other))
    found = months_between(start, end)
    assert found[0] == (start.year, start.month) and found[-1] == (end.year, end.month)
    assert len(found) == len(set(found)) == (end.year - start.year) * 12 + end.month - start.month + 1
    assert start.replace(day=1) == end.replace(day=1) or months_between(end, start) == ()


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


def test_periods_of_a_plan() -> None:
    assert len(calendar.tracking_periods(plan())) == 12
    assert [one.id for one in calendar.tracking_periods(plan(), 4)] == ["2026-C1", "2026-C2", "2026-C3"]
    assert calendar.tracking_periods(Plan("paac")) == ()


def test_a_day_is_a_day_in_colombia() -> None:
    assert day_of(dt.datetime(2026, 5, 1, 4, 59, tzinfo=dt.timezone.utc)) == dt.date(2026, 4, 30)


def test_due_days() -> None:
    of = plan()
    assert calendar.due_of(Schedule(), of) is None
    assert calendar.due_of(months(2, 11), of) == dt.date(2026, 11, 30)
    assert calendar.due_of(on(8, 15), of) == dt.date(2026, 8, 15)
    by_month = Schedule(ScheduleKind.DATE, due=dt.date(2026, 2, 1), precision=Precision.MONTH)
    assert calendar.due_of(by_month, of) == dt.date(2026, 2, 28)
    by_quarter = Schedule(ScheduleKind.DATE, due=dt.date(2026, 2, 1), precision=Precision.QUARTER)
    assert calendar.due_of(by_quarter, of) == dt.date(2026, 3, 31)
    by_year = Schedule(ScheduleKind.DATE, due=dt.date(2026, 2, 1), precision=Precision.YEAR)
    assert calendar.due_of(by_year, of) == dt.date(2026, 12, 31)


def test_months_of_a_plan_of_two_years() -> None:
    of = plan(start=dt.date(2026, 3, 1), end=dt.date(2027, 12, 31))
    assert calendar.scheduled_months(months(1, 6), of) == ((2026, 6), (2027, 1), (2027, 6))
    assert calendar.due_of(months(1, 6), of) == dt.date(2027, 6, 30)


def test_eleven_monitorings_are_of_february_to_december() -> None:
    eleven = Schedule(ScheduleKind.RECURRING, cadence="mensual", times=11)
    found = calendar.scheduled_months(eleven, plan())
    assert found == tuple((2026, month) for month in range(2, 13))
    assert calendar.due_of(eleven, plan()) == dt.date(2026, 12, 31)
    assert calendar.start_of(eleven, plan()) == dt.date(2026, 2, 1)


def test_how_often_is_not_how_many_times() -> None:
    quarterly = Schedule(ScheduleKind.RECURRING, cadence="trimestral", times=4)
    of = plan(end=dt.date(2027, 12, 31))
    assert len(calendar.scheduled_months(quarterly, of)) == 8


def test_a_range_spans_its_months() -> None:
    spans = Schedule(ScheduleKind.RANGE, start=dt.date(2026, 3, 10), due=dt.date(2026, 5, 2))
    assert calendar.scheduled_months(spans, plan()) == ((2026, 3), (2026, 4), (2026, 5))
    assert calendar.start_of(spans, plan()) == dt.date(2026, 3, 10)
    assert calendar.scheduled_months(Schedule(), plan()) == ()
