"""What a plan is made of, whatever its family (OGP, PAAC, PTEP, CoST, another).

Plain data. Absent is not zero: a value that a source does not give is None, a schedule
without months is UNDECLARED. Money and measures are ``Decimal``. Days are ``date``;
moments are ``datetime`` with a zone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from ckanext.cost_common.values.dates import Precision


class PlanStatus(str, Enum):
    """Where a plan is in its life."""

    DRAFT = "borrador"
    CONSULTATION = "consulta"
    ADOPTED = "adoptado"
    RUNNING = "en_ejecucion"
    CLOSED = "cerrado"


class Declared(str, Enum):
    """What the responsible declares of an item. The last three are in no denominator."""

    NOT_STARTED = "no_iniciado"
    ONGOING = "en_curso"
    DONE = "completado"
    NOT_APPLICABLE = "no_aplica"
    SUSPENDED = "suspendido"
    WITHDRAWN = "retirado"


class Role(str, Enum):
    """What an organismo is to an item."""

    LEAD = "lider"
    SUPPORT = "apoyo"
    ALLY = "aliado"
    MONITOR = "monitor"


class Measure(str, Enum):
    """How an indicator is measured."""

    UNIT = "unit"
    PERCENTAGE = "percentage"
    ORDINAL = "ordinal"
    BOOLEAN = "boolean"
    QUALITATIVE = "qualitative"


class Accumulation(str, Enum):
    """How measurements of several periods make one actual value."""

    SUM = "suma"
    LAST = "ultimo"
    MAXIMUM = "maximo"
    MEAN = "promedio"
    #: share of events that reach the target each ("more than 100 people a meeting")
    ALL_MEET = "todos_cumplen"


class ScheduleKind(str, Enum):
    """What a source says about when."""

    MONTHS = "months"
    RANGE = "range"
    DATE = "date"
    RECURRING = "recurring"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of something in a source: a line of a text, or a cell of a sheet ("B12").

    ``to``: the last line or cell, when it covers several.
    """

    line: int | None = None
    sheet: str | None = None
    cell: str | None = None
    to: int | str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an item is due. ``months`` are 1–12 of the plan's year."""

    kind: ScheduleKind = ScheduleKind.UNDECLARED
    months: tuple[int, ...] = ()
    start: dt.date | None = None
    due: dt.date | None = None
    precision: Precision = Precision.DAY
    #: for RECURRING: how often ("mensual", "trimestral") and how many times in the plan's period
    cadence: str | None = None
    times: int | None = None


@dataclass(slots=True)
class OrgGroup:
    """A dated list of organismos that a plan names as one ("todos los organismos"), with its source."""

    id: str
    name: str
    size: int | None = None
    members: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    source: str | None = None


@dataclass(slots=True)
class Assignment:
    """Who answers for an item. Exactly one of ``organization``, ``group`` and ``unknown`` is given.

    ``own_target``: what each one owes, in the unit of the item's indicator (a quota).
    ``unknown``: the name as printed, when it is not known whose it is.
    ``unit``: the part of the organismo that answers (a subdirection, an office), by its id.
    """

    role: Role = Role.LEAD
    organization: str | None = None
    group: str | None = None
    unknown: str | None = None
    own_target: Decimal | None = None
    condition: str | None = None
    unit: str | None = None


@dataclass(slots=True)
class Target:
    """What is to be reached. ``value`` None: a target in words only."""

    value: Decimal | None
    text: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    dimension: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Indicator:
    """How it will be known. ``formula`` and ``target_text`` as printed."""

    code: str
    name: str
    measure: Measure = Measure.UNIT
    unit: str = ""
    ascending: bool = True
    accumulation: Accumulation = Accumulation.SUM
    formula: str = ""
    numerator: str = ""
    denominator: str = ""
    baseline: Decimal | None = None
    baseline_year: int | None = None
    target_text: str = ""
    targets: list[Target] = field(default_factory=list)
    #: means of verification, as printed
    verification: list[str] = field(default_factory=list)
    place: Place | None = None


@dataclass(slots=True)
class Item:
    """One line of a plan at one level: component, activity, commitment, milestone, output…

    ``code`` is stable and unique in its level; ``code_printed`` is what the source says.
    ``fields`` holds what the family adds, by the names in its data file.
    """

    level: str
    code: str
    title: str
    parent: tuple[str, str] | None = None
    code_printed: str = ""
    order: int = 0
    trackable: bool = False
    weight: Decimal | None = None
    conditional: str | None = None
    schedule: Schedule = field(default_factory=Schedule)
    assignments: list[Assignment] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What the item is known by inside its plan."""
        return (self.level, self.code)


@dataclass(slots=True)
class Plan:
    """A plan as adopted: what was promised, by whom, for when."""

    family: str
    title: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    version: str = ""
    form_code: str = ""
    status: PlanStatus = PlanStatus.DRAFT
    owner: str | None = None
    items: list[Item] = field(default_factory=list)
    groups: list[OrgGroup] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)

    def item(self, level: str, code: str) -> Item | None:
        """Return the item of that level and code, or None."""
        return next((item for item in self.items if item.key == (level, code)), None)

    def children(self, parent: Item | None) -> list[Item]:
        """Return the items directly under ``parent`` (None: the roots), in order."""
        key = parent.key if parent else None
        return [item for item in self.items if item.parent == key]


class ChangeKind(str, Enum):
    """What happened to an item, or to one field of it, from one plan to another."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One change of a plan. ``level`` and ``code`` are None for a field of the plan itself.

    ``field``: the dotted name of what changed ("schedule.due", "indicators[3.1.4].target_text");
    None when the whole item was added or removed. ``before`` and ``after`` are plain values.
    """

    kind: ChangeKind
    level: str | None
    code: str | None
    field: str | None = None
    before: Any = None
    after: Any = None
