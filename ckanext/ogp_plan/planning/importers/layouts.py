"""Layouts as data: ``schemas/plans/layouts/<layout>.yaml``, and headers of tables as they say them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckanext.cost_common.values.dates import MONTHS
from ckanext.cost_common.values.text import bare
from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning.importers.sources import Grid, Row

_CODE_AND_MARKS = re.compile(r"[\s.°º#]+\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """How one form lays a plan out. ``shape`` names the reader; ``data`` is what it goes by."""

    name: str
    shape: str
    families: tuple[str, ...]
    data: dict[str, Any] = field(compare=False, hash=False)

    def title(self, lang: str) -> str:
        """Return what people call it."""
        return data.text(self.data.get("title"), lang) or self.name

    def serves(self, family: str) -> bool:
        """Tell whether plans of the family come in it."""
        return "*" in self.families or family in self.families


def load(name: str, schemas: Path | None = None) -> Layout:
    """Read a layout.

    :raises DataError: there is none of that name, or its file is wrong.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,60}", name):
        raise data.DataError(f"{name!r} cannot be the name of a layout")
    found = data.load((schemas or data.SCHEMAS) / "plans" / "layouts" / f"{name}.yaml")
    try:
        return Layout(name, str(found["shape"]), tuple(found["families"]), found)
    except (KeyError, TypeError) as error:
        raise data.DataError(f"{name}.yaml: {error!r}") from error


def of_family(family: families.Family, schemas: Path | None = None) -> list[Layout]:
    """Return the layouts that a family's file names, in its order."""
    return [load(name, schemas) for name in family.layouts]


@dataclass(slots=True)
class Header:
    """The column of each field of a table. ``months``: month → column."""

    fields: dict[str, int]
    months: dict[int, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def names_of(columns: dict[str, Iterable[Any]]) -> dict[str, str]:
    """Return each way a column may be headed → its field."""
    return {bare(str(alias)): name for name, aliases in columns.items() for alias in aliases}


def _month(text: str) -> int | None:
    if text.isdigit() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    return MONTHS.get(text)


def match_header(row: Row, names: dict[str, str]) -> Header:
    """Return the fields and months that a row heads, the first time each is named."""
    header = Header({})
    for cell in row.cells:
        text = bare(cell.text)
        if not text:
            continue
        known = names.get(text) or names.get(_CODE_AND_MARKS.sub("", text)) or names.get(text.split(" (")[0])
        if known:
            header.fields.setdefault(known, cell.column)
        elif (month := _month(text)) is not None:
            header.months.setdefault(month, cell.column)
    return header


def find_header(rows: list[Row], at: int, names: dict[str, str], required: Iterable[str]) -> Header | None:
    """Tell whether a table is headed at ``rows[at]``, alone or with the row after it.

    :returns: the header with the one or two rows it takes, or None.
    """
    first = match_header(rows[at], names)
    if len(first.fields) < 2:
        return None
    header = Header(dict(first.fields), dict(first.months), [rows[at]])
    if at + 1 < len(rows):
        second = match_header(rows[at + 1], names)
        named = len(second.fields) + len(second.months)
        filled = len(rows[at + 1].filled())
        if filled and named == filled and (second.months or set(second.fields) - set(first.fields)):
            for name, column in second.fields.items():
                header.fields.setdefault(name, column)
            header.months = second.months or header.months
            header.rows.append(rows[at + 1])
    if set(required) <= set(header.fields):
        return header
    return None


@dataclass(slots=True)
class Block:
    """The rows below one header, to the next one. ``header`` is None for what is before the first."""

    grid: Grid
    header: Header | None
    rows: list[Row]
    table: int = 0


def blocks(grid: Grid, tables: list[dict[str, Any]]) -> list[Block]:
    """Cut a page at the headers of any of the tables a layout knows."""
    known = [(names_of(table["columns"]), tuple(table["required"])) for table in tables]
    found = [Block(grid, None, [])]
    at = 0
    while at < len(grid.rows):
        for number, (names, required) in enumerate(known):
            header = find_header(grid.rows, at, names, required)
            if header:
                found.append(Block(grid, header, [], number))
                at += len(header.rows)
                break
        else:
            found[-1].rows.append(grid.rows[at])
            at += 1
    return found
