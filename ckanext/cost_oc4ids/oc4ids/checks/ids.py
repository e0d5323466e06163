"""Identifiers: there, unique, and of the form that others can rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from .. import schema
from ..messages import N_, register
from ..types import Severity
from . import Hit, LintField, LintPlace, ProjectContext, check, lint
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "id.missing",
    _W,
    N_("An item of a list without its id"),
    N_(
        "This item of the list has no 'id', so it cannot be distinguished from the others when the file "
        "changes."
    ),
    N_("Give every item an 'id' that no other item of the same list has, and keep it in later versions."),
    N_("Review tool of OC4IDS: missing identifiers"),
)
register(
    "id.duplicate",
    Severity.ERROR,
    N_("Two items of a list with the same id"),
    N_("The id %(value)s is already used by another item of this list."),
    N_("Give each item its own id; if both are the same thing, keep one."),
    N_("Review tool of OC4IDS: non-unique id values"),
)
register(
    "id.prefix_form",
    _W,
    N_("A project id without a registered prefix"),
    N_('The project\'s id, %(value)s, does not begin with a prefix such as "oc4ids-abc123-".'),
    N_(
        "Begin the id with the prefix given to the publisher by the Open Contracting Partnership, a hyphen, "
        "and then the project's own number."
    ),
    N_("OC4IDS 0.9.5: project identifier prefixes"),
)
register(
    "id.prefix_example",
    _W,
    N_("A project id with the prefix of the examples"),
    N_("The project's id, %(value)s, has the prefix that the standard's documentation uses in its examples."),
    N_(
        "Replace it with the prefix given to the publisher; it is asked for, free of charge, from the "
        "standard's helpdesk."
    ),
    N_("OC4IDS 0.9.5: project identifier prefixes"),
)
register(
    "id.prefix_other",
    _W,
    N_("A project id with another publisher's prefix"),
    N_('The project\'s id, %(value)s, does not begin with the prefix of this portal, "%(prefix)s".'),
    N_('Begin the id with "%(prefix)s-".'),
    N_("OC4IDS 0.9.5: project identifier prefixes"),
)
register(
    "id.spaces",
    _W,
    N_("An identifier with spaces"),
    N_("The identifier %(value)s has spaces: links and references to it will break."),
    N_("Remove the spaces at its ends and replace those inside with hyphens, here and wherever it is used."),
    N_("Our reasoning: identifiers go into links"),
    remedy_fixed=N_("Write %(example)s, here and wherever this identifier is used."),
)
register(
    "id.ocid_form",
    _W,
    N_("An OCID that is not one"),
    N_(
        '%(value)s is not an open contracting identifier: those begin with "ocds-", six letters or '
        "digits and a hyphen."
    ),
    N_(
        "Write the OCID given by the procurement system, or remove 'ocid' and keep the number in "
        "'externalReference'."
    ),
    N_("OC4IDS 0.9.5: contracting process summary, ocid"),
)
register(
    "id.ocid_differs",
    _W,
    N_("A contracting process with two identifiers"),
    N_("The process has the OCID %(value)s in its summary, but another identifier as its own id."),
    N_("Write the OCID as the 'id' of the contracting process as well."),
    N_("OC4IDS 0.9.5: contracting process id"),
)
register(
    "related.self",
    _W,
    N_("A project related to itself"),
    N_("The related project %(value)s is this same project."),
    N_("Write the other project's identifier, or remove the relation."),
    N_("OC4IDS 0.9.5: related projects"),
)
register(
    "related.form",
    _W,
    N_("A related project that is not an OC4IDS project"),
    N_("The relation says that %(value)s is an OC4IDS project, but its identifier has not that form."),
    N_("Write the whole id of the related project, prefix included, or change the scheme."),
    N_("OC4IDS 0.9.5: related projects"),
)


def _require_id(field: LintField) -> Mapping[str, Any] | None:
    optional = "id" not in field.schema.get("required", ())
    has_id = "id" in field.schema.get("properties", {})
    is_reference = (found := schema.fields().get(field.path)) and found.definition == "OrganizationReference"
    return {"required": ["id"]} if field.is_item and has_id and optional and not is_reference else None


@lint("id.missing", require=_require_id)
def item_without_id(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Items of lists have an id even where the schema lets it out (review tool: structure, missing ids).

    A reference without id has a finding of its own, ``ref.no_id``.
    """
    if isinstance(place.value, dict) and place.value:
        yield Hit(place.parts)


