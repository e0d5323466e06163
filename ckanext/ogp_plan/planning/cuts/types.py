"""What the compliance of a plan at a cut is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from ckanext.ogp_plan.planning.tracking import Key


@dataclass(frozen=True, slots=True)
class RowCompliance:
    """One counted thing (a row, or an activity) at a cut.

    ``scheduled``: it counts at this cut. ``undeclared``: nobody says when; it counts at the last cut
    only. ``excluded``: why it counts at none (a state, or ``merged``). ``target`` and ``actual``: to
    the cut, of its first indicator with a number. ``progress``: to the cut, 0 to 1. ``late``: its day
    had passed at the cut and it was not fulfilled.
    """

    key: Key
    component: Key
    scheduled: bool
    fulfilled: bool
    undeclared: bool
    excluded: str | None
    target: Decimal | None
    actual: Decimal | None
    progress: Decimal | None
    evidence: int
    late: bool
    #: Control Interno's own word at this cut, beside it
    confirmed: bool | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Compliance of a component, or of the whole plan (``component`` None).

    ``share``: percent, 0 to 100; None when nothing was scheduled. ``mean_progress``: of the scheduled
    that have one (``with_progress``). ``undeclared``: how many not excluded say no months, counted at
    this cut or not. ``total``: all of them, excluded too.
    """

    component: Key | None
    title: str
    scheduled: int
    fulfilled: int
    share: Decimal | None
    zone: str | None
    mean_progress: Decimal | None
    with_progress: int
    undeclared: int
    excluded: int
    total: int


@dataclass(frozen=True, slots=True)
class Compliance:
    """The compliance of a plan at a cut. ``whole`` is Σ fulfilled / Σ scheduled, not a mean of components."""

    day: dt.date
    count_unit: str
    last: bool
    whole: Totals
    components: tuple[Totals, ...]
    rows: tuple[RowCompliance, ...]


@dataclass(frozen=True, slots=True)
class CutState:
    """Where a cut is: ``abierto`` (its day has not passed), ``en_plazo``, ``vencido`` (not published and
    overdue), ``publicado_a_tiempo``, ``publicado_tarde``. ``late_days``: calendar days after ``due``.
    """

    state: str
    due: dt.date
    late_days: int
