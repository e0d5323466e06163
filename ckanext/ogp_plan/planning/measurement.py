"""Rules of measurements: their indicator, their days, in what they are given, and what reaches a target."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values.periods import parse_period, period_of
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts, Owners
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import Measurement, Record
from ckanext.ogp_plan.planning.types import Accumulation, Declared, Indicator, Item, Measure

#: Days of the longest period that is measured: six years.
LONGEST_PERIOD = 366 * 6


def with_period(fields: Mapping[str, Any], period: str | None) -> Mapping[str, Any]:
    """A value reported with an update is of its period, unless it names its own or corrects another."""
    own = any(fields.get(name) for name in ("period", "start", "end", "supersedes"))
    return fields if own or not period else {**fields, "period": period}


def indicator_of(item: Item, code: str | None) -> Indicator:
    """Return the indicator of an item that is measured; without a code, its only one.

    :raises RejectedReport: the item has none, or it is not known which.
    """
    if not item.indicators:
        reject("indicator", "indicator.none")
    if code is None and len(item.indicators) == 1:
        return item.indicators[0]
    found = next((indicator for indicator in item.indicators if indicator.code == code), None)
    if found is None:
        reject("indicator", "indicator.unknown", codes=[indicator.code for indicator in item.indicators])
    return found


def measured_days(
    fields: Mapping[str, Any], superseded: Measurement | None, today: dt.date, months: int
) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that a measurement is of.

    :param fields: ``period``, or ``start`` and ``end``; without any, those of what it corrects, or the
        present period of the plan's cadence.
    :param months: of the cadence.
    :raises RejectedReport: they are not in order, have not begun, or are too many.
    """
    start, end, name = fields.get("start"), fields.get("end"), fields.get("period")
    if name and (start or end):
        reject("period", "period.or_days")
    if name:
        found = parse_period(name)
        start, end = found.start, found.end
    elif start is None and end is None:
        if superseded is not None:
            return superseded.start, superseded.end
        found = period_of(today, months)
        start, end = found.start, found.end
    if start is None or end is None or start > end:
        reject("end", "days.missing")
    if start > today:
        reject("start", "days.future")
    if (end - start).days > LONGEST_PERIOD:
        reject("end", "days.too_long")
    return start, end


def same_measurement(
    record: Record,
    organization: str | None,
    indicator: Indicator,
    days: tuple[dt.date, dt.date],
    fields: Mapping[str, Any],
) -> Measurement | None:
    """Return what was measured already of the same indicator, organismo, days and dimension: counted twice it
    would be wrong. Automatic measurements do not count."""
    wanted = (indicator.code, organization, *days, dict(fields.get("dimension") or {}))
    for known in record.counting_measurements():
        same = (known.indicator, known.organization, known.start, known.end, known.dimension) == wanted
        if same and known.method == "manual":
            return known
    return None


def measured_value(
    indicator: Indicator, fields: Mapping[str, Any]
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the value, or the numerator and denominator; an indicator in words has neither.

    :raises RejectedReport: they are not what the indicator is measured in.
    """
    value, numerator, denominator = (fields.get(name) for name in ("value", "numerator", "denominator"))
    if indicator.measure is Measure.QUALITATIVE:
        if value is not None or numerator is not None or denominator is not None:
            reject("value", "value.words")
        if not fields.get("comment"):
            reject("comment", "value.comment")
        return None, None, None
    if numerator is None and denominator is None:
        if value is None:
            reject("value", "value.missing")
        if indicator.measure is Measure.BOOLEAN and value not in (0, 1):
            reject("value", "value.boolean")
        return value, None, None
    if indicator.measure is not Measure.PERCENTAGE:
        reject("numerator", "value.not_ratio")
    if value is not None:
        reject("value", "value.or_ratio")
    if numerator is None:
        reject("numerator", "value.numerator")
    if denominator is None or denominator <= 0:
        reject("denominator", "value.denominator")
    return None, numerator, denominator


# --- targets


def reaches_targets(facts: Facts, item: Item, organization: str | None, today: dt.date) -> bool:
    """Return whether what is declared completed reaches its targets: an organismo's own, or all of them.

    Of several organismos without a shared goal, the last one that completes answers for the whole.
    """
    owners = facts.owners(item)
    measurements = facts.measurements.get(item.key, [])
    shared = progress.compute_quota(facts, item)
    if organization is not None and owners.size >= 2:
        if shared is not None:
            own = shared.by_organization.get(organization)
            return own is None or own.met
        if not _is_last(facts, item, owners, organization, today):
            return True
    for indicator in item.indicators:
        if shared is not None and indicator.code == shared.indicator:
            if shared.missing or shared.capped < shared.target:
                return False
        elif not reaches_target(indicator, measurements):
            return False
    return True


def _is_last(facts: Facts, item: Item, owners: Owners, organization: str, today: dt.date) -> bool:
    """Whether all others that owe an item completed it."""
    status = compute_status(facts, today, {item.key})[item.key]
    declared = {own.organization: own.declared for own in status.assignments}
    others = [declared.get(name) for name in owners.targets if name != organization]
    return not owners.unnamed and all(state is Declared.DONE for state in others)


def reaches_target(indicator: Indicator, measurements: Iterable[Measurement]) -> bool:
    """Return whether an indicator reaches its target; one without a number as target always does."""
    wanted = progress.target_value(indicator)
    if not wanted or indicator.measure is Measure.QUALITATIVE:
        return True
    actual = progress.actual_value(indicator, measurements)
    if actual is None:
        return False
    if indicator.accumulation is Accumulation.ALL_MEET:
        return actual >= 100
    return actual >= wanted if indicator.ascending else actual <= wanted
