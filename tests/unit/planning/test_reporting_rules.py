"""Rules of reporting: what is recorded and what is refused, each rule on both of its sides."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import Any

import pytest
from support.tracked import (
    D,
    add_facts,
    at,
    count_of,
    day,
    measure,
    on,
    percent_of,
    plan,
    proof,
    review,
    row,
    update,
    verdict,
)

from ckanext.ogp_plan.planning import report_batch, report_error, settings
from ckanext.ogp_plan.planning.evidence import check_evidence, check_privacy
from ckanext.ogp_plan.planning.report_error import RejectedReport
from ckanext.ogp_plan.planning.reporting.context import ReportingContext
from ckanext.ogp_plan.planning.reporting.organization_report import report_days
from ckanext.ogp_plan.planning.reporting.submission import Submission, fact_id
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.planning.tracking import (
    Completion,
    Event,
    EvidenceKind,
    PeriodEvent,
    Record,
    Report,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import (
    Assignment,
    Declared,
    Indicator,
    Item,
    Measure,
    PlanStatus,
    Role,
)
from ckanext.ogp_plan.planning.verdicts import check_rationale, check_verdict
from ckanext.ogp_plan.planning.words import messages
from ckanext.ogp_plan.planning.words.i18n import translator

TODAY = day(3, 20)
NOW = at(3, 20)
NOT_STARTED, ONGOING, DONE = Declared.NOT_STARTED, Declared.ONGOING, Declared.DONE
PLAN, OTHER_PLAN = "plan-1", "plan-2"
LINK = {"kind": EvidenceKind.LINK, "url": "https://cali.example/acta.pdf", "title": "Acta", "public": True}
EMPTY_VERDICT: dict[str, Any] = {
    "cut": None,
    "assigned": None,
    "agrees": None,
    "fulfilled": None,
    "quality": "",
    "rationale": "",
    "recommendation": "",
    "alert": False,
    "closes": None,
    "supersedes": None,
}


def context(
    *items: Item,
    events: tuple[Event, ...] = (),
    plan_id: str = PLAN,
    status: PlanStatus = PlanStatus.RUNNING,
    responsible: dict[str, set[Role]] | None = None,
    coordinates: bool = False,
) -> ReportingContext:
    """A plan with items that DATIC leads, unless others are given."""
    whole = plan(*items)
    owed = {"datic": {Role.LEAD}} if responsible is None else responsible
    return ReportingContext(
        plan_id,
        status,
        settings.family_settings(whole.family),
        add_facts(Record(whole), *events),
        {item.key: owed for item in items},
        NOW,
        coordinates=coordinates,
    )


def submission(*contexts: ReportingContext, request_id: str | None = None) -> Submission:
    new = Submission("user", TODAY, request_id)
    new.contexts = {found.plan_id: found for found in contexts}
    return new


def report(target: ReportingContext, item: Item, organization: str | None = "datic", **fields: Any) -> Any:
    return submission(target).report_update(PLAN, item.key, organization, ReportedUpdate(**fields))


def measured(target: ReportingContext, item: Item, organization: str | None = "datic", **fields: Any) -> Any:
    return submission(target).report_measurement(PLAN, item.key, organization, fields)


def proved(target: ReportingContext, item: Item, organization: str | None = "datic", **fields: Any) -> Any:
    return submission(target).add_evidence(PLAN, item.key, organization, {**LINK, **fields})


def rejected(call: Any, *arguments: Any, **fields: Any) -> list[tuple[str, str]]:
    """(field, code) of each error of what must be rejected."""
    with pytest.raises(RejectedReport) as error:
        call(*arguments, **fields)
    return [(each.field, each.code) for each in error.value.errors]


# --- plans and items


@pytest.mark.parametrize("status", [PlanStatus.ADOPTED, PlanStatus.RUNNING])
def test_a_plan_is_reported_while_it_is_adopted_or_running(status: PlanStatus) -> None:
    item = row("1.1")
    assert report(context(item, status=status), item, text="Se convocó.").text == "Se convocó."


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (PlanStatus.DRAFT, "plan.not_adopted"),
        (PlanStatus.CONSULTATION, "plan.not_adopted"),
        (PlanStatus.CLOSED, "plan.closed"),
    ],
)
def test_nothing_is_reported_before_a_plan_is_adopted_nor_after_it_is_closed(
    status: PlanStatus, code: str
) -> None:
    item = row("1.1", indicators=[count_of("10")])
    target = context(item, status=status)
    wanted = [("plan", code)]
    assert rejected(report, target, item, text="Se convocó.") == wanted
    assert rejected(measured, target, item, value=D(1)) == wanted
    assert rejected(proved, target, item) == wanted
    answer = {"reason": "R1", "text": "Se aplazó."}
    assert rejected(submission(target).answer_reason, PLAN, item.key, "datic", answer) == wanted


def test_nothing_is_reported_to_an_item_that_was_withdrawn() -> None:
    assert rejected(report, context(row("1.1")), row("1.2"), text="Algo") == [("item", "item.withdrawn")]


def test_nothing_is_reported_to_items_that_are_not_tracked() -> None:
    heading = Item("componente", "1", "Componente 1")
    assert rejected(report, context(heading), heading, text="Algo") == [("item", "item.not_trackable")]


def test_an_organismo_reports_what_it_owes_only() -> None:
    item = row("1.1")
    assert report(context(item), item, "datic", text="Algo").organization == "datic"
    assert report(context(item), item, None, text="Algo").organization is None
    assert rejected(report, context(item), item, "obras", text="Algo") == [
        ("organization", "organization.not_responsible")
    ]


# --- states


def test_the_first_report_of_who_leads_begins_an_item() -> None:
    item = row("1.1")
    assert report(context(item), item, text="Se convocó.").state is ONGOING
    begun = context(item, events=(update(item, at(2), ONGOING),))
    assert report(begun, item, text="Sigue.").state is None


def test_confirming_that_nothing_changed_begins_nothing() -> None:
    item = row("1.1")
    assert report(context(item), item, confirms=True).state is None


def test_who_only_supports_tells_and_declares_nothing() -> None:
    item = row("1.1")
    target = context(item, responsible={"datic": {Role.LEAD}, "obras": {Role.SUPPORT}})
    assert report(target, item, "obras", text="Se apoyó.").state is None
    assert report(target, item, "obras", text="Se apoyó.", state=NOT_STARTED).state is None
    for fields in ({"state": ONGOING}, {"progress": D(50)}):
        assert rejected(report, target, item, "obras", **fields) == [("state", "state.lead_only")]
    alone = context(item, responsible={"obras": {Role.SUPPORT}})
    assert report(alone, item, "obras", state=ONGOING).state is ONGOING


def test_completed_needs_valid_evidence() -> None:
    item = row("1.1")
    assert rejected(report, context(item), item, state=DONE) == [("evidence", "need.evidence")]
    assert report(context(item), item, state=DONE, evidence=[LINK]).state is DONE
    proved_before = context(item, events=(proof(item, at(2)),))
    assert report(proved_before, item, state=DONE).state is DONE


def test_evidence_of_another_organismo_does_not_prove_ones_own_part() -> None:
    item = row("1.1", assignments=[Assignment(organization="datic"), Assignment(organization="obras")])
    both = {"datic": {Role.LEAD}, "obras": {Role.LEAD}}
    of_other = context(item, events=(proof(item, at(2), organization="obras"),), responsible=both)
    assert rejected(report, of_other, item, state=DONE) == [("evidence", "need.evidence")]
    of_whole = context(item, events=(proof(item, at(2)),), responsible=both)
    assert report(of_whole, item, state=DONE).state is DONE


@pytest.mark.parametrize(
    ("indicator", "value", "reaches"),
    [
        (count_of("10"), 10, True),
        (count_of("10"), 9, False),
        (count_of("10", ascending=False), 9, True),
        (count_of("10", ascending=False), 11, False),
        (count_of(None), 0, True),
        (percent_of("80"), 80, True),
        (percent_of("80"), 79, False),
    ],
)
def test_completed_below_the_target_needs_a_written_exception(
    indicator: Indicator, value: int, reaches: bool
) -> None:
    item = row("1.1", indicators=[indicator])
    fields: dict[str, Any] = {"state": DONE, "evidence": [LINK], "measurements": [{"value": D(value)}]}
    if reaches:
        assert report(context(item), item, **fields).state is DONE
    else:
        assert rejected(report, context(item), item, **fields) == [("reason", "need.exception")]
    assert report(context(item), item, **fields, reason="Se fusionó con otro.").state is DONE


def test_an_indicator_that_was_not_measured_does_not_reach_its_target() -> None:
    item = row("1.1", indicators=[count_of("10")])
    wrong = rejected(report, context(item), item, state=DONE)
    assert wrong == [("evidence", "need.evidence"), ("reason", "need.exception")]


def test_the_last_of_several_organismos_answers_for_the_targets_of_the_whole() -> None:
    item = row(
        "1.1",
        indicators=[count_of("10")],
        assignments=[Assignment(organization="datic"), Assignment(organization="obras")],
    )
    both = {"datic": {Role.LEAD}, "obras": {Role.LEAD}}
    assert report(context(item, responsible=both), item, state=DONE, evidence=[LINK]).state is DONE
    other_done = (proof(item, at(2)), update(item, at(2), DONE, organization="obras"))
    target = context(item, events=other_done, responsible=both)
    assert rejected(report, target, item, state=DONE) == [("reason", "need.exception")]


def test_an_organismo_of_a_shared_goal_answers_for_its_own_part() -> None:
    item = row(
        "1.1",
        indicators=[count_of("10")],
        assignments=[
            Assignment(organization="datic", own_target=D(4)),
            Assignment(organization="obras", own_target=D(6)),
        ],
    )
    both = {"datic": {Role.LEAD}, "obras": {Role.LEAD}}
    for value, reaches in ((4, True), (3, False)):
        target = context(item, responsible=both)
        fields: dict[str, Any] = {"state": DONE, "evidence": [LINK], "measurements": [{"value": D(value)}]}
        if reaches:
            assert report(target, item, **fields).state is DONE
        else:
            assert rejected(report, target, item, **fields) == [("reason", "need.exception")]


def test_open_again_needs_a_reason() -> None:
    item = row("1.1")
    target = context(item, events=(proof(item, at(2)), update(item, at(2), DONE)))
    assert rejected(report, target, item, state=ONGOING) == [("reason", "need.reason")]
    assert report(target, item, state=ONGOING, reason="Faltaba una parte.").state is ONGOING


@pytest.mark.parametrize("state", [Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN])
def test_only_the_coordinator_moves_an_item_out_of_the_count_and_back(state: Declared) -> None:
    item = row("1.1")
    fields = {"state": state, "reason": "No se materializó.", "act": "Resolución 7 de 2026"}
    assert rejected(report, context(item), item, **fields) == [("state", "state.coordinator_only")]
    assert report(context(item, coordinates=True), item, None, **fields).state is state
    out = (update(item, at(2), state),)
    back = {**fields, "state": ONGOING}
    assert rejected(report, context(item, events=out), item, **back) == [("state", "state.coordinator_only")]
    assert report(context(item, events=out, coordinates=True), item, None, **back).state is ONGOING


def test_out_of_the_count_needs_a_reason_and_withdrawn_an_act() -> None:
    item = row("1.1")
    target = context(item, coordinates=True)
    assert rejected(report, target, item, state=Declared.SUSPENDED) == [("reason", "need.reason")]
    wrong = rejected(report, target, item, state=Declared.WITHDRAWN, reason="Se retiró.")
    assert wrong == [("act", "need.act")]


def test_the_state_before_is_the_organismos_own_or_else_that_of_the_whole() -> None:
    item = row("1.1", assignments=[Assignment(organization="datic"), Assignment(organization="obras")])
    whole = update(item, at(1), ONGOING)
    own = update(item, at(2), DONE, organization="datic")
    target = context(item, events=(whole, own))
    assert target.declared_before(item.key, "datic") is DONE
    assert target.declared_before(item.key, "obras") is ONGOING
    assert target.declared_before(item.key, None) is ONGOING
    assert target.declared_before(item.key, "datic", without=own) is ONGOING


def test_progress_alone_began_an_item_before() -> None:
    item = row("1.1")
    assert context(item, events=(update(item, at(1), None, 20),)).declared_before(item.key, None) is ONGOING


def test_an_update_that_was_returned_counts_no_more() -> None:
    item = row("1.1")
    begun = update(item, at(2), ONGOING)
    returned = context(item, events=(begun, review(at(3), False, update=begun.id)))
    assert returned.declared_before(item.key, None) is NOT_STARTED
    assert report(returned, item, text="Otra vez.").state is ONGOING


# --- what contradicts itself


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"confirms": True, "state": ONGOING}, ("confirms", "update.contradicts")),
        ({"confirms": True, "progress": D(1)}, ("confirms", "update.contradicts")),
        ({"confirms": True, "at_risk": True}, ("confirms", "update.contradicts")),
        ({"confirms": True, "measurements": [{"value": D(1)}]}, ("confirms", "update.contradicts")),
        ({"at_risk": True}, ("reason", "risk.reason")),
        ({"at_risk": True, "reason": "x", "state": DONE}, ("at_risk", "risk.completed")),
        ({"state": DONE, "progress": D(99)}, ("progress", "progress.completed")),
        ({"state": NOT_STARTED, "progress": D(1)}, ("progress", "progress.not_started")),
        ({}, ("text", "update.empty")),
        ({"reason": "sin más"}, ("text", "update.empty")),
    ],
)
def test_what_contradicts_itself_or_is_empty_is_rejected(
    fields: dict[str, Any], error: tuple[str, str]
) -> None:
    item = row("1.1", indicators=[count_of("10")])
    assert rejected(report, context(item), item, **fields) == [error]


@pytest.mark.parametrize(
    "fields",
    [
        {"confirms": True, "text": "Sin novedad."},
        {"at_risk": True, "reason": "No hay contrato."},
        {"state": DONE, "progress": D(100), "evidence": [LINK]},
        {"state": NOT_STARTED, "progress": D(0)},
        {"obstacles": "Lluvia"},
        {"next_step": "Contratar"},
    ],
)
def test_what_is_consistent_is_recorded(fields: dict[str, Any]) -> None:
    item = row("1.1")
    assert report(context(item), item, **fields) is not None


# --- periods


def period_event(name: str, opened: bool, month: int) -> PeriodEvent:
    return PeriodEvent(id=f"p{name}{month}", at=at(month), period=name, opened=opened)


def test_a_closed_period_takes_nothing_until_it_is_opened_again() -> None:
    item = row("1.1", indicators=[count_of("10")])
    closed = (period_event("2026-02", False, 3),)
    wanted = [("period", "period.closed")]
    assert rejected(report, context(item, events=closed), item, text="Algo", period="2026-02") == wanted
    assert rejected(measured, context(item, events=closed), item, value=D(1), period="2026-02") == wanted
    again = (period_event("2026-02", False, 2), period_event("2026-02", True, 3))
    assert report(context(item, events=again), item, text="Algo", period="2026-02").period == "2026-02"
    assert measured(context(item, events=again), item, value=D(1), period="2026-02").start == day(2, 1)


def test_another_period_is_open_while_one_is_closed() -> None:
    item = row("1.1", indicators=[count_of("10")])
    closed = (period_event("2026-02", False, 3),)
    assert report(context(item, events=closed), item, text="Algo", period="2026-03")
    assert report(context(item, events=closed), item, text="Algo")
    # a measurement of days that touch the closed period is of it
    touching: dict[str, Any] = {"value": D(1), "start": day(1, 15), "end": day(2, 1)}
    assert rejected(measured, context(item, events=closed), item, **touching) == [("period", "period.closed")]
    assert measured(context(item, events=closed), item, **{**touching, "end": day(1, 31)})


def test_a_period_that_has_not_begun_is_rejected() -> None:
    item = row("1.1")
    wrong = rejected(report, context(item), item, text="Algo", period="2026-04")
    assert wrong == [("period", "period.future")]
    assert report(context(item), item, text="Algo", period="2026-T1").period == "2026-T1"


# --- measurements


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"period": "2026-02"}, (day(2, 1), day(2, 28))),
        ({"start": day(1, 5), "end": day(2, 5)}, (day(1, 5), day(2, 5))),
        ({"start": TODAY, "end": day(12, 31)}, (TODAY, day(12, 31))),
        ({"start": day(1, 1, 2021), "end": day(1, 1, 2026)}, (day(1, 1, 2021), day(1, 1, 2026))),
    ],
)
def test_days_of_a_measurement(fields: dict[str, Any], days: tuple[dt.date, dt.date]) -> None:
    item = row("1.1", indicators=[count_of("10")])
    measurement = measured(context(item), item, value=D(1), **fields)
    assert (measurement.start, measurement.end) == days


def test_without_days_a_measurement_is_of_the_present_period_of_the_cadence() -> None:
    item = row("1.1", indicators=[count_of("10")])
    measurement = measured(context(item), item, value=D(1))
    assert measurement.start <= TODAY <= measurement.end


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"period": "2026-02", "start": day(2, 1)}, ("period", "period.or_days")),
        ({"start": day(2, 1)}, ("end", "days.missing")),
        ({"start": day(2, 2), "end": day(2, 1)}, ("end", "days.missing")),
        ({"period": "2026-04"}, ("start", "days.future")),
        ({"start": day(3, 21), "end": day(3, 22)}, ("start", "days.future")),
        ({"start": day(1, 1, 2019), "end": day(1, 31)}, ("end", "days.too_long")),
    ],
)
def test_days_that_are_rejected(fields: dict[str, Any], error: tuple[str, str]) -> None:
    item = row("1.1", indicators=[count_of("10")])
    assert rejected(measured, context(item), item, value=D(1), **fields) == [error]


def test_the_same_period_is_not_measured_twice() -> None:
    item = row("1.1", indicators=[count_of("10")])
    before = measure(item, at(3), 4, organization="datic", start=day(2, 1), end=day(2, 28))
    target = context(item, events=(before,))
    again = {"value": D(5), "period": "2026-02"}
    with pytest.raises(RejectedReport) as error:
        measured(target, item, **again)
    assert [(each.field, each.code) for each in error.value.errors] == [("period", "period.measured")]
    assert error.value.errors[0].params == {"value": D(4), "id": before.id}
    # of another period, dimension or organismo it is another measurement
    assert measured(target, item, value=D(5), period="2026-03").supersedes is None
    assert measured(target, item, **again, dimension={"sector": "gobierno"}).dimension == {
        "sector": "gobierno"
    }
    assert measured(target, item, None, **again).supersedes is None
    # workbooks correct it
    fixed = submission(target).report_measurement(PLAN, item.key, "datic", again, correct=True)
    assert fixed.supersedes == before.id


def test_what_was_measured_automatically_is_no_duplicate() -> None:
    item = row("1.1", indicators=[count_of("10")])
    before = measure(item, at(3), 4, organization="datic", start=day(2, 1), end=day(2, 28), method="auto")
    assert measured(context(item, events=(before,)), item, value=D(5), period="2026-02").value == 5


def test_a_correction_is_of_what_is_recorded_of_the_same_item_and_organismo() -> None:
    item = row("1.1", indicators=[count_of("10"), count_of("5", "j")])
    before = measure(item, at(3), 4, "j", organization="datic", start=day(2, 1), end=day(2, 28))
    target = context(item, events=(before,))
    measurement = measured(target, item, value=D(6), supersedes=before.id)
    assert (measurement.supersedes, measurement.indicator, measurement.start, measurement.end) == (
        before.id,
        "j",
        day(2, 1),
        day(2, 28),
    )
    # corrected already, in the same submission
    wrong = rejected(measured, target, item, value=D(7), supersedes=before.id)
    assert wrong == [("supersedes", "supersedes.corrected")]
    fresh = context(item, events=(before,))
    for organization, reference in ((None, before.id), ("datic", "unknown")):
        wrong = rejected(measured, fresh, item, organization, value=D(7), supersedes=reference)
        assert wrong == [("supersedes", "supersedes.other")]


def test_a_measurement_is_withdrawn_with_a_reason() -> None:
    item = row("1.1", indicators=[count_of("10")])
    before = measure(item, at(3), 4, organization="datic", update="u1")
    measurement = measured(
        context(item, events=(before,)), item, supersedes=before.id, retracted="Era de otro."
    )
    assert (measurement.retracted, measurement.value, measurement.update, measurement.supersedes) == (
        "Era de otro.",
        D(4),
        None,
        before.id,
    )
    assert rejected(measured, context(item), item, retracted="Era de otro.") == [
        ("supersedes", "supersedes.missing")
    ]


def test_which_indicator_is_measured() -> None:
    none, single = row("1.1"), row("1.2", indicators=[count_of("10")])
    several = row("1.3", indicators=[count_of("10"), count_of("10", "j")])
    assert rejected(measured, context(none), none, value=D(1)) == [("indicator", "indicator.none")]
    assert measured(context(single), single, value=D(1)).indicator == "i"
    assert measured(context(several), several, value=D(1), indicator="j").indicator == "j"
    assert rejected(measured, context(several), several, value=D(1)) == [("indicator", "indicator.unknown")]
    wrong = rejected(measured, context(single), single, value=D(1), indicator="x")
    assert wrong == [("indicator", "indicator.unknown")]


BOOLEAN = Indicator("i", "i", Measure.BOOLEAN)
WORDS = Indicator("i", "i", Measure.QUALITATIVE)


@pytest.mark.parametrize(
    ("indicator", "fields", "value"),
    [
        (count_of("10"), {"value": D(3)}, (D(3), None, None)),
        (count_of("10"), {"value": D(0)}, (D(0), None, None)),
        (BOOLEAN, {"value": D(1)}, (D(1), None, None)),
        (percent_of("80"), {"value": D(75)}, (D(75), None, None)),
        (percent_of("80"), {"numerator": D(3), "denominator": D(4)}, (None, D(3), D(4))),
        (WORDS, {"comment": "Se hizo."}, (None, None, None)),
    ],
)
def test_values_that_are_recorded(indicator: Indicator, fields: dict[str, Any], value: Any) -> None:
    item = row("1.1", indicators=[indicator])
    measurement = measured(context(item), item, **fields)
    assert (measurement.value, measurement.numerator, measurement.denominator) == value


@pytest.mark.parametrize(
    ("indicator", "fields", "error"),
    [
        (count_of("10"), {}, ("value", "value.missing")),
        (BOOLEAN, {"value": D(2)}, ("value", "value.boolean")),
        (count_of("10"), {"numerator": D(1), "denominator": D(2)}, ("numerator", "value.not_ratio")),
        (
            percent_of("8"),
            {"value": D(1), "numerator": D(1), "denominator": D(2)},
            ("value", "value.or_ratio"),
        ),
        (percent_of("8"), {"denominator": D(2)}, ("numerator", "value.numerator")),
        (percent_of("8"), {"numerator": D(2)}, ("denominator", "value.denominator")),
        (percent_of("8"), {"numerator": D(2), "denominator": D(0)}, ("denominator", "value.denominator")),
        (WORDS, {"value": D(1), "comment": "x"}, ("value", "value.words")),
        (WORDS, {}, ("comment", "value.comment")),
    ],
)
def test_values_that_are_rejected(
    indicator: Indicator, fields: dict[str, Any], error: tuple[str, str]
) -> None:
    item = row("1.1", indicators=[indicator])
    assert rejected(measured, context(item), item, **fields) == [error]


def test_a_measurement_belongs_to_an_update_of_the_same_item_and_organismo() -> None:
    item = row("1.1", indicators=[count_of("10")])
    own = update(item, at(2), ONGOING, organization="datic")
    target = context(item, events=(own,))
    assert measured(target, item, value=D(1), update=own.id).update == own.id
    wrong = rejected(measured, target, item, value=D(1), update="unknown", period="2026-01")
    assert wrong == [("update", "reference.other")]
    wrong = rejected(measured, target, item, None, value=D(1), update=own.id)
    assert wrong == [("update", "reference.other")]


# --- updates with their parts


def test_an_update_carries_its_measurements_and_evidence() -> None:
    item = row("1.1", indicators=[count_of("10")])
    target = context(item)
    outcome = report(
        target, item, text="Algo", period="2026-02", measurements=[{"value": D(1)}], evidence=[LINK]
    )
    measurement, evidence, last = target.added
    assert last is outcome
    assert (measurement.update, measurement.start) == (outcome.id, day(2, 1))  # type: ignore[attr-defined]
    assert evidence.update == outcome.id  # type: ignore[attr-defined]
    assert [fact.at for fact in target.added] == sorted({fact.at for fact in target.added})


def test_without_an_update_evidence_is_of_the_only_measurement() -> None:
    item = row("1.1", indicators=[count_of("10")])
    target = context(item)
    assert report(target, item, measurements=[{"value": D(1)}], evidence=[LINK]) is None
    measurement, evidence = target.added
    assert evidence.measurement == measurement.id  # type: ignore[attr-defined]


def test_an_error_says_in_which_part_it_is_and_nothing_is_added() -> None:
    item = row("1.1", indicators=[count_of("10")])
    target = context(item)
    measurements = [{"value": D(1), "period": "2026-01"}, {"period": "2026-02"}]
    with pytest.raises(RejectedReport) as error:
        report(target, item, text="Algo", measurements=measurements)
    assert error.value.path == (("measurements", 1),)
    assert target.added == [] and target.record_of(item.key).measurements == []
    with pytest.raises(RejectedReport) as error:
        report(target, item, text="Algo", evidence=[LINK, LINK])
    assert error.value.path == (("evidence", 1),)
    assert target.added == []


def test_a_request_gives_the_same_ids_again() -> None:
    item = row("1.1")
    ids = {
        submission(context(item), request_id=request)
        .report_update(PLAN, item.key, "datic", ReportedUpdate(text="Algo"))
        .id  # type: ignore[union-attr]
        for request in ("r1", "r1", None, None)
    }
    assert len(ids) == 3
    assert fact_id(PLAN, "a", "r1") != fact_id(PLAN, "b", "r1")


def test_what_is_reported_is_recorded_under_the_same_names() -> None:
    """A request and the fact that comes of it are two types, of the same fields with the same defaults."""
    parts = {"measurements", "evidence", "corrects"}
    reported = {one.name: one for one in dataclasses.fields(ReportedUpdate) if one.name not in parts}
    recorded = {one.name: one for one in dataclasses.fields(Update)}
    of_the_fact = {"id", "at", "by", "item", "organization", "origin"}
    assert set(reported) == set(recorded) - of_the_fact
    for name, one in reported.items():
        assert (one.type, one.default) == (recorded[name].type, recorded[name].default), name


def test_an_update_belongs_to_a_report_of_its_organismo() -> None:
    item = row("1.1")
    own = Report(id="r1", at=at(3), organization="datic", start=day(2, 1), end=day(2, 28))
    target = context(item, events=(own,))
    assert report(target, item, text="Algo", report="r1").report == "r1"
    for organization, reference in (("datic", "r2"), (None, "r1")):
        wrong = rejected(report, target, item, organization, text="Algo", report=reference)
        assert wrong == [("report", "report.unknown")]
    corrected = Report(
        id="r2", at=at(3, 2), organization="datic", start=day(2, 1), end=day(2, 28), supersedes="r1"
    )
    wrong = rejected(report, context(item, events=(own, corrected)), item, text="Algo", report="r1")
    assert wrong == [("report", "report.unknown")]


def test_an_update_corrects_the_last_of_its_item_and_organismo() -> None:
    item = row("1.1")
    first = update(item, at(1), ONGOING, organization="datic")
    second = update(item, at(2), ONGOING, organization="datic", supersedes=first.id)
    target = context(item, events=(first, second))
    assert report(target, item, text="Algo", supersedes=second.id).supersedes == second.id
    assert rejected(report, target, item, text="Algo", supersedes=first.id) == [
        ("supersedes", "supersedes.corrected")
    ]
    assert rejected(report, target, item, None, text="Algo", supersedes=second.id) == [
        ("supersedes", "supersedes.other")
    ]


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"period": "2026-T1"}, (day(1, 1), day(3, 31))),
        ({"start": day(1, 5), "end": day(1, 5)}, (day(1, 5), day(1, 5))),
        ({"start": day(1, 5)}, None),
        ({"start": day(1, 6), "end": day(1, 5)}, None),
        ({}, None),
    ],
)
def test_days_of_a_periodic_report(fields: dict[str, Any], days: tuple[dt.date, dt.date] | None) -> None:
    given = {"period": None, "start": None, "end": None, **fields}
    if days is None:
        assert rejected(report_days, given) == [("end", "days.missing")]
    else:
        assert report_days(given) == days


# --- evidence


def test_evidence_is_given_once() -> None:
    item = row("1.1")
    before = proof(item, at(2), organization="datic")
    target = context(item, events=(before,))
    assert rejected(proved, target, item) == [("url", "evidence.repeated")]
    assert proved(target, item, supersedes=before.id).supersedes == before.id
    fresh = context(item, events=(before,))
    assert proved(fresh, item, url="https://cali.example/otra.pdf").url == "https://cali.example/otra.pdf"
    assert proved(fresh, item, None).organization is None


def test_evidence_proves_an_update_or_measurement_of_the_same_item_and_organismo() -> None:
    item = row("1.1", indicators=[count_of("10")])
    own = update(item, at(2), ONGOING, organization="datic")
    value = measure(item, at(2), 3, organization="datic")
    target = context(item, events=(own, value))
    evidence = proved(target, item, update=own.id, measurement=value.id)
    assert (evidence.update, evidence.measurement) == (own.id, value.id)
    for name in ("update", "measurement"):
        assert rejected(proved, target, item, **{name: "unknown"}) == [(name, "reference.other")]


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://cali.example"},
        {"resource": "id"},
        {"dataset": "id"},
        {"upload": object(), "dataset": "id"},
        {"upload": object(), "public": False, "withheld": "Datos personales"},
    ],
)
def test_places_of_evidence(fields: dict[str, Any]) -> None:
    check_evidence({"public": True, "withheld": "", **fields})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, ("url", "evidence.no_place")),
        ({"url": "https://cali.example", "resource": "id"}, ("resource", "evidence.places")),
        ({"url": "https://cali.example", "dataset": "id"}, ("dataset", "evidence.places")),
        ({"url": "https://cali.example", "public": False}, ("withheld", "evidence.reason")),
        ({"url": "https://cali.example", "withheld": "x"}, ("public", "evidence.contradicts")),
    ],
)
def test_evidence_that_is_rejected(fields: dict[str, Any], error: tuple[str, str]) -> None:
    assert rejected(check_evidence, {"public": True, "withheld": "", **fields}) == [error]


@pytest.mark.parametrize(
    ("public", "is_public", "code"),
    [
        (True, True, None),
        (False, False, None),
        (True, None, None),
        (False, None, None),
        (True, False, "evidence.private"),
        (False, True, "evidence.public"),
    ],
)
def test_evidence_is_as_public_as_it_is_in_the_catalogue(
    public: bool, is_public: bool | None, code: str | None
) -> None:
    if code is None:
        check_privacy("dataset", public=public, is_public=is_public)
    else:
        assert rejected(check_privacy, "dataset", public=public, is_public=is_public) == [("dataset", code)]


# --- repeats


def linked(first: Item, second: Item, **more: Any) -> tuple[Submission, ReportingContext, ReportingContext]:
    """Two items of two plans, of which the updates of the first one count for the second one."""
    here = context(first, coordinates=True)
    there = context(second, plan_id=OTHER_PLAN, coordinates=True, **more)
    both = submission(here, there)
    both.linked = {(PLAN, first.key): {(OTHER_PLAN, second.key)}}
    return both, here, there


def test_an_update_is_repeated_to_the_item_it_counts_for() -> None:
    first, second = row("1.1"), row("7.2")
    both, here, there = linked(first, second)
    reported = ReportedUpdate(state=DONE, text="Listo.", evidence=[LINK])
    original = both.report_update(PLAN, first.key, "datic", reported)
    assert original is not None
    repeat = both.repeats[original.id][0]
    evidence, copy = there.added
    assert repeat.update is copy and repeat.state_kept and repeat.error is None
    assert (copy.origin, copy.state, copy.text, copy.item) == (  # type: ignore[attr-defined]
        original.id,
        DONE,
        "Listo.",
        second.key,
    )
    assert evidence.update == copy.id  # type: ignore[attr-defined]
    assert len(here.added) == 2


def test_evidence_that_is_there_already_is_not_repeated() -> None:
    first, second = row("1.1"), row("7.2")
    both, _, there = linked(first, second, events=(proof(second, at(2)),))
    both.report_update(PLAN, first.key, "datic", ReportedUpdate(text="Algo", evidence=[LINK]))
    assert len(there.added) == 1


def test_a_state_that_cannot_be_declared_there_is_not_repeated() -> None:
    first, second = row("1.1"), row("7.2", indicators=[count_of("10")])
    both, _, there = linked(first, second)
    original = both.report_update(PLAN, first.key, "datic", ReportedUpdate(state=DONE, evidence=[LINK]))
    repeat = both.repeats[original.id][0]  # type: ignore[union-attr]
    assert repeat.update is not None and (repeat.update.state, repeat.state_kept) == (ONGOING, False)


def test_the_repeat_of_a_correction_corrects_the_repeat() -> None:
    first, second = row("1.1"), row("7.2")
    before = update(first, at(2), ONGOING, organization="datic")
    twin = update(second, at(2), ONGOING, organization="datic", origin=before.id)
    both, here, _ = linked(first, second, events=(twin,))
    here.record.updates.append(before)
    reported = ReportedUpdate(text="Mejor dicho.", supersedes=before.id)
    original = both.report_update(PLAN, first.key, "datic", reported)
    repeat = both.repeats[original.id][0]  # type: ignore[union-attr]
    assert repeat.update is not None and repeat.update.supersedes == twin.id


def test_the_repeat_of_the_whole_stays_of_the_whole() -> None:
    first, second = row("1.1"), row("7.2")
    both, _, there = linked(first, second)
    both.report_update(PLAN, first.key, None, ReportedUpdate(text="Algo"))
    assert there.added[0].organization is None  # type: ignore[attr-defined]
    # nobody is known to owe the other item: it is repeated as of the whole
    both, _, there = linked(first, second, responsible={})
    both.report_update(PLAN, first.key, "datic", ReportedUpdate(text="Algo"))
    assert there.added[0].organization is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "fields", "code"),
    [
        ({"status": PlanStatus.CLOSED}, {}, "plan.closed"),
        ({"status": PlanStatus.DRAFT}, {}, "plan.not_adopted"),
        ({"responsible": {"obras": {Role.LEAD}}}, {}, "repeat.not_responsible"),
        ({"responsible": {"obras": {Role.LEAD}, "datic": {Role.SUPPORT}}}, {}, "repeat.not_lead"),
        ({}, {"state": Declared.SUSPENDED, "reason": "x"}, "repeat.outside"),
        ({"events": (period_event("2026-02", False, 3),)}, {"period": "2026-02"}, "period.closed"),
    ],
)
def test_why_an_update_is_not_repeated(more: dict[str, Any], fields: dict[str, Any], code: str) -> None:
    first, second = row("1.1"), row("7.2")
    both, _, there = linked(first, second, **more)
    original = both.report_update(PLAN, first.key, "datic", ReportedUpdate(text="Algo", **fields))
    repeat = both.repeats[original.id][0]  # type: ignore[union-attr]
    assert repeat.update is None and repeat.error is not None and repeat.error.code == code
    assert there.added == []


def test_an_item_that_was_withdrawn_takes_no_repeat() -> None:
    first, second = row("1.1"), row("7.2")
    both, _, _ = linked(first, row("7.3"))
    both.linked = {(PLAN, first.key): {(OTHER_PLAN, second.key)}}
    original = both.report_update(PLAN, first.key, "datic", ReportedUpdate(text="Algo"))
    repeat = both.repeats[original.id][0]  # type: ignore[union-attr]
    assert repeat.error is not None and repeat.error.code == "repeat.withdrawn"


def test_what_is_rejected_leaves_nothing_in_the_other_plan() -> None:
    first, second = row("1.1"), row("7.2")
    both, here, there = linked(first, second)
    both.report_update(PLAN, first.key, "datic", ReportedUpdate(text="Algo", evidence=[LINK]))
    counts = len(here.added), len(there.added)
    again = ReportedUpdate(text="Algo más", evidence=[LINK])
    assert rejected(both.report_update, PLAN, first.key, "datic", again) == [("url", "evidence.repeated")]
    assert (len(here.added), len(there.added)) == counts


# --- answers


def test_a_reason_that_the_item_has_is_answered() -> None:
    late = row("1.1", schedule=on(2, 1))
    answer = {"reason": "R1", "text": "Se aplazó el contrato."}
    answered = submission(context(late)).answer_reason(PLAN, late.key, "datic", answer)
    assert (answered.reason, answered.text, answered.organization) == (
        "R1",
        "Se aplazó el contrato.",
        "datic",
    )
    soon = row("1.1", schedule=on(12, 1))
    call = submission(context(soon)).answer_reason
    assert rejected(call, PLAN, soon.key, "datic", answer) == [("reason", "reason.inactive")]
    # what the portal shows may be of last night
    assert call(PLAN, soon.key, "datic", answer, stored_reasons=["R1"]).reason == "R1"


# --- verdicts


def judge(
    target: ReportingContext, item: Item, role: VerdictRole = VerdictRole.CONTROL, **fields: Any
) -> Verdict:
    return submission(target).record_verdict(PLAN, item.key, role, {**EMPTY_VERDICT, **fields})


def test_a_verdict_records_what_the_rules_suggest() -> None:
    item = row("1.1")
    recorded = judge(context(item), item, recommendation="Publicar el acta.")
    assert (recorded.suggested, recorded.assigned, recorded.role) == (
        Completion.NOT_STARTED,
        None,
        VerdictRole.CONTROL,
    )
    closed = context(item, status=PlanStatus.CLOSED)
    assert judge(closed, item, recommendation="Publicar el acta.").recommendation == "Publicar el acta."


def test_a_verdict_has_content_and_does_one_thing_with_alerts() -> None:
    for fields in ({"agrees": True}, {"agrees": False}, {"alert": True}, {"quality": "Buena"}):
        check_verdict({**EMPTY_VERDICT, **fields})
    assert rejected(check_verdict, EMPTY_VERDICT) == [("assigned", "verdict.empty")]
    both = {**EMPTY_VERDICT, "alert": True, "closes": "v1"}
    assert rejected(check_verdict, both) == [("closes", "verdict.alert")]


@pytest.mark.parametrize(
    ("role", "fields", "code"),
    [
        (VerdictRole.CONTROL, {"assigned": Completion.NOT_STARTED}, None),
        (VerdictRole.CONTROL, {"agrees": True}, None),
        (VerdictRole.CONTROL, {"assigned": Completion.LIMITED}, "verdict.rationale"),
        (VerdictRole.CONTROL, {"agrees": False}, "verdict.rationale"),
        (VerdictRole.CONTROL, {"alert": True}, "verdict.rationale"),
        (VerdictRole.MONITOR, {"assigned": Completion.NOT_STARTED}, "verdict.monitor"),
    ],
)
def test_a_verdict_that_differs_says_why(role: VerdictRole, fields: dict[str, Any], code: str | None) -> None:
    found = {**EMPTY_VERDICT, **fields}
    if code is None:
        check_rationale(role, found, Completion.NOT_STARTED)
    else:
        assert rejected(check_rationale, role, found, Completion.NOT_STARTED) == [("rationale", code)]
    check_rationale(role, {**found, "rationale": "Por el acta."}, Completion.NOT_STARTED)


def test_a_verdict_is_of_a_cut_of_the_plan() -> None:
    item = row("1.1")
    assert judge(context(item), item, agrees=True, cut=day(4, 30)).cut == day(4, 30)
    assert rejected(judge, context(item), item, agrees=True, cut=day(4, 29)) == [("cut", "verdict.cut")]


def test_a_verdict_corrects_and_closes_those_of_its_own_role() -> None:
    item = row("1.1")
    own = verdict(item, at(2), VerdictRole.CONTROL, alert=True, rationale="x")
    other = verdict(item, at(2), VerdictRole.MONITOR, alert=True, rationale="x")
    target = context(item, events=(own, other))
    assert judge(target, item, agrees=True, supersedes=own.id).supersedes == own.id
    fresh = context(item, events=(own, other))
    assert judge(fresh, item, closes=own.id).closes == own.id
    # closed now, and the other one is the monitor's
    for reference in (own.id, other.id, "unknown"):
        assert rejected(judge, fresh, item, closes=reference) == [("closes", "verdict.no_alert")]
    wrong = rejected(judge, fresh, item, agrees=True, supersedes=other.id)
    assert wrong == [("supersedes", "verdict.other")]


# --- many rows


def fields_of_row(**fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("state", "progress", "indicator", "value", "numerator", "denominator", "evidence_url")
    )
    words = dict.fromkeys(("text", "obstacles", "next_step", "reason", "comment", "evidence_title"), "")
    return {**empty, **words, "confirms": False, **fields}


def test_rows_of_one_item_are_one_report() -> None:
    rows = [
        fields_of_row(text="Algo", indicator="i", value=D(1), evidence_url="https://cali.example/1"),
        fields_of_row(text="Algo", indicator="j", numerator=D(1), denominator=D(2)),
    ]
    made = report_batch.merge_rows(rows, None, "2026-02")
    assert (made.text, made.corrects, made.period) == ("Algo", True, None)
    assert [(measurement["indicator"], measurement["period"]) for measurement in made.measurements] == [
        ("i", "2026-02"),
        ("j", "2026-02"),
    ]
    assert [proof["url"] for proof in made.evidence] == ["https://cali.example/1"]
    assert report_batch.reported_parts(made) == ["text", "measurements", "evidence"]


def test_rows_of_one_item_that_differ_are_rejected() -> None:
    differ = [fields_of_row(text="Algo"), fields_of_row(text="Otra cosa")]
    assert rejected(report_batch.merge_rows, differ, None, "2026-02") == [("text", "rows.differ")]
    twice = [fields_of_row(indicator="i", value=D(1)), fields_of_row(indicator="i", value=D(2))]
    assert rejected(report_batch.merge_rows, twice, None, "2026-02") == [("indicator", "indicator.repeated")]


def test_what_is_recorded_already_is_left_out() -> None:
    item = row("1.1", indicators=[count_of("10")])
    known = (
        update(item, at(3), ONGOING, organization="datic", text="Algo"),
        measure(item, at(3), 4, organization="datic", start=day(2, 1), end=day(2, 28)),
        proof(item, at(3), organization="datic"),
    )

    def left(**fields: Any) -> list[str]:
        made = report_batch.merge_rows([fields_of_row(**fields)], None, "2026-02")
        report_batch.remove_recorded(context(item, events=known), item.key, "datic", made, "2026-02")
        return report_batch.reported_parts(made)

    same = {"text": "Algo", "state": ONGOING, "value": D(4), "evidence_url": LINK["url"]}
    assert left(**same) == []
    assert left(**{**same, "value": D(5)}) == ["state", "text", "measurements"]
    assert left(**{**same, "evidence_url": "https://cali.example/otra"}) == ["state", "text", "evidence"]
    assert left(**{**same, "text": "Algo más"}) == ["state", "text"]


# --- messages


def test_every_error_has_a_message_in_spanish() -> None:
    from pathlib import Path

    folder = Path(report_error.__file__).parent
    others = [folder / f"{name}.py" for name in ("measurement", "evidence", "verdicts", "report_batch")]
    source = "".join(
        path.read_text(encoding="utf-8") for path in [*folder.glob("reporting/*.py"), *others]
    )
    used = set(re.findall(r'reject\(\s*"?\w+"?,\s*"([a-z_.]+)"', source))
    used |= set(re.findall(r'ReportError\(\s*"\w+", "([a-z_.]+)"', source))
    assert used - set(report_error.MESSAGES) == set()
    spanish = translator("es")
    for text in (*report_error.MESSAGES.values(), *messages.NEEDS.values()):
        translated = spanish.gettext(text)
        assert translated != text
        assert set(re.findall(r"%\((\w+)\)s", translated)) == set(re.findall(r"%\((\w+)\)s", text))
