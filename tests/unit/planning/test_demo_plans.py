"""The demonstration plans: documents that an official would upload, and a year of what was reported of them."""

from __future__ import annotations

import datetime as dt
import importlib.util
import io
import json
import re
import sys
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from support.plans import lost

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.__main__ import main
from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Reading, read
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import EVENTS, Record
from ckanext.ogp_plan.planning.types import Declared, ScheduleKind

ROOT = Path(__file__).resolve().parents[3]
HERE = ROOT / "dev" / "sample" / "planes"
TODAY = dt.date(2026, 11, 21)
ROWS = [17, 9, 24, 22, 12, 3]
ACTIVITIES = [17, 5, 12, 13, 12, 3]
PARTS = [5, 0, 3, 5, 4, 0]


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo_plans_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


workbooks, followup = module("workbooks"), module("followup")
MANIFEST = workbooks.load_text("muestra")
FAMILIES = {entry["file"]: entry["family"] for entry in MANIFEST["planes"]}


def reading(name: str) -> Reading:
    return read(HERE / name, FAMILIES[name])


def parts_of(content: bytes) -> dict[str, bytes]:
    """What a workbook holds, whatever compressed it."""
    if not content.startswith(b"PK"):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


# --- documents


def test_the_files_are_what_the_generator_makes() -> None:
    made = workbooks.files()
    there = {str(path.relative_to(HERE)) for path in HERE.rglob("*.xlsx")}
    assert there == set(made)
    for name, content in made.items():
        assert parts_of((HERE / name).read_bytes()) == parts_of(content), name
    assert set(made) == {entry["file"] for entry in [*MANIFEST["planes"], *MANIFEST["broken"]]}


@pytest.mark.parametrize("name", FAMILIES)
def test_understood_without_questions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(HERE / name), "--family", FAMILIES[name], "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["acta"]["asked"] == []
    assert "responsible.unknown" not in {finding["kind"] for finding in found["acta"]["flagged"]}
    assert re.search("demostración", found["plan"]["title"], re.I)
    kept = reading(name)
    assert lost((HERE / name).read_bytes(), kept, name) == []
    assert all(item.assignments for item in kept.plan.items if item.trackable)


