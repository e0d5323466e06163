"""Lights with their reasons: each threshold on both of its sides, and nobody can silence one."""

from __future__ import annotations

import cProfile
import datetime as dt
import json
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.tracked import (
    at,
    count_of,
    day,
    look,
    measure,
    months,
    on,
    proof,
    record,
    review,
    row,
    shaped,
    tell,
    update,
    verdict,
)

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import (
    LABELS,
    LIGHTS,
    OUTSIDE,
    REASONS,
    ItemStatus,
    Reason,
    item_status_dict,
    roll_up_dict,
)
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Completion,
    Key,
    Link,
    LinkKind,
    Record,
    Review,
    Update,
    VerdictRole,
)
from ckanext.ogp_plan.planning.transitions import may
from ckanext.ogp_plan.planning.types import Assignment, Declared, Item, OrgGroup, Plan
from ckanext.ogp_plan.planning.words import messages, phrases
from ckanext.ogp_plan.planning.words.i18n import translator
from ckanext.ogp_plan.planning.words.phrases import label_words, light_words, reason_title, reason_words

D = Decimal
DONE, ONGOING, NOT = Declared.DONE, Declared.ONGOING, Declared.NOT_STARTED


def stood(facts: Record, today: dt.date, code: str = "1.1", **more: Any) -> ItemStatus:
    return compute_status(facts, today, **more)["fila", code]


def codes(facts: Record, today: dt.date, **more: Any) -> list[str]:
    return [one.code for one in stood(facts, today, **more).reasons]


def reason(facts: Record, today: dt.date, code: str) -> dict[str, Any] | None:
    return next((one.params for one in stood(facts, today).reasons if one.code == code), None)


# --- the light


def test_nothing_said_is_not_started() -> None:
    found = stood(record(row("1.1")), day(1, 15))
    assert (found.declared, found.light, found.progress, found.expected, found.due) == (
        NOT,
        "no_iniciado",
        None,
        None,
        None,
    )
    assert found.last_update is None and found.silence_days == 14
    assert {"sin_programacion", "sin_meta", "sin_reporte"} <= set(found.labels)


def test_completado_needs_valid_evidence() -> None:
    item = row("1.1")
    facts = tell(record(item), update(item, at(3), ONGOING))
    assert stood(facts, day(3, 2)).light == "en_curso"
    tell(facts, update(item, at(3, 2), DONE))
    found = stood(facts, day(3, 3))
    assert found.light == "en_riesgo" and [one.params["how"] for one in found.reasons] == ["done"]
    tell(facts, proof(item, at(3, 3)))
    assert stood(facts, day(3, 3)).light == "completado" and not stood(facts, day(12, 1)).reasons


@pytest.mark.parametrize("state", OUTSIDE)
def test_outside_of_the_lights_there_are_no_reasons(state: Declared) -> None:
    item = row("1.1", schedule=on(2, 1))
    facts = tell(record(item), update(item, at(1), state, reason="Motivo"))
    found = stood(facts, day(11, 1))
    assert (found.light, found.reasons, found.excluded, found.suggested) == (state.value, (), True, None)


@pytest.mark.parametrize("wrong", [{"alive": False}, {"same": False}, {"public": False}])
def test_the_only_evidence_breaks_and_the_item_is_open_again(wrong: dict[str, bool]) -> None:
    item = row("1.1", schedule=on(6, 1))
    shown = proof(item, at(3))
    facts = tell(
        record(item), update(item, at(3), DONE), shown, look(shown, at(4), alive=True, same=True, public=True)
    )
    assert stood(facts, day(4, 2)).light == "completado"
    tell(facts, look(shown, at(5), **wrong))
    found = stood(facts, day(5, 2))
    assert found.light == "en_riesgo" and found.declared is DONE and "reabierto_evidencia" in found.labels
    assert reason(facts, day(5, 2), "R5") == {"how": "broken", "evidence": 1}
    assert (found.evidence, found.valid_evidence) == (1, 0)
    # open again: what is due is overdue
    assert codes(facts, day(6, 2))[0] == "R1"
    tell(facts, proof(item, at(5, 3)))
    assert stood(facts, day(6, 2)).light == "completado"
    tell(facts, look(shown, at(6), alive=True, same=True, public=True))
    assert stood(facts, day(6, 2)).valid_evidence == 2


def test_what_could_not_be_told_breaks_nothing() -> None:
    item = row("1.1")
    shown = proof(item, at(3))
    facts = tell(record(item), update(item, at(3), DONE), shown, look(shown, at(4), detail="caído"))
    assert stood(facts, day(4, 2)).light == "completado"


