"""A plan in the official form F014 of the PAAC: months shaded *and* marked, ready to print and sign.

What the form has a place for goes out and comes in the same: components and subcomponents with
their headings, numbers with their rows, months, products, formulas, results, responsibles and the
form's head. What it has no place for (weights, quotas that differ from the text, settings) stays
in the plan and in :mod:`.workbook`. The form is Spanish in every language: it is the form.

The rule of its reader is ``schemas/plans/layouts/paac-f014.yaml``; the exporter asks the same file,
so that a heading is written in the way that will be understood.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from openpyxl import Workbook

from ckanext.cost_common.values.dates import last_of_month
from ckanext.cost_common.values.text import clean
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.spreadsheet import (
    BANNER,
    CENTRE,
    HEADING,
    LABEL,
    MONTH,
    PLAIN,
    TITLE,
    Look,
    merge,
    put,
)
from ckanext.ogp_plan.planning.importers import layouts
from ckanext.ogp_plan.planning.importers.common import ordinal_number, set_period
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.types import Item, Plan, ScheduleKind

#: N°, activity, description, goal, twelve months, product, formula, result, responsible.
_WIDTHS = (7, 26, 36, 24, *[3.6] * 12, 24, 26, 12, 28)
_NUMBER, _ACTIVITY, _DESCRIPTION, _GOAL, _MONTHS, _PRODUCT, _FORMULA, _RESULT, _RESPONSIBLE = (
    1,
    2,
    3,
    4,
    5,
    17,
    18,
    19,
    20,
)
_LAST = len(_WIDTHS)
_MARK = "X"
_SHADED = Look(bold=True, ground=MONTH, align="center")
_ORDINALS = (
    "Primer",
    "Segundo",
    "Tercer",
    "Cuarto",
    "Quinto",
    "Sexto",
    "Séptimo",
    "Octavo",
    "Noveno",
    "Décimo",
)
#: The head of the form: a field of the plan and its label, in the form's order.
_HEAD = (
    ("dimension", "DIMENSIÓN DEL MODELO INTEGRADO DE PLANEACIÓN Y GESTIÓN"),
    ("policy", "POLÍTICA DE GESTIÓN Y DESEMPEÑO"),
    ("product", "PRODUCTO"),
    ("period", "VIGENCIA"),
    ("objective", "OBJETIVO"),
    ("plan_responsible", "NOMBRE Y CARGO DEL RESPONSABLE DEL PLAN"),
    ("coordinator", "ORGANISMO COORDINADOR DE LA FORMULACIÓN DEL PLAN"),
    ("participants", "ORGANISMOS PARTICIPANTES EN LA FORMULACIÓN DEL PLAN"),
    ("scope", "ALCANCE"),
)
_COMPONENT, _SUBCOMPONENT = "componente", "subcomponente"
_AMOUNT = re.compile(r"(?P<month>\d{1,2}): (?P<amount>\d[\d.,]*\s*%?)", re.ASCII)
_WHOLE = re.compile(r"0|[1-9]\d{0,14}", re.ASCII)
_PERCENT = re.compile(r"(?:0|[1-9]\d{0,2})%", re.ASCII)
_FOOTNOTE = "Mes sombreado y con X: programado. Fila sin meses: programación no declarada."


def write(plan: Plan) -> bytes:
    """Return a plan (of components, numbers and rows) as a workbook in form F014.

    :param plan: a plan of the families ``paac`` and ``ptep``; another that has the same levels.
    :raises ValueError: the plan has none of the form's levels.
    """
    return _Form(plan).write()


class _Form:
    """One plan on its way into the form."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        layout = layouts.load("paac-f014").data
        self.levels = layout["levels"]
        self.patterns = {
            entry["level"]: [re.compile(pattern, re.I) for pattern in entry["patterns"]]
            for entry in layout["headings"]
        }
        self.preamble = {
            spec["field"]: re.compile(spec["pattern"], re.I)
            for spec in layout["preamble"]
            if "pattern" in spec
        }
        if not any(item.level in (_COMPONENT, self.levels["row"]) for item in plan.items):
            raise ValueError("the plan has neither components nor rows: it does not fit form F014")
        self.book = Workbook()
        self.sheet = self.book.active
        self.sheet.title = "PTEP" if plan.family == "ptep" else "PAAC"
        self.row = 1
        self.seen: dict[tuple[str, Any], int] = {}
        self.by_parent: dict[Any, list[Item]] = {}
        for item in plan.items:
            self.by_parent.setdefault(item.parent, []).append(item)

    def write(self) -> bytes:
        spreadsheet.set_widths(self.sheet, _WIDTHS)
        self._head()
        first = self.row
        self._columns()
        for item in self.plan.items:
            if item.level == _COMPONENT:
                self._component(item)
        self._orphans()
        form = " · ".join(
            filter(None, [self.plan.form_code, self.plan.version and f"Versión {self.plan.version}"])
        )
        spreadsheet.set_page(
            self.sheet,
            rows=f"{first}:{first + 1}",
            area=f"A1:{spreadsheet.get_column_letter(_LAST)}{self.row - 1}",
            left=form,
            right=_FOOTNOTE,
        )
        spreadsheet.set_properties(self.book, self.plan.title or "Plan", "Formato F014")
        return spreadsheet.save_workbook(self.book)

    # --- head -------------------------------------------------------------------------------------

    def _head(self) -> None:
        """Title, code and version, free lines, then the labels: in the order that its reader expects."""
        plan, fields = self.plan, self.plan.fields
        title, code = clean(plan.title), clean(plan.form_code)
        if title:
            if self.preamble["title"].fullmatch(title):
                spreadsheet.band(self.sheet, self.row, _LAST, title, TITLE, _WIDTHS)
                self.row += 1
            else:
                self._label("NOMBRE DEL PLAN", title, bold=True)
                self._merge_label(self.row - 1)
        if code:
            if self.preamble["form_code"].fullmatch(code):
                spreadsheet.band(self.sheet, self.row, _LAST, code, Look(bold=True, align="center"), _WIDTHS)
                self.row += 1
            else:
                self._label("CÓDIGO DEL FORMATO", code)
                self._merge_label(self.row - 1)
        if clean(plan.version):
            self._label("VERSIÓN", clean(plan.version))
            self._merge_label(self.row - 1)
        for line in _texts(fields.get("heading")):
            spreadsheet.band(self.sheet, self.row, _LAST, line, Look(align="center"), _WIDTHS)
            self.row += 1
        for name, label in _HEAD:
            found = self._period() if name == "period" else _texts(fields.get(name))
            first = self.row
            for number, line in enumerate(found):
                # a second line of a period would be taken for a heading: it has its label again
                self._label(label if number == 0 or name == "period" else "", line)
            self._merge_label(first, name == "period")
        self.row += 1

    def _merge_label(self, first: int, each: bool = False) -> None:
        """A label is once beside all the lines of its field, or beside each."""
        for row in range(first, self.row) if each else [first][: self.row - first]:
            merge(self.sheet, (row, 1), (row if each else self.row - 1, 2), LABEL)

    def _period(self) -> list[str]:
        start, end = self.plan.start, self.plan.end
        printed = _texts(self.plan.fields.get("period"))
        trial = Plan(self.plan.family)
        if printed and set_period(trial, printed[0]) and (trial.start, trial.end) == (start, end):
            return printed
        if start and end:
            return [str(start.year) if start.year == end.year else f"{start.year}-{end.year}"]
        return printed

    def _label(self, label: str, value: str, *, bold: bool = False) -> None:
        sheet, row = self.sheet, self.row
        put(sheet, row, 1, label, LABEL)
        put(sheet, row, 3, value, Look(bold=bold))
        merge(sheet, (row, 3), (row, _LAST), PLAIN)
        sheet.row_dimensions[row].height = spreadsheet.text_height(
            [(label, sum(_WIDTHS[:2])), (value, sum(_WIDTHS[2:]))]
        )
        self.row += 1

    def _columns(self) -> None:
        """The two rows of the header; they are printed on every page and never pasted again."""
        sheet, top = self.sheet, self.row
        for column, text in (
            (_NUMBER, "N°"),
            (_ACTIVITY, "ACTIVIDADES"),
            (_DESCRIPTION, "DESCRIPCIÓN"),
            (_GOAL, "METAS"),
            (_PRODUCT, "PRODUCTOS (BIENES O SERVICIOS) ENTREGADOS"),
            (_RESPONSIBLE, "RESPONSABLES"),
        ):
            put(sheet, top, column, text, HEADING)
            merge(sheet, (top, column), (top + 1, column), HEADING)
        put(sheet, top, _MONTHS, "MESES", HEADING)
        merge(sheet, (top, _MONTHS), (top, _MONTHS + 11), HEADING)
        put(sheet, top, _FORMULA, "INDICADORES", HEADING)
        merge(sheet, (top, _FORMULA), (top, _RESULT), HEADING)
        for month in range(1, 13):
            put(sheet, top + 1, _MONTHS + month - 1, month, HEADING)
        put(sheet, top + 1, _FORMULA, "FÓRMULA", HEADING)
        put(sheet, top + 1, _RESULT, "RESULTADO", HEADING)
        sheet.row_dimensions[top].height = sheet.row_dimensions[top + 1].height = 26
        self.row += 2

    # --- headings ---------------------------------------------------------------------------------

    def _component(self, item: Item) -> None:
        self._heading(item, BANNER)
        for child in self._children(item):
            if child.level == _SUBCOMPONENT:
                self._heading(child, HEADING)
                for number in self._children(child):
                    self._number(number)
            else:
                self._number(child)

    def _children(self, item: Item) -> list[Item]:
        """Numbers of the component itself come before its subcomponents, or they would hang from them."""
        return sorted(self.by_parent.get(item.key, []), key=lambda entry: entry.level == _SUBCOMPONENT)

    def _heading(self, item: Item, look: Look) -> None:
        sheet = self.sheet
        code, text = self._printed(item)
        position = self.seen.get((item.level, item.parent), 0)
        self.seen[item.level, item.parent] = position + 1
        first = 2 if code else 1
        if code:
            put(sheet, self.row, 1, code, look)
        put(sheet, self.row, first, text, look)
        merge(sheet, (self.row, first), (self.row, _LAST), look)
        sheet.row_dimensions[self.row].height = spreadsheet.text_height([(text, sum(_WIDTHS))], look.size) + 3
        self.row += 1

    def _printed(self, item: Item) -> tuple[str, str]:
        """The code and the words of a heading: as printed where that still says what the plan says."""
        printed = clean(str(item.fields.get("title_printed") or ""))
        title = clean(item.title)
        number = item.code.rsplit(".", 1)[-1]
        ordinal = _ORDINALS[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(_ORDINALS) else ""
        made = (
            f"Subcomponente {number}: {title}"
            if item.level == _SUBCOMPONENT
            else f"{ordinal} Componente: {title}"
        )
        for code, text in (
            (clean(item.code_printed), printed),
            (item.code, printed),
            (item.code, clean(made)),
        ):
            if text and self._understood(item, code, text) == (item.code, title):
                return code, text
        return item.code, clean(made)

    def _understood(self, item: Item, code: str, text: str) -> tuple[str, str] | None:
        """What its reader makes of a heading: code and title; None when it takes it for something else."""
        line = clean(f"{code} {text}")
        for pattern in self.patterns.get(item.level, []):
            match = pattern.fullmatch(line)
            if match:
                found = match.groupdict()
                position = self.seen.get((item.level, item.parent), 0) + 1
                spoken = found.get("number") or ordinal_number(found.get("ordinal") or "") or position
                above = f"{item.parent[1]}." if item.parent else ""
                return found.get("code") or f"{above}{spoken}", clean(found.get("title") or "") or line
        return None

    # --- numbers and rows -------------------------------------------------------------------------

    def _number(self, number: Item) -> None:
        """A number with its rows: number and activity are written once, merged over all of them."""
        sheet, first = self.sheet, self.row
        rows = [entry for entry in self.by_parent.get(number.key, []) if entry.level == self.levels["row"]]
        usual = [number.code if n == 1 else f"{number.code}#{n}" for n in range(1, len(rows) + 1)]
        whole = [item.code for item in rows] == usual
        put(sheet, first, _NUMBER, number.code, CENTRE)
        put(sheet, first, _ACTIVITY, clean(number.title), PLAIN)
        if not rows:
            self._blank(first)
        for item in rows:
            if not whole:
                # where a row of the number is no more, each says which it is
                put(sheet, self.row, _NUMBER, item.code, CENTRE)
            self._row(item)
        last = self.row - 1
        for column in (_NUMBER, _ACTIVITY) if whole else (_ACTIVITY,):
            merge(sheet, (first, column), (last, column), PLAIN)
        self._tall_enough(first, last, number)

    def _blank(self, row: int) -> None:
        for column in range(_DESCRIPTION, _LAST + 1):
            put(self.sheet, row, column, None, PLAIN)
        self.row += 1

    def _row(self, item: Item) -> None:
        sheet, row = self.sheet, self.row
        indicator = item.indicators[0] if item.indicators else None
        texts = {
            _DESCRIPTION: item.title,
            _GOAL: item.fields.get("goal"),
            _PRODUCT: item.fields.get("product"),
            _FORMULA: indicator.formula if indicator else None,
            _RESULT: item.fields.get("result") or (indicator.target_text if indicator else None),
            _RESPONSIBLE: item.fields.get("responsible") or _names(item, self.plan),
        }
        for column, text in texts.items():
            look = CENTRE if column == _RESULT else PLAIN
            self._value(row, column, clean(str(text or "")), look)
        amounts = _amounts(item)
        marked = set(_months(item, self.plan))
        for month in range(1, 13):
            column = _MONTHS + month - 1
            if month in amounts:
                put(sheet, row, column, amounts[month], _SHADED)
            else:
                put(
                    sheet,
                    row,
                    column,
                    _MARK if month in marked else None,
                    _SHADED if month in marked else CENTRE,
                )
        needed = [(text, _WIDTHS[column - 1]) for column, text in texts.items()]
        sheet.row_dimensions[row].height = spreadsheet.text_height(needed)
        self.row += 1

    def _value(self, row: int, column: int, text: str, look: Look) -> None:
        """A result that is a number is one for the spreadsheet too, when it reads back the same."""
        if column == _RESULT and _WHOLE.fullmatch(text):
            put(self.sheet, row, column, int(text), look)
        elif column == _RESULT and _PERCENT.fullmatch(text):
            cell = put(self.sheet, row, column, int(text[:-1]) / 100, look)
            cell.number_format = "0%"
        else:
            put(self.sheet, row, column, text, look)

    def _tall_enough(self, first: int, last: int, number: Item) -> None:
        """A merged cell makes no row higher by itself."""
        dimensions = self.sheet.row_dimensions
        for row in range(first, last + 1):
            dimensions[row].height = dimensions[row].height or spreadsheet.text_height([])
        have = sum(dimensions[row].height for row in range(first, last + 1))
        wanted = spreadsheet.text_height([(number.title, _WIDTHS[_ACTIVITY - 1])])
        for row in range(first, last + 1):
            extra = max(0.0, wanted - have) / (last - first + 1)
            dimensions[row].height = min(409, dimensions[row].height + extra)

    def _orphans(self) -> None:
        """Numbers and rows that hang from nothing the form has are written all the same, at the end."""
        keys = {item.key for item in self.plan.items}
        for item in self.plan.items:
            if item.parent in keys:
                continue
            if item.level == self.levels["number"]:
                self._number(item)
            elif item.level == self.levels["row"]:
                put(self.sheet, self.row, _NUMBER, item.code, CENTRE)
                put(self.sheet, self.row, _ACTIVITY, None, PLAIN)
                self._row(item)


def _texts(value: Any) -> list[str]:
    """The lines of a field of the plan's head that say something."""
    if not isinstance(value, str):
        return []
    return [clean(line) for line in value.splitlines() if clean(line)]


def _amounts(item: Item) -> dict[int, str]:
    """How much falls on each month, where the plan says it in the form's way."""
    pieces = str(item.fields.get("months_text") or "").split("; ")
    found = [match for piece in pieces if (match := _AMOUNT.fullmatch(piece))]
    return {int(match["month"]): match["amount"] for match in found if 1 <= int(match["month"]) <= 12}


def _months(item: Item, plan: Plan) -> tuple[int, ...]:
    """The months that a schedule of any kind falls on in the plan's first year; none when undeclared."""
    when = item.schedule
    if when.kind is ScheduleKind.MONTHS:
        return when.months
    year = plan.start.year if plan.start else when.due.year if when.due else None
    if year is None:
        return ()
    if when.kind is ScheduleKind.RANGE and when.start and when.due:
        return tuple(
            m
            for m in range(1, 13)
            if when.start <= last_of_month(year, m) and dt.date(year, m, 1) <= when.due
        )
    if when.kind is ScheduleKind.DATE and when.due:
        return (when.due.month,) if when.due.year == year else ()
    if when.kind is ScheduleKind.RECURRING and when.times and 12 % when.times == 0:
        step = 12 // when.times
        return tuple(range(step, 13, step))
    return ()


def _names(item: Item, plan: Plan) -> str:
    """Names of those who answer, for an item that has no printed text of them."""
    if not item.assignments:
        return ""
    directory = Directory.load()
    groups = {group.id: group.name for group in plan.groups}
    found = []
    for assignment in item.assignments:
        if assignment.group:
            found.append(groups.get(assignment.group, assignment.group))
        elif assignment.unknown:
            found.append(assignment.unknown)
        elif assignment.organization:
            known = directory.organismos.get(assignment.organization, {})
            found.append(str(known.get("title", assignment.organization)))
            units = {unit["id"]: unit["title"] for unit in known.get("units", [])}
            if assignment.unit:
                found.append(str(units.get(assignment.unit, assignment.unit)))
    return " / ".join(found)
