"""What the pages of plans say in words: days, numbers, lights, addresses."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import segno
from babel.dates import format_skeleton, format_time, get_month_names
from flask import current_app
from markupsafe import Markup

from ckanext.cost_common import formatting, language
from ckanext.cost_common.values.periods import parse_period, period_of
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.planning.words import phrases

#: Lights in the order of bars and legends: what needs looking at first, what is done last.
LIGHTS = ("en_riesgo", "no_iniciado", "en_curso", "completado")
#: States outside of the lights, left out of every denominator and still listed.
OUTSIDE = ("no_aplica", "suspendido", "retirado")


def _day(value: dt.date | str) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.astimezone(config.timezone()).date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _moment(value: dt.datetime | str) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        moment = value
    else:
        try:
            # Python 3.10 reads no "Z"
            moment = dt.datetime.fromisoformat(re.sub(r"Z\Z", "+00:00", str(value)))
        except ValueError:
            return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).astimezone(config.timezone())


# --- days


@formatting.cached_by_language
def ogp_plan_day(value: dt.date | str | None, width: str = "long") -> str:
    """A calendar day in words; ``value`` a date or text that begins with one (``2026-11-21``)."""
    day = _day(value) if value else None
    return formatting.format_day(day, width) if day else ""


def ogp_plan_moment_day(value: dt.datetime | str | None, width: str = "long") -> str:
    """The day of a moment in the portal's zone, in words."""
    moment = _moment(value) if value else None
    return ogp_plan_day(moment.date(), width) if moment else ""


def ogp_plan_moment(value: dt.datetime | str | None) -> str:
    """A moment in words, day and hour in the portal's zone."""
    moment = _moment(value) if value else None
    if moment is None:
        return ""
    hour = format_time(moment.time(), format="short", locale=formatting.current_locale())
    return tk._("{day}, {hour}").format(day=ogp_plan_day(moment.date()), hour=hour)


@formatting.cached_by_language
def ogp_plan_due(value: dt.date | str | None, precision: str | None = None) -> str:
    """When something is due, as exactly as it is known: a day, or only a month, a quarter, a year."""
    day = _day(value) if value else None
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
    first, last = _day(start) if start else None, _day(end) if end else None
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


