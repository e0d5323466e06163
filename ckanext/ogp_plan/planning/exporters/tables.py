"""Tables for analysis: CSV (long, matrix, evidence, items) and one workbook of everything.

Columns have the same names in every language; a text that a spreadsheet would execute is made
inert. Persons are in none of them; of withheld evidence there is only that it exists, and why.
The workbook that is edited and given back is :mod:`.workbook`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from ckanext.cost_common.values.business_days import ZONE, day_of
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.spreadsheet import BLUE, GREEN, GREY, HEADING, PLAIN, RED, Look
from ckanext.ogp_plan.planning.exporters.view import View, percent
from ckanext.ogp_plan.planning.progress import target_value
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import ItemStatus
from ckanext.ogp_plan.planning.tracking import Evidence, Key, Measurement, Record
from ckanext.ogp_plan.planning.types import Indicator, Item
from ckanext.ogp_plan.planning.words.i18n import N_

#: The ground under a light's word.
LIGHT_GROUND = {"completado": GREEN, "en_curso": BLUE, "en_riesgo": RED, "no_iniciado": GREY}
_NARROW, _WIDE = 16, 48
_WIDE_COLUMNS = frozenset(
    [
        "elemento",
        "titulo",
        "texto",
        "obstaculos",
        "proximo_paso",
        "comentario",
        "motivo",
        "razones",
        "direccion",
        "evidencia",
        "enlace",
        "concepto",
        "recomendacion",
        "responsable",
        "indicador_nombre",
        "verificacion",
        "formula",
        "respuesta",
        "contenido",
        "alertas",
    ]
)

#: A column of the matrix: the day, and the status of the items on it.
Column = tuple[dt.date, Mapping[Key, ItemStatus]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; values are texts, numbers, days, moments, yes or no, or nothing."""

    name: str
    columns: tuple[str, ...]
    rows: list[list[Any]]


def history(record: Record, days: Sequence[dt.date], settings: Settings | None = None) -> list[Column]:
    """Return the status of the items of a record at the end of each of some days."""
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=ZONE) for day in days]
    return [
        (day, compute_status(record.as_of(end), day, settings=settings))
        for day, end in zip(days, ends, strict=True)
    ]


# --- CSV ------------------------------------------------------------------------------------------


def measurements_csv(view: View) -> bytes:
    """Return one row a measurement that counts, oldest first."""
    return write_csv(measurements(view))


def items_csv(view: View) -> bytes:
    """Return one row for each item: its status, and why."""
    return write_csv(items(view))


def evidence_csv(view: View) -> bytes:
    """Return one row for each piece of evidence that was not withdrawn."""
    return write_csv(evidence(view))


def matrix_csv(view: View, columns: Sequence[Column]) -> bytes:
    """Return one row a tracked item and one column a day (a cut, a month's end): the light it had.

    :param columns: the days with their statuses, as :func:`history` gives them.
    """
    return write_csv(matrix(view, columns))


