"""Write the documents of the demonstration plans: ``python dev/sample/planes/workbooks.py [--year 2026]``.

``muestra.yaml`` lists them; their text is in ``paac.yaml``, ``ogp.yaml``, ``cost.yaml`` and ``ptep.yaml``, what the
forms say of themselves in ``formularios.yaml``. This module lays it out as the workbooks that an official would
upload: merged cells, shaded months, headers on each page. A test compares the committed files with it. Everything is
invented.
"""

from __future__ import annotations

import argparse
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

Json = dict[str, Any]
HERE = Path(__file__).parent
YEAR = 2026

BAND = PatternFill("solid", fgColor="FFD9E2EC")
COMPONENT = PatternFill("solid", fgColor="FF1F3A5F")
PART = PatternFill("solid", fgColor="FFB8CCE4")
MONTH = PatternFill("solid", fgColor="FF5B9A68")
LINE = Side(style="thin", color="FF7F8C99")
GRID = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
WRAP = Alignment(wrap_text=True, vertical="center")
CENTRE = Alignment(wrap_text=True, vertical="center", horizontal="center")


def load_text(name: str, year: int = YEAR) -> Json:
    """Return a YAML file of this folder for a year."""
    text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
    found: Json = yaml.safe_load(text.replace("{y1}", str(year + 1)).replace("{y}", str(year)))
    return found


FORMS = load_text("formularios")


def row_codes(paac: Json) -> Iterator[tuple[str, Json]]:
    """Yield each row of the form with the code that it is followed by ("3.1.4#2")."""
    for component in paac["componentes"]:
        parts = [*component.get("subcomponentes", ()), {"actividades": component.get("actividades", ())}]
        for activity in (one for part in parts for one in part["actividades"]):
            for number, row in enumerate(activity["filas"], start=1):
                yield (activity["code"] if number == 1 else f"{activity['code']}#{number}"), row