def test_private_evidence_counts_and_says_so() -> None:
    item = row("1.1")
    hidden = proof(item, at(3), public=False, withheld="Reserva")
    facts = tell(record(item), update(item, at(3), DONE), hidden, look(hidden, at(4), public=False))
    found = stood(facts, day(4, 2))
    assert found.light == "completado" and found.private_evidence == 1 and "evidencia_privada" in found.labels


def test_withdrawn_or_returned_evidence_is_none() -> None:
    item = row("1.1")
    said = update(item, at(3), DONE)
    shown = proof(item, at(3), update=said.id)
    facts = tell(record(item), update(item, at(2), ONGOING), said, shown)
    assert stood(facts, day(3, 2)).light == "completado"
    gone = tell(
        Record(facts.plan, updates=facts.updates, evidence=list(facts.evidence)),
        proof(item, at(3, 2), supersedes=shown.id, retracted="No era"),
    )
    assert stood(gone, day(3, 3)).evidence == 0 and "R5" in codes(gone, day(3, 3))
    tell(facts, review(at(3, 5), False, update=said.id, reason="Incompleto"))
    found = stood(facts, day(3, 6))
    assert (found.declared, found.evidence) == (ONGOING, 0), "the state falls back to the update before"
    tell(facts, review(at(3, 6), True, update=said.id))
    assert stood(facts, day(3, 7)).light == "completado"


# --- reasons, each on both sides of its threshold


def test_r1_overdue() -> None:
    item = row("1.1", schedule=on(3, 31))
    facts = tell(record(item), update(item, at(3, 25), ONGOING, 60))
    assert "R1" not in codes(facts, day(3, 31))
    assert reason(facts, day(4, 1), "R1") == {"due": day(3, 31), "days": 1}
    tell(facts, update(item, at(4), DONE), proof(item, at(4)))
    assert codes(facts, day(4, 2)) == []


@pytest.mark.parametrize(("today", "risk"), [(day(2, 4), False), (day(2, 5), True), (day(3, 31), True)])
def test_r2_due_soon(today: dt.date, risk: bool) -> None:
    # from 1 January to 31 December 364 days: 15 % are 54,6; here to 31 March 89 days: 15 days count
    item = row("1.1", schedule=on(2, 20) if today.month == 2 else on(4, 1))
    facts = tell(record(item), update(item, at(1, 31), ONGOING, 49))
    assert ("R2" in codes(facts, today)) is risk
    assert "R2" not in codes(tell(facts, update(item, at(1, 31, 10), ONGOING, 50)), today)


def test_r2_window_is_a_part_of_a_long_duration() -> None:
    item = row("1.1", schedule=on(12, 31))
    facts = tell(record(item), update(item, at(10), ONGOING, 10))
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
    tell(facts, update(item, at(2, 1), ONGOING))
    assert reason(facts, day(2, 10), "R2") is None


@pytest.mark.parametrize(("progress", "risk"), [("30.1", False), ("30", True), ("0", True)])
def test_r3_behind(progress: str, risk: bool) -> None:
    item = row("1.1", schedule=months(*range(1, 13)))
    facts = tell(record(item), update(item, at(7), ONGOING, progress))
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
    facts = tell(record(item), update(item, at(12, 1), ONGOING, 1), proof(item, at(12, 1)))
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
    facts = tell(record(item), update(item, at(1, 31), ONGOING))
    assert reason(facts, day(2, 1), "R3") is None


@pytest.mark.parametrize(("family", "limit"), [("paac", 45), ("ogp", 135)])
def test_r4_silence(family: str, limit: int) -> None:
    item = row("1.1")
    facts = tell(record(item), update(item, at(1, 10), ONGOING), proof(item, at(1, 10)))
    facts.plan.family = family
    last = day(1, 10)
    assert "R4" not in codes(facts, last + dt.timedelta(days=limit))
    assert reason(facts, last + dt.timedelta(days=limit + 1), "R4") == {
        "how": "silent",
        "days": limit + 1,
        "limit": limit,
        "since": last,
    }
    tell(facts, update(item, at(2, 20), confirms=True))
    assert "R4" not in codes(facts, last + dt.timedelta(days=limit + 1))


def test_r4_who_never_reported_is_silent_since_something_was_owed() -> None:
    facts = record(row("1.1"), row("1.2", schedule=months(10, 11)))
    assert stood(facts, day(2, 20)).reasons == (
        Reason("R4", {"how": "never", "days": 50, "limit": D(45), "since": day(1, 1)}),
    )
    assert "R4" not in [one.code for one in stood(facts, day(9, 1), "1.2").reasons]
    assert "R4" in [one.code for one in stood(facts, day(11, 16), "1.2").reasons]


