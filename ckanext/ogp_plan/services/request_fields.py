"""Readers of the fields of requests (:mod:`ckanext.cost_common.logic`): a value that can be used, or why not.

Whatever comes (other types, huge texts, characters that no file may hold) ends in one ``ValidationError``
with every field that is wrong, and never in a failure further down. Nested lists are read here too, which
CKAN's own validators do not accept without failing.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk

from ckanext.cost_common.logic import InvalidValue, Reader, Schema, optional, read_fields, required, validated
from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.periods import parse_period
from ckanext.cost_common.values.text import XML_FORBIDDEN

__all__ = [
    "InvalidValue",
    "Reader",
    "choice",
    "day",
    "decimal",
    "file",
    "identity",
    "json_of",
    "line",
    "link",
    "many",
    "mapping",
    "member",
    "moment",
    "name",
    "optional",
    "period",
    "required",
    "sha256",
    "text",
    "validated",
    "whole",
    "yes_or_no",
]

#: Letters in a text of several lines, in one line, and in a name or id.
LONG, SHORT, NAME = 20_000, 1_000, 250
#: Parts of one request: measurements and pieces of evidence of an update.
PARTS = 200
#: Days that something of a plan may have happened on.
FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2199, 12, 31)
#: The largest number, and its decimal places.
LARGEST, PLACES = Decimal(10) ** 15, 6
#: Characters that are no text: control characters but tab and line breaks, halves of surrogate pairs, and
#: those that turn the direction of the words after them.
_NO_TEXT = re.compile(f"[{XML_FORBIDDEN}\x7f\u202a-\u202e\u2066-\u2069]")
_LINES = re.compile("[\t\r\n\x85\u2028\u2029]")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# --- readers


def text(limit: int = LONG) -> Reader:
    """Return the reader of a text of several lines, of so many letters at most."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise InvalidValue(tk._("Write a text."))
        if len(value) > limit:
            raise InvalidValue(
                tk._("It is too long: %(count)s letters; write %(limit)s at most.")
                % {"count": len(value), "limit": limit}
            )
        found = _NO_TEXT.search(value)
        if found:
            raise InvalidValue(
                tk._(
                    "It has a mark that is not text (U+%(code)s, at letter %(place)s). Delete it and write "
                    "it again."
                )
                % {"code": f"{ord(found[0]):04X}", "place": found.start() + 1}
            )
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()

    return read


def line(limit: int = SHORT) -> Reader:
    """Return the reader of a text of one line: line breaks and tabs become spaces."""
    reader = text(limit)
    return lambda value: re.sub(" +", " ", _LINES.sub(" ", reader(value))).strip()


name = line(NAME)


def choice(values: Collection[str]) -> Reader:
    """Return the reader of one of some words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise InvalidValue(tk._("It is none of: %(values)s.") % {"values": ", ".join(values)})
        return value

    return read


def member(kind: type[Any]) -> Reader:
    """Return the reader of a member of an enumeration, by its value."""
    reader = choice([value.value for value in kind])
    return lambda value: kind(reader(value))


def decimal(low: Decimal | int | None = None, high: Decimal | int | None = None) -> Reader:
    """Return the reader of a number: JSON's, or written as in Colombia (``1.788``, ``12,5``)."""

    def read(value: Any) -> Decimal:
        found = _number(value)
        if found is None or not found.is_finite():
            raise InvalidValue(tk._("It is not a number. Write figures, such as 1.788 or 12,5."))
        if abs(found) >= LARGEST or found != round(found, PLACES):
            raise InvalidValue(
                tk._("The number is too large or has too many decimals (%(places)s at most).")
                % {"places": PLACES}
            )
        if (low is not None and found < low) or (high is not None and found > high):
            raise InvalidValue(_between(low, high))
        return found

    return read


def _between(low: Any, high: Any) -> str:
    if high is None:
        return str(tk._("It must be %(low)s or more.") % {"low": low})
    return str(tk._("It must be between %(low)s and %(high)s.") % {"low": low, "high": high})


def _number(value: Any) -> Any:
    """The number that a value says; None for none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        # a binary fraction has more figures than anybody meant
        found = Decimal(str(value))
        return round(found, PLACES) if found.is_finite() and abs(found) < LARGEST else found
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if not isinstance(value, str) or len(value) > 60:
        return None
    words = value.strip().removesuffix("%").strip()
    sign = -1 if words[:1] in ("-", "\u2212") else 1
    read = numbers.parse_figure(words[1:] if sign < 0 else words)
    if read is not None:
        return sign * read.value
    try:
        # what this service itself gives out as decimals
        return Decimal(words) if re.fullmatch(r"-?\d{1,16}\.\d{3}\d{0,9}", words, re.ASCII) else None
    except InvalidOperation:
        return None


def whole(low: int, high: int) -> Reader:
    """Return the reader of a whole number."""
    reader = decimal(low, high)

    def read(value: Any) -> int:
        found = reader(value)
        if found != int(found):
            raise InvalidValue(tk._("Write a whole number."))
        return int(found)

    return read


def yes_or_no(value: Any) -> bool:
    """Read a yes or no, as JSON and forms say it."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else value
    if word in ("true", "on", "yes", "si", "sí", "1", 1):
        return True
    if word in ("false", "off", "no", "0", 0):
        return False
    raise InvalidValue(tk._("Say true or false."))


