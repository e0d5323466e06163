"""A plan, an item and an event as plain JSON and back, losing nothing.

Every field is written, defaults too: what is stored keeps its meaning when a default changes. A
decimal is a text ("5.000" stays "5.000"), a day and a moment are ISO texts, an enumeration is its
value. Free values (``fields`` of a family) keep their kind by a mark: ``{"$decimal": "1.5"}``.
"""

from __future__ import annotations

import datetime as dt
import math
import types as builtin_types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any

from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.importers.act import Act
from ckanext.ogp_plan.planning.types import Item, OrgGroup, Plan

Decoder = Callable[[Any], Any]

#: What an event is called where events are kept together (``ogp_event.kind``) → what it is.
EVENT_KINDS: dict[str, type[tracking.Event]] = {
    "update": tracking.Update,
    "measurement": tracking.Measurement,
    "evidence": tracking.Evidence,
    "check": tracking.EvidenceCheck,
    "verdict": tracking.Verdict,
    "answer": tracking.Answer,
    "review": tracking.Review,
    "period": tracking.PeriodEvent,
    "report": tracking.Report,
    "link": tracking.Link,
}
#: The kind of an event → the list of a :class:`~.tracking.Record` that holds it.
EVENT_LISTS = dict(zip(EVENT_KINDS, tracking.EVENTS, strict=True))
_KIND_OF = {kind: name for name, kind in EVENT_KINDS.items()}


class StoreError(ValueError):
    """What is stored is not what this program writes; the text names the field."""


def plan_to_store(plan: Plan) -> dict[str, Any]:
    """Return a plan, with all its items and groups, as plain JSON values."""
    return typing.cast(dict[str, Any], _encode(plan))


def plan_from_store(stored: dict[str, Any]) -> Plan:
    """Return the plan that :func:`plan_to_store` wrote.

    :raises StoreError: it did not write that.
    """
    return typing.cast(Plan, _decode(Plan, stored))


def item_to_store(item: Item) -> dict[str, Any]:
    """Return one item as plain JSON values: the same as inside its plan's."""
    return typing.cast(dict[str, Any], _encode(item))


def item_from_store(stored: dict[str, Any]) -> Item:
    """Return the item that :func:`item_to_store` wrote.

    :raises StoreError: it did not write that.
    """
    return typing.cast(Item, _decode(Item, stored))


def group_from_store(stored: dict[str, Any]) -> OrgGroup:
    """Return the group of organismos that :func:`plan_to_store` wrote.

    :raises StoreError: it did not write that.
    """
    return typing.cast(OrgGroup, _decode(OrgGroup, stored))


def event_kind(event: tracking.Event) -> str:
    """Return what kind of event it is: "update", "measurement"…"""
    return _KIND_OF[type(event)]


def events_like(record: tracking.Record, event: tracking.Event) -> list[tracking.Event]:
    """Return the list of a record that holds events of the same kind."""
    found: list[tracking.Event] = getattr(record, EVENT_LISTS[event_kind(event)])
    return found


def event_to_store(event: tracking.Event) -> dict[str, Any]:
    """Return an event as plain JSON values."""
    return typing.cast(dict[str, Any], _encode(event))


def event_from_store(kind: str, stored: dict[str, Any]) -> tracking.Event:
    """Return the event that :func:`event_to_store` wrote.

    :param kind: one of :data:`EVENT_KINDS`.
    :raises StoreError: it did not write that, or there is no such kind.
    """
    if kind not in EVENT_KINDS:
        raise StoreError(f"{kind!r} is no kind of event")
    return typing.cast(tracking.Event, _decode(EVENT_KINDS[kind], stored))


def act_to_store(act: Act) -> dict[str, Any]:
    """Return an import's act as plain JSON values: codes and parameters, no words."""
    return typing.cast(dict[str, Any], _encode(act))


def act_from_store(stored: dict[str, Any]) -> Act:
    """Return the act that :func:`act_to_store` wrote.

    :raises StoreError: it did not write that.
    """
    return typing.cast(Act, _decode(Act, stored))


# --- writing


def _encode(value: Any) -> Any:
    """A value of a known kind; free values go through :func:`_free`."""
    if is_dataclass(value) and not isinstance(value, type):
        free = _free_fields(type(value))
        return {
            name: (_free if name in free else _encode)(getattr(value, name)) for name in _names(type(value))
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_encode(element) for element in value]
    if isinstance(value, dict):
        return {name: _encode(element) for name, element in value.items()}
    return value


