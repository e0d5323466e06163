"""Write the documents of the demonstration plans: ``python dev/sample/planes/workbooks.py [--year 2026]``.

Their text is in ``paac.yaml``, ``ogp.yaml``, ``cost.yaml`` and ``ptep.yaml``. This module lays it out as the workbooks
that an official would upload: merged cells, shaded months, headers on each page. A test compares the committed files
with it. Everything is invented.
"""

from __future__ import annotations

import argparse
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
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
NOTE = "Documento de demostración: todo es inventado"

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
    book.properties.creator = "Portal de demostración"
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
    page.oddFooter.left.text = NOTE
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

F014 = (9, 30, 38, 26, *[3.6] * 12, 28, 30, 12, 34)
LAST = len(F014)
HEAD = [
    "N°",
    "ACTIVIDADES",
    "DESCRIPCIÓN",
    "METAS",
    "MESES",
    *[None] * 11,
    "PRODUCTOS (BIENES O SERVICIOS) ENTREGADOS",
    "INDICADORES",
    None,
    "RESPONSABLES",
]
SECOND = [None, None, None, None, *range(1, 13), None, "FÓRMULA", "RESULTADO", None]


class F014Sheet:
    """Form F014 as it is filled in by hand: one long sheet, its header again on each page."""

    def __init__(self, page: Any, paac: Json) -> None:
        self.page, self.paac = page, paac
        self.at = 0
        set_widths(page, F014)

    def write(self, *, twice: str = "", changed: str = "") -> None:
        """Write the whole form.

        :param twice: the code of a component whose page comes twice.
        :param changed: the code of an activity that says something else the second time.
        """
        self.write_preamble()
        for number, component in enumerate(self.paac["componentes"], start=1):
            # the last pages are marked with X besides their colour: they were made by someone else
            self.write_component(component, marks=number > 3)
            if component["code"] == twice:
                self.write_component(component, marks=number > 3, changed=changed)

    def write_preamble(self) -> None:
        page = self.page
        for text in (
            "PORTAL DE DEMOSTRACIÓN",
            "MODELO INTEGRADO DE PLANEACIÓN Y GESTIÓN (MIPG)",
            self.paac["title"],
            self.paac["form"],
        ):
            self.at += 1
            page.merge_cells(start_row=self.at, start_column=1, end_row=self.at, end_column=LAST)
            cell = page.cell(row=self.at, column=1, value=text)
            cell.alignment, cell.font = CENTRE, Font(name="Calibri", bold=True, size=13)
        for label, value in [["VERSIÓN", self.paac["version"]], *self.paac["cabecera"]]:
            self.at += 1
            page.merge_cells(start_row=self.at, start_column=1, end_row=self.at, end_column=3)
            page.merge_cells(start_row=self.at, start_column=4, end_row=self.at, end_column=LAST)
            page.cell(row=self.at, column=1, value=f"{label}:").font = Font(name="Calibri", bold=True)
            page.cell(row=self.at, column=4, value=value).alignment = WRAP
            page.row_dimensions[self.at].height = max(15, 13.5 * -(-len(str(value)) // 190))
        self.at += 1

    def write_header(self) -> None:
        page, top = self.page, self.at + 1
        write_row(page, top, HEAD, fill=BAND, bold=True)
        write_row(page, top + 1, SECOND, fill=BAND, bold=True)
        page.row_dimensions[top].height = page.row_dimensions[top + 1].height = 18
        for letter in "ABCDQT":
            page.merge_cells(f"{letter}{top}:{letter}{top + 1}")
        page.merge_cells(f"E{top}:P{top}")
        page.merge_cells(f"R{top}:S{top}")
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

    def write_component(self, component: Json, *, marks: bool, changed: str = "") -> None:
        self.write_header()
        self.write_heading(component["code"], component["title"], COMPONENT, "FFFFFFFF")
        for number, part in enumerate(component.get("subcomponentes", ())):
            if number == 2 and component["code"] in ("3", "4"):
                self.write_header()  # a page ends here
            self.write_heading(part["code"], part["title"], PART, "FF000000")
            for activity in part["actividades"]:
                self.write_activity(activity, marks=marks, changed=changed)
        for activity in component.get("actividades", ()):
            self.write_activity(activity, marks=marks, changed=changed)

    def write_activity(self, activity: Json, *, marks: bool, changed: str) -> None:
        first = self.at + 1
        shared = first
        for number, row in enumerate(activity["filas"]):
            self.at += 1
            opens = number == 0
            goal = row["meta"]
            if activity["code"] == changed:
                goal = f"{goal} antes de junio"
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
            set_height(self.page, self.at, [alone, *values[2:]], F014[1:])
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


def write_f014(paac: Json, **broken: str) -> bytes:
    """Return a PAAC as the F014 workbook."""
    book, page = new_book(paac["title"], "PAAC")
    F014Sheet(page, paac).write(**broken)
    return to_bytes(book)


# -- tables whose first column names a group of rows -----------------------------------------------------------


def write_table(  # noqa: PLR0913
    page: Any,
    top: int,
    head: Sequence[str],
    groups: Iterable[tuple[str, Sequence[Sequence[Any]]]],
    sizes: Sequence[float],
    *,
    measured: int = 1,
    merge_from: int = 1,
) -> None:
    """Write a table with its header; the first cell of the rows of a group is merged.

    :param top: the row of the header.
    :param groups: the text of each group and its rows, without their first column.
    :param sizes: width of each column, in characters.
    :param measured: the first column whose text makes a row higher.
    :param merge_from: how many rows a group needs to be merged; a single cell counts as merged where it is 1.
    """
    write_row(page, top, head, fill=BAND, bold=True)
    at = top
    for title, rows in groups:
        first = at + 1
        for number, row in enumerate(rows):
            at += 1
            values = [None if number else title, *row]
            write_row(page, at, values)
            set_height(page, at, values[measured:], sizes[measured:])
        if len(rows) >= merge_from:
            page.merge_cells(start_row=first, start_column=1, end_row=at, end_column=1)


def write_title(page: Any, text: str, size: int | None = None) -> None:
    """Add a row with a bold text."""
    page.append([text])
    page.cell(row=page.max_row, column=1).font = Font(name="Calibri", bold=True, size=size)


def bullets(lines: Sequence[str]) -> str:
    """Return lines as a list inside of a cell."""
    return "\n".join(f"• {line}" for line in lines)


COMMITMENT = (
    "Compromiso",
    "Problema público que se busca resolver",
    "Relevancia con valores OGP",
    "Población objetivo y enfoque territorial/diferencial",
    "Qué cambiará",
    "Indicadores",
    "Responsables y aliados",
)
MILESTONE = ("Compromiso", "Hito", "Entregable", "Responsable líder", "Entregable estratégico", "Fecha")
COST = (
    "Nivel (Level)",
    "Resumen/Detalles (Summary/Details)",
    "Indicadores (Indicators)",
    "Evidencia (Evidence)",
    "Responsable (Responsible partner)",
    "Fecha de entrega (Delivery date)",
)
PTEP = ("Subcomponente", "Actividades", "Meta o producto", "Responsable", "Fecha programada")


def write_ogp(plan: Json) -> bytes:
    """Return an open government plan as a workbook: commitments on one sheet, milestones on another."""
    book, page = new_book(plan["title"], "Compromisos")
    wide, narrow = (26, 36, 36, 36, 36, 34, 28), (26, 34, 38, 34, 32, 22)
    set_widths(page, wide)
    for text in (plan["title"], *plan["cabecera"]):
        write_title(page, text)
    commitments, milestones = [], []
    for one in plan["compromisos"]:
        blocks = [one[name] for name in ("problema", "relevancia", "poblacion", "cambio")]
        commitments.append((one["title"], [[*blocks, bullets(one["indicadores"]), one["responsables"]]]))
        milestones.append((one["title"], [[value or None for value in row] for row in one["hitos"]]))
    write_table(page, page.max_row + 1, COMMITMENT, commitments, wide, measured=0, merge_from=2)
    other = book.create_sheet("Hitos")
    set_up_printing(other)
    set_widths(other, narrow)
    write_table(other, 1, MILESTONE, milestones, narrow)
    return to_bytes(book)


def write_cost(plan: Json) -> bytes:
    """Return a CoST work plan as the programme's six-column table."""
    book, page = new_book(plan["title"], "Plan de trabajo")
    sizes = (18, 40, 60, 44, 26, 18)
    set_widths(page, sizes)
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
    write_table(page, page.max_row + 1, COST, levels, sizes)
    page.append([plan["nota"]])
    return to_bytes(book)


def write_ptep(plan: Json) -> bytes:
    """Return a PTEP as the national form: a table a component, its subcomponents merged."""
    book, page = new_book(plan["title"], "Programa")
    sizes = (36, 44, 36, 36, 26)
    set_widths(page, sizes)
    write_title(page, plan["title"], 13)
    page.append([plan["nota"]])
    for label, value in plan["cabecera"]:
        page.append([f"{label}:", value])
    for component in plan["componentes"]:
        page.append([])
        at = page.max_row + 2
        page.cell(row=at, column=1, value=component["title"]).font = Font(name="Calibri", bold=True)
        parts = [(part["title"], part["actividades"]) for part in component["lineas"]]
        write_table(page, at + 1, PTEP, parts, sizes, measured=0, merge_from=2)
    return to_bytes(book)


# -- broken on purpose ----------------------------------------------------------------------------------------


def load_small_paac(year: int) -> Json:
    """Return the PAAC with only its second component: enough to see what is wrong with a file."""
    paac = load_text("paac", year)
    return {**paac, "componentes": [one for one in paac["componentes"] if one["code"] == "2"]}


def load_changed_paac(year: int) -> Json:
    """Return the PAAC as the resolution of July leaves it: a date moved and a goal lowered."""
    paac = load_text("paac", year)
    rows = dict(row_codes(paac))
    for change in load_text("seguimiento", year)["cambios"]["paac"]:
        for code, fields in change["filas"].items():
            rows[code].update(fields)
    return paac


def write_unknown_responsible(year: int) -> bytes:
    """Return a PAAC with a responsible that nobody knows."""
    paac = load_small_paac(year)
    rows = dict(row_codes(paac))
    rows["2.1"]["responsables"] = rows["2.5"]["responsables"] = "Oficina de Trámites Sencillos"
    return write_f014(paac)


def write_renamed_pdf() -> bytes:
    """Return a PDF without pages, to be saved under the name of a workbook."""
    return b"%PDF-1.4\n% DEMOSTRACION\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def files(year: int = YEAR) -> dict[str, bytes]:
    """Return every document by its path in this folder."""
    return {
        f"paac-{year}.xlsx": write_f014(load_text("paac", year)),
        f"paac-{year}-resolucion-041.xlsx": write_f014(load_changed_paac(year)),
        f"ogp-{year}-{year + 1}.xlsx": write_ogp(load_text("ogp", year)),
        f"cost-{year}.xlsx": write_cost(load_text("cost", year)),
        # the plan of the year after, in consultation
        f"ptep-{year + 1}.xlsx": write_ptep(load_text("ptep", year + 1)),
        "con_errores/pdf-renombrado.xlsx": write_renamed_pdf(),
        "con_errores/pagina-doblada.xlsx": write_f014(load_small_paac(year), twice="2", changed="2.5"),
        "con_errores/responsable-desconocido.xlsx": write_unknown_responsible(year),
    }


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
