"""Control Interno's follow-up form: a sheet a component with the three cuts, a summary, the detail.

Counts and percentages are formulas over the rows of the same workbook, so that whoever receives it
computes them again; zones are shown by a word and a colour. The rule is ``cuts.compliance``. The
form is Spanish in every language: it is the form.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import PatternFill

from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.cuts.dates import cut_days, publish_by
from ckanext.ogp_plan.planning.cuts.types import Compliance, RowCompliance
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.spreadsheet import (
    AMBER,
    CENTRE,
    GREEN,
    HEADING,
    LABEL,
    NOTE,
    PLAIN,
    RED,
    TITLE,
    Look,
    formula,
    merge,
    put,
)
from ckanext.ogp_plan.planning.exporters.view import View, day_text, percent
from ckanext.ogp_plan.planning.settings import Zone
from ckanext.ogp_plan.planning.tracking import Key, VerdictRole
from ckanext.ogp_plan.planning.types import Item

_YES, _NO, _LATER, _OUT = "Sí", "No", "No en este corte", "Excluida"
_UNDECLARED = "Sí (sin programación declarada)"
_BLOCK = 4
_WIDTHS_OF_BLOCK = (13, 11, 9, 28)
_FIRST = 3
_PERCENT = "0.0%"
_ZONE_GROUND = {"rojo": RED, "amarillo": AMBER, "verde": GREEN}
_UNIT_NOTE = {
    "row": "Unidad de conteo: la fila del plan (cada meta con su resultado), no el número de la actividad.",
    "activity": "Unidad de conteo: la actividad numerada; se cumple cuando se cumplen todas sus filas.",
}
_RULE_NOTE = (
    "Programada: tiene un mes programado hasta el corte; lo que no declara programación se cuenta solo "
    "en el último corte. Cumplida: alcanzó lo que debía hasta el corte y tiene al menos una evidencia. "
    "% de avance = cumplidas / programadas. El total del plan divide las sumas: no promedia los componentes."
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut that was computed. ``published``: the day it was, None while it is not."""

    compliance: Compliance
    published: dt.date | None = None


@dataclass(slots=True)
class _Sheet:
    """The rows of a component's totals, for the summary."""

    name: str
    component: Key
    title: str
    total: int


def write(view: View, cuts: Sequence[Cut], entity: str = "") -> bytes:
    """Return the follow-up form of a plan as a workbook.

    :param view: the present plan (its titles, its verdicts and who answers).
    :param cuts: the cuts computed so far; those of the plan's calendar that are not here stay blank.
    :param entity: the name of the entity; without it, of the plan's owner.
    """
    return _Form(view, cuts, entity).write()


