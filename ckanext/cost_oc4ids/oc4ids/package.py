"""Project packages made out of projects that are already JSON text, without reading them again.

A package is streamed: its head, the projects one after the other, its tail. Memory is that
of one project and one chunk.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: What the standard calls its version in a package: major and minor only.
PACKAGE_VERSION = "0.9"
CONTENT_TYPE = "application/json; charset=utf-8"
TAIL = b"\n]}\n"
SEPARATOR = b",\n"
#: Bytes gathered before they are handed on, after the first.
CHUNK = 64 * 1024
#: zlib's level for a stream made on the fly: higher costs more time than it saves on the way.
GZIP_LEVEL = 4
#: zlib's way to ask for a gzip header around the largest window
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes a package: a name, and if known an address and an identifier in a register."""

    name: str
    uri: str | None = None
    scheme: str | None = None
    uid: str | None = None


def package_head(
    uri: str,
    published: dt.datetime,
    publisher: Publisher,
    licence: str | None = None,
    policy: str | None = None,
) -> bytes:
    """Return a package up to its first project.

    ``uri``: the address it is served at. ``published``: when its contents last changed, with
    a zone (the standard's rule for packages made on demand). ``licence`` and ``policy``:
    addresses; what is empty is left out, for OC4IDS has no empty texts. Raises ValueError
    when ``published`` has no zone.
    """
    if published.tzinfo is None:
        raise ValueError("publishedDate needs a zone")
    publisher_fields = {
        "name": publisher.name,
        "scheme": publisher.scheme,
        "uid": publisher.uid,
        "uri": publisher.uri,
    }
    head = {
        "uri": uri,
        "version": PACKAGE_VERSION,
        "publishedDate": published.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "publisher": {name: value for name, value in publisher_fields.items() if value},
        "license": licence,
        "publicationPolicy": policy,
    }
    text = json.dumps({name: value for name, value in head.items() if value}, ensure_ascii=False)
    return text.removesuffix("}").encode("utf-8") + b', "projects": [\n'


def stream_package(head: bytes, projects: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a whole package in chunks; the head goes out at once.

    ``projects``: each one's JSON, UTF-8, taken over as it is. Closes ``projects`` when it is
    a generator and the reader goes away.
    """
    try:
        yield head
        waiting: list[bytes] = []
        size = 0
        first = True
        for project in projects:
            if not first:
                waiting.append(SEPARATOR)
            first = False
            waiting.append(project)
            size += len(project)
            if size >= CHUNK:
                yield b"".join(waiting)
                waiting, size = [], 0
        waiting.append(TAIL)
        yield b"".join(waiting)
    finally:
        close = getattr(projects, "close", None)
        if close:
            close()


def gzip_stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``chunks`` compressed; the first goes out at once, so that the reader sees life."""
    try:
        compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        first = True
        for chunk in chunks:
            compressed = compressor.compress(chunk)
            if first:
                compressed += compressor.flush(zlib.Z_SYNC_FLUSH)
                first = False
            if compressed:
                yield compressed
        yield compressor.flush()
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