def test_r4_a_value_measured_by_hand_is_news_and_by_a_machine_is_not() -> None:
    item = row("1.1", indicators=[count_of("90")])
    by_machine = tell(record(item), measure(item, at(3), 80, method="auto"))
    assert "R4" in codes(by_machine, day(3, 2))
    assert "R4" not in codes(tell(by_machine, measure(item, at(3), 80)), day(3, 2))


def test_r4b_no_changes_three_times() -> None:
    item = row("1.1")
    facts = tell(record(item), update(item, at(1), ONGOING), proof(item, at(1)))
    for month in (2, 3):
        tell(facts, update(item, at(month), confirms=True))
    assert codes(facts, day(3, 2)) == []
    tell(facts, update(item, at(4), confirms=True))
    assert stood(facts, day(4, 2)).reasons == (Reason("R4b", {"times": 3, "limit": D(3)}),)
    tell(facts, update(item, at(4, 3), ONGOING, text="Avanzó"))
    assert codes(facts, day(4, 4)) == []


def test_r5_progress_for_a_full_period_without_evidence() -> None:
    item = row("1.1")
    facts = tell(record(item), update(item, at(3), ONGOING, 10))
    assert "R5" not in codes(facts, day(3, 30))
    assert reason(facts, day(3, 31), "R5") == {
        "how": "progress",
        "evidence": 0,
        "progress": 10,
        "since": day(3, 1),
        "days": 30,
        "limit": 30,
    }
    assert "R5" not in codes(tell(facts, proof(item, at(3, 31))), day(3, 31))
    assert "R5" not in codes(tell(record(item), update(item, at(3), ONGOING)), day(4, 10))


def link(item: Item, other: Key, when: dt.datetime, **more: Any) -> Link:
    return Link(
        id=f"l{when:%m%d}{other[1]}", at=when, item=item.key, kind=LinkKind.DEPENDS, other=other, **more
    )


def test_r6_what_it_depends_on_is_overdue() -> None:
    item, other = row("1.1"), row("1.2", schedule=on(3, 1))
    facts = tell(record(item, other), link(item, other.key, at(1)))
    assert "R6" not in codes(facts, day(2, 1))
    assert reason(facts, day(3, 11), "R6") == {
        "plan": None,
        "level": "fila",
        "code": "1.2",
        "due": day(3, 1),
        "days": 10,
    }
    assert "R6" in [one.code for one in compute_status(facts, day(3, 11), [item.key])[item.key].reasons]
    assert "R6" not in codes(tell(facts, update(other, at(2), DONE), proof(other, at(2))), day(3, 11))


def test_r6_of_another_plan_or_of_an_item_that_was_not_loaded() -> None:
    item = row("1.1")
    far = ("hito", "4.1.H1")
    facts = tell(record(item), link(item, far, at(1), plan="ogp-2026"))
    assert "R6" not in codes(facts, day(2, 1))
    found = codes(facts, day(2, 1), overdue={("ogp-2026", far): day(1, 20)})
    assert found == ["R6"]
    assert (
        codes(
            tell(facts, link(item, far, at(1, 5), plan="ogp-2026", removed=True)),
            day(2, 1),
            overdue={("ogp-2026", far): day(1, 20)},
        )
        == []
    )


def test_r6_two_that_wait_for_each_other() -> None:
    one, two = row("1.1", schedule=on(2, 1)), row("1.2", schedule=on(2, 1))
    facts = tell(record(one, two), link(one, two.key, at(1)), link(two, one.key, at(1)))
    assert "R6" in codes(facts, day(2, 10)) and "R6" in [
        x.code for x in stood(facts, day(2, 10), "1.2").reasons
    ]


def test_r7_an_alert_until_it_is_closed() -> None:
    item = row("1.1")
    alert = verdict(item, at(3), VerdictRole.CONTROL, alert=True, rationale="Sin soporte")
    facts = tell(record(item), update(item, at(3), ONGOING), proof(item, at(3)), alert)
    assert reason(facts, day(3, 11), "R7") == {
        "how": "control_interno",
        "verdict": alert.id,
        "since": day(3, 1),
        "days": 10,
    }
    assert stood(facts, day(3, 11)).verdicts[0].alert
    tell(facts, verdict(item, at(3, 12), VerdictRole.CONTROL, closes=alert.id))
    assert codes(facts, day(3, 12)) == [] and not stood(facts, day(3, 12)).verdicts[0].alert


