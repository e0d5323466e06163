"""A workbook to report many duties at once: given out filled, edited, read back row by row.

One sheet of an organismo's duties over all its plans; grey columns say what is owed and are locked,
white ones are to be filled; a row without anything new is no report. What cannot be read is a
problem with its cell and its remedy, and keeps nobody else's row from being read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from openpyxl import Workbook
from openpyxl.styles import Protection
from openpyxl.worksheet.datavalidation import DataValidation

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.business_days import day_of
from ckanext.cost_common.values.text import bare, clean, fold
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.cost_table import when
from ckanext.ogp_plan.planning.exporters.spreadsheet import HEADING, LABEL, NOTE, Look, merge, put
from ckanext.ogp_plan.planning.exporters.view import View, amount, day_text, percent
from ckanext.ogp_plan.planning.importers.act import Unreadable
from ckanext.ogp_plan.planning.importers.sources import Grid, Row, letters, load
from ckanext.ogp_plan.planning.status_types import ItemStatus
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Declared, Item, Place
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.render import Renderer

#: What the first cell says, so that the workbook is known again.
SIGNATURE = "Reporte de obligaciones"
#: Columns that say what is owed: their names in the file, widths, and headings. They are locked.
_GIVEN = (
    ("plan", 16, "Plan"),
    ("nivel", 12, "Nivel"),
    ("codigo", 11, "Código"),
    ("titulo", 46, "Obligación"),
    ("meta", 26, "Meta"),
    ("vence", 13, "Vence"),
    ("estado_actual", 15, "Semáforo actual"),
    ("avance_actual", 11, "Avance actual"),
    ("ultimo", 13, "Último reporte"),
    ("indicador", 12, "Indicador"),
)
#: Columns to fill.
_ASKED = (
    ("estado", 16, "Estado"),
    ("avance", 11, "Avance (%)"),
    ("valor", 13, "Valor medido"),
    ("numerador", 12, "Numerador"),
    ("denominador", 13, "Denominador"),
    ("texto", 44, "Qué se hizo"),
    ("obstaculos", 32, "Obstáculos"),
    ("proximo_paso", 32, "Próximo paso"),
    ("evidencia", 34, "Enlace de la evidencia"),
    ("evidencia_titulo", 24, "Título de la evidencia"),
    ("sin_cambios", 13, "Sin cambios"),
)
_COLUMNS = (*_GIVEN, *_ASKED)
_WIDTHS = [width for _, width, _ in _COLUMNS]
_LAST = len(_COLUMNS)
_LOCKED = Look(vertical="top", ground=spreadsheet.SOFT)
_OPEN = Look(vertical="top")
#: What a responsible may declare in the workbook; what takes a plan's change is done elsewhere.
STATES = (Declared.NOT_STARTED, Declared.ONGOING, Declared.DONE)
_YES = "Sí"
_YES_WORDS = frozenset(["si", "s", "x", "yes", "y", "1", "verdadero", "true"])
_NO_WORDS = frozenset(["no", "n", "0", "falso", "false", ""])
#: The longest text of a report, and the most rows and problems that are read.
LONGEST_TEXT, MOST_ROWS, MOST_PROBLEMS = 20_000, 5_000, 500
_HEADER_WITHIN = 30


# --- out ------------------------------------------------------------------------------------------


def write(organization: str, views: Sequence[View], period: str = "") -> bytes:
    """Return the workbook of all that an organismo owes, filled with what is known.

    :param views: every plan it has duties in, in one language.
    :param period: the period reported to (``2026-03``), printed and given back.
    :raises ValueError: there is no plan.
    """
    if not views:
        raise ValueError("a report needs at least one plan")
    first = views[0]
    book = Workbook()
    sheet = book.active
    sheet.title = "Reporte"
    spreadsheet.set_widths(sheet, _WIDTHS)
    top = _head(sheet, first, organization, period)
    for column, (_, _, title) in enumerate(_COLUMNS, start=1):
        put(sheet, top, column, title, HEADING)
    sheet.row_dimensions[top].height = 30
    row = top + 1
    for view in views:
        for item in view.trackable():
            if view.assigned(item, organization):
                row = _duty(sheet, row, view, item, organization)
    _lists(sheet, first, top + 1, max(row, top + 2) - 1)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False
    sheet.freeze_panes = sheet.cell(row=top + 1, column=5).coordinate
    sheet.auto_filter.ref = f"A{top}:{spreadsheet.get_column_letter(_LAST)}{max(row - 1, top)}"
    spreadsheet.set_page(
        sheet, rows=f"{top}:{top}", area=f"A1:{spreadsheet.get_column_letter(_LAST)}{max(row - 1, top)}"
    )
    spreadsheet.set_properties(book, f"{SIGNATURE}: {first.called(organization)}", "Plan")
    return spreadsheet.save_workbook(book)


def _head(sheet: Any, view: View, organization: str, period: str) -> int:
    rows = (
        (SIGNATURE, ""),
        ("organismo", organization),
        ("periodo", period),
        (
            "ayuda",
            view.translate(
                N_(
                    "Fill the white columns and give the workbook back. A row left blank is not reported. "
                    '"Sin cambios": write Sí. Nothing is saved until you confirm the result of each row.'
                )
            ),
        ),
    )
    for number, (label, value) in enumerate(rows, start=1):
        look = Look(bold=True, size=12) if number == 1 else LABEL
        put(sheet, number, 1, label, look)
        merge(sheet, (number, 1), (number, 2 if number > 1 else _LAST), look)
        if number > 1:
            put(sheet, number, 3, value, NOTE if label == "ayuda" else _LOCKED)
            merge(sheet, (number, 3), (number, 12), _LOCKED)
    sheet.row_dimensions[4].height = 30
    return 6


def _duty(sheet: Any, row: int, view: View, item: Item, organization: str) -> int:
    """A duty takes a row for each of its indicators: each is measured by itself."""
    status = view.statuses.get(item.key)
    own = (
        next(
            (assignment for assignment in status.assignments if assignment.organization == organization), None
        )
        if status
        else None
    )
    last = own.last_update if own else status.last_update if status else None
    share = percent(own.progress if own else status.progress if status else None)
    codes = [indicator.code for indicator in item.indicators] or [""]
    for number, code in enumerate(codes):
        goal = str(item.fields.get("goal") or item.fields.get("deliverable") or "")
        indicator = item.indicators[number] if item.indicators else None
        if indicator and not goal:
            goal = indicator.target_text or indicator.name
        if own and own.own_target is not None:
            quota = view.translate(N_("own quota"))
            goal = f"{goal} ({quota}: {amount(own.own_target, view.lang)})".strip()
        given = (
            view.id,
            item.level,
            item.code,
            item.title,
            goal,
            _due(view, item, status),
            view.light(status.light) if status else "",
            f"{amount(share, view.lang)} %" if share is not None else "",
            day_text(day_of(last), view.lang) if last else "",
            code,
        )
        for column, value in enumerate(given, start=1):
            put(sheet, row, column, value, _LOCKED)
        for column in range(len(given) + 1, _LAST + 1):
            cell = put(sheet, row, column, None, _OPEN)
            cell.protection = Protection(locked=False)
            cell.number_format = "@" if column >= _at("texto") else "General"
        height = spreadsheet.text_height([(given[3], _WIDTHS[3]), (given[4], _WIDTHS[4])])
        sheet.row_dimensions[row].height = max(30, height)
        row += 1
    return row


def _due(view: View, item: Item, status: ItemStatus | None) -> str:
    return (day_text(status.due, view.lang) if status else "") or when(item.schedule)


def _at(name: str) -> int:
    return [column for column, _, _ in _COLUMNS].index(name) + 1


def _lists(sheet: Any, view: View, first: int, last: int) -> None:
    """Lists to choose from, and numbers within bounds; a wrong one is refused while it is typed."""
    names = [view.light(state.value) for state in STATES]
    rules = [
        (
            "estado",
            DataValidation(type="list", formula1=f'"{",".join(name.replace(",", " ") for name in names)}"'),
        ),
        ("sin_cambios", DataValidation(type="list", formula1=f'"{_YES},No"')),
        ("avance", DataValidation(type="decimal", operator="between", formula1="0", formula2="100")),
        *(
            (name, DataValidation(type="decimal", operator="between", formula1="-1E15", formula2="1E15"))
            for name in ("valor", "numerador", "denominador")
        ),
    ]
    for name, rule in rules:
        rule.allow_blank = True
        rule.showErrorMessage = True
        rule.errorTitle = _COLUMNS[_at(name) - 1][2][:30]
        rule.error = view.translate(N_("Choose one of the list, or write a number."))[:220]
        rule.add(
            f"{spreadsheet.get_column_letter(_at(name))}{first}:{spreadsheet.get_column_letter(_at(name))}{last}"
        )
        sheet.add_data_validation(rule)


# --- in -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a row cannot be taken: ``kind`` and ``params`` have words, :func:`problem_words`.

    ``place``: the cell. ``fatal``: the whole row was left out; otherwise only the cell.
    """

    kind: str
    place: Place
    params: Mapping[str, object] = field(default_factory=dict)
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row that reports something. ``measured``: whether it has a value, or a ratio, of ``indicator``.

    ``progress``: percent, 0 to 100. ``place``: its first cell, for messages about it.
    """

    plan: str
    item: Key
    place: Place
    state: Declared | None = None
    progress: Decimal | None = None
    indicator: str = ""
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    text: str = ""
    obstacles: str = ""
    next_step: str = ""
    evidence_url: str = ""
    evidence_title: str = ""
    confirms: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def measured(self) -> bool:
        """Tell whether the row measures its indicator."""
        return self.value is not None or self.numerator is not None


@dataclass(frozen=True, slots=True)
class ReportReading:
    """A workbook as read. ``blank``: rows that report nothing. ``truncated``: there were more problems."""

    organization: str
    period: str
    rows: tuple[ReportRow, ...]
    problems: tuple[Problem, ...]
    blank: int
    truncated: bool = False


_PROBLEMS: dict[str, tuple[str, str]] = {
    "report.other_book": (
        N_("It is not the workbook of duties."),
        N_("Download the workbook again from the page of duties and fill that one."),
    ),
    "report.no_header": (
        N_("The row with the names of the columns is not there."),
        N_("Download the workbook again; do not delete its first rows."),
    ),
    "report.missing_column": (
        N_('The column "%(column)s" is not there.'),
        N_("Download the workbook again; do not delete columns."),
    ),
    "report.too_many_rows": (
        N_("There are more than %(limit)s rows."),
        N_("Split the report in several workbooks."),
    ),
    "report.no_key": (
        N_("The row does not say plan, level and code."),
        N_("Copy them from the workbook as it was downloaded; they identify the duty."),
    ),
    "report.unknown_item": (
        N_("There is no duty of yours with the plan, level and code %(code)s."),
        N_("Download the workbook again: the plan may have changed."),
    ),
    "report.unknown_indicator": (
        N_("%(code)s has no indicator %(indicator)s."),
        N_("Leave the column of the indicator as it was downloaded."),
    ),
    "report.repeated": (
        N_("Another row reports the same duty and indicator."),
        N_("Leave only one of them."),
    ),
    "report.conflict": (
        N_("It says something else than another row of the same duty."),
        N_("Write state, progress and texts once per duty, or the same in all its rows."),
    ),
    "report.state": (N_('"%(value)s" is not a state.'), N_("Choose one of: %(states)s.")),
    "report.progress": (
        N_('"%(value)s" is not a percentage from 0 to 100.'),
        N_("Write a number from 0 to 100, without words."),
    ),
    "report.number": (
        N_('"%(value)s" is not a number, or can be read in two ways.'),
        N_("Write the number with a comma for decimals (1.234,5) or as a number of the spreadsheet."),
    ),
    "report.ratio": (
        N_("The ratio is incomplete, or its denominator is zero."),
        N_("Fill both the numerator and the denominator; the denominator is above zero."),
    ),
    "report.no_indicator": (
        N_("There is a measured value, and the duty has no indicator."),
        N_('Say it in "Qué se hizo", or report the progress as a percentage.'),
    ),
    "report.yes_no": (N_('"%(value)s" is neither Sí nor No.'), N_("Write Sí, or leave it blank.")),
    "report.confirms_and_more": (
        N_('It says "sin cambios" and reports something new.'),
        N_('Leave "sin cambios" blank, or leave the rest blank.'),
    ),
    "report.link": (
        N_('"%(value)s" is not an address of the web.'),
        N_("Write the whole address, with https:// at its beginning."),
    ),
    "report.too_long": (
        N_("The text has more than %(limit)s letters."),
        N_("Shorten it, or give the long text as evidence."),
    ),
    "report.formula": (
        N_("The cell has a formula and no value."),
        N_("Write its value in place of the formula."),
    ),
}


def problem_words(problem: Problem, words: Renderer) -> tuple[str, str]:
    """Return what is wrong and what to do about it, in the reader's language."""
    why, remedy = _PROBLEMS[problem.kind]
    return words.translate(why, problem.params), words.translate(remedy, problem.params)


