"""Verdicts beside what is declared, and the completion that the rules suggest."""

from __future__ import annotations

from support.tracked import (
    DONE,
    ONGOING,
    add_facts,
    at,
    count_of,
    day,
    look,
    measure,
    proof,
    record,
    row,
    stood,
    update,
    verdict,
)

from ckanext.ogp_plan.planning.tracking import (
    Completion,
    VerdictRole,
)


def test_a_verdict_is_kept_beside_and_the_gap_is_counted() -> None:
    item = row("1.1")
    facts = add_facts(record(item), update(item, at(3), ONGOING, 10), proof(item, at(3)))
    assert not stood(facts, day(3, 2)).disagreement
    add_facts(
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
    add_facts(facts, verdict(item, at(3, 3), VerdictRole.CONTROL, assigned=Completion.LIMITED))
    assert not stood(facts, day(3, 4)).disagreement


def test_a_verdict_that_does_not_agree_opens_it_again() -> None:
    item = row("1.1")
    facts = add_facts(
        record(item), update(item, at(3), DONE), proof(item, at(3)), verdict(item, at(4), agrees=False)
    )
    found = stood(facts, day(4, 2))
    assert (found.light, found.declared, found.disagreement) == (
        "en_curso",
        DONE,
        True,
    ) and "reabierto_veredicto" in found.labels
    # reported anew as in course, the two agree; declared completado anew, it waits for another verdict
    assert not stood(add_facts(facts, update(item, at(4, 5), ONGOING)), day(4, 6)).disagreement
    again = stood(add_facts(facts, update(item, at(4, 10), DONE)), day(4, 11))
    assert again.light == "completado" and again.disagreement


def test_suggested_completion() -> None:
    item = row("1.1", indicators=[count_of("10")])
    facts = record(item)

    def suggested() -> Completion | None:
        return stood(facts, day(6, 1)).suggested

    assert suggested() is Completion.NOT_STARTED
    add_facts(facts, measure(item, at(3), 4))
    assert suggested() is Completion.NO_EVIDENCE
    shown = proof(item, at(3))
    add_facts(facts, shown)
    assert suggested() is Completion.LIMITED
    add_facts(facts, measure(item, at(4), 1))
    assert suggested() is Completion.SUBSTANTIAL
    add_facts(facts, measure(item, at(4), 5), update(item, at(4), DONE))
    assert suggested() is Completion.SUBSTANTIAL, "nobody looked at the evidence"
    add_facts(facts, look(shown, at(4), alive=True))
    assert suggested() is Completion.COMPLETE
