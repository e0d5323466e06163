"""Our own workbook, read again (:mod:`..exporters.own_workbook`): what was edited is read, cell by cell.

A cell that cannot be understood is reported with its place and left out of the plan; a row
without level or code is reported whole. Nothing else is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning import cells
from ckanext.ogp_plan.planning.exporters import own_workbook as form
from ckanext.ogp_plan.planning.importers.act import Unreadable
from ckanext.ogp_plan.planning.importers.common import Context
from ckanext.ogp_plan.planning.importers.sources import Cell, Grid
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Place,
    PlanStatus,
    Role,
    Schedule,
    ScheduleKind,
    Target,
)

_T = TypeVar("_T")
Line = dict[str, Cell]
_NO_MONTHS: tuple[int, ...] = ()
#: What people put between the names of a list.
_TYPED = re.compile(r"[;,\n]")
#: The name of an organization in a portal (its address), which the directory need not know.
_ORGANIZATION = re.compile(r"[a-z0-9_-]{2,100}")


class OwnReader:
    """Reads one workbook of ours into a plan."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.act, self.plan = context.act, context.plan
        self.long: dict[int, str] = {}

    def read(self) -> bool:
        """Read the workbook; tell whether it is one of ours."""
        grids = {grid.sheet: grid for grid in self.context.source.grids}
        head = grids.get("Plan")
        if head is None or not head.rows or head.rows[0].text(0) != form.SIGNATURE:
            return False
        if "Elementos" not in grids:
            raise Unreadable("own.no_items", Place(sheet="Elementos"))
        self._long_texts(grids.get("Textos"))
        self._head(head)
        for row in self._lines(grids["Elementos"]):
            self._item(row)
        for name, reader in (
            ("Responsables", self._assignment),
            ("Indicadores", self._indicator),
            ("Metas", self._target),
            ("Grupos", self._group),
        ):
            grid = grids.get(name)
            for row in self._lines(grid) if grid else ():
                reader(row)
        for sheet, other in grids.items():
            if sheet not in form.SHEETS:
                for other_row in other.rows:
                    if other_row.filled():
                        self.act.flag("row.other_sheet", other_row.place, other_row.joined())
        return True

    # --- cells ------------------------------------------------------------------------------------

    def _lines(self, grid: Grid) -> list[Line]:
        if not grid.rows:
            return []
        names = {cell.column: cell.text for cell in grid.rows[0].filled()}
        found = []
        for row in grid.rows[1:]:
            if not row.filled():
                continue
            for cell in row.filled():
                if cell.column not in names:
                    self.act.flag("cell.unplaced", cell.place, cell.text)
            found.append(
                {names[cell.column]: cell for cell in row.cells if cell.column in names and cell.text}
            )
        return found

    def _long_texts(self, grid: Grid | None) -> None:
        pieces: dict[int, list[str]] = {}
        for row in grid.rows[1:] if grid else ():
            if row.text(0).isdigit():
                pieces.setdefault(int(row.text(0)), []).append(str(cells.from_cell(_raw(row.cells[2])) or ""))
        self.long = {number: "".join(parts) for number, parts in pieces.items()}

    def _value(self, cell: Cell | None) -> Any:
        """Return a cell's value: a text, or what its JSON says."""
        if cell is None:
            return None
        value = cells.from_cell(_raw(cell))
        if isinstance(value, dict) and set(value) == {"texto"}:
            return cells.from_cell(self.long.get(value["texto"], ""))
        return value

    def _text(self, line: Line, name: str) -> str:
        value = self._value(line.get(name))
        return value if isinstance(value, str) else "" if value is None else str(value)

    def _some(self, line: Line, name: str) -> str | None:
        return self._text(line, name) if name in line else None

    def _as(self, line: Line, name: str, kind: Callable[[str], _T], default: _T) -> _T:
        """Read a cell as a kind of value; what is none of that kind is reported, and the default taken."""
        if name not in line:
            return default
        try:
            return kind(self._text(line, name))
        except (ValueError, KeyError):
            self.act.flag("own.value", line[name].place, line[name].text, column=name)
            return default

    def _place(self, line: Line) -> Place | None:
        row = self._as(line, "lugar_linea", cells.parse_whole, None)
        to = self._text(line, "lugar_hasta") or None
        made = Place(
            row,
            self._some(line, "lugar_hoja"),
            self._some(line, "lugar_celda"),
            int(to) if to and to.isdigit() else to,
        )
        return None if made == Place() else made

    # --- sheets -----------------------------------------------------------------------------------

    def _head(self, grid: Grid) -> None:
        plan = self.plan
        for row in grid.rows[1:]:
            name, value = row.text(0), (row.cells[1] if len(row.cells) > 1 else None)
            if not row.filled():
                continue
            line = {"valor": value} if value is not None and value.text else {}
            if name.startswith(form.FIELD):
                plan.fields[name.removeprefix(form.FIELD)] = self._value(line.get("valor"))
            elif name in ("start", "end"):
                setattr(plan, name, self._as(line, "valor", cells.parse_date, None))
            elif name == "status":
                plan.status = self._as(line, "valor", PlanStatus, PlanStatus.DRAFT)
            elif name == "owner":
                plan.owner = self._some(line, "valor")
            elif name == "family":
                self._family(line)
            elif name in form.PLAN_FIELDS:
                setattr(plan, name, self._text(line, "valor"))
            else:
                self.act.flag("cell.unplaced", row.place, row.joined())

    def _family(self, line: Line) -> None:
        named = self._text(line, "valor")
        if named and named != self.context.family.id:
            raise Unreadable(
                "own.other_family", line["valor"].place, family=named, wanted=self.context.family.id
            )

    def _item(self, line: Line) -> None:
        level, code = self._text(line, "nivel"), self._text(line, "codigo")
        place = next(iter(line.values())).place
        if not level or not code:
            self.act.flag("own.no_key", place, " · ".join(cell.text for cell in line.values()))
            return
        if self.context.find(level, code):
            self.act.flag(
                "own.repeated", place, " · ".join(cell.text for cell in line.values()), code=code, level=level
            )
            return
        parent = (self._text(line, "nivel_padre"), self._text(line, "codigo_padre"))
        item = Item(
            level,
            code,
            self._text(line, "titulo"),
            parent if all(parent) else None,
            self._text(line, "codigo_impreso"),
        )
        item.weight = self._as(line, "peso", cells.parse_decimal, None)
        item.conditional = self._some(line, "condicion")
        item.schedule = self._schedule(line)
        item.place = self._place(line)
        item.fields = {
            name.removeprefix(form.FIELD): self._value(cell)
            for name, cell in line.items()
            if name.startswith(form.FIELD)
        }
        known = {*form.ITEM_COLUMNS, *form.PLACE}
        for name, cell in line.items():
            if name not in known and not name.startswith(form.FIELD):
                self.act.flag("cell.unplaced", cell.place, cell.text)
        self.context.add(item)

    def _schedule(self, line: Line) -> Schedule:
        months = self._as(line, "meses", _months, _NO_MONTHS)
        return Schedule(
            self._as(line, "cuando", ScheduleKind, ScheduleKind.UNDECLARED),
            months,
            self._as(line, "inicio", cells.parse_date, None),
            self._as(line, "vence", cells.parse_date, None),
            self._as(line, "precision", Precision, Precision.DAY),
            self._some(line, "cadencia"),
            self._as(line, "veces", cells.parse_whole, None),
        )

    def _owner(self, line: Line) -> Item | None:
        item = self.context.find(self._text(line, "nivel"), self._text(line, "codigo"))
        if item is None:
            place = next(iter(line.values())).place
            self.act.flag("own.no_item", place, " · ".join(cell.text for cell in line.values()))
        return item

    def _assignment(self, line: Line) -> None:
        item = self._owner(line)
        if item is None:
            return
        item.assignments.append(
            Assignment(
                self._as(line, "papel", Role, Role.LEAD),
                self._some(line, "organismo"),
                self._some(line, "grupo"),
                self._some(line, "sin_identificar"),
                self._as(line, "cuota", cells.parse_decimal, None),
                self._some(line, "condicion"),
                self._some(line, "dependencia"),
            )
        )

    def _indicator(self, line: Line) -> None:
        item = self._owner(line)
        if item is None:
            return
        indicator = Indicator(self._text(line, "indicador"), self._text(line, "nombre"))
        indicator.measure = self._as(line, "medida", Measure, Measure.UNIT)
        indicator.accumulation = self._as(line, "acumulacion", Accumulation, Accumulation.SUM)
        indicator.ascending = self._text(line, "ascendente") != "no"
        indicator.unit, indicator.formula = self._text(line, "unidad"), self._text(line, "formula")
        indicator.numerator, indicator.denominator = (
            self._text(line, "numerador"),
            self._text(line, "denominador"),
        )
        indicator.baseline = self._as(line, "linea_base", cells.parse_decimal, None)
        indicator.baseline_year = self._as(line, "anio_base", cells.parse_whole, None)
        indicator.target_text = self._text(line, "meta_impresa")
        verification = self._value(line.get("verificacion"))
        indicator.verification = (
            verification if isinstance(verification, list) else [verification] if verification else []
        )
        indicator.place = self._place(line)
        item.indicators.append(indicator)

    def _target(self, line: Line) -> None:
        item = self._owner(line)
        code = self._text(line, "indicador")
        indicator = (
            next((indicator for indicator in item.indicators if indicator.code == code), None)
            if item
            else None
        )
        if item and indicator is None:
            self.act.flag(
                "own.no_indicator",
                next(iter(line.values())).place,
                " · ".join(cell.text for cell in line.values()),
            )
        if indicator is None:
            return
        dimension = self._value(line.get("dimension"))
        if dimension and not isinstance(dimension, dict):
            self.act.flag("own.value", line["dimension"].place, line["dimension"].text, column="dimension")
        indicator.targets.append(
            Target(
                self._as(line, "valor", cells.parse_decimal, None),
                self._text(line, "texto"),
                self._as(line, "inicio", cells.parse_date, None),
                self._as(line, "fin", cells.parse_date, None),
                dimension if isinstance(dimension, dict) else {},
            )
        )

    def _group(self, line: Line) -> None:
        if not self._text(line, "id"):
            self.act.flag(
                "own.no_key", next(iter(line.values())).place, " · ".join(cell.text for cell in line.values())
            )
            return
        self.plan.groups.append(
            OrgGroup(
                self._text(line, "id"),
                self._text(line, "nombre"),
                self._as(line, "tamano", cells.parse_whole, None),
                self._members(line),
                self._as(line, "desde", cells.parse_date, None),
                self._as(line, "hasta", cells.parse_date, None),
                self._some(line, "fuente"),
            )
        )

    def _members(self, line: Line) -> tuple[str, ...]:
        """Return who is in a group: a list as we write it, or names as people type them.

        What looks like the name (address) of an organization is taken as it is; other names are looked up in
        the directory, and those it does not have stay as they are typed, and are reported.
        """
        value = self._value(line.get("miembros"))
        if isinstance(value, list):
            return tuple(str(element) for element in value)
        found: list[str] = []
        for piece in _TYPED.split(value if isinstance(value, str) else "" if value is None else str(value)):
            name = " ".join(piece.split())
            if name and not _ORGANIZATION.fullmatch(name):
                read = self.context.directory.read(name)
                known = [
                    assignment.organization
                    for assignment in read.assignments
                    if assignment.organization and not assignment.unit
                ]
                if len(known) == 1 and not read.unknown:
                    name = known[0]
                else:
                    self.act.flag("responsible.unknown", line["miembros"].place, name)
            if name and name not in found:
                found.append(name)
        return tuple(found)


def _raw(cell: Cell) -> str:
    """Return a text with its line breaks; a number as its reader sees it."""
    return cell.raw or cell.text


def _months(text: str) -> tuple[int, ...]:
    months = tuple(int(piece) for piece in text.replace(",", " ").split())
    if not all(1 <= month <= 12 for month in months):
        raise ValueError(text)
    return months
