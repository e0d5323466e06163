"""Reading plans as they exist: ``read(content, family)`` → the plan and its act.

Nothing is written anywhere: a reading is the dry run, and what is applied later is the same
reading with the answers in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning.importers import checks
from ckanext.ogp_plan.planning.importers.act import Act, Finding, Option, Question, Reading, Unreadable
from ckanext.ogp_plan.planning.importers.cascade import CascadeReader
from ckanext.ogp_plan.planning.importers.columns import ColumnsReader
from ckanext.ogp_plan.planning.importers.common import Context
from ckanext.ogp_plan.planning.importers.document import DocumentReader
from ckanext.ogp_plan.planning.importers.layouts import Layout, load, of_family
from ckanext.ogp_plan.planning.importers.own_workbook import OwnReader
from ckanext.ogp_plan.planning.importers.sources import Source
from ckanext.ogp_plan.planning.importers.sources import load as load_source
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.types import Place, Plan

__all__ = ["Act", "Finding", "Option", "Question", "Reading", "Unreadable", "read"]


#: How many lines of a document say what it is.
_HEAD = 20


def _shape(shape: str) -> Callable[[Context], bool]:
    readers: dict[str, Callable[[Context], bool]] = {
        "cascade": lambda context: CascadeReader(context).read(),
        "columns": lambda context: ColumnsReader(context).read(),
        "document": lambda context: DocumentReader(context).read(),
        "own": lambda context: OwnReader(context).read(),
    }
    if shape not in readers:
        raise data.DataError(f"shape {shape!r}: no reader is called so")
    return readers[shape]


def read(
    content: bytes | str | Path,
    family: str,
    layout: str | None = None,
    *,
    answers: Mapping[str, str] | None = None,
    name: str = "",
    schemas: Path | None = None,
) -> Reading:
    """Read a document as a plan.

    :param content: a file's bytes, its text, or its path.
    :param family: the family's name (``paac``, ``ptep``, ``cost``, ``ogp`` or another file's).
    :param layout: the layout's name; without it, the family's layouts are tried in order.
    :param answers: question id → the value of the option chosen, for what earlier readings asked.
    :param name: the file's name, when ``content`` is no path: its ending tells CSV from text.
    :param schemas: another folder of families, layouts and names than the extension's.
    :raises Unreadable: it is no plan, or cannot be read; with the place and the reason.
    :raises DataError: there is no such family or layout.
    """
    kind = families.load(family, schemas)
    tried = [load(layout, schemas)] if layout else of_family(kind, schemas)
    if layout and not tried[0].serves(family):
        raise Unreadable("layout.other_family", layout=layout, family=family)
    source = load_source(*_bytes(content, name))
    names = (schemas or data.SCHEMAS) / "cali" / "responsables.yaml"
    directory_path = names if names.exists() else data.SCHEMAS / "cali" / "responsables.yaml"
    for name_of_layout in tried:
        context = Context(
            name_of_layout, kind, Directory.load(directory_path), dict(answers or {}), source, Plan(family)
        )
        context.act.flagged += source.findings
        if _shape(name_of_layout.shape)(context):
            return _reading(context)
    raise _not_a_plan(source, tried, schemas)


def _bytes(content: bytes | str | Path, name: str) -> tuple[bytes, str]:
    if isinstance(content, Path):
        try:
            with content.open("rb") as file:
                return file.read(), name or content.name
        except OSError as error:
            raise Unreadable("read.no_file", file=content.name, reason=error.strerror or "") from error
    return (content.encode() if isinstance(content, str) else content), name


def _reading(context: Context) -> Reading:
    if not context.plan.items:
        raise Unreadable("read.no_items", layout=context.layout.name)
    if context.layout.shape != "own":
        checks.check_plan(context)
    context.finish()
    for misfit in families.find_mismatches(context.plan, context.family):
        item = context.find(misfit.level, misfit.code)
        place = item.place if item and item.place else Place()
        context.act.flag(
            f"family.{misfit.kind}", place, misfit.code, level=misfit.level, detail=misfit.detail
        )
    return Reading(context.plan, context.act, context.layout.name)


def _not_a_plan(source: Source, tried: list[Layout], schemas: Path | None) -> Unreadable:
    """Say what a document is that is no plan; otherwise, that no table was found and how it should begin."""
    folder = (schemas or data.SCHEMAS) / "plans"
    path = (
        folder / "not-plans.yaml"
        if (folder / "not-plans.yaml").exists()
        else data.SCHEMAS / "plans" / "not-plans.yaml"
    )
    lines = [
        (row.place, fold("\t".join(cell.text for cell in row.cells)))
        for _, row in source.rows()
        if row.filled()
    ]
    for entry in data.load(path).get("kinds", ()):
        first = _first(entry["first"], lines[:_HEAD])
        if first and all(_first(pattern, lines) for pattern in entry["all"]):
            return Unreadable(entry["kind"], first)
    wanted = [layout.name for layout in tried if layout.shape != "own"]
    return Unreadable("read.no_table", lines[0][0] if lines else Place(), layouts=wanted)


def _first(pattern: str, lines: list[tuple[Place, str]]) -> Place | None:
    compiled = re.compile(pattern)
    return next((place for place, line in lines if compiled.search(line)), None)
