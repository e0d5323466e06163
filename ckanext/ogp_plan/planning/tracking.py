"""What happens to a plan after it is adopted: who reported what, when, with what evidence.

Every event is a fact that is never changed: a correction is a new one that ``supersedes``. A
:class:`Record` is a plan with all its events; ``record.as_of(moment)`` is the same plan
with what was recorded by then, from which the same cut can be computed again at any time. Rules:
``docs/architecture-plans.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from ckanext.ogp_plan.planning.types import Declared, Plan

#: (level, code): what an item is known by inside its plan.
Key = tuple[str, str]
#: An item of any plan: the id of the plan, the item's level and code.
ItemReference = tuple[str, Key]


class EvidenceKind(str, Enum):
    """What proves something."""

    DOCUMENT = "documento"
    MINUTES = "acta"
    PHOTO = "foto"
    ATTENDANCE = "lista_asistencia"
    LINK = "enlace"
    DATASET = "dataset"
    RESOURCE = "resource"
    VIDEO = "video"


class LinkKind(str, Enum):
    """How an item relates to another."""

    CONTRIBUTES = "contributes_to"
    DEPENDS = "depends_on"
    SAME_DELIVERABLE = "same_deliverable"
    SUCCESSOR = "successor_of"
    #: one answer counts for both: what is reported to one is reported to the other
    COUNTS_FOR = "counts_for"


class VerdictRole(str, Enum):
    """Who judges from outside of the organismo that answers."""

    CONTROL = "control_interno"
    MONITOR = "monitor"


class Completion(str, Enum):
    """How far an item went, in the words of the OGP's Independent Reporting Mechanism."""

    NO_EVIDENCE = "no_evidence"
    NOT_STARTED = "not_started"
    LIMITED = "limited"
    SUBSTANTIAL = "substantial"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has. ``at`` carries a zone; ``by`` is a user's id, never printed in public."""

    id: str
    at: dt.datetime
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Event):
    """What a responsible reports of an item.

    ``organization``: for which of those assigned it is reported; None when for the item as a whole.
    ``state`` None: nothing new is declared. ``progress``: percent, 0 to 100. ``confirms``: "sin
    cambios". ``at_risk``: the responsible says so itself, with ``reason``. ``origin``: the update of
    a linked item that this one repeats.
    """

    item: Key
    organization: str | None = None
    state: Declared | None = None
    progress: Decimal | None = None
    text: str = ""
    obstacles: str = ""
    next_step: str = ""
    reason: str = ""
    #: the act of the plan's change that withdraws the item
    act: str = ""
    at_risk: bool = False
    confirms: bool = False
    period: str | None = None
    report: str | None = None
    origin: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Event):
    """What an indicator measured in a period. ``method``: ``manual`` or ``auto``.

    A percentage has ``numerator`` and ``denominator``; ``retracted`` says why a value is withdrawn.
    """

    item: Key
    indicator: str
    start: dt.date
    end: dt.date
    organization: str | None = None
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    comment: str = ""
    dimension: dict[str, str] = field(default_factory=dict)
    method: str = "manual"
    update: str | None = None
    report: str | None = None
    supersedes: str | None = None
    retracted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Event):
    """What proves an update or a measurement: a link, a resource of the catalogue, or a private file.

    ``public`` False: what it is is not shown to the public, and ``withheld`` gives the reason.
    ``file``: the id of a file that only readers of withheld evidence may download, uploaded as ``file_name``.
    ``sha256`` and ``size``: of the bytes as this portal read them at ``captured``. ``claimed_sha256`` and
    ``claimed_at``: what the person who gave it claims of them, which proves nothing by itself.
    """

    item: Key
    kind: EvidenceKind = EvidenceKind.LINK
    title: str = ""
    organization: str | None = None
    update: str | None = None
    measurement: str | None = None
    url: str = ""
    resource: str | None = None
    dataset: str | None = None
    file: str | None = None
    file_name: str = ""
    sha256: str | None = None
    size: int | None = None
    captured: dt.datetime | None = None
    claimed_sha256: str | None = None
    claimed_at: dt.datetime | None = None
    public: bool = True
    withheld: str = ""
    #: why who gave it withdrew it; the new row that supersedes it has this
    retracted: str = ""
    supersedes: str | None = None

    @property
    def place(self) -> str | None:
        """Where it is: its link, its resource, its dataset or its private file."""
        return self.url or self.resource or self.dataset or self.file

    @property
    def claim_differs(self) -> bool:
        """Whether the bytes that this portal read are not those that the person claims to have read."""
        return bool(self.claimed_sha256 and self.sha256 and self.claimed_sha256 != self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceCheck(Event):
    """What a check of an evidence found. None: not determined (the site is unavailable, the file private)."""

    evidence: str
    alive: bool | None = None
    same: bool | None = None
    public: bool | None = None
    status: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Event):
    """What Control Interno or the monitor says of an item, beside what is declared.

    ``suggested`` comes from a rule, ``assigned`` from a person with a ``rationale``. ``agrees``:
    whether the declared state is shared. ``alert`` stays open until another verdict ``closes`` it.
    ``cut``: the day of the cut it belongs to, None for one between cuts.
    """

    item: Key
    role: VerdictRole
    cut: dt.date | None = None
    suggested: Completion | None = None
    assigned: Completion | None = None
    agrees: bool | None = None
    fulfilled: bool | None = None
    quality: str = ""
    rationale: str = ""
    recommendation: str = ""
    alert: bool = False
    closes: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Event):
    """What a responsible answers to a reason of the light; it is shown with it and does not remove it."""

    item: Key
    reason: str
    text: str
    organization: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Event):
    """Monthly monitoring: an update or a report is accepted, or returned with a reason.

    What was returned stays in the history and counts no more.
    """

    update: str | None = None
    report: str | None = None
    accepted: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvent(Event):
    """A period of reporting (``2026-03``) is opened, or closed: then nothing more is reported to it."""

    period: str
    opened: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Event):
    """A periodic report of an organismo: sections in words; updates and measurements name it.

    ``submission``: id of the request, the same in each plan that it recorded the report in.
    """

    organization: str
    start: dt.date
    end: dt.date
    title: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    supersedes: str | None = None
    submission: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Event):
    """One item relates to another; ``plan`` None: of the same plan. ``removed``: it does so no more."""

    item: Key
    kind: LinkKind
    other: Key
    plan: str | None = None
    removed: bool = False


