"""Bytes in chunks: read from an open file, and hashed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

#: bytes read at once
CHUNK = 1 << 20


def iterate_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Return what is left of an open file, in chunks."""
    while chunk := file.read(CHUNK):
        yield chunk


def hash_chunks(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return the SHA-256 of some bytes, as hexadecimal digits, and how many they are."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
