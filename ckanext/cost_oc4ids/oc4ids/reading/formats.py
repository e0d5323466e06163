"""The format of a file, by its first bytes, and the reader for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..types import Options, Unreadable
from .diagnose import SPACES
from .reader import PackageReader
from .scanner import JsonReader
from .sources import Bytes, bytes_of, gunzip


@dataclass(frozen=True, slots=True)
class Format:
    """A format of file, recognised by its first bytes.

    ``matches`` gets up to 4 096 bytes. ``open`` makes the reader, or raises
    :class:`Unreadable` for formats that are only recognised to be refused kindly.
    """

    name: str
    matches: Callable[[bytes], bool]
    open: Callable[[Bytes, Options], PackageReader]


def _refused(code: str, **params: Any) -> Callable[[Bytes, Options], PackageReader]:
    def refuse(_source: Bytes, _options: Options) -> PackageReader:
        raise Unreadable(code, **params)

    return refuse


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


def _is_html(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf" + SPACES)[:512].lower()
    return text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<div", b"<p>"))


def _is_workbook(head: bytes) -> bool:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return True
    marks = (b"xl/", b"[Content_Types].xml", b"opendocument.spreadsheet", b"_rels/")
    return head.startswith(b"PK\x03\x04") and any(mark in head for mark in marks)


def _utf_16_or_32(head: bytes) -> str | None:
    """The name of a wide encoding, by its mark or by the zeros beside the first character (RFC 4627 §3)."""
    for mark, name in (
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if head.startswith(mark):
            return name
    start = head[:4]
    if len(start) == 4 and start.count(0) == 3 and (start[0] or start[3]):
        return "UTF-32"
    if len(start) >= 2 and (start[0] == 0) != (start[1] == 0):
        return "UTF-16"
    return None


def _wide(source: Bytes, _options: Options) -> PackageReader:
    raise Unreadable("read.encoding_wide", encoding=_utf_16_or_32(source.read(0, 4)))


def _open_gzip(source: Bytes, options: Options) -> PackageReader:
    inner = gunzip(source, options.max_bytes)
    if inner.read(0, 2) == b"\x1f\x8b":
        raise Unreadable("read.compressed", format="gzip")
    return _open(inner, options)


#: Asked in this order; JSON is what remains. A second readable format is one more row.
FORMATS: list[Format] = [
    Format("gzip", _starts(b"\x1f\x8b"), _open_gzip),
    Format("workbook", _is_workbook, _refused("read.workbook")),
    Format("zip", _starts(b"PK\x03\x04", b"PK\x05\x06"), _refused("read.compressed", format="ZIP")),
    Format("7z", _starts(b"7z\xbc\xaf\x27\x1c"), _refused("read.compressed", format="7z")),
    Format("rar", _starts(b"Rar!\x1a\x07"), _refused("read.compressed", format="RAR")),
    Format("xz", _starts(b"\xfd7zXZ\0"), _refused("read.compressed", format="xz")),
    Format(
        "bzip2",
        lambda head: bool(re.match(rb"BZh[1-9]1AY", head)),
        _refused("read.compressed", format="bzip2"),
    ),
    Format("zstd", _starts(b"\x28\xb5\x2f\xfd"), _refused("read.compressed", format="zstd")),
    Format("pdf", lambda head: b"%PDF-" in head[:1024], _refused("read.pdf")),
    Format("html", _is_html, _refused("read.html")),
    Format("xml", lambda head: head.lstrip(b"\xef\xbb\xbf" + SPACES)[:1] == b"<", _refused("read.xml")),
    Format(
        "image", _starts(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"), _refused("read.image")
    ),
    Format("wide", lambda head: _utf_16_or_32(head) is not None, _wide),
]


def open_package(
    source: bytes | bytearray | memoryview | BinaryIO, options: Options | None = None
) -> PackageReader:
    """Look through a file.

    :param source: bytes, or a binary file object. One that can seek is read from
        its start, whatever its position, and must stay open while the reader is
        used; any other is read to its end into an anonymous temporary file.
    :param options: limits (``max_bytes`` of the file, after gzip too;
        ``max_project_bytes``; ``max_projects``; ``max_depth``).
    :raises Unreadable: with a ``read.*`` code.
    """
    options = options or Options()
    return _open(bytes_of(source, options.max_bytes), options)


def _open(source: Bytes, options: Options) -> PackageReader:
    head = source.read(0, 4096)
    if not head:
        raise Unreadable("read.empty")
    for known in FORMATS:
        if known.matches(head):
            return known.open(source, options)
    return JsonReader(source, options)
