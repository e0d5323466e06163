"""From bytes to projects: what is this file, is it whole, where does each project stand?

:func:`open_package` looks at a file once from end to end without building it:
a window slides over the bytes and a compiled parser skips value by value, so
memory is that of the window and of the largest project. What it remembers is
where each project begins and ends; :meth:`PackageReader.projects` then gives
them as often as asked. :meth:`PackageReader.parse` builds one value and refuses
what parsers silently disagree about (duplicate keys) or what no database takes.

Whatever cannot be read is :class:`~.types.Unreadable` with a ``read.*`` code and,
where there is one, the line and column (from 1, columns in characters).

Rules: RFC 8259 (JSON; §4 on duplicate names, §8.1 on encoding, §9 on limits a
reader may set), RFC 1952 (gzip), OC4IDS 0.9 "Packaging" for the three shapes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, Protocol

import msgspec

from . import schema
from .types import Options, Unreadable

Kind = Literal["package", "project", "list"]
Parts = tuple[str | int, ...]

WINDOW = 1 << 20
#: up to here a file is simply held in memory
IN_MEMORY = 4 << 20
#: a gzip that grows more than this is a bomb (deflate ends near 1030; honest JSON stays under 100)
GZIP_RATIO = 400
GZIP_RATIO_FROM = 8 << 20
SPACES = b" \t\r\n"
_SPACE = frozenset(SPACES)

_skip = msgspec.json.Decoder(msgspec.Raw).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def _trailing_offset() -> int:
    """How far the parser's "trailing characters (byte N)" lies from the byte it means."""
    try:
        _skip(b"{} x")
    except msgspec.DecodeError as error:
        return 3 - _byte_of(str(error))
    raise RuntimeError(
        "msgspec accepts trailing characters"
    )  # pragma: no cover - a release that broke its contract


def _byte_of(message: str) -> int:
    return int(message[message.rindex("(byte ") + 6 : -1])


_TRAILING = _trailing_offset()


# -- where bytes come from
# --------------------------------------------------------------------------------------


class Bytes(Protocol):
    """Bytes that can be read anywhere, as often as needed."""

    size: int
    #: several processes may read at once
    shared: bool

    def read(self, start: int, length: int) -> bytes:
        """``length`` bytes from ``start``; fewer only at the end."""
        ...


class _Memory:
    shared = True

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self.data = data if isinstance(data, bytes) else bytes(data)
        self.size = len(self.data)

    def read(self, start: int, length: int) -> bytes:
        if start == 0 and length >= self.size:
            return self.data
        return self.data[start : start + length]