def ogp_plan_said(text: str) -> str:
    """A text of a change as it came; a day that stands alone in it, in words."""
    return ogp_plan_day(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else text


# --- numbers


def ogp_plan_number(value: Any, digits: int = 2) -> str:
    """A number as it is written where the reader lives, with up to so many decimals; text as it came."""
    return formatting.format_number(value, digits)


def ogp_plan_value(value: Any, unit: str | None = None, measure: str | None = None) -> str:
    """A measured or promised value with its unit; a yes-or-no one in words. Empty for None."""
    if value is None or value == "":
        return ""
    if measure == "boolean":
        number = formatting.parse_number(value)
        return tk._("Yes") if (number is None and value) or number else tk._("No")
    told = ogp_plan_number(value)
    if measure == "percentage" or (unit or "").strip() == "%":
        return _percent(told)
    return f"{told} {unit}" if unit else told


@formatting.cached_by_language
def ogp_plan_percent(fraction: Any, digits: int = 0) -> str:
    """A fraction (0 to 1) as a percentage; rounded down, so that only what is whole is told as 100 %."""
    number = formatting.parse_number(fraction)
    if number is None:
        return ""
    step = Decimal(1).scaleb(-digits)
    floored = (number * 100).quantize(step, rounding="ROUND_FLOOR")
    return _percent(ogp_plan_number(floored, digits))


def ogp_plan_of_hundred(value: Any) -> str:
    """A percentage that is given in points (0 to 100)."""
    number = formatting.parse_number(value)
    return "" if number is None else _percent(ogp_plan_number(number, 1))


def _percent(told: str) -> str:
    """A number with its sign of percent; Spanish keeps them apart and on one line."""
    return f"{told}\u00a0%" if language.current().startswith("es") else f"{told}%"


def ogp_plan_width(fraction: Any) -> str:
    """A fraction (0 to 1) as the width of a bar, in CSS."""
    number = formatting.parse_number(fraction) or Decimal(0)
    return f"{min(max(number, Decimal(0)), Decimal(1)) * 100:.1f}%"


def ogp_plan_periods(indicator: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was measured of an indicator, a period a row; ``parts`` where several measured the same period.

    Their sum is given where the indicator is one of sums; of means and last values there is none.
    """
    together: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {}
    for one in indicator.get("periods") or ():
        together.setdefault((one["start"], one["end"]), []).append(one)
    rows = []
    for (start, end), found in together.items():
        numbers = [number for one in found if (number := formatting.parse_number(one["actual"])) is not None]
        adds = indicator.get("accumulation") == "suma" and indicator.get("measure") == "unit"
        rows.append(
            {
                "label": ogp_plan_span(start, end),
                "target": found[0]["target"],
                "only": found[0],
                "parts": found if len(found) > 1 else None,
                "total": sum(numbers, Decimal(0)) if adds and numbers else None,
                "whole": False,
            }
        )
    for (start, end), row in zip(together, rows, strict=True):
        # a goal of the whole time stands beside what all its periods made together
        within = any(one["actual"] is not None for span, found in together.items() for one in found
                     if start <= span[0] and span[1] <= end)  # fmt: skip
        if row["only"]["actual"] is None and within:
            row.update(whole=True, total=indicator.get("actual"))
    return rows


# --- lights


@formatting.cached_by_language
def ogp_plan_light_name(light: str | None) -> str:
    """A light, or a state outside of the lights, in the reader's words; an unknown one as it came."""
    return phrases.light_name(light, language.current()) if light else str(tk._("Not tracked"))


def _counted(light: str, count: int) -> str:
    """A light as it is said after a number: "3 completed"."""
    said = {
        "no_iniciado": lambda: tk.ungettext("not begun", "not begun", count),
        "en_curso": lambda: tk.ungettext("under way", "under way", count),
        "completado": lambda: tk.ungettext("completed", "completed", count),
        "en_riesgo": lambda: tk.ungettext("at risk", "at risk", count),
        "no_aplica": lambda: tk.ungettext("does not apply", "do not apply", count),
        "suspendido": lambda: tk.ungettext("suspended", "suspended", count),
        "retirado": lambda: tk.ungettext("withdrawn", "withdrawn", count),
    }
    return str(said[light]()) if light in said else light


def ogp_plan_light_icon(light: str | None) -> str:
    """The shape that goes with a light."""
    return light if light in LIGHTS or light in OUTSIDE else "none"


def ogp_plan_bar(
    lights: Mapping[str, int] | None, excluded: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """How many items each light has, for a bar and its legend: those that have none are left out."""
    found = {**(lights or {}), **(excluded or {})}
    order = [*LIGHTS, *OUTSIDE, *(one for one in found if one not in LIGHTS and one not in OUTSIDE)]
    total = sum(int(count or 0) for count in found.values())
    return [
        {
            "light": light,
            "icon": ogp_plan_light_icon(light),
            "name": ogp_plan_light_name(light),
            "counted": _counted(light, int(found[light])),
            "count": int(found[light]),
            "fill": light if light in LIGHTS else "out",
            "width": ogp_plan_width(Decimal(int(found[light])) / total),
        }
        for light in order
        if found.get(light)
    ]


# --- addresses


def ogp_plan_url(name: str) -> str:
    """The address of a plan's page."""
    return urls.url_of_plan(name)


def ogp_plan_item_url(plan: str, address: str) -> str:
    """The address of an item's page."""
    return urls.url_of_item(plan, address)


def ogp_plan_to(endpoint: str, **values: Any) -> str | None:
    """The address of a page of ours, or None where this portal does not have that page."""
    return tk.url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def ogp_plan_tabs(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """The pages of a plan that this person may open."""
    may = plan.get("may") or {}
    name = plan["name"]
    wanted = [
        ("items", tk._("What was promised"), "ogp_plan.read", True),
        ("changes", tk._("Changes"), "ogp_plan.changes", True),
        ("cuts", tk._("Cuts"), "ogp_plan.cuts", True),
        ("monitoring", tk._("Monthly monitoring"), "ogp_plan_report.monitoring", may.get("review")),
        ("import", tk._("Import"), "ogp_plan_import.new", may.get("import")),
        (
            "settings",
            tk._("Settings"),
            "ogp_plan.settings",
            may.get("settings") or may.get("roles") or may.get("grant") or may.get("publish_dataset"),
        ),
    ]
    made = []
    for tab, title, endpoint, allowed in wanted:
        url = ogp_plan_to(endpoint, plan=name) if allowed else None
        if url:
            made.append({"name": tab, "title": title, "url": url})
    return made


def ogp_plan_host(address: str | None) -> str:
    """The host of a web address, for saying where a link leads; empty for what is none."""
    try:
        return urlsplit(address or "").hostname or ""
    except ValueError:
        return ""


def ogp_plan_link(address: str | None) -> str:
    """An address that may stand in a link: http, https, or a page of this portal; anything else is empty."""
    if re.match(r"/[^/\\]", address or ""):
        return str(address)
    try:
        found = urlsplit(address or "")
    except ValueError:
        return ""
    return address or "" if found.scheme in ("http", "https") and found.hostname else ""


def ogp_plan_qr(address: str, title: str) -> Markup:
    """A QR of an address, as SVG to stand in a page."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, title=title
    )
    # segno escapes the title; nothing else of the caller stands in it
    return Markup(out.getvalue().decode("utf-8"))  # noqa: S704


# --- organismos


def ogp_plan_organization_block(organization: str) -> dict[str, Any] | None:
    """What an organismo owes, for the block on its page; None when it owes nothing that is public."""
    try:
        owed: dict[str, Any] = tk.get_action("ogp_plan_obligation_list")(
            {}, {"organization": organization, "limit": 1}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError, KeyError):
        return None
    return owed if owed.get("count") else None


def ogp_plan_others(names: Iterable[Mapping[str, Any]], shown: int = 2) -> dict[str, Any]:
    """The first of several organismos by name, and how many more there are."""
    listed = list(names or ())
    return {"first": listed[:shown], "more": max(len(listed) - shown, 0)}


def ogp_plan_sentences(said: Any) -> list[str]:
    """Every sentence of an error, however deep it stands."""
    if isinstance(said, Mapping):
        return [sentence for inner in said.values() for sentence in ogp_plan_sentences(inner)]
    if isinstance(said, list | tuple):
        return [sentence for inner in said for sentence in ogp_plan_sentences(inner)]
    return [str(said)] if said else []


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of the pages of plans by name."""
    return {name: found for name, found in globals().items() if name.startswith("ogp_plan_")}
