"""The compliance of a plan at a cut: what was due by then, and what was done of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from ckanext.ogp_plan.planning import calendar, progress
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.cuts.types import Compliance, RowCompliance, Totals
from ckanext.ogp_plan.planning.facts import Facts, gather_facts
from ckanext.ogp_plan.planning.item_facts import is_merged
from ckanext.ogp_plan.planning.json_values import CONTEXT, json_value
from ckanext.ogp_plan.planning.progress import HUNDRED, ONE, ZERO
from ckanext.ogp_plan.planning.settings import ANY_LEVEL, PARENT_LEVEL, Settings, settings_of
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import ItemStatus
from ckanext.ogp_plan.planning.tracking import Key, Record, VerdictRole
from ckanext.ogp_plan.planning.types import Accumulation, Indicator, Item, Measure


def compute_compliance(
    record: Record | Facts,
    cut_day: dt.date,
    settings: Settings | None = None,
    statuses: Mapping[Key, ItemStatus] | None = None,
) -> Compliance:
    """Return the compliance of a plan at a cut.

    A row counts from its first scheduled month on; one whose months nobody declares, at the last cut
    only. It is fulfilled when what was done reaches what was due by then, with at least one valid
    evidence. What has no number to reach is fulfilled when its light is ``completado``.

    :param record: with only what was known of the cut (:func:`.frozen.freeze` selects it).
    :param statuses: of its items on that day, when they are computed already.
    """
    facts = gather_facts(record)
    how = settings or settings_of(facts.record)
    with localcontext(CONTEXT):
        lights = compute_status(facts, cut_day, settings=how) if statuses is None else statuses
        days = cut_days(how, facts.plan)
        last = not days or cut_day >= days[-1]
        rows = [
            _row(facts, item, lights[item.key], cut_day, last)
            for item in _counted_items(facts, how)
            if item.key in lights
        ]
        if how.count_unit == "activity":
            rows = _activities(facts, rows, how)
        roots = [item for item in facts.children.get(None, ()) if item.key in {row.component for row in rows}]
        components = tuple(
            _totals(item.key, item.title, [row for row in rows if row.component == item.key], how)
            for item in roots
        )
        return Compliance(
            cut_day, how.count_unit, last, _totals(None, "", rows, how), components, tuple(rows)
        )


def _counted_items(facts: Facts, how: Settings) -> list[Item]:
    level = how.unit_levels["row"]
    return [item for item in facts.items.values() if item.trackable and level in (ANY_LEVEL, item.level)]


def _row(facts: Facts, item: Item, light: ItemStatus, cut_day: dt.date, last: bool) -> RowCompliance:
    months = calendar.scheduled_months(item.schedule, facts.plan)
    begun = sum(month <= (cut_day.year, cut_day.month) for month in months)
    excluded = ("merged" if is_merged(item) else light.light) if light.excluded else None
    scheduled = excluded is None and (begun > 0 if months else last)
    share = Decimal(begun) / Decimal(len(months)) if months else ONE
    due_part = share if begun else ONE if last else ZERO
    measured = _measured(facts, item, light, due_part)
    reached = _reached(measured, light)
    fulfilled = scheduled and reached and light.valid_evidence > 0
    first = next((measure for measure in measured if measure.target is not None), None)
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


def _measured(facts: Facts, item: Item, light: ItemStatus, part: Decimal) -> list[_Measured]:
    found = []
    for indicator in item.indicators:
        whole = progress.target_value(indicator)
        if indicator.measure is Measure.QUALITATIVE or not whole:
            continue
        if light.quota and light.quota.indicator == indicator.code:
            found.append(_of_quota(light, _target_to(indicator, light.quota.target, part)))
            continue
        actual = progress.actual_value(indicator, facts.measurements.get(item.key, ()))
        target = _target_to(indicator, whole, part)
        found.append(
            _Measured(target, actual, _met(indicator, actual, target), _towards(indicator, actual, target))
        )
    return found


def _of_quota(light: ItemStatus, target: Decimal) -> _Measured:
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
    return None if actual is None else progress.target_fraction(indicator, actual, target)


def _reached(measured: Sequence[_Measured], light: ItemStatus) -> bool:
    if measured:
        return all(measure.met for measure in measured)
    return light.light == "completado"


def _row_progress(measured: Sequence[_Measured], light: ItemStatus) -> Decimal | None:
    known = [measure.progress for measure in measured if measure.progress is not None]
    if known:
        return sum(known, ZERO) / Decimal(len(known))
    return light.progress if not measured else None


def _confirmed(facts: Facts, item: Item, cut_day: dt.date) -> bool | None:
    """What Control Interno declared in this very cut."""
    own = [
        verdict
        for verdict in facts.verdicts.get(item.key, ())
        if verdict.role is VerdictRole.CONTROL and verdict.cut == cut_day and verdict.fulfilled is not None
    ]
    return own[-1].fulfilled if own else None


def _activities(facts: Facts, rows: Sequence[RowCompliance], how: Settings) -> list[RowCompliance]:
    """Count activities: one is scheduled when any of its rows is, fulfilled when all of those are."""
    level = how.unit_levels["activity"]
    grouped: dict[Key, list[RowCompliance]] = {}
    for row in rows:
        grouped.setdefault(_activity(facts, row.key, level), []).append(row)
    return [_joined(key, rows) for key, rows in grouped.items()]


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
    within = [row for row in rows if row.excluded is None]
    scheduled = [row for row in within if row.scheduled]
    known = [row.progress for row in scheduled if row.progress is not None]
    confirmations = [row.confirmed for row in scheduled]
    return RowCompliance(
        key=key,
        component=rows[0].component,
        scheduled=bool(scheduled),
        fulfilled=bool(scheduled) and all(row.fulfilled for row in scheduled),
        undeclared=bool(within) and all(row.undeclared for row in within),
        excluded=None if within else rows[0].excluded,
        target=None,
        actual=None,
        progress=sum(known, ZERO) / Decimal(len(known)) if known else None,
        evidence=sum(row.evidence for row in within),
        late=any(row.late for row in scheduled),
        confirmed=None if not confirmations or None in confirmations else all(confirmations),
    )


def _totals(component: Key | None, title: str, rows: Sequence[RowCompliance], how: Settings) -> Totals:
    scheduled = [row for row in rows if row.scheduled]
    fulfilled = sum(row.fulfilled for row in scheduled)
    known = [row.progress for row in scheduled if row.progress is not None]
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
        undeclared=sum(row.undeclared and row.excluded is None for row in rows),
        excluded=sum(row.excluded is not None for row in rows),
        total=len(rows),
    )


def compliance_dict(found: Compliance) -> dict[str, Any]:
    """Return a compliance as plain JSON; keys of items as ``{"level", "code"}``."""
    return {
        "day": found.day.isoformat(),
        "count_unit": found.count_unit,
        "last": found.last,
        "whole": _with_keys(found.whole, "component"),
        "components": [_with_keys(component, "component") for component in found.components],
        "rows": [_with_keys(row, "key", "component") for row in found.rows],
    }


def _with_keys(row_compliance: Totals | RowCompliance, *names: str) -> dict[str, Any]:
    made: dict[str, Any] = json_value(row_compliance)
    for name in names:
        made[name] = _key(getattr(row_compliance, name))
    return made


def _key(key: Key | None) -> dict[str, str] | None:
    return {"level": key[0], "code": key[1]} if key else None
