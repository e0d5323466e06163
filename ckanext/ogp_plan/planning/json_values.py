"""Computed values as plain JSON without floats, in one way only.

A decimal is a text in its plain form, at most ten places after the point; a day is its ISO text; a
moment is in UTC with microseconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from ckanext.ogp_plan.planning.settings import number_text

#: What a fraction that never ends is rounded to.
PLACES = 10
#: What divisions are computed with, whatever the thread's own context is.
CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)
#: What JSON has as it is.
_PLAIN = frozenset({str, int})
_STEP = Decimal(1).scaleb(-PLACES)
_WIDE = Context(prec=1000, rounding=ROUND_HALF_EVEN)


def decimal_text(value: Decimal) -> str:
    """Return a decimal in its one form: "0.3333333333", "12.5", "0"."""
    if int(value.as_tuple().exponent) < -PLACES:
        value = value.quantize(_STEP, context=_WIDE)
    return number_text(value)


def moment_text(moment: dt.datetime) -> str:
    """Return a moment in UTC: "2026-05-04T15:00:00.000000Z"."""
    return moment.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def json_value(value: Any) -> Any:
    """Return a value as JSON holds it; a float that somebody gave becomes a text like a decimal.

    :raises TypeError: JSON has no place for it.
    """
    if value is None or value is True or value is False or type(value) in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Mapping):
        return {
            name if isinstance(name, str) else str(json_value(name)): json_value(element)
            for name, element in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [json_value(element) for element in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return moment_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {name: json_value(getattr(value, name)) for name in _names(type(value))}
    return _rare(value)


def _rare(value: Any) -> Any:
    if isinstance(value, float):
        return decimal_text(Decimal(str(value)))
    if isinstance(value, (set, frozenset)):
        return sorted(json_value(element) for element in value)
    if isinstance(value, (str, int)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in JSON")


@lru_cache(maxsize=64)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
