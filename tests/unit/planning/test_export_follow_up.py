"""Control Interno's form: what its formulas give is what the engine computed, in words and colour."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

from openpyxl import load_workbook
from support import plan_records as made

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import follow_up
from ckanext.ogp_plan.planning.exporters.view import View

DAYS = (dt.date(2026, 4, 30), dt.date(2026, 8, 31), dt.date(2026, 12, 31))


def computed(view: View, days: tuple[dt.date, ...] = DAYS) -> list[Compliance]:
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=made.ZONE) for day in days]
    return [compute_compliance(view.record.as_of(end), day, view.settings) for day, end in zip(days, ends, strict=True)]


def written(view: View, days: tuple[dt.date, ...] = DAYS, published: dt.date | None = None) -> Any:
    content = follow_up.write(view, [follow_up.Cut(one, published) for one in computed(view, days)], "Alcaldía de prueba")
    return load_workbook(io.BytesIO(content))


def row_of(sheet: Any, label: str) -> int:
    return next(int(row[0].row) for row in sheet.iter_rows() if row[0].value == label)


def test_the_head_of_each_component() -> None:
    book = written(made.view(), published=dt.date(2026, 5, 20))
    assert book.sheetnames == ["Resumen", "Componente 1", "Componente 2", "Detalle"]
    sheet = book["Componente 1"]
    head = {sheet.cell(row, 1).value: sheet.cell(row, 3).value for row in range(2, 6)}
    assert (head["Entidad:"], head["Vigencia:"], head["Componente:"]) == ("Alcaldía de prueba", "2026", "1 Gestión del riesgo")
    assert "Seguimiento 1: 20/05/2026, 5 días después del plazo (15/05/2026)" in head["Fecha de publicación:"]
    groups = [cell.value for cell in sheet[7] if isinstance(cell.value, str) and cell.value.startswith("Seguimiento")]
    assert groups == [f"Seguimiento {n}. Fecha de seguimiento: {day:%d/%m/%Y}" for n, day in enumerate(DAYS, start=1)]
    assert [cell.value for cell in sheet[8]][2:6] == ["Actividades programadas", "Actividades cumplidas", "% de avance", "Observaciones"]


def test_rows_say_what_the_engine_says() -> None:
    view = made.view()
    book, found = written(view), computed(view)
    for number, compliance in enumerate(found):
        column = 3 + number * 4
        for one in compliance.rows:
            sheet = book[f"Componente {one.component[1]}"]
            row = row_of(sheet, one.key[1])
            scheduled = str(sheet.cell(row, column).value or "")
            assert scheduled.startswith("Sí") == (one.scheduled and not one.excluded)
            assert (sheet.cell(row, column + 1).value == "Sí") == (one.fulfilled and one.scheduled and not one.excluded)
            assert ("sin programación" in scheduled) == (one.undeclared and one.scheduled)


def counted(book: Any, sheet: Any, text: str) -> int:
    """What a COUNTIF of ours gives, computed from the cells it names."""
    match = re.fullmatch(r'=COUNTIF\((\w+)\$(\d+):\w+\$(\d+),"(Sí\*?)"\)', text)
    assert match, text
    cells = [str(sheet[f"{match[1]}{row}"].value or "") for row in range(int(match[2]), int(match[3]) + 1)]
    return sum(cell == "Sí" or (match[4] == "Sí*" and cell.startswith("Sí")) for cell in cells)


def test_formulas_give_what_the_engine_gives() -> None:
    view = made.view()
    book, found = written(view), computed(view)
    for number, compliance in enumerate(found):
        for total in compliance.components:
            assert total.component
            sheet = book[f"Componente {total.component[1]}"]
            row = row_of(sheet, "Total del componente")
            column = 3 + number * 4
            planned, met = (counted(book, sheet, sheet.cell(row, column + n).value) for n in range(2))
            assert (planned, met) == (total.scheduled, total.fulfilled)


def test_the_summary_adds_up_its_sheets_and_explains_itself() -> None:
    book = written(made.view())
    sheet = book["Resumen"]
    total = row_of(sheet, "Total del plan")
    assert sheet.cell(total, 2).value == f"=SUM(B8:B{total - 1})"
    assert sheet.cell(8, 2).value == f"='Componente 1'!C{row_of(book['Componente 1'], 'Total del componente')}"
    assert '>=80,"Zona alta (verde)"' in sheet.cell(8, 5).value and '>=60,"Zona media (amarillo)"' in sheet.cell(8, 5).value
    notes = " ".join(str(row[0].value) for row in sheet.iter_rows(min_row=total + 1))
    assert "Unidad de conteo: la fila" in notes and "no promedia" in notes and "desde 60 % y menos de 80 %" in notes
    assert sheet.conditional_formatting, "a zone has its colour beside its word"


def test_a_cut_that_is_to_come_is_blank() -> None:
    book = written(made.view(), DAYS[:1])
    sheet = book["Componente 1"]
    row = row_of(sheet, "Total del componente")
    assert sheet.cell(row, 7).value is None and sheet.cell(row + 1, 7).value == "Sin corte"
    assert "Seguimiento 3: pendiente, a más tardar el 18/01/2027" in sheet.cell(4, 3).value


def test_observations_are_control_internos_of_that_cut() -> None:
    sheet = written(made.view())["Componente 1"]
    row = row_of(sheet, "1.1.1")
    assert sheet.cell(row, 6).value == "Se vio el documento. Publicarlo en formato abierto."
    assert "Se vio" not in str(sheet.cell(row, 10).value)


def test_the_detail_has_a_row_for_each_counted_thing_and_cut() -> None:
    view = made.view()
    sheet = written(view)["Detalle"]
    assert sheet.max_row - 1 == sum(len(one.rows) for one in computed(view))
    head = [cell.value for cell in sheet[1]]
    shared = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "31/08/2026" and row[2].value == "1.1.1#2")
    assert (shared[head.index("Meta al corte")].value, shared[head.index("Cumplida")].value) == (4, "No")


def test_counting_by_activity_says_so() -> None:
    view = made.view()
    by_activity = View(view.id, view.record, view.statuses, view.addresses, view.today, view.family, settings.family_settings("paac", {"count_unit": "activity"}), "es", view.names)
    book = written(by_activity)
    notes = " ".join(str(row[0].value) for row in book["Resumen"].iter_rows())
    assert "Unidad de conteo: la actividad" in notes
    assert row_of(book["Componente 2"], "2.1")


def test_no_cut_at_all_still_is_the_form() -> None:
    book = load_workbook(io.BytesIO(follow_up.write(made.view(), [])))
    assert book.sheetnames == ["Resumen", "Componente 1", "Componente 2", "Detalle"]