def to_bytes(book: Workbook) -> bytes:
    """Return a workbook's bytes; the same whenever it is written."""
    out, fixed = io.BytesIO(), io.BytesIO()
    book.save(out)
    moment = f"{YEAR}-01-15T09:00:00Z"
    with zipfile.ZipFile(out) as made, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment.encode(), content)
            target.writestr(zipfile.ZipInfo(name, (YEAR, 1, 15, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def new_book(title: str, sheet: str) -> tuple[Workbook, Any]:
    """Return a new workbook with one sheet, ready to print."""
    book = Workbook()
    book.properties.title = title
    book.properties.creator = FORMS["autor"]
    page = book.active
    page.title = sheet
    set_up_printing(page)
    return book, page


def set_up_printing(page: Any) -> None:
    """Set a sheet up for printing: landscape, as wide as the page, with a footer."""
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_LEGAL
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.oddFooter.left.text = FORMS["nota"]
    page.oddFooter.right.text = "&P de &N"


def write_row(
    page: Any, row: int, values: Sequence[Any], *, fill: PatternFill | None = None, bold: bool = False
) -> None:
    """Write a row of cells with borders."""
    if fill is BAND:
        page.row_dimensions[row].height = 30
    for column, value in enumerate(values, start=1):
        cell = page.cell(row=row, column=column, value=value)
        cell.border = GRID
        cell.alignment = WRAP
        if bold:
            cell.font = Font(name="Calibri", bold=True)
        if fill is not None:
            cell.fill = fill


def set_widths(page: Any, sizes: Sequence[float]) -> None:
    for column, size in enumerate(sizes, start=1):
        page.column_dimensions[get_column_letter(column)].width = size


def set_height(page: Any, row: int, values: Sequence[Any], sizes: Sequence[float]) -> None:
    """Make a row as high as its longest text needs."""
    lines = max(
        sum(-(-len(line) // max(int(size * 0.95), 1)) for line in str(value).split("\n"))
        for value, size in zip(values, sizes, strict=False)
        if value is not None
    )
    page.row_dimensions[row].height = max(15, 14.5 * lines)


# -- PAAC, form F014 ------------------------------------------------------------------------------------------

F014 = FORMS["f014"]
LAST = len(F014["anchos"])


class F014Sheet:
    """Form F014 as it is filled in by hand: one long sheet, its header again on each page."""

    def __init__(self, page: Any, paac: Json) -> None:
        self.page, self.paac = page, paac
        self.at = 0
        set_widths(page, F014["anchos"])

    def write(self, *, twice: str = "", goals: Mapping[str, str] | None = None) -> None:
        """Write the whole form.

        :param twice: the code of a component whose page comes twice.
        :param goals: code of an activity → what is added to its goals the second time.
        """
        self.write_preamble()
        for component in self.paac["componentes"]:
            self.write_component(component, {})
            if component["code"] == twice:
                self.write_component(component, goals or {})

    def write_preamble(self) -> None:
        page = self.page
        for text in (*F014["arriba"], self.paac["title"], self.paac["form"]):
            self.at += 1
            page.merge_cells(start_row=self.at, start_column=1, end_row=self.at, end_column=LAST)
            cell = page.cell(row=self.at, column=1, value=text)
            cell.alignment, cell.font = CENTRE, Font(name="Calibri", bold=True, size=13)
        for label, value in [[F014["version"], self.paac["version"]], *self.paac["cabecera"]]:
            self.at += 1
            page.merge_cells(start_row=self.at, start_column=1, end_row=self.at, end_column=3)
            page.merge_cells(start_row=self.at, start_column=4, end_row=self.at, end_column=LAST)
            page.cell(row=self.at, column=1, value=f"{label}:").font = Font(name="Calibri", bold=True)
            page.cell(row=self.at, column=4, value=value).alignment = WRAP
            page.row_dimensions[self.at].height = max(15, 13.5 * -(-len(str(value)) // 190))
        self.at += 1

    def write_header(self) -> None:
        page, top = self.page, self.at + 1
        write_row(page, top, F014["columnas"], fill=BAND, bold=True)
        write_row(page, top + 1, F014["subcolumnas"], fill=BAND, bold=True)
        page.row_dimensions[top].height = page.row_dimensions[top + 1].height = 18
        for letter in F014["altas"]:
            page.merge_cells(f"{letter}{top}:{letter}{top + 1}")
        for first, last in F014["anchas"]:
            page.merge_cells(f"{first}{top}:{last}{top}")
        for row in page.iter_rows(min_row=top, max_row=top + 1, max_col=LAST):
            for cell in row:
                cell.alignment = CENTRE
        self.at += 2

    def write_heading(self, code: str, title: str, fill: PatternFill, colour: str) -> None:
        self.at += 1
        write_row(self.page, self.at, [code, title, *[None] * (LAST - 2)], fill=fill)
        for column in (1, 2):
            self.page.cell(row=self.at, column=column).font = Font(name="Calibri", bold=True, color=colour)
        self.page.merge_cells(start_row=self.at, start_column=2, end_row=self.at, end_column=LAST)

    def write_component(self, component: Json, goals: Mapping[str, str]) -> None:
        marks = component["code"] in F014["con_x"]
        self.write_header()
        self.write_heading(component["code"], component["title"], COMPONENT, "FFFFFFFF")
        for number, part in enumerate(component.get("subcomponentes", ())):
            if number == F014["cortes_de_pagina"].get(component["code"]):
                self.write_header()
            self.write_heading(part["code"], part["title"], PART, "FF000000")
            for activity in part["actividades"]:
                self.write_activity(activity, goals, marks=marks)
        for activity in component.get("actividades", ()):
            self.write_activity(activity, goals, marks=marks)

    def write_activity(self, activity: Json, goals: Mapping[str, str], *, marks: bool) -> None:
        first = self.at + 1
        shared = first
        for number, row in enumerate(activity["filas"]):
            self.at += 1
            opens = number == 0
            goal = row["meta"]
            if activity["code"] in goals:
                goal = f"{goal} {goals[activity['code']]}"
            printed = None
            if row["responsables"] != "=":
                shared = self.at
                printed = self.paac["responsables"].get(row["responsables"], row["responsables"])
            values = [
                activity["code"] if opens else None, activity["title"] if opens else None, row["descripcion"], goal,
                *["X" if marks and month in row["meses"] else None for month in range(1, 13)],
                row["producto"], row["formula"], row["resultado"], printed,
            ]  # fmt: skip
            write_row(self.page, self.at, values)
            alone = values[1] if len(activity["filas"]) == 1 else None
            set_height(self.page, self.at, [alone, *values[2:]], F014["anchos"][1:])
            for month in row["meses"]:
                cell = self.page.cell(row=self.at, column=4 + month)
                cell.fill, cell.alignment = MONTH, CENTRE
            if printed is None:
                self.merge(20, shared, self.at)
        if self.at > first:
            self.page.merge_cells(start_row=first, start_column=1, end_row=self.at, end_column=1)
            self.page.merge_cells(start_row=first, start_column=2, end_row=self.at, end_column=2)

    def merge(self, column: int, first: int, last: int) -> None:
        """Merge down to ``last``, in place of a merge that ended above."""
        for area in list(self.page.merged_cells.ranges):
            if (area.min_col, area.min_row) == (column, first):
                self.page.unmerge_cells(str(area))
        self.page.merge_cells(start_row=first, start_column=column, end_row=last, end_column=column)


def write_f014(paac: Json, **broken: Any) -> bytes:
    """Return a PAAC as the F014 workbook.

    :param broken: of :meth:`F014Sheet.write`.
    """
    book, page = new_book(paac["title"], F014["hoja"])
    F014Sheet(page, paac).write(**broken)
    return to_bytes(book)


# -- tables whose first column names a group of rows -----------------------------------------------------------


def write_table(
    page: Any,
    top: int,
    form: Json,
    groups: Iterable[tuple[str, Sequence[Sequence[Any]]]],
    *,
    measured: int = 1,
    merge_from: int = 1,
) -> None:
    """Write a table with its header; the first cell of the rows of a group is merged.

    :param top: the row of the header.
    :param form: the names of the columns, and their widths in characters.
    :param groups: the text of each group and its rows, without their first column.
    :param measured: the first column whose text makes a row higher.
    :param merge_from: how many rows a group needs to be merged; a single cell counts as merged where it is 1.
    """
    write_row(page, top, form["columnas"], fill=BAND, bold=True)
    at = top
    for title, rows in groups:
        first = at + 1
        for number, row in enumerate(rows):
            at += 1
            values = [None if number else title, *row]
            write_row(page, at, values)
            set_height(page, at, values[measured:], form["anchos"][measured:])
        if len(rows) >= merge_from:
            page.merge_cells(start_row=first, start_column=1, end_row=at, end_column=1)


def write_title(page: Any, text: str, size: int | None = None) -> None:
    """Add a row with a bold text."""
    page.append([text])
    page.cell(row=page.max_row, column=1).font = Font(name="Calibri", bold=True, size=size)


def bullets(lines: Sequence[str]) -> str:
    """Return lines as a list inside of a cell."""
    return "\n".join(f"• {line}" for line in lines)


def write_ogp(plan: Json) -> bytes:
    """Return an open government plan as a workbook: commitments on one sheet, milestones on another."""
    form, second = FORMS["ogp"], FORMS["ogp"]["hitos"]
    book, page = new_book(plan["title"], form["hoja"])
    set_widths(page, form["anchos"])
    for text in (plan["title"], *plan["cabecera"]):
        write_title(page, text)
    commitments, milestones = [], []
    for one in plan["compromisos"]:
        blocks = [one[name] for name in ("problema", "relevancia", "poblacion", "cambio")]
        commitments.append((one["title"], [[*blocks, bullets(one["indicadores"]), one["responsables"]]]))
        milestones.append((one["title"], [[value or None for value in row] for row in one["hitos"]]))
    write_table(page, page.max_row + 1, form, commitments, measured=0, merge_from=2)
    other = book.create_sheet(second["hoja"])
    set_up_printing(other)
    set_widths(other, second["anchos"])
    write_table(other, 1, second, milestones)
    return to_bytes(book)


def write_cost(plan: Json) -> bytes:
    """Return a CoST work plan as the programme's six-column table."""
    form = FORMS["cost"]
    book, page = new_book(plan["title"], form["hoja"])
    set_widths(page, form["anchos"])
    for text in (plan["title"], f"{plan['title_en']}¹"):
        write_title(page, text, 13)
    for label, value in plan["cabecera"]:
        page.append([label, None, value])
        page.merge_cells(start_row=page.max_row, start_column=1, end_row=page.max_row, end_column=2)
    levels = []
    for level in plan["niveles"]:
        rows = []
        for one in level["elementos"]:
            texts = [one["title"], "\n".join(one["indicadores"]), bullets(one["evidencias"])]
            rows.append([*texts, one["responsable"], one["entrega"]])
        levels.append((level["name"], rows))
    write_table(page, page.max_row + 1, form, levels)
    page.append([plan["nota"]])
    return to_bytes(book)


def write_ptep(plan: Json) -> bytes:
    """Return a PTEP as the national form: a table a component, its subcomponents merged."""
    form = FORMS["ptep"]
    book, page = new_book(plan["title"], form["hoja"])
    set_widths(page, form["anchos"])
    write_title(page, plan["title"], 13)
    page.append([plan["nota"]])
    for label, value in plan["cabecera"]:
        page.append([f"{label}:", value])
    for component in plan["componentes"]:
        page.append([])
        at = page.max_row + 2
        page.cell(row=at, column=1, value=component["title"]).font = Font(name="Calibri", bold=True)
        parts = [(part["title"], part["actividades"]) for part in component["lineas"]]
        write_table(page, at + 1, form, parts, measured=0, merge_from=2)
    return to_bytes(book)


# -- the documents --------------------------------------------------------------------------------------------

WRITERS: dict[str, Callable[..., bytes]] = {
    "f014": write_f014,
    "ogp": write_ogp,
    "cost": write_cost,
    "ptep": write_ptep,
}


def load_plan(document: Json, year: int) -> Json:
    """Return the text of a document of ``muestra.yaml``, with what it says otherwise.

    :param year: of the demonstration, whose changes are asked for.
    """
    plan = load_text(document["text"], int(document["year"]))
    if "only" in document:
        plan["componentes"] = [one for one in plan["componentes"] if one["code"] == document["only"]]
    changed: list[Json] = [document.get("rows", {})]
    if "changes" in document:
        changed += [one["filas"] for one in load_text("seguimiento", year)["cambios"][document["changes"]]]
    for code, fields in ((code, fields) for one in changed for code, fields in one.items()):
        dict(row_codes(plan))[code].update(fields)
    return plan


def files(year: int = YEAR) -> dict[str, bytes]:
    """Return every document by its path in this folder."""
    manifest = load_text("muestra", year)
    made = {}
    for document in [*manifest["planes"], *manifest["broken"]]:
        if "bytes" in document:
            made[document["file"]] = document["bytes"].encode()
            continue
        broken = {name: document[name] for name in ("twice", "goals") if name in document}
        made[document["file"]] = WRITERS[document["form"]](load_plan(document, year), **broken)
    return made


def main() -> None:
    """Write the documents beside this file, or elsewhere."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--year", type=int, default=YEAR)
    parser.add_argument("--into", type=Path, default=HERE)
    given = parser.parse_args()
    for name, content in files(given.year).items():
        path = given.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