class UnreadableReport(Exception):
    """The workbook as a whole cannot be read as a report; ``problem`` says why and what to do."""

    def __init__(self, kind: str, place: Place | None = None, **params: object) -> None:
        super().__init__(kind)
        self.problem = Problem(kind, place or Place(), params, True)


#: plan → item → the codes of its indicators: what the organismo may report.
Known = Mapping[str, Mapping[Key, Collection[str]]]


def known(organization: str, views: Sequence[View]) -> dict[str, dict[Key, frozenset[str]]]:
    """Return what an organismo may report, for :func:`read_report`."""
    return {
        view.id: {
            item.key: frozenset(indicator.code for indicator in item.indicators)
            for item in view.trackable()
            if view.assigned(item, organization)
        }
        for view in views
    }


def read_report(content: bytes, duties: Known | None = None, name: str = "") -> ReportReading:
    """Read a workbook of duties that came back, or the same table as CSV.

    :param content: its bytes, with the limits of every import.
    :param duties: what may be reported (:func:`known`); without it, items are not checked.
    :param name: the file's name, to tell CSV from text.
    :returns: the rows that report something, each with the problems of its own cells, and the problems
        of rows that were left out.
    :raises Unreadable: the file cannot be read at all (too large, broken, of another kind).
    :raises UnreadableReport: it is another workbook than ours.
    """
    source = load(content, name)
    for grid in source.grids:
        found = _header(grid)
        if found is not None:
            broken = {
                finding.place.cell
                for finding in source.findings
                if finding.kind == "formula.no_value" and finding.place.sheet == grid.sheet
            }
            return _Reader(grid, *found, duties, broken).read()
    is_report = any(
        fold(row.text(0)) == fold(SIGNATURE) for grid in source.grids for row in grid.rows[:_HEADER_WITHIN]
    )
    raise UnreadableReport("report.no_header" if is_report else "report.other_book")


