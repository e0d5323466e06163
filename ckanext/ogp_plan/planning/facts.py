"""The facts of a record by item, gathered once: what progress, lights and cuts look up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from ckanext.cost_common.values.business_days import day_of
from ckanext.cost_common.values.periods import parse_period, periods_between
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Event,
    Evidence,
    EvidenceCheck,
    Key,
    Link,
    LinkKind,
    Record,
    Update,
    current_events,
)
from ckanext.ogp_plan.planning.types import Item, OrgGroup, Plan, Role

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Owners:
    """Who owes an item: organismos by name with what each owes, and how many its groups do not name.

    Without any, the item is owed as a whole (nobody is named, or a group of unknown size).
    """

    targets: dict[str, Decimal | None] = field(default_factory=dict)
    unnamed: int = 0
    unnamed_target: Decimal | None = None

    @property
    def size(self) -> int:
        """How many owe it."""
        return len(self.targets) + self.unnamed


class Facts:
    """A record's facts by item. What was superseded, retracted or returned is left out.

    :param record: it is read once; the facts do not follow what is added to it later.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self.plan: Plan = record.plan
        self.items: dict[Key, Item] = {item.key: item for item in record.plan.items}
        self.groups: dict[str, OrgGroup] = {group.id: group for group in record.plan.groups}
        self.children: dict[Key | None, list[Item]] = defaultdict(list)
        for item in record.plan.items:
            # what hangs from an item that this record does not hold is a root of it
            self.children[item.parent if item.parent in self.items else None].append(item)
        returned = record.returned()
        self.updates = _by_item(record.counting_updates())
        self.measurements = _by_item(record.counting_measurements())
        self.evidence = _by_item(self._counting_evidence(returned))
        self.checks: dict[str, EvidenceCheck] = {
            event.evidence: event for event in current_events(record.checks)
        }
        self.verdicts = _by_item(current_events(record.verdicts))
        self.closed_alerts = {event.closes for event in current_events(record.verdicts) if event.closes}
        self.answers: dict[Key, list[Answer]] = _by_item(current_events(record.answers))
        self.depends = self._depends()

    def _counting_evidence(self, returned: set[str]) -> list[Evidence]:
        """Evidence of what was returned proves nothing, of what was corrected it still does."""
        out = {
            measurement.id
            for measurement in self.record.measurements
            if {measurement.update, measurement.report} & returned
        }
        out |= {update.id for update in self.record.updates if update.report in returned} | returned
        return [
            evidence_item
            for evidence_item in self.record.current_evidence()
            if not {evidence_item.update, evidence_item.measurement} & out
        ]

    def _depends(self) -> dict[Key, list[tuple[str | None, Key]]]:
        """What each item waits for: (plan, key), None for this plan. The last word on a link counts."""
        last: dict[tuple[Key, str | None, Key], Link] = {}
        for link in current_events(self.record.links):
            if link.kind is LinkKind.DEPENDS:
                last[link.item, link.plan, link.other] = link
        found: dict[Key, list[tuple[str | None, Key]]] = defaultdict(list)
        for (item, plan, other), link in last.items():
            if not link.removed:
                found[item].append((plan, other))
        return {
            item: sorted(others, key=lambda entry: (entry[0] or "", entry[1]))
            for item, others in found.items()
        }

    def owners(self, item: Item) -> Owners:
        """Return who owes an item: its leads, groups by their members."""
        targets: dict[str, Decimal | None] = {}
        unnamed, unnamed_target = 0, None
        for assignment in item.assignments:
            if assignment.role is not Role.LEAD:
                continue
            names: Iterable[str] = (assignment.organization,) if assignment.organization else ()
            group = self.groups.get(assignment.group) if assignment.group else None
            if group is not None:
                names = dict.fromkeys(group.members)
                missing = max(0, (group.size or 0) - len(group.members))
                if missing:
                    unnamed += missing
                    unnamed_target = assignment.own_target if unnamed_target is None else unnamed_target
            for name in names:
                before = targets.get(name)
                both = before is not None and assignment.own_target is not None
                targets[name] = before + assignment.own_target if both else (assignment.own_target or before)  # type: ignore[operator]
        return Owners(targets, unnamed, unnamed_target)

    def reported_months(self, key: Key) -> tuple[str, ...]:
        """Return the months of the plan, as ``2026-03``, that somebody reported on an item for, in order.

        A report is of its period, or of the day it was made; a measurement of the months it measures.
        """
        start, end = self.plan.start, self.plan.end
        if start is None or end is None:
            return ()
        by_id = {update.id: update for update in self.record.updates}
        spans = [report_span(update, by_id) for update in self.updates.get(key, ())]
        spans += [(measurement.start, measurement.end) for measurement in self.measurements.get(key, ())]
        found = {
            month.id
            for first, last in spans
            for month in periods_between(max(first, start), min(last, end), 1)
        }
        return tuple(sorted(found))

    def root(self, item: Item) -> Item:
        """Return the component an item belongs to: the item above it that hangs from nothing."""
        seen = {item.key}
        while item.parent in self.items and item.parent not in seen:
            item = self.items[item.parent]  # type: ignore[index]
            seen.add(item.key)
        return item


def report_span(update: Update, by_id: Mapping[str, Update]) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that a report is of.

    They are those of its period; without one, of what it corrects; or the day it was made.

    :param by_id: the reports of its record, to find what it corrects.
    """
    seen = set()
    while not update.period and update.supersedes and update.supersedes in by_id and update.id not in seen:
        seen.add(update.id)
        update = by_id[update.supersedes]
    if update.period:
        try:
            named = parse_period(update.period)
        except ValueError:
            pass
        else:
            return named.start, named.end
    day = day_of(update.at)
    return day, day


def gather_facts(record: Record | Facts) -> Facts:
    """Return the facts of a record; facts already gathered are returned as they are."""
    return record if isinstance(record, Facts) else Facts(record)


def _by_item(events: Iterable[E]) -> dict[Key, list[E]]:
    found: dict[Key, list[E]] = defaultdict(list)
    for event in events:
        found[event.item].append(event)  # type: ignore[attr-defined]
    return dict(found)
