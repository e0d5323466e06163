"""Dates: in order, in this century, and not yet to come when they tell what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import Hit, LintField, LintPlace, Parts, ProjectContext, check, lint
from .extracts import Found, any_moment, compared, day, days_between, earlier, moment, number
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE
_SECOND = dt.timedelta(seconds=1)
#: a day in seconds
_DAY = 86_400

register(
    "date.end_before_start",
    _W,
    N_("A period that ends before it begins"),
    N_("The period ends before it begins: %(value)s."),
    N_("Check both dates; day and month, or start and end, may be swapped."),
    N_("OC4IDS 0.9.5: Period"),
)
register(
    "date.max_extent_before_end",
    _W,
    N_("A latest possible date before the end"),
    N_("The period cannot go beyond its latest possible date, and yet it ends later: %(value)s."),
    N_("Correct 'maxExtentDate' or 'endDate'."),
    N_("OC4IDS 0.9.5: Period"),
)
register(
    "date.duration_differs",
    _W,
    N_("A duration that does not match the dates"),
    N_("The duration in days is not what lies between the period's dates: %(value)s."),
    N_("Correct 'durationInDays', or remove it: both dates already say how long the period is."),
    N_("OC4IDS 0.9.5: Period"),
)
register(
    "date.duration_negative",
    _W,
    N_("A negative duration"),
    N_("The duration in days is below zero: %(value)s."),
    N_("Write how many days the period lasts, from start to end."),
    N_("OC4IDS 0.9.5: Period"),
)
register(
    "date.out_of_range",
    _W,
    N_("A date from another century"),
    N_("The year of %(value)s is outside what this field may reasonably hold (%(range)s)."),
    N_("Check the year; dates such as 1900-01-01 or 9999-12-31 are fillers and should be removed."),
    N_("Our reasoning: years by field, see checks.yaml"),
)
register(
    "date.future",
    _W,
    N_("A fact dated in the future"),
    N_("This field tells when something happened, and %(value)s has not come yet."),
    N_(
        "Correct the date. If it is a plan, write it where plans go: the period, or the milestone's due date."
    ),
    N_("OC4IDS 0.9.5: actual dates"),
)
register(
    "date.tender_after_contract",
    _W,
    N_("A tender published after its contract began"),
    N_("The tender was published after the contract's start: %(value)s."),
    N_("Check both dates; the tender comes before the contract."),
    N_("OC4IDS 0.9.5: tender and contract period"),
)
register(
    "date.stage_order",
    _N,
    N_("Planned stages out of order"),
    N_("This stage begins before the stage that comes before it: %(value)s."),
    N_(
        "Check the start dates of the stages: identification, preparation, implementation, completion, "
        "maintenance."
    ),
    N_("OC4IDS 0.9.5: project stages"),
)
register(
    "date.met_without_date",
    _N,
    N_("A milestone met, without the day"),
    N_("The milestone says that it was met but not when."),
    N_("Add 'dateMet' with the day on which it was met."),
    N_("OC4IDS 0.9.5: milestone status"),
)
register(
    "date.met_but_pending",
    _W,
    N_("A milestone with a day met but not met"),
    N_("The milestone has the day on which it was met, and its status is %(value)s."),
    N_("Change the status to \"met\", or remove 'dateMet'."),
    N_("OC4IDS 0.9.5: milestone status"),
)


def _odd_periods(ctx: ProjectContext) -> list[Found]:
    """Periods but those whose dates, of one hour and zone, are in order: nearly all are."""
    if ctx.extracts.odd_periods is None:
        odd = ctx.extracts.odd_periods = []
        for found in ctx.extracts.periods:
            period = found[2]
            start: Any = period.get("startDate")
            end: Any = period.get("endDate")
            latest: Any = period.get("maxExtentDate")
            try:
                in_order = start <= end and start[10:] == end[10:]
                if latest is not None:
                    in_order = in_order and end <= latest and end[10:] == latest[10:]
            except TypeError:
                in_order = False
            if not in_order:
                odd.append(found)
    return ctx.extracts.odd_periods


@check("date.end_before_start", needs=("Period",))
def end_before_start(ctx: ProjectContext) -> Iterator[Hit]:
    """Every period ends on or after its start (OC4IDS, Period: all 18 places)."""
    for _, parts, period in _odd_periods(ctx):
        start: Any = period.get("startDate")
        end: Any = period.get("endDate")
        if earlier(end, start):
            yield Hit((*parts, "endDate"), compared(start, "→", end))


@check("date.max_extent_before_end", needs=("Period",))
def max_extent_before_end(ctx: ProjectContext) -> Iterator[Hit]:
    """A period cannot be extended beyond ``maxExtentDate``, so nothing of it comes later (OC4IDS, Period)."""
    for _, parts, period in _odd_periods(ctx):
        latest = period.get("maxExtentDate")
        if latest is None:
            continue
        for name in ("endDate", "startDate"):
            if earlier(latest, period.get(name)):
                yield Hit((*parts, "maxExtentDate"), compared(latest, "<", period[name]))
                break


def _seconds(start: Any, end: Any) -> int | None:
    """Whole seconds between two date-times, or None where one is none."""
    first, last = moment(start), moment(end)
    return None if first is None or last is None else (last - first) // _SECOND


@check("date.duration_differs", needs=("Period",), also=("date.duration_negative",))
def duration_differs(ctx: ProjectContext) -> Iterator[Hit]:
    """``durationInDays`` equals end − start, or latest − start without an end (OC4IDS,
    Period.durationInDays).

    One day more or less is accepted: some count the last day.
    """
    allowed = rules("dates")["duration_tolerance_days"] * _DAY
    for _, parts, period in ctx.extracts.periods:
        days = period.get("durationInDays")
        if type(days) is not int:
            continue
        if days < 0:
            yield Hit((*parts, "durationInDays"), days, code="date.duration_negative")
            continue
        end = period["endDate"] if "endDate" in period else period.get("maxExtentDate")
        start = period.get("startDate")
        apart = days_between(start, end)
        if apart == days:
            continue
        between = _seconds(start, end) if apart is None else apart * _DAY
        if between is None or between < 0:
            continue
        # Whole numbers: a hostile duration may be larger than any float.
        if abs(days * _DAY - between) > allowed:
            displayed = f"{days} ≠ {round(between / _DAY)}" if number(days) is not None else None
            yield Hit((*parts, "durationInDays"), displayed)


def _field_path(parts: Parts) -> str:
    """The schema path of a place."""
    return "/".join(part for part in parts if isinstance(part, str))


def _years(path: str) -> tuple[int, int]:
    """Years a date of this field may have, both included."""
    limits = rules("dates")
    long_lived = path.partition("/")[0] in rule_set("dates", "long_lived")
    return limits["earliest_year"], limits["latest_year_long_lived" if long_lived else "latest_year"]


def _require_year(field: LintField) -> Mapping[str, Any] | None:
    if field.schema.get("format") != "date-time":
        return None
    first, last = _years(field.path)
    return {"pattern": f"^({_one_of(first, last)})-"}


def _one_of(first: int, last: int) -> str:
    """An expression for the years from ``first`` to ``last``: whole decades together, which is quicker."""
    found = []
    for decade in range(first // 10, last // 10 + 1):
        digits = [year % 10 for year in range(decade * 10, decade * 10 + 10) if first <= year <= last]
        found.append(f"{decade}[{digits[0]}-{digits[-1]}]")
    return "|".join(found)


@lint("date.out_of_range", require=_require_year)
def year_out_of_range(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Dates lie between 1970 and 2060, those of assets' lives until 2200 (our reasoning; ``dates`` in the
    data)."""
    when = any_moment(place.value)
    if when is None:
        return
    first, last = _years(place.field)
    if not first <= when.year <= last:
        yield Hit(place.parts, place.value, {"range": f"{first}–{last}"})


