"""Cuts: the compliance of a plan on fixed days, frozen as bytes that anybody can compute again.

What counts at a cut: updates and measurements of periods up to its day, told by the moment of the
freeze. One that names no period is of the day it was made. Persons are no part of a cut.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from . import calendar, progress, states, store
from . import settings as settings_module
from .facts import Facts, gathered, report_span
from .families import Family
from .jsonable import CONTEXT, jsonable, moment_text
from .progress import HUNDRED, ONE, ZERO
from .settings import ANY_LEVEL, PARENT_LEVEL, Settings
from .states import Standing
from .tracking import Evidence, Key, Measurement, Record, Update, Verdict, VerdictRole, standing
from .types import Accumulation, Indicator, Item, Measure, Plan

#: The number of these rules: a cut says by which it was computed.
RULES = 1


@dataclass(frozen=True, slots=True)
class RowCompliance:
    """One counted thing (a row, or an activity) at a cut.

    ``scheduled``: it counts at this cut. ``undeclared``: nobody says when; it counts at the last cut
    only. ``excluded``: why it counts at none (a state, or ``merged``). ``target`` and ``actual``: to
    the cut, of its first indicator with a number. ``progress``: to the cut, 0 to 1. ``late``: its day
    had passed at the cut and it was not fulfilled.
    """

    key: Key
    component: Key
    scheduled: bool
    fulfilled: bool
    undeclared: bool
    excluded: str | None
    target: Decimal | None
    actual: Decimal | None
    progress: Decimal | None
    evidence: int
    late: bool
    #: Control Interno's own word at this cut, beside it
    confirmed: bool | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Compliance of a component, or of the whole plan (``component`` None).

    ``share``: percent, 0 to 100; None when nothing was scheduled. ``mean_progress``: of the scheduled
    that have one (``with_progress``). ``undeclared``: how many not excluded say no months, counted at
    this cut or not. ``total``: all of them, excluded too.
    """

    component: Key | None
    title: str
    scheduled: int
    fulfilled: int
    share: Decimal | None
    zone: str | None
    mean_progress: Decimal | None
    with_progress: int
    undeclared: int
    excluded: int
    total: int


@dataclass(frozen=True, slots=True)
class Compliance:
    """The compliance of a plan at a cut. ``whole`` is Σ fulfilled / Σ scheduled, not a mean of components."""

    day: dt.date
    count_unit: str
    last: bool
    whole: Totals
    components: tuple[Totals, ...]
    rows: tuple[RowCompliance, ...]


@dataclass(frozen=True, slots=True)
class CutState:
    """Where a cut is: ``abierto`` (its day has not passed), ``en_plazo``, ``vencido`` (not published and
    overdue), ``publicado_a_tiempo``, ``publicado_tarde``. ``late_days``: calendar days after ``due``.
    """

    state: str
    due: dt.date
    late_days: int


# --- the calendar


def cut_days(settings: Settings, plan: Plan) -> tuple[dt.date, ...]:
    """Return the days of a plan's cuts, in order; none when its period is not known."""
    if plan.start is None or plan.end is None:
        return ()
    days = [
        dt.date(year, month, day)
        for year in range(plan.start.year, plan.end.year + 1)
        for month, day in settings.cut_days
    ]
    return tuple(day for day in days if plan.start <= day <= plan.end)


def publish_by(day: dt.date, business_day: int = 10) -> dt.date:
    """Return the day a cut is due: the tenth business day of the month after it."""
    after = calendar.last_of_month(day.year, day.month) + dt.timedelta(days=1)
    return calendar.nth_business_day(after.year, after.month, business_day)


def cut_state(day: dt.date, published: dt.date | None, today: dt.date, business_day: int = 10) -> CutState:
    """Return where a cut is on a day; ``published``: the day it was first published."""
    due = publish_by(day, business_day)
    if published is not None:
        late = max((published - due).days, 0)
        return CutState("publicado_tarde" if late else "publicado_a_tiempo", due, late)
    if today <= day:
        return CutState("abierto", due, 0)
    late = max((today - due).days, 0)
    return CutState("vencido" if late else "en_plazo", due, late)


# --- what was known of a cut


