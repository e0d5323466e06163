"""The slow and exact walk over one JSON value that cannot be read: what is wrong with it, and where.

Rule: RFC 8259 (JSON; §4 on duplicate names, §9 on limits a reader may set).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from ..types import Unreadable
from . import sources
from .reader import Parts, pointer

SPACES = b" \t\r\n"

decode = msgspec.json.Decoder().decode

_TOKEN = re.compile(
    rb"""[ \t\r\n]*(?:
        (?P<mark>[{}\[\],:])
      | (?P<text>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9.eE+\-])
      | (?P<word>true|false|null)(?![A-Za-z0-9_])
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb'\\(?:u([0-9a-fA-F]{4})|["\\/bfnrt])')
_TEXT_START = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
#: digits of a whole number that other readers still take (a double ends near 1.8e308)
MAX_DIGITS = 300
_ALL_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * MAX_DIGITS


def has_long_number(raw: bytes) -> bool:
    """Whether there are that many digits in a row, in texts too: an expression would be ten times slower.

    Every 30th byte is asked first: of 300 digits in a row it meets ten in a row.
    """
    sample = raw[:: MAX_DIGITS // 10].translate(_ALL_DIGITS_ALIKE)
    return b"0" * 10 in sample and _LONG_NUMBER in raw.translate(_ALL_DIGITS_ALIKE)


Fail = Callable[..., Unreadable]


def _unexpected(data: bytes, at: int, fail: Fail) -> Unreadable:
    """Name what is found where no JSON can begin or go on."""
    rest = data[at : at + 16]
    if not rest:
        return fail("read.truncated", at)
    for word in (b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"nan", b"inf", b"-inf"):
        if rest.startswith(word):
            return fail("read.not_a_number", at, found=word.decode())
    if rest[:1] == b'"':
        return _bad_text(data, at, fail)
    if rest[0] < 32:
        return fail("read.nul" if rest[0] == 0 else "read.control_character", at, found=f"U+{rest[0]:04X}")
    found = rest.decode("utf-8", "replace")[:1]
    return fail("read.syntax", at, found=found)


def _bad_text(data: bytes, at: int, fail: Fail) -> Unreadable:
    """Name what is wrong inside a text that begins at ``at``."""
    stop = _TEXT_START.match(data, at)
    end = stop.end() if stop else at + 1
    if end >= len(data):
        return fail("read.truncated", end)
    if data[end] == ord("\\"):
        if len(data) - end < 6 and (end + 1 == len(data) or data[end + 1 : end + 2] == b"u"):
            return fail("read.truncated", len(data))
        return fail("read.escape", end, found=data[end : end + 2].decode("utf-8", "replace"))
    if data[end] == 0:
        return fail("read.nul", end)
    return fail("read.control_character", end, found=f"U+{data[end]:04X}")


def _bad_escape(text: bytes, at: int, fail: Fail) -> Unreadable | None:
    """A half of a surrogate pair, or an escaped NUL, inside a well-formed text."""
    high = False
    expected = -1
    for match in _ESCAPE.finditer(text):
        unit = int(match[1], 16) if match[1] else -1
        if high and match.start() == expected and 0xDC00 <= unit <= 0xDFFF:
            high = False
            continue
        if high:
            return fail("read.surrogate", at + expected - 6, found=text[expected - 6 : expected].decode())
        if 0xDC00 <= unit <= 0xDFFF:
            return fail("read.surrogate", at + match.start(), found=match[0].decode())
        if unit == 0:
            return fail("read.nul", at + match.start())
        if 0xD800 <= unit <= 0xDBFF:
            high, expected = True, match.end()
    if high:
        return fail("read.surrogate", at + expected - 6, found=text[expected - 6 : expected].decode())
    return None


def _bad_number(text: bytes, at: int, fail: Fail) -> Unreadable | None:
    whole = not re.search(rb"[.eE]", text)
    if (whole and len(text) > MAX_DIGITS) or abs(float(text)) == float("inf"):
        return fail("read.number_range", at)
    return None


class _Level:
    """An open object or array while diagnosing."""

    __slots__ = ("index", "is_object", "names", "part")

    def __init__(self, is_object: bool) -> None:
        self.is_object = is_object
        self.names: set[str] = set()
        self.index = 0
        self.part: str | int = 0


def diagnose(  # noqa: C901, PLR0912, PLR0915 - one walk with one state; in pieces it would be harder to follow
    data: bytes, parts: Parts, max_depth: int, cut: bool, fail: Fail
) -> Unreadable | None:
    """Walk one JSON value token by token, without recursion, and name the first thing wrong with it.

    :param data: bytes that begin with the value; what follows it is not looked at.
    :param parts: the way to the value in the file.
    :param max_depth: how many objects and arrays may be open at once.
    :param cut: the data end because we stopped reading, not because the file ends.
    :param fail: makes the error from a code, a position in ``data`` and parameters.
    :returns: the error, or None when the value is sound. Linear in the bytes.
    """
    bad_byte = None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not (cut and error.start > len(data) - 4):
            bad_byte = error.start
            data_byte = data[error.start]
    levels: list[_Level] = []
    at = 0
    expected = "value"  # value, item (value or end), name (name or end), next name, colon, comma
    while True:
        match = _TOKEN.match(data, at)
        if bad_byte is not None and (match is None or match.end() > bad_byte):
            return fail("read.encoding", bad_byte, encoding=_guess(data, bad_byte), byte=f"0x{data_byte:02X}")
        if match is None:
            space = (
                len(data) - len(data[at:].lstrip(SPACES))
                if len(data) - at < sources.WINDOW
                else _space(data, at)
            )
            if space >= len(data):
                return None if cut else fail("read.truncated", len(data))
            unexpected = _unexpected(data, space, fail)
            return None if cut and unexpected.code == "read.truncated" else unexpected
        kind = match.lastgroup
        begin, end = match.span(kind or 0)
        token = data[begin:end]
        at = end
        mark = token if kind == "mark" else b""
        if expected == "colon":
            if mark != b":":
                return _unexpected_token(data, begin, fail)
            expected = "value"
            continue
        if expected == "comma":
            level = levels[-1]
            if mark == b",":
                level.index += 1
                expected = "next name" if level.is_object else "value"
                continue
            if mark != (b"}" if level.is_object else b"]"):
                return missing_comma(data, begin, fail)
            levels.pop()
        elif expected in ("name", "next name"):
            if mark == b"}":
                if expected == "next name":
                    return fail("read.trailing_comma", begin)
                levels.pop()
            elif kind == "text":
                if error_ := _bad_escape(token, begin, fail) if b"\\" in token else None:
                    return error_
                name = decode(token)
                level = levels[-1]
                if name in level.names:
                    way = (
                        *parts,
                        *(level.part if level.is_object else level.index for level in levels[:-1]),
                        name,
                    )
                    return fail("read.duplicate_key", begin, key=name, path=pointer(way))
                level.names.add(name)
                level.part = name
                expected = "colon"
                continue
            else:
                return _unexpected_token(data, begin, fail)
        elif mark in (b"{", b"["):
            levels.append(_Level(mark == b"{"))
            if len(levels) > max_depth:
                way = (*parts, *(level.part if level.is_object else level.index for level in levels[:8]))
                return fail("read.depth", begin, limit=max_depth + len(parts), path=pointer(way))
            expected = "name" if mark == b"{" else "item"
            continue
        elif mark == b"]" and levels and not levels[-1].is_object:
            if expected == "value":
                return fail("read.trailing_comma", begin)
            levels.pop()
        elif mark:
            return _unexpected_token(data, begin, fail)
        else:
            error_ = None
            if kind == "text" and b"\\" in token:
                error_ = _bad_escape(token, begin, fail)
            elif kind == "number":
                error_ = _bad_number(token, begin, fail)
            if error_:
                return error_
        if not levels:
            return None
        expected = "comma"


def _space(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in SPACES:
        at += 1
    return at


def _unexpected_token(data: bytes, at: int, fail: Fail) -> Unreadable:
    return fail("read.syntax", at, found=data[at : at + 8].decode("utf-8", "replace")[:1])


def missing_comma(data: bytes, at: int, fail: Fail) -> Unreadable:
    """Something else is where a comma or a closing bracket belongs."""
    if data[at : at + 1] in b'"{[-0123456789tfn':
        return fail("read.missing_comma", at)
    return _unexpected_token(data, at, fail)


def _guess(data: bytes, at: int) -> str:
    """The encoding that bytes which are not UTF-8 most likely are in."""
    # 0x80-0x9F are control characters in Latin-1, but quotes, dashes and the euro sign in Windows-1252
    return (
        "Windows-1252"
        if any(0x80 <= byte < 0xA0 for byte in data[at : at + 4096])
        else "ISO-8859-1 (Latin-1)"
    )