def write_csv(table: Table) -> bytes:
    """Return a table as CSV: UTF-8 with its mark, commas, lines that end as RFC 4180 says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.columns)
    writer.writerows([_text(value) for value in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    return spreadsheet.inert(str(value))


# --- the tables -----------------------------------------------------------------------------------

_ITEM = ("nivel", "codigo", "elemento")


def _item(item: Item) -> list[Any]:
    return [item.level, item.code, item.title]


def items(view: View) -> Table:
    """Return one row for each item of the present plan, tracked or not."""
    columns = (
        "plan",
        *_ITEM,
        "nivel_padre",
        "codigo_padre",
        "se_sigue",
        "responsable",
        "vence",
        "estado",
        "estado_nombre",
        "declarado",
        "avance",
        "avance_esperado",
        "razones",
        "alertas",
        "evidencias",
        "evidencias_validas",
        "ultimo_reporte",
        "dias_sin_reporte",
        "meta_compartida",
        "cumplido_compartido",
        "organismos_que_cumplen",
        "organismos_que_deben",
        "desacuerdo",
        "direccion",
    )
    rows = []
    for item in view.plan.items:
        entry = view.statuses.get(item.key)
        rows.append(
            [view.id, *_item(item), *(item.parent or (None, None)), item.trackable, view.responsible(item)]
            + (_status_columns(view, entry) if entry else [None] * 17)
            + [view.addresses.item(item.key)]
        )
    return Table(N_("Items"), columns, rows)


def _status_columns(view: View, item_status: ItemStatus) -> list[Any]:
    shared = item_status.quota
    return [
        item_status.due,
        item_status.light,
        view.light(item_status.light),
        item_status.declared.value,
        percent(item_status.progress),
        percent(item_status.expected),
        " ".join(reason.code for reason in item_status.reasons),
        "; ".join(view.reason(reason) for reason in item_status.reasons),
        item_status.evidence,
        item_status.valid_evidence,
        day_of(item_status.last_update) if item_status.last_update else None,
        item_status.silence_days,
        *([shared.target, shared.capped, len(shared.met), shared.size] if shared else [None] * 4),
        item_status.disagreement,
    ]


def measurements(view: View) -> Table:
    """Return one row a measurement that counts."""
    columns = (
        "plan",
        *_ITEM,
        "organismo",
        "organismo_nombre",
        "indicador",
        "indicador_nombre",
        "medida",
        "unidad",
        "linea_base",
        "meta",
        "desde",
        "hasta",
        "valor",
        "numerador",
        "denominador",
        "dimension",
        "comentario",
        "metodo",
        "reportado",
        "id",
        "direccion",
    )
    rows = []
    for measurement in view.record.counting_measurements():
        item = view.items.get(measurement.item)
        indicator = (
            next((i for i in item.indicators if i.code == measurement.indicator), None) if item else None
        )
        rows.append(
            [view.id, *(_item(item) if item else [*measurement.item, None]), measurement.organization]
            + [view.called(measurement.organization), measurement.indicator, *_indicator(indicator)]
            + _measurement(measurement)
            + [view.addresses.item(measurement.item)]
        )
    return Table(N_("Measurements"), columns, rows)


def _indicator(indicator: Indicator | None) -> list[Any]:
    return (
        [indicator.name, indicator.measure.value, indicator.unit, indicator.baseline, target_value(indicator)]
        if indicator
        else [None] * 5
    )


def _measurement(measurement: Measurement) -> list[Any]:
    dimension = "; ".join(f"{name}={value}" for name, value in sorted(measurement.dimension.items()))
    return [
        measurement.start,
        measurement.end,
        measurement.value,
        measurement.numerator,
        measurement.denominator,
        dimension,
        measurement.comment,
        measurement.method,
        measurement.at,
        measurement.id,
    ]


def evidence(view: View) -> Table:
    """Return one row for each piece of evidence that was not withdrawn.

    Of a withheld one: that it exists, and why it is withheld.
    """
    columns = (
        "plan",
        *_ITEM,
        "organismo",
        "organismo_nombre",
        "clase",
        "publica",
        "evidencia",
        "enlace",
        "sha256",
        "bytes",
        "capturada",
        "motivo_de_reserva",
        "revisada",
        "vive",
        "es_la_misma",
        "sigue_publica",
        "reportado",
        "id",
        "direccion",
    )
    rows = []
    for evidence_item in view.record.current_evidence():
        item = view.items.get(evidence_item.item)
        check = view.checks.get(evidence_item.id)
        looked = [check.at, check.alive, check.same, check.public] if check else [None] * 4
        rows.append(
            [view.id, *(_item(item) if item else [*evidence_item.item, None]), evidence_item.organization]
            + [
                view.called(evidence_item.organization),
                evidence_item.kind.value,
                evidence_item.id not in view.hidden,
                *_public_part(view, evidence_item),
            ]
            + [
                view.hidden.get(evidence_item.id),
                *([None] * 4 if evidence_item.id in view.hidden else looked),
            ]
            + [evidence_item.at, evidence_item.id, view.addresses.item(evidence_item.item)]
        )
    return Table(N_("Evidence"), columns, rows)


def _public_part(view: View, given: Evidence) -> list[Any]:
    return (
        [given.title, view.where(given), given.sha256, given.size, given.captured]
        if given.id not in view.hidden
        else [None] * 5
    )


def matrix(view: View, columns: Sequence[Column]) -> Table:
    """Return one row a tracked item and a column a day: the light it had then."""
    days = [day for day, _ in columns]
    rows = [
        [view.id, *_item(item), view.responsible(item), _due(view, item)]
        + [statuses[item.key].light if item.key in statuses else None for _, statuses in columns]
        for item in view.trackable()
    ]
    return Table(
        N_("Matrix"), ("plan", *_ITEM, "responsable", "vence", *(day.isoformat() for day in days)), rows
    )


def _due(view: View, item: Item) -> dt.date | None:
    entry = view.statuses.get(item.key)
    return entry.due if entry else item.schedule.due


def updates(view: View) -> Table:
    """Return one row an update, those that were corrected or returned too (see ``cuenta``)."""
    columns = (
        "plan",
        *_ITEM,
        "organismo",
        "organismo_nombre",
        "reportado",
        "periodo",
        "declarado",
        "avance",
        "texto",
        "obstaculos",
        "proximo_paso",
        "motivo",
        "en_riesgo_dicho",
        "sin_cambios",
        "cuenta",
        "id",
        "direccion",
    )
    counting = {update.id for update in view.record.counting_updates()}
    rows = []
    for update in sorted(view.record.updates, key=lambda event: (event.at, event.id)):
        item = view.items.get(update.item)
        rows.append(
            [view.id, *(_item(item) if item else [*update.item, None]), update.organization]
            + [
                view.called(update.organization),
                update.at,
                update.period,
                update.state.value if update.state else None,
            ]
            + [
                update.progress,
                update.text,
                update.obstacles,
                update.next_step,
                update.reason,
                update.at_risk,
                update.confirms,
            ]
            + [update.id in counting, update.id, view.addresses.item(update.item)]
        )
    return Table(N_("Reports"), columns, rows)


def verdicts(view: View) -> Table:
    """Return one row for each current verdict, by role; never by person."""
    columns = (
        "plan",
        *_ITEM,
        "papel",
        "fecha",
        "corte",
        "sugerido",
        "asignado",
        "comparte_lo_declarado",
        "cumplida",
        "calidad_de_la_evidencia",
        "concepto",
        "recomendacion",
        "alerta",
        "id",
        "direccion",
    )
    rows = []
    for event in tracking.current_events(view.record.verdicts):
        item = view.items.get(event.item)
        rows.append(
            [view.id, *(_item(item) if item else [*event.item, None]), event.role.value, event.at, event.cut]
            + [
                event.suggested.value if event.suggested else None,
                event.assigned.value if event.assigned else None,
            ]
            + [
                event.agrees,
                event.fulfilled,
                event.quality,
                event.rationale,
                event.recommendation,
                event.alert,
            ]
            + [event.id, view.addresses.item(event.item)]
        )
    return Table(N_("Verdicts"), columns, rows)


def indicators(view: View) -> Table:
    """Return one row a target of an indicator (a row too for an indicator without any)."""
    columns = (
        "plan",
        *_ITEM,
        "indicador",
        "indicador_nombre",
        "medida",
        "unidad",
        "asciende",
        "acumula",
        "formula",
        "linea_base",
        "anio_base",
        "meta_impresa",
        "meta",
        "meta_desde",
        "meta_hasta",
        "dimension",
        "verificacion",
    )
    rows = []
    for item in view.plan.items:
        for indicator in item.indicators:
            head = [
                view.id,
                *_item(item),
                indicator.code,
                indicator.name,
                indicator.measure.value,
                indicator.unit,
                indicator.ascending,
                indicator.accumulation.value,
                indicator.formula,
                indicator.baseline,
                indicator.baseline_year,
                indicator.target_text,
            ]
            for target in (*indicator.targets, *([] if indicator.targets else [None])):
                dimension = (
                    "; ".join(f"{k}={v}" for k, v in sorted(target.dimension.items())) if target else ""
                )
                period = [target.value, target.start, target.end] if target else [None] * 3
                rows.append([*head, *period, dimension, "; ".join(indicator.verification)])
    return Table(N_("Indicators"), columns, rows)


def compliances(view: View, cuts: Sequence[Compliance]) -> Table:
    """Return one row a component and cut, and one for the whole plan."""
    columns = (
        "plan",
        "corte",
        "codigo",
        "elemento",
        "programadas",
        "cumplidas",
        "porcentaje",
        "zona",
        "avance_medio",
        "con_avance",
        "sin_programacion",
        "excluidas",
        "total",
        "unidad_contada",
    )
    rows = [
        [
            view.id,
            cut.day,
            component.component[1] if component.component else None,
            component.title or None,
            component.scheduled,
            component.fulfilled,
        ]
        + [
            _two(component.share),
            component.zone,
            percent(component.mean_progress),
            component.with_progress,
            component.undeclared,
        ]
        + [component.excluded, component.total, cut.count_unit]
        for cut in cuts
        for component in (*cut.components, cut.whole)
    ]
    return Table(N_("Cuts"), columns, rows)


def _two(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.01")).normalize() + 0


# --- the workbook of everything -------------------------------------------------------------------


def everything(view: View, columns: Sequence[Column] = (), cuts: Sequence[Compliance] = ()) -> bytes:
    """Return the plan and all its public tracking as one workbook, a table a sheet.

    :param columns: days of the matrix, as :func:`history` gives them.
    :param cuts: the compliance of each cut so far.
    """
    # rows go out as they are made: a long plan has millions of cells
    book = Workbook(write_only=True)
    tables = [
        items(view),
        indicators(view),
        measurements(view),
        updates(view),
        evidence(view),
        verdicts(view),
    ]
    tables += [matrix(view, columns)] if columns else []
    tables += [compliances(view, cuts)] if cuts else []
    _cover(book, view, tables)
    for table in tables:
        _sheet(book, view, table)
    spreadsheet.set_properties(
        book, view.plan.title, view.family.name.get("es", ""), "en" if view.lang == "en" else "es-CO"
    )
    return spreadsheet.save_workbook(book)


def _cover(book: Workbook, view: View, tables: Sequence[Table]) -> None:
    """The first sheet says what the file is, of which day, and what each sheet holds."""
    sheet = book.create_sheet(spreadsheet.sheet_name(book, view.translate(N_("Plan"))))
    spreadsheet.set_widths(sheet, (34, 90))
    spreadsheet.set_page(sheet, landscape=False, page_size=spreadsheet.LETTER)
    title = view.plan.title or view.id
    sheet.row_dimensions[1].height = spreadsheet.text_height([(title, 124)], spreadsheet.TITLE.size)
    sheet.merged_cells.add("A1:B1")
    facts = [
        (view.translate(N_("Family")), view.named(view.family.name)),
        (
            view.translate(N_("Period")),
            " – ".join(str(day) for day in (view.plan.start, view.plan.end) if day),
        ),
        (view.translate(N_("As of")), view.today),
        (view.translate(N_("Version of the plan")), view.record.version),
        (view.translate(N_("Address")), view.addresses.plan()),
    ]
    _append(sheet, [(title, spreadsheet.TITLE), ("", spreadsheet.TITLE)])
    _append(sheet, [])
    for label, value in facts:
        _append(sheet, [(label, spreadsheet.LABEL), (value, PLAIN)])
    _append(sheet, [])
    _append(sheet, [(view.translate(N_("Sheet")), HEADING), (view.translate(N_("Rows")), HEADING)])
    for table in tables:
        _append(sheet, [(view.translate(table.name), PLAIN), (len(table.rows), PLAIN)])


def _append(sheet: Any, row: Sequence[tuple[Any, Look]]) -> None:
    """Write the next row of a sheet; nothing of its rows can be set after that."""
    sheet.append([spreadsheet.fill(WriteOnlyCell(sheet), value, look) for value, look in row])


def _sheet(book: Workbook, view: View, table: Table) -> None:
    sheet = book.create_sheet(spreadsheet.sheet_name(book, view.translate(table.name)))
    spreadsheet.set_widths(sheet, [_WIDE if name in _WIDE_COLUMNS else _NARROW for name in table.columns])
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = (
        f"A1:{spreadsheet.get_column_letter(len(table.columns))}{max(1, len(table.rows)) + 1}"
    )
    spreadsheet.set_page(sheet, rows="1:1", left=view.plan.title)
    sheet.sheet_view.showGridLines = True
    _append(sheet, [(name, HEADING) for name in table.columns])
    for row in table.rows:
        _append(
            sheet,
            [(_cell(value), _look(value, table, column)) for column, value in enumerate(row, start=1)],
        )


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > 15:
        return format(value, "f")
    return value


_DAY = Look(vertical="top", number="yyyy-mm-dd")


def _look(value: Any, table: Table, column: int) -> Look:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return _DAY
    if isinstance(value, str) and value in LIGHT_GROUND and table.columns[column - 1] != "declarado":
        return Look(vertical="top", ground=LIGHT_GROUND[value])
    return PLAIN