def up_to(record: Record, cut_day: dt.date) -> Record:
    """Return a record with only what stands of periods up to a day.

    An update is of its period; without one, of what it corrects, or of the day it was made. A
    measurement is of the end of its period. Evidence goes with the update or measurement it is of, or
    else is of its day. A verdict is of the cut it names, or of its day; answers and links are of their
    day. A review of what counts, and what is known of an evidence, counts whenever it was made.
    """
    by_id = {one.id: one for one in record.updates}
    updates = [one for one in standing(record.updates) if report_span(one, by_id)[1] <= cut_day]
    measurements = [one for one in standing(record.measurements) if one.end <= cut_day]
    about = {one.id for one in record.updates if report_span(one, by_id)[1] <= cut_day}
    about |= {one.id for one in record.measurements if one.end <= cut_day}
    return replace(
        record,
        updates=updates,
        measurements=measurements,
        evidence=[one for one in standing(record.evidence) if _of_cut(one, about, cut_day)],
        verdicts=[
            one for one in standing(record.verdicts) if (one.cut or calendar.day_of(one.at)) <= cut_day
        ],
        answers=[one for one in standing(record.answers) if calendar.day_of(one.at) <= cut_day],
        links=[one for one in record.links if calendar.day_of(one.at) <= cut_day],
    )


def _of_cut(one: Evidence, about: set[str], cut_day: dt.date) -> bool:
    if one.update or one.measurement:
        return bool({one.update, one.measurement} & about)
    return calendar.day_of(one.at) <= cut_day


# --- compliance


def compliance(
    record: Record | Facts,
    cut_day: dt.date,
    settings: Settings | None = None,
    standings: Mapping[Key, Standing] | None = None,
) -> Compliance:
    """Return the compliance of a plan at a cut.

    A row counts from its first scheduled month on; one whose months nobody declares, at the last cut
    only. It is fulfilled when what was done reaches what was due by then, with at least one valid
    evidence. What has no number to reach is fulfilled when its light is ``completado``.

    :param record: with only what was known of the cut (:func:`freeze` takes care of it).
    :param standings: how its items stood on that day, when they are computed already.
    """
    facts = gathered(record)
    how = settings or states.settings_of(facts.record)
    with localcontext(CONTEXT):
        lights = states.stand(facts, cut_day, settings=how) if standings is None else standings
        days = cut_days(how, facts.plan)
        last = not days or cut_day >= days[-1]
        rows = [
            _row(facts, item, lights[item.key], cut_day, last)
            for item in _counted_items(facts, how)
            if item.key in lights
        ]
        if how.count_unit == "activity":
            rows = _activities(facts, rows, how)
        roots = [item for item in facts.children.get(None, ()) if item.key in {one.component for one in rows}]
        components = tuple(
            _totals(item.key, item.title, [one for one in rows if one.component == item.key], how)
            for item in roots
        )
        return Compliance(
            cut_day, how.count_unit, last, _totals(None, "", rows, how), components, tuple(rows)
        )


def _counted_items(facts: Facts, how: Settings) -> list[Item]:
    level = how.unit_levels["row"]
    return [item for item in facts.items.values() if item.trackable and level in (ANY_LEVEL, item.level)]


