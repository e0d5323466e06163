"""Any plan out as a workbook, edited, and in again."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from support import plan_files as made
from support import sampling

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.exporters import own_workbook
from ckanext.ogp_plan.planning.importers import Unreadable, read
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    ChangeKind,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Place,
    Plan,
    PlanStatus,
    Role,
    Schedule,
    ScheduleKind,
    Target,
)

ROUND_TRIPS = [(made.f014(), "paac"), (made.dafp(), "paac"), (made.ogp_matrix(), "ogp"), (made.cost_workbook(), "cost")]


@pytest.mark.parametrize(("content", "family"), ROUND_TRIPS, ids=["f014", "dafp", "ogp", "cost"])
def test_out_and_in_is_the_same_plan(content: bytes, family: str) -> None:
    plan = read(content, family).plan
    reading = read(own_workbook.write(plan), family)
    assert reading.layout == "cuadro"
    assert asdict(reading.plan) == asdict(plan)
    assert difference(plan, reading.plan) == []
    assert not reading.act.asked


def edited(plan: Plan, change: Any) -> bytes:
    book = load_workbook(io.BytesIO(own_workbook.write(plan)))
    change(book)
    return made.saved(book)


def column(sheet: Any, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def test_what_was_edited_is_what_changes() -> None:
    plan = read(made.f014(), "paac").plan

    def change(book: Any) -> None:
        sheet = book["Elementos"]
        row = next(row[0].row for row in sheet.iter_rows() if row[0].value == "fila" and row[1].value == "2.1")
        sheet.cell(row, column(sheet, "titulo")).value = "Capacitar a todos"
        sheet.cell(row, column(sheet, "meses")).value = "5 10"
        sheet.cell(row, column(sheet, "vence")).value = dt.date(2026, 10, 31)
        sheet.cell(row, column(sheet, "campo: result")).value = 0.9
        sheet.cell(row, column(sheet, "campo: result")).number_format = "0%"
        book["Metas"].cell(2, column(book["Metas"], "valor")).value = 2

    after = read(edited(plan, change), "paac").plan
    changes = {(one.code, one.field): (one.before, one.after) for one in difference(plan, after)}
    assert changes == {
        ("2.1", "title"): ("Capacitar a quienes atienden", "Capacitar a todos"),
        ("2.1", "schedule.months"): ([5, 11], [5, 10]),
        ("2.1", "schedule.due"): ("2026-11-30", "2026-10-31"),
        ("2.1", "fields.result"): ("100%", "90%"),
        ("1.1.1", "indicators[1.1.1].targets"): (
            [[1, "Una (1) revisión", "2026-01-01", "2026-12-31", {}]],
            [[2, "Una (1) revisión", "2026-01-01", "2026-12-31", {}]],
        ),
    }


def test_rows_added_and_taken_out() -> None:
    plan = read(made.f014(), "paac").plan

    def change(book: Any) -> None:
        sheet = book["Elementos"]
        row = next(row[0].row for row in sheet.iter_rows() if row[0].value == "fila" and row[1].value == "1.1.1")
        sheet.delete_rows(row)
        sheet.append(["fila", "2.1#2", None, "Una más", "actividad", "2.1", "sí"])

    reading = read(edited(plan, change), "paac")
    changes = [(one.kind, one.code) for one in difference(plan, reading.plan)]
    assert changes == [(ChangeKind.ADDED, "2.1#2"), (ChangeKind.REMOVED, "1.1.1")]
    orphans = [one for one in reading.act.flagged if one.kind == "own.no_item"]
    assert {one.place.sheet for one in orphans} == {"Responsables", "Indicadores", "Metas"}


def test_invalid_cells_are_reported_with_their_place() -> None:
    plan = read(made.f014(), "paac").plan

    def change(book: Any) -> None:
        sheet = book["Elementos"]
        sheet.cell(2, column(sheet, "peso")).value = "mucho"
        sheet.cell(3, column(sheet, "cuando")).value = "a veces"
        sheet.cell(4, column(sheet, "meses")).value = "13"
        sheet.cell(5, column(sheet, "codigo")).value = None
        sheet.cell(2, 60).value = "al margen"
        book["Metas"].cell(3, column(book["Metas"], "valor")).value = "NaN"
        book.create_sheet("Notas").append(["recordar esto"])

    reading = read(edited(plan, change), "paac")
    findings = {(one.kind, one.place.sheet, one.text.split(" · ")[0]) for one in reading.act.flagged}
    assert {
        ("own.value", "Elementos", "mucho"), ("own.value", "Elementos", "a veces"), ("own.value", "Elementos", "13"),
        ("own.no_key", "Elementos", "fila"), ("cell.unplaced", "Elementos", "al margen"), ("own.value", "Metas", "NaN"),
        ("row.other_sheet", "Notas", "recordar esto"),
    } <= findings  # fmt: skip


def test_another_familys_workbook_is_refused() -> None:
    content = own_workbook.write(read(made.f014(), "paac").plan)
    with pytest.raises(Unreadable) as caught:
        read(content, "cost")
    assert caught.value.kind == "own.other_family"


# --- any plan -----------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    ["=1+1", "json:1", "_x0041_", "a\r\nb", "\x0b", " x ", "5.000", "007", "sí", "\ud800", "#N/A", "'", "1e5"]
)
names = st.text("abc", min_size=1, max_size=4)
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**18), max_value=10**18)
days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
maybe = st.none() | texts
schedules = st.builds(
    Schedule, st.sampled_from(ScheduleKind), st.lists(st.integers(1, 12), max_size=4).map(tuple), st.none() | days,
    st.none() | days, st.sampled_from(Precision), maybe, st.none() | st.integers(0, 400),
)  # fmt: skip
places = st.builds(Place, st.none() | st.integers(1, 10**6), st.none() | names, st.none() | names, st.none() | st.integers(1, 9) | names)
targets = st.builds(Target, st.none() | amounts, texts, st.none() | days, st.none() | days, st.dictionaries(names, texts, max_size=2))
indicators = st.builds(
    Indicator, names, texts, st.sampled_from(Measure), texts, st.booleans(), st.sampled_from(Accumulation), texts,
    texts, texts, st.none() | amounts, st.none() | st.integers(1900, 2100), texts, st.lists(targets, max_size=2),
    st.lists(texts, max_size=2), st.none(),
)  # fmt: skip
assignments = st.builds(Assignment, st.sampled_from(Role), maybe, maybe, maybe, st.none() | amounts, maybe, maybe)
groups = st.builds(OrgGroup, names, texts, st.none() | st.integers(0, 99), st.lists(texts, max_size=2).map(tuple), st.none() | days, st.none() | days, maybe)
items = st.builds(
    Item, st.sampled_from(["componente", "fila"]), names, texts, st.none() | st.tuples(names, names), texts, st.just(0),
    st.just(False), st.none() | amounts, maybe, schedules, st.lists(assignments, max_size=2),
    st.lists(indicators, max_size=2, unique_by=lambda one: one.code),
    st.dictionaries(names, st.booleans() | plain, max_size=3), st.none() | places,
)  # fmt: skip
plans = st.builds(
    Plan, st.just("paac"), texts, st.none() | days, st.none() | days, texts, texts, st.sampled_from(PlanStatus), maybe,
    st.lists(items, min_size=1, max_size=4, unique_by=lambda one: one.key), st.lists(groups, max_size=2),
    st.dictionaries(names, plain, max_size=3),
)  # fmt: skip


def comparable(plan: Plan) -> dict[str, Any]:
    """A plan as values; what a workbook does not tell apart is made one."""
    made_plain: dict[str, Any] = asdict(plan)
    for item in made_plain["items"]:
        item["order"], item["trackable"] = 0, False
        if item["place"] == asdict(Place()):
            item["place"] = None
    return made_plain


@settings(max_examples=sampling.examples(60), deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plans)
def test_any_plan_goes_out_and_in_without_loss(plan: Plan) -> None:
    again = read(own_workbook.write(plan), "paac").plan
    assert comparable(again) == comparable(plan)


def test_texts_longer_than_a_cell() -> None:
    plan = Plan("paac", items=[Item("componente", "1", "ñ" * 100_000, fields={"goal": "=" + "x\n" * 40_000})])
    again = read(own_workbook.write(plan), "paac").plan
    assert again.items[0].title == plan.items[0].title and again.items[0].fields == plan.items[0].fields


def test_money_keeps_its_last_digit() -> None:
    plan = Plan("paac", items=[Item("componente", "1", "a", weight=Decimal("123456789012345678.125"))])
    assert read(own_workbook.write(plan), "paac").plan.items[0].weight == Decimal("123456789012345678.125")
