"""Numbers, percentages and values as the reader writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import language
from ckanext.cost_common.helpers import formatting


def ogp_plan_number(value: Any, digits: int = 2) -> str:
    """A number as it is written where the reader lives, with up to so many decimals; text as it came."""
    return formatting.format_number(value, digits)


def ogp_plan_value(value: Any, unit: str | None = None, measure: str | None = None) -> str:
    """A measured or promised value with its unit; a yes-or-no one in words. Empty for None."""
    if value is None or value == "":
        return ""
    if measure == "boolean":
        number = formatting.parse_number(value)
        return tk._("Yes") if (number is None and value) or number else tk._("No")
    text = ogp_plan_number(value)
    if measure == "percentage" or (unit or "").strip() == "%":
        return _with_percent_sign(text)
    return f"{text} {unit}" if unit else text


@formatting.cached_by_language
def ogp_plan_percent(fraction: Any, digits: int = 0) -> str:
    """A fraction (0 to 1) as a percentage; rounded down, so that only what is complete is 100 %."""
    number = formatting.parse_number(fraction)
    if number is None:
        return ""
    step = Decimal(1).scaleb(-digits)
    floored = (number * 100).quantize(step, rounding="ROUND_FLOOR")
    return _with_percent_sign(ogp_plan_number(floored, digits))


def ogp_plan_of_hundred(value: Any) -> str:
    """A percentage that is given in points (0 to 100)."""
    number = formatting.parse_number(value)
    return "" if number is None else _with_percent_sign(ogp_plan_number(number, 1))


def _with_percent_sign(number: str) -> str:
    """A number with its sign of percent; Spanish keeps them apart and on one line."""
    return f"{number}\u00a0%" if language.current().startswith("es") else f"{number}%"


def ogp_plan_width(fraction: Any) -> str:
    """A fraction (0 to 1) as the width of a bar, in CSS."""
    number = formatting.parse_number(fraction) or Decimal(0)
    return f"{min(max(number, Decimal(0)), Decimal(1)) * 100:.1f}%"
