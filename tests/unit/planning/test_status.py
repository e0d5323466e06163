"""The status of an item: evidence, those who owe it, parts of a plan, plain values, growth."""

from __future__ import annotations

import cProfile
import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.tracked import (
    DONE,
    NOT,
    ONGOING,
    D,
    add_facts,
    at,
    codes,
    count_of,
    day,
    look,
    measure,
    months,
    on,
    proof,
    reason,
    record,
    review,
    row,
    shaped,
    stood,
    update,
    verdict,
)

from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import (
    OUTSIDE,
    item_status_dict,
    roll_up_dict,
)
from ckanext.ogp_plan.planning.tracking import (
    Record,
)
from ckanext.ogp_plan.planning.types import Assignment, Declared, Item, OrgGroup


def test_nothing_reported_is_not_started() -> None:
    status = stood(record(row("1.1")), day(1, 15))
    assert (status.declared, status.light, status.progress, status.expected, status.due) == (
        NOT,
        "no_iniciado",
        None,
        None,
        None,
    )
    assert status.last_update is None and status.silence_days == 14
    assert {"sin_programacion", "sin_meta", "sin_reporte"} <= set(status.labels)


def test_completado_needs_valid_evidence() -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(3), ONGOING))
    assert stood(facts, day(3, 2)).light == "en_curso"
    add_facts(facts, update(item, at(3, 2), DONE))
    status = stood(facts, day(3, 3))
    assert status.light == "en_riesgo" and [reason.params["how"] for reason in status.reasons] == ["done"]
    add_facts(facts, proof(item, at(3, 3)))
    assert stood(facts, day(3, 3)).light == "completado" and not stood(facts, day(12, 1)).reasons


@pytest.mark.parametrize("state", OUTSIDE)
def test_outside_of_the_lights_there_are_no_reasons(state: Declared) -> None:
    item = row("1.1", schedule=on(2, 1))
    facts = add_facts(record(item), update(item, at(1), state, reason="Motivo"))
    status = stood(facts, day(11, 1))
    assert (status.light, status.reasons, status.excluded, status.suggested) == (state.value, (), True, None)


@pytest.mark.parametrize("wrong", [{"alive": False}, {"same": False}, {"public": False}])
def test_the_only_evidence_breaks_and_the_item_is_open_again(wrong: dict[str, bool]) -> None:
    item = row("1.1", schedule=on(6, 1))
    evidence = proof(item, at(3))
    facts = add_facts(
        record(item),
        update(item, at(3), DONE),
        evidence,
        look(evidence, at(4), alive=True, same=True, public=True),
    )
    assert stood(facts, day(4, 2)).light == "completado"
    add_facts(facts, look(evidence, at(5), **wrong))
    status = stood(facts, day(5, 2))
    assert status.light == "en_riesgo" and status.declared is DONE and "reabierto_evidencia" in status.labels
    assert reason(facts, day(5, 2), "R5") == {"how": "broken", "evidence": 1}
    assert (status.evidence, status.valid_evidence) == (1, 0)
    # open again: what is due is overdue
    assert codes(facts, day(6, 2))[0] == "R1"
    add_facts(facts, proof(item, at(5, 3)))
    assert stood(facts, day(6, 2)).light == "completado"
    add_facts(facts, look(evidence, at(6), alive=True, same=True, public=True))
    assert stood(facts, day(6, 2)).valid_evidence == 2


def test_a_check_without_a_result_changes_nothing() -> None:
    item = row("1.1")
    evidence = proof(item, at(3))
    facts = add_facts(record(item), update(item, at(3), DONE), evidence, look(evidence, at(4), detail="caído"))
    assert stood(facts, day(4, 2)).light == "completado"


def test_private_evidence_counts_and_says_so() -> None:
    item = row("1.1")
    hidden = proof(item, at(3), public=False, withheld="Reserva")
    facts = add_facts(record(item), update(item, at(3), DONE), hidden, look(hidden, at(4), public=False))
    status = stood(facts, day(4, 2))
    assert (
        status.light == "completado" and status.private_evidence == 1 and "evidencia_privada" in status.labels
    )


def test_withdrawn_or_returned_evidence_is_none() -> None:
    item = row("1.1")
    done = update(item, at(3), DONE)
    evidence = proof(item, at(3), update=done.id)
    facts = add_facts(record(item), update(item, at(2), ONGOING), done, evidence)
    assert stood(facts, day(3, 2)).light == "completado"
    gone = add_facts(
        Record(facts.plan, updates=facts.updates, evidence=list(facts.evidence)),
        proof(item, at(3, 2), supersedes=evidence.id, retracted="No era"),
    )
    assert stood(gone, day(3, 3)).evidence == 0 and "R5" in codes(gone, day(3, 3))
    add_facts(facts, review(at(3, 5), False, update=done.id, reason="Incompleto"))
    status = stood(facts, day(3, 6))
    assert (status.declared, status.evidence) == (ONGOING, 0), "the state falls back to the update before"
    add_facts(facts, review(at(3, 6), True, update=done.id))
    assert stood(facts, day(3, 7)).light == "completado"


