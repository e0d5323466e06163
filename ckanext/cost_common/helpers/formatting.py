"""Figures and days as they are written where the reader lives, in the language of the request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from ckanext.cost_common import language
from ckanext.cost_common.translation import locale_of

F = TypeVar("F", bound=Callable[..., Any])


def current_locale() -> Locale:
    """Return the locale in which the present request's figures and dates are written."""
    return locale_of(language.current())


def cached_by_language(function: F) -> F:
    """Keep the results of a function of plain values, those of each language apart.

    A page asks for the same hundreds of days and figures again and again.
    """

    @lru_cache(maxsize=8192, typed=True)
    def call(_lang: str, *args: Any) -> Any:
        return function(*args)

    @wraps(function)
    def wrapper(*args: Any) -> Any:
        return call(language.current(), *args)

    return cast(F, wrapper)


def parse_number(value: Any) -> Decimal | None:
    """Return a figure; None for what is none: empty, a truth value, text, not finite."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@cached_by_language
def format_number(value: Any, digits: int = 2) -> str:
    """Return a number in the reader's writing.

    :param value: a number or its text; other text is returned as it came, None as nothing.
    :param digits: how many decimals are written at most.
    """
    number = parse_number(value)
    if number is None:
        return "" if value is None else str(value)
    return str(format_decimal(number, format="#,##0." + "#" * digits, locale=current_locale()))


@cached_by_language
def format_day(day: dt.date, width: str = "long") -> str:
    """Return a calendar day in words.

    :param width: Babel's ``short``, ``medium``, ``long`` or ``full``.
    """
    return str(format_date(day, format=width, locale=current_locale()))
