"""References between organisations: the places that name one, and the list of parties that must have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..messages import N_, register
from ..types import Severity, shorten
from . import Hit, Parts, ProjectContext, check
from .extracts import key, text
from .rules import rule_set, rules

register(
    "ref.unknown",
    Severity.WARNING,
    N_("An organisation that is not in the list of parties"),
    N_("The organisation with id %(value)s is named here, but no entry of 'parties' has that id."),
    N_(
        "Add the organisation to 'parties' with this same id, or correct the id here: they must be written "
        "alike."
    ),
    N_("OC4IDS 0.9.5: organization references"),
)
register(
    "ref.no_id",
    Severity.WARNING,
    N_("An organisation named without its id"),
    N_("The organisation %(value)s is named here without an 'id', so it cannot be found in 'parties'."),
    N_(
        "Add the 'id' that the organisation has in 'parties'; if it is not there yet, add it to that list "
        "too."
    ),
    N_("OC4IDS 0.9.5: organization references"),
)
register(
    "ref.name_differs",
    Severity.NOTE,
    N_("An organisation with two names"),
    N_(
        "Here the organisation is called %(value)s, but in 'parties' the same id is called "
        '"%(party_name)s".'
    ),
    N_("Write the name as it is in 'parties', or correct the id if another organisation was meant."),
    N_("OC4IDS 0.9.5: organization references"),
)
register(
    "ref.role_missing",
    Severity.WARNING,
    N_("An organisation whose role is not declared"),
    N_(
        "The organisation with id %(value)s is used here, but its entry in 'parties' has none of these "
        "roles: %(roles)s."
    ),
    N_("Add to its 'roles' in 'parties' the one that applies: %(roles)s."),
    N_("OC4IDS 0.9.5: organization references"),
)
register(
    "ref.party_without_role",
    Severity.NOTE,
    N_("A party without any role"),
    N_("The organisation %(value)s is in 'parties' but does not say what its role in the project is."),
    N_(
        "Add 'roles' with at least one code of the list of roles, for example \"supplier\" or "
        '"publicAuthority".'
    ),
    N_("OC4IDS 0.9.5: parties"),
)
register(
    "ref.party_unused",
    Severity.NOTE,
    N_("A party that nothing refers to"),
    N_("The organisation with id %(value)s is in 'parties', but no other part of the project names it."),
    N_(
        "Name it where it takes part (public authority, supplier, tenderer…), or check that the ids are "
        "written alike."
    ),
    N_("OC4IDS 0.9.5: parties"),
)


def resolved(ctx: ProjectContext) -> list[tuple[str, Parts, dict[str, Any], str | None]]:
    """Every reference: its schema path, the way to it, itself, and the id it points at, if any."""
    if ctx.extracts.resolved is None:
        ctx.extracts.resolved = [
            (field, parts, reference, key(reference.get("id")))
            for field, parts, reference in ctx.extracts.references
        ]
    return ctx.extracts.resolved


@check("ref.unknown", needs=("OrganizationReference",))
def unknown_organisation(ctx: ProjectContext) -> Iterator[Hit]:
    """All 14 organisation references must match an entry of ``parties`` by id (OC4IDS,
    OrganizationReference.id)."""
    parties = ctx.parties
    for _, parts, reference, wanted in resolved(ctx):
        if wanted is not None and wanted not in parties:
            yield Hit((*parts, "id"), reference["id"])


@check("ref.no_id", needs=("OrganizationReference",))
def reference_without_id(ctx: ProjectContext) -> Iterator[Hit]:
    """A reference is resolved by its id alone; the schema does not demand one (OC4IDS,
    OrganizationReference)."""
    for _, parts, reference in ctx.extracts.references:
        if "id" not in reference and text(reference.get("name")):
            yield Hit(parts, reference["name"])


@check("ref.name_differs", needs=("OrganizationReference",))
def reference_with_another_name(ctx: ProjectContext) -> Iterator[Hit]:
    """The name in a reference must match the party's (OC4IDS, OrganizationReference.name); case does not
    count."""
    names: dict[str, Any] = {}
    for _, _, party in ctx.extracts.parties:
        identifier = key(party.get("id"))
        if identifier:
            names.setdefault(identifier, party.get("name"))
    for _, parts, reference, identifier in resolved(ctx):
        name: Any = reference.get("name")
        known: Any = names.get(identifier or "")
        if name == known or not text(name) or not text(known):
            continue
        if _plain(name) != _plain(known):
            yield Hit((*parts, "name"), name, {"party_name": shorten(known)})


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


@check("ref.role_missing", needs=("OrganizationReference",))
def reference_without_role(ctx: ProjectContext) -> Iterator[Hit]:
    """The party must have the role it is used in (OC4IDS: publicAuthority, procuringEntity, suppliers,
    sourceParty…).

    Which roles fit each place is data (``references.roles``). A party without
    any role is reported once, by ``ref.party_without_role``, not at every use.
    """
    expected = rules("references")["roles"]
    parties = ctx.parties
    for field, parts, reference, identifier in resolved(ctx):
        roles = parties.get(identifier or "")
        fitting = expected.get(field)
        if roles and fitting and roles.isdisjoint(fitting):
            yield Hit((*parts, "id"), reference["id"], {"roles": tuple(fitting)})


@check("ref.party_without_role", needs=("Organization",))
def party_without_role(ctx: ProjectContext) -> Iterator[Hit]:
    """Each party should say its roles in the project (OC4IDS, Organization.roles)."""
    for _, parts, party in ctx.extracts.parties:
        if party and "roles" not in party:
            yield Hit(parts, text(party.get("name")) or party.get("id"))


@check("ref.party_unused", needs=("Organization",))
def party_never_referenced(ctx: ProjectContext) -> Iterator[Hit]:
    """References elsewhere point at ``parties``; one that none points at is often a mistyped id (our
    reasoning).

    Roles that no field can point at (``references.unreferenced_roles``) excuse.
    """
    used = {identifier for _, _, _, identifier in resolved(ctx)}
    excused = rule_set("references", "unreferenced_roles")
    roles = ctx.parties
    for _, parts, party in ctx.extracts.parties:
        identifier = key(party.get("id"))
        if identifier and identifier not in used and roles.get(identifier, frozenset()).isdisjoint(excused):
            yield Hit((*parts, "id"), party["id"])
