"""CoST's annual work plan as its six-column table, in Spanish (with the English names) or in English.

Goal, outcomes, outputs and activities in blocks, each block with its level once, merged; the table
is read back by ``schemas/plans/layouts/cost-workplan.yaml``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from openpyxl import Workbook

from ckanext.cost_common.values.dates import Precision
from ckanext.cost_common.values.text import clean
from ckanext.ogp_plan.planning.exporters import spreadsheet
from ckanext.ogp_plan.planning.exporters.spreadsheet import (
    BANNER,
    HEADING,
    LABEL,
    NOTE,
    PLAIN,
    TITLE,
    Look,
    merge,
    put,
)
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.types import Item, Plan, Schedule, ScheduleKind

_WIDTHS = (18, 48, 48, 40, 24, 16)
_LAST = len(_WIDTHS)
_HEAD = {
    "es": (
        "Nivel (Level)",
        "Resumen/Detalles (Summary/Details)",
        "Indicadores (Indicators)",
        "Evidencia (Evidence)",
        "Responsable (Responsible partner)",
        "Fecha de entrega (Delivery date)",
    ),
    "en": ("Level", "Summary/Details", "Indicators", "Evidence", "Responsible partner", "Delivery date"),
}
_LEVELS = {
    "goal": ("Objetivo (Goal)", "Goal"),
    "outcome": ("Resultados (Outcomes)", "Outcomes"),
    "output": ("Entregables (Outputs)", "Outputs"),
    "activity": ("Actividades (Activities)", "Activities"),
}
_CONTACT = (
    ("contact", "Nombre de la persona contacto", "Name of contact person"),
    ("contact_role", "Cargo, departamento, organización", "Title, department, organization"),
    ("contact_email", "Correo electrónico de la persona contacto", "Email of contact person"),
)
_MONTHS = {
    "es": ("Ene", "Feb", "Mar", "Abr", "May", "Jun", "Jul", "Ago", "Sep", "Oct", "Nov", "Dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def write(plan: Plan, family: Family, lang: str = "es") -> bytes:
    """Return a plan of CoST as a workbook of six columns.

    :param family: for the order and the names of levels that CoST's own form does not name.
    :param lang: ``es`` (headings in both languages, as CoST's Spanish form has them) or ``en``. The plan's
        own words stay as they are.
    """
    lang = lang[:2] if lang[:2] in _HEAD else "es"
    book = Workbook()
    sheet = book.active
    sheet.title = "Workplan" if lang == "en" else "Plan de trabajo"
    spreadsheet.set_widths(sheet, _WIDTHS)
    row = _head(sheet, plan, lang)
    top = row
    for column, text in enumerate(_HEAD[lang], start=1):
        put(sheet, row, column, text, HEADING)
    sheet.row_dimensions[row].height = (
        spreadsheet.text_height(list(zip(_HEAD[lang], _WIDTHS, strict=True))) + 4
    )
    row += 1
    order = [level.id for level in family.levels]
    items = sorted(
        plan.items, key=lambda item: order.index(item.level) if item.level in order else len(order)
    )
    for level, block in groupby(items, key=lambda item: item.level):
        row = _block(sheet, row, _level(level, family, lang), block, plan, lang)
    for note in str(plan.fields.get("notes") or "").splitlines():
        if clean(note):
            spreadsheet.band(sheet, row, _LAST, clean(note), NOTE, _WIDTHS)
            row += 1
    spreadsheet.set_page(
        sheet,
        rows=f"{top}:{top}",
        area=f"A1:{spreadsheet.get_column_letter(_LAST)}{row - 1}",
        page_size=spreadsheet.LETTER,
        left=_title(plan, lang),
    )
    spreadsheet.set_properties(
        book, _title(plan, lang) or "CoST", sheet.title, "en" if lang == "en" else "es-CO"
    )
    return spreadsheet.save_workbook(book)


def _title(plan: Plan, lang: str) -> str:
    return (
        clean(str(plan.fields.get("title_en") or "")) or clean(plan.title)
        if lang == "en"
        else clean(plan.title)
    )


def _head(sheet: Any, plan: Plan, lang: str) -> int:
    row = 1
    titles = dict.fromkeys(
        filter(None, (_title(plan, lang), clean(plan.title), clean(str(plan.fields.get("title_en") or ""))))
    )
    for number, title in enumerate(titles):
        spreadsheet.band(sheet, row, _LAST, title, TITLE if number == 0 else Look(align="center"), _WIDTHS)
        row += 1
    for name, spanish, english in _CONTACT:
        value = clean(str(plan.fields.get(name) or ""))
        if not value:
            continue
        label = english if lang == "en" else f"{spanish} ({english})"
        put(sheet, row, 1, f"{label}:", LABEL)
        merge(sheet, (row, 1), (row, 2), LABEL)
        put(sheet, row, 3, value, PLAIN)
        merge(sheet, (row, 3), (row, _LAST), PLAIN)
        row += 1
    return row + 1


def _level(level: str, family: Family, lang: str) -> str:
    if level in _LEVELS:
        return _LEVELS[level][lang == "en"]
    known = next((known_level for known_level in family.levels if known_level.id == level), None)
    return (known.plural.get(lang) or known.plural.get("es", level)) if known else level


def _block(sheet: Any, row: int, level: str, items: Iterable[Item], plan: Plan, lang: str) -> int:
    first = row
    for item in items:
        texts = (
            level if row == first else "",
            f"{item.code.split('#')[0]}. {clean(item.title)}",
            "\n".join(f"{indicator.code}. {clean(indicator.name)}" for indicator in item.indicators),
            _verification(item),
            clean(str(item.fields.get("responsible") or "")),
            _when(item, lang),
        )
        for column, text in enumerate(texts, start=1):
            put(sheet, row, column, text, BANNER if column == 1 else PLAIN)
        sheet.row_dimensions[row].height = spreadsheet.text_height(list(zip(texts, _WIDTHS, strict=True))[1:])
        row += 1
    merge(sheet, (first, 1), (row - 1, 1), BANNER)
    return row


def _verification(item: Item) -> str:
    """Means of verification, a bullet each: of the item, or of its indicators."""
    own = item.fields.get("verification")
    found = [own] if isinstance(own, str) else list(own or [])
    found = found or [text for indicator in item.indicators for text in indicator.verification]
    return "\n".join(f"• {clean(str(text))}" for text in found if clean(str(text)))


def _when(item: Item, lang: str) -> str:
    printed = clean(str(item.fields.get("schedule_text") or ""))
    return printed or when(item.schedule, lang)


def when(schedule: Schedule, lang: str = "es") -> str:
    """Return when something is due as the form writes it: "Dic 2026", "15/05/2026"; "" when undeclared."""
    if schedule.kind is ScheduleKind.UNDECLARED or schedule.due is None:
        return ""
    last = _day(schedule.due, schedule.precision, lang)
    if schedule.kind is ScheduleKind.RANGE and schedule.start:
        return f"{_day(schedule.start, schedule.precision, lang)} - {last}"
    return last


def _day(day: dt.date, precision: Precision, lang: str) -> str:
    if precision is Precision.YEAR:
        return str(day.year)
    if precision in (Precision.MONTH, Precision.QUARTER):
        return f"{_MONTHS[lang][day.month - 1]} {day.year}"
    return day.strftime("%d/%m/%Y")
