"""Modifications of contracts: what changed, from what to what, and why."""

from __future__ import annotations

from collections.abc import Iterator

from ..messages import N_, register
from ..types import Severity
from . import Hit, ProjectContext, check
from .extracts import text
from .rules import rules

register(
    "modification.no_values",
    Severity.NOTE,
    N_("A modification that does not show the change"),
    N_("The modification is of type \"%(type)s\" and has no '%(missing)s'."),
    N_("Add what it was before and what it is after the modification."),
    N_("OC4IDS 0.9.5: modifications"),
)
register(
    "modification.no_change",
    Severity.WARNING,
    N_("A modification that changes nothing"),
    N_("What was before and what is after the modification are the same ('%(name)s')."),
    N_("Correct the old or the new value; if nothing changed, remove the modification."),
    N_("OC4IDS 0.9.5: modifications"),
)
register(
    "modification.no_rationale",
    Severity.NOTE,
    N_("A modification without a reason"),
    N_("The modification does not say why the contract was changed."),
    N_("Add 'rationale' with the reason, in words that everybody understands."),
    N_("OC4IDS 0.9.5: modifications, rationale"),
)


@check("modification.no_values", needs=("Modification",))
def modification_without_values(ctx: ProjectContext) -> Iterator[Hit]:
    """A change of value or duration shows both sides (OC4IDS, Modification; ``modifications.shows`` in the
    data)."""
    shows = rules("modifications")["shows"]
    for _, parts, modification in ctx.extracts.modifications:
        kind = modification.get("type")
        for name in shows.get(kind, ()) if isinstance(kind, str) else ():
            if name not in modification:
                yield Hit(parts, None, {"type": kind, "missing": name})


@check("modification.no_change", needs=("Modification",))
def modification_without_change(ctx: ProjectContext) -> Iterator[Hit]:
    """Old and new differ in what the modification says it changes (OC4IDS, Modification).

    A modification may repeat what stays the same: only its own type's pair is checked.
    """
    shows = rules("modifications")["shows"]
    for _, parts, modification in ctx.extracts.modifications:
        kind = modification.get("type")
        pair = shows.get(kind) if isinstance(kind, str) else None
        if not pair:
            continue
        old, new = (modification.get(name) for name in pair)
        if isinstance(old, dict) and old and old == new:
            yield Hit((*parts, pair[1]))


@check("modification.no_rationale", needs=("Modification",))
def modification_without_reason(ctx: ProjectContext) -> Iterator[Hit]:
    """Each modification says its reasons (OC4IDS, Modification.rationale; red flag M2)."""
    for _, parts, modification in ctx.extracts.modifications:
        if "rationale" not in modification:
            yield Hit(parts, text(modification.get("description")))
