"""Two plans, what changed; the act as a workbook."""

from __future__ import annotations

import copy
import io

import pytest
from openpyxl import load_workbook
from support import plan_files as made

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import act as act_form
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.types import ChangeKind, Item, Place, Plan, Schedule, ScheduleKind


@pytest.fixture
def plan() -> Plan:
    return read(made.f014(), "paac").plan


def test_the_place_of_a_row_is_no_part_of_a_plan(plan: Plan) -> None:
    moved = copy.deepcopy(plan)
    for item in moved.items:
        item.place, item.order = Place(line=1), 99
        item.assignments.reverse()
    moved.items.reverse()
    assert difference(plan, moved) == []


def test_changes_name_field_before_and_after(plan: Plan) -> None:
    other = copy.deepcopy(plan)
    row = other.item("fila", "1.1.1")
    assert row is not None
    row.title, row.schedule = "Otra", Schedule(ScheduleKind.MONTHS, (4,))
    row.indicators[0].formula = "Otra fórmula"
    other.version = "003"
    found = {(change.code, change.field): (change.kind, change.before, change.after) for change in difference(plan, other)}
    assert found[None, "version"] == (ChangeKind.CHANGED, "002", "003")
    assert found["1.1.1", "title"][1:] == ("Reunir a los equipos y revisar cada riesgo", "Otra")
    assert found["1.1.1", "schedule.months"][1:] == ([3], [4])
    assert found["1.1.1", "indicators[1.1.1].formula"][2] == "Otra fórmula"


def test_the_same_code_at_two_levels_is_two_items(plan: Plan) -> None:
    other = copy.deepcopy(plan)
    other.items = [item for item in other.items if item.key != ("fila", "2.1")]
    other.items.append(Item("fila", "2.1#9", "Nueva", ("actividad", "2.1")))
    assert [(change.kind, change.level, change.code) for change in difference(plan, other)] == [
        (ChangeKind.ADDED, "fila", "2.1#9"), (ChangeKind.REMOVED, "fila", "2.1"),
    ]  # fmt: skip


def test_back_again_undoes(plan: Plan) -> None:
    other = copy.deepcopy(plan)
    other.items[3].fields["goal"] = "Nueve (9)"
    there, back = difference(plan, other), difference(other, plan)
    assert [(change.after, change.before) for change in there] == [(change.before, change.after) for change in back]


def test_an_act_as_a_workbook() -> None:
    other = ("1.1.1", "Otra cosa", "=1+1", "Dos (2) cosas", [4], "Cosas", "Número de cosas hechas", 2, "Nadie conocido")
    reading = read(made.f014([*made.ROWS, other], fills=False), "paac")
    act = reading.act
    sheet = load_workbook(io.BytesIO(act_form.write(act, "es", families.load("paac")))).active
    assert sheet.title == "Informe de lectura"
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 1 + len(act.asked) + len(act.flagged) + len(act.inherited) + len(act.dropped)
    assert rows[0][:2] == ("Aceptado", "Elementos en seguimiento: 4")
    assert rows[1][0] == "Preguntas por responder" and "Conservar el primer texto" in rows[1][5]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_person_says_whose_a_name_is() -> None:
    rows = [*made.ROWS[:3], (*made.ROWS[3][:8], "Grupo de vecinos")]
    content = made.f014(rows)
    first = read(content, "paac")
    assert [finding.text for finding in first.act.flagged if finding.kind == "responsible.unknown"] == ["Grupo de vecinos"]
    answered = read(content, "paac", answers={"responsible.unknown:grupo de vecinos": "org:datic"})
    row = answered.plan.item("fila", "2.1")
    assert row is not None and [assignment.organization for assignment in row.assignments] == ["datic"]
    wrong = read(content, "paac", answers={"responsible.unknown:grupo de vecinos": "org:nadie"})
    assert [finding.kind for finding in wrong.act.flagged] == [finding.kind for finding in first.act.flagged]
