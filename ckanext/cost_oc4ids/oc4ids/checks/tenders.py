"""Competition: the figures of a tender against each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import Hit, ProjectContext, check
from .extracts import key, number
from .rules import rule_set

register(
    "tender.count_differs",
    Severity.WARNING,
    N_("A number of tenderers that does not match their list"),
    N_("The number of tenderers and the list of tenderers do not agree: %(value)s."),
    N_("List all the tenderers, or correct the number."),
    N_("OC4IDS 0.9.5: tender, number of tenderers"),
)
register(
    "tender.direct_with_competition",
    Severity.WARNING,
    N_("A direct award with several tenderers"),
    N_('The method is "%(method)s", without competition, and there are %(value)s tenderers.'),
    N_('Check the method: with several invited it is "limited", "selective" or "open".'),
    N_("OC4IDS 0.9.5: codelist method"),
)
register(
    "tender.supplier_not_tenderer",
    Severity.NOTE,
    N_("A supplier who did not tender"),
    N_("The supplier with id %(value)s is not among the tenderers of this contract."),
    N_("Add it to the tenderers, or check that the ids are written alike."),
    N_("Our reasoning: who wins has tendered"),
)


def _tenders(ctx: ProjectContext) -> Iterator[tuple[Any, dict[str, Any], dict[str, Any]]]:
    for parts, _, summary in ctx.extracts.contracts:
        tender = summary.get("tender")
        if isinstance(tender, dict):
            yield parts, summary, tender


@check("tender.count_differs", needs=("contractingProcesses",))
def count_differs(ctx: ProjectContext) -> Iterator[Hit]:
    """``numberOfTenderers`` counts those who bid; ``tenderers`` lists all of them (OC4IDS, tender; red
    flag P4)."""
    for parts, _, tender in _tenders(ctx):
        count, listed = number(tender.get("numberOfTenderers")), tender.get("tenderers")
        if count is not None and isinstance(listed, list) and listed and count != len(listed):
            yield Hit((*parts, "tender", "numberOfTenderers"), f"{count} ≠ {len(listed)}")


@check("tender.direct_with_competition", needs=("contractingProcesses",))
def direct_with_competition(ctx: ProjectContext) -> Iterator[Hit]:
    """A direct award goes to a single supplier without competition (OC4IDS, codelist method; red flag P4)."""
    for parts, _, tender in _tenders(ctx):
        method, listed = tender.get("procurementMethod"), tender.get("tenderers")
        if not isinstance(method, str) or method not in rule_set("tenders", "without_competition"):
            continue
        count = max(
            number(tender.get("numberOfTenderers")) or 0, len(listed) if isinstance(listed, list) else 0
        )
        if count > 1:
            yield Hit((*parts, "tender", "procurementMethod"), count, {"method": method})


@check("tender.supplier_not_tenderer", needs=("contractingProcesses",))
def supplier_not_tenderer(ctx: ProjectContext) -> Iterator[Hit]:
    """Where tenderers are listed, suppliers are among them (our reasoning); compared by id only."""
    for parts, summary, tender in _tenders(ctx):
        listed, suppliers = tender.get("tenderers"), summary.get("suppliers")
        if not isinstance(listed, list) or not isinstance(suppliers, list):
            continue
        ids = {key(each.get("id")) if isinstance(each, dict) else None for each in listed}
        if not ids or None in ids:
            continue
        for index, supplier in enumerate(suppliers):
            identifier = key(supplier.get("id")) if isinstance(supplier, dict) else None
            if identifier and identifier not in ids:
                yield Hit((*parts, "suppliers", index, "id"), supplier["id"])
