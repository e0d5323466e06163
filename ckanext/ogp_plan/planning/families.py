"""Families of plans as data: ``schemas/plans/<family>.yaml``.

A family says its levels and what a level's code looks like, the fields of an item with
their help, and which layouts its documents come in. Nothing of one family is in code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.types import Plan


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a family. ``under``: the levels its items may hang from; none for roots."""

    id: str
    name: dict[str, str]
    plural: dict[str, str]
    under: tuple[str, ...] = ()
    code: str = r".+"
    trackable: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field that a family adds to an item of some levels."""

    name: str
    label: dict[str, str]
    help: dict[str, str]
    levels: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """What one family of plans is. ``weights``: None, or ``explicit`` when brothers must sum 100.

    ``data``: the whole file, for what later floors need of it (cuts, cadence, thresholds, forms).
    """

    id: str
    name: dict[str, str]
    levels: tuple[Level, ...]
    fields: tuple[FieldSpec, ...]
    layouts: tuple[str, ...]
    weights: str | None = None
    data: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    def level(self, level: str) -> Level:
        """Return a level by its id; ``KeyError`` when the family has none such."""
        for known in self.levels:
            if known.id == level:
                return known
        raise KeyError(level)


def _folder(schemas: Path | None) -> Path:
    return (schemas or data.SCHEMAS) / "plans"


def names(schemas: Path | None = None) -> list[str]:
    """Return the families there are: one a file."""
    return [
        name
        for name in data.names(_folder(schemas))
        if "levels" in data.load(_folder(schemas) / f"{name}.yaml")
    ]


def load(name: str, schemas: Path | None = None) -> Family:
    """Read a family.

    :param name: the file's name without ``.yaml``.
    :param schemas: another folder of schemas than the extension's own.
    :raises DataError: there is no such family, or its file is wrong; the text names what.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
        raise data.DataError(f"{name!r} cannot be the name of a family")
    found = data.load(_folder(schemas) / f"{name}.yaml")
    try:
        levels = tuple(_level(entry) for entry in found["levels"])
        fields = tuple(_field(entry, levels) for entry in found.get("fields", []))
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise data.DataError(f"{name}.yaml: {error!r}") from error
    known = {level.id for level in levels}
    for level in levels:
        if not set(level.under) <= known:
            raise data.DataError(f"{name}.yaml: level {level.id} hangs from an unknown level")
    return Family(
        name,
        _words(found.get("name", name)),
        levels,
        fields,
        tuple(found.get("layouts", ())),
        found.get("weights"),
        found,
    )


def _words(value: Any) -> dict[str, str]:
    return (
        {str(lang): str(words) for lang, words in value.items()}
        if isinstance(value, dict)
        else {"es": str(value)}
    )


def _level(entry: dict[str, Any]) -> Level:
    re.compile(entry.get("code", ".+"))
    under = entry.get("under", ())
    return Level(
        entry["id"],
        _words(entry["name"]),
        _words(entry.get("plural", entry["name"])),
        tuple([under] if isinstance(under, str) else under),
        entry.get("code", ".+"),
        bool(entry.get("trackable")),
        bool(entry.get("required")),
    )


def _field(entry: dict[str, Any], levels: tuple[Level, ...]) -> FieldSpec:
    at = tuple(entry.get("levels", [level.id for level in levels]))
    return FieldSpec(
        entry["name"],
        _words(entry.get("label", entry["name"])),
        _words(entry.get("help", "")),
        at,
        bool(entry.get("required")),
    )


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What of a plan does not fit its family: ``kind`` and the item's level and code."""

    kind: str
    level: str
    code: str
    detail: str = ""


def find_mismatches(plan: Plan, family: Family) -> list[Mismatch]:
    """Return where a plan breaks its family: unknown levels, codes, parents; weights that do not sum 100."""
    keys = {item.key for item in plan.items}
    found: list[Mismatch] = []
    levels = {level.id: level for level in family.levels}
    seen: set[tuple[str, str]] = set()
    for item in plan.items:
        level = levels.get(item.level)
        if level is None:
            found.append(Mismatch("level.unknown", item.level, item.code))
            continue
        if item.key in seen:
            found.append(Mismatch("code.repeated", item.level, item.code))
        seen.add(item.key)
        if not re.fullmatch(level.code, item.code):
            found.append(Mismatch("code.pattern", item.level, item.code, level.code))
        if item.parent is not None and item.parent not in keys:
            found.append(Mismatch("parent.missing", item.level, item.code, item.parent[1]))
        elif item.parent is not None and item.parent[0] not in level.under:
            found.append(Mismatch("parent.level", item.level, item.code, item.parent[0]))
        elif item.parent is None and level.under and level.required:
            found.append(Mismatch("parent.missing", item.level, item.code))
    return found + (_weights(plan) if family.weights == "explicit" else [])


def _weights(plan: Plan) -> list[Mismatch]:
    """Weights of brothers, where any is given, must sum 100 (CONPES: "importancia relativa")."""
    sums: dict[tuple[str, tuple[str, str] | None], list[Any]] = {}
    for item in plan.items:
        sums.setdefault((item.level, item.parent), []).append(item)
    found = []
    for (level, parent), brothers in sums.items():
        given = [item.weight for item in brothers if item.weight is not None]
        if given and (len(given) < len(brothers) or sum(given) != 100):
            code = parent[1] if parent else ""
            found.append(Mismatch("weight.sum", level, code or brothers[0].code, str(sum(given))))
    return found
