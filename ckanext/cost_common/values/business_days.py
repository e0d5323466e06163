"""Days in Colombia: the day a moment falls on, holidays and business days."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as holiday_library

#: Whose holidays count, by ISO 3166-1 (Ley 51 of 1983 moves most of them to Monday).
COUNTRY = "CO"
ZONE = ZoneInfo("America/Bogota")


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
