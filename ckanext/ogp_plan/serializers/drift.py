"""How far a plan drifted from what was promised: days, goals lowered, rows removed, by organismo."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan.model import PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import ChangeKind
from ckanext.ogp_plan.serializers.plan import load_group_members
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES


def serialize_drift(
    row: PlanRow, conditions: list[Any], reader: Reader
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return how far each organismo's promises moved, and all together.

    :param conditions: on :class:`RecordedChange`: the changes that are looked at.
    :returns: ``{name, title, moved, days, lowered, percent, removed}`` of each whose promises moved, and
        the same of the whole plan.
    """
    query = (
        sa.select(RecordedChange)
        .where(*conditions, RecordedChange.level.is_not(None))
        .where(
            sa.or_(
                RecordedChange.kind == ChangeKind.REMOVED.value,
                RecordedChange.field.in_(("schedule.due", "schedule.months")),
                RecordedChange.field.like("indicators[%].targets"),
            )
        )
    )
    changes = list(model.Session.scalars(query))
    # a moved due day changes the months of the item too: it counts once
    dated = {
        (change.version, change.level, change.code) for change in changes if change.field == "schedule.due"
    }
    changes = [
        change
        for change in changes
        if change.field != "schedule.months" or (change.version, change.level, change.code) not in dated
    ]
    owners = _load_responsibles(row, {(change.level or "", change.code or "") for change in changes})
    whole = _Drift()
    by_name: dict[str, _Drift] = defaultdict(_Drift)
    for change in changes:
        whole.add(change)
        for name in owners.get((change.level or "", change.code or ""), ()):
            by_name[name].add(change)
    results = [
        {**reader.organization(name), **drift.plain()} for name, drift in by_name.items() if drift.any()
    ]
    return sorted(results, key=lambda entry: (-entry["days"], entry["title"])), whole.plain()


class _Drift:
    """``moved`` dates by ``days`` together, ``lowered`` goals by ``percent``, ``removed`` items."""

    def __init__(self) -> None:
        self.moved = self.days = self.lowered = self.removed = 0
        self.before = self.after = Decimal(0)

    def add(self, change: RecordedChange) -> None:
        """Count one change."""
        if change.kind == ChangeKind.REMOVED.value:
            self.removed += 1
        elif change.field == "schedule.due":
            self._later(_parse_day(change.before), _parse_day(change.after))
        elif change.field == "schedule.months":
            self._later(_last_day_of_months(change.before), _last_day_of_months(change.after))
        else:
            before, after = _sum_targets(change.before), _sum_targets(change.after)
            if before is not None and after is not None and after < before:
                self.lowered += 1
                self.before, self.after = self.before + before, self.after + after

    def _later(self, before: dt.date | None, after: dt.date | None) -> None:
        if before and after and before != after:
            self.moved += 1
            self.days += (after - before).days

    def any(self) -> bool:
        """Tell whether anything moved at all."""
        return bool(self.moved or self.lowered or self.removed)

    def plain(self) -> dict[str, Any]:
        """Return the counts; ``percent``: how much of the lowered goals is promised no more (0 to 100)."""
        percent = (self.before - self.after) * 100 / self.before if self.before else None
        return {
            "moved": self.moved,
            "days": self.days,
            "lowered": self.lowered,
            "percent": None if percent is None else round(float(percent), 1),
            "removed": self.removed,
        }


def _parse_day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _last_day_of_months(value: Any) -> dt.date | None:
    """The last day of the last month that is scheduled, in a year of 365 days."""
    months = [month for month in value or () if isinstance(month, int) and 1 <= month <= 12]
    return last_of_month(2023, max(months)) if months else None


def _sum_targets(value: Any) -> Decimal | None:
    """The sum of the numbers to reach, as a change of targets holds them."""
    found = []
    for target in value or ():
        try:
            found.append(Decimal(str(target[0])))
        except (ArithmeticError, IndexError, TypeError):
            return None
    return sum(found, Decimal(0)) if found else None


def _load_responsibles(row: PlanRow, keys: set[Key]) -> dict[Key, set[str]]:
    """Responsibles of items, withdrawn ones too (their rows are kept as they were)."""
    wanted = sa.select(PlanItem.level, PlanItem.code, PlanItem.body["assignments"]).where(
        PlanItem.plan_id == row.id, sa.tuple_(PlanItem.level, PlanItem.code).in_(list(keys))
    )
    groups = load_group_members(row.id)
    found: dict[Key, set[str]] = {}
    for level, code, assigned in model.Session.execute(wanted):
        names: set[str] = set()
        for assignment in assigned or ():
            if assignment.get("role") in RESPONSIBLE_ROLES:
                names |= {assignment["organization"]} if assignment.get("organization") else set()
                names |= set(groups.get(assignment.get("group") or "", ()))
        found[level, code] = names
    return found
