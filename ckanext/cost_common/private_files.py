"""Files that a plugin keeps outside of the catalogue and of what the web server serves.

A file is stored under a random id, whole or not at all, and is never changed; what its name is and who may
read it is the caller's to keep. Nothing here reads a configuration.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ckanext.cost_common.chunks import iterate_chunks

#: Ending of a file that is being written.
_PARTIAL = ".part"


class FileTooLarge(Exception):
    """The file has more bytes than may be stored."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file just stored: its id, its bytes counted, and their SHA-256 in hexadecimal."""

    id: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PrivateFolder:
    """A folder of files, readable by the portal's own account only.

    :param root: the folder; it is made when the first file is stored.
    """

    root: Path

    def write(self, chunks: Iterable[bytes], max_bytes: int) -> StoredFile:
        """Store a file.

        :param chunks: its bytes.
        :param max_bytes: how many of them are taken at most.
        :raises FileTooLarge: it has more.
        :raises OSError: it could not be written. Nothing of it stays, whatever is raised.
        """
        file_id = str(uuid.uuid4())
        target = self.path(file_id)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_name(target.name + _PARTIAL)
        digest, size = hashlib.sha256(), 0
        try:
            with open(partial, "xb", opener=_open_private) as out:
                for chunk in chunks:
                    size += len(chunk)
                    if size > max_bytes:
                        raise FileTooLarge(f"more than {max_bytes} bytes")
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            partial.rename(target)
            _sync_folder(target.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise
        return StoredFile(file_id, size, digest.hexdigest())

    def path(self, file_id: str) -> Path:
        """Return where a file is, or would be.

        :raises ValueError: it is no id of a file.
        """
        name = str(uuid.UUID(file_id))
        return self.root / name[:2] / name

    def open(self, file_id: str) -> BinaryIO:
        """Open a file for reading.

        :raises FileNotFoundError: there is none such.
        """
        return self.path(file_id).open("rb")

    def read_chunks(self, file_id: str) -> Iterator[bytes]:
        """Return the bytes of a file, in chunks.

        :raises FileNotFoundError: there is none such.
        """
        with self.open(file_id) as stored:
            yield from iterate_chunks(stored)

    def delete(self, file_id: str) -> None:
        """Delete a file; one that is not there is deleted already."""
        self.path(file_id).unlink(missing_ok=True)

    def list_files(self, older_than: float = 0) -> Iterator[tuple[str, Path]]:
        """Return the id and path of every file, those whose writing was cut short too, in order.

        :param older_than: seconds since a file was written; younger ones may belong to a request that runs.
        """
        latest = time.time() - older_than
        for path in sorted(self.root.glob("??/*")):
            with contextlib.suppress(ValueError, FileNotFoundError):
                file_id = str(uuid.UUID(path.name.removesuffix(_PARTIAL)))
                if path.stat().st_mtime <= latest:
                    yield file_id, path


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Keep the new name through a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
