"""Files of the portal through the pure validator, as this portal is configured. Writes nothing."""

from __future__ import annotations

import hashlib
import io
import logging
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ckanext.cost_common import language, storage
from ckanext.cost_common.chunks import hash_chunks, iterate_chunks
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.oc4ids import reading, render, validator
from ckanext.cost_oc4ids.oc4ids.types import Options, PreviousVersion, Report, Unreadable
from ckanext.cost_oc4ids.validation import reasons

log = logging.getLogger(__name__)

#: bytes of a copy that are held in memory
IN_MEMORY = 4 << 20
#: seconds that a validation may take while a user waits for it, and in the worker
INLINE_SECONDS = 60
WORKER_SECONDS = 1800


class ValidatorError(Exception):
    """The validation itself failed or took too long: nothing is known of the file."""


class FileUnavailable(Exception):
    """The bytes of a resource cannot be had. ``reason`` is a code of :mod:`.reasons`.

    ``gone``: who keeps the file answers, and has no such file. Otherwise nothing is known of it.
    """

    def __init__(self, reason: str, detail: str = "", gone: bool = False) -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail
        self.gone = gone


@dataclass(slots=True)
class FileResult:
    """One content and what was found in it. ``report`` is None while it waits for the worker."""

    content_hash: str
    content_size: int
    report: Report | None = None
    reader: reading.PackageReader | None = None

    @property
    def pending(self) -> bool:
        """Whether the worker has yet to validate it."""
        return self.report is None

    @property
    def valid(self) -> bool:
        """Whether it was validated and conforms."""
        return self.report is not None and self.report.valid

    def projects(self) -> Iterable[reading.RawProject]:
        """The projects as they are in the file, as often as asked."""
        return self.reader.projects() if self.reader is not None else iter(())


class _TimeLimitedFile(io.RawIOBase):
    """A file that stops being read when its time is over."""

    def __init__(self, file: BinaryIO, seconds: float) -> None:
        self._file = file
        self._until = time.monotonic() + seconds

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._until:
            raise TimeoutError("the validation took too long")
        return self._file.read(size)

    def remove_limit(self) -> None:
        """Let the file be read without a limit of time."""
        self._until = float("inf")


def options_from_config(previous: PreviousVersion | None = None, max_bytes: int | None = None) -> Options:
    """Return how this portal validates. ``max_bytes`` may only narrow the configured limit."""
    limit = config.max_bytes()
    return Options(
        timezone=str(config.timezone()),
        prefix=config.prefix(),
        raise_to_error=config.raise_to_error(),
        previous=previous,
        max_bytes=limit if max_bytes is None else min(limit, max_bytes),
        max_depth=config.max_depth(),
        country_bbox=config.country_bbox(),
    )


def spool(chunks: Iterable[bytes], limit: int | None = None) -> tuple[BinaryIO, str, int]:
    """Copy bytes to an anonymous temporary file; return it with their SHA-256 and how many they are.

    Stops one byte beyond ``limit``, which is enough to see that they are too many.
    """
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as its reader
    digest, size = hashlib.sha256(), 0
    for whole in chunks:
        chunk = whole if limit is None else whole[: max(0, limit + 1 - size)]
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        if limit is not None and size > limit:
            break
    file.seek(0)
    return file, digest.hexdigest(), size


def read_chunks(stream: Any) -> Iterator[bytes]:
    """Return a stream's bytes from its beginning, and leave it there."""
    stream.seek(0)
    yield from iterate_chunks(stream)
    stream.seek(0)


def size_of(stream: Any) -> int:
    """Return how many bytes a stream has, reading none, and leave it at its beginning."""
    stream.seek(0, io.SEEK_END)
    size = int(stream.tell())
    stream.seek(0)
    return size


def validate_file(
    file: BinaryIO,
    content_hash: str,
    content_size: int,
    previous: PreviousVersion | None = None,
    seconds: float = WORKER_SECONDS,
    max_bytes: int | None = None,
) -> FileResult:
    """Validate a file that can seek and stays open with the result.

    :param seconds: how long it may take.
    :param max_bytes: a limit below the configured one, after gunzip too.
    :raises ValidatorError: the validation failed or took too long; the log says why.
    """
    timed: Any = _TimeLimitedFile(file, seconds)
    options = options_from_config(previous, max_bytes)
    try:
        reader, report = _open_and_validate(timed, options)
    except Exception as error:
        log.exception("The validation of a file of %d bytes (sha256 %s) failed", content_size, content_hash)
        raise ValidatorError(f"{type(error).__name__}: {error}") from error
    timed.remove_limit()
    return FileResult(content_hash, content_size, report, reader)


def _open_and_validate(file: BinaryIO, options: Options) -> tuple[reading.PackageReader | None, Report]:
    try:
        reader = reading.open_package(file, options)
        return reader, validator.validate_reader(reader, options)
    except Unreadable as error:
        return None, validator.unreadable(error, options)


def validate_upload(stream: Any, previous: PreviousVersion | None = None) -> FileResult:
    """Validate an upload while the user waits; a large one waits for the worker.

    :raises ValidatorError: see :func:`validate_file`.
    """
    size = size_of(stream)
    inline = config.inline_max_bytes()
    if inline < size <= config.max_bytes():
        return hash_upload(stream)
    file, content_hash, _ = spool(read_chunks(stream))
    result = validate_file(file, content_hash, size, previous, INLINE_SECONDS, max(inline, size))
    if size <= inline < config.max_bytes() and _grew_too_large(result):
        return FileResult(content_hash, size)
    return result


def hash_upload(stream: Any) -> FileResult:
    """Return an upload's content without a result: the worker validates it."""
    return FileResult(*hash_chunks(read_chunks(stream)))


def render_report(report: Report, lang: str | None = None) -> dict[str, Any]:
    """Return a report in the reader's language, in the public shape."""
    return render.as_dict(report, lang or language.current())


def _grew_too_large(result: FileResult) -> bool:
    """Whether a compressed file is small and its content is not: then the worker validates it."""
    found = result.report.findings if result.report else []
    return len(found) == 1 and found[0].code == "read.too_large"


def read_upload(resource_id: str, resource: dict[str, Any]) -> tuple[BinaryIO, str, int]:
    """Return a stored upload through CKAN's storage, as :func:`spool` does.

    Works with the file storages of 2.12 and with uploaders that give a path.

    :raises FileUnavailable: ``file_missing`` (gone) when the storage answers and has no such file;
        ``file_unreadable`` for any other failure to read it.
    """
    try:
        return spool(storage.read_chunks(resource_id, resource), config.max_bytes())
    except storage.FileMissing as error:
        raise FileUnavailable(reasons.FILE_MISSING, str(error), gone=True) from error
    except Exception as error:
        raise FileUnavailable(reasons.FILE_UNREADABLE, f"{type(error).__name__}: {error}") from error