#: The lists of a record that hold events.
EVENTS = (
    "updates",
    "measurements",
    "evidence",
    "checks",
    "verdicts",
    "answers",
    "reviews",
    "periods",
    "reports",
    "links",
)

E = TypeVar("E", bound=Event)


def current_events(events: Iterable[E]) -> list[E]:
    """Return the events that no later one supersedes, oldest first. Two at one moment: by id."""
    ordered = sorted(events, key=lambda event: (event.at, event.id))
    gone = {event.supersedes for event in ordered if getattr(event, "supersedes", None)}  # type: ignore[attr-defined]
    return [event for event in ordered if event.id not in gone]


@dataclass(slots=True)
class Record:
    """A plan with what happened to it. ``settings``: what the plan sets otherwise than its family.

    ``version``: the number of the plan's version that ``plan`` is.
    """

    plan: Plan
    version: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    updates: list[Update] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    checks: list[EvidenceCheck] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    periods: list[PeriodEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def as_of(self, moment: dt.datetime) -> Record:
        """Return the record with only what had happened by ``moment`` (the plan itself is kept)."""
        kept: dict[str, Any] = {
            name: [entry for entry in getattr(self, name) if entry.at <= moment] for name in EVENTS
        }
        return replace(self, **kept)

    def counting_updates(self) -> list[Update]:
        """Return the updates that were neither superseded nor returned, oldest first."""
        returned = self.returned()
        # a correction that was returned replaces nothing: what it corrected counts again
        return current_events(
            update for update in self.updates if not ({update.id, update.report} & returned)
        )

    def counting_measurements(self) -> list[Measurement]:
        """Return the current measurements: not retracted, nor of an update or report that was returned."""
        returned = self.returned()
        counting = current_events(
            measurement
            for measurement in self.measurements
            if not ({measurement.update, measurement.report} & returned)
        )
        return [entry for entry in counting if not entry.retracted]

    def counting_reports(self) -> list[Report]:
        """Return the narrative reports that were neither superseded nor returned, oldest first."""
        returned = self.returned()
        return current_events(report for report in self.reports if report.id not in returned)

    def current_evidence(self) -> list[Evidence]:
        """Return the evidence that was not withdrawn."""
        return [event for event in current_events(self.evidence) if not event.retracted]

    def returned(self) -> set[str]:
        """Return the ids of updates and reports whose last review returned them."""
        last: dict[str, bool] = {}
        for review in current_events(self.reviews):
            for subject in (review.update, review.report):
                if subject:
                    last[subject] = review.accepted
        return {subject for subject, accepted in last.items() if not accepted}
