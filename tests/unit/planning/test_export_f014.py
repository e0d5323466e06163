"""Form F014 out: it looks as the form does, and what goes out comes in the same."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from support import plan_files as made
from support import plan_records, sampling
from support.seeds import seed

from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import f014
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.types import Item, Plan, ScheduleKind


def again(plan: Plan) -> Plan:
    return read(f014.write(plan), plan.family, "paac-f014").plan


def without_places(plan: Plan) -> dict[str, Any]:
    """Everything a plan holds but where it stood in a source."""
    values: dict[str, Any] = asdict(plan)
    for item in values["items"]:
        item.pop("place")
        for indicator in item["indicators"]:
            indicator.pop("place")
    return values


def same(plan: Plan) -> None:
    back = again(plan)
    assert difference(plan, back) == []
    assert without_places(back) == without_places(plan)


def sheet_of(plan: Plan) -> Any:
    return load_workbook(io.BytesIO(f014.write(plan))).active


@pytest.mark.parametrize(
    "content",
    [made.f014(), made.f014(fills=False), made.f014(marks=True, fills=False), made.f014(merged=False), made.f014(pages=2)],
    ids=["fills", "undeclared", "marks", "not merged", "twice"],
)
def test_out_and_in_is_the_same_plan(content: bytes) -> None:
    same(read(content, "paac").plan)


def test_the_citys_own_plan_goes_out_and_in() -> None:
    plan = read(seed("cali-paac-2022.txt"), "paac").plan
    assert sum(item.level == "fila" for item in plan.items) == 87
    same(plan)


def test_a_month_is_shaded_and_marked() -> None:
    sheet = sheet_of(read(made.f014(), "paac").plan)
    found = {}
    for cells in sheet.iter_rows():
        marks = {cell.column - 4 for cell in cells[4:16] if cell.value == "X"}
        shaded = {cell.column - 4 for cell in cells[4:16] if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == "FF9DC3E6"}
        assert marks == shaded
        if marks:
            found[cells[3].value] = marks
    assert found == {
        "Una (1) revisión": {3}, "Cuatro (4) boletines": {3, 6, 9, 12}, "Doce (12) videos": set(range(1, 13)),
        "100% de quienes atienden": {5, 11},
    }  # fmt: skip


def test_it_is_set_up_for_printing() -> None:
    sheet = sheet_of(read(made.f014(), "paac").plan)
    head = next(row[0].row for row in sheet.iter_rows() if row[0].value == "N°")
    assert sheet.print_title_rows == f"${head}:${head + 1}"
    assert sheet.print_area.endswith(f"$T${sheet.max_row}")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sum(row[0].value == "N°" for row in sheet.iter_rows()) == 1
    number = next(row[0] for row in sheet.iter_rows() if row[0].value == "1.1.2")
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert {f"A{number.row}:A{number.row + 1}", f"B{number.row}:B{number.row + 1}"} <= merged
    result = sheet.cell(number.row, 19)
    assert result.value == 4 and isinstance(result.value, int)


def test_what_no_form_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="F014"):
        f014.write(Plan("cost", items=[Item("goal", "1", "a")]))


def test_a_plan_that_was_not_read_from_the_form() -> None:
    plan = read(made.dafp(), "paac").plan
    back = again(plan)
    assert {item.key: item.title for item in back.items} == {item.key: item.title for item in plan.items}
    assert {item.key: item.parent for item in back.items} == {item.key: item.parent for item in plan.items}
    dated = {item.code: item.schedule.months for item in back.items if item.level == "fila"}
    assert dated == {"1.1.1": (3,), "1.1.2": (4, 10), "1.2.1": (1, 2, 3), "3.1.1": (3, 6, 9, 12), "3.1.2": ()}
    assert without_places(again(back)) == without_places(back)


def test_a_title_that_was_changed_is_not_printed_as_it_was() -> None:
    plan = read(made.f014(), "paac").plan
    first = plan.item("componente", "1")
    assert first is not None
    first.title = "OTROS RIESGOS"
    back = again(plan).item("componente", "1")
    assert back is not None and back.title == "OTROS RIESGOS"


def test_hostile_text_is_text() -> None:
    book = load_workbook(io.BytesIO(f014.write(plan_records.paac())))
    cells = [cell for row in book.active.iter_rows() for cell in row if isinstance(cell.value, str) and "HYPERLINK" in cell.value]
    assert cells and all(cell.data_type == "s" for cell in cells)
    assert all(cell.quotePrefix for cell in cells if cell.value.startswith("="))


def test_amounts_by_month_go_out_as_amounts() -> None:
    book = load_workbook(io.BytesIO(made.f014(fills=False)))
    sheet = book["PAAC"]
    sheet["H11"], sheet["I11"] = 2, "25%"
    plan = read(made.saved(book), "paac").plan
    row = plan.item("fila", "1.1.2")
    assert row is not None and row.fields["months_text"] == "4: 2; 5: 25%"
    same(plan)


@pytest.mark.parametrize("gone", [("1.1.2",), ("1.1.2#2",), ("1.1.2#3",), ("1.1.2", "1.1.2#2"), ("1.1.2", "1.1.2#3")], ids=" ".join)
def test_rows_keep_their_codes_when_others_of_the_number_are_no_more(gone: tuple[str, ...]) -> None:
    rows = [*made.ROWS[:3], ("", "", "Contarlo en la radio", "Dos (2) programas", [6, 12], "Programas", "Número de programas", 2, "DATIC"), made.ROWS[3]]
    plan = read(made.f014(rows), "paac").plan
    plan.items = [item for item in plan.items if item.level != "fila" or item.code not in gone]
    for order, item in enumerate(plan.items, start=1):
        item.order = order
    same(plan)


# --- any plan -----------------------------------------------------------------------------------

WORDS = st.sampled_from("revisar publicar atender medir explicar abrir cuidar contar los mapas trámites riesgos datos barrios vecinas año niñez 2026 (3) 5.000 10% «plan» / y, con; =1+1 +57 -x @todos".split())  # noqa: SIM905
texts = st.lists(WORDS, min_size=2, max_size=7).map(lambda words: "Se " + " ".join(words))
months = st.sets(st.integers(1, 12), max_size=12).map(sorted)
results = st.sampled_from(["1", "4", "56", "5.000", "100%", "85%", "(01)", "treinta y nueve (39)", "1,000", "10,5", ""])
responsibles = st.sampled_from(["", "DATIC", "Secretaría de Movilidad / DATIC", "Todos los organismos y UAE", "Oficina que nadie conoce", "DADII / Subdirección de Gestión Organizacional", "Todos los procesos"])


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """The form as officials fill it: continuation rows, months or none, blanks, groups."""
    table: list[made.Row] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        for part in range(draw(st.integers(1, 3))):
            table.append((
                f"1.1.{number}" if part == 0 else "", draw(texts) if part == 0 else "", draw(texts), draw(texts | st.just("")),
                draw(months), draw(texts | st.just("")), draw(texts | st.just("")), draw(results), draw(responsibles),
            ))  # fmt: skip
    return made.f014(table, merged=draw(st.booleans()))


@settings(max_examples=sampling.examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(forms())
def test_any_form_goes_out_and_in_the_same(content: bytes) -> None:
    plan = read(content, "paac").plan
    rows = [item for item in plan.items if item.level == "fila"]
    assert rows and all(item.schedule.kind in (ScheduleKind.MONTHS, ScheduleKind.UNDECLARED) for item in rows)
    same(plan)


@settings(max_examples=sampling.examples(25), deadline=None)
@given(
    st.lists(st.tuples(texts, months, st.booleans()), min_size=1, max_size=5),
    st.sampled_from(["Plan de todos", "PLAN ANTICORRUPCIÓN Y DE ATENCIÓN AL CIUDADANO", "Programa de integridad"]),
    st.sampled_from(["", "MAJA01.02.03.P001.F014", "F-14"]),
)
def test_a_plan_made_by_hand_keeps_codes_titles_and_months(rows: Any, title: str, code: str) -> None:
    items = [Item("componente", "3", "Rendición de cuentas"), Item("subcomponente", "3.2", "Diálogo", ("componente", "3"))]
    for number, (text, when, under) in enumerate(rows, start=1):
        parent = ("subcomponente", "3.2") if under else ("componente", "3")
        key = f"3.2.{number}" if under else f"3.{number + 2}"
        items.append(Item("actividad", key, text, parent))
        items.append(plan_records.row(key, text, tuple(when), "4", parent=key))
    plan = Plan("paac", title, plan_records.paac().start, plan_records.paac().end, "1", code, items=items)
    back = again(plan)
    assert (back.title, back.form_code, back.version, back.start, back.end) == (title, code, "1", plan.start, plan.end)
    assert {item.key: (item.title, item.parent) for item in back.items} == {item.key: (item.title, item.parent) for item in plan.items}
    assert {i.key: i.schedule.months for i in back.items} == {i.key: i.schedule.months for i in plan.items}
    assert without_places(again(back)) == without_places(back)
