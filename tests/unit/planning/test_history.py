"""The story of an item on one timeline, and what was edited after a cut."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.tracked import (
    add_facts,
    at,
    count_of,
    look,
    measure,
    proof,
    record,
    review,
    row,
    update,
    verdict,
)

from ckanext.ogp_plan.planning import history
from ckanext.ogp_plan.planning.history import Change, LightChange
from ckanext.ogp_plan.planning.tracking import Answer, Completion, Link, LinkKind, Record, Report, VerdictRole
from ckanext.ogp_plan.planning.types import ChangeKind, Declared, Item, PlanChange
from ckanext.ogp_plan.planning.words.phrases import describe_entry

ITEM = row("1.1", indicators=[count_of("4")])
OTHER = row("1.2")


def lived() -> Record:
    first = update(ITEM, at(1, 10), Declared.ONGOING, 20, organization="datic", by="persona-1")
    second = update(ITEM, at(2, 10), confirms=True, organization="datic")
    shown = proof(ITEM, at(2, 11), title="Acta 3", update=first.id)
    reported = update(ITEM, at(3, 2), progress=30, report="informe-1")
    alert = verdict(ITEM, at(4, 1), VerdictRole.CONTROL, alert=True, by="persona-2")
    value = measure(ITEM, at(3, 1), 1)
    return add_facts(
        record(ITEM, OTHER), first, second, shown, reported, alert, value,
        proof(ITEM, at(2, 12), public=False, title="Secreto", withheld="Reserva"),
        look(shown, at(2, 20), alive=True), look(shown, at(2, 27), alive=False, same=False), look(shown, at(3, 6), alive=False, same=False), look(shown, at(3, 13), alive=True, same=True),
        measure(ITEM, at(3, 5), supersedes=value.id, retracted="Doble"),
        review(at(2, 15), False, update=first.id, reason="Falta"), review(at(3, 10), True, report="informe-1"),
        Report(id="informe-1", at=at(3, 2), organization="datic", start=at(1).date(), end=at(3, 31).date()),
        Answer(id="a", at=at(4, 2), item=ITEM.key, reason="R7", text="Se revisa", organization="datic"),
        verdict(ITEM, at(4, 3), VerdictRole.CONTROL, closes=alert.id), verdict(ITEM, at(4, 4), agrees=False), verdict(ITEM, at(4, 5), assigned=Completion.LIMITED),
        Link(id="l1", at=at(1, 5), item=ITEM.key, kind=LinkKind.DEPENDS, other=OTHER.key), Link(id="l2", at=at(1, 6), item=ITEM.key, kind=LinkKind.DEPENDS, other=OTHER.key, removed=True),
        update(OTHER, at(5, 1), Declared.DONE),
    )  # fmt: skip


def test_one_timeline_newest_first() -> None:
    found = history.build_story(lived(), ITEM.key)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert [one.code for one in reversed(found)] == [
        "link", "link.removed", "update.both", "update.confirms", "evidence", "evidence.private", "review.returned",
        "evidence.broken", "measurement", "update.progress", "measurement.retracted", "review.accepted", "evidence.valid_again",
        "verdict.alert", "answer", "verdict.closes", "verdict.disagrees", "verdict.completion",
    ]  # fmt: skip
    assert all(one.event for one in found)


def test_what_counts_no_more_stays_and_says_so() -> None:
    found = {one.code: one for one in history.build_story(lived(), ITEM.key)}
    assert not found["update.both"].counts, "returned"
    assert not found["evidence"].counts, "of what was returned"
    assert not found["measurement"].counts, "withdrawn"
    assert found["update.progress"].counts and found["update.confirms"].counts and found["verdict.completion"].counts


@pytest.mark.parametrize("lang", ["es", "en"])
def test_in_words_without_persons_or_secrets(lang: str) -> None:
    changes = [
        Change(at(1, 1), 1, PlanChange(ChangeKind.ADDED, *ITEM.key, None, None, "x")),
        Change(at(6, 1), 2, PlanChange(ChangeKind.CHANGED, *ITEM.key, "schedule.due", "2026-03-01", "2026-06-01"), "Acta 4", "Retraso"),
        Change(at(6, 1), 2, PlanChange(ChangeKind.CHANGED, *OTHER.key, "title", "a", "b")),
    ]
    lights = [LightChange(at(6, 2), None, "no_iniciado"), LightChange(at(6, 3), "en_curso", "en_riesgo", ("R1",))]
    found = history.build_story(lived(), ITEM.key, changes, lights)
    assert len(found) == 18 + 2 + 2
    words = [describe_entry(one, lang) for one in found]
    assert all(words) and not any("%(" in one or "persona" in one or "Secreto" in one for one in words)
    expected = {"es": ["El semáforo cambió de En curso a En riesgo", "Reporte: En curso, avance del 20\u00a0%", "Respuesta a «Alerta»", "Concepto: Limitado"],
                "en": ["The light changed from Ongoing to At risk", "Report: Ongoing, progress of 20%", 'Answer to "Alert"', "Verdict: Limited"]}[lang]  # fmt: skip
    assert set(expected) <= set(words)


def test_each_word_of_the_timeline_is_of_some_event() -> None:
    from ckanext.ogp_plan.planning.words import messages

    item = row("1.1")
    facts = add_facts(
        record(item), update(item, at(1), text="a"), update(item, at(1), Declared.ONGOING), update(item, at(1), at_risk=True), measure(item, at(1)),
        proof(item, at(1), retracted="x"), verdict(item, at(1)), verdict(item, at(1), agrees=True),
    )  # fmt: skip
    changes = [Change(at(1), 1, PlanChange(kind, *item.key, "title", "a", "b")) for kind in ChangeKind]
    lights = [LightChange(at(1), None, "en_curso"), LightChange(at(1), "en_curso", "completado")]
    used = {one.code for one in (*history.build_story(facts, item.key, changes, lights), *history.build_story(lived(), ITEM.key))}
    assert used == set(messages.ENTRIES)


def test_a_percentage_says_so() -> None:
    item = row("1.1")
    facts = add_facts(record(item), measure(item, at(1), numerator=Decimal(1), denominator=Decimal(8)))
    assert describe_entry(history.build_story(facts, item.key)[0], "es").endswith(": 12,5\u00a0%")


def test_what_was_edited_after() -> None:
    found = history.find_edits_after(lived(), at(4, 2))
    assert {key: [one.code for one in ones] for key, ones in found.items()} == {
        ITEM.key: ["verdict.completion", "verdict.disagrees", "verdict.closes"],
        OTHER.key: ["update.state"],
    }
    assert history.find_edits_after(lived(), at(6)) == {}
    since_february = history.find_edits_after(lived(), at(2, 1))[ITEM.key]
    assert "evidence" in {one.kind for one in since_february} and "check" not in {one.kind for one in since_february}


def test_of_an_item_that_is_not_there() -> None:
    assert history.build_story(lived(), ("fila", "9.9")) == []
    assert history.build_story(Record(record(Item("fila", "1", "x")).plan), ("fila", "1")) == []
