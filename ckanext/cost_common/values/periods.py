"""Periods of reporting: months, bimesters, quarters, four months, halves and years, by their ids."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from ckanext.cost_common.values.dates import last_of_month

#: The letter of a period's id → how many months it has: month, bimester, quarter, four months, half, year.
_LETTERS = {"B": 2, "T": 3, "C": 4, "S": 6}
_OF_MONTHS = {months: letter for letter, months in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Period:
    """A period of reporting. ``id``: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…"""

    id: str
    start: dt.date
    end: dt.date


def parse_period(name: str) -> Period:
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
        return parse_period(f"{day.year:04}")
    if months == 1:
        return parse_period(f"{day.year:04}-{day.month:02}")
    if months not in _OF_MONTHS:
        raise ValueError(f"there are no periods of {months} months")
    return parse_period(f"{day.year:04}-{_OF_MONTHS[months]}{(day.month - 1) // months + 1}")


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
