"""What the status of an item is made of: lights, reasons, labels, and the totals of those below a parent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ckanext.ogp_plan.planning.json_values import json_value
from ckanext.ogp_plan.planning.progress import Quota, Rolled
from ckanext.ogp_plan.planning.tracking import Completion, Key, VerdictRole
from ckanext.ogp_plan.planning.types import Declared

#: The light that is none of the declared states.
AT_RISK = "en_riesgo"
#: The four lights.
LIGHTS = ("no_iniciado", "en_curso", "completado", AT_RISK)
#: Codes of reasons, in the order they are printed; ``manual``: the responsible reported it itself.
REASONS = ("R1", "R2", "R3", "R4", "R4b", "R5", "R6", "R7", "R9", "manual")
#: Codes of labels, in the order they are printed.
LABELS = (
    "reabierto_evidencia",
    "reabierto_veredicto",
    "sin_programacion",
    "sin_responsable",
    "responsable_por_identificar",
    "sin_meta",
    "sin_reporte",
    "avance_declarado",
    "evidencia_privada",
    "evidencia_rota",
    "condicional",
    "fusionada",
)
#: States outside of the four lights.
OUTSIDE = (Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is at risk. ``params``: the numbers to print (int, str, Decimal, date or None).

    ``how``, where there are several ways to have it, says which.
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AssignmentStatus:
    """The status of one organismo that owes an item. ``own_target``, ``actual``, ``met``: of its quota."""

    organization: str
    declared: Declared
    progress: Decimal | None = None
    last_update: dt.datetime | None = None
    silence_days: int | None = None
    own_target: Decimal | None = None
    actual: Decimal | None = None
    met: bool | None = None
    #: it did not report itself: what is reported of the item as a whole counts for it
    by_whole: bool = False
    excluded: bool = False
    #: its own: ``completado`` when it declares so or reached what it owes, ``en_riesgo`` when the day has
    #: passed or it did not report for too long, else what it declares; the item's where it alone owes it
    light: str = Declared.NOT_STARTED.value


@dataclass(frozen=True, slots=True)
class AnswerStatus:
    """What a responsible answered to a reason (``active``: the item has that reason today)."""

    reason: str
    text: str
    at: dt.datetime
    organization: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class VerdictStatus:
    """The last verdict of a role on an item. ``alert``: it has an alert that is still open."""

    id: str
    role: VerdictRole
    at: dt.datetime
    cut: dt.date | None
    suggested: Completion | None
    assigned: Completion | None
    agrees: bool | None
    fulfilled: bool | None
    quality: str
    rationale: str
    recommendation: str
    alert: bool
    disagrees: bool


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """The status of an item on a day.

    ``declared``: what the responsibles report, together. ``light``: what is shown: one of :data:`LIGHTS`,
    or the state outside of them. ``progress`` and ``expected``: 0 to 1, None where there is none.
    ``silence_days``: since the last update, or since something was first owed. ``evidence``: how many
    were not withdrawn; ``valid_evidence``: how many of them prove something today. ``labels``: see
    :data:`LABELS`. ``excluded``: of every denominator.
    """

    key: Key
    declared: Declared
    light: str
    reasons: tuple[Reason, ...]
    progress: Decimal | None
    progress_source: str | None
    expected: Decimal | None
    due: dt.date | None
    last_update: dt.datetime | None
    silence_days: int | None
    evidence: int
    valid_evidence: int
    private_evidence: int
    excluded: bool
    assignments: tuple[AssignmentStatus, ...]
    quota: Quota | None
    answers: tuple[AnswerStatus, ...]
    labels: tuple[str, ...]
    verdicts: tuple[VerdictStatus, ...]
    disagreement: bool
    suggested: Completion | None


@dataclass(frozen=True, slots=True)
class RollUp:
    """The status of the tracked items under one parent in totals (those of the whole plan under None).

    ``counts``: each light and each state outside of them → how many; they sum ``total``. ``counted``:
    without the excluded. ``reasons``: code → how many items have it. ``rolled``: the progress by the
    plan's weights, and of how many of the counted items it is known. ``undeclared``: without months.
    """

    key: Key | None
    total: int
    counted: int
    counts: dict[str, int]
    reasons: dict[str, int]
    rolled: Rolled
    undeclared: int
    disagreements: int
    without_evidence: int
    last_update: dt.datetime | None
    suggested: Completion | None


def item_status_dict(status: ItemStatus) -> dict[str, Any]:
    """Return a status as plain JSON: decimals as texts (fractions 0–1), days and moments as ISO texts."""
    made: dict[str, Any] = json_value(status)
    level, code = status.key
    made["key"] = {"level": level, "code": code}
    made["reasons"] = [
        {"code": reason.code, "params": json_value(reason.params)} for reason in status.reasons
    ]
    if status.quota:
        made["quota"]["progress"] = json_value(status.quota.progress)
    return made


def roll_up_dict(roll_up: RollUp) -> dict[str, Any]:
    """Return a roll-up as plain JSON."""
    made: dict[str, Any] = json_value(roll_up)
    made["key"] = {"level": roll_up.key[0], "code": roll_up.key[1]} if roll_up.key else None
    return made