def several() -> tuple[Record, Item]:
    item = row("1.1", assignments=[Assignment(group="g")])
    return record(item, groups=(OrgGroup("g", "g", 3, ("a", "b", "c")),)), item


def test_done_when_each_is() -> None:
    facts, item = several()
    add_facts(facts, proof(item, at(2)))
    assert stood(facts, day(2, 2)).declared is NOT
    add_facts(facts, update(item, at(2), DONE, organization="a"))
    assert stood(facts, day(2, 2)).declared is ONGOING
    add_facts(
        facts,
        update(item, at(2), DONE, organization="b"),
        update(item, at(2), Declared.NOT_APPLICABLE, organization="c"),
    )
    status = stood(facts, day(2, 2))
    assert status.declared is DONE and status.light == "completado"
    assert [
        (assignment.organization, assignment.declared, assignment.excluded)
        for assignment in status.assignments
    ] == [
        ("a", DONE, False),
        ("b", DONE, False),
        ("c", Declared.NOT_APPLICABLE, True),
    ]


def test_a_report_on_the_whole_counts_for_who_did_not_report() -> None:
    facts, item = several()
    add_facts(facts, update(item, at(2), ONGOING, organization="a"), update(item, at(3), DONE))
    status = stood(facts, day(3, 2))
    assert status.declared is ONGOING
    assert [(assignment.declared, assignment.by_whole) for assignment in status.assignments] == [
        (ONGOING, False),
        (DONE, True),
        (DONE, True),
    ]
    assert stood(add_facts(facts, update(item, at(4), DONE, organization="a")), day(4, 2)).declared is DONE


def test_a_group_whose_members_are_not_known_waits_for_all() -> None:
    item = row("1.1", assignments=[Assignment(group="g")])
    facts = record(item, groups=(OrgGroup("g", "g", 3),))
    add_facts(facts, *(update(item, at(2), DONE, organization=name) for name in ("a", "b")))
    assert stood(facts, day(2, 2)).declared is ONGOING
    assert [assignment.organization for assignment in stood(facts, day(2, 2)).assignments] == ["a", "b"]
    assert stood(add_facts(facts, update(item, at(2), DONE, organization="c")), day(2, 2)).declared is DONE


def test_quotas_by_organismo() -> None:
    item = row("1.1", indicators=[count_of("4")], assignments=[Assignment(group="g", own_target=D(2))])
    facts = add_facts(
        record(item, groups=(OrgGroup("g", "g", 2, ("a", "b")),)), measure(item, at(2), 7, organization="a")
    )
    status = stood(facts, day(2, 2))
    assert status.progress == D("0.5") and status.quota and status.quota.missing == ("b",)
    assert [
        (assignment.own_target, assignment.actual, assignment.met, assignment.progress)
        for assignment in status.assignments
    ] == [
        (2, 7, True, 1),
        (2, None, False, None),
    ]


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from(list(Declared))), max_size=8)
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_state_of_several(reported: list[tuple[str | None, Declared]]) -> None:
    facts, item = several()
    for number, (who, state) in enumerate(reported, start=1):
        add_facts(facts, update(item, at(2, number), state, organization=who))
    own = {who: state for who, state in reported if who}
    whole = next((state for who, state in reversed(reported) if who is None), NOT)
    each = [own.get(name, whole) for name in "abc"]
    within = [one for one in each if one not in OUTSIDE]
    status = stood(facts, day(3, 1))
    assert [assignment.declared for assignment in status.assignments] == each
    if not within:
        assert status.declared in each and status.excluded
    elif set(within) == {DONE}:
        assert status.declared is DONE
    elif set(within) == {NOT}:
        assert status.declared is NOT
    else:
        assert status.declared is ONGOING


def test_one_item_alone_has_the_status_it_has_among_all() -> None:
    facts = shaped({"1": 4, "2": 2}, indicators=lambda: [count_of("10")], schedule=lambda: months(2, 6))
    for number, item in enumerate(item for item in facts.plan.items if item.trackable):
        add_facts(facts, measure(item, at(3), number), update(item, at(3), ONGOING))
    whole = compute_status(facts, day(7, 2))
    for key, found in whole.items():
        assert compute_status(facts, day(7, 2), [key]) == {key: found}
        alone = Record(
            facts.plan,
            updates=[fact for fact in facts.updates if fact.item == key],
            measurements=[measurement for measurement in facts.measurements if measurement.item == key],
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
    facts = add_facts(
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
            add_facts(
                facts,
                *(measure(item, at(3), 1, organization=name) for name in names[:6]),
                update(item, at(3), ONGOING, organization=names[0]),
                proof(item, at(3)),
            )
        profile = cProfile.Profile()
        lights = profile.runcall(compute_status, facts, day(7, 1))
        profile.runcall(roll_up, lights, facts)
        return sum(stat.callcount for stat in profile.getstats())

    steps(10)
    assert steps(200) < steps(50) * 4.1
