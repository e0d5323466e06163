"""What every reader of a file gives, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["package", "project", "list"]
Parts = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RawProject:
    """One project as it is in the file.

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
