"""How far indicators, items, groups and parents are: fractions from 0 to 1, None where there is none.

Absent is not zero: without a target, without a measure, there is no progress, and what has none is
left out of means and counted apart (coverage).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.facts import Facts, gather_facts
from ckanext.ogp_plan.planning.json_values import CONTEXT
from ckanext.ogp_plan.planning.tracking import Measurement, Record, Update
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Declared,
    Indicator,
    Item,
    Measure,
    Plan,
    Schedule,
    ScheduleKind,
    Target,
)

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)


@dataclass(slots=True)
class QuotaShare:
    """What one organismo owes of a shared goal. ``actual`` None: it measured nothing."""

    organization: str
    own_target: Decimal
    actual: Decimal | None
    capped: Decimal
    met: bool


@dataclass(frozen=True, slots=True)
class Quota:
    """A goal shared by organismos, capped: what one does beyond its own covers for nobody.

    ``target``: the sum of what each owes. ``actual``: all that was measured. ``capped``: what counts.
    Where what each measures does not add up (a percentage) the three are means over all who owe.
    ``size``: how many owe; ``unnamed``: how many of them the group does not name and nobody reported
    for. ``unattributed``: measured without saying by whom, or by who owes nothing. ``met`` and
    ``missing``: names, in order.
    """

    indicator: str
    target: Decimal
    actual: Decimal
    capped: Decimal
    size: int
    unnamed: int
    unattributed: Decimal
    met: tuple[str, ...]
    missing: tuple[str, ...]
    by_organization: dict[str, QuotaShare] = field(default_factory=dict)

    @property
    def progress(self) -> Decimal | None:
        """Fraction of the shared goal; None while nobody measured anything of its own."""
        if all(entry.actual is None for entry in self.by_organization.values()):
            return None
        return clamp(CONTEXT.divide(self.capped, self.target))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an item is. ``source``: "indicators", "declared", or None; ``value`` 0 to 1, or None.

    ``with_value`` of ``total``: how many of its indicators (or of those assigned) have a value.
    """

    value: Decimal | None
    source: str | None
    with_value: int
    total: int
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """One child for its parent's mean. ``rows``: how many tracked items with a value it represents."""

    progress: Decimal | None
    weight: Decimal | None = None
    rows: int = 1
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Rolled:
    """The progress of a parent, and of how many of its children (excluded ones left out) it is known."""

    progress: Decimal | None
    with_value: int
    total: int


def clamp(value: Decimal) -> Decimal:
    """Return a fraction held between 0 and 1."""
    return min(max(value, ZERO), ONE)


# --- indicators


def is_additive(indicator: Indicator) -> bool:
    """Tell whether what several periods measured adds up (percentages never do)."""
    return indicator.accumulation is Accumulation.SUM and indicator.measure is Measure.UNIT


def measured_value(measurement: Measurement) -> Decimal | None:
    """Return the value of one measurement; a ratio as a percentage. None when it has none."""
    if measurement.numerator is not None and measurement.denominator:
        return measurement.numerator * HUNDRED / measurement.denominator
    return measurement.value


def actual_value(
    indicator: Indicator, measurements: Iterable[Measurement], until: dt.date | None = None
) -> Decimal | None:
    """Return what several measurements make together, in the unit of the target; None of none.

    :param indicator: says how they accumulate. ``todos_cumplen``: the percentage of the events that
        reach the target each.
    :param until: only of periods that ended by then.

    Shares by dimension (40 users: 16 of the government…) are parts of a total: they count only where
    no total was measured and they add up.
    """
    values = _values(indicator, measurements, until)
    if not values:
        return None
    kind = indicator.accumulation
    if kind is Accumulation.ALL_MEET:
        target = target_value(indicator)
        if target is None:
            return None
        met = sum(value >= target if indicator.ascending else value <= target for value in values)
        return Decimal(met) * HUNDRED / Decimal(len(values))
    if is_additive(indicator):
        return sum(values, ZERO)
    if kind is Accumulation.MAXIMUM:
        return max(values)
    if kind is Accumulation.MEAN:
        return sum(values, ZERO) / Decimal(len(values))
    return values[-1]


def _values(
    indicator: Indicator, measurements: Iterable[Measurement], until: dt.date | None
) -> list[Decimal]:
    """Values of an indicator's measurements, by the end of their period and then as they came."""
    own = [
        measurement
        for measurement in measurements
        if measurement.indicator == indicator.code and (until is None or measurement.end <= until)
    ]
    whole = [entry for entry in own if not entry.dimension]
    counted = own if not whole and is_additive(indicator) else whole
    counted.sort(key=lambda entry: (entry.end, entry.at, entry.id))
    return [value for value in map(measured_value, counted) if value is not None]