def day(value: Any) -> dt.date:
    """Read a day written as 2026-03-31."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        found: dt.date | None = value
    else:
        shaped = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip(), re.ASCII)
        found = _day(value.strip()) if shaped else None
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise InvalidValue(tk._("It is not a day. Write it as 2026-03-31."))
    return found


def _day(value: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def moment(value: Any) -> dt.datetime:
    """Read a moment with its zone, as 2026-03-31T10:00:00-05:00."""
    found = value if isinstance(value, dt.datetime) else None
    if isinstance(value, str) and len(value) <= 40:
        try:
            found = dt.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            found = None
    try:
        if found is not None and found.tzinfo is not None and FIRST_DAY <= found.date() <= LAST_DAY:
            return found.astimezone(dt.timezone.utc)
    except OverflowError:
        pass
    raise InvalidValue(tk._("It is not a moment with its zone. Write it as 2026-03-31T10:00:00-05:00."))


def period(value: Any) -> str:
    """Read the id of a period of reporting: ``2026-03``, ``2026-T1``, ``2026-C1``, ``2026-S1``, ``2026``."""
    try:
        found = parse_period(value.strip() if isinstance(value, str) else "")
        if FIRST_DAY <= found.start <= LAST_DAY:
            return found.id
    except ValueError:
        pass
    raise InvalidValue(tk._("It is not a period. Write it as 2026-03 (month), 2026-T1 (quarter) or 2026-C1."))


def sha256(value: Any) -> str:
    """Read a SHA-256 in hexadecimal."""
    found = value.strip().lower() if isinstance(value, str) else ""
    if not _SHA256.fullmatch(found):
        raise InvalidValue(tk._("It is not a SHA-256: 64 hexadecimal figures."))
    return found


def link(value: Any) -> str:
    """Read the address of a page or file: http or https, with a host and without a user's name."""
    found = line(2_000)(value)
    try:
        parts = urlsplit(found)
        fine = parts.scheme.lower() in ("http", "https") and parts.hostname and not parts.username
        fine = fine and (parts.port is None or parts.port > 0) and not re.search(r"[\s\\<>\"]", found)
    except ValueError:
        fine = False
    if not fine:
        raise InvalidValue(tk._("It is not an address. Copy it whole from the browser: https://…"))
    return found


def identity(value: Any) -> str:
    """Read the id of something recorded."""
    try:
        return str(uuid.UUID(value.strip())) if isinstance(value, str) and len(value) < 64 else _no_id()
    except ValueError:
        return _no_id()


def _no_id() -> str:
    raise InvalidValue(tk._("It is not an id."))


def many(fields: Schema, limit: int = PARTS) -> Reader:
    """Return the reader of a list of objects; a form with files sends it as the text of its JSON."""

    def read(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, str):
            value = json_of(value)
        if not isinstance(value, list):
            raise InvalidValue(tk._("Send a list."))
        if len(value) > limit:
            raise InvalidValue(
                tk._("There are too many: %(count)s; send %(limit)s at most.")
                % {"count": len(value), "limit": limit}
            )
        rows: list[dict[str, Any]] = []
        errors: list[Any] = []
        for item in value:
            try:
                rows.append(read_fields(fields, item))
                errors.append({})
            except InvalidValue as error:
                errors.append(error.why if isinstance(error.why, dict) else {"data": [error.why]})
        if any(errors):
            raise InvalidValue(errors)
        return rows

    return read


def json_of(value: str) -> Any:
    """Return what a text in JSON says; None when it is none."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def mapping(limit: int = 20) -> Reader:
    """Return the reader of an object of short texts by their names."""

    def read(value: Any) -> dict[str, str]:
        if isinstance(value, str):
            value = json_of(value)
        if not isinstance(value, dict) or len(value) > limit:
            raise InvalidValue(
                tk._("Send an object of names and short texts, %(limit)s at most.") % {"limit": limit}
            )
        return {name(str(key)): name(text_) for key, text_ in value.items()}

    return read


def file(value: Any) -> Any:
    """Take a file of a form."""
    if not getattr(value, "filename", None) or not callable(getattr(value, "read", None)):
        raise InvalidValue(tk._("Send a file, in a form (multipart/form-data)."))
    return value
