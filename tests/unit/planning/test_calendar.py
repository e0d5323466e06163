"""When things of a plan are due."""

from __future__ import annotations

import datetime as dt

from support.tracked import months, on, plan

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.types import Schedule, ScheduleKind


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
