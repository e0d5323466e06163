"""What the issue promises of the pure core and no other test holds."""

from __future__ import annotations

import io
import random

import pytest
from openpyxl import load_workbook
from support import plan_files as made
from support.plans import lost

from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import own_workbook
from ckanext.ogp_plan.planning.importers import Reading, read
from ckanext.ogp_plan.planning.types import Assignment, Item, OrgGroup, Plan

# --- a form whose columns moved


def moved(by: int, rows: list[int] | None = None) -> list[list[str]]:
    """The form as rows of texts, where what comes after the months stands some columns further."""
    table = made.f014_cells(made.ROWS)
    return [
        [*row[:16], *[""] * by, *row[16:]] if len(row) > 16 and number > 2 and (rows is None or number in rows) else row
        for number, row in enumerate(table)
    ]


@pytest.mark.parametrize("by", [1, 2])
@pytest.mark.parametrize("rows", [None, [5, 6], [5, 7, 9]], ids=["all", "the first two", "some"])
def test_a_result_is_never_read_as_a_responsible(by: int, rows: list[int] | None) -> None:
    """The text of a PDF pasted into a spreadsheet: the header says one column and the rows stand in others."""
    as_printed = read(made.as_csv(made.f014_cells(made.ROWS)), "paac", name="plan.csv")
    content = made.as_csv(moved(by, rows))
    reading = read(content, "paac", name="plan.csv")
    for item in as_printed.plan.items:
        other = reading.plan.item(item.level, item.code)
        assert other is not None and other.fields == item.fields and other.assignments == item.assignments
    assert "row.shifted" in {one.kind for one in reading.act.flagged}
    assert lost(content, reading, "plan.csv") == []


def test_a_form_that_keeps_to_its_columns_is_read_by_them() -> None:
    """A cell beside the table, or a blank one, moves nothing: months stay months."""
    table = made.f014_cells(made.ROWS)
    table[5] = [*table[5], "Nota al margen"]
    table[6][17] = ""
    reading = read(made.as_csv(table), "paac", name="plan.csv")
    first, second = (reading.plan.item("fila", code) for code in ("1.1.1", "1.1.2"))
    assert first and first.schedule.months == (3,) and first.fields["result"] == "1"
    assert second and second.schedule.months == (3, 6, 9, 12) and second.fields["responsible"] == "Oficina de Comunicaciones"
    assert "Nota al margen" in {one.text for one in reading.act.flagged if one.kind == "cell.unplaced"}
    assert "row.shifted" not in {one.kind for one in reading.act.flagged}


PROSE = "Reunir, revisar, publicar, contar, medir, atender, escuchar y responder"


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("head", [0, 60])
def test_commas_of_prose_are_no_columns(mark: str, head: int) -> None:
    """What separates the cells is found however long the head is, and however many commas are in the cells."""
    rows = [(*row[:2], f"{PROSE} {number}", *row[3:]) for number, row in enumerate(made.ROWS)]
    table = [[f"OBJETIVO {number}: {PROSE}."] for number in range(head)] + made.f014_cells(rows)
    reading = read(made.as_csv(table, mark), "paac", name="plan.csv")
    assert reading.act.accepted == len(rows)
    found = reading.plan.item("fila", "1.1.2")
    assert found and found.title == f"{PROSE} 1" and found.schedule.months == (3, 6, 9, 12)


# --- who is in a group


def with_members(typed: str) -> Reading:
    items = [Item("componente", "1", "Uno"), Item("actividad", "1.1.1", "Publicar", ("componente", "1"))]
    items.append(Item("fila", "1.1.1", "Publicar", ("actividad", "1.1.1"), assignments=[Assignment(group="todos")]))
    plan = Plan("paac", "Plan", items=items, groups=[OrgGroup("todos", "Todos", 3)])
    book = load_workbook(io.BytesIO(own_workbook.write(plan)))
    sheet = book["Grupos"]
    names = [cell.value for cell in sheet[1]]
    sheet.cell(2, names.index("miembros") + 1).value = typed
    return read(made.saved(book), "paac")


@pytest.mark.parametrize(
    "typed",
    ['json:["datic", "dagma", "obras-7"]', "datic\ndagma\nobras-7", "datic; dagma;obras-7;", "DATIC, DAGMA, obras-7, datic"],
)
def test_members_of_a_group_as_people_type_them(typed: str) -> None:
    reading = with_members(typed)
    assert reading.plan.groups[0].members == ("datic", "dagma", "obras-7")
    assert not [one for one in reading.act.flagged if one.kind == "responsible.unknown"]


def test_an_unknown_member_stays_and_is_reported() -> None:
    reading = with_members("datic\nOficina de los Vecinos")
    assert reading.plan.groups[0].members == ("datic", "Oficina de los Vecinos")
    assert [one.text for one in reading.act.flagged if one.kind == "responsible.unknown"] == ["Oficina de los Vecinos"]


def test_the_same_workbook_again_changes_no_member() -> None:
    plan = with_members("datic\ndagma").plan
    again = read(own_workbook.write(plan), "paac").plan
    assert difference(plan, again) == []


def test_pages_of_a_moved_form_in_any_order() -> None:
    """Shuffled blocks of a moved form lose no row and invent none."""
    rng = random.Random(4)  # noqa: S311
    table = moved(1)
    for _ in range(5):
        body = table[5:]
        rng.shuffle(body)
        content = made.as_csv([*table[:5], *body])
        reading = read(content, "paac", name="plan.csv")
        assert lost(content, reading, "plan.csv") == []
        results = {item.fields.get("result") for item in reading.plan.items if item.level == "fila"}
        assert results <= {"1", "4", "12", "100%"}


def test_a_share_that_says_of_what_in_words_is_reported_and_not_dropped() -> None:
    plan = read(made.f014(), "paac").plan
    book = load_workbook(io.BytesIO(own_workbook.write(plan)))
    sheet = book["Metas"]
    names = [cell.value for cell in sheet[1]]
    sheet.cell(2, names.index("dimension") + 1).value = "solo gobierno"
    flagged = read(made.saved(book), "paac").act.flagged
    assert [(one.text, one.params["column"]) for one in flagged if one.kind == "own.value"] == [("solo gobierno", "dimension")]
