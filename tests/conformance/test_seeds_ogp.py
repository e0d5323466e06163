"""Cartagena's open government plan 2026-2027 as it was published, and a report that is no plan."""

from __future__ import annotations

from collections import Counter

import pytest
from support.plans import lost
from support.seeds import seed

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.__main__ import main
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Reading, Unreadable, read
from ckanext.ogp_plan.planning.types import Accumulation, Measure, Role

NAME = "cartagena-ogp-2026-2027.txt"
REPORT = "cali-secretaria-gobierno-2022-q1.txt"
BLOCKS = ("problem", "relevance", "population", "change", "indicators_text", "responsible")
#: line of each milestone
MILESTONES = {
    "4.1": [187, 188, 189, 190], "4.2": [247, 248, 249, 250], "4.3": [304, 305, 306], "4.4": [359, 360, 361, 362],
}  # fmt: skip
INDICATORS = {"4.1": [169, 170], "4.2": [229, 230, 231], "4.3": [286, 287, 288], "4.4": [342, 343, 344]}


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(seed(NAME), "ogp", name=NAME)


def test_counts(reading: Reading) -> None:
    assert Counter(item.level for item in reading.plan.items) == {"compromiso": 4, "hito": 15}
    assert sum(len(item.indicators) for item in reading.plan.items) == 11
    assert reading.act.accepted == 15
    assert not families.find_mismatches(reading.plan, families.load("ogp"))


@pytest.mark.parametrize("code", MILESTONES)
def test_commitment(reading: Reading, code: str) -> None:
    item = reading.plan.item("compromiso", code)
    assert item is not None
    assert all(item.fields[name] for name in BLOCKS)
    assert [indicator.place.line for indicator in item.indicators if indicator.place] == INDICATORS[code]
    children = reading.plan.children(item)
    assert [one.code for one in children] == [f"{code}.H{n}" for n in range(1, len(children) + 1)]
    assert [one.place.line for one in children if one.place] == MILESTONES[code]
    for child in children:
        assert child.fields["deliverable"] and child.fields["strategic_deliverable"] and child.assignments


def test_indicators(reading: Reading) -> None:
    third = reading.plan.item("compromiso", "4.3")
    fourth = reading.plan.item("compromiso", "4.4")
    assert third is not None and fourth is not None
    assert [indicator.targets[0].value if indicator.targets else None for indicator in third.indicators] == [5, 100, None]
    assert third.indicators[1].accumulation is Accumulation.ALL_MEET
    assert third.indicators[2].measure is Measure.BOOLEAN
    assert [indicator.targets[0].value if indicator.targets else None for indicator in fourth.indicators] == [2, None, None]
    assert [finding.place.line for finding in reading.act.flagged if finding.kind == "indicator.no_target"] == [169, 170, 229, 230, 343]


def test_roles(reading: Reading) -> None:
    item = reading.plan.item("compromiso", "4.2")
    assert item is not None
    roles = {assignment.role: assignment.unknown for assignment in item.assignments}
    assert roles[Role.LEAD] == "Secretaría de Planeación Distrital (dirección)."
    assert set(roles) == {Role.LEAD, Role.SUPPORT, Role.ALLY}


def test_exchanged_numbers_are_asked_about(reading: Reading) -> None:
    question = next(one for one in reading.act.asked if one.kind == "commitment.swapped")
    assert question.params["codes"] == ["4.3", "4.4"]
    assert [place.line for place in question.places] == [403, 404, 495]
    third = reading.plan.item("compromiso", "4.3")
    assert third is not None and third.title.startswith("Encuentros barriales")
    answered = read(seed(NAME), "ogp", answers={question.id: "as_mentions"})
    third = answered.plan.item("compromiso", "4.3")
    assert third is not None and third.title.startswith("Mesas de Gobernanza")
    assert [child.code for child in answered.plan.children(third)] == ["4.3.H1", "4.3.H2", "4.3.H3", "4.3.H4"]
    assert [indicator.code for indicator in third.indicators] == ["4.3.1", "4.3.2", "4.3.3"]


def test_period_is_asked_about(reading: Reading) -> None:
    question = next(one for one in reading.act.asked if one.kind == "period.differs")
    assert question.params["values"] == ["2026", "2026-2027"] and reading.plan.start is None
    answered = read(seed(NAME), "ogp", answers={question.id: "2026-2027"})
    assert answered.plan.end is not None and answered.plan.end.isoformat() == "2027-12-31"


def test_other_anomalies_are_reported(reading: Reading) -> None:
    lines: dict[str, list[int]] = {}
    for one in [*reading.act.flagged, *reading.act.dropped]:
        lines.setdefault(one.kind, []).append(one.place.line or 0)
    assert lines["milestone.undated"] == [line for found in MILESTONES.values() for line in found]
    assert lines["deliverable.repeated"] == [361, 362] and lines["deliverable.not_one"] == [362]
    assert lines["ordinal.differs"] == [361, 362]
    assert lines["term.spelling"] == [187, 188, 189]
    assert {196, 256, 312} <= set(lines["line.repeated"]) and 132 not in lines["line.repeated"]


def test_the_rest_of_the_document_is_kept(reading: Reading) -> None:
    titles = [section["title"] for section in reading.plan.fields["sections"]]
    assert "2. DIAGNÓSTICO" in titles and "5.2. Ente de Monitoreo Independiente" in titles


def test_nothing_is_lost_and_again_is_the_same(reading: Reading) -> None:
    assert lost(seed(NAME), reading) == []
    assert difference(reading.plan, read(seed(NAME), "ogp").plan) == []


@pytest.mark.parametrize("family", ["paac", "ptep", "cost", "ogp"])
def test_a_report_is_no_plan(family: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(seed(REPORT), family)
    assert caught.value.kind == "not_plan.report" and caught.value.place.line == 1


def test_the_command_says_that_a_report_is_no_plan(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "informe.txt"
    path.write_bytes(seed(REPORT))
    assert main(["read", str(path), "--family", "paac"]) == 2
    output = capsys.readouterr()
    assert "informe de lo que se hizo" in output.err and not output.out
