"""A plan for machines: its schema, its whole history, IATI and OCDS."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import plan_records as made

from ckanext.ogp_plan.planning.exporters import machine
from ckanext.ogp_plan.planning.exporters.atom import Past
from ckanext.ogp_plan.planning.history import Change, LightChange
from ckanext.ogp_plan.planning.tracking import EVENTS, Link, LinkKind, PeriodEvent, Record, Review, Update
from ckanext.ogp_plan.planning.types import ChangeKind, Declared, PlanChange

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/plan.schema.json").read_text(encoding="utf-8"))
ROW = ("fila", "1.1.1#2")


def valid(document: dict[str, Any]) -> list[str]:
    checker = jsonschema.Draft7Validator(SCHEMA)
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(document)]


def full() -> dict[str, Any]:
    record = made.record()
    record.periods.append(PeriodEvent(id="w1", at=made.at(2, 1), period="2026-01", opened=False, by=made.PERSON))
    record.links.append(Link(id="l1", at=made.at(2, 1), item=ROW, kind=LinkKind.DEPENDS, other=("fila", "1.1.1"), by=made.PERSON))
    past = Past(
        {ROW: [Change(made.at(2, 2), 2, PlanChange(ChangeKind.CHANGED, *ROW, "schedule.due", "2026-06-30", "2026-12-28"), "Acta 3", "Lluvias")]},
        {ROW: [LightChange(made.at(8, 1), "en_curso", "en_riesgo", ("R5",))]},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(machine.to_json(made.view(record), past=past))
    return found


def test_the_schema_is_one_and_the_document_keeps_it() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert valid(full()) == []


@pytest.mark.parametrize("family", ["ogp", "paac"])
def test_a_plan_without_any_fact_keeps_it_too(family: str) -> None:
    plan = made.ogp() if family == "ogp" else made.paac()
    assert valid(json.loads(machine.to_json(made.view(Record(plan), name="otro", lang="en")))) == []


def test_the_schema_would_notice() -> None:
    document = full()
    document["items"][3]["history"].append({"type": "update", "at": "2026-01-01T00:00:00Z", "by": "alguien"})
    document["items"][0]["surprise"] = 1
    document["items"][3]["history"].append({"type": "evidence", "at": "2026-01-01T00:00:00Z", "public": False, "url": "https://a"})
    document["ocds"]["milestones"][0]["status"] = "done"
    assert len(valid(document)) == 4


def test_history_has_every_fact_in_order() -> None:
    document = full()
    row = next(item for item in document["items"] if item["code"] == ROW[1])
    moments = [dt.datetime.fromisoformat(one["at"]) for one in row["history"]]
    assert moments == sorted(moments)
    record = made.record()
    expected = sum(getattr(event, "item", None) == ROW for name in EVENTS for event in getattr(record, name))
    assert len(row["history"]) == expected + 2 + 1 + 1 + 2  # two reviews, a check, a link, a change and a light
    counts = {one["id"]: one["counts"] for one in row["history"] if "counts" in one and one["type"] in ("update", "measurement")}
    assert counts == {"u3": True, "m2": True, "m3": False, "u4": False, "u5": False, "m4": True, "u6": True, "u9": True}
    assert row["indicators"][0]["actual"] == 3 and row["status"]["reasons"][0]["text"]


def test_ids_are_the_same_on_another_host_and_another_day() -> None:
    one = machine.document(made.view())
    other = machine.document(made.view(today=dt.date(2026, 12, 1), host="https://otro.example", lang="en"))
    assert [item["urn"] for item in one["items"]] == [item["urn"] for item in other["items"]]
    assert one["urn"] == other["urn"] != machine.document(made.view(name="paac-2027"))["urn"]


def test_iati() -> None:
    results = {one["code"]: one for one in machine.results(made.view())}
    (indicator,) = results["1.1.1#2"]["indicators"]
    year, half = sorted(indicator["periods"], key=lambda one: str(one["end"]), reverse=True)
    assert (year["start"], year["end"], year["targets"][0]["value"], year["actuals"]) == ("2026-01-01", "2026-12-31", 6, [])
    assert [one["value"] for one in half["actuals"]] == [3, 1]  # the returned one is not there
    assert half["actuals"][1]["dimensions"] == [{"name": "zona", "value": "=rural"}]
    ratio = results["2.1"]["indicators"][0]
    assert (ratio["measure"], ratio["baseline"]) == ("2", None)
    assert ratio["periods"][0]["actuals"][0]["value"] == 33.5


OCDS = [
    ("not begun", None, made.TODAY, False, "scheduled"),
    ("ongoing", Declared.ONGOING, made.TODAY, False, "scheduled"),
    ("ongoing and reviewed", Declared.ONGOING, made.TODAY, True, "partiallyMet"),
    ("late", Declared.ONGOING, dt.date(2027, 1, 1), True, "notMet"),
    ("completed without evidence", Declared.DONE, made.TODAY, False, "scheduled"),
]


@pytest.mark.parametrize(("state", "today", "reviewed", "expected"), [one[1:] for one in OCDS], ids=[one[0] for one in OCDS])
def test_ocds_states(state: Declared | None, today: dt.date, reviewed: bool, expected: str) -> None:
    record = Record(made.paac())
    key = ("fila", "2.1#2")  # due in December
    if state:
        record.updates = [Update(id="u", at=made.at(8, 1), item=key, state=state, progress=Decimal(10))]
    if reviewed:
        record.reviews = [Review(id="r", at=made.at(8, 2), update="u")]
    assert machine.milestone_status(made.view(record, today), key)[0] == expected


def test_ocds_completed() -> None:
    found = {one["code"]: one for one in machine.milestones(made.view())}
    assert found["1.1.1"]["status"] == "met" and found["1.1.1"]["dateMet"].startswith("2026-03-20")
    assert "dueDate" not in found["2.1"] and "2.2" not in found  # not declared; does not apply


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=30), st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_any_text_and_number_is_json_that_keeps_the_schema(text: str, value: Decimal) -> None:
    record = made.record()
    record.plan.items[0].title = record.plan.title = text
    record.plan.items[3].indicators[0].targets[0].value = value
    record.plan.items[3].weight = value
    content = machine.to_json(made.view(record))
    assert valid(json.loads(content.decode("utf-8"))) == []
