"""What a file holds, whatever its kind: pages of rows of cells, each cell with its place.

Text with tabs, CSV and XLSX become the same :class:`Grid`. What cannot be read is refused
with a reason, before it can cost more memory than the file is worth.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values.text import clean
from ckanext.ogp_plan.planning.importers.act import Finding, Unreadable
from ckanext.ogp_plan.planning.types import Place

#: The largest file that is read, in bytes.
MAX_BYTES = 20_000_000
#: The most that the parts of a workbook may unpack to, in bytes, and how many times their packed size.
MAX_UNPACKED, MAX_RATIO = 60_000_000, 400
MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_MERGED = 500_000, 400, 60_000, 200_000
#: Lines of prose and tables are shorter; what is longer comes from a broken file.
MAX_TEXT_LINES = 200_000
#: Lines that are looked at to find what separates the cells of a CSV.
_LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``column`` counts from 0. ``fill``: its colour, None when white or none.

    ``anchor``: when the cell is covered by a merged one, that one's (row, column).
    ``raw``: the text with its own line breaks.
    """

    text: str
    place: Place
    column: int
    fill: str | None = None
    anchor: tuple[int, int] | None = None
    raw: str = ""


@dataclass(slots=True)
class Row:
    """One row; ``number`` is its line or row in the source."""

    number: int
    cells: list[Cell]
    place: Place

    def filled(self) -> list[Cell]:
        """Return the cells that say something, in order."""
        return [cell for cell in self.cells if cell.text]

    def text(self, column: int | None) -> str:
        """Return the text at a column, "" when there is no such cell."""
        return self.cells[column].text if column is not None and 0 <= column < len(self.cells) else ""

    def joined(self) -> str:
        """Return all that the row says, in one text."""
        return " · ".join(cell.text for cell in self.cells if cell.text)


@dataclass(slots=True)
class Grid:
    """A page of rows. ``aligned``: columns mean something; in the text of a PDF they may not."""

    rows: list[Row]
    aligned: bool
    sheet: str | None = None


@dataclass(slots=True)
class Source:
    """A file as read. ``findings`` go to the act: another encoding, formulas, hidden sheets."""

    kind: str
    grids: list[Grid]
    findings: list[Finding] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[Grid, Row]]:
        """Yield every row with its grid."""
        for grid in self.grids:
            for row in grid.rows:
                yield grid, row


_MAGIC = (
    (b"%PDF", "read.pdf"),
    (b"\xd0\xcf\x11\xe0", "read.old_office"),
    (b"{\\rtf", "read.rtf"),
    (b"\x89PNG", "read.image"),
    (b"\xff\xd8\xff", "read.image"),
    (b"GIF8", "read.image"),
    (b"\x1f\x8b", "read.archive"),
    (b"7z\xbc\xaf", "read.archive"),
    (b"Rar!", "read.archive"),
)
_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html\b|<head\b|<body\b|<\?xml|<table\b)", re.I)


