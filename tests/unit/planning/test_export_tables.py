"""CSV and the workbook of everything: what each row says, and that numbers stay numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from support import plan_records as made
from support import sampling

from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.exporters import spreadsheet, tables
from ckanext.ogp_plan.planning.status_types import item_status_dict

DAYS = (dt.date(2026, 3, 1), dt.date(2026, 4, 30), dt.date(2026, 8, 31))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_one_row_a_measurement_that_counts() -> None:
    found = {cells["id"]: cells for cells in rows(tables.measurements_csv(made.view()))}
    assert set(found) == {"m1", "m2", "m4", "m5"}  # m3 came with a report that was returned
    own = found["m4"]
    assert (own["codigo"], own["organismo"], own["organismo_nombre"], own["valor"], own["meta"]) == ("1.1.1#2", "datic", "DATIC", "1", "6")
    assert (own["desde"], own["hasta"], own["dimension"]) == ("2026-01-01", "2026-06-30", "zona==rural")
    assert (found["m5"]["numerador"], found["m5"]["denominador"], found["m5"]["valor"]) == ("67", "200", "")


def test_the_matrix_has_each_days_own_light() -> None:
    view = made.view()
    found = {cells["codigo"]: cells for cells in rows(tables.matrix_csv(view, tables.history(view.record, DAYS, view.settings)))}
    assert [found["1.1.1"][day.isoformat()] for day in DAYS] == ["en_curso", "completado", "completado"]
    assert [found["2.2"][day.isoformat()] for day in DAYS][-1] == "no_aplica"
    assert found["2.1"]["vence"] == "" and found["1.1.1"]["vence"] == "2026-03-31"
    assert set(found) == {"1.1.1", "1.1.1#2", "2.1", "2.1#2", "2.2"}


def test_one_row_an_item_with_its_quota_and_reasons() -> None:
    found = {(cells["nivel"], cells["codigo"]): cells for cells in rows(tables.items_csv(made.view()))}
    shared = found["fila", "1.1.1#2"]
    assert [shared[name] for name in ("meta_compartida", "cumplido_compartido", "organismos_que_cumplen", "organismos_que_deben")] == ["6", "3", "1", "3"]
    assert shared["avance"] == "50" and shared["razones"].split() and shared["alertas"]
    assert found["componente", "1"]["estado"] == "" and found["componente", "1"]["direccion"].startswith("https://")
    assert found["fila", "2.1#2"]["avance"] == "", "no progress is not zero"


def test_evidence() -> None:
    found = {cells["id"]: cells for cells in rows(tables.evidence_csv(made.view()))}
    assert (found["e1"]["enlace"], found["e1"]["vive"], found["e3"]["vive"]) == ("https://datos.example/mapa.pdf", "sí", "no")
    withheld = found["e2"]
    assert (withheld["publica"], withheld["enlace"], withheld["evidencia"], withheld["sha256"]) == ("no", "", "", "")


def test_the_workbook_has_every_table_with_numbers_as_numbers() -> None:
    view = made.view()
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=made.ZONE) for day in DAYS[1:]]
    found = [compute_compliance(view.record.as_of(end), end.date(), view.settings) for end in ends]
    book = load_workbook(io.BytesIO(tables.everything(view, tables.history(view.record, DAYS, view.settings), found)))
    assert len(book.sheetnames) == 9
    for sheet in book.worksheets[1:]:
        head = [cell.value for cell in sheet[1]]
        assert all(head) and sheet.freeze_panes == "A2" and sheet.print_title_rows == "$1:$1"
        assert sheet.max_column == len(head)
    measured = book.worksheets[3]
    values = {row[0].value: row for row in measured.iter_rows(min_row=2)}
    column = [cell.value for cell in measured[1]].index("valor")
    assert {type(row[column].value) for row in values.values()} <= {int, float, type(None)}
    cut_rows = [[cell.value for cell in row] for row in book.worksheets[8].iter_rows(min_row=2)]
    totals = [row for row in cut_rows if row[2] is None]
    assert [(row[4], row[5]) for row in totals] == [(one.whole.scheduled, one.whole.fulfilled) for one in found]


@settings(max_examples=sampling.examples(200), deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=30), st.sampled_from(["", "=", "+", "-", "@", "\t", " =", "\r", "＝", "\u00a0@", "'", "\n="]))
def test_no_text_is_a_formula_in_csv_or_workbook(text: str, start: str) -> None:
    table = tables.Table("t", ("a",), [[start + text]])
    (row,) = list(csv.reader(io.StringIO(tables.write_csv(table).decode("utf-8-sig"), newline="")))[1:] or [[""]]
    cell = row[0] if row else ""
    assert not cell.lstrip(" \u00a0\n")[:1] or cell.lstrip(" \u00a0\n")[:1] not in "=+-@\t\r＝＋－＠"
    book = spreadsheet.Workbook()
    spreadsheet.put(book.active, 1, 1, start + text)
    again: Any = load_workbook(io.BytesIO(spreadsheet.save_workbook(book))).active["A1"]
    assert again.data_type in ("s", "n") and (again.value is None or isinstance(again.value, str))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Decimal("1234567890123456789.125"), "1234567890123456789.125"), (Decimal("1E+3"), "1000"), (True, "sí"), (False, "no"), (None, ""), (dt.date(2026, 1, 2), "2026-01-02"), (-5, "-5"), (Decimal("-0.5"), "-0.5")],
)
def test_values_in_csv(value: Any, expected: str) -> None:
    assert tables.write_csv(tables.Table("t", ("a", "b"), [[value, "x"]])).decode("utf-8-sig").splitlines()[1] == f"{expected},x"


def test_a_long_number_loses_no_digit_in_a_workbook() -> None:
    record = made.record()
    record.plan.items[3].indicators[0].baseline = Decimal("1234567890123456789.125")
    book = load_workbook(io.BytesIO(tables.everything(made.view(record))))
    found = [cell.value for row in book.worksheets[2].iter_rows() for cell in row]
    assert "1234567890123456789.125" in found


def test_it_says_what_the_engine_says() -> None:
    view = made.view()
    for one in rows(tables.items_csv(view)):
        status = view.statuses.get((one["nivel"], one["codigo"]))
        if status:
            expected = item_status_dict(status)
            assert (one["estado"], one["declarado"]) == (expected["light"], expected["declared"])
            assert one["razones"].split() == [reason["code"] for reason in expected["reasons"]]