def _row(facts: Facts, item: Item, light: Standing, cut_day: dt.date, last: bool) -> RowCompliance:
    months = calendar.scheduled_months(item.schedule, facts.plan)
    begun = sum(month <= (cut_day.year, cut_day.month) for month in months)
    excluded = ("merged" if states.is_merged(item) else light.light) if light.excluded else None
    scheduled = excluded is None and (begun > 0 if months else last)
    share = Decimal(begun) / Decimal(len(months)) if months else ONE
    due_part = share if begun else ONE if last else ZERO
    measured = _measured(facts, item, light, due_part)
    reached = _reached(measured, light)
    fulfilled = scheduled and reached and light.valid_evidence > 0
    first = next((one for one in measured if one.target is not None), None)
    return RowCompliance(
        key=item.key,
        component=facts.root(item).key,
        scheduled=scheduled,
        fulfilled=fulfilled,
        undeclared=not months,
        excluded=excluded,
        target=first.target if first else None,
        actual=first.actual if first else None,
        progress=_row_progress(measured, light),
        evidence=light.valid_evidence,
        late=bool(scheduled and not fulfilled and light.due and light.due < cut_day),
        confirmed=_confirmed(facts, item, cut_day),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """One indicator at a cut: what was due of it by then and what was done."""

    target: Decimal | None
    actual: Decimal | None
    met: bool
    progress: Decimal | None


def _measured(facts: Facts, item: Item, light: Standing, part: Decimal) -> list[_Measured]:
    found = []
    for one in item.indicators:
        whole = progress.target_value(one)
        if one.measure is Measure.QUALITATIVE or not whole:
            continue
        if light.quota and light.quota.indicator == one.code:
            found.append(_of_quota(light, _target_to(one, light.quota.target, part)))
            continue
        actual = progress.actual_value(one, facts.measurements.get(item.key, ()))
        target = _target_to(one, whole, part)
        found.append(_Measured(target, actual, _met(one, actual, target), _towards(one, actual, target)))
    return found


def _of_quota(light: Standing, target: Decimal) -> _Measured:
    quota = light.quota
    if quota is None or quota.progress is None:
        return _Measured(target, None, False, None)
    part = progress.clamp(quota.capped / target) if target else None
    return _Measured(target, quota.capped, quota.capped >= target, part)


def _target_to(indicator: Indicator, whole: Decimal, part: Decimal) -> Decimal:
    """What is due of a target when a part of the scheduled months has begun.

    A count in proportion, rounded down, at least 1 (or the whole, when that is less); a percentage and
    what is not a count, whole.
    """
    counted = indicator.measure is Measure.UNIT and indicator.ascending and not indicator.baseline
    if not counted or indicator.accumulation is Accumulation.ALL_MEET or part >= ONE:
        return whole
    due = (whole * part).to_integral_value(rounding=ROUND_FLOOR)
    return max(due, min(ONE, whole))


def _met(indicator: Indicator, actual: Decimal | None, target: Decimal) -> bool:
    if actual is None:
        return False
    if indicator.accumulation is Accumulation.ALL_MEET:
        return actual >= HUNDRED
    return actual >= target if indicator.ascending else actual <= target


def _towards(indicator: Indicator, actual: Decimal | None, target: Decimal) -> Decimal | None:
    """min(1, actual / target): progress towards what was due by the cut."""
    return None if actual is None else progress.fraction(indicator, actual, target)


def _reached(measured: Sequence[_Measured], light: Standing) -> bool:
    if measured:
        return all(one.met for one in measured)
    return light.light == "completado"


def _row_progress(measured: Sequence[_Measured], light: Standing) -> Decimal | None:
    known = [one.progress for one in measured if one.progress is not None]
    if known:
        return sum(known, ZERO) / Decimal(len(known))
    return light.progress if not measured else None


def _confirmed(facts: Facts, item: Item, cut_day: dt.date) -> bool | None:
    """What Control Interno said of this very cut."""
    own = [
        one
        for one in facts.verdicts.get(item.key, ())
        if one.role is VerdictRole.CONTROL and one.cut == cut_day and one.fulfilled is not None
    ]
    return own[-1].fulfilled if own else None


def _activities(facts: Facts, rows: Sequence[RowCompliance], how: Settings) -> list[RowCompliance]:
    """Count activities: one is scheduled when any of its rows is, fulfilled when all of those are."""
    level = how.unit_levels["activity"]
    grouped: dict[Key, list[RowCompliance]] = {}
    for one in rows:
        grouped.setdefault(_activity(facts, one.key, level), []).append(one)
    return [_joined(key, ones) for key, ones in grouped.items()]


def _activity(facts: Facts, key: Key, level: str) -> Key:
    """The item that a row is counted as: the nearest one above at a level, or the row itself."""
    if level == ANY_LEVEL:
        return key
    item = facts.items[key]
    if level == PARENT_LEVEL:
        return item.parent if item.parent in facts.items and item.parent else key
    seen = {key}
    while item.level != level:
        if item.parent not in facts.items or item.parent is None or item.parent in seen:
            return key
        seen.add(item.parent)
        item = facts.items[item.parent]
    return item.key


def _joined(key: Key, rows: Sequence[RowCompliance]) -> RowCompliance:
    within = [one for one in rows if one.excluded is None]
    scheduled = [one for one in within if one.scheduled]
    known = [one.progress for one in scheduled if one.progress is not None]
    said = [one.confirmed for one in scheduled]
    return RowCompliance(
        key=key,
        component=rows[0].component,
        scheduled=bool(scheduled),
        fulfilled=bool(scheduled) and all(one.fulfilled for one in scheduled),
        undeclared=bool(within) and all(one.undeclared for one in within),
        excluded=None if within else rows[0].excluded,
        target=None,
        actual=None,
        progress=sum(known, ZERO) / Decimal(len(known)) if known else None,
        evidence=sum(one.evidence for one in within),
        late=any(one.late for one in scheduled),
        confirmed=None if not said or None in said else all(said),
    )


def _totals(component: Key | None, title: str, rows: Sequence[RowCompliance], how: Settings) -> Totals:
    scheduled = [one for one in rows if one.scheduled]
    fulfilled = sum(one.fulfilled for one in scheduled)
    known = [one.progress for one in scheduled if one.progress is not None]
    share = Decimal(fulfilled) * HUNDRED / Decimal(len(scheduled)) if scheduled else None
    zone = how.zone(share)
    return Totals(
        component=component,
        title=title,
        scheduled=len(scheduled),
        fulfilled=fulfilled,
        share=share,
        zone=zone.id if zone else None,
        mean_progress=sum(known, ZERO) / Decimal(len(known)) if known else None,
        with_progress=len(known),
        undeclared=sum(one.undeclared and one.excluded is None for one in rows),
        excluded=sum(one.excluded is not None for one in rows),
        total=len(rows),
    )


# --- frozen


def freeze(
    record: Record, cut_day: dt.date, as_of: dt.datetime, settings: Settings | None = None
) -> dict[str, Any]:
    """Return a plan as it stood at a cut, as plain JSON values without floats.

    :param record: its ``plan`` and ``version`` are those that were in force at ``as_of``.
    :param cut_day: the cut; lights, reasons and compliance are of this day.
    :param as_of: the moment up to which facts are known; what comes later changes nothing.

    The same facts give the same values whatever their order. The body says the settings and the number
    of the rules it was computed with. Of private evidence it says only that there is one, and why.
    """
    how = settings or states.settings_of(record)
    known = up_to(record.as_of(as_of), cut_day)
    facts = Facts(known)
    with localcontext(CONTEXT):
        standings = states.stand(facts, cut_day, settings=how)
        rolled = states.roll_up(standings, facts, how)
        found = compliance(facts, cut_day, how, standings)
    return {
        "rules": RULES,
        "day": cut_day.isoformat(),
        "as_of": moment_text(as_of),
        "version": record.version,
        "settings": settings_module.plain(how),
        "plan": _plan(record.plan),
        "compliance": compliance_dict(found),
        "roll_up": [states.roll_up_dict(one) for one in rolled.values()],
        "items": [_item(facts, item, standings.get(item.key)) for item in record.plan.items],
    }


def again(record: Record, body: Mapping[str, Any], family: Family | None = None) -> dict[str, Any]:
    """Freeze again what ``body`` froze, with the settings that it says, from facts as they are now.

    ``record.plan`` and ``record.version`` must be the version that ``body`` names.

    :param family: the plan's family, when it is none of the extension's own.
    :raises ValueError: the body was made by other rules than these.
    """
    if body.get("rules") != RULES:
        raise ValueError(f"made by rules {body.get('rules')!r}, not {RULES}")
    given = body["settings"]
    how = settings_module.settings(family, given) if family else settings_module.of(record.plan.family, given)
    as_of = dt.datetime.fromisoformat(str(body["as_of"]).replace("Z", "+00:00"))
    return freeze(record, dt.date.fromisoformat(body["day"]), as_of, how)


def compliance_dict(found: Compliance) -> dict[str, Any]:
    """Return a compliance as plain JSON; keys of items as ``{"level", "code"}``."""
    return {
        "day": found.day.isoformat(),
        "count_unit": found.count_unit,
        "last": found.last,
        "whole": _with_keys(found.whole, "component"),
        "components": [_with_keys(one, "component") for one in found.components],
        "rows": [_with_keys(one, "key", "component") for one in found.rows],
    }


def _with_keys(one: Totals | RowCompliance, *names: str) -> dict[str, Any]:
    made: dict[str, Any] = jsonable(one)
    for name in names:
        made[name] = _key(getattr(one, name))
    return made


def _key(key: Key | None) -> dict[str, str] | None:
    return {"level": key[0], "code": key[1]} if key else None


def _plan(plan: Plan) -> dict[str, Any]:
    """What a plan says of itself. Its status and its contact persons are no part of a cut."""
    return {
        "family": plan.family,
        "title": plan.title,
        "start": jsonable(plan.start),
        "end": jsonable(plan.end),
        "version": plan.version,
        "form_code": plan.form_code,
        "owner": plan.owner,
        "groups": [jsonable(group) for group in sorted(plan.groups, key=lambda one: one.id)],
    }


def _item(facts: Facts, item: Item, light: Standing | None) -> dict[str, Any]:
    stored = store.item_to_store(item)
    # where it stood in a file is no part of a plan
    del stored["place"]
    for indicator in stored["indicators"]:
        del indicator["place"]
    return {
        "level": item.level,
        "code": item.code,
        "item": jsonable(stored),
        "standing": _standing(light) if light else None,
        "updates": [_update(one) for one in _last_updates(facts.updates.get(item.key, ()))],
        "measurements": [_measurement(one) for one in facts.measurements.get(item.key, ())],
        "evidence": [_evidence(facts, one) for one in facts.evidence.get(item.key, ())],
        "verdicts": [_verdict(one) for one in facts.verdicts.get(item.key, ())],
    }


def _standing(light: Standing) -> dict[str, Any]:
    made = states.standing_dict(light)
    # the key and the verdicts are written with the item, what each one owes with the assignments
    del made["key"], made["verdicts"]
    if made["quota"]:
        del made["quota"]["by_organization"]
    return made


def _last_updates(updates: Iterable[Update]) -> list[Update]:
    """The last update of each organismo, and of the item as a whole."""
    last = {one.organization: one for one in updates}
    return sorted(last.values(), key=lambda one: (one.at, one.id))


def _only(one: Any, *names: str) -> dict[str, Any]:
    return {name: jsonable(getattr(one, name)) for name in names}


def _update(one: Update) -> dict[str, Any]:
    return _only(
        one,
        "id",
        "at",
        "organization",
        "state",
        "progress",
        "text",
        "obstacles",
        "next_step",
        "reason",
        "at_risk",
        "confirms",
        "period",
    )


def _measurement(one: Measurement) -> dict[str, Any]:
    return _only(
        one,
        "id",
        "at",
        "indicator",
        "start",
        "end",
        "organization",
        "value",
        "numerator",
        "denominator",
        "comment",
        "dimension",
        "method",
    )


def _evidence(facts: Facts, one: Evidence) -> dict[str, Any]:
    broken = states.broken(one, facts.checks.get(one.id))
    said = _only(one, "id", "at", "organization", "public") | {"broken": list(broken)}
    if not one.public:
        return said | {"withheld": one.withheld}
    return said | _only(
        one,
        "kind",
        "title",
        "url",
        "resource",
        "dataset",
        "sha256",
        "size",
        "captured",
        "update",
        "measurement",
    )


def _verdict(one: Verdict) -> dict[str, Any]:
    return _only(
        one,
        "id",
        "at",
        "role",
        "cut",
        "suggested",
        "assigned",
        "agrees",
        "fulfilled",
        "quality",
        "rationale",
        "recommendation",
        "alert",
        "closes",
    )


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return the one way to write a body: sorted keys, UTF-8, no spaces, decimals as texts.

    :raises TypeError: it holds what plain JSON without floats does not.
    """
    _refuse_floats(body)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _refuse_floats(body: Any) -> None:
    waiting = [body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            raise TypeError(f"{one!r}: a float has more than one way to be written")
        if isinstance(one, dict):
            waiting += [value for value in one.values() if not isinstance(value, str)]
        elif isinstance(one, list):
            waiting += one


def digest(content: bytes) -> str:
    """Return the SHA-256 of canonical bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