def target_value(indicator: Indicator) -> Decimal | None:
    """Return the number an indicator is to reach in the whole plan; None where only words say it.

    Targets of periods one after another add up where what is measured does; else the last one counts.
    What is either done or not has 1 as its target.
    """
    whole = [target for target in indicator.targets if target.value is not None and not target.dimension]
    if not whole:
        return ONE if indicator.measure is Measure.BOOLEAN else None
    dated = [target for target in whole if target.start and target.end]
    if len(whole) == 1 or len(dated) < len(whole):
        return whole[0].value
    dated.sort(key=lambda entry: (entry.start, entry.end))  # type: ignore[arg-type,return-value]
    if not is_additive(indicator):
        return max(dated, key=lambda entry: entry.end or dt.date.min).value
    follow = all(entry.end < other.start for entry, other in zip(dated, dated[1:], strict=False))  # type: ignore[operator]
    return sum((target.value or ZERO for target in dated), ZERO) if follow else whole[0].value


def compute_indicator_progress(
    indicator: Indicator,
    measurements: Iterable[Measurement],
    target: Target | Decimal | None = None,
    until: dt.date | None = None,
) -> Decimal | None:
    """Return how far an indicator is: (actual − baseline) / (target − baseline), between 0 and 1.

    :param target: another target than the plan's whole one (what is owed by a cut).
    :param until: only of periods that ended by then.
    :returns: None without measurement, without a number to reach, with 0 as the target, or with a
        baseline that leaves nothing to go (never 0, never 1).
    """
    if indicator.measure is Measure.QUALITATIVE:
        return None
    wanted = target.value if isinstance(target, Target) else target
    wanted = target_value(indicator) if wanted is None else wanted
    actual = actual_value(indicator, measurements, until)
    return None if actual is None else target_fraction(indicator, actual, wanted)


def target_fraction(indicator: Indicator, actual: Decimal, wanted: Decimal | None) -> Decimal | None:
    """Return how far a value is from the baseline to a target: :func:`compute_indicator_progress`."""
    if not wanted:
        return None
    if indicator.accumulation is Accumulation.ALL_MEET:
        return clamp(actual / HUNDRED)
    baseline = indicator.baseline
    if baseline is None:
        if not indicator.ascending:
            # what has to fall from nobody knows where is either there or not yet anywhere
            return ONE if actual <= wanted else None
        baseline = ZERO
    way = wanted - baseline
    if way == 0 or (way > 0) != indicator.ascending:
        return None
    return clamp((actual - baseline) / way)


# --- what is shared


def compute_quota(record: Record | Facts, item: Item, until: dt.date | None = None) -> Quota | None:
    """Return the progress of a shared goal by organismo; None when the item shares none.

    A goal is shared when an assigned lead or group has its own target; and where what each measures
    does not add up (a percentage), when there are several: then each owes the whole target.
    Organismos that a group does not name are taken from those that measured, as many as it lacks.
    """
    facts = gather_facts(record)
    indicator = next((indicator for indicator in item.indicators if target_value(indicator)), None)
    if indicator is None or not indicator.ascending or indicator.accumulation is Accumulation.ALL_MEET:
        return None
    owed, unnamed, unnamed_target = _owed(facts, item, indicator)
    if not owed and not (unnamed and unnamed_target):
        return None
    by_name: dict[str | None, list[Measurement]] = {}
    for measurement in facts.measurements.get(item.key, ()):
        if measurement.indicator == indicator.code:
            by_name.setdefault(measurement.organization, []).append(measurement)
    for name in sorted(name for name in by_name if name and name not in owed):
        if unnamed and unnamed_target:
            owed[name] = unnamed_target
            unnamed -= 1
    actuals = {name: actual_value(indicator, values, until) for name, values in by_name.items()}
    shares = {name: _share(name, own, actuals.get(name)) for name, own in sorted(owed.items())}
    unattributed = sum((value for name, value in actuals.items() if name not in owed and value), ZERO)
    size = len(owed) + unnamed
    over = ONE if is_additive(indicator) else Decimal(size)
    target = sum(owed.values(), ZERO) + (unnamed_target or ZERO) * unnamed
    actual = sum((share.actual for share in shares.values() if share.actual), ZERO) + unattributed
    capped = sum((share.capped for share in shares.values()), ZERO)
    return Quota(
        indicator.code,
        CONTEXT.divide(target, over),
        CONTEXT.divide(actual, over),
        CONTEXT.divide(capped, over),
        size,
        unnamed,
        CONTEXT.divide(unattributed, over),
        tuple(name for name, share in shares.items() if share.met),
        tuple(name for name, share in shares.items() if not share.met),
        shares,
    )


