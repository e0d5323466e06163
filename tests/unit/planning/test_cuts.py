"""The three cuts: formulas, denominators, zones, and bytes that anybody gets again."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import ROUND_UP, Context, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.seeds import seed
from support.tracked import (
    SHAPE,
    D,
    add_facts,
    at,
    count_of,
    day,
    look,
    measure,
    months,
    on,
    percent_of,
    proof,
    record,
    review,
    row,
    shaped,
    update,
    verdict,
)

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.dates import cut_days, cut_state, publish_by
from ckanext.ogp_plan.planning.cuts.frozen import RULES, canonical, digest, freeze, freeze_again
from ckanext.ogp_plan.planning.cuts.outline import Outline
from ckanext.ogp_plan.planning.cuts.types import Compliance, RowCompliance
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import EVENTS, Record, VerdictRole
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    Declared,
    Item,
    Measure,
    OrgGroup,
    Schedule,
)

APRIL, AUGUST, DECEMBER = day(4, 30), day(8, 31), day(12, 31)


def scheduled(found: Compliance) -> dict[str, int]:
    return {one.component[1]: one.scheduled for one in found.components if one.component}


# --- the calendar


def test_cut_days_by_data() -> None:
    how = settings.family_settings("paac")
    assert cut_days(how, record().plan) == (APRIL, AUGUST, DECEMBER)
    two = replace(record().plan, start=day(6, 1), end=day(6, 30, 2027))
    assert cut_days(how, two) == (AUGUST, DECEMBER, day(4, 30, 2027))
    assert cut_days(how, replace(two, end=None)) == ()
    assert [publish_by(one).isoformat() for one in (APRIL, AUGUST, DECEMBER)] == ["2026-05-15", "2026-09-14", "2027-01-18"]


@pytest.mark.parametrize(
    ("published", "today", "state", "late"),
    [
        (None, day(4, 30), "abierto", 0),
        (None, day(5, 1), "en_plazo", 0),
        (None, day(5, 15), "en_plazo", 0),
        (None, day(5, 18), "vencido", 3),
        (day(5, 15), day(9, 1), "publicado_a_tiempo", 0),
        (day(5, 20), day(9, 1), "publicado_tarde", 5),
    ],
)
def test_published_in_time_or_late(published: dt.date | None, today: dt.date, state: str, late: int) -> None:
    found = cut_state(APRIL, published, today)
    assert (found.state, found.late_days, found.due) == (state, late, day(5, 15))


# --- denominators


def test_all_rows_count_at_the_last_cut() -> None:
    found = compute_compliance(shaped(), DECEMBER)
    assert scheduled(found) == SHAPE
    assert (found.whole.scheduled, found.whole.undeclared, found.whole.fulfilled, found.whole.share) == (87, 87, 0, 0)
    assert found.whole.zone == "rojo" and found.last


@pytest.mark.parametrize("cut", [APRIL, AUGUST])
def test_rows_without_months_count_at_the_last_cut_only(cut: dt.date) -> None:
    found = compute_compliance(shaped(), cut)
    assert found.whole.scheduled == 0 and found.whole.undeclared == 87 and not found.last
    assert found.whole.share is None and found.whole.zone is None


def test_a_merged_row_is_no_row_of_its_own() -> None:
    facts = shaped()
    item = facts.plan.item("fila", "4.22")
    assert item
    item.fields["merged_with"] = "4.21"
    found = compute_compliance(facts, DECEMBER)
    assert found.whole.scheduled == 86 and scheduled(found)["4"] == 21
    assert found.whole.excluded == 1 and found.whole.total == 87
    assert [one.excluded for one in found.rows if one.key[1] == "4.22"] == ["merged"]


@pytest.mark.parametrize("state", [Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN])
def test_what_does_not_apply_is_left_out_and_listed(state: Declared) -> None:
    facts = shaped()
    item = facts.plan.item("fila", "1.16")
    assert item
    add_facts(facts, update(item, at(3), state, reason="No se materializó ningún riesgo"))
    found = compute_compliance(facts, DECEMBER)
    assert scheduled(found) == SHAPE | {"1": 16} and found.whole.scheduled == 86
    assert [one.excluded for one in found.rows if one.key[1] == "1.16"] == [state.value]


def test_a_plan_may_keep_what_is_suspended() -> None:
    facts = shaped({"1": 2})
    add_facts(facts, update(facts.plan.items[2], at(3), Declared.SUSPENDED))
    facts.settings = {"excluded": ["no_aplica", "retirado"]}
    assert compute_compliance(facts, DECEMBER).whole.scheduled == 2


def test_the_seed_has_these_denominators() -> None:
    plan = read(seed("cali-paac-2022.txt"), "paac").plan
    found = compute_compliance(Record(plan), day(12, 31, 2022))
    assert scheduled(found) == SHAPE and found.whole.scheduled == found.whole.undeclared == 87
    facts = Record(plan)
    item = plan.item("fila", "1.5.2")
    assert item
    add_facts(facts, update(item, at(3, year=2022), Declared.NOT_APPLICABLE, reason="Ninguno"))
    assert scheduled(compute_compliance(facts, day(12, 31, 2022)))["1"] == 16
    question = next(one for one in read(seed("cali-paac-2022.txt"), "paac").act.asked if one.kind == "row.merged")
    merged = read(seed("cali-paac-2022.txt"), "paac", answers={question.id: "merge"}).plan
    assert compute_compliance(Record(merged), day(12, 31, 2022)).whole.scheduled == 86


def test_by_activity_or_by_row() -> None:
    facts = shaped({"1": 4}, rows_of_activity=2, schedule=lambda: months(4))
    done = [item for item in facts.plan.items if item.trackable][:3]
    for item in done:
        add_facts(facts, update(item, at(4), Declared.DONE), proof(item, at(4)))
    rows = compute_compliance(facts, APRIL)
    assert (rows.whole.scheduled, rows.whole.fulfilled, rows.count_unit) == (4, 3, "row")
    facts.settings = {"count_unit": "activity"}
    found = compute_compliance(facts, APRIL)
    assert (found.whole.scheduled, found.whole.fulfilled, found.count_unit) == (2, 1, "activity")
    assert [one.key for one in found.rows] == [("actividad", "1.1"), ("actividad", "1.2")]
    add_facts(facts, update(done[0], at(4, 2), Declared.NOT_APPLICABLE), update(done[1], at(4, 2), Declared.NOT_APPLICABLE))
    found = compute_compliance(facts, APRIL)
    assert (found.whole.scheduled, found.whole.fulfilled, found.whole.excluded) == (1, 0, 1)


# --- fulfilled


def one_row(cut: dt.date, *numbers: Any, evidence: bool = True, **more: Any) -> RowCompliance:
    item = row("1.1", **more)
    facts = record(item)
    for month, value in enumerate(numbers, start=1):
        add_facts(facts, measure(item, at(month, 20), value))
    if evidence:
        add_facts(facts, proof(item, at(1, 20)))
    return compute_compliance(facts, cut).rows[0]


@pytest.mark.parametrize(
    ("target", "cut", "due"),
    [
        ("56", APRIL, 18),  # 56 × 4/12 = 18,67 rounded down
        ("56", AUGUST, 37),
        ("56", DECEMBER, 56),
        ("1", APRIL, 1),  # at least one, once it began
        ("0.5", APRIL, D("0.5")),
    ],
)
def test_what_is_due_of_a_count_by_a_cut(target: str, cut: dt.date, due: Any) -> None:
    found = one_row(cut, schedule=months(*range(1, 13)), indicators=[count_of(target)])
    assert found.target == due and found.scheduled and not found.fulfilled


def test_months_count_up_to_the_cut() -> None:
    late = {"schedule": months(5, 9), "indicators": [count_of("10")]}
    assert not one_row(APRIL, **late).scheduled
    assert one_row(AUGUST, **late).target == 5
    assert one_row(DECEMBER, **late).target == 10


@pytest.mark.parametrize(("value", "fulfilled"), [(17, False), (18, True), (56, True)])
def test_a_count_is_fulfilled_by_what_was_due(value: int, fulfilled: bool) -> None:
    found = one_row(APRIL, value, schedule=months(*range(1, 13)), indicators=[count_of("56")])
    assert found.fulfilled is fulfilled


def test_nothing_is_fulfilled_without_evidence() -> None:
    assert not one_row(APRIL, 56, evidence=False, schedule=months(4), indicators=[count_of("56")]).fulfilled


def test_a_percentage_is_due_whole_at_each_cut() -> None:
    more = {"schedule": months(*range(1, 13)), "indicators": [percent_of("100")]}
    assert one_row(APRIL, 99, **more).target == 100 and not one_row(APRIL, 99, **more).fulfilled
    assert one_row(APRIL, 100, **more).fulfilled


def test_fifty_five_of_fifty_six_is_not_fulfilled_and_its_mean_says_so() -> None:
    item = row("1.1", indicators=[count_of("56")])
    facts = add_facts(record(item), measure(item, at(11), 55), proof(item, at(11)))
    found = compute_compliance(facts, DECEMBER)
    assert found.whole.fulfilled == 0 and found.whole.mean_progress == D(55) / 56 and found.whole.with_progress == 1


def test_the_mean_is_of_those_that_are_known() -> None:
    facts = shaped({"1": 4}, indicators=lambda: [count_of("10")])
    add_facts(facts, measure(facts.plan.items[2], at(3), 5), measure(facts.plan.items[4], at(3), 20))
    whole = compute_compliance(facts, DECEMBER).whole
    assert (whole.mean_progress, whole.with_progress, whole.scheduled) == (D("0.75"), 2, 4)


def test_each_of_several_indicators_must_be_met() -> None:
    item = row("1.1", indicators=[count_of("2", "a"), count_of("2", "b"), count_of(None, "c")])
    facts = add_facts(record(item), measure(item, at(2), 2, "a"), proof(item, at(2)))
    assert not compute_compliance(facts, DECEMBER).rows[0].fulfilled
    assert compute_compliance(add_facts(facts, measure(item, at(2), 2, "b")), DECEMBER).rows[0].fulfilled


def test_a_quota_is_due_in_part_and_capped() -> None:
    names = tuple("abcd")
    item = row("3.1", schedule=months(4, 8), indicators=[count_of("8")], assignments=[Assignment(group="g", own_target=D(2))])
    facts = add_facts(record(item, groups=(OrgGroup("g", "g", 4, names),)), proof(item, at(2)), measure(item, at(2), 9, organization="a"))
    found = compute_compliance(facts, APRIL).rows[0]
    assert (found.target, found.actual, found.fulfilled) == (4, 2, False)
    add_facts(facts, measure(item, at(3), 2, organization="b"))
    assert compute_compliance(facts, APRIL).rows[0].fulfilled
    assert not compute_compliance(facts, AUGUST).rows[0].fulfilled


def test_without_a_number_the_light_decides() -> None:
    item = row("1.1", schedule=months(4))
    facts = add_facts(record(item), update(item, at(4), Declared.DONE))
    assert not compute_compliance(facts, APRIL).rows[0].fulfilled
    assert compute_compliance(add_facts(facts, proof(item, at(4))), APRIL).rows[0].fulfilled


def test_what_must_fall_and_events_that_must_each_meet() -> None:
    down = count_of("10", ascending=False, baseline=D(30), accumulation=Accumulation.LAST)
    assert not one_row(APRIL, 11, schedule=months(4), indicators=[down]).fulfilled
    assert one_row(APRIL, 11, 10, schedule=months(4), indicators=[down]).fulfilled
    each = count_of("100", accumulation=Accumulation.ALL_MEET)
    assert not one_row(APRIL, 120, 99, schedule=months(4, 9), indicators=[each]).fulfilled
    assert one_row(APRIL, 120, 100, schedule=months(4, 9), indicators=[each]).fulfilled
    words = count_of("3", measure=Measure.QUALITATIVE)
    assert one_row(APRIL, 3, schedule=months(4), indicators=[words]).target is None


def test_late_is_what_was_due_before_and_is_not_there() -> None:
    assert one_row(AUGUST, schedule=on(7, 1), indicators=[count_of("1")]).late
    assert not one_row(AUGUST, 1, schedule=on(7, 1), indicators=[count_of("1")]).late
    assert not one_row(AUGUST, schedule=on(8, 31), indicators=[count_of("1")]).late


@pytest.mark.parametrize(
    ("done", "of", "zone"), [(119, 200, "rojo"), (120, 200, "amarillo"), (159, 200, "amarillo"), (160, 200, "verde"), (2, 3, "amarillo")]
)
def test_zones_of_a_share(done: int, of: int, zone: str) -> None:
    facts = shaped({"1": of}, schedule=lambda: months(4))
    for item in [item for item in facts.plan.items if item.trackable][:done]:
        add_facts(facts, update(item, at(4), Declared.DONE), proof(item, at(4)))
    found = compute_compliance(facts, APRIL).whole
    assert found.share == D(done) * 100 / D(of) and found.zone == zone


def test_the_whole_is_no_mean_of_components() -> None:
    facts = shaped({"3": 24, "6": 3}, schedule=lambda: months(4))
    for item in [item for item in facts.plan.items if item.trackable and item.code.startswith("6")]:
        add_facts(facts, update(item, at(4), Declared.DONE), proof(item, at(4)))
    found = compute_compliance(facts, APRIL)
    assert [one.share for one in found.components] == [0, 100]
    assert found.whole.share == D(3) * 100 / 27


def test_the_verdict_of_control_interno_is_kept_beside() -> None:
    item = row("1.1", schedule=months(4))
    facts = add_facts(record(item), verdict(item, at(5), VerdictRole.CONTROL, cut=APRIL, fulfilled=False), verdict(item, at(5, 2), fulfilled=True))
    assert compute_compliance(facts, APRIL).rows[0].confirmed is False
    assert compute_compliance(facts, AUGUST).rows[0].confirmed is None


@given(st.lists(st.tuples(st.sampled_from(sorted(SHAPE)), st.sets(st.integers(1, 12)), st.integers(0, 12)), max_size=12))
@hypothesis_settings(max_examples=40, deadline=None)
def test_components_add_up(rows: list[tuple[str, set[int], int]]) -> None:
    items = [Item("componente", one, one) for one in SHAPE]
    facts = record(*items)
    for number, (component, scheduled_, done) in enumerate(rows):
        item = row(f"{component}.{number}", ("componente", component), schedule=months(*scheduled_) if scheduled_ else Schedule(), indicators=[count_of("12")])
        facts.plan.items.append(item)
        add_facts(facts, measure(item, at(1), done), proof(item, at(1)))
    before = -1
    for cut in (APRIL, AUGUST, DECEMBER):
        found = compute_compliance(facts, cut)
        for name in ("scheduled", "fulfilled", "undeclared", "excluded", "total", "with_progress"):
            assert sum(getattr(one, name) for one in found.components) == getattr(found.whole, name), name
        assert found.whole.fulfilled <= found.whole.scheduled and found.whole.scheduled >= before
        assert found.whole.mean_progress is None or 0 <= found.whole.mean_progress <= 1
        before = found.whole.scheduled
    assert before == len(rows)


# --- what belongs to a cut


def fulfilled(facts: Record, known_on: int = 5) -> bool:
    """Whether the only row is fulfilled at the cut of April, frozen on a day of May."""
    return bool(freeze(facts, APRIL, at(5, known_on))["compliance"]["rows"][0]["fulfilled"])


def test_what_is_reported_late_of_a_period_of_the_cut_counts() -> None:
    item = row("1.1", schedule=months(4))
    in_may = update(item, at(5, 4), Declared.DONE, period="2026-04")
    facts = add_facts(record(item), in_may, proof(item, at(5, 4), update=in_may.id))
    assert fulfilled(facts)
    assert not fulfilled(facts, 3), "not known yet"


@pytest.mark.parametrize("period", [None, "2026-05"])
def test_what_is_of_a_later_period_does_not(period: str | None) -> None:
    item = row("1.1", schedule=months(4))
    facts = add_facts(record(item), update(item, at(5, 4), Declared.DONE, period=period), proof(item, at(4, 4)))
    assert not fulfilled(facts)


def test_a_correction_belongs_where_what_it_corrects_does() -> None:
    item = row("1.1", schedule=months(4))
    first = update(item, at(4, 20), Declared.DONE, period="2026-04")
    facts = add_facts(record(item), first, proof(item, at(4, 20)))
    assert fulfilled(facts)
    add_facts(facts, update(item, at(5, 4), Declared.ONGOING, supersedes=first.id))
    assert not fulfilled(facts)


def test_a_report_moved_to_a_later_period_leaves_the_cut() -> None:
    item = row("1.1", schedule=months(4))
    first = update(item, at(4, 20), Declared.DONE, period="2026-04")
    facts = add_facts(record(item), first, proof(item, at(4, 20)))
    assert fulfilled(facts)
    add_facts(facts, update(item, at(5, 4), Declared.DONE, period="2026-05", supersedes=first.id))
    assert not fulfilled(facts)


def test_measurements_by_the_end_of_their_period() -> None:
    item = row("1.1", schedule=months(4), indicators=[count_of("2")])
    facts = add_facts(record(item), proof(item, at(4)), measure(item, at(5, 4), 2, start=day(4, 1), end=day(4, 30)))
    assert fulfilled(facts)
    facts.measurements[0] = replace(facts.measurements[0], end=day(5, 1))
    assert not fulfilled(facts)


def test_a_value_moved_to_a_later_period_leaves_the_cut() -> None:
    item = row("1.1", schedule=months(4), indicators=[count_of("2")])
    first = measure(item, at(4, 4), 2)
    facts = add_facts(record(item), proof(item, at(4)), first)
    assert fulfilled(facts)
    add_facts(facts, measure(item, at(5, 2), 2, start=day(5, 1), end=day(5, 31), supersedes=first.id))
    assert not fulfilled(facts)


# --- frozen


def lived() -> Record:
    """A small plan with a bit of everything."""
    items = [Item("componente", "1", "Componente"), row("1.1", ("componente", "1"), schedule=months(2, 4), indicators=[count_of("3")]), row("1.2", ("componente", "1"), fields={"z": D("1.50"), "a": 0.1})]
    items.append(row("1.3", ("componente", "1"), schedule=on(3, 1), assignments=[Assignment(group="g", own_target=D(1))], indicators=[count_of("3")]))
    facts = record(*items, groups=(OrgGroup("g", "Tres", 3, ("a", "b", "c")), OrgGroup("f", "Dos", 2, ("a", "b"))))
    _, one, two, three = items
    first_update = update(one, at(2, 3), Declared.ONGOING, "33.3", text="Primera", period="2026-02", by="persona-1")
    shown, hidden = proof(one, at(2, 4), update=first_update.id, by="persona-2"), proof(two, at(3), public=False, withheld="Reserva legal", url="https://secreto.example/x", title="Secreto")
    return add_facts(
        facts, first_update, shown, hidden, look(shown, at(3), alive=True, same=True, public=True), measure(one, at(2, 3), 1),
        update(two, at(3), Declared.DONE, by="persona-1"), measure(three, at(2, 9), 1, organization="a"), measure(three, at(2, 9), 4, organization="b"),
        verdict(one, at(4), VerdictRole.CONTROL, cut=APRIL, fulfilled=False, rationale="Falta", by="persona-3"), review(at(3), True, update=first_update.id),
    )  # fmt: skip


AS_OF = at(5, 6)


def frozen(facts: Record) -> bytes:
    return canonical(freeze(facts, APRIL, AS_OF))


def test_canonical_is_one_way_of_writing() -> None:
    body = {"b": [1, "ñ", None, True], "a": {"z": "0.5", "y": 2}}
    assert canonical(body) == '{"a":{"y":2,"z":"0.5"},"b":[1,"ñ",null,true]}'.encode()
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for wrong in ({"a": 0.5}, {"a": [{"b": float("nan")}]}, {"a": D(1)}, {"a": dt.date(2026, 1, 1)}):
        with pytest.raises(TypeError):
            canonical(wrong)


def test_a_frozen_cut_has_no_float_and_no_person() -> None:
    found = frozen(lived())

    def refuse(text: str) -> None:
        raise AssertionError(text)

    body = json.loads(found, parse_float=refuse)
    assert b"persona-" not in found and b'"by"' not in found
    assert b"secreto" not in found.lower() and b"Reserva legal" in found
    assert body["rules"] == RULES and body["day"] == "2026-04-30" and body["as_of"] == "2026-05-06T14:00:00.000000Z"
    assert body["settings"] == settings.settings_dict(settings.family_settings("paac"))
    assert canonical(body) == found
    assert body["items"][2]["item"]["fields"]["a"] == "0.1"
    assert body["compliance"]["whole"]["scheduled"] == 2
    third = body["items"][3]["status"]
    assert [one["actual"] for one in third["assignments"]] == ["1", "4", None]
    assert third["quota"]["progress"] == "0.6666666667"


@given(st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=25, deadline=None)
def test_the_order_of_facts_and_of_names_changes_nothing(random: Any) -> None:
    facts, other = lived(), None
    other = replace(facts, **{name: random.sample(getattr(facts, name), len(getattr(facts, name))) for name in EVENTS})
    other.plan = replace(facts.plan, groups=facts.plan.groups[::-1], items=[replace(item, fields=dict(reversed(item.fields.items()))) for item in facts.plan.items])
    assert frozen(other) == frozen(facts)


def test_a_coarse_context_of_the_thread_changes_nothing() -> None:
    facts = lived()
    before = frozen(facts)
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert frozen(facts) == before


LATER = st.datetimes(dt.datetime(2026, 5, 6, 14, 1), dt.datetime(2027, 5, 1), timezones=st.just(dt.timezone.utc))  # noqa: DTZ001 - hypothesis adds the zone


@given(st.lists(st.tuples(st.integers(0, 7), LATER, st.integers(1, 3)), max_size=6))
@hypothesis_settings(max_examples=40, deadline=None)
def test_nothing_that_comes_later_changes_a_cut(edits: list[tuple[int, dt.datetime, int]]) -> None:
    facts = lived()
    before = frozen(facts)
    for kind, when, number in edits:
        item = facts.plan.items[number]
        add_facts(
            facts,
            [
                lambda item=item, when=when: update(item, when, Declared.DONE, 100, period="2026-03"),
                lambda item=item, when=when: update(item, when, Declared.WITHDRAWN, supersedes=facts.updates[0].id),
                lambda item=item, when=when: measure(item, when, 9, start=day(1, 1), end=day(1, 31)),
                lambda item=item, when=when: measure(item, when, 0, start=day(2, 1), end=day(2, 3), supersedes=facts.measurements[0].id, retracted="error"),
                lambda item=item, when=when: proof(item, when, supersedes=facts.evidence[0].id, retracted="error"),
                lambda item=item, when=when: look(facts.evidence[0], when, alive=False),
                lambda item=item, when=when: verdict(item, when, VerdictRole.CONTROL, cut=APRIL, fulfilled=True),
                lambda item=item, when=when: review(when, False, update=facts.updates[0].id),
            ][kind](),
        )  # fmt: skip
    assert frozen(facts) == before
    body = json.loads(before)
    assert canonical(freeze_again(facts, body)) == before
    # nor do settings that were changed since
    facts.settings = {"thresholds": {"lag_points": 1}, "count_unit": "activity", "zones": {"verde": 99}}
    assert canonical(freeze_again(facts, body)) == before
    assert frozen(facts) != before


def test_facts_of_the_cut_do_change_it() -> None:
    facts = lived()
    before = digest(frozen(facts))
    add_facts(facts, measure(facts.plan.items[1], at(4), 1))
    assert digest(frozen(facts)) != before


def test_other_rules_are_not_these() -> None:
    with pytest.raises(ValueError, match="rules"):
        freeze_again(lived(), json.loads(frozen(lived())) | {"rules": 0})


def test_a_plan_that_is_withdrawn_or_closed_later_gives_the_same() -> None:
    from ckanext.ogp_plan.planning.types import PlanStatus

    facts = lived()
    before = frozen(facts)
    facts.plan.status = PlanStatus.CLOSED
    facts.plan.fields["contact_email"] = "persona-9@cali.example"
    assert frozen(facts) == before


def test_standings_may_be_given() -> None:
    facts = lived()
    lights = compute_status(facts, APRIL)
    assert compute_compliance(facts, APRIL, statuses=lights) == compute_compliance(facts, APRIL)


def test_its_outline_says_what_its_bytes_say() -> None:
    """Pages read the outline; who was late and what was judged must be that of the bytes with the hash."""
    body = frozen(lived())
    whole, brief = json.loads(body), Outline(body.decode())
    found = whole["compliance"]
    assert (brief.title, brief.settings) == (whole["plan"]["title"], whole["settings"])
    assert (brief.count_unit, brief.total, brief.components) == (
        found["count_unit"],
        found["whole"],
        found["components"],
    )
    assert [brief.whole_row(row) for row in brief.rows.values()] == found["rows"]
    assert [(r.scheduled, r.fulfilled, r.late, r.excluded) for r in brief.rows.values()] == [
        (r["scheduled"], r["fulfilled"], r["late"], r["excluded"]) for r in found["rows"]
    ]
    tracked = [one for one in whole["items"] if one["status"]]
    assert tracked and len(tracked) == len(brief.tracked)
    for item, one in zip(brief.tracked, tracked, strict=True):
        assert brief.whole(item) == one
        assert item.key == (one["level"], one["code"]) and item.status is not None
        assert (item.status.light, item.status.disagreement) == (
            one["status"]["light"],
            one["status"]["disagreement"],
        )
        assert [(a.organization, a.excluded, a.last_update) for a in item.status.assignments] == [
            (a["organization"], a["excluded"], a["last_update"]) for a in one["status"]["assignments"]
        ]
        assert [verdict.role for verdict in item.verdicts] == [v["role"] for v in one["verdicts"]]
    assert any(item.verdicts for item in brief.tracked)


@pytest.mark.parametrize("body", ["", "{}", '{"plan": {"title": 1}}', '{"plan": "x"', "[]"])
def test_what_is_no_cut_has_no_outline(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever msgspec says of it
        Outline(body)