def _lists_with_ids() -> Iterator[str]:
    """Lists whose items are distinguished by their id."""
    for each in schema.fields().values():
        if each.is_array and each.unique_items and schema.children(each.path):
            yield each.path


@check("id.duplicate", needs=_lists_with_ids)
def duplicate_id(ctx: ProjectContext) -> Iterator[Hit]:
    """Ids are unique in their list: the review tool counts it as an error of the schema (uniqueItems by id).

    Whole items alike are the schema's own finding and are passed over here.
    """
    for _, parts, items in ctx.extracts.suspect_lists:
        first: dict[Any, Any] = {}
        for index, item in enumerate(items):
            identifier = item.get("id") if isinstance(item, dict) else None
            if not isinstance(identifier, str | int | float):
                continue
            if identifier not in first:
                first[identifier] = item
            elif item != first[identifier]:
                yield Hit((*parts, index, "id"), identifier)


@lru_cache(maxsize=8)
def _form(name: str) -> re.Pattern[str]:
    return re.compile(rules("ids")[name])


@check("id.prefix_form", needs=("id",), also=("id.prefix_example", "id.prefix_other"))
def project_prefix(ctx: ProjectContext) -> Iterator[Hit]:
    """A project id is a registered prefix, a hyphen and a local id (OC4IDS, project identifier guidance)."""
    identifier = ctx.project_id
    if not identifier:
        return
    expected = ctx.options.prefix
    example = rules("ids")["example_prefix"]
    if not _form("project_form").match(identifier):
        yield Hit(("id",), identifier)
    elif identifier.startswith(f"{example}-") and expected != example:
        yield Hit(("id",), identifier, code="id.prefix_example")
    elif expected and not identifier.startswith(f"{expected.rstrip('-')}-"):
        yield Hit(("id",), identifier, {"prefix": expected.rstrip("-")}, code="id.prefix_other")


def _require_no_spaces(field: LintField) -> Mapping[str, Any] | None:
    return {"pattern": "^\\S*$"} if field.path in rule_set("ids", "no_spaces") else None


@lint("id.spaces", require=_require_no_spaces)
def identifier_with_spaces(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Identifiers of projects, parties and processes go into links and references (our reasoning)."""
    if isinstance(place.value, str) and place.value.strip():
        yield Hit(place.parts, place.value)


@check("id.ocid_form", needs=("contractingProcesses",), also=("id.ocid_differs",))
def contracting_identifier(ctx: ProjectContext) -> Iterator[Hit]:
    """``ocid`` is an OCID, and then it is the process's id as well (OC4IDS, contractingProcesses.id and
    ocid)."""
    for parts, process, summary in ctx.extracts.contracts:
        ocid = summary.get("ocid")
        if not isinstance(ocid, str) or not ocid.strip():
            continue
        if not _form("ocid_form").match(ocid):
            yield Hit((*parts, "ocid"), ocid)
        elif isinstance(process.get("id"), str) and process["id"] != ocid:
            yield Hit((*parts, "ocid"), ocid, code="id.ocid_differs")


@check("related.self", needs=("relatedProjects",), also=("related.form",))
def related_project(ctx: ProjectContext) -> Iterator[Hit]:
    """A related project is another one, and an OC4IDS id when the scheme says so (OC4IDS,
    relatedProjects)."""
    for parts, related in ctx.values("relatedProjects[]"):
        identifier = related.get("identifier") if isinstance(related, dict) else None
        if not isinstance(identifier, str) or not identifier.strip():
            continue
        if identifier == ctx.project_id:
            yield Hit((*parts, "identifier"), identifier)
        elif related.get("scheme") == "oc4ids" and not _form("project_form").match(identifier):
            yield Hit((*parts, "identifier"), identifier, code="related.form")
