"""When things of a plan are due: its periods of reporting, and the days and months of a schedule."""

from __future__ import annotations

import datetime as dt

from ckanext.cost_common.values.dates import Precision, last_of_month, months_between
from ckanext.cost_common.values.periods import Period, period_of, periods_between
from ckanext.ogp_plan.planning.types import Plan, Schedule, ScheduleKind

#: How often → months, as schedules name it. What comes more often than each month is looked at by month.
CADENCE_MONTHS = {
    "diario": 1,
    "semanal": 1,
    "quincenal": 1,
    "mensual": 1,
    "bimestral": 2,
    "bimensual": 2,
    "trimestral": 3,
    "cuatrimestral": 4,
    "semestral": 6,
    "anual": 12,
}


def scheduled_months(schedule: Schedule, plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return the (year, month) in which something is scheduled, in order; none when nobody says.

    Months of a year are those of each year of the plan. What recurs is due in the last month of each of
    its periods; when it does so fewer times than there are periods, in the last ones (eleven monthly
    monitorings of a plan that begins in January: February to December).
    """
    start, end = plan.start, plan.end
    if schedule.kind is ScheduleKind.MONTHS:
        return _months_of_years(schedule, start, end)
    if schedule.kind is ScheduleKind.DATE:
        due = due_of(schedule, plan)
        return ((due.year, due.month),) if due else ()
    if schedule.kind is ScheduleKind.RANGE:
        first, last = schedule.start or start, due_of(schedule, plan)
        return months_between(first, last) if first and last else ()
    if schedule.kind is ScheduleKind.RECURRING:
        return tuple(
            (occurrence.end.year, occurrence.end.month) for occurrence in _occurrences(schedule, plan)
        )
    return ()


def _months_of_years(
    schedule: Schedule, start: dt.date | None, end: dt.date | None
) -> tuple[tuple[int, int], ...]:
    months = sorted({month for month in schedule.months if 1 <= month <= 12})
    if start is None or end is None:
        return tuple((schedule.due.year, month) for month in months) if schedule.due else ()
    return tuple(
        (year, month)
        for year in range(start.year, end.year + 1)
        for month in months
        if (start.year, start.month) <= (year, month) <= (end.year, end.month)
    )


def _occurrences(schedule: Schedule, plan: Plan) -> tuple[Period, ...]:
    months = CADENCE_MONTHS.get(schedule.cadence or "")
    end = schedule.due or plan.end
    start = schedule.start or plan.start
    if months is None or start is None or end is None:
        return ()
    found = periods_between(start, end, months)
    # as many as a year has is how often, not how many times: a plan of two years has them all
    fewer = schedule.times and schedule.times < len(found) and schedule.times != 12 // months
    return found[-schedule.times :] if fewer and schedule.times else found


def due_of(schedule: Schedule, plan: Plan) -> dt.date | None:
    """Return the last day by which something is due; None when nobody says.

    A month, a quarter or a year is due on its last day.
    """
    if schedule.kind is ScheduleKind.UNDECLARED:
        return None
    if schedule.due is not None:
        return _last_day(schedule.due, schedule.precision)
    if schedule.kind is ScheduleKind.MONTHS:
        months = scheduled_months(schedule, plan)
        return last_of_month(*months[-1]) if months else None
    if schedule.kind is ScheduleKind.RECURRING:
        found = _occurrences(schedule, plan)
        return found[-1].end if found else None
    return None


def start_of(schedule: Schedule, plan: Plan) -> dt.date | None:
    """Return the first day on which something is expected: the schedule's, or else the plan's first."""
    if schedule.kind is ScheduleKind.RANGE and schedule.start:
        return schedule.start
    if schedule.kind is ScheduleKind.MONTHS:
        months = scheduled_months(schedule, plan)
        if months:
            return dt.date(*months[0], 1)
    if schedule.kind is ScheduleKind.RECURRING:
        found = _occurrences(schedule, plan)
        if found:
            return max(found[0].start, plan.start or found[0].start)
    return plan.start


def _last_day(day: dt.date, precision: Precision) -> dt.date:
    months = {Precision.MONTH: 1, Precision.QUARTER: 3, Precision.YEAR: 12}.get(precision)
    return period_of(day, months).end if months else day
