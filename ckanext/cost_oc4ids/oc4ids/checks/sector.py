"""Sectors: who says the part says the whole."""

from __future__ import annotations

from collections.abc import Iterator

from ..messages import N_, register
from ..types import Severity, shorten
from . import Hit, ProjectContext, check

register(
    "sector.parent_missing",
    Severity.WARNING,
    N_("A subsector without its sector"),
    N_('The subsector %(value)s is listed without its sector "%(parent)s".'),
    N_('Add "%(parent)s" to the list of sectors, and keep the subsector.'),
    N_("OC4IDS 0.9.5: sector"),
)


@check("sector.parent_missing", needs=("sector",))
def subsector_without_sector(ctx: ProjectContext) -> Iterator[Hit]:
    """Where subsector codes are used the parent code is included too (OC4IDS, sector)."""
    sectors = ctx.project.get("sector")
    if not isinstance(sectors, list):
        return
    listed = {each for each in sectors if isinstance(each, str)}
    for index, each in enumerate(sectors):
        parent, dot, rest = each.partition(".") if isinstance(each, str) else ("", "", "")
        if dot and parent and rest and parent not in listed:
            yield Hit(("sector", index), each, {"parent": shorten(parent)})
