"""Small plans with what happened to them, for tests of the pure tracking core."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import count
from typing import Any

from ckanext.cost_common.values.business_days import ZONE
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import ItemStatus
from ckanext.ogp_plan.planning.tracking import (
    Event,
    Evidence,
    EvidenceCheck,
    Key,
    Measurement,
    Record,
    Review,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import (
    Assignment,
    Declared,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Plan,
    Schedule,
    ScheduleKind,
    Target,
)

D = Decimal
DONE, ONGOING, NOT = Declared.DONE, Declared.ONGOING, Declared.NOT_STARTED
#: Rows of each component of the shape that Cali's PAAC of 2022 has.
SHAPE = {"1": 17, "2": 9, "3": 24, "4": 22, "5": 12, "6": 3}
_ids = count(1)


def at(month: int, day: int = 1, hour: int = 9, year: int = 2026) -> dt.datetime:
    """A moment in Cali."""
    return dt.datetime(year, month, day, hour, tzinfo=ZONE)


def day(month: int, of: int, year: int = 2026) -> dt.date:
    return dt.date(year, month, of)


def months(*numbers: int) -> Schedule:
    return Schedule(ScheduleKind.MONTHS, months=numbers)


def on(month: int, of: int, year: int = 2026) -> Schedule:
    return Schedule(ScheduleKind.DATE, due=dt.date(year, month, of))


def count_of(target: str | None, code: str = "i", **more: Any) -> Indicator:
    """An indicator that counts up to a target."""
    return Indicator(code, code, targets=[Target(D(target))] if target else [], **more)


def percent_of(target: str, code: str = "i", **more: Any) -> Indicator:
    from ckanext.ogp_plan.planning.types import Accumulation

    return Indicator(
        code, code, Measure.PERCENTAGE, accumulation=Accumulation.LAST, targets=[Target(D(target))], **more
    )


def row(code: str, parent: Key | None = None, **more: Any) -> Item:
    """A tracked row, owed by DATIC unless others are given."""
    more.setdefault("assignments", [Assignment(organization="datic")])
    return Item("fila", code, f"Fila {code}", parent, trackable=True, **more)


def plan(*items: Item, family: str = "paac", year: int = 2026, **more: Any) -> Plan:
    more.setdefault("start", dt.date(year, 1, 1))
    more.setdefault("end", dt.date(year, 12, 31))
    return Plan(family, "Plan", items=list(items), **more)


def record(*items: Item, groups: tuple[OrgGroup, ...] = (), **more: Any) -> Record:
    return Record(plan(*items, groups=list(groups)), **more)


def shaped(shape: dict[str, int] = SHAPE, rows_of_activity: int = 1, **more: Any) -> Record:
    """A plan with so many rows in each component, ``rows_of_activity`` to each activity."""
    items: list[Item] = []
    for component, rows in shape.items():
        items.append(Item("componente", component, f"Componente {component}"))
        for number in range(rows):
            code, nth = f"{component}.{number // rows_of_activity + 1}", number % rows_of_activity + 1
            if nth == 1:
                items.append(Item("actividad", code, "Actividad", ("componente", component)))
            made = row(code if nth == 1 else f"{code}#{nth}", ("actividad", code), **_own(more))
            items.append(made)
    return record(*items)


def _own(more: dict[str, Any]) -> dict[str, Any]:
    """Values made anew for each row: a mutable one is never shared."""
    return {name: value() if callable(value) else value for name, value in more.items()}


def add_facts(target: Record, *events: Event) -> Record:
    """Put events where they belong."""
    from ckanext.ogp_plan.planning.store import events_like

    for event in events:
        events_like(target, event).append(event)
    return target


def _new(prefix: str, more: dict[str, Any]) -> str:
    return str(more.pop("id", f"{prefix}{next(_ids):06}"))


def update(item: Item, when: dt.datetime, state: Declared | None = None, progress: Any = None, **more: Any) -> Update:
    value = None if progress is None else D(str(progress))
    return Update(id=_new("u", more), at=when, item=item.key, state=state, progress=value, **more)


def measure(item: Item, when: dt.datetime, value: Any = None, indicator: str = "i", **more: Any) -> Measurement:
    more.setdefault("start", when.date().replace(day=1))
    more.setdefault("end", when.date())
    worth = None if value is None else D(str(value))
    return Measurement(id=_new("m", more), at=when, item=item.key, indicator=indicator, value=worth, **more)


def proof(item: Item, when: dt.datetime, **more: Any) -> Evidence:
    more.setdefault("url", "https://cali.example/acta.pdf")
    return Evidence(id=_new("e", more), at=when, item=item.key, **more)


def look(evidence: Evidence, when: dt.datetime, **more: Any) -> EvidenceCheck:
    return EvidenceCheck(id=_new("c", more), at=when, evidence=evidence.id, **more)


def verdict(item: Item, when: dt.datetime, role: VerdictRole = VerdictRole.MONITOR, **more: Any) -> Verdict:
    return Verdict(id=_new("v", more), at=when, item=item.key, role=role, **more)


def review(when: dt.datetime, accepted: bool, **more: Any) -> Review:
    return Review(id=_new("r", more), at=when, accepted=accepted, **more)


def stood(facts: Record, today: dt.date, code: str = "1.1", **more: Any) -> ItemStatus:
    """How a row stands on a day."""
    return compute_status(facts, today, **more)["fila", code]


def codes(facts: Record, today: dt.date, **more: Any) -> list[str]:
    """Codes of the reasons that row 1.1 has on a day."""
    return [one.code for one in stood(facts, today, **more).reasons]


def reason(facts: Record, today: dt.date, code: str) -> dict[str, Any] | None:
    """What a reason of row 1.1 says; None if it has none such."""
    return next((one.params for one in stood(facts, today).reasons if one.code == code), None)
