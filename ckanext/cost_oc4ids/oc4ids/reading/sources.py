"""Where the bytes of a file come from: memory, an open file, a stream, a gzip.

Rule: RFC 1952 (gzip).
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

from ..types import Unreadable

#: bytes read at once
WINDOW = 1 << 20
#: up to here a file is simply held in memory
IN_MEMORY = 4 << 20
#: a gzip that grows more than this is a bomb (deflate ends near 1030; honest JSON stays under 100)
GZIP_RATIO = 400
GZIP_RATIO_FROM = 8 << 20


class Bytes(Protocol):
    """Bytes that can be read anywhere, as often as needed."""

    size: int
    #: several processes may read at once
    shared: bool

    def read(self, start: int, length: int) -> bytes:
        """``length`` bytes from ``start``; fewer only at the end."""
        ...


class Memory:
    shared = True

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self.data = data if isinstance(data, bytes) else bytes(data)
        self.size = len(self.data)

    def read(self, start: int, length: int) -> bytes:
        if start == 0 and length >= self.size:
            return self.data
        return self.data[start : start + length]


class File:
    def __init__(self, file: Any, descriptor: int | None = None) -> None:
        self.file = file
        self.size = file.seek(0, io.SEEK_END)
        self.descriptor = _descriptor(file) if descriptor is None else descriptor
        self.shared = self.descriptor is not None or type(file) is io.BytesIO

    def read(self, start: int, length: int) -> bytes:
        pieces = []
        if self.descriptor is not None:
            # without the position that all processes that have the file open share
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
    import tempfile  # noqa: PLC0415 - slow to import, and most files can be read where they are

    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as its reader
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            spool.close()
            raise _too_large(limit)
        spool.write(chunk)
    # larger than that, it lies in a file
    return _settle(File(spool, spool.fileno() if total > IN_MEMORY and hasattr(os, "pread") else None))


def _settle(source: File) -> Bytes:
    """Small files go to memory: one read instead of many."""
    return Memory(source.read(0, source.size)) if source.size <= IN_MEMORY else source


def _seekable(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except AttributeError:
        # SpooledTemporaryFile learned seekable() in Python 3.11
        return hasattr(file, "seek")


def bytes_of(source: bytes | bytearray | memoryview | BinaryIO, limit: int) -> Bytes:
    found: Bytes
    if isinstance(source, bytes | bytearray | memoryview):
        found = Memory(source) if len(source) <= limit else _refuse(_too_large(limit))
    elif _seekable(source):
        file = File(source)
        found = _settle(file) if file.size <= limit else _refuse(_too_large(limit))
    else:
        found = _spooled(iter(lambda: source.read(WINDOW), b""), limit)
    return found


def _refuse(error: Unreadable) -> Any:
    raise error


def gunzip(source: Bytes, limit: int) -> Bytes:
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