@pytest.mark.parametrize("broken", MANIFEST["broken"], ids=lambda one: Path(one["file"]).stem)
def test_broken_documents(broken: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["read", str(HERE / broken["file"]), "--family", broken["family"], "--format", "json"]
    assert main(command) == broken["exit"]
    out = capsys.readouterr()
    if broken["exit"] == 2:
        assert "PDF" in out.err
        return
    act = json.loads(out.out)["acta"]
    if broken["exit"] == 1:
        assert [question["kind"] for question in act["asked"]] == ["code.conflict"]
        assert sum(finding["kind"] == "row.duplicate" for finding in act["dropped"]) == 8
    else:
        unknown = [finding["text"] for finding in act["flagged"] if finding["kind"] == "responsible.unknown"]
        assert unknown == ["Oficina de Trámites Sencillos"] * 2


def test_paac_has_the_shape_of_a_paac() -> None:
    plan = reading("paac-2026.xlsx").plan
    assert Counter(item.level for item in plan.items) == {
        "componente": 6, "subcomponente": 17, "actividad": 62, "fila": 87,
    }  # fmt: skip
    for level, wanted in (("fila", ROWS), ("actividad", ACTIVITIES), ("subcomponente", PARTS)):
        counted = Counter(item.code.split(".")[0] for item in plan.items if item.level == level)
        assert [counted[str(number)] for number in range(1, 7)] == wanted
    rows = [item for item in plan.items if item.level == "fila"]
    assert sum("#" in item.code for item in rows) == 25
    undated = [item.code for item in rows if item.schedule.kind is ScheduleKind.UNDECLARED]
    assert undated == ["4.4.3#2", "6.3"]
    assert [item.code for item in rows if item.conditional] == ["1.5.2", "3.3.2#2", "5.4.3"]
    assert all(item.indicators[0].targets[0].value for item in rows)
    assert "Demostración" in plan.fields["objective"]


def test_months_are_those_of_the_wording() -> None:
    wording = workbooks.load_text("paac")
    plan = reading("paac-2026.xlsx").plan
    for code, row in workbooks.row_codes(wording):
        item = plan.item("fila", code)
        assert item is not None and item.schedule.months == tuple(row["meses"]), code
        assert item.title == row["descripcion"] and item.fields["result"] == row["resultado"]


def test_quotas_of_groups() -> None:
    plan = followup.plan_of("paac")
    sizes = {group.id: len(group.members) for group in plan.groups if group.members}
    assert sorted(sizes.values()) == [10, 14, 14, 18, 24, 26, 28]
    for group in plan.groups:
        if group.members:
            assert group.size == len(group.members) == len(set(group.members))
            assert group.valid_from == dt.date(2026, 1, 1) and "Demostración" in (group.source or "")
    owed: dict[str, list[tuple[int, Decimal]]] = {}
    for item in plan.items:
        for one in item.assignments:
            if one.own_target and item.indicators[0].targets[0].value:
                assert one.own_target * sizes[one.group] == item.indicators[0].targets[0].value, item.code
                owed.setdefault(item.fields["result"], []).append((sizes[one.group], one.own_target))
    counted = {result: (len(rows), rows[0]) for result, rows in owed.items()}
    assert counted == {
        "56": (6, (28, Decimal(2))),
        "28": (1, (14, Decimal(2))),
        "10": (2, (10, Decimal(1))),
        "18": (2, (18, Decimal(1))),
        "26": (1, (26, Decimal(1))),
        "104": (1, (26, Decimal(4))),
    }


def test_open_government_plan() -> None:
    plan = reading("ogp-2026-2027.xlsx").plan
    commitments = [item for item in plan.items if item.level == "compromiso"]
    milestones = [item for item in plan.items if item.level == "hito"]
    assert (len(commitments), len(milestones)) == (4, 15)
    assert sum(len(item.indicators) for item in commitments) == 11
    blocks = {"problem", "relevance", "population", "change", "indicators_text", "responsible"}
    assert all(blocks <= set(item.fields) for item in commitments)
    assert [item.code for item in milestones if item.schedule.kind is ScheduleKind.UNDECLARED] == ["4.H4"]
    assert (plan.start, plan.end) == (dt.date(2026, 1, 1), dt.date(2027, 12, 31))


def test_cost_work_plan() -> None:
    plan = reading("cost-2026.xlsx").plan
    assert Counter(item.level for item in plan.items) == {"goal": 1, "outcome": 3, "output": 4, "activity": 6}
    assert sum(len(item.indicators) for item in plan.items) == 44
    assert sum(len(item.fields["verification"]) for item in plan.items) == 49
    assert all(item.schedule.due for item in plan.items)


def test_plan_in_consultation() -> None:
    plan = reading("ptep-2027.xlsx").plan
    assert Counter(item.level for item in plan.items) == {
        "componente": 3, "subcomponente": 6, "actividad": 12, "fila": 12,
    }  # fmt: skip
    assert plan.start == dt.date(2027, 1, 1)


def test_the_change_of_july() -> None:
    changes = difference(reading("paac-2026.xlsx").plan, reading("paac-2026-resolucion-041.xlsx").plan)
    assert {change.code for change in changes} == {"5.3.1", "3.1.4#5"}
    fields = {change.field for change in changes}
    assert {"schedule.months", "fields.result"} <= fields or any("schedule" in str(name) for name in fields)


def test_another_year(tmp_path: Path) -> None:
    later = workbooks.files(2031)
    plan = read(later["paac-2031.xlsx"], "paac").plan
    assert plan.start == dt.date(2031, 1, 1) and "2031" in plan.title
    assert sum(item.level == "fila" for item in plan.items) == 87
    assert read(later["ptep-2032.xlsx"], "ptep").plan.start == dt.date(2032, 1, 1)


SEEDS = ROOT.parent / "shared" / "seeds"


@pytest.mark.parametrize(
    "seed", ["cali-paac-2022.txt", "cartagena-ogp-2026-2027.txt", "cost-cali-workplan-2026.txt"]
)
def test_the_wording_is_our_own(seed: str) -> None:
    """No nine words in a row of ours stand in a document that exists."""
    if not (SEEDS / seed).exists():
        pytest.skip("the documents that exist are not beside this checkout")
    theirs = runs((SEEDS / seed).read_text(encoding="utf-8"))
    followed = [f"seguimiento-{name}" for name in followup.followed()]
    for name in ("paac", "ogp", "cost", "ptep", "seguimiento", *followed):
        for text in texts(workbooks.load_text(name)):
            assert not runs(text) & theirs, text


#: Names of organismos and of the form's own fields are what they are.
NAMES = ("responsables", "cabecera", "hitos")


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [text for milestone in value.get("hitos", ()) for text in (*milestone[:2], milestone[3])]
        return own + [text for key, one in value.items() if key not in NAMES for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def runs(text: str, length: int = 9) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


# --- follow-up


@pytest.fixture(scope="module")
def facts() -> list[Any]:
    found: list[Any] = followup.facts()
    return found


@pytest.fixture(scope="module")
def records(facts: list[Any]) -> dict[str, Record]:
    return {
        name: followup.record_of(
            followup.plan_of(name, changed=True), [fact for fact in facts if fact.plan == name]
        )
        for name in followup.plans()
    }


def test_facts_are_the_same_each_time(facts: list[Any]) -> None:
    assert followup._facts.__wrapped__(followup.YEAR) == facts
    assert len({fact.ref for fact in facts}) == len(facts)
    assert facts == sorted(facts, key=lambda fact: (fact.at, fact.ref))
    assert facts[-1].at < dt.datetime(2026, 11, 21, tzinfo=followup.ZONE)
    assert min(fact.at for fact in facts).year == 2026


def test_what_facts_name_is_there_before_them(facts: list[Any]) -> None:
    at = {fact.ref: fact.at for fact in facts}
    for fact in facts:
        for name in followup.REFERENCES:
            if fact.body.get(name):
                assert at[fact.body[name]] <= fact.at, (fact.ref, name)


def test_only_who_owes_an_item_reports_it(records: dict[str, Record]) -> None:
    for record in records.values():
        members = {group.id: group.members for group in record.plan.groups}
        for event in [
            *record.updates,
            *record.measurements,
            *record.evidence,
            *record.verdicts,
            *record.answers,
        ]:
            item = record.plan.item(*event.item)
            assert item is not None, event.id
            owners = {assignment.organization for assignment in item.assignments} | {
                member
                for assignment in item.assignments
                if assignment.group
                for member in members.get(assignment.group, ())
            }
            if event.organization if hasattr(event, "organization") else None:
                assert event.organization in owners, event.id
        for one in record.measurements:
            item = record.plan.item(*one.item)
            assert item is not None and one.indicator in {each.code for each in item.indicators}, one.id


def test_people_of_the_facts_are_people_of_the_demo(facts: list[Any]) -> None:
    people = yaml.safe_load((ROOT / "dev" / "people.yaml").read_text(encoding="utf-8"))["people"]
    assert {fact.by for fact in facts if fact.by} <= {person["name"] for person in people}
    roles = {role["role"] for person in people for role in person.get("plans", ())}
    assert roles == {"coordinador", "lider_componente", "control_interno", "monitor", "punto_focal"}


def test_there_is_something_of_every_kind(records: dict[str, Record]) -> None:
    paac = records["paac"]
    assert all(getattr(paac, name) for name in EVENTS)
    assert {review.accepted for review in paac.reviews} == {True, False}
    assert all(review.reason for review in paac.reviews if not review.accepted)
    returned = len(paac.updates) - len(paac.counting_updates())
    assert returned == 5, "four returned or corrected, one that a correction takes the place of"
    assert [proof for proof in paac.evidence if not proof.public and proof.withheld]
    silent = {organismo["name"] for organismo in followup.organismos()} - {
        fact.organization for fact in paac.updates
    }
    assert silent == set(), "everybody reported something"
    counted = Counter(fact.organization for fact in paac.updates if fact.organization)
    assert (
        counted["uae-teatro-municipal"]
        < 3
        < counted["secretaria-de-cultura"]
        < counted["secretaria-de-salud-publica"]
    )
    open_alerts = [
        verdict
        for verdict in paac.verdicts
        if verdict.alert and verdict.id not in {each.closes for each in paac.verdicts}
    ]
    assert [alert.item[1] for alert in open_alerts] == ["3.3.2#2"]
    for name in ("paac", "ogp"):
        (report,) = records[name].reports
        carried = [fact for fact in records[name].updates if fact.report == report.id]
        assert len(carried) > 1 and len(report.sections) >= 3
    assert [fact for fact in records["cost"].updates if fact.origin]


def test_lights_of_every_kind(records: dict[str, Record]) -> None:
    stood = {name: compute_status(record, TODAY) for name, record in records.items()}
    lights = Counter(status.light for status in stood["paac"].values())
    assert set(lights) == {
        "completado",
        "en_riesgo",
        "en_curso",
        "no_iniciado",
        "no_aplica",
        "suspendido",
        "retirado",
    }
    assert lights["completado"] > lights["en_riesgo"] > lights["en_curso"] > 10
    reasons = {
        reason.code for found in stood.values() for status in found.values() for reason in status.reasons
    }
    assert reasons >= {"R1", "R2", "R3", "R4", "R4b", "R5", "R6", "R7", "R9", "manual"}
    assert {status.light for status in stood["ogp"].values()} >= {
        "completado",
        "en_curso",
        "en_riesgo",
        "no_iniciado",
    }
    assert {status.light for status in stood["ptep"].values()} == {"no_iniciado"}
    assert sum(status.disagreement for status in stood["paac"].values()) >= 3
    assert stood["paac"]["fila", "5.2.1"].declared is Declared.DONE
    quota = stood["paac"]["fila", "3.1.2"].quota
    assert quota is not None and quota.target == 56 and 30 < quota.actual < 56


def test_cuts_can_be_made_of_it(records: dict[str, Record]) -> None:
    record = records["paac"]
    how = settings.family_settings("paac")
    for day, moment in ((dt.date(2026, 4, 30), "2026-05-13"), (dt.date(2026, 8, 31), "2026-09-17")):
        as_of = dt.datetime.fromisoformat(f"{moment}T18:00:00-05:00")
        found = compute_compliance(record.as_of(as_of), day, how)
        assert found.whole.scheduled > 30 and 0.4 < found.whole.fulfilled / found.whole.scheduled < 1


def test_verdicts_of_both_cuts(records: dict[str, Record]) -> None:
    of_control = [verdict for verdict in records["paac"].verdicts if verdict.cut]
    by_cut = Counter(verdict.cut for verdict in of_control)
    assert set(by_cut) == {dt.date(2026, 4, 30), dt.date(2026, 8, 31)} and min(by_cut.values()) > 30
    assert all(verdict.rationale for verdict in of_control)
    assert {verdict.fulfilled for verdict in of_control} == {True, False}
    assert 1 <= sum(verdict.agrees is False for verdict in of_control) <= 15


def test_files_that_prove_it(facts: list[Any]) -> None:
    files = followup.supports()
    resources = followup.story()["soportes"]["recursos"]
    assert set(files) == {resource["archivo"] for resource in resources.values()}
    assert {fact.support for fact in facts if fact.support} == set(resources)
    for name, content in files.items():
        assert content.count(b"\n") > 3, name
        assert not content.startswith(b"\xef\xbb\xbf"), name


def test_texts_are_whole(facts: list[Any]) -> None:
    for fact in facts:
        for text in texts(fact.body):
            assert not re.search(r"[{}]|\bde el\b|\ba el\b|  |None", text), (fact.ref, text)
        if fact.kind == "update":
            assert fact.body["text"].endswith("."), fact.ref