def load(content: bytes, name: str = "", max_cells: int = MAX_CELLS) -> Source:
    """Read a file.

    :param content: its bytes.
    :param name: its name; only its ending is looked at, and only to tell CSV from text with tabs.
    :param max_cells: how many cells it may have.
    :raises Unreadable: it is empty, too large, binary, of another kind, or broken.
    """
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("read.empty")
    if len(content) > MAX_BYTES:
        raise Unreadable("read.too_large", size=len(content), limit=MAX_BYTES)
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            raise Unreadable(kind)
    if content.startswith(b"PK"):
        return _workbook(content, max_cells)
    if _HTML.match(content[:2000].removeprefix(b"\xef\xbb\xbf")):
        raise Unreadable("read.html")
    text, findings = _decode(content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")
    if len(lines) > MAX_TEXT_LINES:
        raise Unreadable("read.too_many_lines", lines=len(lines), limit=MAX_TEXT_LINES)
    delimiter = _delimiter(lines, name)
    if delimiter:
        return Source("csv", [_csv("\n".join(lines), delimiter, max_cells)], findings)
    return Source("text", [_text(lines, max_cells)], findings)


# --- text -----------------------------------------------------------------------------------------

_MOJIBAKE = re.compile("[\u00c3\u00c2][\u0080-\u00bf\u2018-\u201d\u0192\u0160\u0161\u2020-\u2022]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def _decode(content: bytes) -> tuple[str, list[Finding]]:
    """Return the text and, when it is not UTF-8, a finding that says what it was taken for."""
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("read.encoding", encoding=encoding, offset=error.start) from error
    controls = len(_CONTROL.findall(text))
    if controls > max(2, len(text) // 500):
        raise Unreadable("read.binary")
    findings = []
    if encoding not in ("utf-8", "utf-8-sig"):
        findings.append(Finding("encoding.other", Place(line=1), "", {"encoding": encoding}))
    broken = _MOJIBAKE.search(text)
    if broken:
        line = text.count("\n", 0, broken.start()) + 1
        findings.append(Finding("encoding.mojibake", Place(line=line), broken[0]))
    return text, findings


def _encoding(content: bytes) -> str:
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return encoding
    sample = content[:4096]
    if sample.count(0) > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if 0 in sample:
        raise Unreadable("read.binary")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", content) else "latin-1"
    return "utf-8"


def _text(lines: list[str], max_cells: int) -> Grid:
    if sum(line.count("\t") + 1 for line in lines) > max_cells:
        raise Unreadable("read.too_many_cells", limit=max_cells)
    rows = []
    for number, line in enumerate(lines, start=1):
        place = Place(line=number)
        cells = [Cell(clean(piece), place, column) for column, piece in enumerate(line.split("\t"))]
        rows.append(Row(number, cells, place))
    return Grid(rows, aligned=False)


# --- CSV ------------------------------------------------------------------------------------------


def _delimiter(lines: list[str], name: str) -> str | None:
    """Return what separates the cells of a CSV; None for a text, tabs or not."""
    full = [line for line in lines if line.strip()][:40]
    if name.lower().endswith((".csv", ".tsv")):
        return max(";,|\t", key=lambda mark: _regularity("\n".join(lines[:_LOOKED_AT]), mark))
    counts = {mark: sorted(line.count(mark) for line in full) for mark in ";,|"}
    if any("\t" in line for line in full):
        return None
    for mark in ";,|":
        # prose has commas too, but not three of them in nearly every line
        if len(full) > 1 and counts[mark][len(full) * 2 // 5] >= 3:
            return mark
    return None


def _regularity(text: str, delimiter: str) -> tuple[int, int]:
    """Return how much of a text is a table, so separated: the rows of its commonest width, by their cells.

    Prose before the table, or inside its cells, has commas too: seldom as many in each line, and with a
    space after them. So cells that begin with a space count only where no mark makes others.
    """
    widths: Counter[int] = Counter()
    tight: Counter[int] = Counter()
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            widths[len(fields)] += len(fields) - 1
            tight[len(fields)] += sum(not piece.startswith(" ") for piece in fields[1:])
    except csv.Error:
        # a cell too long for the reader: what was read until then tells enough
        pass
    return max(tight.values(), default=0), max(widths.values(), default=0)


def _csv(text: str, delimiter: str, max_cells: int) -> Grid:
    rows = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for fields in reader:
            place = Place(line=start)
            if len(fields) > MAX_COLUMNS:
                raise Unreadable("read.too_many_columns", place, limit=MAX_COLUMNS)
            cells += len(fields)
            if cells > max_cells:
                raise Unreadable("read.too_many_cells", place, limit=max_cells)
            if any(piece.count("\n") > 60 for piece in fields):
                raise Unreadable("read.csv_quotes", place)
            rows.append(
                Row(
                    start,
                    [Cell(clean(piece), place, at, raw=piece) for at, piece in enumerate(fields)],
                    place,
                )
            )
            start = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable("read.csv_quotes", Place(line=start)) from error
    return Grid(rows, aligned=True)


# --- workbooks ------------------------------------------------------------------------------------

_REFERENCE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,4})(\d{1,8})"')
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,4})(\d{1,8}):([A-Z]{1,4})(\d{1,8})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z")


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number


def letters(column: int) -> str:
    """Return a column's letters ("A" for 0)."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _workbook(content: bytes, max_cells: int) -> Source:
    """Open a workbook after looking at its parts: a bomb is refused before it unpacks."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            _only_workbooks(names)
            _weigh(archive)
            formulas = _look_at_sheets(archive, max_cells)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        raise Unreadable("read.broken_workbook") from error
    return _open(content, formulas)


def _only_workbooks(names: list[str]) -> None:
    if any(name.startswith("word/") for name in names):
        raise Unreadable("read.word")
    if "content.xml" in names:
        raise Unreadable("read.opendocument")
    if "xl/workbook.xml" not in names:
        raise Unreadable("read.archive")


def _weigh(archive: zipfile.ZipFile) -> None:
    """Refuse what unpacks to too much. ``zipfile`` never gives more than a part's declared size."""
    total = sum(part.file_size for part in archive.infolist())
    packed = sum(part.compress_size for part in archive.infolist()) or 1
    if total > MAX_UNPACKED or (total > 10_000_000 and total / packed > MAX_RATIO):
        raise Unreadable("read.zip_bomb", size=total, limit=MAX_UNPACKED)


def _look_at_sheets(archive: zipfile.ZipFile, max_cells: int) -> bool:
    """Count cells and merges before opening; tell whether there are formulas."""
    cells, formulas = 0, False
    for name in archive.namelist():
        if not name.endswith((".xml", ".rels")):
            continue
        xml = archive.read(name)
        if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or xml.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unreadable("read.broken_workbook")
        if not _SHEET.match(name):
            continue
        cells += len(_CELL.findall(xml))
        if cells > max_cells:
            raise Unreadable("read.too_many_cells", limit=max_cells)
        _look_at_extent(xml)
        formulas = formulas or re.search(rb"<(?:\w+:)?f[\s>]", xml) is not None
    return formulas


