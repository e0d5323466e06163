"""Why an item is at risk: the rules R1 to R9, and what its responsible declares itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from ckanext.cost_common.values.business_days import day_of
from ckanext.cost_common.values.periods import period_of, periods_between
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.item_facts import ItemFacts
from ckanext.ogp_plan.planning.progress import HUNDRED, ZERO, Progress, Quota
from ckanext.ogp_plan.planning.status_types import Reason
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Declared


def find_reasons(
    item_facts: ItemFacts,
    made: Progress,
    expected: Decimal | None,
    waits: list[tuple[str | None, Key, dt.date | None]],
) -> Iterable[Reason]:
    """Return the reasons of risk, in their order. What is completado keeps only R5 and R7."""
    open_ = item_facts.state is not Declared.DONE
    if open_:
        yield from _r1(item_facts)
        yield from _r2(item_facts, made.value)
        yield from _r3(item_facts, made.value, expected)
        yield from _r4(item_facts)
    yield from _r5(item_facts, made.value)
    if open_:
        yield from _r6(item_facts, waits)
    yield from _r7(item_facts)
    if open_:
        yield from _r9(item_facts, made.quota)
        yield from _manual(item_facts)


def _r1(item_facts: ItemFacts) -> Iterable[Reason]:
    """Overdue."""
    if item_facts.is_overdue and item_facts.due:
        yield Reason("R1", {"due": item_facts.due, "days": (item_facts.today - item_facts.due).days})


def _r2(item_facts: ItemFacts, value: Decimal | None) -> Iterable[Reason]:
    """Due soon with little progress. Progress that nobody reports is no number; not begun is a fact."""
    if item_facts.due is None or item_facts.today > item_facts.due:
        return
    how = item_facts.settings
    window = how.threshold("due_soon_days")
    if item_facts.start:
        share = Decimal((item_facts.due - item_facts.start).days) * how.threshold("due_soon_share") / HUNDRED
        window = max(window, share)
    left = (item_facts.due - item_facts.today).days
    least = how.threshold("due_soon_progress")
    little = item_facts.state is Declared.NOT_STARTED if value is None else value * HUNDRED < least
    if left <= window and little:
        yield Reason(
            "R2",
            {
                "how": "none" if value is None else "little",
                "due": item_facts.due,
                "days": left,
                "progress": _percent(value),
                "least": least,
            },
        )


def _r3(item_facts: ItemFacts, value: Decimal | None, expected: Decimal | None) -> Iterable[Reason]:
    """Behind what is expected; off where nobody says when."""
    if expected is None or value is None and item_facts.state is not Declared.NOT_STARTED:
        return
    points = (expected - (value or ZERO)) * HUNDRED
    if points >= item_facts.settings.threshold("lag_points"):
        yield Reason(
            "R3",
            {
                "how": "none" if value is None else "behind",
                "expected": _percent(expected),
                "progress": _percent(value),
                "points": points,
                "limit": item_facts.settings.threshold("lag_points"),
            },
        )


def _r4(item_facts: ItemFacts) -> Iterable[Reason]:
    """Silence, and reports of "no changes" one after another."""
    how = item_facts.settings
    last = item_facts.last_update
    days, limit = item_facts.silence(last), how.threshold("silence_factor") * how.cadence.days
    if days is not None and days > limit:
        since = day_of(last) if last else item_facts.start
        yield Reason(
            "R4",
            {"how": "silent" if last else "never", "days": days, "limit": limit, "since": since},
        )
    most = max((owner.reported.unchanged for owner in item_facts.owners), default=0)
    if most and most >= how.threshold("unchanged_limit"):
        yield Reason("R4b", {"times": most, "limit": how.threshold("unchanged_limit")})


def _r5(item_facts: ItemFacts, value: Decimal | None) -> Iterable[Reason]:
    """Declared done, or with progress for a full period, and nothing proves it."""
    if item_facts.valid:
        return
    total = len(item_facts.evidence)
    if item_facts.declared is Declared.DONE:
        yield Reason("R5", {"how": "broken" if total else "done", "evidence": total})
        return
    first = _first_progress(item_facts)
    if not value or first is None:
        return
    days = (item_facts.today - day_of(first)).days
    full = item_facts.settings.threshold("evidence_periods") * item_facts.settings.cadence.days
    if days >= full:
        yield Reason(
            "R5",
            {
                "how": "progress",
                "evidence": total,
                "progress": _percent(value),
                "since": day_of(first),
                "days": days,
                "limit": full,
            },
        )


def _first_progress(item_facts: ItemFacts) -> dt.datetime | None:
    moments = [update.at for update in item_facts.updates if update.progress or update.state is Declared.DONE]
    moments += [
        measurement.at for measurement in item_facts.measurements if progress.measured_value(measurement)
    ]
    return min(moments, default=None)


def _r6(item_facts: ItemFacts, waits: list[tuple[str | None, Key, dt.date | None]]) -> Iterable[Reason]:
    """What it waits for is overdue."""
    for plan, (level, code), due in waits:
        days = (item_facts.today - due).days if due else None
        yield Reason("R6", {"plan": plan, "level": level, "code": code, "due": due, "days": days})


def _r7(item_facts: ItemFacts) -> Iterable[Reason]:
    """An alert of Control Interno or the monitor that is still open."""
    for verdict in item_facts.verdicts:
        if verdict.alert and verdict.id not in item_facts.facts.closed_alerts:
            since = day_of(verdict.at)
            yield Reason(
                "R7",
                {
                    "how": verdict.role.value,
                    "verdict": verdict.id,
                    "since": since,
                    "days": max((item_facts.today - since).days, 0),
                },
            )


def _r9(item_facts: ItemFacts, quota: Quota | None) -> Iterable[Reason]:
    """A count that cannot be reached: what is missing exceeds what its best period gave, by far.

    Only once some period gave something: before that nothing is known of its pace.
    """
    for indicator in item_facts.item.indicators:
        if not progress.is_additive(indicator) or not indicator.ascending:
            continue
        wanted = progress.target_value(indicator)
        actual = progress.actual_value(indicator, item_facts.measurements)
        if wanted is None or actual is None:
            continue
        if quota and quota.indicator == indicator.code:
            wanted, actual = quota.target, quota.capped
        best, left = _pace(item_facts, indicator.code)
        reach = item_facts.settings.threshold("reach_factor") * best * left
        missing = wanted - actual
        if best > 0 and left >= 0 and missing > reach:
            yield Reason(
                "R9",
                {
                    "indicator": indicator.code,
                    "missing": missing,
                    "target": wanted,
                    "best": best,
                    "periods": left,
                    "factor": item_facts.settings.threshold("reach_factor"),
                    "reach": reach,
                },
            )


def _pace(item_facts: ItemFacts, code: str) -> tuple[Decimal, int]:
    """The most that one period of reporting gave, and how many are left; -1 when that is not known.

    The period that runs is left until its last day, whatever was measured in it already.
    """
    plan, months = item_facts.facts.plan, item_facts.settings.cadence.months
    sums: dict[str, Decimal] = {}
    for measurement in item_facts.measurements:
        value = progress.measured_value(measurement)
        if measurement.indicator != code or measurement.dimension or value is None:
            continue
        period = period_of(measurement.end, months)
        sums[period.id] = sums.get(period.id, ZERO) + value
    end = item_facts.due or plan.end
    if plan.start is None or end is None or item_facts.today > end:
        return max(sums.values(), default=ZERO), -1
    return max(sums.values(), default=ZERO), len(periods_between(item_facts.today, end, months))


def _manual(item_facts: ItemFacts) -> Iterable[Reason]:
    """The responsible says so itself."""
    seen = set()
    for owner in item_facts.owners:
        risk = owner.reported.risk
        if risk is not None and risk.id not in seen:
            seen.add(risk.id)
            yield Reason(
                "manual",
                {
                    "text": risk.reason,
                    "organization": risk.organization,
                    "since": day_of(risk.at),
                },
            )


def _percent(value: Decimal | None) -> Decimal | None:
    return None if value is None else value * HUNDRED
