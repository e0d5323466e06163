"""Schedules as plans print them: a date, a range, a list of months or a cadence."""

from __future__ import annotations

import datetime as dt
import re

from ckanext.cost_common.values.dates import MONTH_PATTERN, MONTHS, Precision, last_of_month, parse_day
from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan.planning.types import Schedule, ScheduleKind

#: How often, by the word officials use, and how many times in twelve months.
CADENCES = {
    "diario": 365,
    "semanal": 52,
    "quincenal": 24,
    "mensual": 12,
    "bimestral": 6,
    "bimensual": 6,
    "trimestral": 4,
    "cuatrimestral": 3,
    "semestral": 2,
    "anual": 1,
}
_MONTH_WORD = re.compile(rf"\b({MONTH_PATTERN})\b")
_YEAR_WORD = re.compile(r"\b((?:19|20)\d\d)\b", re.ASCII)
_RANGE = re.compile(
    r"^(?:(?:desde|del|de|entre)\b)?\s*(?:el\s+)?(.+?)\s+(?:a|al|hasta|y)\s+(.+)$|^(.+?)\s+[-–]\s+(.+)$"
)
_LIST = re.compile(rf"(?:({MONTH_PATTERN})\b[\s,;y/]*(?:de\s+)?)+(?:de\s+)?(?:(?:19|20)\d\d)?\.?\Z")


def _first_day(found: tuple[dt.date, Precision]) -> dt.date:
    """Return where a period begins: "enero de 2026" begins on its first day."""
    date, precision = found
    if precision is Precision.MONTH:
        return date.replace(day=1)
    return dt.date(date.year, 1, 1) if precision is Precision.YEAR else date


def parse_schedule(text: str, year: int | None = None) -> Schedule | None:
    """Read when something is due, as a cell "Fecha programada" says it.

    A date, a range ("enero a diciembre de 2026"), a list of months, or a cadence ("trimestral").

    :param year: the plan's year, for dates that give none.
    :returns: None when it is not known.
    """
    folded = fold(text).strip(" .")
    if not folded or len(folded) > 200:
        return None
    entry = parse_day(folded, year)
    if entry:
        return Schedule(ScheduleKind.DATE, due=entry[0], precision=entry[1])
    for word, times in CADENCES.items():
        if re.fullmatch(rf"(?:de forma |con periodicidad )?{word}(?:es|mente)?", folded):
            return Schedule(ScheduleKind.RECURRING, cadence=word, times=times)
    return _range(folded, year) or _month_list(folded, year)


def _range(folded: str, year: int | None) -> Schedule | None:
    match = _RANGE.match(folded)
    if not match:
        return None
    first, last = (match[1], match[2]) if match[1] else (match[3], match[4])
    if match[1] and not re.search(r"\s(?:a|al|hasta)\s", folded) and not folded.startswith("entre"):
        return None
    years = _YEAR_WORD.findall(last)
    end = parse_day(last, year)
    start = parse_day(first, int(years[-1]) if years else year)
    if not start or not end or _first_day(start) > end[0]:
        return None
    precision = Precision.DAY if end[1] is Precision.DAY else end[1]
    return Schedule(ScheduleKind.RANGE, start=_first_day(start), due=end[0], precision=precision)


def _month_list(folded: str, year: int | None) -> Schedule | None:
    if not _LIST.match(folded):
        return None
    years = set(_YEAR_WORD.findall(folded))
    if len(years) > 1:
        return None
    of_year = int(years.pop()) if years else year
    months = tuple(sorted({MONTHS[name] for name in _MONTH_WORD.findall(folded)}))
    due = last_of_month(of_year, months[-1]) if of_year else None
    return Schedule(ScheduleKind.MONTHS, months=months, due=due, precision=Precision.MONTH)


def months_schedule(months: tuple[int, ...], year: int | None) -> Schedule:
    """Return the schedule of marked months; without any, an undeclared one (never "no months")."""
    if not months:
        return Schedule()
    due = last_of_month(year, max(months)) if year else None
    return Schedule(
        ScheduleKind.MONTHS, months=tuple(sorted(set(months))), due=due, precision=Precision.MONTH
    )
