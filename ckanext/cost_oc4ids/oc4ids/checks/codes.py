"""Codes outside open lists, and fields the standard does not know: what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from .. import schema
from ..messages import N_, register
from ..types import Severity
from . import Hit, LintField, LintPlace, ProjectContext, lint
from .spelling import LONGEST, Speller, plain

register(
    "code.open",
    Severity.WARNING,
    N_("A code outside the standard's list"),
    N_("%(value)s is not a code of the list '%(codelist)s'."),
    N_(
        "Use a code of the list if one fits. The list is open: your own code is allowed, but others will "
        "not know it."
    ),
    N_("Review tool of OC4IDS: additional open codelist values"),
)
register(
    "code.open_misspelt",
    Severity.WARNING,
    N_("A code written in another way"),
    N_("%(value)s is not a code of the list '%(codelist)s'. Did you mean \"%(suggestion)s\"?"),
    N_('If that is what was meant, write "%(suggestion)s", letter by letter.'),
    N_("Review tool of OC4IDS: additional open codelist values"),
)
register(
    "field.unknown",
    Severity.NOTE,
    N_("A field the standard does not know"),
    N_("The field '%(name)s' is not part of OC4IDS here. It is allowed, but tools will not read it."),
    N_("If the standard has a field for this, use it; otherwise it may stay."),
    N_("Review tool of OC4IDS: additional fields"),
)
register(
    "field.misspelt",
    Severity.WARNING,
    N_("A field whose name is mistyped"),
    N_("The field '%(name)s' is not part of OC4IDS here. Did you mean '%(suggestion)s'?"),
    N_("See whether '%(suggestion)s' is meant: then write its value there, as the standard asks."),
    N_("Review tool of OC4IDS: additional fields"),
    remedy_fixed=N_("Rename the field to '%(suggestion)s'. Capital letters count."),
)
register(
    "field.misplaced",
    Severity.WARNING,
    N_("A field in the wrong place"),
    N_("The field '%(name)s' does not belong here; OC4IDS has it at '%(suggestion)s'."),
    N_("Move the field to '%(suggestion)s'."),
    N_("Review tool of OC4IDS: additional fields"),
)

#: A name outside the standard may still be long: what is shown of it.
_SHOWN = 100


def _open_list(path: str) -> schema.Codelist | None:
    """The open codelist of a field, or None."""
    found = schema.fields().get(path)
    if found is None or not found.codelist:
        return None
    codelist = schema.codelists().get(found.codelist)
    return codelist if codelist is not None and codelist.open and not found.enum else None


def _require_code(field: LintField) -> Mapping[str, Any] | None:
    described = schema.fields().get(field.path)
    if described is None or field.is_item != described.is_array:
        return None
    codelist = _open_list(field.path)
    return {"enum": list(codelist.codes)} if codelist else None


@lru_cache(maxsize=64)
def _codes_of(codelist: str) -> Speller:
    return Speller(schema.codelists()[codelist].codes)


@lru_cache(maxsize=4096)
def suggest_code(codelist: str, written: str) -> str | None:
    """The code of a list that somebody who wrote ``written`` probably meant: known aliases first, then
    spelling."""
    if len(written) > LONGEST:
        return None
    alias = schema.aliases().code(codelist, written)
    return alias.to if alias else _codes_of(codelist).nearest(plain(written))


@lint("code.open", require=_require_code, also=("code.open_misspelt",))
def code_outside_open_list(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Codes come from the list where one fits, open lists included (review tool: open codelists)."""
    codelist = _open_list(place.field)
    if codelist is None or not isinstance(place.value, str) or not place.value.strip():
        return
    suggestion = suggest_code(codelist.name, place.value)
    if suggestion is None:
        yield Hit(place.parts, place.value, {"codelist": codelist.name})
    else:
        params = {"codelist": codelist.name, "suggestion": suggestion}
        yield Hit(place.parts, place.value, params, code="code.open_misspelt")


# -- fields ------------------------------------------------------------------------------------------------


def _require_known(field: LintField) -> Mapping[str, Any] | None:
    names = field.schema.get("properties")
    return {"properties": {name: {} for name in names}, "additionalProperties": False} if names else None


@lru_cache(maxsize=1024)
def _names(parent: str) -> frozenset[str]:
    return frozenset(child.name for child in schema.children(parent))


@lru_cache(maxsize=1024)
def _spelling(parent: str) -> Speller:
    return Speller(child.name for child in schema.children(parent))


@lru_cache(maxsize=1)
def _places() -> Mapping[str, tuple[schema.Field, ...]]:
    """Every field of the standard by its normalised name."""
    places: dict[str, tuple[schema.Field, ...]] = {}
    for each in schema.fields().values():
        name = plain(each.name)
        places[name] = (*places.get(name, ()), each)
    return places


@lru_cache(maxsize=1024)
def _near_places(parent: str) -> Mapping[str, str]:
    """Fields one level below ``parent``, else one above, by normalised name: name → path, where there is
    only one."""
    above = parent.rpartition("/")[0] if parent else None
    found: dict[str, list[str]] = {}
    for level in (
        lambda each: each.parent and each.parent.rpartition("/")[0] == parent,
        lambda each: each.parent == above,
    ):
        known = set(found)
        for each in schema.fields().values():
            name = plain(each.name)
            if name not in known and level(each):
                found.setdefault(name, []).append(each.path)
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1}


def _elsewhere(parent: str, asked: str) -> str | None:
    """Where the standard has a field of this name: one level below or above first, else the only place
    there is."""
    known = _places().get(asked)
    if known is None:
        return None
    return _near_places(parent).get(asked) or (known[0].path if len(known) == 1 else None)


@lru_cache(maxsize=4096)
def suggest_field(parent: str, written: str) -> tuple[str, str | None]:
    """What an unknown field under the schema path ``parent`` (``""``: the project) probably is.

    :returns: ``("field.misspelt", right name)``, ``("field.misplaced", right
        path)`` or ``("field.unknown", None)``.
    """
    if len(written) > LONGEST:
        return "field.unknown", None
    asked = plain(written)
    if same := _spelling(parent).same(asked):
        return "field.misspelt", same
    if alias := schema.aliases().field(parent, asked):
        if "/" in alias.to:
            return "field.misplaced", f"{parent}/{alias.to}" if parent else alias.to
        return "field.misspelt", alias.to
    if place := _elsewhere(parent, asked):
        return "field.misplaced", place
    if near := _spelling(parent).nearest(asked):
        return "field.misspelt", near
    return "field.unknown", None


@lint("field.unknown", require=_require_known, also=("field.misspelt", "field.misplaced"))
def unknown_field(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Fields outside the schema are allowed but seldom meant (review tool: additional fields)."""
    if not isinstance(place.value, dict):
        return
    known = _names(place.field)
    for name, value in place.value.items():
        if name in known:
            continue
        code, suggestion = suggest_field(place.field, name)
        params = (
            {"name": name[:_SHOWN]}
            if suggestion is None
            else {"name": name[:_SHOWN], "suggestion": suggestion}
        )
        yield Hit(
            (*place.parts, name), value if isinstance(value, str | int | float) else None, params, code=code
        )