@pytest.mark.parametrize(("target", "risk"), [("40", False), ("44", False), ("45", True)])
def test_r9_out_of_reach(target: str, risk: bool) -> None:
    # best month 2, ten months left (March to December): 2 × 2 × 10 = 40 more than the 4 there are
    item = row("1.1", indicators=[count_of(target)])
    facts = tell(
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
    facts = tell(record(item), measure(item, at(1, 20), 2))
    found = reason(facts, day(2, 25), "R9")
    assert found and found["periods"] == 11
    tell(facts, measure(item, at(2, 20), 1))
    found = reason(facts, day(2, 28), "R9")
    assert found and found["periods"] == 11
    found = reason(facts, day(3, 1), "R9")
    assert found and found["periods"] == 10


def test_r9_is_off_for_what_does_not_add_up_and_before_anything_is_known() -> None:
    item = row("1.1", indicators=[count_of("1000")])
    assert "R9" not in codes(record(item), day(11, 1))
    assert "R9" not in codes(tell(record(item), measure(item, at(1, 20), 0)), day(2, 1))
    down = row("1.1", indicators=[count_of("1", ascending=False, baseline=D(100))])
    assert "R9" not in codes(tell(record(down), measure(down, at(1, 20), 99)), day(12, 1))


def test_anybody_may_say_that_it_is_at_risk() -> None:
    item = row("1.1")
    facts = tell(
        record(item), update(item, at(3), ONGOING, at_risk=True, reason="Sin contrato"), proof(item, at(3))
    )
    found = stood(facts, day(3, 2))
    assert found.light == "en_riesgo" and found.reasons[0] == Reason(
        "manual", {"text": "Sin contrato", "organization": None, "since": day(3, 1)}
    )
    assert stood(tell(facts, update(item, at(3, 5), ONGOING)), day(3, 6)).light == "en_curso"


def test_thresholds_are_the_plans() -> None:
    item = row("1.1", schedule=months(*range(1, 13)))
    facts = tell(record(item), update(item, at(7), ONGOING, 30), proof(item, at(7)))
    assert codes(facts, day(7, 1)) == ["R3"]
    facts.settings = {"thresholds": {"lag_points": 21}}
    assert codes(facts, day(7, 1)) == []
    assert codes(facts, day(7, 1), settings=settings.of("paac")) == ["R3"]


def test_an_answer_stands_beside_and_silences_nothing() -> None:
    item = row("1.1", schedule=on(3, 1))
    facts = tell(record(item), update(item, at(3), ONGOING))
    before = stood(facts, day(3, 5))
    tell(
        facts,
        Answer(id="a1", at=at(3, 4), item=item.key, reason="R1", text="Espera acto", organization="datic"),
        Answer(id="a2", at=at(3, 4), item=item.key, reason="R4", text="Ya no", organization="datic"),
    )
    after = stood(facts, day(3, 5))
    assert after.reasons == before.reasons and after.light == "en_riesgo"
    assert [(one.reason, one.text, one.active) for one in after.answers] == [
        ("R1", "Espera acto", True),
        ("R4", "Ya no", False),
    ]


# --- who owes it


def several() -> tuple[Record, Item]:
    item = row("1.1", assignments=[Assignment(group="g")])
    return record(item, groups=(OrgGroup("g", "g", 3, ("a", "b", "c")),)), item


def test_done_when_each_is() -> None:
    facts, item = several()
    tell(facts, proof(item, at(2)))
    assert stood(facts, day(2, 2)).declared is NOT
    tell(facts, update(item, at(2), DONE, organization="a"))
    assert stood(facts, day(2, 2)).declared is ONGOING
    tell(
        facts,
        update(item, at(2), DONE, organization="b"),
        update(item, at(2), Declared.NOT_APPLICABLE, organization="c"),
    )
    found = stood(facts, day(2, 2))
    assert found.declared is DONE and found.light == "completado"
    assert [(one.organization, one.declared, one.excluded) for one in found.assignments] == [
        ("a", DONE, False),
        ("b", DONE, False),
        ("c", Declared.NOT_APPLICABLE, True),
    ]


def test_what_is_said_of_the_whole_counts_for_who_did_not_report() -> None:
    facts, item = several()
    tell(facts, update(item, at(2), ONGOING, organization="a"), update(item, at(3), DONE))
    found = stood(facts, day(3, 2))
    assert found.declared is ONGOING
    assert [(one.declared, one.by_whole) for one in found.assignments] == [
        (ONGOING, False),
        (DONE, True),
        (DONE, True),
    ]
    assert stood(tell(facts, update(item, at(4), DONE, organization="a")), day(4, 2)).declared is DONE


def test_a_group_whose_members_are_not_known_waits_for_all() -> None:
    item = row("1.1", assignments=[Assignment(group="g")])
    facts = record(item, groups=(OrgGroup("g", "g", 3),))
    tell(facts, *(update(item, at(2), DONE, organization=name) for name in ("a", "b")))
    assert stood(facts, day(2, 2)).declared is ONGOING
    assert [one.organization for one in stood(facts, day(2, 2)).assignments] == ["a", "b"]
    assert stood(tell(facts, update(item, at(2), DONE, organization="c")), day(2, 2)).declared is DONE


def test_quotas_by_organismo() -> None:
    item = row("1.1", indicators=[count_of("4")], assignments=[Assignment(group="g", own_target=D(2))])
    facts = tell(
        record(item, groups=(OrgGroup("g", "g", 2, ("a", "b")),)), measure(item, at(2), 7, organization="a")
    )
    found = stood(facts, day(2, 2))
    assert found.progress == D("0.5") and found.quota and found.quota.missing == ("b",)
    assert [(one.own_target, one.actual, one.met, one.progress) for one in found.assignments] == [
        (2, 7, True, 1),
        (2, None, False, None),
    ]


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from(list(Declared))), max_size=8)
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_state_of_several(said: list[tuple[str | None, Declared]]) -> None:
    facts, item = several()
    for number, (who, state) in enumerate(said, start=1):
        tell(facts, update(item, at(2, number), state, organization=who))
    own = {who: state for who, state in said if who}
    whole = next((state for who, state in reversed(said) if who is None), NOT)
    each = [own.get(name, whole) for name in "abc"]
    within = [one for one in each if one not in OUTSIDE]
    found = stood(facts, day(3, 1))
    assert [one.declared for one in found.assignments] == each
    if not within:
        assert found.declared in each and found.excluded
    elif set(within) == {DONE}:
        assert found.declared is DONE
    elif set(within) == {NOT}:
        assert found.declared is NOT
    else:
        assert found.declared is ONGOING