class _Form:
    """One plan with its cuts on its way into the form."""

    def __init__(self, view: View, cuts: Sequence[Cut], entity: str) -> None:
        self.view = view
        self.done = {cut.compliance.day: cut for cut in cuts}
        self.days = sorted({*cut_days(view.settings, view.plan), *self.done})
        self.entity = entity or view.called(view.plan.owner) or str(view.plan.fields.get("entity") or "")
        self.rows: dict[dt.date, dict[Key, RowCompliance]] = {
            day: {row.key: row for row in cut.compliance.rows} for day, cut in self.done.items()
        }
        self.unit = next((cut.compliance.count_unit for cut in cuts), view.settings.count_unit)
        self.observations = self._observations()
        self.book = Workbook()
        self.book.remove(self.book.active)
        self.widths = (8, 38, *(_WIDTHS_OF_BLOCK * len(self.days)))
        self.last = len(self.widths)

    def write(self) -> bytes:
        summary = self.book.create_sheet("Resumen")
        made = [self._component(component, keys) for component, keys in self._components()]
        self._summary(summary, made)
        self._detail()
        spreadsheet.set_properties(
            self.book, f"Seguimiento: {self.view.plan.title}", "Seguimiento de Control Interno"
        )
        return spreadsheet.save_workbook(self.book)

    def _components(self) -> list[tuple[Item, list[Key]]]:
        """Components in the plan's order, with what is counted in each."""
        found: dict[Key, list[Key]] = {}
        for cut in self.done.values():
            for row in cut.compliance.rows:
                keys = found.setdefault(row.component, [])
                if row.key not in keys:
                    keys.append(row.key)
        order = {item.key: number for number, item in enumerate(self.view.plan.items)}
        known = [
            self.view.items[key] for key in sorted(found, key=lambda key: order.get(key, 0)) if key in order
        ]
        if not found:
            known = [item for item in self.view.children(None) if self.view.under(item) or item.trackable]
        return [(item, sorted(found.get(item.key, []), key=lambda key: order.get(key, 0))) for item in known]

    def _observations(self) -> dict[tuple[dt.date, Key], str]:
        """What Control Interno wrote of each item at each cut."""
        found: dict[tuple[dt.date, Key], str] = {}
        for event in tracking.current_events(self.view.record.verdicts):
            if event.role is VerdictRole.CONTROL and event.cut:
                text = " ".join(filter(None, (event.rationale, event.recommendation)))
                found[event.cut, event.item] = text or found.get((event.cut, event.item), "")
        return found

    # --- a component --------------------------------------------------------------------------------

    def _component(self, component: Item, keys: list[Key]) -> _Sheet:
        name = spreadsheet.sheet_name(self.book, f"Componente {component.code}")
        sheet = self.book.create_sheet(name)
        spreadsheet.set_widths(sheet, self.widths)
        row = self._head(sheet, self.view.label(component))
        top = row
        self._columns(sheet, top)
        row += 2
        first = row
        for key in keys:
            self._row(sheet, row, key)
            row += 1
        self._totals(sheet, row, first)
        total = row
        row = self._notes(sheet, row + 3)
        self._colour(sheet, total + 1)
        sheet.freeze_panes = f"C{top + 2}"
        spreadsheet.set_page(
            sheet,
            rows=f"{top}:{top + 1}",
            area=f"A1:{spreadsheet.get_column_letter(self.last)}{row - 1}",
            left=self.view.plan.title,
            right=name,
        )
        return _Sheet(name, component.key, self.view.label(component), total)

    def _head(self, sheet: Any, component: str) -> int:
        family = self.view.family.name.get("es", "")
        spreadsheet.band(sheet, 1, self.last, f"SEGUIMIENTO AL {family.upper()}", TITLE, self.widths)
        year = self._years()
        row = 2
        for label, value in (
            ("Entidad:", self.entity),
            ("Vigencia:", year),
            ("Fecha de publicación:", self._publications()),
            ("Componente:", component),
        ):
            put(sheet, row, 1, label, LABEL)
            merge(sheet, (row, 1), (row, 2), LABEL)
            put(sheet, row, 3, value, Look(bold=label == "Componente:"))
            merge(sheet, (row, 3), (row, self.last), PLAIN)
            sheet.row_dimensions[row].height = spreadsheet.text_height([(value, sum(self.widths[2:]))])
            row += 1
        return row + 1

    def _years(self) -> str:
        start, end = self.view.plan.start, self.view.plan.end
        if not start or not end:
            return str(self.view.plan.fields.get("period") or "")
        return str(start.year) if start.year == end.year else f"{start.year}-{end.year}"

    def _publications(self) -> str:
        found = []
        for number, day in enumerate(self.days, start=1):
            due = publish_by(day, self.view.settings.publish_business_day)
            cut = self.done.get(day)
            when = cut.published if cut else None
            if when is None:
                text = f"pendiente, a más tardar el {day_text(due)}"
            elif when > due:
                late = (when - due).days
                days = f"{late} {'día' if late == 1 else 'días'}"
                text = f"{day_text(when)}, {days} después del plazo ({day_text(due)})"
            else:
                text = f"{day_text(when)}, en plazo"
            found.append(f"Seguimiento {number}: {text}")
        return ". ".join(found)

    def _columns(self, sheet: Any, row: int) -> None:
        for column, text in ((1, "N°"), (2, "Actividades del componente")):
            put(sheet, row, column, text, HEADING)
            merge(sheet, (row, column), (row + 1, column), HEADING)
        for number, day in enumerate(self.days):
            column = _FIRST + number * _BLOCK
            put(
                sheet,
                row,
                column,
                f"Seguimiento {number + 1}. Fecha de seguimiento: {day_text(day)}",
                HEADING,
            )
            merge(sheet, (row, column), (row, column + _BLOCK - 1), HEADING)
            for offset, text in enumerate(
                ("Actividades programadas", "Actividades cumplidas", "% de avance", "Observaciones")
            ):
                put(sheet, row + 1, column + offset, text, HEADING)
        sheet.row_dimensions[row].height = 18
        sheet.row_dimensions[row + 1].height = 28

    def _row(self, sheet: Any, row: int, key: Key) -> None:
        item = self.view.items.get(key)
        title = self._title(item) if item else ""
        put(sheet, row, 1, key[1], CENTRE)
        put(sheet, row, 2, title, PLAIN)
        needed = [(title, self.widths[1])]
        for number, day in enumerate(self.days):
            column = _FIRST + number * _BLOCK
            found = self.rows.get(day, {}).get(key)
            observed = self._observed(day, key, found)
            put(sheet, row, column, _scheduled(found), CENTRE)
            put(sheet, row, column + 1, _fulfilled(found), CENTRE)
            share = found.progress if found and found.scheduled and found.progress is not None else None
            put(sheet, row, column + 2, share, Look(align="center", number="0%"))
            put(sheet, row, column + 3, observed, PLAIN)
            needed.append((observed, _WIDTHS_OF_BLOCK[3]))
        sheet.row_dimensions[row].height = spreadsheet.text_height(needed)

    def _title(self, item: Item) -> str:
        """A row says its activity too: rows of one number have texts of their own."""
        parent = self.view.items.get(item.parent) if item.parent else None
        if item.trackable and parent is not None and parent.parent is not None and parent.title != item.title:
            return " — ".join(filter(None, (parent.title, item.title)))
        return item.title

    def _observed(self, day: dt.date, key: Key, row: RowCompliance | None) -> str:
        """Control Interno's own words; beside them what the computation has to say."""
        sentences = [self.observations.get((day, key), "")]
        if row is not None:
            if row.excluded:
                sentences.append(f"Excluida: {self.view.light(row.excluded).lower()}.")
            elif row.scheduled and not row.fulfilled and not row.evidence:
                sentences.append("Sin evidencia.")
            if row.late:
                sentences.append("Vencida.")
            if row.confirmed is False:
                sentences.append("Control Interno no la da por cumplida.")
        return " ".join(filter(None, sentences))

    def _totals(self, sheet: Any, row: int, first: int) -> None:
        strong = Look(bold=True, ground=spreadsheet.SOFT, align="center")
        for offset, text in enumerate(("Total del componente", "Zona")):
            put(sheet, row + offset, 1, text, Look(bold=True, ground=spreadsheet.SOFT))
            merge(sheet, (row + offset, 1), (row + offset, 2), LABEL)
        for number, day in enumerate(self.days):
            column = _FIRST + number * _BLOCK
            planned, met, share = (spreadsheet.get_column_letter(column + n) for n in range(3))
            span = f"{{0}}${first}:{{0}}${row - 1}"
            ready = day in self.done and row > first
            if ready:
                formula(sheet, row, column, f'=COUNTIF({span.format(planned)},"{_YES}*")', strong)
                formula(sheet, row, column + 1, f'=COUNTIF({span.format(met)},"{_YES}")', strong)
                made = f'=IF({planned}{row}=0,"",{met}{row}/{planned}{row})'
                formula(
                    sheet,
                    row,
                    column + 2,
                    made,
                    Look(True, ground=spreadsheet.SOFT, align="center", number=_PERCENT),
                )
            else:
                for offset in range(3):
                    put(sheet, row, column + offset, 0 if day in self.done and offset < 2 else None, strong)
            put(sheet, row, column + 3, None, strong)
            zone = self._zone_formula(f"{share}{row}") if ready else None
            if zone:
                formula(sheet, row + 1, column, zone, strong)
            else:
                put(
                    sheet,
                    row + 1,
                    column,
                    "Sin corte" if day not in self.done else "Sin programación",
                    strong,
                )
            merge(sheet, (row + 1, column), (row + 1, column + _BLOCK - 1), strong)
        sheet.row_dimensions[row + 1].height = 18

    def _zone_formula(self, cell: str) -> str:
        """The word of the zone of a share, from the plan's own thresholds."""
        made = f'"{_zone_word(self.view.settings.zones[0])}"'
        for zone in self.view.settings.zones[1:]:
            made = f'IF(ROUND({cell}*100,6)>={zone.start},"{_zone_word(zone)}",{made})'
        return f'=IF({cell}="","Sin programación",{made})'

    def _colour(self, sheet: Any, row: int, first: int = _FIRST, last: int | None = None) -> None:
        """Ground for a zone's word, by what the word says."""
        start, end = (spreadsheet.get_column_letter(column) for column in (first, last or self.last))
        area = f"{start}{row}:{end}{row}"
        self._rules(sheet, area, f"{start}{row}")

    def _rules(self, sheet: Any, area: str, corner: str) -> None:
        for zone in self.view.settings.zones:
            ground = _ZONE_GROUND.get(zone.colour.get("es", "").casefold())
            if ground:
                fill = PatternFill("solid", bgColor=ground, fgColor=ground)
                sheet.conditional_formatting.add(
                    area, FormulaRule(formula=[f'{corner}="{_zone_word(zone)}"'], fill=fill)
                )

    def _notes(self, sheet: Any, row: int) -> int:
        for text in (_UNIT_NOTE.get(self.unit, ""), _RULE_NOTE, self._zones()):
            spreadsheet.band(sheet, row, self.last, text, NOTE, self.widths)
            row += 1
        return row

    def _zones(self) -> str:
        zones = self.view.settings.zones
        ends = [zone.start for zone in zones[1:]]
        found = [
            f"{_zone_word(zone)}: desde {_number(zone.start)} %"
            + (f" y menos de {_number(end)} %" if end else "")
            for zone, end in zip(zones, [*ends, None], strict=True)
        ]
        return f"Zonas. {'; '.join(found)}."

    # --- summary and detail -------------------------------------------------------------------------

    def _summary(self, sheet: Any, made: list[_Sheet]) -> None:
        widths = (44, *((13, 13, 12, 20) * len(self.days)))
        last = len(widths)
        spreadsheet.set_widths(sheet, widths)
        spreadsheet.band(
            sheet, 1, last, self.view.plan.title or self.view.family.name.get("es", ""), TITLE, widths
        )
        for row, (label, value) in enumerate(
            (
                ("Entidad:", self.entity),
                ("Vigencia:", self._years()),
                ("Fecha de publicación:", self._publications()),
            ),
            2,
        ):
            put(sheet, row, 1, label, LABEL)
            put(sheet, row, 2, value, PLAIN)
            merge(sheet, (row, 2), (row, last), PLAIN)
            sheet.row_dimensions[row].height = spreadsheet.text_height([(value, sum(widths[1:]))])
        top = 6
        put(sheet, top, 1, "Componente", HEADING)
        merge(sheet, (top, 1), (top + 1, 1), HEADING)
        for number, day in enumerate(self.days):
            column = 2 + number * _BLOCK
            put(sheet, top, column, f"Seguimiento {number + 1}: corte al {day_text(day)}", HEADING)
            merge(sheet, (top, column), (top, column + _BLOCK - 1), HEADING)
            for offset, text in enumerate(("Programadas", "Cumplidas", "% de avance", "Zona")):
                put(sheet, top + 1, column + offset, text, HEADING)
        row = top + 2
        for entry in made:
            self._summary_row(
                sheet, row, entry.title, [self._reference(entry, number) for number in range(len(self.days))]
            )
            row += 1
        sums = [
            (f"=SUM({letter}{top + 2}:{letter}{row - 1})", f"=SUM({other}{top + 2}:{other}{row - 1})")
            for number in range(len(self.days))
            for letter, other in [[spreadsheet.get_column_letter(2 + number * _BLOCK + n) for n in range(2)]]
        ]
        self._summary_row(
            sheet, row, "Total del plan", sums if made else [("", "")] * len(self.days), bold=True
        )
        row = self._mean(sheet, row + 1, widths)
        self._rules(sheet, f"B{top + 2}:{spreadsheet.get_column_letter(last)}{row}", f"B{top + 2}")
        row += 1
        for text in (_UNIT_NOTE.get(self.unit, ""), _RULE_NOTE, self._zones()):
            spreadsheet.band(sheet, row, last, text, NOTE, widths)
            row += 1
        sheet.freeze_panes = f"B{top + 2}"
        spreadsheet.set_page(
            sheet,
            rows=f"{top}:{top + 1}",
            area=f"A1:{spreadsheet.get_column_letter(last)}{row - 1}",
            left=self.view.plan.title,
        )

    def _reference(self, sheet: _Sheet, number: int) -> tuple[str, str]:
        letters = [spreadsheet.get_column_letter(_FIRST + number * _BLOCK + offset) for offset in range(2)]
        name = sheet.name.replace("'", "''")
        return f"='{name}'!{letters[0]}{sheet.total}", f"='{name}'!{letters[1]}{sheet.total}"

    def _summary_row(
        self, sheet: Any, row: int, title: str, sources: Sequence[tuple[str, str]], *, bold: bool = False
    ) -> None:
        ground = spreadsheet.SOFT if bold else None
        put(sheet, row, 1, title, Look(bold=bold, ground=ground))
        look = Look(bold=bold, ground=ground, align="center")
        for number, (day, (planned, met)) in enumerate(zip(self.days, sources, strict=True)):
            column = 2 + number * _BLOCK
            if day not in self.done or not planned:
                for offset in range(_BLOCK):
                    put(sheet, row, column + offset, "Sin corte" if offset == 3 else None, look)
                continue
            formula(sheet, row, column, planned, look)
            formula(sheet, row, column + 1, met, look)
            entry, two, three = (spreadsheet.get_column_letter(column + offset) for offset in range(3))
            share = Look(bold=bold, ground=ground, align="center", number=_PERCENT)
            formula(sheet, row, column + 2, f'=IF({entry}{row}=0,"",{two}{row}/{entry}{row})', share)
            formula(sheet, row, column + 3, self._zone_formula(f"{three}{row}"), look)
        sheet.row_dimensions[row].height = spreadsheet.text_height([(title, 44)])

    def _mean(self, sheet: Any, row: int, widths: Sequence[float]) -> int:
        """The other way to look at it, beside the first: a row at 55 of 56 counts nothing there."""
        put(sheet, row, 1, "Avance medio de lo programado", Look(italic=True))
        for number, day in enumerate(self.days):
            column = 2 + number * _BLOCK
            whole = self.done[day].compliance.whole if day in self.done else None
            share = percent(whole.mean_progress) if whole else None
            text = (
                f"{_number(share)} % ({whole.with_progress} de {whole.scheduled} con dato)"
                if whole and share is not None
                else ""
            )
            if whole and whole.undeclared:
                text += f"{'. ' if text else ''}{whole.undeclared} sin programación declarada"
            if whole and whole.excluded:
                text += f"{'. ' if text else ''}{whole.excluded} excluidas"
            put(sheet, row, column, text, Look(italic=True, align="center"))
            merge(sheet, (row, column), (row, column + _BLOCK - 1), PLAIN)
        sheet.row_dimensions[row].height = 28
        return row + 1

    def _detail(self) -> None:
        """One row for each thing counted at each cut, with the numbers behind its word."""
        head = (
            "Corte",
            "Componente",
            "N°",
            "Actividad",
            "Responsable",
            "Programada",
            "Cumplida",
            "Meta al corte",
            "Logrado al corte",
            "% de avance",
            "Evidencias",
            "Vencida",
            "Concepto de Control Interno",
            "Observaciones",
        )
        widths = (12, 12, 10, 50, 34, 18, 11, 12, 12, 11, 11, 10, 18, 44)
        sheet = self.book.create_sheet(spreadsheet.sheet_name(self.book, "Detalle"))
        spreadsheet.set_widths(sheet, widths)
        for column, text in enumerate(head, start=1):
            put(sheet, 1, column, text, HEADING)
        row = 2
        for day in self.days:
            for compliance in self.done[day].compliance.rows if day in self.done else ():
                self._detail_row(sheet, row, day, compliance, widths)
                row += 1
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{spreadsheet.get_column_letter(len(head))}{max(2, row - 1)}"
        spreadsheet.set_page(sheet, rows="1:1", left=self.view.plan.title, right="Detalle por fila")

    def _detail_row(
        self, sheet: Any, row: int, day: dt.date, row_compliance: RowCompliance, widths: Sequence[float]
    ) -> None:
        item = self.view.items.get(row_compliance.key)
        title = self._title(item) if item else ""
        values = (
            day_text(day),
            row_compliance.component[1],
            row_compliance.key[1],
            title,
            self.view.responsible(item) if item else "",
            _scheduled(row_compliance),
            _fulfilled(row_compliance),
            row_compliance.target,
            row_compliance.actual,
            row_compliance.progress,
            row_compliance.evidence,
            _YES if row_compliance.late else _NO,
            _confirmed(row_compliance),
            self._observed(day, row_compliance.key, row_compliance),
        )
        for column, value in enumerate(values, start=1):
            put(sheet, row, column, value, Look(vertical="top", number="0%") if column == 10 else PLAIN)
        sheet.row_dimensions[row].height = spreadsheet.text_height(list(zip(values, widths, strict=True)))


def _scheduled(row: RowCompliance | None) -> str | None:
    if row is None:
        return None
    if row.excluded:
        return _OUT
    if not row.scheduled:
        return _LATER
    return _UNDECLARED if row.undeclared else _YES


def _fulfilled(row: RowCompliance | None) -> str | None:
    if row is None or row.excluded or not row.scheduled:
        return None
    return _YES if row.fulfilled else _NO


def _confirmed(row: RowCompliance) -> str:
    return "" if row.confirmed is None else "Cumplida" if row.confirmed else "No cumplida"


def _zone_word(zone: Zone) -> str:
    """The zone's name with its colour in words: "Zona baja (rojo)"."""
    name, colour = zone.name.get("es", zone.id), zone.colour.get("es", "")
    text = f"{name} ({colour})" if colour and colour.casefold() not in name.casefold() else name
    return text.replace('"', "")


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize() + 0:f}".replace(".", ",")
