"""CoST Cali's work plan 2026 as it was published."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from support.plans import lost
from support.seeds import seed

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Reading, read

NAME = "cost-cali-workplan-2026.txt"
#: level → indicator → number promised (None: words only; "%": points of a percentage)
TARGETS = {
    "goal": {"1.1": "4", "1.2": "1"},
    "outcome": {
        "1.1.1": "1", "1.1.2": "40", "1.1.3": "4", "1.1.4": None, "1.2.1": "40%", "1.2.2": "4", "1.3.1": "20000",
        "1.3.2": "2", "1.3.3": "20%",
    },
    "output": {
        "1.1.1": "4", "1.1.2": "70%", "1.2.1": "1", "1.2.2": None, "1.2.3": "15", "1.2.4": None, "1.3.1": "90%",
        "1.3.2": "15", "1.4.1": "90%", "1.4.2": "2", "1.4.3": "2", "1.4.4": "40%", "1.4.5": "100%",
    },
    "activity": {
        "1.1.1": None, "1.1.2": "2", "1.1.3": "5", "1.1.4": None, "1.2.1": None, "1.2.2": "2", "1.2.3": "2",
        "1.2.4": None, "1.3.1": "4", "1.3.2": "100%", "1.3.3": None, "1.4.1": "2", "1.4.2": "20", "1.4.3": "80%",
        "1.5.1": None, "1.5.2": "80%", "1.5.3": "70%", "1.6.1": None, "1.6.2": "2", "1.6.3": None,
    },
}  # fmt: skip
DUE = {
    "goal": ["2026-12-31"], "outcome": ["2026-12-31"] * 3,
    "output": ["2026-08-31", "2026-09-30", "2026-07-31", "2026-09-30"],
    "activity": ["2026-03-31", "2026-03-31", "2026-05-31", "2026-06-30", "2026-04-30", "2026-04-30"],
}  # fmt: skip
EVIDENCE = {"goal": [3], "outcome": [3, 3, 2], "output": [4, 6, 4, 4], "activity": [3, 4, 3, 3, 3, 4]}


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(seed(NAME), "cost", name=NAME)


def of(reading: Reading, level: str) -> list:
    return [item for item in reading.plan.items if item.level == level]


def test_counts(reading: Reading) -> None:
    assert Counter(item.level for item in reading.plan.items) == {"goal": 1, "outcome": 3, "output": 4, "activity": 6}
    assert reading.act.accepted == 14
    assert sum(len(item.indicators) for item in reading.plan.items) == 44
    assert sum(len(item.fields["verification"]) for item in reading.plan.items) == 49
    assert not families.find_mismatches(reading.plan, families.load("cost"))


@pytest.mark.parametrize("level", TARGETS)
def test_targets(reading: Reading, level: str) -> None:
    found = {
        indicator.code: (None if not indicator.targets else f"{indicator.targets[0].value}{'%' * (indicator.measure.value == 'percentage')}")
        for item in of(reading, level)
        for indicator in item.indicators
    }
    assert found == TARGETS[level]


@pytest.mark.parametrize("level", DUE)
def test_dates_and_evidence(reading: Reading, level: str) -> None:
    items = of(reading, level)
    assert [item.schedule.due.isoformat() for item in items] == DUE[level]
    assert {item.schedule.precision for item in items} == {Precision.MONTH}
    assert [len(item.fields["verification"]) for item in items] == EVIDENCE[level]
    assert {assignment.unknown for item in items for assignment in item.assignments} == {"Gerente de Programa"}


def test_codes_that_repeat_are_distinguished_by_level(reading: Reading) -> None:
    titles = {level: reading.plan.item(level, "1.1").title for level in ("outcome", "output", "activity")}  # type: ignore[union-attr]
    assert len(set(titles.values())) == 3
    levels = {finding.text: finding.params["levels"] for finding in reading.act.flagged if finding.kind == "code.at_several_levels"}
    assert levels["1.1"] == ["goal", "outcome", "output", "activity"]
    assert levels["1.1.1"] == ["outcome", "output", "activity"]


def test_indicator_cut_by_the_footnote_is_joined_and_reported(reading: Reading) -> None:
    item = reading.plan.item("outcome", "1.1")
    assert item is not None
    by_code = {indicator.code: indicator for indicator in item.indicators}
    assert by_code["1.1.2"].name.endswith("representando (a) 40% gobierno (b) 30% sector privado (c) 20% sociedad civil (d) 10% medios")
    assert by_code["1.1.3"].name.startswith("4 proyectos de infraestructura")
    assert [(finding.place.line, finding.params["code"]) for finding in reading.act.flagged if finding.kind == "indicator.joined"] == [(17, "1.1.2")]
    shares = [(str(target.value), target.dimension) for target in by_code["1.1.2"].targets[1:]]
    assert shares == [
        ("40", {"sector": "gobierno"}), ("30", {"sector": "sector privado"}),
        ("20", {"sector": "sociedad civil"}), ("10", {"sector": "medios"}),
    ]  # fmt: skip


def test_sector_named_twice_is_asked_and_not_mended(reading: Reading) -> None:
    (question,) = reading.act.asked
    assert (question.kind, question.place.line, question.assumed) == ("sector.twice", 21, "as_printed")
    launch = next(indicator for indicator in of(reading, "output")[1].indicators if indicator.code == "1.2.1")
    assert [target.dimension["sector"] for target in launch.targets[1:]] == ["gobierno", "sector privado", "sector público", "medios"]
    assert [target.value for target in launch.targets] == [Decimal(n) for n in (1, 20, 10, 10, 5)]
    answered = read(seed(NAME), "cost", answers={question.id: "missing"})
    assert not answered.act.asked
    (change,) = difference(reading.plan, answered.plan)
    assert change.field == "indicators[1.2.1].targets"
    assert [one[4].get("sector") for one in change.after][3] == "sociedad civil"


def test_other_anomalies_are_reported(reading: Reading) -> None:
    lines: dict[str, list[int]] = {}
    for one in [*reading.act.flagged, *reading.act.inherited]:
        lines.setdefault(one.kind, []).append(one.place.line or 0)
    assert lines["row.continuation"] == [17, 23]
    assert set(lines["markup.removed"]) >= {12, 13, 17, 29, 32}
    assert lines["level.inherited"] == [17, 18, 19, 21, 23, 24, 25, 27, 29, 30, 31, 32]
    assert lines["text.english"] == [32] and lines["number.k"] == [19]
    assert {12, 18, 19, 29} <= set(lines["number.words"])
    assert len(lines["schedule.month"]) == 14
    assert lines["indicator.compound"] == [13, 21] and len(lines["levels.unlinked"]) == 1
    assert max(lines["list.by_sentences"]) < 29


def test_head_and_note(reading: Reading) -> None:
    plan = reading.plan
    assert plan.title.startswith("Plan de Trabajo Anual 2026")
    assert plan.start is not None and plan.start.year == 2026
    assert plan.fields["contact_email"].count("@") == 2
    assert plan.fields["notes"].startswith("¹ To be published")


def test_nothing_is_lost_and_again_is_the_same(reading: Reading) -> None:
    assert lost(seed(NAME), reading) == []
    assert difference(reading.plan, read(seed(NAME), "cost").plan) == []