# --- verdicts and completion


def test_a_verdict_stands_beside_and_the_gap_is_counted() -> None:
    item = row("1.1")
    facts = tell(record(item), update(item, at(3), ONGOING, 10), proof(item, at(3)))
    assert not stood(facts, day(3, 2)).disagreement
    tell(
        facts,
        verdict(item, at(3, 2), agrees=True),
        verdict(item, at(3, 2), VerdictRole.CONTROL, assigned=Completion.NOT_STARTED, rationale="Nada"),
    )
    found = stood(facts, day(3, 3))
    assert found.disagreement and [(one.role.value, one.disagrees) for one in found.verdicts] == [
        ("control_interno", True),
        ("monitor", False),
    ]
    assert found.light == "en_curso"
    tell(facts, verdict(item, at(3, 3), VerdictRole.CONTROL, assigned=Completion.LIMITED))
    assert not stood(facts, day(3, 4)).disagreement


def test_a_verdict_that_does_not_agree_opens_it_again() -> None:
    item = row("1.1")
    facts = tell(
        record(item), update(item, at(3), DONE), proof(item, at(3)), verdict(item, at(4), agrees=False)
    )
    found = stood(facts, day(4, 2))
    assert (found.light, found.declared, found.disagreement) == (
        "en_curso",
        DONE,
        True,
    ) and "reabierto_veredicto" in found.labels
    # reported anew as in course, the two agree; declared completado anew, it waits for another verdict
    assert not stood(tell(facts, update(item, at(4, 5), ONGOING)), day(4, 6)).disagreement
    again = stood(tell(facts, update(item, at(4, 10), DONE)), day(4, 11))
    assert again.light == "completado" and again.disagreement


def test_suggested_completion() -> None:
    item = row("1.1", indicators=[count_of("10")])
    facts = record(item)

    def suggested() -> Completion | None:
        return stood(facts, day(6, 1)).suggested

    assert suggested() is Completion.NOT_STARTED
    tell(facts, measure(item, at(3), 4))
    assert suggested() is Completion.NO_EVIDENCE
    shown = proof(item, at(3))
    tell(facts, shown)
    assert suggested() is Completion.LIMITED
    tell(facts, measure(item, at(4), 1))
    assert suggested() is Completion.SUBSTANTIAL
    tell(facts, measure(item, at(4), 5), update(item, at(4), DONE))
    assert suggested() is Completion.SUBSTANTIAL, "nobody looked at the evidence"
    tell(facts, look(shown, at(4), alive=True))
    assert suggested() is Completion.COMPLETE


# --- parents


