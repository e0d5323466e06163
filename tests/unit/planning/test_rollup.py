"""Totals of the items under a parent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.tracked import DONE, ONGOING, D, add_facts, at, count_of, day, measure, proof, shaped, update

from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import (
    Completion,
)
from ckanext.ogp_plan.planning.types import Declared


def test_a_roll_up() -> None:
    facts = shaped({"1": 2, "2": 1}, indicators=lambda: [count_of("10")])
    one, two, three = [item for item in facts.plan.items if item.trackable]
    add_facts(
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
            add_facts(facts, measure(item, at(3), 10 if item.code.startswith("1") else 0))
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
            add_facts(facts, update(item, at(3), state, value), *([proof(item, at(3))] if evidence else []))
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
