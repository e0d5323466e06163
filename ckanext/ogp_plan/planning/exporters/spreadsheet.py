"""Sheets that look official: bands, borders, page set-up; and texts that no spreadsheet executes."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ckanext.ogp_plan.planning.cells import LONGEST
from ckanext.ogp_plan.planning.exporters.view import clean_xml

FACE = "Arial"
#: The dark of bands, the light of headings, the shade of a month; each reads in grey too.
BAND, HEAD, SOFT, MONTH = "FF1F3864", "FFD9E2F3", "FFF2F2F2", "FF9DC3E6"
#: Zones and lights: a soft ground under black words (contrast over 12 to 1).
RED, AMBER, GREEN, GREY, BLUE = "FFF8CBAD", "FFFFE699", "FFC6E0B4", "FFE7E6E6", "FFDDEBF7"
_THIN = Side(style="thin", color="FF7F7F7F")
BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
#: Text that a spreadsheet would take for a command, also after spaces; and in the wide forms of its marks.
_COMMAND = re.compile(r"[ \u00a0]*[=+\-@\t\r\n|＝＋－＠]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_LINE_POINTS = 12.5
_HIGHEST = 409
LEGAL, LETTER = 5, 1
#: What a name of a sheet may not have.
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


def inert(text: str) -> str:
    """Return a text for CSV that no spreadsheet takes for a formula: an apostrophe is put before one."""
    text = clean_xml(text)
    return f"'{text}" if _COMMAND.match(text) else text


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks."""

    bold: bool = False
    size: float = 9
    colour: str = "FF000000"
    ground: str | None = None
    align: str = "left"
    vertical: str = "center"
    border: bool = True
    italic: bool = False
    turned: bool = False
    number: str | None = None


PLAIN = Look(vertical="top")
CENTRE = Look(align="center")
HEADING = Look(bold=True, ground=HEAD, align="center")
BANNER = Look(bold=True, size=11, colour="FFFFFFFF", ground=BAND, align="center")
TITLE = Look(bold=True, size=13, align="center")
LABEL = Look(bold=True, ground=SOFT)
NOTE = Look(size=8, italic=True, border=False, vertical="top")
LINK = Look(vertical="top", colour="FF0B3D91")


def put(sheet: Worksheet, row: int, column: int, value: Any, look: Look = PLAIN) -> Any:
    """Write one cell of a sheet, as :func:`fill` does.

    :returns: the cell.
    """
    return fill(sheet.cell(row=row, column=column), value, look)


def fill(cell: Any, value: Any, look: Look = PLAIN) -> Any:
    """Give a cell its value and look. A text is a text whatever it begins with; a Decimal is a number.

    :returns: the cell.
    """
    if isinstance(value, str):
        write_text(cell, value)
    elif value is not None:
        cell.value = float(value) if isinstance(value, Decimal) and value % 1 else value
        if isinstance(value, Decimal) and not value % 1:
            cell.value = int(value)
    dress(cell, look)
    return cell


def write_text(cell: Any, text: str) -> None:
    """Write a text that a spreadsheet shows and never computes, not even when it is edited."""
    text = clean_xml(text)
    if not text:
        return
    command = _COMMAND.match(text) is not None
    # "_x0041_" means "A" in this format: what is written so is written so again
    text = _ESCAPE.sub("_x005F_", text)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 1]}…"
    cell.value = text
    cell.data_type = "s"
    if command:
        cell.quotePrefix = True


def formula(sheet: Worksheet, row: int, column: int, text: str, look: Look = PLAIN) -> Any:
    """Write a formula of our own."""
    cell = sheet.cell(row=row, column=column)
    cell.value = text
    dress(cell, look)
    return cell


def dress(cell: Any, look: Look) -> None:
    """Give a cell its look. A look is made once a workbook, for a sheet has many cells."""
    made = cell.parent.parent.__dict__.setdefault("_looks", {})
    key = (look, bool(cell.quotePrefix))
    style = made.get(key)
    if style is None:
        _make(cell, look)
        style = made[key] = copy(cell._style)
    cell._style = copy(style)