def _owed(facts: Facts, item: Item, indicator: Indicator) -> tuple[dict[str, Decimal], int, Decimal | None]:
    """What each named organismo owes, how many are not named, and what each of those owes."""
    owners = facts.owners(item)
    if not any(owners.targets.values()) and not owners.unnamed_target:
        if is_additive(indicator) or owners.size < 2:
            return {}, 0, None
        each = target_value(indicator)
        return dict.fromkeys(owners.targets, each or ZERO), owners.unnamed, each
    named = {name: own for name, own in owners.targets.items() if own}
    return named, owners.unnamed if owners.unnamed_target else 0, owners.unnamed_target


def _share(name: str, own: Decimal, actual: Decimal | None) -> QuotaShare:
    if actual is None:
        return QuotaShare(name, own, None, ZERO, False)
    return QuotaShare(name, own, actual, min(max(actual, ZERO), own), actual >= own)


# --- items


def compute_item_progress(record: Record | Facts, item: Item, until: dt.date | None = None) -> Progress:
    """Return how far an item is: the mean of its indicators, or as declared when they say nothing.

    A shared goal counts capped. Declared progress of several organismos is their mean; what is
    declared completado without a percentage is 1.
    """
    facts = gather_facts(record)
    shared = compute_quota(facts, item, until)
    measurements = facts.measurements.get(item.key, ())
    found = []
    for indicator in item.indicators:
        if shared and indicator.code == shared.indicator:
            found.append(shared.progress)
        else:
            found.append(compute_indicator_progress(indicator, measurements, until=until))
    known = [value for value in found if value is not None]
    if known:
        return Progress(_mean(known), "indicators", len(known), len(found), shared)
    declared = declared_progress(facts, item)
    if declared is not None:
        return Progress(declared, "declared", 0, len(found), shared)
    return Progress(None, None, 0, len(found), shared)


def declared_progress(facts: Facts, item: Item) -> Decimal | None:
    """Return the mean of the last progress that each one declared; None when nobody did."""
    updates = facts.updates.get(item.key, ())
    owners = facts.owners(item)
    if owners.size < 2:
        return last_progress(updates)
    whole = last_progress([update for update in updates if update.organization is None])
    by_name: dict[str, list[Update]] = {}
    for update in updates:
        if update.organization is not None:
            by_name.setdefault(update.organization, []).append(update)
    names = set(owners.targets) | set(sorted(set(by_name) - set(owners.targets))[: owners.unnamed])
    values = [last_progress(by_name[name]) if name in by_name else whole for name in sorted(names)]
    values += [whole] * max(0, owners.size - len(names))
    known = [value for value in values if value is not None]
    return _mean(known) if known else None


def last_progress(updates: Iterable[Update]) -> Decimal | None:
    """Return the progress that updates leave declared, the oldest first; what is completado is 1."""
    found: Decimal | None = None
    for update in updates:
        if update.progress is not None:
            found = clamp(Decimal(update.progress) / HUNDRED)
        elif update.state is Declared.DONE:
            found = ONE
    return found


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / Decimal(len(values))


def expected_progress(schedule: Schedule, plan: Plan, today: dt.date) -> Decimal | None:
    """Return how far an item should be on a day, 0 to 1; None when nobody says when it is due.

    Months: those that are over, of all that are scheduled. A range: by days. A single day: 0 up to it,
    1 after it.
    """
    if schedule.kind is ScheduleKind.RANGE:
        start, due = schedule.start or plan.start, calendar.due_of(schedule, plan)
        if start is None or due is None:
            return None
        if due <= start:
            return ONE if today > due else ZERO
        return clamp(Decimal((today - start).days) / Decimal((due - start).days))
    if schedule.kind is ScheduleKind.DATE:
        due = calendar.due_of(schedule, plan)
        return None if due is None else ONE if today > due else ZERO
    months = calendar.scheduled_months(schedule, plan)
    if not months:
        return None
    over = sum(last_of_month(*month) < today for month in months)
    return Decimal(over) / Decimal(len(months))


# --- parents


def compute_parent_progress(children: Sequence[Child], mode: str = "equal") -> Rolled:
    """Return Σ w·p / Σ w over the children with a progress that are not excluded.

    :param mode: ``equal``; ``rows`` (a child weighs as many rows as it represents); ``explicit`` or
        ``budget`` (its own weight; a child without one does not count while a brother has one, and
        where none has one they are equal).
    """
    counted = [child for child in children if not child.excluded]
    known = [part for part in counted if part.progress is not None]
    weights = [_weight(row, mode) for row in known]
    if mode in ("explicit", "budget") and all(part.weight is None for part in counted):
        weights = [ONE] * len(known)
    total = sum(weights, ZERO)
    if not total:
        return Rolled(None, len(known), len(counted))
    summed = sum(
        (w * entry.progress for w, entry in zip(weights, known, strict=True) if entry.progress), ZERO
    )
    return Rolled(clamp(summed / total), len(known), len(counted))


def _weight(child: Child, mode: str) -> Decimal:
    if mode == "equal":
        return ONE
    if mode == "rows":
        return Decimal(child.rows)
    return max(child.weight or ZERO, ZERO)