def _free(value: Any) -> Any:
    """A value of any kind, marked where JSON has no such kind."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"$moment": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$day": value.isoformat()}
    if isinstance(value, tuple):
        return {"$tuple": [_free(element) for element in value]}
    if isinstance(value, list):
        return [_free(element) for element in value]
    if isinstance(value, dict):
        if all(isinstance(name, str) and not name.startswith("$") for name in value):
            return {name: _free(element) for name, element in value.items()}
        return {"$pairs": [[_free(name), _free(element)] for name, element in value.items()]}
    if isinstance(value, float) and not math.isfinite(value):
        raise StoreError(f"{value!r} cannot be kept")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise StoreError(f"a value of the kind {type(value).__name__} cannot be kept")


@lru_cache(maxsize=64)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@lru_cache(maxsize=64)
def _free_fields(kind: type) -> frozenset[str]:
    """Fields that hold values of any kind."""
    hints = typing.get_type_hints(kind)
    return frozenset(name for name in _names(kind) if hints[name] == dict[str, Any])


# --- reading


def _decode(kind: Any, stored: Any) -> Any:
    try:
        return _decoder(kind)(stored)
    except StoreError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation) as error:
        raise StoreError(f"{getattr(kind, '__name__', kind)}: {error}") from error


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Decoder:
    """How a value of one declared kind is read."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, builtin_types.UnionType):
        return _optional(tuple(element for element in inside if element is not type(None)))
    if kind == dict[str, Any]:
        return _freed_dict
    if origin is dict:
        return _dict_of(_decoder(inside[1]))
    if origin is list:
        return _list_of(_decoder(inside[0]))
    if origin is tuple:
        return _tuple_of(inside)
    if is_dataclass(kind):
        return _dataclass(typing.cast(type, kind))
    if kind is Decimal:
        return _decimal
    if kind is dt.datetime:
        return dt.datetime.fromisoformat
    if kind is dt.date:
        return dt.date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _plain(kind)


def _optional(kinds: tuple[Any, ...]) -> Decoder:
    if len(kinds) == 1:
        inner = _decoder(kinds[0])
        return lambda value: None if value is None else inner(value)
    # more than one kind (a line's number or a cell's name): JSON distinguishes them itself
    return lambda value: value


def _dict_of(inner: Decoder) -> Decoder:
    return lambda value: {name: inner(element) for name, element in value.items()}


def _list_of(inner: Decoder) -> Decoder:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise StoreError(f"a list is expected, not {value!r}")
        return [inner(element) for element in value]

    return read


def _tuple_of(inside: tuple[Any, ...]) -> Decoder:
    if len(inside) == 2 and inside[1] is Ellipsis:
        each = _decoder(inside[0])
        return lambda value: tuple(each(element) for element in value)
    inner = [_decoder(element) for element in inside]
    return lambda value: tuple(read(entry) for read, entry in zip(inner, value, strict=True))


def _dataclass(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    needed = {
        field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING
    }

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise StoreError(f"{kind.__name__}: a mapping is expected")
        unknown, absent = set(value) - set(readers), needed - set(value)
        if unknown or absent:
            raise StoreError(f"{kind.__name__}: {', '.join(sorted(unknown | absent))}")
        return kind(**{name: readers[name](element) for name, element in value.items()})

    return read


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise StoreError(f"a decimal is kept as a text, not as {value!r}")
    return Decimal(value)


def _plain(kind: Any) -> Decoder:
    def read(value: Any) -> Any:
        if isinstance(kind, type) and not isinstance(value, kind):
            raise StoreError(f"{kind.__name__} is expected, not {value!r}")
        return value

    return read


def _freed_dict(value: Any) -> dict[str, Any]:
    found = _freed(value)
    if not isinstance(found, dict):
        raise StoreError("a mapping is expected")
    return found


_MARKS: dict[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$moment": dt.datetime.fromisoformat,
    "$day": dt.date.fromisoformat,
    "$tuple": lambda inside: tuple(_freed(element) for element in inside),
    "$pairs": lambda inside: {_freed(name): _freed(element) for name, element in inside},
}


def _freed(value: Any) -> Any:
    if isinstance(value, list):
        return [_freed(element) for element in value]
    if isinstance(value, dict):
        mark = next(iter(value), "") if len(value) == 1 else ""
        if mark in _MARKS:
            return _MARKS[mark](value[mark])
        return {name: _freed(element) for name, element in value.items()}
    return value