def _header(grid: Grid) -> tuple[int, dict[str, int]] | None:
    """Return the index of the row that names the columns, and where each is."""
    names = {bare(title): name for name, _, title in _COLUMNS} | {name: name for name, _, _ in _COLUMNS}
    for index, row in enumerate(grid.rows[:_HEADER_WITHIN]):
        found: dict[str, int] = {}
        for cell in row.cells:
            column = names.get(bare(cell.text))
            if column:
                found.setdefault(column, cell.column)
        if {"codigo", "estado"} <= set(found):
            for column in ("plan", "nivel"):
                if column not in found:
                    raise UnreadableReport("report.missing_column", row.place, column=column)
            return index, found
    return None


class _Reader:
    """One sheet being read."""

    def __init__(
        self, grid: Grid, index: int, columns: dict[str, int], duties: Known | None, broken: set[str | None]
    ) -> None:
        self.grid, self.index, self.columns, self.duties, self.broken = grid, index, columns, duties, broken
        self.problems: list[Problem] = []
        self.own: list[Problem] = []
        self.seen: dict[tuple[str, Key, str], Place] = {}
        self.seen_rows: dict[tuple[str, Key], tuple[object, ...]] = {}

    def read(self) -> ReportReading:
        below = [row for row in self.grid.rows[self.index + 1 :] if row.filled()]
        if len(below) > MOST_ROWS:
            raise UnreadableReport("report.too_many_rows", below[MOST_ROWS].place, limit=MOST_ROWS)
        rows, blank = [], 0
        for row in below:
            if not any(self._text(row, name) or self._broken(row, name) for name, _, _ in _ASKED):
                blank += 1
                continue
            made = self._row(row)
            if made is not None:
                rows.append(made)
        head = {
            fold(row.text(0)): row.filled()[-1].text
            for row in self.grid.rows[: self.index]
            if len(row.filled()) > 1
        }
        return ReportReading(
            head.get("organismo", ""),
            head.get("periodo", ""),
            tuple(rows),
            tuple(self.problems[:MOST_PROBLEMS]),
            blank,
            len(self.problems) > MOST_PROBLEMS,
        )

    def _text(self, row: Row, name: str) -> str:
        return row.text(self.columns.get(name))

    def _raw(self, row: Row, name: str) -> str:
        """A text with the line ends that were typed; the apostrophe that made it inert is none of it."""
        column = self.columns.get(name)
        if column is None or column >= len(row.cells):
            return ""
        cell = row.cells[column]
        return "\n".join(line.rstrip() for line in (cell.raw or cell.text).strip().splitlines())

    def _place(self, row: Row, name: str) -> Place:
        column = self.columns.get(name, 0)
        if row.place.line is not None:
            return Place(line=row.place.line, cell=letters(column))
        return Place(sheet=row.place.sheet, cell=f"{letters(column)}{row.number}")

    def _broken(self, row: Row, name: str) -> bool:
        return bool(self.broken) and self._place(row, name).cell in self.broken

    def _wrong(self, kind: str, row: Row, name: str, **params: object) -> None:
        self.own.append(Problem(kind, self._place(row, name), params))

    def _fatal(self, kind: str, row: Row, name: str, **params: object) -> None:
        self.problems.append(Problem(kind, self._place(row, name), params, True))

    def _row(self, row: Row) -> ReportRow | None:
        self.own = []
        plan, level, code = (self._text(row, name) for name in ("plan", "nivel", "codigo"))
        if not (plan and level and code):
            self._fatal("report.no_key", row, "codigo")
            return None
        key, indicator = (level, code), self._text(row, "indicador")
        if not self._exists(row, plan, key, indicator):
            return None
        if (plan, key, indicator) in self.seen:
            self._fatal("report.repeated", row, "codigo")
            return None
        self.seen[plan, key, indicator] = row.place
        for name, _, _ in _ASKED:
            if self._broken(row, name):
                self._wrong("report.formula", row, name)
        value, numerator, denominator = self._measure(row, indicator)
        url = self._link(row)
        made = ReportRow(
            plan,
            key,
            self._place(row, "codigo"),
            state=self._state(row),
            progress=self._progress(row),
            indicator=indicator,
            value=value,
            numerator=numerator,
            denominator=denominator,
            text=self._long(row, "texto"),
            obstacles=self._long(row, "obstaculos"),
            next_step=self._long(row, "proximo_paso"),
            evidence_url=url,
            evidence_title=self._long(row, "evidencia_titulo") if url else "",
            confirms=self._yes(row),
        )
        self._consistent(row, made)
        return _with(made, tuple(self.own))

    def _exists(self, row: Row, plan: str, key: Key, indicator: str) -> bool:
        if self.duties is None:
            return True
        found = self.duties.get(plan, {}).get(key)
        if found is None:
            self._fatal("report.unknown_item", row, "codigo", code=" ".join((plan, *key)))
            return False
        if indicator and indicator not in found:
            self._fatal("report.unknown_indicator", row, "indicador", code=key[1], indicator=indicator)
            return False
        return True

    def _state(self, row: Row) -> Declared | None:
        text = self._text(row, "estado")
        if not text:
            return None
        names = _state_names()
        found = names.get(bare(text).replace("_", " "))
        if found is None:
            labels = ", ".join(dict.fromkeys(name for name, state in _SHOWN.items() if state in STATES))
            self._wrong("report.state", row, "estado", value=text[:80], states=labels)
        return found

    def _progress(self, row: Row) -> Decimal | None:
        text = self._text(row, "avance")
        if not text:
            return None
        value = self._number(row, "avance")
        if value is None or not 0 <= value <= 100:
            self._wrong("report.progress", row, "avance", value=text[:80])
            return None
        return value

    def _figure(self, row: Row, name: str) -> Decimal | None:
        text = self._text(row, name)
        if not text:
            return None
        value = self._number(row, name)
        if value is None:
            self._wrong("report.number", row, name, value=text[:80])
        return value

    def _number(self, row: Row, name: str) -> Decimal | None:
        """A number typed as one is read as it is; one typed as text, as officials write it."""
        text = self._text(row, name).rstrip(" %")
        if self.grid.sheet is not None and not row.cells[self.columns[name]].raw:
            return _plain_number(text)
        return _number(text)

    def _measure(self, row: Row, indicator: str) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        value = self._figure(row, "valor")
        numerator, denominator = self._figure(row, "numerador"), self._figure(row, "denominador")
        given = [bool(self._text(row, name)) for name in ("numerador", "denominador")]
        if any(given) and (numerator is None or denominator is None or denominator <= 0):
            if not any(entry.kind == "report.number" for entry in self.own):
                self._wrong("report.ratio", row, "denominador")
            numerator = denominator = None
        if (value is not None or numerator is not None) and not indicator:
            self._wrong("report.no_indicator", row, "valor")
            return None, None, None
        return value, numerator, denominator

    def _link(self, row: Row) -> str:
        text = self._text(row, "evidencia")
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
        except ValueError:
            right = False
        if not right or len(text) > 2000:
            self._wrong("report.link", row, "evidencia", value=text[:80])
            return ""
        return text

    def _long(self, row: Row, name: str) -> str:
        text = self._raw(row, name)
        if len(text) > LONGEST_TEXT:
            self._wrong("report.too_long", row, name, limit=LONGEST_TEXT)
            return ""
        return text

    def _yes(self, row: Row) -> bool:
        text = fold(self._text(row, "sin_cambios")).strip(" .")
        if text in _YES_WORDS:
            return True
        if text not in _NO_WORDS:
            self._wrong("report.yes_no", row, "sin_cambios", value=text[:80])
        return False

    def _consistent(self, row: Row, made: ReportRow) -> None:
        """Rows of one duty may measure several indicators, and say the rest once or alike."""
        new = made.state or made.progress is not None or made.measured or made.text or made.obstacles
        if made.confirms and new:
            self._wrong("report.confirms_and_more", row, "sin_cambios")
        whole = (made.state, made.progress, made.text, made.obstacles, made.next_step)
        if not any(target not in (None, "") for target in whole):
            return
        before = self.seen_rows.setdefault((made.plan, made.item), whole)
        if before != whole:
            self._wrong("report.conflict", row, "estado")


