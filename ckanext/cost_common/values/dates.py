"""Days and months as Colombian officials write them."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from enum import Enum

from ckanext.cost_common.values.text import fold

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "enero ene january jan",
            "febrero feb february",
            "marzo mar march",
            "abril abr april apr",
            "mayo may",
            "junio jun june",
            "julio jul july",
            "agosto ago august aug",
            "septiembre setiembre sep sept set september",
            "octubre oct october",
            "noviembre nov november",
            "diciembre dic december dec",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH_PATTERN = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(rf"({MONTH_PATTERN})\.?\s*(?:de\s+|del\s+|[-/]\s*)?((?:19|20)\d\d)", re.ASCII)
_DAY_MONTH = re.compile(
    rf"(\d{{1,2}})\s*(?:de\s+|[-/]\s*)?({MONTH_PATTERN})\.?\s*(?:(?:de|del)\s+|[-/]\s*)?((?:19|20)\d\d)?"
)
_ISO = re.compile(r"((?:19|20)\d\d)-(\d{1,2})-(\d{1,2})(?:[ t]00:00(?::00)?)?", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20)\d\d)", re.ASCII)
_NUMERIC_MONTH = re.compile(r"(\d{1,2})[/-]((?:19|20)\d\d)", re.ASCII)
_YEAR = re.compile(r"(?:vigencia\s+|ano\s+)?((?:19|20)\d\d)", re.ASCII)


class Precision(str, Enum):
    """How exactly a day is known; a month's due day is its last."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def last_of_month(year: int, month: int) -> dt.date:
    """Return the last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def months_between(start: dt.date, end: dt.date) -> tuple[tuple[int, int], ...]:
    """Return the (year, month) of each month that two days span, both included; none when out of order."""
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    return tuple((number // 12, number % 12 + 1) for number in range(first, last + 1))


def _safe(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def parse_day(text: str, year: int | None = None) -> tuple[dt.date, Precision] | None:
    """Read one date: a day, a month (its last day) or a year (its last day).

    :param year: the year of what gives none ("30 de abril").
    :returns: the date and how exactly it is known, or None.
    """
    folded = fold(text).strip(" .")
    found: dt.date | None = None
    if match := _ISO.fullmatch(folded):
        found = _safe(int(match[1]), int(match[2]), int(match[3]))
    elif match := _SLASHES.fullmatch(folded):
        found = _safe(int(match[3]), int(match[2]), int(match[1]))
    elif match := _DAY_MONTH.fullmatch(folded):
        in_year = int(match[3]) if match[3] else year
        found = _safe(in_year, MONTHS[match[2]], int(match[1])) if in_year else None
    if found:
        return found, Precision.DAY
    return _month_or_year(folded, year)


def _month_or_year(folded: str, year: int | None) -> tuple[dt.date, Precision] | None:
    if match := _MONTH_YEAR.fullmatch(folded):
        return last_of_month(int(match[2]), MONTHS[match[1]]), Precision.MONTH
    if match := _NUMERIC_MONTH.fullmatch(folded):
        month = int(match[1])
        return (last_of_month(int(match[2]), month), Precision.MONTH) if 1 <= month <= 12 else None
    if folded in MONTHS and year:
        return last_of_month(year, MONTHS[folded]), Precision.MONTH
    if match := _YEAR.fullmatch(folded):
        return dt.date(int(match[1]), 12, 31), Precision.YEAR
    return None
