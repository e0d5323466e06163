"""Days: Colombian business days, periods of reporting, and when things of a plan are due.

A day is a day in Colombia; a moment becomes one by :func:`day_of`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as holiday_library

from ckanext.ogp_plan.planning.types import Plan, Precision, Schedule, ScheduleKind

#: Whose holidays count, by ISO 3166-1 (Ley 51 of 1983 moves most of them to Monday).
COUNTRY = "CO"
ZONE = ZoneInfo("America/Bogota")
#: The letter of a period's id → how many months it has: month, bimester, quarter, four months, half, year.
_LETTERS = {"B": 2, "T": 3, "C": 4, "S": 6}
_OF_MONTHS = {months: letter for letter, months in _LETTERS.items()}
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


def day_of(moment: dt.datetime) -> dt.date:
    """Return the day a moment is of, in Colombia."""
    return moment.astimezone(ZONE).date()


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[dt.date]:
    """Return the public holidays of a year in Colombia."""
    return frozenset(holiday_library.country_holidays(COUNTRY, years=year))


def is_business_day(day: dt.date) -> bool:
    """Tell whether a day is neither Saturday, Sunday nor a holiday."""
    return day.weekday() < 5 and day not in holidays(day.year)


def add_business_days(day: dt.date, count: int) -> dt.date:
    """Return the day that is ``count`` business days after another (before it, when negative).

    The day itself is not counted; 0 gives the day itself when it is a business day, else the next one.
    """
    step = dt.timedelta(days=-1 if count < 0 else 1)
    if count == 0:
        while not is_business_day(day):
            day += step
        return day
    left = abs(count)
    while left:
        day += step
        left -= is_business_day(day)
    return day


def business_days_between(start: dt.date, end: dt.date) -> int:
    """Return how many business days there are after ``start`` up to ``end``; negative when it is before."""
    if end < start:
        return -business_days_between(end, start)
    return sum(is_business_day(start + dt.timedelta(days=n)) for n in range(1, (end - start).days + 1))


def nth_business_day(year: int, month: int, count: int) -> dt.date:
    """Return the business day number ``count`` (from 1) of a month; it may fall in a later month."""
    if count < 1:
        raise ValueError("business days are counted from 1")
    return add_business_days(dt.date(year, month, 1) - dt.timedelta(days=1), count)


def last_of_month(year: int, month: int) -> dt.date:
    """Return the last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def months_between(start: dt.date, end: dt.date) -> tuple[tuple[int, int], ...]:
    """Return the (year, month) of each month that two days span, both included; none when out of order."""
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    return tuple((number // 12, number % 12 + 1) for number in range(first, last + 1))


# --- periods of reporting


@dataclass(frozen=True, slots=True)
class Period:
    """A period of reporting. ``id``: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…"""

    id: str
    start: dt.date
    end: dt.date


def period(name: str) -> Period:
    """Return the period of an id.

    :raises ValueError: it is none.
    """
    match = re.fullmatch(r"(\d{4})(?:-(?:(\d{2})|([BTCS])(\d)))?", name, re.ASCII)
    if not match or int(match[1]) == 0:
        raise ValueError(f"{name!r} is no period")
    year = int(match[1])
    if match[2]:
        first, months = int(match[2]), 1
    elif match[3]:
        months = _LETTERS[match[3]]
        first = (int(match[4]) - 1) * months + 1
    else:
        first, months = 1, 12
    if not 1 <= first <= 12:
        raise ValueError(f"{name!r} is no period")
    return Period(name, dt.date(year, first, 1), last_of_month(year, first + months - 1))


def period_of(day: dt.date, months: int) -> Period:
    """Return the period of so many months (1, 2, 3, 4, 6 or 12) that a day is in."""
    if months == 12:
        return period(f"{day.year:04}")
    if months == 1:
        return period(f"{day.year:04}-{day.month:02}")
    if months not in _OF_MONTHS:
        raise ValueError(f"there are no periods of {months} months")
    return period(f"{day.year:04}-{_OF_MONTHS[months]}{(day.month - 1) // months + 1}")


@lru_cache(maxsize=256)
def periods_between(start: dt.date, end: dt.date, months: int) -> tuple[Period, ...]:
    """Return the periods of so many months that touch the time from ``start`` to ``end``."""
    found = []
    day = start
    while day <= end:
        found.append(period_of(day, months))
        if found[-1].end == dt.date.max:
            break
        day = found[-1].end + dt.timedelta(days=1)
    return tuple(found)


def tracking_periods(plan: Plan, months: int = 1) -> tuple[Period, ...]:
    """Return a plan's periods of reporting, in order; none when its time is not known.

    :param months: how long a period is (a :class:`~.settings.Cadence` says it).
    """
    if plan.start is None or plan.end is None:
        return ()
    return periods_between(plan.start, plan.end, months)


# --- when things are due


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
        return tuple((one.end.year, one.end.month) for one in _occurrences(schedule, plan))
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