def _make(cell: Any, look: Look) -> None:
    cell.font = Font(name=FACE, size=look.size, bold=look.bold, italic=look.italic, color=look.colour)
    cell.alignment = Alignment(
        horizontal=look.align, vertical=look.vertical, wrap_text=True, text_rotation=90 if look.turned else 0
    )
    if look.ground:
        cell.fill = PatternFill("solid", fgColor=look.ground)
    if look.border:
        cell.border = BORDER
    if look.number:
        cell.number_format = look.number


def merge(sheet: Worksheet, first: tuple[int, int], last: tuple[int, int], look: Look | None = None) -> None:
    """Merge cells (row, column) to (row, column) and draw the border around all of them."""
    if first == last:
        return
    if look and look.border:
        for row in range(first[0], last[0] + 1):
            for column in range(first[1], last[1] + 1):
                sheet.cell(row=row, column=column).border = BORDER
    sheet.merge_cells(start_row=first[0], start_column=first[1], end_row=last[0], end_column=last[1])


def band(
    sheet: Worksheet,
    row: int,
    columns: int,
    text: str,
    look: Look = BANNER,
    widths: Sequence[float] | None = None,
) -> None:
    """Write one text over the whole width of a sheet, with the height it needs."""
    put(sheet, row, 1, text, look)
    merge(sheet, (row, 1), (row, columns), look)
    total = sum(widths) if widths else 120.0
    sheet.row_dimensions[row].height = text_height([(text, total)], look.size)


def set_widths(sheet: Worksheet, given: Sequence[float]) -> None:
    """Set the widths of columns, in characters."""
    for column, width in enumerate(given, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def count_lines(text: str, width: float, size: float = 9) -> int:
    """Return how many lines a text takes in a width given in characters of the standard size."""
    fitting = max(1.0, width * 10 / max(size, 6) * 1.06)
    return sum(max(1, math.ceil(len(line) / fitting)) for line in text.split("\n")) if text else 1


def text_height(texts: Sequence[tuple[Any, float]], size: float = 9) -> float:
    """Return the height, in points, of a row whose cells have these texts and widths."""
    most = max((count_lines(str(text), width, size) for text, width in texts if text is not None), default=1)
    return min(_HIGHEST, most * _LINE_POINTS * size / 9 + 4)


def set_page(
    sheet: Worksheet,
    *,
    rows: str | None = None,
    area: str | None = None,
    landscape: bool = True,
    page_size: int = LEGAL,
    left: str = "",
    right: str = "",
) -> None:
    """Set a sheet up for printing: fitted to the width, header rows on every page, numbered pages."""
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = page_size
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.7, 0.25, 0.3
    if rows:
        sheet.print_title_rows = rows
    if area:
        sheet.print_area = area
    sheet.oddFooter.left.text = _code(left)
    sheet.oddFooter.left.size = 7
    sheet.oddFooter.center.text = "&P / &N"
    sheet.oddFooter.center.size = 8
    sheet.oddFooter.right.text = _code(right)
    sheet.oddFooter.right.size = 7
    sheet.sheet_view.showGridLines = False


def _code(text: str) -> str:
    """A footer has a code of its own: an ampersand is doubled, and it is short."""
    return clean_xml(text)[:110].replace("&", "&&")


def sheet_name(book: Workbook, wanted: str) -> str:
    """Return a name for a new sheet: allowed, of at most 31 letters, and not taken."""
    base = _SHEET_NAME.sub(" ", clean_xml(wanted)).strip(" '\t\n\r")[:31].strip(" '") or "Hoja"
    used_names = {name.casefold() for name in book.sheetnames}
    name, number = base, 2
    while name.casefold() in used_names:
        name = f"{base[:27]} {number}"
        number += 1
    return name


def set_properties(book: Workbook, title: str, subject: str, lang: str = "es-CO") -> None:
    """Say in the document's own properties what it is, in which language."""
    book.properties.title = clean_xml(title)[:250]
    book.properties.subject = clean_xml(subject)[:250]
    book.properties.language = lang
    book.properties.creator = "ckanext-ogp_plan"


def save_workbook(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
