"""What is stored comes back the same, whatever it is."""

from __future__ import annotations

import datetime as dt
import json
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import sampling

from ckanext.ogp_plan.planning import store, tracking
from ckanext.ogp_plan.planning.types import Item, Plan

TEXT = st.text(max_size=8)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
ZONES = st.sampled_from([dt.timezone.utc, dt.timezone(dt.timedelta(hours=-5))])
#: without `fold`, which tells nothing where a zone is an offset and is in no ISO text
MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=ZONES).map(lambda one: one.replace(fold=0))  # noqa: DTZ001 - hypothesis adds the zone
SCALARS = st.none() | st.booleans() | st.integers() | TEXT | DECIMALS | st.dates() | MOMENTS | st.floats(allow_nan=False, allow_infinity=False)
FREE: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(TEXT | st.sampled_from(["$decimal", "$pairs"]) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT, int: st.integers(), bool: st.booleans(), Decimal: DECIMALS, dt.date: st.dates(), dt.datetime: MOMENTS,
    dict[str, Any]: st.dictionaries(TEXT, FREE, max_size=3), type(None): st.none(),
}  # fmt: skip


@cache
def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a declared kind: what a plan is made of, down to its last field."""
    inside = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(any_of, inside))
    if origin is list:
        return st.lists(any_of(inside[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(TEXT, any_of(inside[1]), max_size=2)
    if origin is tuple:
        if inside[1:] == (Ellipsis,):
            return st.lists(any_of(inside[0]), max_size=3).map(tuple)
        return st.tuples(*map(any_of, inside))
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{one.name: any_of(hints[one.name]) for one in fields(kind)})
    return st.sampled_from(list(kind))


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


@settings(max_examples=sampling.examples(60), deadline=None)
@given(any_of(Plan))
def test_a_plan_comes_back_the_same(plan: Plan) -> None:
    stored = store.plan_to_store(plan)
    back = store.plan_from_store(through_json(stored))
    assert back == plan
    assert store.plan_to_store(back) == stored
    # equal is not the same: 5 == 5.000, True == 1
    assert repr(back) == repr(plan)
    for item, body in zip(plan.items, stored["items"], strict=True):
        assert body == store.item_to_store(item)
        assert store.item_from_store(through_json(body)) == item


@pytest.mark.parametrize("kind", store.EVENT_KINDS)
def test_an_event_comes_back_the_same(kind: str) -> None:
    @settings(max_examples=sampling.examples(15), deadline=None)
    @given(any_of(store.EVENT_KINDS[kind]))
    def check(event: tracking.Event) -> None:
        assert store.event_kind(event) == kind
        back = store.event_from_store(kind, through_json(store.event_to_store(event)))
        assert back == event and repr(back) == repr(event)

    check()


def test_each_list_of_a_record_has_its_kind() -> None:
    assert set(store.EVENT_LISTS.values()) == set(tracking.EVENTS)
    assert set(store.EVENT_LISTS) == set(store.EVENT_KINDS)
    held = {name: str(hint) for name, hint in typing.get_type_hints(tracking.Record).items()}
    for kind, name in store.EVENT_LISTS.items():
        assert store.EVENT_KINDS[kind].__name__ in held[name]


def test_numbers_keep_their_form_and_are_no_floats() -> None:
    item = Item("fila", "1", "x", weight=Decimal("5.000"), fields={"n": Decimal("1E+3"), "d": dt.date(2026, 1, 2), "t": (1, 2)})
    stored = store.item_to_store(item)
    assert stored["weight"] == "5.000" and stored["fields"] == {"n": {"$decimal": "1E+3"}, "d": {"$day": "2026-01-02"}, "t": {"$tuple": [1, 2]}}
    assert "0.1" not in str(store.item_from_store(stored).fields["n"])


def test_defaults_are_written_so_that_they_stay() -> None:
    stored = store.plan_to_store(Plan("paac"))
    assert set(stored) == {one.name for one in fields(Plan)}
    assert store.plan_from_store({"family": "paac"}) == Plan("paac")
    assert [one.name for one in fields(Plan) if one.default is MISSING and one.default_factory is MISSING] == ["family"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "paac",
        {"family": "paac", "colour": 1},
        {"family": 7},
        {"family": "paac", "start": "ayer"},
        {"family": "paac", "status": "perdido"},
        {"family": "paac", "items": {}},
        {"family": "paac", "items": [{"level": "fila"}]},
        {"family": "paac", "items": [{"level": "fila", "code": "1", "title": "x", "weight": 1.5}]},
        {"family": "paac", "items": [{"level": "fila", "code": "1", "title": "x", "parent": ["a"]}]},
        {"family": "paac", "fields": {"x": {"$decimal": "mucho"}}},
        {"family": "paac", "fields": [1]},
    ],
)
def test_what_is_no_plan_is_refused(body: Any) -> None:
    with pytest.raises(store.StoreError):
        store.plan_from_store(body)


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes", {"a": {1, 2}}])
def test_what_cannot_be_kept_is_refused(value: Any) -> None:
    with pytest.raises(store.StoreError):
        store.plan_to_store(Plan("paac", fields={"x": value}))


def test_no_such_event() -> None:
    with pytest.raises(store.StoreError, match="kind"):
        store.event_from_store("rumour", {})