def _look_at_extent(xml: bytes) -> None:
    for match in _REFERENCE.finditer(xml):
        if _column(match[1]) > MAX_COLUMNS or int(match[2]) > MAX_ROWS:
            raise Unreadable(
                "read.too_wide",
                Place(cell=(match[1] + match[2]).decode()),
                columns=MAX_COLUMNS,
                rows=MAX_ROWS,
            )
    for match in _ROW.finditer(xml):
        if int(match[1]) > MAX_ROWS:
            raise Unreadable(
                "read.too_wide", Place(cell=f"A{match[1].decode()}"), columns=MAX_COLUMNS, rows=MAX_ROWS
            )
    area = 0
    for match in _MERGE.finditer(xml):
        area += abs(_column(match[3]) - _column(match[1]) + 1) * abs(int(match[4]) - int(match[2]) + 1)
        if area > MAX_MERGED:
            raise Unreadable(
                "read.merged_too_large", Place(cell=match[0].decode().split('"')[-2]), limit=MAX_MERGED
            )


def _open(content: bytes, formulas: bool) -> Source:
    import warnings

    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=True)
            behind = load_workbook(io.BytesIO(content)) if formulas else None
    except MemoryError:
        # the portal's bound, and no fault of the workbook
        raise
    except Exception as error:  # openpyxl fails in many ways over a broken file
        raise Unreadable("read.broken_workbook") from error
    source = Source("xlsx", [])
    for sheet in book.worksheets:
        grid = _sheet(sheet)
        if not any(row.filled() for row in grid.rows):
            continue
        source.grids.append(grid)
        if sheet.sheet_state != "visible":
            source.findings.append(Finding("sheet.hidden", Place(sheet=sheet.title), sheet.title))
        if behind is not None:
            source.findings += _formulas(behind[sheet.title], sheet)
    if not source.grids:
        raise Unreadable("read.empty")
    return source


def _sheet(sheet: Any) -> Grid:
    anchors: dict[tuple[int, int], tuple[int, int]] = {}
    for merged in sheet.merged_cells.ranges:
        for row in range(merged.min_row, merged.max_row + 1):
            for column in range(merged.min_col, merged.max_col + 1):
                if (row, column) != (merged.min_row, merged.min_col):
                    anchors[row, column - 1] = (merged.min_row, merged.min_col - 1)
    named: list[str] = []
    fills: dict[int, str | None] = {}
    rows = []
    # openpyxl begins at A1, whatever is the first cell that holds something
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        named += (letters(at) for at in range(len(named), len(cells)))
        made = [
            Cell(
                _shown(cell),
                Place(sheet=sheet.title, cell=f"{named[at]}{number}"),
                at,
                _fill_once(cell, fills),
                anchors.get((number, at)),
                cell.value if isinstance(cell.value, str) else "",
            )
            for at, cell in enumerate(cells)
        ]
        rows.append(Row(number, made, Place(sheet=sheet.title, cell=f"A{number}")))
    return Grid(rows, aligned=True, sheet=sheet.title)


def _shown(cell: Any) -> str:
    """Return a cell's value as its reader sees it: a percentage as one, a day as a day."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Sí" if value else "No"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, (int, float)):
        return _figure(value, str(cell.number_format or ""))
    return clean(str(value))


def _figure(value: float, shape: str) -> str:
    if "%" in shape:
        return f"{_plain(Decimal(str(value)) * 100)}%"
    places = re.fullmatch(r"0\.(0+)", shape)
    if places:
        # "1.10" written as a number with two places is a code, not one and one tenth
        return f"{value:.{len(places[1])}f}"
    return _plain(Decimal(str(value)))


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fill_once(cell: Any, known: dict[int, str | None]) -> str | None:
    """Return the colour of a cell's background; ``known``: by style, of which a workbook has few."""
    style = cell.style_id
    if style not in known:
        known[style] = _fill(cell)
    return known[style]


def _fill(cell: Any) -> str | None:
    """Return the colour of a cell's background; white and none are None."""
    fill = getattr(cell, "fill", None)
    if fill is None or fill.fill_type is None:
        return None
    colour = fill.fgColor
    if colour.type == "rgb" and isinstance(colour.rgb, str):
        return None if colour.rgb[-6:].upper() == "FFFFFF" else colour.rgb
    if colour.type == "theme":
        return None if colour.theme == 0 and not colour.tint else f"theme{colour.theme}/{colour.tint:.2f}"
    return None if colour.indexed in (1, 9, 64, 65) else f"indexed{colour.indexed}"


def _formulas(behind: Any, sheet: Any) -> list[Finding]:
    """A cell computed by a formula is read by its last value, and reported; without one it is empty."""
    found = []
    for row in behind.iter_rows():
        for cell in row:
            if cell.data_type != "f":
                continue
            value = sheet[cell.coordinate].value
            kind = "formula.value" if value is not None else "formula.no_value"
            found.append(
                Finding(
                    kind,
                    Place(sheet=sheet.title, cell=cell.coordinate),
                    str(getattr(cell.value, "text", cell.value)),
                )
            )
    return found