def _with(row: ReportRow, problems: tuple[Problem, ...]) -> ReportRow:
    return replace(row, problems=problems)


def _plain_number(text: str) -> Decimal | None:
    """A number of the spreadsheet's own: 12.345 is a little over twelve, not twelve thousand."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _number(text: str) -> Decimal | None:
    """A number as officials write it (1.234,5), with a sign."""
    text = clean(text)
    read = numbers.parse_number(text.removeprefix("-"))
    return None if read is None else -read.value if text.startswith("-") else read.value


_SHOWN = {
    "No iniciado": Declared.NOT_STARTED,
    "En curso": Declared.ONGOING,
    "Completado": Declared.DONE,
}
_ENGLISH = {
    "not started": Declared.NOT_STARTED,
    "ongoing": Declared.ONGOING,
    "completed": Declared.DONE,
}


def _state_names() -> dict[str, Declared]:
    """Every way a state may be written: its word in both languages, or its code."""
    made = {bare(name): state for name, state in _SHOWN.items()}
    return made | _ENGLISH | {state.value.replace("_", " "): state for state in STATES}


__all__ = [
    "Known",
    "Problem",
    "ReportReading",
    "ReportRow",
    "SIGNATURE",
    "STATES",
    "Unreadable",
    "UnreadableReport",
    "known",
    "problem_words",
    "read_report",
    "write",
]
