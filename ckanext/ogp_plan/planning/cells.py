"""Values of a plan as cells of a workbook, and back, without loss.

Plain text stays plain, so that people can edit it; what a cell cannot hold as it is (line
ends of other systems, control characters, lists, an empty text that is not "nothing") is
written as JSON after ``json:``. Money and measures stay decimal.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

MARK = "json:"
#: The longest text a cell can hold, by the format.
LONGEST = 32_000
#: The digits of a number that a workbook keeps.
_DIGITS = 15
_UNSAFE = re.compile(
    r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|_x[0-9A-Fa-f]{4}_|^\s|\s\Z|^json:"
)


def to_cell(value: Any) -> Any:
    """Return what a cell holds for a value: None, a number, or a text.

    :raises ValueError: the value is of a kind that plans do not hold.
    """
    if value is None:
        return None
    if isinstance(value, Enum):
        return to_cell(value.value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**15 else MARK + str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and value and not _UNSAFE.search(value):
        return value
    return MARK + json.dumps(value, ensure_ascii=True, default=_plain)


def own_field_to_cell(value: Any) -> Any:
    """Return what a cell holds for one of a family's own fields, whose kind no column says.

    Only a text is written as it is; the rest is JSON, an empty field too.
    """
    return (
        to_cell(value)
        if isinstance(value, str)
        else MARK + json.dumps(value, ensure_ascii=True, default=_plain)
    )


def yes_no(value: bool) -> str:
    """Return "sí" or "no"."""
    return "sí" if value else "no"


def _number(value: Decimal) -> Any:
    """A decimal as a number when the workbook's own numbers hold it exactly; as text otherwise."""
    if not value.is_finite():
        raise ValueError(f"not a number: {value}")
    if value == value.to_integral_value() and abs(value) < 10**15:
        return int(value)
    few = len(value.normalize().as_tuple().digits) <= _DIGITS
    return float(value) if few and Decimal(str(float(value))) == value else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (Decimal, dt.date)):
        return str(value)
    raise ValueError(f"a plan holds no {type(value).__name__}")


def from_cell(text: str) -> Any:
    """Return the value of a text that :func:`to_cell` wrote: a text, or what its JSON says."""
    if not text:
        return None
    if text.startswith(MARK):
        try:
            return json.loads(text[len(MARK) :])
        except ValueError:
            return text
    return text


def parse_decimal(text: str) -> Decimal | None:
    """Read a number cell; None when it is empty.

    :raises ValueError: it is no number.
    """
    if not text:
        return None
    try:
        value = Decimal(text.replace(" ", ""))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not value.is_finite():
        raise ValueError(text)
    return value


def parse_date(text: str) -> dt.date | None:
    """Read a date cell; None when it is empty. :raises ValueError: it is no date."""
    return dt.date.fromisoformat(text[:10]) if text else None


def parse_whole(text: str) -> int | None:
    """Read a whole number; None when the cell is empty. :raises ValueError: it is none."""
    value = parse_decimal(text)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise ValueError(text)
    return int(value)