@check("date.future", needs=lambda: rule_set("dates", "actual"))
def actual_date_in_the_future(ctx: ProjectContext) -> Iterator[Hit]:
    """What happened has a date up to today (OC4IDS: completion.endDate is the *actual* date, dateMet, …)."""
    for _, parts, value in ctx.extracts.late_dates:
        when = day(value, ctx.options.timezone)
        latest = _years(_field_path(parts))[1]
        # beyond that year date.out_of_range reports it
        if when is not None and when > ctx.today and when.year <= latest:
            yield Hit(parts, value)


@check("date.tender_after_contract", needs=("contractingProcesses",))
def tender_after_contract(ctx: ProjectContext) -> Iterator[Hit]:
    """A tender is published before its contract starts (OC4IDS, tender.datePublished; red flag P8)."""
    for parts, _, summary in ctx.extracts.contracts:
        tender, period = summary.get("tender"), summary.get("contractPeriod")
        if isinstance(tender, dict) and isinstance(period, dict):
            start: Any = period.get("startDate")
            published: Any = tender.get("datePublished")
            if earlier(start, published):
                yield Hit((*parts, "tender", "datePublished"), compared(published, ">", start))


@check("date.stage_order", needs=lambda: rules("dates")["stages"])
def stage_order(ctx: ProjectContext) -> Iterator[Hit]:
    """Planned stages begin one after another; they may overlap (OC4IDS, the six stage periods)."""
    previous: Any = None
    for name in rules("dates")["stages"]:
        period = ctx.project.get(name)
        start: Any = period.get("startDate") if isinstance(period, dict) else None
        if moment(start) is None:
            continue
        if earlier(start, previous):
            yield Hit((name, "startDate"), compared(start, "<", previous))
        previous = start


@check("date.met_without_date", needs=("Milestone",), also=("date.met_but_pending",))
def milestone_met(ctx: ProjectContext) -> Iterator[Hit]:
    """A milestone is met exactly when it has the day it was met (OC4IDS, codelist milestoneStatus)."""
    for _, parts, milestone in ctx.extracts.milestones:
        status = milestone.get("status")
        if status == "met" and "dateMet" not in milestone:
            yield Hit((*parts, "status"), status)
        elif status in ("scheduled", "notMet") and moment(milestone.get("dateMet")):
            yield Hit((*parts, "status"), status, code="date.met_but_pending")