def test_a_roll_up() -> None:
    facts = shaped({"1": 2, "2": 1}, indicators=lambda: [count_of("10")])
    one, two, three = [item for item in facts.plan.items if item.trackable]
    tell(
        facts,
        measure(one, at(3), 4),
        update(one, at(3), ONGOING),
        proof(one, at(3)),
        update(two, at(3), Declared.WITHDRAWN),
        update(three, at(3), DONE),
        proof(three, at(3)),
    )
    found = roll_up(compute_status(facts, day(3, 2)), facts)
    whole, first = found[None], found["componente", "1"]
    assert whole.counts == {"completado": 1, "en_curso": 1, "retirado": 1} and (
        whole.total,
        whole.counted,
    ) == (3, 2)
    assert whole.rolled.progress == D("0.7") and (whole.rolled.with_value, whole.rolled.total) == (2, 2)
    assert (
        first.counts == {"en_curso": 1, "retirado": 1}
        and first.rolled.progress == D("0.4")
        and first.counted == 1
    )
    assert whole.undeclared == 3 and whole.last_update == at(3)
    assert (
        whole.suggested is Completion.SUBSTANTIAL
        and found["componente", "2"].suggested is Completion.SUBSTANTIAL
    )


@pytest.mark.parametrize(
    ("weights", "progress"), [("equal", "0.5"), ("rows", "0.25"), ("explicit", "0.3"), ("budget", "0.9")]
)
def test_a_roll_up_by_weights(weights: str, progress: str) -> None:
    facts = shaped({"1": 1, "2": 3}, indicators=lambda: [count_of("10")])
    for item in facts.plan.items:
        if item.trackable:
            tell(facts, measure(item, at(3), 10 if item.code.startswith("1") else 0))
        if item.level == "componente":
            item.weight, item.fields["budget"] = (D(30), "900") if item.code == "1" else (D(70), "100")
    facts.settings = {"weights": weights}
    assert roll_up(compute_status(facts, day(3, 2)), facts)[None].rolled.progress == D(progress)


STATES = st.sampled_from([None, *Declared])


