"""Workbooks, CSV and text of the forms: merged and shaded cells, headers again, what is asked."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from support import plan_files as made
from support.plans import lost

from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Reading, read, sources
from ckanext.ogp_plan.planning.types import ScheduleKind

MONTHS = {"1.1.1": (3,), "1.1.2": (3, 6, 9, 12), "1.1.2#2": tuple(range(1, 13)), "2.1": (5, 11)}


def months(reading: Reading) -> dict[str, tuple[int, ...]]:
    return {item.code: item.schedule.months for item in reading.plan.items if item.level == "fila"}


def kinds(reading: Reading) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in [*reading.act.flagged, *reading.act.dropped, *reading.act.inherited]:
        found[one.kind] = found.get(one.kind, 0) + 1
    return found


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (made.f014(), "p.xlsx"),
        (made.f014(marks=True, fills=False), "p.xlsx"),
        (made.f014(marks=True), "p.xlsx"),
        (made.f014(stripes=True), "p.xlsx"),
        (made.f014(merged=False), "p.xlsx"),
        (made.as_csv(made.f014_cells()), "p.csv"),
        (made.as_csv(made.f014_cells(), ","), "p.csv"),
        (made.as_csv(made.f014_cells()), ""),
        (made.as_text(made.f014_cells()), "p.txt"),
    ],
    ids=["fills", "marks", "both", "stripes", "not merged", "csv", "comma", "csv without a name", "text"],
)
def test_f014(content: bytes, name: str) -> None:
    reading = read(content, "paac", name=name)
    assert months(reading) == MONTHS
    assert reading.layout == "paac-f014" and not reading.act.asked
    plan = reading.plan
    assert plan.start is not None and plan.start.year == 2026
    row = plan.item("fila", "1.1.2#2")
    assert row is not None and row.parent == ("actividad", "1.1.2") and row.fields["result"] == "12"
    last = plan.item("fila", "2.1")
    assert last is not None and last.schedule.due is not None and last.schedule.due.isoformat() == "2026-11-30"
    assert last.indicators[0].numerator == "Personas capacitadas"
    assert [assignment.organization for assignment in last.assignments] == ["secretaria-de-movilidad", "datic"]
    assert lost(content, reading, name) == []


def test_a_shaded_page_printed_twice() -> None:
    content = made.f014(pages=2)
    reading = read(content, "paac")
    assert months(reading) == MONTHS
    found = kinds(reading)
    assert (found["row.duplicate"], found["heading.duplicate"], found["header.repeated"]) == (4, 1, 1)
    assert lost(content, reading) == []


def test_no_shading_is_undeclared() -> None:
    reading = read(made.f014(fills=False), "paac")
    rows = [item for item in reading.plan.items if item.level == "fila"]
    assert {item.schedule.kind for item in rows} == {ScheduleKind.UNDECLARED}
    assert kinds(reading)["schedule.undeclared"] == 4


def edited(change: Any, content: bytes | None = None) -> bytes:
    """Return the workbook after somebody worked on its sheet."""
    import io

    book = load_workbook(io.BytesIO(content or made.f014()))
    change(book["PAAC"])
    return made.saved(book)


def test_a_merged_responsible_is_inherited_and_a_merged_result_is_asked() -> None:
    def merge(sheet: Any) -> None:
        for letter in "DQRST":
            sheet[f"{letter}12"].value = None
            sheet.merge_cells(f"{letter}11:{letter}12")

    content = edited(merge)
    reading = read(content, "paac")
    row = reading.plan.item("fila", "1.1.2#2")
    assert row is not None and row.fields["responsible"] == "Oficina de Comunicaciones"
    assert "result" not in row.fields and not row.indicators
    assert [question.id for question in reading.act.asked] == ["row.merged:1.1.2#2"]
    assert kinds(reading)["cell.merged"] == 1
    assert lost(content, reading) == []


def test_another_text_under_one_code_is_asked() -> None:
    other = ("1.1.1", "Otra cosa", "Una descripción distinta", "Dos (2) cosas", [4], "Cosas", "Número de cosas hechas", 2, "DATIC")
    content = made.f014([*made.ROWS, other])
    reading = read(content, "paac")
    (question,) = reading.act.asked
    assert question.kind == "code.conflict" and [option.value for option in question.options] == ["first", "second", "both"]
    assert months(reading) == MONTHS
    assert lost(content, reading) == []
    both = read(content, "paac", answers={question.id: "both"})
    assert months(both) == MONTHS | {"1.1.1#2": (4,)}
    second = read(content, "paac", answers={question.id: "second"})
    assert months(second) == MONTHS | {"1.1.1": (4,)}
    for one in (both, second):
        assert not one.act.asked and lost(content, one) == []
    wrong = read(content, "paac", answers={question.id: "nada"})
    assert len(wrong.act.asked) == 1 and kinds(wrong)["answer.unknown"] == 1


def test_cells_beside_the_table_are_reported() -> None:
    def write(sheet: Any) -> None:
        sheet["W10"] = "nota al margen"
        sheet["G10"] = "febrero tal vez"

    content = edited(write)
    reading = read(content, "paac")
    cells = {finding.text: finding.place.cell for finding in reading.act.flagged if finding.kind == "cell.unplaced"}
    assert cells == {"nota al margen": "W10", "febrero tal vez": "G10"}


def test_formulas_are_read_by_their_value_or_reported() -> None:
    def write(sheet: Any) -> None:
        sheet["S10"] = "=1+0"

    content = edited(write)
    reading = read(content, "paac")
    assert kinds(reading)["formula.no_value"] == 1
    row = reading.plan.item("fila", "1.1.1")
    assert row is not None and "result" not in row.fields
    assert kinds(reading)["row.incomplete"] == 1


def test_numbers_as_cells_are_what_people_see() -> None:
    def write(sheet: Any) -> None:
        sheet["S10"] = 5000
        sheet["S10"].number_format = "#,##0"
        sheet["S11"] = 0.85
        sheet["S11"].number_format = "0%"
        sheet["A10"] = 1.1
        sheet["A10"].number_format = "0.00"

    reading = read(edited(write), "paac")
    rows = {item.place.cell: item for item in reading.plan.items if item.level == "fila" and item.place}
    assert rows["A10"].code == "1.10" and rows["A10"].indicators[0].targets[0].value == 5000
    assert rows["A11"].fields["result"] == "85%" and rows["A11"].indicators[0].targets[0].value == 85


def test_result_that_reads_in_two_ways_has_no_number() -> None:
    def write(sheet: Any) -> None:
        sheet["S10"] = "1,000"

    reading = read(edited(write), "paac")
    row = reading.plan.item("fila", "1.1.1")
    assert row is not None and row.indicators[0].targets[0].value is None
    assert row.indicators[0].target_text == "1,000" and kinds(reading)["number.two_ways"] == 1


def test_amounts_by_month_are_months_and_kept() -> None:
    def write(sheet: Any) -> None:
        sheet["H11"], sheet["I11"], sheet["J11"] = 2, "25%", 0

    reading = read(edited(write, made.f014(fills=False)), "paac")
    row = reading.plan.item("fila", "1.1.2")
    assert row is not None and row.schedule.months == (4, 5)
    assert row.fields["months_text"] == "4: 2; 5: 25%"
    assert [finding.text for finding in reading.act.flagged if finding.kind == "cell.unplaced"] == ["0"]


def test_cells_are_named_as_they_stand_below_and_beside_what_is_empty() -> None:
    book = Workbook()
    book.active["C4"], book.active["D5"] = "uno", "dos"
    out = io.BytesIO()
    book.save(out)
    rows = sources.load(out.getvalue(), "libro.xlsx").grids[0].rows
    assert {cell.text: cell.place.cell for row in rows for cell in row.cells if cell.text} == {
        "uno": "C4",
        "dos": "D5",
    }


def test_hidden_sheets_are_read_and_reported() -> None:
    import io

    book = load_workbook(io.BytesIO(made.f014()))
    other = book.create_sheet("Oculta")
    other.append(["algo"])
    other.sheet_state = "hidden"
    content = made.saved(book)
    reading = read(content, "paac")
    assert kinds(reading)["sheet.hidden"] == 1 and lost(content, reading) == []


@pytest.mark.parametrize("blank", [False, True], ids=["merged", "blank"])
def test_national_form(blank: bool) -> None:
    content = made.dafp(blank=blank)
    reading = read(content, "paac")
    plan = reading.plan
    assert reading.layout == "paac-dafp"
    assert [item.code for item in plan.items if item.level == "subcomponente"] == ["1.1", "1.2", "3.1"]
    assert [item.code for item in plan.items if item.level == "fila"] == ["1.1.1", "1.1.2", "1.2.1", "3.1.1", "3.1.2"]
    row = plan.item("fila", "1.1.2")
    assert row is not None and row.schedule.months == (4, 10) and row.indicators[0].targets[0].value == Decimal(2)
    number = plan.item("actividad", "3.1.2")
    assert number is not None and (number.parent, number.code_printed) == (("subcomponente", "3.1"), "1.2")
    unread = plan.item("fila", "3.1.2")
    assert unread is not None and unread.schedule.kind is ScheduleKind.UNDECLARED
    assert unread.fields["schedule_text"] == "Cuando haya lugar" and kinds(reading)["schedule.unread"] == 1
    assert lost(content, reading) == []


def test_national_form_with_a_heading_over_two_columns() -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Componente 4 - Atención"
    sheet.append(["Subcomponente", "Actividades", None, "Meta o producto", "Responsable", "Fecha programada"])
    sheet.merge_cells("B1:C1")
    sheet.append(["Subcomponente 2 Canales", 2.1, "Abrir un canal", "Un (1) canal", "DATIC", "30/06/2026"])
    sheet.append([None, 2.2, "Medirlo", "100% medido", "DATIC", "Semestral"])
    content = made.saved(book)
    table = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
    as_csv = made.as_csv([["Componente 4: Atención"], *table])
    for reading in (read(content, "paac"), read(as_csv, "paac", name="a.csv")):
        found = {item.key: (item.title, item.code_printed) for item in reading.plan.items}
        assert found["actividad", "4.2.1"] == ("Abrir un canal", "2.1")
        assert found["actividad", "4.2.2"] == ("Medirlo", "2.2")
        assert found["componente", "4"][0] == "Atención"
        assert not [finding for finding in reading.act.flagged if finding.kind == "cell.unplaced"]


def test_the_heir_of_the_paac_reads_the_same_forms() -> None:
    assert months(read(made.f014(), "ptep")) == MONTHS


def test_matrix_of_commitments_and_milestones() -> None:
    content = made.ogp_matrix()
    reading = read(content, "ogp")
    plan = reading.plan
    assert reading.layout == "ogp-matriz"
    assert [item.key for item in plan.items] == [
        ("compromiso", "1"), ("compromiso", "2"), ("hito", "1.H1"), ("hito", "1.H2"), ("hito", "2.H1"),
    ]  # fmt: skip
    first = plan.item("compromiso", "1")
    assert first is not None and first.fields["problem"] == "No se conocen"
    assert [indicator.code for indicator in first.indicators] == ["1.1", "1.2"]
    dated = plan.item("hito", "1.H2")
    assert dated is not None and dated.schedule.due is not None and dated.schedule.due.isoformat() == "2026-12-31"
    assert lost(content, reading) == []


def test_work_plan_as_a_workbook() -> None:
    content = made.cost_workbook()
    reading = read(content, "cost")
    goal, study = reading.plan.item("goal", "1"), reading.plan.item("activity", "1.1")
    assert goal is not None and study is not None
    assert goal.fields["verification"] == ["Informe final", "Registro de publicación"]
    assert study.fields["verification"] == ["Minutas", "Informe"]
    assert [indicator.code for indicator in goal.indicators] == ["1.1", "1.2"]
    assert lost(content, reading) == []


def test_layout_can_be_named() -> None:
    assert read(made.dafp(), "paac", "paac-dafp").layout == "paac-dafp"


@pytest.mark.parametrize("make", [made.f014, made.dafp], ids=["f014", "dafp"])
def test_again_changes_nothing(make: Any) -> None:
    assert difference(read(make(), "paac").plan, read(make(), "paac").plan) == []
