"""The status of the items under a parent, or of a whole plan, in totals."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, localcontext

from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts, gather_facts
from ckanext.ogp_plan.planning.item_facts import is_undeclared
from ckanext.ogp_plan.planning.json_values import CONTEXT
from ckanext.ogp_plan.planning.progress import ONE, ZERO, Child, Rolled
from ckanext.ogp_plan.planning.settings import Settings, settings_of
from ckanext.ogp_plan.planning.status_types import REASONS, ItemStatus, RollUp
from ckanext.ogp_plan.planning.tracking import Completion, Key, Record
from ckanext.ogp_plan.planning.types import Declared, Item


def roll_up(
    statuses: Mapping[Key, ItemStatus], record: Record | Facts, settings: Settings | None = None
) -> dict[Key | None, RollUp]:
    """Return the status of the tracked items under each parent in totals; None: the whole plan.

    An item that is tracked and has items below counts itself and all of them.
    """
    facts = gather_facts(record)
    how = settings or settings_of(facts.record)
    made: dict[Key | None, RollUp] = {}
    with localcontext(CONTEXT):
        _rolled(None, statuses, facts, how, made)
    return made


@dataclass(slots=True)
class _Sum:
    """What is summed up from below."""

    total: int = 0
    counted: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    with_value: int = 0
    undeclared: int = 0
    disagreements: int = 0
    without_evidence: int = 0
    valid: int = 0
    began: int = 0
    complete: int = 0
    last: dt.datetime | None = None
    progress: Decimal | None = None
    finished: Decimal | None = None

    def add(self, item_status: ItemStatus, undeclared: bool) -> None:
        """Count one item."""
        self.total += 1
        self.counts[item_status.light] += 1
        self.reasons.update({reason.code for reason in item_status.reasons})
        self.undeclared += undeclared
        self.disagreements += item_status.disagreement
        self._news(item_status.last_update)
        if item_status.excluded:
            return
        self.counted += 1
        self.with_value += item_status.progress is not None
        self.valid += item_status.valid_evidence
        self.without_evidence += not item_status.valid_evidence
        self.began += item_status.suggested not in (None, Completion.NOT_STARTED)
        self.complete += item_status.suggested is Completion.COMPLETE

    def join(self, other: _Sum) -> None:
        """Count what is further below."""
        for name in (
            "total",
            "counted",
            "with_value",
            "undeclared",
            "disagreements",
            "without_evidence",
            "valid",
            "began",
            "complete",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        self._news(other.last)

    def _news(self, moment: dt.datetime | None) -> None:
        if moment and (self.last is None or moment > self.last):
            self.last = moment

    def suggested(self) -> Completion | None:
        """Completion of a parent, by rule."""
        if not self.counted:
            return None
        if not self.began:
            return Completion.NOT_STARTED
        if not self.valid:
            return Completion.NO_EVIDENCE
        if self.complete == self.counted:
            return Completion.COMPLETE
        half = self.finished is not None and self.finished * 2 >= ONE
        return Completion.SUBSTANTIAL if half else Completion.LIMITED


def _rolled(
    key: Key | None,
    statuses: Mapping[Key, ItemStatus],
    facts: Facts,
    how: Settings,
    made: dict[Key | None, RollUp],
) -> _Sum:
    summed = _Sum()
    means: list[Child] = []
    ends: list[Child] = []
    for item in facts.children.get(key, ()):
        own = statuses.get(item.key)
        below = _rolled(item.key, statuses, facts, how, made) if facts.children.get(item.key) else None
        if own:
            summed.add(own, is_undeclared(item, facts.plan))
        if below:
            summed.join(below)
        if not own and not (below and below.total):
            continue
        weight = _weight(item, how)
        means.append(_child(own, below, weight))
        ends.append(_end(own, below, weight))
    summed.progress = progress.compute_parent_progress(means, how.weights).progress
    summed.finished = progress.compute_parent_progress(ends, how.weights).progress
    if summed.total or key is None:
        made[key] = RollUp(
            key=key,
            total=summed.total,
            counted=summed.counted,
            counts=dict(sorted(summed.counts.items())),
            reasons={code: summed.reasons[code] for code in REASONS if summed.reasons[code]},
            rolled=Rolled(summed.progress, summed.with_value, summed.counted),
            undeclared=summed.undeclared,
            disagreements=summed.disagreements,
            without_evidence=summed.without_evidence,
            last_update=summed.last,
            suggested=summed.suggested(),
        )
    return summed


def _child(own: ItemStatus | None, below: _Sum | None, weight: Decimal | None) -> Child:
    """What an item weighs in its parent's progress: its own, or what rolls up to it."""
    if own and (own.progress is not None or not below):
        return Child(own.progress, weight, 1, own.excluded)
    if below:
        return Child(below.progress, weight, below.with_value, not below.counted)
    return Child(None, weight)


def _end(own: ItemStatus | None, below: _Sum | None, weight: Decimal | None) -> Child:
    """What an item weighs in how much of its parent is completed."""
    if own:
        return Child(ONE if own.light == Declared.DONE.value else ZERO, weight, 1, own.excluded)
    if below:
        return Child(below.finished, weight, below.counted, not below.counted)
    return Child(None, weight)


def _weight(item: Item, how: Settings) -> Decimal | None:
    if how.weights == "explicit":
        return item.weight
    if how.weights == "budget":
        value = item.fields.get(how.weight_field)
        try:
            found = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
        except InvalidOperation:
            return None
        return found if found is not None and found.is_finite() else None
    return None
