"""Against the previous version of the same file: what must not change, go back or vanish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import HistoryContext, Hit, check
from .extracts import compared, moment
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "history.planned_period_changed",
    _W,
    N_("Planned dates changed after preparation"),
    N_("The planned dates of a project under way were changed: %(value)s."),
    N_(
        "Restore the planned dates and publish the delay apart: the actual end goes in 'completion.endDate', "
        "and the contract's extension in its 'modifications'."
    ),
    N_("OC4IDS 0.9.5: period, not updated during implementation or completion"),
)
register(
    "history.project_gone",
    _W,
    N_("A project that is no longer there"),
    N_("The project %(value)s was in the previous version of this file and is not in this one."),
    N_(
        "Keep every project in the file, also those finished or cancelled; if its id changed, restore the "
        "old one."
    ),
    N_("OC4IDS 0.9.5: project ids are persistent"),
)
register(
    "history.status_back",
    _W,
    N_("A project that went back a stage"),
    N_("The project's status went back: %(value)s."),
    N_("Check the status. If the project really went back, say why in its description."),
    N_("OC4IDS 0.9.5: project status"),
)


@check("history.planned_period_changed", scope="history")
def planned_period_changed(ctx: HistoryContext) -> Iterator[Hit]:
    """The planned period is not updated during implementation or completion (OC4IDS, period).

    Compared as moments, so that another way of writing the same moment is no
    change; checked only when the previous version had left preparation.
    """
    plannable = rule_set("status", "plannable")
    known = rule_set("status", "order")
    for identifier, (status, start, end) in _previous(ctx):
        now = ctx.projects.get(identifier)
        if now is None or status not in known or status in plannable:
            continue
        for name, before, after in (("startDate", start, now.start), ("endDate", end, now.end)):
            if moment(before) is None or moment(before) == moment(after):
                continue
            if after is None or moment(after) is not None:
                parts = ("period", name) if after is not None else ()
                yield Hit((*now.prefix, *parts), f"{name}: {compared(before, '→', after or '∅')}")


@check("history.project_gone", scope="history")
def project_gone(ctx: HistoryContext) -> Iterator[Hit]:
    """A project stays in the file and keeps its id for good (OC4IDS, identifiers guidance)."""
    for identifier, _ in _previous(ctx):
        if identifier not in ctx.projects:
            yield Hit((), identifier)


@check("history.status_back", scope="history")
def status_back(ctx: HistoryContext) -> Iterator[Hit]:
    """A project goes through its stages forward, but for cancelled (OC4IDS, codelist projectStatus)."""
    order = {status: rank for rank, status in enumerate(rules("status")["order"])}
    for identifier, (before, _, _) in _previous(ctx):
        now = ctx.projects.get(identifier)
        if now is None or not isinstance(before, str) or not isinstance(now.status, str):
            continue
        if before in order and now.status in order and order[now.status] < order[before]:
            yield Hit((*now.prefix, "status"), f"{before} → {now.status}")


def _previous(ctx: HistoryContext) -> Iterator[tuple[str, tuple[Any, Any, Any]]]:
    return iter(ctx.options.previous.projects.items() if ctx.options.previous else ())
