"""Plain values of JSON: fractions as numbers, moments and days as ISO texts, amounts as texts of decimals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from ckanext.ogp_plan.planning.json_values import decimal_text, moment_text


def serialize_decimal(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def serialize_fraction(value: Any) -> float | None:
    """Return a fraction as a number with at most six places; None of None."""
    return None if value is None else round(float(value), 6)


def serialize_moment(value: dt.datetime | None) -> str | None:
    """Return a moment as its ISO text in UTC."""
    return None if value is None else moment_text(value)


def serialize_day(value: dt.date | None) -> str | None:
    """Return a day as its ISO text."""
    return None if value is None else value.isoformat()


def serialize_stored_value(value: Any) -> Any:
    """Return a free value of a plan's store form as plain values: decimals and days as texts."""
    if isinstance(value, dict):
        for mark in ("$decimal", "$moment", "$day"):
            if mark in value:
                return value[mark]
        if "$tuple" in value:
            return [serialize_stored_value(part) for part in value["$tuple"]]
        if "$pairs" in value:
            return {
                str(serialize_stored_value(name)): serialize_stored_value(part)
                for name, part in value["$pairs"]
            }
        return {name: serialize_stored_value(part) for name, part in value.items()}
    return [serialize_stored_value(part) for part in value] if isinstance(value, list) else value
