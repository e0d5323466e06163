"""A plan as a plain workbook: every item, indicator and assignment, to edit and give back.

Six sheets with one header row each; the keys (level, code) join them. Official layouts are
other modules; this one holds everything and belongs to no form.
"""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from ckanext.ogp_plan.planning.cells import LONGEST, MARK, own_field_to_cell, to_cell, yes_no
from ckanext.ogp_plan.planning.types import Assignment, Indicator, Item, OrgGroup, Place, Plan, Target

#: What the first cell says, so that the workbook is known again.
SIGNATURE = "Plan · cuadro completo"
SHEETS = ("Plan", "Elementos", "Responsables", "Indicadores", "Metas", "Grupos", "Textos")
PLACE = ("lugar_linea", "lugar_hoja", "lugar_celda", "lugar_hasta")
PLAN_FIELDS = ("family", "title", "start", "end", "version", "form_code", "status", "owner")
ITEM_COLUMNS = (
    "nivel",
    "codigo",
    "codigo_impreso",
    "titulo",
    "nivel_padre",
    "codigo_padre",
    "se_sigue",
    "peso",
    "condicion",
    "cuando",
    "meses",
    "inicio",
    "vence",
    "precision",
    "cadencia",
    "veces",
)
ASSIGNMENT_COLUMNS = (
    "nivel",
    "codigo",
    "papel",
    "organismo",
    "dependencia",
    "grupo",
    "sin_identificar",
    "cuota",
    "condicion",
)
INDICATOR_COLUMNS = (
    "nivel",
    "codigo",
    "indicador",
    "nombre",
    "medida",
    "unidad",
    "ascendente",
    "acumulacion",
    "formula",
    "numerador",
    "denominador",
    "linea_base",
    "anio_base",
    "meta_impresa",
    "verificacion",
)
TARGET_COLUMNS = ("nivel", "codigo", "indicador", "valor", "texto", "inicio", "fin", "dimension")
GROUP_COLUMNS = ("id", "nombre", "tamano", "miembros", "desde", "hasta", "fuente")
TEXT_COLUMNS: list[Any] = ["texto", "parte", "contenido"]
FIELD = "campo: "
_HEAD = PatternFill("solid", fgColor="1F3864")


class _Raw:
    """A value that is a cell's already."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell


class _Writer:
    """Writes sheets; texts longer than a cell holds go to the sheet "Textos", in pieces."""

    def __init__(self) -> None:
        self.book = Workbook()
        self.book.remove(self.book.active)
        self.long: list[str] = []

    def sheet(self, name: str, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
        sheet = self.book.create_sheet(name)
        self._row(sheet, 1, list(columns))
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        for number, row in enumerate(rows, start=2):
            self._row(sheet, number, row)
        sheet.freeze_panes = "A2"
        for at, name_ in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = (
                60 if name_ in ("titulo", "nombre") or name_.startswith(FIELD) else 18
            )

    def _row(self, sheet: Any, number: int, values: list[Any]) -> None:
        for column, value in enumerate(values, start=1):
            made = value.cell if isinstance(value, _Raw) else to_cell(value)
            if made is None:
                continue
            if isinstance(made, str) and len(made) > LONGEST:
                self.long.append(made)
                made = f'{MARK}{{"texto": {len(self.long)}}}'
            cell = sheet.cell(row=number, column=column)
            cell.value = made
            if isinstance(made, str):
                cell.data_type = "s"  # a text that begins with "=" is no formula
                cell.alignment = Alignment(wrap_text=True, vertical="top")

    def close(self) -> bytes:
        pieces: list[list[Any]] = [
            [number, part, MARK + _json(text[at : at + LONGEST // 8])]
            for number, text in enumerate(self.long, start=1)
            for part, at in enumerate(range(0, len(text), LONGEST // 8), start=1)
        ]
        self.long = []
        sheet = self.book.create_sheet("Textos")
        for number, row in enumerate([TEXT_COLUMNS, *pieces], start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(row=number, column=column, value=value)
                if isinstance(value, str):
                    cell.data_type = "s"
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


def _json(text: str) -> str:
    import json

    return json.dumps(text)


def write(plan: Plan) -> bytes:
    """Return the plan as a workbook that :func:`..importers.read` gives back as the same plan."""
    writer = _Writer()
    head: list[list[Any]] = [[name, getattr(plan, name)] for name in PLAN_FIELDS]
    head += [[f"{FIELD}{name}", _Raw(own_field_to_cell(value))] for name, value in plan.fields.items()]
    writer.sheet("Plan", (SIGNATURE, "valor"), head)
    names = _field_names(plan)
    writer.sheet(
        "Elementos",
        (*ITEM_COLUMNS, *(FIELD + name for name in names), *PLACE),
        [_item(item, names) for item in plan.items],
    )
    writer.sheet(
        "Responsables",
        ASSIGNMENT_COLUMNS,
        [[*item.key, *_assignment(assignment)] for item in plan.items for assignment in item.assignments],
    )
    pairs = [(item, indicator) for item in plan.items for indicator in item.indicators]
    writer.sheet(
        "Indicadores", (*INDICATOR_COLUMNS, *PLACE), [[*item.key, *_indicator(pair)] for item, pair in pairs]
    )
    writer.sheet(
        "Metas",
        TARGET_COLUMNS,
        [[*item.key, pair.code, *_target(target)] for item, pair in pairs for target in pair.targets],
    )
    writer.sheet("Grupos", GROUP_COLUMNS, [_group(group) for group in plan.groups])
    return writer.close()


def _field_names(plan: Plan) -> list[str]:
    """Return the names of all items' own fields, in the order they first occur."""
    return list(dict.fromkeys(name for item in plan.items for name in item.fields))


def _item(item: Item, names: list[str]) -> list[Any]:
    when = item.schedule
    fields = [_Raw(own_field_to_cell(item.fields[name])) if name in item.fields else None for name in names]
    return [
        item.level,
        item.code,
        item.code_printed or None,
        item.title,
        *(item.parent or (None, None)),
        yes_no(item.trackable),
        item.weight,
        item.conditional,
        when.kind,
        " ".join(map(str, when.months)) or None,
        when.start,
        when.due,
        when.precision,
        when.cadence,
        when.times,
        *fields,
        *_place(item.place),
    ]


def _place(place: Place | None) -> list[Any]:
    return [None] * 4 if place is None else [place.line, place.sheet, place.cell, place.to]


def _assignment(assignment: Assignment) -> list[Any]:
    return [
        assignment.role,
        assignment.organization,
        assignment.unit,
        assignment.group,
        assignment.unknown,
        assignment.own_target,
        assignment.condition,
    ]


def _indicator(indicator: Indicator) -> list[Any]:
    return [
        indicator.code,
        indicator.name,
        indicator.measure,
        indicator.unit or None,
        yes_no(indicator.ascending),
        indicator.accumulation,
        indicator.formula or None,
        indicator.numerator or None,
        indicator.denominator or None,
        indicator.baseline,
        indicator.baseline_year,
        indicator.target_text or None,
        indicator.verification or None,
        *_place(indicator.place),
    ]


def _target(target: Target) -> list[Any]:
    return [target.value, target.text or None, target.start, target.end, target.dimension or None]


def _group(org_group: OrgGroup) -> list[Any]:
    return [
        org_group.id,
        org_group.name,
        org_group.size,
        list(org_group.members) or None,
        org_group.valid_from,
        org_group.valid_to,
        org_group.source,
    ]
