"""What people will miss first. Few on purpose: how complete a project is has its own measure."""

from __future__ import annotations

from collections.abc import Iterator

from ..messages import N_, register
from ..types import Severity
from . import Hit, ProjectContext, check

register(
    "gap.title",
    Severity.NOTE,
    N_("A project without a title"),
    N_("The project has no title, so people cannot tell it from others."),
    N_("Add 'title': what is built and where, in a few words."),
    N_("Our reasoning: what people look for first"),
)
register(
    "gap.description",
    Severity.NOTE,
    N_("A project without a description"),
    N_("The project has no description."),
    N_("Add 'description': what is built, for whom and why, in two or three sentences."),
    N_("Our reasoning: what people look for first"),
)
register(
    "gap.status",
    Severity.NOTE,
    N_("A project without a status"),
    N_("The project does not say in which stage it is."),
    N_('Add \'status\' with a code of the list, for example "preparation" or "implementation".'),
    N_("Our reasoning: what people look for first"),
)
register(
    "gap.location",
    Severity.NOTE,
    N_("A project without a location"),
    N_("The project does not say where it is, so it will be on no map."),
    N_("Add 'locations' with coordinates or an address."),
    N_("Our reasoning: what people look for first"),
)
register(
    "gap.public_authority",
    Severity.NOTE,
    N_("A project without a public authority"),
    N_("The project does not say which public authority is responsible for it."),
    N_("Add 'publicAuthority' with the id and name that the authority has in 'parties'."),
    N_("Our reasoning: what people look for first"),
)
register(
    "gap.supplier",
    Severity.NOTE,
    N_("An active contract without a supplier"),
    N_("The contract is active and does not say who carries it out."),
    N_("Add 'suppliers' with the id and name that the contractor has in 'parties'."),
    N_("Our reasoning: what people look for first"),
)


@check("gap.title", also=("gap.description", "gap.status", "gap.location"))
def essential_fields(ctx: ProjectContext) -> Iterator[Hit]:
    """Title, description, status and place are what people look for first (our reasoning)."""
    fields = {
        "gap.title": "title",
        "gap.description": "description",
        "gap.status": "status",
        "gap.location": "locations",
    }
    for code, name in fields.items():
        if name not in ctx.project:
            yield Hit((), code=code, field=name)


@check("gap.public_authority")
def no_public_authority(ctx: ProjectContext) -> Iterator[Hit]:
    """Somebody answers for a public work: named here or by role in ``parties`` (OC4IDS, publicAuthority)."""
    if "publicAuthority" in ctx.project:
        return
    if "parties" not in ctx.project or not any("publicAuthority" in roles for roles in ctx.parties.values()):
        yield Hit((), field="publicAuthority")


@check("gap.supplier", needs=("contractingProcesses",))
def active_without_supplier(ctx: ProjectContext) -> Iterator[Hit]:
    """An active process was awarded to somebody (OC4IDS, contractingProcessStatus and suppliers)."""
    for parts, _, summary in ctx.extracts.contracts:
        if summary.get("status") == "active" and "suppliers" not in summary:
            yield Hit(parts, field="contractingProcesses/summary/suppliers")
