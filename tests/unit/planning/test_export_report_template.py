"""The workbook to report many duties: out filled, edited as officials edit it, in row by row."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.exceptions import IllegalCharacterError
from support import plan_files, sampling
from support import plan_records as made

from ckanext.ogp_plan.planning.exporters import report_template as template
from ckanext.ogp_plan.planning.importers import Unreadable
from ckanext.ogp_plan.planning.tracking import Record
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.words.i18n import translator
from ckanext.ogp_plan.planning.words.render import Renderer

VIEWS = [made.view(), made.view(Record(made.ogp()), name="ogp-2026")]
KNOWN = template.known("datic", VIEWS)


def book_of(organization: str = "datic") -> Any:
    return load_workbook(io.BytesIO(template.write(organization, VIEWS, "2026-09")))


def column(sheet: Any, title: str) -> int:
    return next(int(cell.column) for cell in sheet[6] if cell.value == title)


def filled(values: dict[str, dict[str, Any]], organization: str = "datic") -> bytes:
    """The workbook with some cells written: code → heading → value."""
    book = book_of(organization)
    sheet = book.active
    for row in sheet.iter_rows(min_row=7):
        for title, value in values.get(str(row[2].value), {}).items():
            sheet.cell(row[0].row, column(sheet, title)).value = value
    return plan_files.saved(book)


def kinds(reading: template.ReportReading) -> dict[str, str | None]:
    found = [*reading.problems, *(one for row in reading.rows for one in row.problems)]
    return {one.kind: one.place.cell for one in found}


def test_out_it_has_the_duties_of_all_plans_locked() -> None:
    sheet = book_of().active
    rows = [[cell.value for cell in row[:4]] for row in sheet.iter_rows(min_row=7)]
    assert rows == [
        ["paac-2026", "fila", "1.1.1", "Revisiones"], ["paac-2026", "fila", "1.1.1#2", "Talleres"], ["paac-2026", "fila", "2.2", "Casos"],
        ["ogp-2026", "hito", "1.H1", "Inventario"], ["ogp-2026", "hito", "1.H2", "Publicación"],
    ]  # fmt: skip
    assert sheet.protection.sheet
    for row in sheet.iter_rows(min_row=7):
        assert [cell.protection.locked for cell in row] == [True] * 10 + [False] * 11
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["K7:K11"].formula1 == '"No iniciado,En curso,Completado"' and rules["U7:U11"].formula1 == '"Sí,No"'
    assert (rules["L7:L11"].formula1, rules["L7:L11"].formula2) == ("0", "100")
    assert sheet.cell(8, 5).value.endswith(": 2)"), "its own quota"


def test_untouched_it_reports_nothing() -> None:
    reading = template.read_report(template.write("datic", VIEWS, "2026-09"), KNOWN)
    assert (reading.rows, reading.problems, reading.blank) == ((), (), 5)
    assert (reading.organization, reading.period) == ("datic", "2026-09")


def test_what_was_filled_is_what_is_read() -> None:
    reading = template.read_report(filled({
        "1.1.1": {"Estado": "Completado", "Avance (%)": 100, "Valor medido": 1, "Qué se hizo": "Se revisó\ny se publicó", "Enlace de la evidencia": "https://datos.example/a.pdf", "Título de la evidencia": "Mapa"},
        "1.1.1#2": {"Estado": "en curso", "Valor medido": "1.234,5", "Obstáculos": "Lluvias", "Próximo paso": "Repetir"},
        "2.2": {"Sin cambios": "Sí"},
        "1.H1": {"Avance (%)": 33.5},
    }), KNOWN)  # fmt: skip
    assert not reading.problems and reading.blank == 1
    rows = {row.item[1]: row for row in reading.rows}
    assert not any(row.problems for row in reading.rows)
    done = rows["1.1.1"]
    assert (done.plan, done.state, done.progress, done.value, done.indicator) == ("paac-2026", Declared.DONE, 100, 1, "1.1.1")
    assert (done.text, done.evidence_url, done.evidence_title) == ("Se revisó\ny se publicó", "https://datos.example/a.pdf", "Mapa")
    assert (rows["1.1.1#2"].value, rows["1.1.1#2"].state) == (Decimal("1234.5"), Declared.ONGOING)
    assert rows["2.2"].confirms and not rows["2.2"].measured
    assert rows["1.H1"].progress == Decimal("33.5") and done.place.cell == "C7"


@pytest.mark.parametrize(
    ("cell", "value"),
    [(0.125, "0.125"), (12.345, "12.345"), (5000, "5000"), ("12.345", "12345"), ("12,5", "12.5"), ("-3", "-3"), (-3.25, "-3.25"), (1e-7, "0.0000001")],
)
def test_a_number_of_the_spreadsheet_is_not_one_of_a_text(cell: Any, value: str) -> None:
    (row,) = template.read_report(filled({"1.1.1": {"Valor medido": cell}}), KNOWN).rows
    assert row.value == Decimal(value) and not row.problems


BAD = [
    ({"Estado": "casi"}, "report.state", "K7"),
    ({"Estado": "Retirado"}, "report.state", "K7"),
    ({"Avance (%)": 140}, "report.progress", "L7"),
    ({"Avance (%)": "mucho"}, "report.progress", "L7"),
    ({"Valor medido": "1,000"}, "report.number", "M7"),
    ({"Valor medido": "unos diez"}, "report.number", "M7"),
    ({"Numerador": 3}, "report.ratio", "O7"),
    ({"Numerador": 3, "Denominador": 0}, "report.ratio", "O7"),
    ({"Enlace de la evidencia": "javascript:alert(1)"}, "report.link", "S7"),
    ({"Enlace de la evidencia": "mi carpeta"}, "report.link", "S7"),
    ({"Sin cambios": "tal vez"}, "report.yes_no", "U7"),
    ({"Sin cambios": "Sí", "Estado": "En curso"}, "report.confirms_and_more", "U7"),
    ({"Qué se hizo": "=1+1"}, "report.formula", "P7"),
    ({"Qué se hizo": "x" * 20_001}, "report.too_long", "P7"),
]


@pytest.mark.parametrize(("cells", "kind", "cell"), BAD, ids=[f"{kind}-{number}" for number, (_, kind, _) in enumerate(BAD)])
def test_a_wrong_cell_is_named_and_the_rest_is_read(cells: dict[str, Any], kind: str, cell: str) -> None:
    reading = template.read_report(filled({"1.1.1": cells, "2.2": {"Qué se hizo": "Nada nuevo"}}), KNOWN)
    assert kinds(reading) == {kind: cell}
    assert [row.item[1] for row in reading.rows] == ["1.1.1", "2.2"] and not reading.rows[1].problems
    why, remedy = template.problem_words(next(one for row in reading.rows for one in row.problems), Renderer("es"))
    assert why and remedy and "%(" not in why + remedy


def test_rows_that_are_nobodys_are_left_out_and_reported() -> None:
    book = book_of()
    sheet = book.active
    sheet["C7"], sheet["K7"] = "9.9.9", "En curso"
    sheet["A8"], sheet["K8"] = None, "En curso"
    sheet["J9"], sheet["K9"] = "otro", "En curso"
    sheet["K10"] = "En curso"
    for number, cell in enumerate(sheet[10][:11], start=1):
        sheet.cell(12, number).value = cell.value
    reading = template.read_report(plan_files.saved(book), KNOWN)
    assert kinds(reading) == {"report.unknown_item": "C7", "report.no_key": "C8", "report.unknown_indicator": "J9", "report.repeated": "C12"}
    assert [row.item[1] for row in reading.rows] == ["1.H1"] and all(one.fatal for one in reading.problems)


def test_another_organismos_duty_cannot_be_reported() -> None:
    content = filled({"2.1": {"Estado": "En curso"}}, "dagma")
    assert len(template.read_report(content, template.known("dagma", VIEWS)).rows) == 1
    assert kinds(template.read_report(content, KNOWN)) == {"report.unknown_item": "C8"}


def test_rows_may_be_sorted_hidden_and_columns_moved() -> None:
    book = load_workbook(io.BytesIO(filled({"1.1.1": {"Estado": "Completado"}, "1.H1": {"Avance (%)": 50}})))
    sheet = book.active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]
    rows = [*rows[3:], *rows[2::-1]]
    for number, row in enumerate(rows, start=7):
        for at, value in enumerate(row, start=1):
            sheet.cell(number, at).value = value
    sheet.move_range("K6:U11", cols=3)
    reading = template.read_report(plan_files.saved(book), KNOWN)
    assert {(row.item[1], row.state, row.progress) for row in reading.rows} == {("1.1.1", Declared.DONE, None), ("1.H1", None, Decimal(50))}


def test_as_csv() -> None:
    sheet = load_workbook(io.BytesIO(filled({"1.1.1": {"Estado": "Completado", "Valor medido": "1,5"}}))).active
    table = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
    (row,) = template.read_report(plan_files.as_csv(table), KNOWN, "reporte.csv").rows
    assert (row.state, row.value) == (Declared.DONE, Decimal("1.5"))


@pytest.mark.parametrize(
    "change",
    [lambda sheet: sheet.delete_rows(6), lambda sheet: sheet.delete_cols(1)],
    ids=["no header", "no plan"],
)
def test_a_workbook_that_was_cut_is_refused_with_a_remedy(change: Any) -> None:
    book = book_of()
    change(book.active)
    with pytest.raises(template.UnreadableReport) as caught:
        template.read_report(plan_files.saved(book))
    assert caught.value.problem.kind in ("report.no_header", "report.missing_column")
    assert all(template.problem_words(caught.value.problem, Renderer("es")))


def test_other_files_are_refused() -> None:
    with pytest.raises(template.UnreadableReport) as caught:
        template.read_report(plan_files.f014())
    assert caught.value.problem.kind == "report.other_book"
    for content, kind in ((b"", "read.empty"), (b"%PDF-1.7", "read.pdf"), (b"PK\x03\x04nada", "read.broken_workbook")):
        with pytest.raises(Unreadable) as refused:
            template.read_report(content)
        assert refused.value.kind == kind


def test_a_bomb_is_refused_before_it_unpacks() -> None:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 80_000_000)
    with pytest.raises(Unreadable) as refused:
        template.read_report(out.getvalue())
    assert refused.value.kind == "read.zip_bomb"


def test_several_indicators_of_one_duty() -> None:
    record = made.record()
    row = record.plan.items[3]
    row.indicators.append(made.row("1.1.1-b", "Otros", (3,), "2", parent="1.1.1").indicators[0])
    view = made.view(record)
    book = load_workbook(io.BytesIO(template.write("datic", [view])))
    sheet = book.active
    assert [sheet.cell(n, 10).value for n in (7, 8)] == ["1.1.1", "1.1.1-b"]
    sheet["K7"], sheet["M7"], sheet["M8"] = "En curso", 1, 2
    reading = template.read_report(plan_files.saved(book), template.known("datic", [view]))
    assert [(one.indicator, one.value, one.state) for one in reading.rows] == [("1.1.1", 1, Declared.ONGOING), ("1.1.1-b", 2, None)]
    sheet["K8"] = "Completado"
    assert kinds(template.read_report(plan_files.saved(book))) == {"report.conflict": "K8"}


def test_every_problem_has_words_in_spanish() -> None:
    for texts in template._PROBLEMS.values():
        for text in texts:
            assert translator("es").gettext(text) != text, text


cells = st.none() | st.text(max_size=12) | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)) | st.sampled_from(["Completado", "Sí", "1.000", "100%", "=A1", "https://a.example/x", "#N/A", "1e400", "٣"])


@settings(max_examples=sampling.examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(1, 14), st.integers(1, 22), cells), max_size=12))
def test_no_edit_breaks_the_reader_and_none_is_silently_lost(edits: list[tuple[int, int, Any]]) -> None:
    book = book_of()
    sheet = book.active
    for row, at, value in edits:
        try:
            sheet.cell(row, at).value = value
        except (ValueError, AttributeError, IllegalCharacterError):  # what no workbook holds; a cell inside a merged one
            continue
    content = plan_files.saved(book)
    try:
        reading = template.read_report(content, KNOWN)
    except (template.UnreadableReport, Unreadable):
        return
    written = sum(
        any(cell.value not in (None, "") and str(cell.value).strip() for cell in row[10:21]) for row in load_workbook(io.BytesIO(content)).active.iter_rows(min_row=7)
    )
    if not any(row <= 6 for row, _, _ in edits):
        assert len(reading.rows) + sum(one.fatal for one in reading.problems) >= written
