"""Days, moments and periods in words."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

import ckan.plugins.toolkit as tk
from babel.dates import format_skeleton, format_time, get_month_names

from ckanext.cost_common.helpers import formatting
from ckanext.cost_common.values.periods import parse_period, period_of
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers.number import ogp_plan_number


def _parse_day(value: dt.date | str) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.astimezone(config.timezone()).date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _parse_moment(value: dt.datetime | str) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        moment = value
    else:
        try:
            # Python 3.10 reads no "Z"
            moment = dt.datetime.fromisoformat(re.sub(r"Z\Z", "+00:00", str(value)))
        except ValueError:
            return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).astimezone(config.timezone())


@formatting.cached_by_language
def ogp_plan_day(value: dt.date | str | None, width: str = "long") -> str:
    """A calendar day in words; ``value`` a date or text that begins with one (``2026-11-21``)."""
    day = _parse_day(value) if value else None
    return formatting.format_day(day, width) if day else ""


def ogp_plan_moment_day(value: dt.datetime | str | None, width: str = "long") -> str:
    """The day of a moment in the portal's zone, in words."""
    moment = _parse_moment(value) if value else None
    return ogp_plan_day(moment.date(), width) if moment else ""


def ogp_plan_moment(value: dt.datetime | str | None) -> str:
    """A moment in words, day and hour in the portal's zone."""
    moment = _parse_moment(value) if value else None
    if moment is None:
        return ""
    hour = format_time(moment.time(), format="short", locale=formatting.current_locale())
    return tk._("{day}, {hour}").format(day=ogp_plan_day(moment.date()), hour=hour)


@formatting.cached_by_language
def ogp_plan_due(value: dt.date | str | None, precision: str | None = None) -> str:
    """When something is due, as exactly as it is known: a day, or only a month, a quarter, a year."""
    day = _parse_day(value) if value else None
    if day is None:
        return ""
    if precision == "month":
        return ogp_plan_period(f"{day:%Y-%m}")
    if precision == "quarter":
        return ogp_plan_period(f"{day.year:04}-T{(day.month - 1) // 3 + 1}")
    if precision == "year":
        return f"{day.year}"
    return ogp_plan_day(day)


@formatting.cached_by_language
def ogp_plan_month(number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """The name of a month, 1 to 12 (``width``: wide or abbreviated)."""
    names = get_month_names(width, "stand-alone", locale=formatting.current_locale())
    return str(names[int(number)]).rstrip(".")


@formatting.cached_by_language
def ogp_plan_period(name: str | None) -> str:
    """A period of reporting in words: ``2026-03`` → "marzo de 2026", ``2026-T1`` → "enero a marzo de…"."""
    try:
        period = parse_period(str(name or ""))
    except ValueError:
        return str(name or "")
    locale = formatting.current_locale()
    if (period.start.year, period.start.month) == (period.end.year, period.end.month):
        return str(format_skeleton("yMMMM", period.start, locale=locale))
    if period.start.month == 1 and period.end.month == 12:
        return f"{period.start.year}"
    return tk._("{first} to {last}").format(
        first=ogp_plan_month(period.start.month), last=format_skeleton("yMMMM", period.end, locale=locale)
    )


def ogp_plan_span(start: dt.date | str | None, end: dt.date | str | None) -> str:
    """A time from one day to another; whole years as years, whole periods by their months."""
    first, last = _parse_day(start) if start else None, _parse_day(end) if end else None
    if first and last:
        if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
            return f"{first.year}" if first.year == last.year else f"{first.year}–{last.year}"
        if first == last:
            return ogp_plan_day(first)
        for months in (1, 2, 3, 4, 6):
            period = period_of(first, months)
            if (period.start, period.end) == (first, last):
                return ogp_plan_period(period.id)
        return tk._("{first} to {last}").format(first=ogp_plan_day(first), last=ogp_plan_day(last))
    if first:
        return tk._("From {day}").format(day=ogp_plan_day(first))
    return tk._("Until {day}").format(day=ogp_plan_day(last)) if last else ""


@formatting.cached_by_language
def ogp_plan_ago(days: int | None) -> str:
    """How long ago the last news came, in days."""
    if days is None:
        return tk._("No news yet")
    if days <= 0:
        return tk._("Today")
    return tk.ungettext("{days} day ago", "{days} days ago", days).format(days=ogp_plan_number(days))


def ogp_plan_change_text(text: str) -> str:
    """A value of a change; a day (``2026-11-21``) in words, any other text as it is."""
    return ogp_plan_day(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else text
