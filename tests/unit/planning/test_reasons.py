"""Reasons of risk: each threshold on both of its sides, and nobody can silence one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from support.tracked import (
    DONE,
    ONGOING,
    D,
    add_facts,
    at,
    codes,
    count_of,
    day,
    measure,
    months,
    on,
    proof,
    reason,
    record,
    row,
    stood,
    update,
    verdict,
)

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import (
    Reason,
)
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Key,
    Link,
    LinkKind,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import Item


def test_r1_overdue() -> None:
    item = row("1.1", schedule=on(3, 31))
    facts = add_facts(record(item), update(item, at(3, 25), ONGOING, 60))
    assert "R1" not in codes(facts, day(3, 31))
    assert reason(facts, day(4, 1), "R1") == {"due": day(3, 31), "days": 1}
    add_facts(facts, update(item, at(4), DONE), proof(item, at(4)))
    assert codes(facts, day(4, 2)) == []


@pytest.mark.parametrize(("today", "risk"), [(day(2, 4), False), (day(2, 5), True), (day(3, 31), True)])
def test_r2_due_soon(today: dt.date, risk: bool) -> None:
    # from 1 January to 31 December 364 days: 15 % are 54,6; here to 31 March 89 days: 15 days count
    item = row("1.1", schedule=on(2, 20) if today.month == 2 else on(4, 1))
    facts = add_facts(record(item), update(item, at(1, 31), ONGOING, 49))
    assert ("R2" in codes(facts, today)) is risk
    assert "R2" not in codes(add_facts(facts, update(item, at(1, 31, 10), ONGOING, 50)), today)


def test_r2_window_is_a_part_of_a_long_duration() -> None:
    item = row("1.1", schedule=on(12, 31))
    facts = add_facts(record(item), update(item, at(10), ONGOING, 10))
    assert "R2" not in codes(facts, day(12, 31) - dt.timedelta(days=55))
    assert reason(facts, day(12, 31) - dt.timedelta(days=54), "R2") == {
        "how": "little",
        "due": day(12, 31),
        "days": 54,
        "progress": 10,
        "least": 50,
    }


def test_r2_progress_that_nobody_reports_is_no_number() -> None:
    item = row("1.1", schedule=on(2, 20))
    facts = record(item)
    assert reason(facts, day(2, 10), "R2") == {
        "how": "none",
        "due": day(2, 20),
        "days": 10,
        "progress": None,
        "least": 50,
    }
    add_facts(facts, update(item, at(2, 1), ONGOING))
    assert reason(facts, day(2, 10), "R2") is None


@pytest.mark.parametrize(("progress", "risk"), [("30.1", False), ("30", True), ("0", True)])
def test_r3_behind(progress: str, risk: bool) -> None:
    item = row("1.1", schedule=months(*range(1, 13)))
    facts = add_facts(record(item), update(item, at(7), ONGOING, progress))
    assert ("R3" in codes(facts, day(7, 1))) is risk
    if risk:
        assert reason(facts, day(7, 1), "R3") == {
            "how": "behind",
            "expected": 50,
            "progress": D(progress),
            "points": 50 - D(progress),
            "limit": 20,
        }


def test_r3_is_off_where_nobody_says_when() -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(12, 1), ONGOING, 1), proof(item, at(12, 1)))
    assert codes(facts, day(12, 31)) == [] and "sin_programacion" in stood(facts, day(12, 31)).labels


def test_r3_not_begun_and_not_known_are_two_things() -> None:
    item = row("1.1", schedule=months(1, 2))
    assert reason(record(item), day(2, 1), "R3") == {
        "how": "none",
        "expected": 50,
        "progress": None,
        "points": 50,
        "limit": 20,
    }
    facts = add_facts(record(item), update(item, at(1, 31), ONGOING))
    assert reason(facts, day(2, 1), "R3") is None


@pytest.mark.parametrize(("family", "limit"), [("paac", 45), ("ogp", 135)])
def test_r4_silence(family: str, limit: int) -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(1, 10), ONGOING), proof(item, at(1, 10)))
    facts.plan.family = family
    last = day(1, 10)
    assert "R4" not in codes(facts, last + dt.timedelta(days=limit))
    assert reason(facts, last + dt.timedelta(days=limit + 1), "R4") == {
        "how": "silent",
        "days": limit + 1,
        "limit": limit,
        "since": last,
    }
    add_facts(facts, update(item, at(2, 20), confirms=True))
    assert "R4" not in codes(facts, last + dt.timedelta(days=limit + 1))


def test_r4_who_never_reported_is_silent_since_something_was_owed() -> None:
    facts = record(row("1.1"), row("1.2", schedule=months(10, 11)))
    assert stood(facts, day(2, 20)).reasons == (
        Reason("R4", {"how": "never", "days": 50, "limit": D(45), "since": day(1, 1)}),
    )
    assert "R4" not in [reason.code for reason in stood(facts, day(9, 1), "1.2").reasons]
    assert "R4" in [reason.code for reason in stood(facts, day(11, 16), "1.2").reasons]


def test_r4_a_value_measured_by_hand_is_news_and_by_a_machine_is_not() -> None:
    item = row("1.1", indicators=[count_of("90")])
    by_machine = add_facts(record(item), measure(item, at(3), 80, method="auto"))
    assert "R4" in codes(by_machine, day(3, 2))
    assert "R4" not in codes(add_facts(by_machine, measure(item, at(3), 80)), day(3, 2))


def test_r4b_no_changes_three_times() -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(1), ONGOING), proof(item, at(1)))
    for month in (2, 3):
        add_facts(facts, update(item, at(month), confirms=True))
    assert codes(facts, day(3, 2)) == []
    add_facts(facts, update(item, at(4), confirms=True))
    assert stood(facts, day(4, 2)).reasons == (Reason("R4b", {"times": 3, "limit": D(3)}),)
    add_facts(facts, update(item, at(4, 3), ONGOING, text="Avanzó"))
    assert codes(facts, day(4, 4)) == []


def test_r5_progress_for_a_full_period_without_evidence() -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(3), ONGOING, 10))
    assert "R5" not in codes(facts, day(3, 30))
    assert reason(facts, day(3, 31), "R5") == {
        "how": "progress",
        "evidence": 0,
        "progress": 10,
        "since": day(3, 1),
        "days": 30,
        "limit": 30,
    }
    assert "R5" not in codes(add_facts(facts, proof(item, at(3, 31))), day(3, 31))
    assert "R5" not in codes(add_facts(record(item), update(item, at(3), ONGOING)), day(4, 10))


def link(item: Item, other: Key, when: dt.datetime, **more: Any) -> Link:
    return Link(
        id=f"l{when:%m%d}{other[1]}", at=when, item=item.key, kind=LinkKind.DEPENDS, other=other, **more
    )


def test_r6_what_it_depends_on_is_overdue() -> None:
    item, other = row("1.1"), row("1.2", schedule=on(3, 1))
    facts = add_facts(record(item, other), link(item, other.key, at(1)))
    assert "R6" not in codes(facts, day(2, 1))
    assert reason(facts, day(3, 11), "R6") == {
        "plan": None,
        "level": "fila",
        "code": "1.2",
        "due": day(3, 1),
        "days": 10,
    }
    assert "R6" in [one.code for one in compute_status(facts, day(3, 11), [item.key])[item.key].reasons]
    assert "R6" not in codes(add_facts(facts, update(other, at(2), DONE), proof(other, at(2))), day(3, 11))


def test_r6_of_another_plan_or_of_an_item_that_was_not_loaded() -> None:
    item = row("1.1")
    far = ("hito", "4.1.H1")
    facts = add_facts(record(item), link(item, far, at(1), plan="ogp-2026"))
    assert "R6" not in codes(facts, day(2, 1))
    found = codes(facts, day(2, 1), overdue={("ogp-2026", far): day(1, 20)})
    assert found == ["R6"]
    assert (
        codes(
            add_facts(facts, link(item, far, at(1, 5), plan="ogp-2026", removed=True)),
            day(2, 1),
            overdue={("ogp-2026", far): day(1, 20)},
        )
        == []
    )


def test_r6_two_that_wait_for_each_other() -> None:
    one, two = row("1.1", schedule=on(2, 1)), row("1.2", schedule=on(2, 1))
    facts = add_facts(record(one, two), link(one, two.key, at(1)), link(two, one.key, at(1)))
    assert "R6" in codes(facts, day(2, 10)) and "R6" in [
        x.code for x in stood(facts, day(2, 10), "1.2").reasons
    ]


def test_r7_an_alert_until_it_is_closed() -> None:
    item = row("1.1")
    alert = verdict(item, at(3), VerdictRole.CONTROL, alert=True, rationale="Sin soporte")
    facts = add_facts(record(item), update(item, at(3), ONGOING), proof(item, at(3)), alert)
    assert reason(facts, day(3, 11), "R7") == {
        "how": "control_interno",
        "verdict": alert.id,
        "since": day(3, 1),
        "days": 10,
    }
    assert stood(facts, day(3, 11)).verdicts[0].alert
    add_facts(facts, verdict(item, at(3, 12), VerdictRole.CONTROL, closes=alert.id))
    assert codes(facts, day(3, 12)) == [] and not stood(facts, day(3, 12)).verdicts[0].alert


@pytest.mark.parametrize(("target", "risk"), [("40", False), ("44", False), ("45", True)])
def test_r9_out_of_reach(target: str, risk: bool) -> None:
    # best month 2, ten months left (March to December): 2 × 2 × 10 = 40 more than the 4 there are
    item = row("1.1", indicators=[count_of(target)])
    facts = add_facts(
        record(item),
        measure(item, at(1, 20), 2),
        measure(item, at(2, 20), 2),
        update(item, at(3), ONGOING),
        proof(item, at(3)),
    )
    assert ("R9" in codes(facts, day(3, 1))) is risk
    if risk:
        assert reason(facts, day(3, 1), "R9") == {
            "indicator": "i",
            "missing": 41,
            "target": 45,
            "best": 2,
            "periods": 10,
            "factor": 2,
            "reach": 40,
        }


def test_r9_the_period_that_runs_is_left_until_its_last_day() -> None:
    item = row("1.1", indicators=[count_of("99")])
    facts = add_facts(record(item), measure(item, at(1, 20), 2))
    found = reason(facts, day(2, 25), "R9")
    assert found and found["periods"] == 11
    add_facts(facts, measure(item, at(2, 20), 1))
    found = reason(facts, day(2, 28), "R9")
    assert found and found["periods"] == 11
    found = reason(facts, day(3, 1), "R9")
    assert found and found["periods"] == 10


def test_r9_is_off_for_what_does_not_add_up_and_before_anything_is_known() -> None:
    item = row("1.1", indicators=[count_of("1000")])
    assert "R9" not in codes(record(item), day(11, 1))
    assert "R9" not in codes(add_facts(record(item), measure(item, at(1, 20), 0)), day(2, 1))
    down = row("1.1", indicators=[count_of("1", ascending=False, baseline=D(100))])
    assert "R9" not in codes(add_facts(record(down), measure(down, at(1, 20), 99)), day(12, 1))


def test_anybody_may_say_that_it_is_at_risk() -> None:
    item = row("1.1")
    facts = add_facts(
        record(item), update(item, at(3), ONGOING, at_risk=True, reason="Sin contrato"), proof(item, at(3))
    )
    found = stood(facts, day(3, 2))
    assert found.light == "en_riesgo" and found.reasons[0] == Reason(
        "manual", {"text": "Sin contrato", "organization": None, "since": day(3, 1)}
    )
    assert stood(add_facts(facts, update(item, at(3, 5), ONGOING)), day(3, 6)).light == "en_curso"


def test_thresholds_are_the_plans() -> None:
    item = row("1.1", schedule=months(*range(1, 13)))
    facts = add_facts(record(item), update(item, at(7), ONGOING, 30), proof(item, at(7)))
    assert codes(facts, day(7, 1)) == ["R3"]
    facts.settings = {"thresholds": {"lag_points": 21}}
    assert codes(facts, day(7, 1)) == []
    assert codes(facts, day(7, 1), settings=settings.family_settings("paac")) == ["R3"]


def test_an_answer_changes_no_status_and_no_reason() -> None:
    item = row("1.1", schedule=on(3, 1))
    facts = add_facts(record(item), update(item, at(3), ONGOING))
    before = stood(facts, day(3, 5))
    add_facts(
        facts,
        Answer(id="a1", at=at(3, 4), item=item.key, reason="R1", text="Espera acto", organization="datic"),
        Answer(id="a2", at=at(3, 4), item=item.key, reason="R4", text="Ya no", organization="datic"),
    )
    after = stood(facts, day(3, 5))
    assert after.reasons == before.reasons and after.light == "en_riesgo"
    assert [(answer.reason, answer.text, answer.active) for answer in after.answers] == [
        ("R1", "Espera acto", True),
        ("R4", "Ya no", False),
    ]
