"""How far things are: absent is not zero, nobody covers for another, weights are always divided by their sum."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tracked import (
    D,
    add_facts,
    at,
    count_of,
    day,
    measure,
    months,
    on,
    percent_of,
    plan,
    record,
    review,
    row,
    update,
)

from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.progress import (
    Child,
    actual_value,
    compute_indicator_progress,
    compute_item_progress,
    compute_parent_progress,
    compute_quota,
    expected_progress,
    target_value,
)
from ckanext.ogp_plan.planning.tracking import Record
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    Declared,
    Indicator,
    Item,
    Measure,
    OrgGroup,
    Role,
    Schedule,
    ScheduleKind,
    Target,
)

AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=2)
ITEM = row("1.1")


def values(*numbers: Any, **more: Any) -> list[Any]:
    return [measure(ITEM, at(number, 10), value, **more) for number, value in enumerate(numbers, start=1)]


@pytest.mark.parametrize(
    ("accumulation", "actual", "progress"),
    [
        (Accumulation.SUM, "9", "0.9"),
        (Accumulation.LAST, "2", "0.2"),
        (Accumulation.MAXIMUM, "4", "0.4"),
        (Accumulation.MEAN, "3", "0.3"),
    ],
)
def test_how_measurements_accumulate(accumulation: Accumulation, actual: str, progress: str) -> None:
    one = count_of("10", accumulation=accumulation)
    assert actual_value(one, values(3, 4, 2)) == D(actual)
    assert compute_indicator_progress(one, values(3, 4, 2)) == D(progress)


def test_share_of_events_that_meet_it() -> None:
    one = count_of("100", accumulation=Accumulation.ALL_MEET)
    assert actual_value(one, values(120, 99, 100, 250)) == 75
    assert compute_indicator_progress(one, values(120, 99, 100, 250)) == D("0.75")


def test_absent_is_not_zero() -> None:
    assert compute_indicator_progress(count_of("10"), []) is None
    assert compute_indicator_progress(count_of("10"), values(None)) is None
    assert compute_indicator_progress(count_of(None), values(5)) is None
    assert compute_indicator_progress(count_of("0"), values(5)) is None
    assert compute_indicator_progress(count_of("0", ascending=False, baseline=D(9)), values(5)) is None
    assert compute_indicator_progress(count_of("10", measure=Measure.QUALITATIVE), values(5)) is None
    assert compute_indicator_progress(count_of("10"), values(0)) == 0


def test_from_a_baseline() -> None:
    up = count_of("30", baseline=D(10), accumulation=Accumulation.LAST)
    assert [compute_indicator_progress(up, values(value)) for value in (5, 10, 20, 30, 99)] == [0, 0, D("0.5"), 1, 1]
    down = count_of("10", baseline=D(30), ascending=False, accumulation=Accumulation.LAST)
    assert [compute_indicator_progress(down, values(value)) for value in (40, 30, 20, 10, 2)] == [0, 0, D("0.5"), 1, 1]


def test_a_baseline_that_leaves_nothing_to_go() -> None:
    assert compute_indicator_progress(count_of("10", baseline=D(10)), values(10)) is None
    assert compute_indicator_progress(count_of("10", baseline=D(50)), values(10)) is None


def test_what_must_fall_from_nobody_knows_where() -> None:
    down = count_of("10", ascending=False, accumulation=Accumulation.LAST)
    assert compute_indicator_progress(down, values(8)) == 1
    assert compute_indicator_progress(down, values(12)) is None


def test_percentages_are_the_last_ratio() -> None:
    one = percent_of("80")
    some = [
        measure(ITEM, at(1, 9), numerator=D(1), denominator=D(3)),
        measure(ITEM, at(2, 9), numerator=D(30), denominator=D(50)),
    ]
    assert actual_value(one, some) == 60
    assert compute_indicator_progress(one, some) == D("0.75")
    assert actual_value(one, [measure(ITEM, at(1, 9), numerator=D(1), denominator=D(0))]) is None
    # nor do two percentages ever add up
    one.accumulation = Accumulation.SUM
    assert actual_value(one, values(60, 50)) == 50


def test_done_or_not() -> None:
    one = Indicator("i", "i", Measure.BOOLEAN)
    assert target_value(one) == 1
    assert [compute_indicator_progress(one, values(value)) for value in (0, 1)] == [0, 1]


def test_shares_are_no_more_than_their_total() -> None:
    one = count_of("40")
    one.targets.append(Target(D(16), dimension={"sector": "gobierno"}))
    parts = [measure(ITEM, at(1, 9), 10, dimension={"sector": "gobierno"}), measure(ITEM, at(1, 9), 6, dimension={"sector": "privado"})]
    assert target_value(one) == 40
    assert actual_value(one, parts) == 16
    assert actual_value(one, [*parts, measure(ITEM, at(1, 9), 20)]) == 20


def test_targets_year_by_year() -> None:
    years = [Target(D(15), start=day(1, 1, year), end=day(12, 31, year)) for year in (2026, 2027)]
    assert target_value(Indicator("i", "i", targets=years)) == 30
    assert target_value(Indicator("i", "i", accumulation=Accumulation.LAST, targets=years)) == 15
    whole = Target(D(40), start=day(1, 1), end=day(12, 31, 2027))
    assert target_value(Indicator("i", "i", targets=[whole, years[1]])) == 40


def test_only_up_to_a_day() -> None:
    assert actual_value(count_of("10"), values(3, 4, 2), until=day(2, 28)) == 7
    assert actual_value(count_of("10"), values(3), until=day(1, 1)) is None


@given(st.lists(AMOUNTS, min_size=1, max_size=6), AMOUNTS, AMOUNTS, st.none() | AMOUNTS, st.sampled_from(list(Accumulation)))
def test_progress_is_a_fraction_and_never_falls_with_more(
    numbers: list[Decimal], more: Decimal, target: Decimal, baseline: Decimal | None, how: Accumulation
) -> None:
    one = count_of(str(target), baseline=baseline, accumulation=how)
    before = compute_indicator_progress(one, values(*numbers))
    after = compute_indicator_progress(one, values(*numbers[:-1], numbers[-1] + more))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert 0 <= before <= after <= 1
        assert isinstance(before, Decimal)


@given(st.lists(AMOUNTS, min_size=1, max_size=6), AMOUNTS, AMOUNTS, AMOUNTS)
def test_what_falls_never_falls_back_with_less(numbers: list[Decimal], less: Decimal, target: Decimal, baseline: Decimal) -> None:
    one = count_of(str(target), baseline=baseline, ascending=False, accumulation=Accumulation.LAST)
    before = compute_indicator_progress(one, values(*numbers))
    after = compute_indicator_progress(one, values(*numbers[:-1], numbers[-1] - less))
    if before is not None and after is not None:
        assert 0 <= before <= after <= 1


# --- quotas


ORGS = tuple(f"organismo-{number:02}" for number in range(28))


def shared(members: tuple[str, ...] = ORGS, size: int = 28, own: str | None = "2", target: str = "56") -> tuple[Record, Item]:
    item = row("3.1.1", indicators=[count_of(target)], assignments=[Assignment(group="todos", own_target=D(own) if own else None)])
    return record(item, groups=(OrgGroup("todos", "Todos", size, members),)), item


def test_nobody_covers_for_another() -> None:
    facts, item = shared()
    add_facts(facts, measure(item, at(2), 50, organization=ORGS[0]), measure(item, at(2), 1, organization=ORGS[1]))
    quota = compute_quota(facts, item)
    assert quota and (quota.target, quota.actual, quota.capped, quota.size) == (56, 51, 3, 28)
    assert quota.met == (ORGS[0],) and quota.missing == ORGS[1:] and quota.unnamed == 0
    assert quota.progress == D(3) / 56
    assert compute_item_progress(facts, item).value == D(3) / 56
    assert quota.by_organization[ORGS[1]].actual == 1 and quota.by_organization[ORGS[2]].actual is None


def test_when_all_met_it_is_whole() -> None:
    facts, item = shared()
    add_facts(facts, *(measure(item, at(2), 2, organization=name) for name in ORGS))
    quota = compute_quota(facts, item)
    assert quota and quota.progress == 1 and quota.met == ORGS and not quota.missing


def test_a_quota_nobody_measured_has_no_progress() -> None:
    facts, item = shared()
    assert compute_quota(facts, item).progress is None  # type: ignore[union-attr]
    assert compute_item_progress(facts, item).value is None
    add_facts(facts, measure(item, at(2), 40))
    quota = compute_quota(facts, item)
    assert quota and quota.unattributed == 40 == quota.actual and quota.capped == 0 and quota.progress is None


def test_a_group_that_names_nobody_takes_who_reports() -> None:
    facts, item = shared(members=(), size=3, target="6")
    add_facts(facts, *(measure(item, at(2), 9, organization=name) for name in ORGS[:4]))
    quota = compute_quota(facts, item)
    assert quota and (quota.target, quota.capped, quota.size, quota.unnamed) == (6, 6, 3, 0)
    assert quota.met == ORGS[:3] and quota.unattributed == 9
    facts, item = shared(members=ORGS[:1], size=3, target="6")
    add_facts(facts, measure(item, at(2), 1, organization=ORGS[9]))
    quota = compute_quota(facts, item)
    assert quota and (quota.target, quota.capped, quota.size, quota.unnamed) == (6, 1, 3, 1)
    assert quota.missing == (ORGS[0], ORGS[9])


def test_a_percentage_of_each_is_owed_by_each() -> None:
    item = row("2.2", indicators=[percent_of("100")], assignments=[Assignment(group="g")])
    facts = record(item, groups=(OrgGroup("g", "g", 2, ("a", "b")),))
    add_facts(facts, measure(item, at(2), 100, organization="a"), measure(item, at(2), numerator=D(1), denominator=D(2), organization="b"))
    quota = compute_quota(facts, item)
    assert quota and quota.progress == D("0.75") and quota.met == ("a",)


def test_who_supports_owes_nothing() -> None:
    item = row("1.1", indicators=[count_of("4")], assignments=[Assignment(organization="a"), Assignment(Role.SUPPORT, "b", own_target=D(3))])
    assert compute_quota(record(item), item) is None


@given(st.lists(st.integers(0, 9), min_size=28, max_size=28), st.integers(0, 27), st.integers(1, 50))
def test_quota_is_capped(done: list[int], who: int, more: int) -> None:
    facts, item = shared()
    add_facts(facts, *(measure(item, at(2), number, organization=name) for name, number in zip(ORGS, done, strict=True)))
    before = compute_quota(facts, item)
    add_facts(facts, measure(item, at(3), more, organization=ORGS[who]))
    after = compute_quota(facts, item)
    assert before and after and before.progress is not None and after.progress is not None
    assert before.capped == sum(min(number, 2) for number in done)
    assert 0 <= before.progress <= after.progress <= 1
    assert after.capped - before.capped <= max(0, 2 - done[who])
    assert len(after.met) + len(after.missing) + after.unnamed == after.size
    assert sum(one.capped for one in after.by_organization.values()) == after.capped


# --- items


def test_an_item_is_the_mean_of_its_indicators_that_have_a_value() -> None:
    item = row("1.1", indicators=[count_of("10", "a"), count_of("10", "b"), count_of(None, "c")])
    facts = add_facts(record(item), measure(item, at(2), 5, "a"), update(item, at(2), Declared.ONGOING, 90))
    progress = compute_item_progress(facts, item)
    assert (progress.value, progress.source, progress.with_value, progress.total) == (D("0.5"), "indicators", 1, 3)
    add_facts(facts, measure(item, at(2), 10, "b"))
    assert compute_item_progress(facts, item).value == D("0.75")


def test_declared_when_indicators_say_nothing() -> None:
    item = row("1.1")
    facts = record(item)
    assert compute_item_progress(facts, item).value is None and compute_item_progress(facts, item).source is None
    add_facts(facts, update(item, at(2), Declared.ONGOING, 30), update(item, at(3), Declared.ONGOING))
    assert compute_item_progress(facts, item).value == D("0.3") and compute_item_progress(facts, item).source == "declared"
    add_facts(facts, update(item, at(4), Declared.DONE))
    assert compute_item_progress(facts, item).value == 1


def test_declared_by_each_is_their_mean() -> None:
    item = row("1.1", assignments=[Assignment(organization="a"), Assignment(organization="b"), Assignment(organization="c")])
    facts = add_facts(record(item), update(item, at(2), progress=40, organization="a"), update(item, at(3), progress=10))
    assert compute_item_progress(facts, item).value == D("0.2")


# --- expected


@pytest.mark.parametrize(
    ("schedule", "today", "share"),
    [
        (months(*range(1, 13)), day(7, 1), "0.5"),
        (months(*range(1, 13)), day(6, 30), str(D(5) / 12)),
        (months(3, 6, 9, 12), day(9, 15), "0.5"),
        (months(3, 6, 9, 12), day(1, 1), "0"),
        (on(8, 15), day(8, 15), "0"),
        (on(8, 15), day(8, 16), "1"),
        (Schedule(ScheduleKind.RANGE, start=day(1, 1), due=day(1, 11)), day(1, 6), "0.5"),
        (Schedule(ScheduleKind.RANGE, start=day(3, 1), due=day(4, 1)), day(2, 1), "0"),
        (Schedule(ScheduleKind.RANGE, start=day(3, 1), due=day(4, 1)), day(9, 1), "1"),
        (Schedule(ScheduleKind.RECURRING, cadence="trimestral"), day(7, 1), "0.5"),
        (Schedule(), day(7, 1), None),
        (Schedule(ScheduleKind.RECURRING, cadence="cuando se pueda"), day(7, 1), None),
    ],
)
def test_expected(schedule: Schedule, today: dt.date, share: str | None) -> None:
    assert expected_progress(schedule, plan(), today) == (None if share is None else D(share))


SCHEDULES = st.one_of(
    st.sets(st.integers(1, 12), min_size=1).map(lambda found: months(*found)),
    st.dates(day(1, 1), day(12, 31)).map(lambda due: Schedule(ScheduleKind.DATE, due=due)),
    st.tuples(st.dates(day(1, 1), day(12, 31)), st.dates(day(1, 1), day(12, 31))).map(
        lambda two: Schedule(ScheduleKind.RANGE, start=min(two), due=max(two))
    ),
)


@given(SCHEDULES, st.dates(day(1, 1), day(12, 31)), st.integers(0, 400))
def test_what_is_expected_never_falls(schedule: Schedule, today: dt.date, later: int) -> None:
    one, other = expected_progress(schedule, plan(), today), expected_progress(schedule, plan(), today + dt.timedelta(days=later))
    assert one is not None and other is not None and 0 <= one <= other <= 1
    assert expected_progress(schedule, plan(), day(1, 1, 2027)) == 1


# --- parents


CHILDREN = st.lists(
    st.builds(
        Child,
        st.none() | st.decimals(0, 1, places=3),
        st.none() | st.decimals(0, 100, places=1),
        st.integers(1, 30),
        st.booleans(),
    ),
    max_size=8,
)


@given(CHILDREN, st.sampled_from(["equal", "rows", "explicit", "budget"]), st.randoms(use_true_random=False))
def test_a_parent_is_between_its_children(children: list[Child], mode: str, random: Any) -> None:
    progress = compute_parent_progress(children, mode)
    counted = [child for child in children if not child.excluded]
    known = [child.progress for child in counted if child.progress is not None]
    assert (progress.with_value, progress.total) == (len(known), len(counted))
    if progress.progress is None:
        assert not known or mode in ("explicit", "budget")
    else:
        assert min(known) - D("1e-20") <= progress.progress <= max(known) + D("1e-20")
    other = list(children)
    random.shuffle(other)
    assert abs((compute_parent_progress(other, mode).progress or 0) - (progress.progress or 0)) < D("1e-20")


def test_weights_are_divided_by_their_sum() -> None:
    two = [Child(D("0.5"), D(70)), Child(D(1), D(30))]
    assert compute_parent_progress(two, "explicit").progress == D("0.65")
    assert compute_parent_progress([Child(child.progress, child.weight * 7 if child.weight else None) for child in two], "explicit").progress == D("0.65")
    assert compute_parent_progress(two, "equal").progress == D("0.75")
    # a weight of 1 is a weight like others, and who has none does not count beside it
    assert compute_parent_progress([Child(D(1), D(1)), Child(D(0), D(3))], "explicit").progress == D("0.25")
    assert compute_parent_progress([Child(D(1), D(1)), Child(D(0), None)], "explicit").progress == 1
    assert compute_parent_progress([Child(D(1)), Child(D(0))], "explicit").progress == D("0.5")
    assert compute_parent_progress([Child(D(1), rows=3), Child(D(0), rows=1)], "rows").progress == D("0.75")


def test_none_is_left_out_and_counted() -> None:
    progress = compute_parent_progress([Child(None), Child(D("0.4")), Child(D(1), excluded=True)])
    assert (progress.progress, progress.with_value, progress.total) == (D("0.4"), 1, 2)
    assert compute_parent_progress([]).progress is None


def test_the_months_somebody_reported_for() -> None:
    """Of its period, of what it corrects, of its day; what was returned or is of another year is no report."""
    first = update(ITEM, at(4, 3), Declared.ONGOING, period="2026-03")
    facts = add_facts(
        record(ITEM),
        first,
        update(ITEM, at(5, 2), Declared.ONGOING, supersedes=first.id),
        update(ITEM, at(6, 9), Declared.ONGOING),
        measure(ITEM, at(9, 30), 1, start=day(7, 1), end=day(8, 31)),
        measure(ITEM, at(9, 30), 1, start=day(12, 1, 2019), end=day(12, 31, 2025)),
        (returned := update(ITEM, at(10, 5), Declared.ONGOING, period="2026-10")),
        review(at(10, 6), False, update=returned.id, reason="Sin soporte"),
        update(row("1.2"), at(11, 1), Declared.ONGOING),
    )
    assert Facts(facts).reported_months(ITEM.key) == ("2026-03", "2026-06", "2026-07", "2026-08")
    assert Facts(facts).reported_months(("fila", "nadie")) == ()
    facts.plan.start = None
    assert Facts(facts).reported_months(ITEM.key) == (), "nobody knows which months are the plan's"
