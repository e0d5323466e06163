"""JSON, looked through once from end to end without building it.

A window slides over the bytes and a compiled parser skips value by value, so memory
is that of the window and of the largest project. What is remembered is where each
project begins and ends. Names that come twice and values that no database takes are
refused when a value is built: parsers silently disagree about them.

Rule: RFC 8259 (JSON; §4 on duplicate names, §8.1 on encoding, §9 on limits a reader
may set), OC4IDS 0.9 "Packaging" for the three shapes.
"""

from __future__ import annotations

import contextlib
import re
from array import array
from collections.abc import Iterator
from typing import Any

import msgspec

from .. import schema
from ..types import Options, Unreadable
from . import sources
from .diagnose import SPACES, decode, diagnose, has_long_number, missing_comma
from .reader import Kind, PackageReader, Parts, RawProject, pointer

_SPACE = frozenset(SPACES)

#: a package, or a list of projects, inside a member of an object; how much of a member is looked at
_INSIDE = re.compile(
    rb'\{.*?"projects"\s*:\s*\[|\[\s*\{[^{}\[\]]*"(?:publicAuthority|contractingProcesses|sector)"\s*:',
    re.DOTALL,
)
_LOOKED_INTO = 1 << 16
#: the beginning of a package, of a project or of a list of projects
_BEGINS = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\{(?=.*?"projects"\s*:\s*\[)(?=.*?"(?:publisher|version|publishedDate)"\s*:)'
    rb'|\[?\s*\{(?=.*?"id"\s*:)(?=.*?"(?:contractingProcesses|publicAuthority)"\s*:))',
    re.DOTALL,
)


def seems_oc4ids(beginning: bytes) -> bool:
    """Whether a file that begins so is most likely OC4IDS, conforming or not. Looks at 64 kB."""
    return _BEGINS.match(beginning[:_LOOKED_INTO]) is not None


_skip = msgspec.json.Decoder(msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode


def _trailing_offset() -> int:
    """How far the parser's "trailing characters (byte N)" lies from the byte it means."""
    try:
        _skip(b"{} x")
    except msgspec.DecodeError as error:
        return 3 - _byte_of(str(error))
    raise RuntimeError("msgspec accepts trailing characters")  # pragma: no cover - broken contract


def _byte_of(message: str) -> int:
    return int(message[message.rindex("(byte ") + 6 : -1])


_TRAILING = _trailing_offset()


class _Window:
    """A part of the source in memory, moved forward; positions are those of the whole source."""

    def __init__(self, source: sources.Bytes, start: int = 0, length: int = sources.WINDOW) -> None:
        self.source = source
        self.base = start
        self._fill(start, length)

    def _fill(self, start: int, length: int) -> None:
        if isinstance(self.source, sources.Memory):
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
            self._fill(at, sources.WINDOW)
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
        self._fill(at, max(sources.WINDOW, held * 2))
        return True

    def take(self, start: int, end: int) -> bytes:
        """The bytes between two positions."""
        if start >= self.base and end <= self.end:
            return self.data[start - self.base : end - self.base]
        return self.source.read(start, end - start)


class JsonReader(PackageReader):
    """JSON: a package, a bare project, or a list of projects."""

    def __init__(self, source: sources.Bytes, options: Options) -> None:
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
        self._window = _Window(sources.Memory(b""))

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
            return decode(raw)
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
            name = decode(text)
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
            self._refuse_wrapped(members)
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
            return decode(self._source.read(*self._span(member))) if member[1] - member[0] < 4096 else None
        return None

    def _refuse_wrapped(self, members: dict[str, tuple[int, int]]) -> None:
        """An answer of a program with a package or a list of projects inside one of its members."""
        if members.keys() & schema.project_schema()["properties"].keys():
            return
        for name, (begin, end) in members.items():
            if _INSIDE.match(self._source.read(begin, min(end - begin, _LOOKED_INTO))):
                raise Unreadable("read.wrapped", name=name, path=pointer((name,)))

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
            what = "read.ckan_response"
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
        """Record the position of each element of the array at ``at``; the position after its bracket."""
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
        raise missing_comma(data, 0, lambda code, on, **more: self._place(code, at + on, **more))

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
        if found == 0 and not self._window.take(at, min(at + sources.WINDOW, self._source.size)).strip(b"\0"):
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
        window = _Window(self._source, begin, min(sources.WINDOW, last - begin))
        for index in indexes:
            begin, end = spans[2 * index], spans[2 * index + 1]
            if end > window.end:
                window._fill(begin, max(min(sources.WINDOW, last - begin), end - begin))
            parts = () if self.kind == "project" else (*self._prefix, index)
            yield RawProject(index, parts, window.take(begin, end), begin)

    def lengths(self) -> Iterator[int]:
        """sources.Bytes of each project's text."""
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
            value = decode(raw)
            # Names are unique exactly when writing the value again needs as many colons: colons inside
            # text are the same on both sides unless one was written as \u003a, and a name that came
            # twice took a colon with it. Counting is far cheaper than watching every name.
            exact = raw.count(b":") == _encode(value).count(b":")
        except (RecursionError, OverflowError, ValueError, msgspec.MsgspecError):
            raise self._explain(offset, parts, raw) from None
        escaped = b"\\" in raw and (b"\\u003" in raw or b"\\u0000" in raw)
        if (escaped or not exact or has_long_number(raw)) and (
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
            piece = self._source.read(at, min(sources.WINDOW, offset - at))
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
        if length > sources.WINDOW:
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