@given(
    st.dictionaries(
        st.sampled_from("123456"),
        st.lists(st.tuples(STATES, st.none() | st.integers(0, 100), st.booleans()), min_size=1, max_size=5),
        min_size=1,
    )
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_roll_up_is_the_sum_of_its_children(
    rows: dict[str, list[tuple[Declared | None, int | None, bool]]],
) -> None:
    facts = shaped({component: len(ones) for component, ones in rows.items()}, rows_of_activity=2)
    tracked = iter([item for item in facts.plan.items if item.trackable])
    for ones in rows.values():
        for state, value, evidence in ones:
            item = next(tracked)
            tell(facts, update(item, at(3), state, value), *([proof(item, at(3))] if evidence else []))
    lights = compute_status(facts, day(9, 1))
    found = roll_up(lights, facts)
    assert Counter(found[None].counts) == Counter(one.light for one in lights.values())
    for key, whole in found.items():
        below = [found.get(item.key) for item in facts.plan.children(facts.plan.item(*key) if key else None)]
        below = [one for one in below if one]
        if below:
            for name in ("total", "counted", "undeclared", "disagreements", "without_evidence"):
                assert getattr(whole, name) == sum(getattr(one, name) for one in below)
            assert Counter(whole.counts) == sum((Counter(one.counts) for one in below), Counter())
            assert Counter(whole.reasons) == sum((Counter(one.reasons) for one in below), Counter())
            assert whole.rolled.with_value == sum(one.rolled.with_value for one in below)
        assert (
            whole.rolled.with_value
            <= whole.rolled.total
            == whole.counted
            <= whole.total
            == sum(whole.counts.values())
        )
        assert whole.rolled.progress is None or 0 <= whole.rolled.progress <= 1


# --- transitions


@pytest.mark.parametrize(
    ("before", "after", "given_", "needs"),
    [
        (NOT, ONGOING, {}, []),
        (ONGOING, ONGOING, {}, []),
        (ONGOING, DONE, {}, ["need.evidence"]),
        (ONGOING, DONE, {"evidence": 1}, []),
        (NOT, DONE, {"evidence": 1, "targets_met": False}, ["need.exception"]),
        (NOT, DONE, {"evidence": 1, "targets_met": False, "reason": "Se acordó"}, []),
        (DONE, ONGOING, {}, ["need.reason"]),
        (DONE, ONGOING, {"reason": "Faltaba"}, []),
        (ONGOING, NOT, {"reason": " "}, ["need.reason"]),
        (ONGOING, Declared.NOT_APPLICABLE, {}, ["need.reason"]),
        (Declared.SUSPENDED, ONGOING, {"reason": "Se reanuda"}, []),
        (DONE, Declared.WITHDRAWN, {}, ["need.reason", "need.act"]),
        (Declared.WITHDRAWN, ONGOING, {"reason": "x", "act": "Resolución 1"}, []),
    ],
)
def test_transitions(before: Declared, after: Declared, given_: dict[str, Any], needs: list[str]) -> None:
    found = may(before, after, **given_)
    assert [one.code for one in found] == needs
    assert all(phrases.need_words(one, "es") for one in found)


# --- a part of it, all of it, a lot of it


def test_one_item_alone_stands_as_among_all() -> None:
    facts = shaped({"1": 4, "2": 2}, indicators=lambda: [count_of("10")], schedule=lambda: months(2, 6))
    for number, item in enumerate(item for item in facts.plan.items if item.trackable):
        tell(facts, measure(item, at(3), number), update(item, at(3), ONGOING))
    whole = compute_status(facts, day(7, 2))
    for key, found in whole.items():
        assert compute_status(facts, day(7, 2), [key]) == {key: found}
        alone = Record(
            facts.plan,
            updates=[one for one in facts.updates if one.item == key],
            measurements=[one for one in facts.measurements if one.item == key],
        )
        alone.plan = type(facts.plan)(
            **{name: getattr(facts.plan, name) for name in ("family", "title", "start", "end")},
            items=[item for item in facts.plan.items if item.key == key],
        )
        assert compute_status(alone, day(7, 2))[key] == found
    assert compute_status(facts, day(7, 2), [("componente", "1")])["componente", "1"].light == "en_riesgo"


def test_a_standing_as_json() -> None:
    item = row(
        "1.1",
        schedule=months(2, 6),
        indicators=[count_of("3")],
        assignments=[Assignment(group="g", own_target=D(1))],
    )
    facts = tell(
        record(item, groups=(OrgGroup("g", "g", 3, ("a", "b", "c")),)),
        measure(item, at(3), 1, organization="a"),
        verdict(item, at(4), agrees=False),
    )
    found = item_status_dict(stood(facts, day(7, 2)))

    def refuse(text: str) -> None:
        raise AssertionError(text)

    assert json.loads(json.dumps(found), parse_float=refuse) == found
    assert (
        found["key"] == {"level": "fila", "code": "1.1"}
        and found["progress"] == "0.3333333333"
        and found["due"] == "2026-06-30"
    )
    assert found["reasons"][0] == {"code": "R1", "params": {"due": "2026-06-30", "days": 2}}
    assert (
        found["last_update"] == "2026-03-01T14:00:00.000000Z" and found["quota"]["progress"] == "0.3333333333"
    )
    whole = roll_up_dict(roll_up(compute_status(facts, day(7, 2)), facts)[None])
    assert json.loads(json.dumps(whole)) == whole and whole["key"] is None


def test_it_grows_with_what_there_is() -> None:
    """Four times as much takes four times as many steps: nothing looks through all for each."""

    def steps(rows: int) -> int:
        names = tuple(f"o{number}" for number in range(28))
        facts = shaped(
            {"1": rows},
            indicators=lambda: [count_of("56")],
            assignments=lambda: [Assignment(group="g", own_target=D(2))],
        )
        facts.plan.groups = [OrgGroup("g", "g", 28, names)]
        for item in [item for item in facts.plan.items if item.trackable]:
            tell(
                facts,
                *(measure(item, at(3), 1, organization=name) for name in names[:6]),
                update(item, at(3), ONGOING, organization=names[0]),
                proof(item, at(3)),
            )
        profile = cProfile.Profile()
        lights = profile.runcall(compute_status, facts, day(7, 1))
        profile.runcall(roll_up, lights, facts)
        return sum(one.callcount for one in profile.getstats())

    steps(10)
    assert steps(200) < steps(50) * 4.1


# --- in words


def reasons_of_all_kinds() -> list[Reason]:
    late = day(3, 31)
    return [
        Reason("R1", {"due": late, "days": 1}),
        Reason("R2", {"how": "little", "due": late, "days": 3, "progress": D("49.5"), "least": D(50)}),
        Reason("R2", {"how": "none", "due": late, "days": 3, "progress": None, "least": D(50)}),
        Reason("R2", {"how": "little", "due": late, "days": 0, "progress": D(0), "least": D(50)}),
        Reason("R2", {"how": "none", "due": late, "days": 0, "progress": None, "least": D(50)}),
        Reason(
            "R3",
            {"how": "behind", "expected": D(50), "progress": D(10) / 3, "points": D("46.67"), "limit": D(20)},
        ),
        Reason("R3", {"how": "none", "expected": D(50), "progress": None, "points": D(50), "limit": D(20)}),
        Reason("R4", {"how": "silent", "days": 47, "limit": D(45), "since": late}),
        Reason("R4", {"how": "never", "days": 47, "limit": D(45), "since": late}),
        Reason("R4b", {"times": 3, "limit": D(3)}),
        Reason("R5", {"how": "done", "evidence": 0}),
        Reason("R5", {"how": "broken", "evidence": 2}),
        Reason(
            "R5",
            {"how": "progress", "evidence": 0, "progress": D(10), "since": late, "days": 30, "limit": D(30)},
        ),
        Reason("R6", {"plan": None, "level": "fila", "code": "1.2", "due": late, "days": 10}),
        Reason("R6", {"plan": "ogp-2026", "level": "hito", "code": "4.1.H1", "due": late, "days": 10}),
        *(
            Reason("R7", {"how": role.value, "verdict": "v", "since": late, "days": days})
            for role in VerdictRole
            for days in (0, 9)
        ),
        Reason(
            "R9",
            {
                "indicator": "i",
                "missing": D(5000),
                "target": D(6000),
                "best": D(20),
                "periods": 1,
                "factor": D(2),
                "reach": D(40),
            },
        ),
        Reason("manual", {"text": "Sin contrato", "organization": None, "since": late}),
        Reason("manual", {"text": "", "organization": None, "since": late}),
    ]


@pytest.mark.parametrize("lang", ["es", "en", "es_CO", "fr"])
def test_each_reason_prints_all_its_numbers(lang: str) -> None:
    said = set()
    for one in reasons_of_all_kinds():
        words = reason_words(one, lang)
        said.add(words)
        assert words and "%(" not in words and "None" not in words and "  " not in words
        assert reason_title(one.code, lang)
    assert len(said) == len(reasons_of_all_kinds()) == len(messages.REASONS), "each of the words is used"


def test_reasons_in_spanish() -> None:
    words = [reason_words(one, "es") for one in reasons_of_all_kinds()]
    assert words[0] == "Venció el 31 de marzo de 2026, hace 1 día, y no está completado."
    assert (
        words[1]
        == "Vence el 31 de marzo de 2026 (en 3 días) y su avance es del 49,5\u00a0%; a estas alturas se esperaba al menos el 50\u00a0%."
    )
    assert words[5].startswith(
        "A hoy se esperaba el 50\u00a0% y su avance es del 3,3\u00a0%: 46,67 puntos menos"
    )
    assert words[7] == "Sin reporte desde hace 47 días, desde el 31 de marzo de 2026 (máximo: 45 días)."
    assert "De 6.000 faltan 5.000 y quedan 1 periodo" in words[19] or "quedan 1 periodo" in words[19]


def test_a_hostile_text_is_not_read_as_our_words() -> None:
    found = Reason("manual", {"text": "%(since)s %d <b>", "organization": None, "since": day(3, 1)})
    assert reason_words(found, "es").endswith("%(since)s %d <b>")


SOURCES = [
    *messages.REASON_TITLES.values(), *messages.REASONS.values(), *messages.LABELS.values(), *messages.BREAKS.values(), *messages.NEEDS.values(),
    *messages.COMPLETIONS.values(), *messages.VERDICT_ROLES.values(), *messages.CUT_STATES.values(), *messages.SETTINGS.values(), *messages.ENTRIES.values(),
]  # fmt: skip


@pytest.mark.parametrize("source", sorted(set(SOURCES)))
def test_spanish(source: str) -> None:
    spanish = translator("es_CO").gettext(source)
    assert spanish != source, "no Spanish"
    assert sorted(re.findall(r"%\(\w+\)s", spanish)) == sorted(re.findall(r"%\(\w+\)s", source))


def test_each_code_has_words() -> None:
    assert set(messages.REASON_TITLES) == set(REASONS)
    assert set(messages.LABELS) == set(LABELS)
    assert {one.value for one in Completion} == set(messages.COMPLETIONS)
    assert {one.value for one in VerdictRole} == set(messages.VERDICT_ROLES)
    for light in (*LIGHTS, *(one.value for one in OUTSIDE)):
        assert (
            light_words(light, "es")
            == settings.of("paac").states[light].name["es"]
            == light_words(light, "es_CO", settings.of("paac"))
        )
        assert light_words(light, "en") == settings.of("paac").states[light].name["en"]
    assert light_words("otra", "es") == "otra"
    assert label_words("sin_programacion", "es") == "Sin programación"


def test_a_correction_that_was_returned_gives_back_what_it_corrected() -> None:
    first = Update(id="1", at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc), item=("fila", "1.1"))
    second = replace(first, id="2", at=first.at + dt.timedelta(days=1), supersedes="1", text="corregido")
    back = Review(id="3", at=first.at + dt.timedelta(days=2), update="2", accepted=False, reason="falta")
    record = Record(Plan("paac"), updates=[first, second])
    assert [one.id for one in record.counting_updates()] == ["2"]
    record.reviews.append(back)
    assert [one.id for one in record.counting_updates()] == ["1"]