class _File:
    def __init__(self, file: Any, descriptor: int | None = None) -> None:
        self.file = file
        self.size = file.seek(0, io.SEEK_END)
        self.descriptor = _descriptor(file) if descriptor is None else descriptor
        self.shared = self.descriptor is not None or type(file) is io.BytesIO

    def read(self, start: int, length: int) -> bytes:
        pieces = []
        if self.descriptor is not None:
            # without the position that all who have the file open share
            while length > 0 and (piece := os.pread(self.descriptor, length, start)):
                pieces.append(piece)
                start += len(piece)
                length -= len(piece)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.file.seek(start)
        while length > 0 and (piece := self.file.read(length)):
            pieces.append(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _descriptor(file: Any) -> int | None:
    """The descriptor of a file whose bytes are exactly what is read through it (those of gzip are not)."""
    raw = file.raw if type(file) in (io.BufferedReader, io.BufferedRandom) else file
    return raw.fileno() if type(raw) is io.FileIO and hasattr(os, "pread") else None


def _too_large(limit: int) -> Unreadable:
    return Unreadable("read.too_large", limit_bytes=limit)


def _spooled(chunks: Iterator[bytes], limit: int) -> Bytes:
    """Chunks as bytes that can be read anywhere: in memory while small, else in an anonymous
    temporary file.
    """
    import tempfile  # noqa: PLC0415 - dear to load, and most files can be read where they are

    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as its reader
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            spool.close()
            raise _too_large(limit)
        spool.write(chunk)
    # larger than that, it lies in a file
    return _settle(_File(spool, spool.fileno() if total > IN_MEMORY and hasattr(os, "pread") else None))


def _settle(source: _File) -> Bytes:
    """Small files go to memory: one read instead of many."""
    return _Memory(source.read(0, source.size)) if source.size <= IN_MEMORY else source


def _seekable(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except AttributeError:
        # SpooledTemporaryFile learned seekable() in Python 3.11
        return hasattr(file, "seek")


def _bytes_of(source: bytes | bytearray | memoryview | BinaryIO, limit: int) -> Bytes:
    found: Bytes
    if isinstance(source, bytes | bytearray | memoryview):
        found = _Memory(source) if len(source) <= limit else _refuse(_too_large(limit))
    elif _seekable(source):
        file = _File(source)
        found = _settle(file) if file.size <= limit else _refuse(_too_large(limit))
    else:
        found = _spooled(iter(lambda: source.read(WINDOW), b""), limit)
    return found


def _refuse(error: Unreadable) -> Any:
    raise error


def _gunzip(source: Bytes, limit: int) -> Bytes:
    """The bytes inside a gzip of one or more members, no more than ``limit`` of them."""

    def chunks() -> Iterator[bytes]:
        engine = zlib.decompressobj(wbits=31)
        position = produced = 0
        pending = b""
        while True:
            if not pending:
                pending = source.read(position, WINDOW)
                position += len(pending)
            if not pending:
                if not engine.eof:
                    raise Unreadable("read.gzip_broken")
                return
            if engine.eof:
                if not pending.strip(b"\0"):
                    pending = b""  # padding after the last member
                    continue
                engine = zlib.decompressobj(wbits=31)
            try:
                chunk = engine.decompress(pending, WINDOW)
            except zlib.error:
                raise Unreadable("read.gzip_broken") from None
            pending = engine.unused_data if engine.eof else engine.unconsumed_tail
            produced += len(chunk)
            if produced > GZIP_RATIO_FROM and produced > GZIP_RATIO * (position - len(pending)):
                raise Unreadable("read.gzip_ratio", limit=GZIP_RATIO)
            if chunk:
                yield chunk

    return _spooled(chunks(), limit)


# -- what kind of file
# ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Format:
    """A format of file told by its first bytes.

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
    inner = _gunzip(source, options.max_bytes)
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


# -- the reader
# -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawProject:
    """One project as it stands in the file.

    ``raw`` is its exact JSON text (UTF-8, no space around); ``offset`` where it
    begins, in bytes of the decompressed file; ``pointer`` its JSON Pointer.
    """

    index: int
    parts: Parts
    raw: bytes
    offset: int

    @property
    def pointer(self) -> str:
        """JSON Pointer (RFC 6901) to the project in the file; empty for a bare project."""
        return pointer(self.parts)


def pointer(parts: Parts) -> str:
    """A JSON Pointer (RFC 6901): ``("projects", 0, "a/b")`` → ``/projects/0/a~1b``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class PackageReader:
    """A file that was looked through once: its shape, its shell, and where its projects are.

    ``kind``: ``package``, ``project`` (bare) or ``list``. ``shell``: the package
    without its projects, else None. ``count``: number of projects. ``name`` is
    the format's (``json``). The source must stay open while the reader is used.
    """

    name = "json"
    kind: Kind
    shell: dict[str, Any] | None
    count: int
    #: a package that has a list of projects at all (its ``projects`` may be missing or of another type)
    has_projects: bool = True
    #: bytes of the file, after gzip
    size: int = 0
    #: several processes may read it at once, each with a copy of this reader
    shared: bool = False

    def projects(self, indexes: range | None = None) -> Iterator[RawProject]:
        """The projects in file order, or some that follow one another; as often as asked."""
        raise NotImplementedError

    def lengths(self) -> Iterator[int]:
        """Bytes of each project's text."""
        raise NotImplementedError

    def project(self, index: int) -> RawProject:
        """One project by its position."""
        raise NotImplementedError

    def parse(self, project: RawProject) -> Any:
        """Build a project's value; :class:`Unreadable` for what no reader should accept."""
        raise NotImplementedError

    def refuse(self, project: RawProject) -> None:
        """Raise what is wrong with a project's text (nesting, a monstrous number), when something is."""
        raise NotImplementedError


def open_package(
    source: bytes | bytearray | memoryview | BinaryIO, options: Options | None = None
) -> PackageReader:
    """Look through a file.

    :param source: bytes, or a binary file object. One that can seek is read from
        its start, wherever it stands, and must stay open while the reader is
        used; any other is read to its end into an anonymous temporary file.
    :param options: limits (``max_bytes`` of the file, after gzip too;
        ``max_project_bytes``; ``max_projects``; ``max_depth``).
    :raises Unreadable: with a ``read.*`` code.
    """
    options = options or Options()
    return _open(_bytes_of(source, options.max_bytes), options)


def _open(source: Bytes, options: Options) -> PackageReader:
    head = source.read(0, 4096)
    if not head:
        raise Unreadable("read.empty")
    for each in FORMATS:
        if each.matches(head):
            return each.open(source, options)
    return JsonReader(source, options)


class _Window:
    """A part of the source in memory, moved forward; positions are those of the whole source."""

    def __init__(self, source: Bytes, start: int = 0, length: int = WINDOW) -> None:
        self.source = source
        self.base = start
        self._fill(start, length)

    def _fill(self, start: int, length: int) -> None:
        if isinstance(self.source, _Memory):
            start, length = 0, self.source.size
        self.base = start
        self.data = self.source.read(start, length)
        self.view = memoryview(self.data)
        self.end = start + len(self.data)
        self.last = self.end >= self.source.size

    def byte(self, at: int) -> int:
        """The byte at a position, or -1 at the end."""
        if at >= self.end:
            if self.last:
                return -1
            self._fill(at, WINDOW)
        return self.data[at - self.base]

    def space(self, at: int) -> int:
        """The first position from ``at`` on that is not white space."""
        while self.byte(at) in _SPACE:
            at += 1
            # long runs (indentation, padding) in compiled code
            rest = self.data[at - self.base : at - self.base + 256]
            at += len(rest) - len(rest.lstrip(SPACES))
        return at

    def widen(self, at: int) -> bool:
        """Hold twice as much from ``at`` on; False when there is no more."""
        if self.last:
            return False
        held = self.end - at
        self._fill(at, max(WINDOW, held * 2))
        return True

    def take(self, start: int, end: int) -> bytes:
        """The bytes between two positions."""
        if start >= self.base and end <= self.end:
            return self.data[start - self.base : end - self.base]
        return self.source.read(start, end - start)


class JsonReader(PackageReader):
    """JSON: a package, a bare project, or a list of projects."""

    def __init__(self, source: Bytes, options: Options) -> None:
        self._source = source
        self.size = source.size
        self.shared = source.shared
        self._options = options
        self._window = _Window(source)
        #: begin and end of every project
        self._spans = array("Q")
        self._prefix: Parts = ()
        self.shell = None
        start = 3 if self._window.data.startswith(b"\xef\xbb\xbf") else 0
        self._begin = self._window.space(start)
        first = self._window.byte(self._begin)
        if first == ord("{"):
            end = self._read_object()
        elif first == ord("["):
            end = self._read_list()
        else:
            end = self._read_scalar(first)
        self._nothing_after(end)
        self._window = _Window(_Memory(b""))

    # .. shapes

    def _read_list(self) -> int:
        self.kind = "list"
        end = self._elements(self._begin, (), "list")
        self.count = len(self._spans) // 2
        if self.count:
            first = self._peek(0)
            if isinstance(first, dict) and ("id" not in first or "ocid" in first):
                self._refuse_foreign(set(first), first)
                if isinstance(first.get("projects"), list):
                    raise Unreadable("read.list_of_packages")
        return end

    def _peek(self, index: int) -> Any:
        raw = self._source.read(self._spans[2 * index], self._spans[2 * index + 1] - self._spans[2 * index])
        with contextlib.suppress(Exception):
            return _decode(raw)
        return None

    def _read_object(self) -> int:
        members: dict[str, tuple[int, int]] = {}
        projects = False
        kept = 0
        at = self._window.space(self._begin + 1)
        if self._window.byte(at) == ord("}"):
            at += 1
        else:
            while True:
                name, at = self._name(at, members)
                begin = at
                if name == "projects" and self._window.byte(at) == ord("["):
                    projects = True
                    at = self._elements(at, ("projects",), "package")
                else:
                    at = self._value_end(at, (name,))
                    kept += at - begin
                    if kept > self._options.max_project_bytes:
                        raise self._place(
                            "read.project_too_large", begin, limit_bytes=self._options.max_project_bytes
                        )
                members[name] = (begin, at)
                at, more = self._after(at, self._begin, ord("}"))
                if not more:
                    break
        self._settle_object(members, projects, at)
        return at

    def _name(self, at: int, members: dict[str, tuple[int, int]]) -> tuple[str, int]:
        """A member's name at the top level and where its value begins."""
        if self._window.byte(at) != ord('"'):
            raise self._explain(self._begin, ())
        end = self._value_end(at, ())
        text = self._window.take(at, end)
        try:
            name = _decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._explain(at, (), text) from None
        if name in members:
            raise self._place("read.duplicate_key", at, key=name, path=pointer((name,)))
        if "\0" in name:
            raise self._place("read.nul", at)
        end = self._window.space(end)
        if self._window.byte(end) != ord(":"):
            raise self._explain(self._begin, ())
        return name, self._window.space(end + 1)

    def _settle_object(self, members: dict[str, tuple[int, int]], projects: bool, end: int) -> None:
        """Decide what the object is, by the names at its top."""
        names = set(members)
        if not projects:
            self._refuse_foreign(
                names, {n: self._shallow(members[n]) for n in ("type", "success") if n in names}
            )
        known = set(schema.project_schema()["properties"])
        shell_names = set(schema.package_schema()["properties"])
        if projects or "projects" in names or (names & (shell_names - known) and "id" not in names):
            self.kind = "package"
            self._prefix = ("projects",)
            self.has_projects = projects
            self.count = len(self._spans) // 2
            self.shell = {
                name: self._parse(self._source.read(begin, stop - begin), begin, (name,))
                for name, (begin, stop) in members.items()
                if not (name == "projects" and projects)
            }
            for name in self.shell:
                begin, stop = members[name]
                if error := self._explain_or_none(begin, (name,), self._source.read(begin, stop - begin)):
                    raise error
        elif names & known:
            self.kind = "project"
            self.count = 1
            self._spans.extend((self._begin, end))
        else:
            raise Unreadable("read.not_oc4ids", names=sorted(names)[:10])

    @staticmethod
    def _span(member: tuple[int, int]) -> tuple[int, int]:
        return member[0], member[1] - member[0]

    def _shallow(self, member: tuple[int, int]) -> Any:
        with contextlib.suppress(Exception):
            return _decode(self._source.read(*self._span(member))) if member[1] - member[0] < 4096 else None
        return None

    def _refuse_foreign(self, names: set[str], values: dict[str, Any]) -> None:
        """Files of neighbouring standards, by names that OC4IDS does not have at that place."""
        what = None
        if "records" in names and "projects" not in names:
            what = "read.ocds_record_package"
        elif "releases" in names and "projects" not in names:
            # one OCDS record also has "releases", beside its "ocid"
            what = "read.ocds_record" if "ocid" in names else "read.ocds_release_package"
        elif "compiledRelease" in names:
            what = "read.ocds_record"
        elif "ocid" in names and names & {"tag", "initiationType", "tender", "awards", "contracts", "buyer"}:
            what = "read.ocds_release"
        elif values.get("type") == "FeatureCollection" or ("features" in names and "id" not in names):
            what = "read.geojson"
        elif {"success", "result"} <= names:
            what = "read.ckan_answer"
        if what:
            raise Unreadable(what)

    def _read_scalar(self, first: int) -> int:
        if first == -1:
            raise Unreadable("read.empty")
        end = self._value_end(self._begin, ())
        self._nothing_after(end)
        raise self._place("read.scalar", self._begin)

    # .. the slide

    def _elements(self, at: int, prefix: Parts, kind: Kind) -> int:
        """Note where each element of the array at ``at`` stands; the position after its bracket."""
        self._prefix = prefix
        opened = at
        at = self._window.space(at + 1)
        if self._window.byte(at) == ord("]"):
            return at + 1
        limit = 2 * self._options.max_projects
        while True:
            end = self._value_end(at, (*prefix, len(self._spans) // 2))
            self._spans.extend((at, end))
            if len(self._spans) > limit:
                raise Unreadable("read.too_many_projects", limit=self._options.max_projects)
            at, more = self._after(end, opened, ord("]"))
            if not more:
                return at

    def _after(self, at: int, opened: int, close: int) -> tuple[int, bool]:
        """Past the comma after a value (True) or past the closing bracket (False)."""
        at = self._window.space(at)
        found = self._window.byte(at)
        if found == close:
            return at + 1, False
        if found == ord(","):
            following = self._window.space(at + 1)
            if self._window.byte(following) not in (close, -1):
                return following, True
            if self._window.byte(following) == close:
                raise self._place("read.trailing_comma", at)
        if self._window.byte(at) == -1 or found == ord(","):
            raise self._place("read.truncated", self._source.size)
        data = self._source.read(at, 64)
        raise _no_comma(data, 0, lambda code, on, **more: self._place(code, at + on, **more))

    def _value_end(self, at: int, parts: Parts) -> int:
        """Where the value that begins at ``at`` ends. Nothing is built."""
        window = self._window
        if window.byte(at) == -1:
            raise self._place("read.truncated", self._source.size)
        while True:
            piece = window.view[at - window.base :]
            try:
                found = _skip(piece)
            except RecursionError:
                raise self._explain(at, parts) from None
            except msgspec.DecodeError as error:
                message = str(error)
                if "trailing characters" in message:
                    length = _byte_of(message) + _TRAILING
                    return at + self._trim(piece, length)
                # a broken value at the very edge may only be cut by the window
                cut = "byte " not in message or _byte_of(message) > len(piece) - 16
                if window.last or not cut:
                    raise self._explain(at, parts) from None
            else:
                length = memoryview(found).nbytes
                if window.last or window.data[at - window.base + length - 1] in b'}]"':
                    return at + length
            if window.end - at > self._options.max_project_bytes:
                break
            window.widen(at)
        self._explain_or_none(at, parts)
        raise self._place(
            "read.project_too_large", at, limit_bytes=self._options.max_project_bytes, path=pointer(parts)
        )

    @staticmethod
    def _trim(piece: memoryview, length: int) -> int:
        while piece[length - 1] in SPACES:
            length -= 1
        return length

    def _nothing_after(self, end: int) -> None:
        at = self._window.space(end)
        found = self._window.byte(at)
        if found == -1:
            return
        if found == 0 and not self._window.take(at, min(at + WINDOW, self._source.size)).strip(b"\0"):
            raise self._place("read.nul", at)
        between = self._window.take(end, at)
        if found == ord("{") and self._window.byte(self._begin) != ord("["):
            raise self._place("read.json_lines" if b"\n" in between else "read.trailing_data", at)
        raise self._place("read.trailing_data", at)

    # .. projects

    def projects(self, indexes: range | None = None) -> Iterator[RawProject]:
        """The projects in file order; see :class:`PackageReader`."""
        indexes = range(self.count) if indexes is None else indexes
        if not indexes:
            return
        spans = self._spans
        last = spans[2 * indexes[-1] + 1]
        begin = spans[2 * indexes.start]
        window = _Window(self._source, begin, min(WINDOW, last - begin))
        for index in indexes:
            begin, end = spans[2 * index], spans[2 * index + 1]
            if end > window.end:
                window._fill(begin, max(min(WINDOW, last - begin), end - begin))
            parts = () if self.kind == "project" else (*self._prefix, index)
            yield RawProject(index, parts, window.take(begin, end), begin)

    def lengths(self) -> Iterator[int]:
        """Bytes of each project's text."""
        for index in range(self.count):
            yield self._spans[2 * index + 1] - self._spans[2 * index]

    def project(self, index: int) -> RawProject:
        """One project by its position."""
        begin, end = self._spans[2 * index], self._spans[2 * index + 1]
        parts = () if self.kind == "project" else (*self._prefix, index)
        return RawProject(index, parts, self._source.read(begin, end - begin), begin)

    def parse(self, project: RawProject) -> Any:
        """Build a project's value; see :class:`PackageReader`."""
        if len(project.raw) > self._options.max_project_bytes:
            raise self._place(
                "read.project_too_large",
                project.offset,
                limit_bytes=self._options.max_project_bytes,
                path=project.pointer,
            )
        return self._parse(project.raw, project.offset, project.parts)

    def refuse(self, project: RawProject) -> None:
        """Raise what is wrong with a project's text; see :class:`PackageReader`."""
        if error := self._explain_or_none(project.offset, project.parts, project.raw):
            raise error

    def _parse(self, raw: bytes, offset: int, parts: Parts) -> Any:
        try:
            value = _decode(raw)
            # Names are unique exactly when writing the value again needs as many colons: colons inside
            # text are the same on both sides unless one was written as \u003a, and a name that came
            # twice took a colon with it. Counting is far cheaper than watching every name.
            exact = raw.count(b":") == _encode(value).count(b":")
        except (RecursionError, OverflowError, ValueError, msgspec.MsgspecError):
            raise self._explain(offset, parts, raw) from None
        escaped = b"\\" in raw and (b"\\u003" in raw or b"\\u0000" in raw)
        if (escaped or not exact or _has_long_number(raw)) and (
            error := self._explain_or_none(offset, parts, raw)
        ):
            raise error
        return value

    # .. explaining

    def _place(self, code: str, offset: int, **params: Any) -> Unreadable:
        line, column = self._line_column(offset)
        return Unreadable(code, line=line, column=column, **params)

    def _line_column(self, offset: int) -> tuple[int, int]:
        """Line and column from 1; a column counts characters."""
        line, at, begin = 1, 0, 0
        while at < offset:
            piece = self._source.read(at, min(WINDOW, offset - at))
            if not piece:
                break
            breaks = piece.count(b"\n")
            if breaks:
                line += breaks
                begin = at + piece.rindex(b"\n") + 1
            at += len(piece)
        if begin == 0 and self._source.read(0, 3) == b"\xef\xbb\xbf":
            begin = min(3, offset)
        length = offset - begin
        if length > WINDOW:
            return line, length + 1
        return line, len(self._source.read(begin, length).decode("utf-8", "replace")) + 1

    def _explain(self, offset: int, parts: Parts, raw: bytes | None = None) -> Unreadable:
        return self._explain_or_none(offset, parts, raw) or self._place("read.syntax", offset, found="")

    def _explain_or_none(self, offset: int, parts: Parts, raw: bytes | None = None) -> Unreadable | None:
        """Why the value at ``offset`` cannot be read: slow, exact, and only asked when something is wrong."""
        whole = raw is None
        if raw is None:
            # a byte more than allowed, so that "too large" is never mistaken for "cut off"
            raw = self._source.read(offset, self._options.max_project_bytes + 1)
        cut = whole and offset + len(raw) < self._source.size

        def fail(code: str, at: int, **params: Any) -> Unreadable:
            return self._place(code, offset + at, **params)

        return diagnose(raw, parts, self._options.max_depth - len(parts), cut, fail)


# -- the slow and exact way
# -------------------------------------------------------------------------------------

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


def _has_long_number(raw: bytes) -> bool:
    """Whether that many digits stand in a row, in texts too: an expression would be ten times slower.

    Every 30th byte is asked first: of 300 digits in a row it meets ten in a row.
    """
    sample = raw[:: MAX_DIGITS // 10].translate(_ALL_DIGITS_ALIKE)
    return b"0" * 10 in sample and _LONG_NUMBER in raw.translate(_ALL_DIGITS_ALIKE)


Fail = Callable[..., Unreadable]


def _unexpected(data: bytes, at: int, fail: Fail) -> Unreadable:
    """Name what stands where no JSON can begin or go on."""
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
            space = len(data) - len(data[at:].lstrip(SPACES)) if len(data) - at < WINDOW else _space(data, at)
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
                return _no_comma(data, begin, fail)
            levels.pop()
        elif expected in ("name", "next name"):
            if mark == b"}":
                if expected == "next name":
                    return fail("read.trailing_comma", begin)
                levels.pop()
            elif kind == "text":
                if error_ := _bad_escape(token, begin, fail) if b"\\" in token else None:
                    return error_
                name = _decode(token)
                level = levels[-1]
                if name in level.names:
                    way = (
                        *parts,
                        *(each.part if each.is_object else each.index for each in levels[:-1]),
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
                way = (*parts, *(each.part if each.is_object else each.index for each in levels[:8]))
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


def _no_comma(data: bytes, at: int, fail: Fail) -> Unreadable:
    """Where a comma or a closing bracket belongs stands something else."""
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
