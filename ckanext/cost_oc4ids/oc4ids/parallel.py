"""The projects of a large file examined in several processes, and given back in the file's order.

The file is cut into shares of consecutive projects, dealt out in turn. Each process
reads its own shares of the same open file and sends back what it found in each;
whatever needs the whole file stays with the calling process. So the report is that of one
process, to the byte. A share whose process fails, for whatever reason, is given
back unexamined: examined by the calling process, it fails as it would have failed
alone, or does not.

Processes are forked, so that they begin with everything built: only where the
system can and this process has one thread. Elsewhere one process does it all.
"""

from __future__ import annotations

import datetime as dt
import logging
import marshal
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from typing import Any, BinaryIO, NamedTuple

from . import engine
from .examiner import Examiner, Found, ProjectResult, Tally, max_depth
from .reading import PackageReader, Parts
from .types import Options, Unreadable, shorten

log = logging.getLogger(__name__)

#: a smaller file is read before a second process has begun
LEAST_BYTES = 4 << 20
#: a share has about so many bytes at most, and so many projects
SHARE_BYTES, SHARE_PROJECTS = 1 << 20, 1000
#: a name longer than this is cut, after all that is kept of it anywhere
_NAME_KEPT = 2000

Share = range
#: what a process found in one share: its projects, and what came again too often, how often
ShareResult = tuple[list[ProjectResult], list[tuple[list[Found], int]]]


def shares(reader: PackageReader, options: Options) -> list[Share]:
    """The file's projects in shares for several processes; none when one process should do it all."""
    if options.jobs < 2 or reader.count < 2 or reader.size < LEAST_BYTES:  # noqa: PLR2004
        return []
    if not reader.shared or not _can_fork():
        return []
    # as many for each process, so that none waits for another at the end
    whole = sum(reader.lengths())
    count = -(-whole // (SHARE_BYTES * options.jobs)) * options.jobs
    found: list[Share] = []
    start = length = cut = 0
    for index, size in enumerate(reader.lengths()):
        length += size
        if length * count >= whole * (cut + 1) or index + 1 - start >= SHARE_PROJECTS:
            found.append(range(start, index + 1))
            start, cut = index + 1, length * count // whole
    if start < reader.count:
        found.append(range(start, reader.count))
    return found


def _can_fork() -> bool:
    # a process of a pool may have none of its own; what nobody loaded has made no pool
    pool = sys.modules.get("multiprocessing.process")
    return (
        hasattr(os, "fork")
        # the system's own libraries may not survive it there
        and sys.platform != "darwin"
        and _threads() == 1
        and not (pool and pool.current_process().daemon)
    )


def _threads() -> int:
    return threading.active_count()


class _Worker(NamedTuple):
    """A process that examines, and the pipe that its results come through."""

    process: int
    results: BinaryIO


def examine(
    reader: PackageReader, options: Options, today: dt.date, dealt: Sequence[Share]
) -> Generator[tuple[Share, ShareResult | None], None, None]:
    """Every share in order with what was found in it, or None where the caller must examine it."""
    # built once, before there are several to build it
    engine.project_validator(max_depth(options))
    workers: dict[int, _Worker] = {}
    running: list[_Worker] = []
    try:
        count = min(options.jobs, len(dealt))
        for number in range(count):
            try:
                running.append(_start(reader, options, today, dealt[number::count], running))
            except OSError:
                log.warning("no process could be started to examine projects", exc_info=True)
            else:
                workers[number] = running[-1]
        for number, share in enumerate(dealt):
            worker = workers.get(number % count)
            result = None
            if worker:
                try:
                    result = _received(worker.results)
                except EOFError:
                    log.warning("a process that examined projects ended before its time")
                    del workers[number % count]
            yield share, result
    finally:
        for worker in running:
            worker.results.close()
            # it holds nothing that would have to be put away
            os.kill(worker.process, signal.SIGKILL)
        for worker in running:
            os.waitpid(worker.process, 0)


def _start(
    reader: PackageReader,
    options: Options,
    today: dt.date,
    mine: Sequence[Share],
    others: Sequence[_Worker],
) -> _Worker:
    """Begin a process that examines some shares."""
    receiver, sender = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(receiver)
        os.close(sender)
        raise
    if process:
        os.close(sender)
        return _Worker(process, os.fdopen(receiver, "rb"))
    try:
        # the calling process ends it, also on the user's interrupt
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # whoever holds an end of another's pipe keeps that one from noticing that nobody reads any more
        for descriptor in (receiver, *(other.results.fileno() for other in others)):
            os.close(descriptor)
        for share in mine:
            _send(sender, _examine_share(reader, options, today, share))
    except BaseException as error:
        if not isinstance(error, BrokenPipeError):
            log.exception("projects are examined in the calling process")
    finally:
        # nothing of what the calling process had begun may be ended twice: no buffer, no transaction
        os._exit(0)
    raise AssertionError  # pragma: no cover - for the reader of types


_SIZE = 8


def _send(sender: int, result: Any) -> None:
    try:
        data = marshal.dumps(result)
    except ValueError:
        log.warning("what was found in some projects cannot be sent", exc_info=True)
        data = marshal.dumps(None)
    rest = memoryview(len(data).to_bytes(_SIZE, "little") + data)
    while rest:
        rest = rest[os.write(sender, rest) :]


def _received(results: BinaryIO) -> ShareResult | None:
    """What a process sent of its next share. :raises EOFError: when it sends no more."""
    size = int.from_bytes(_exactly(results, _SIZE), "little")
    # from a process of our own
    result = marshal.loads(_exactly(results, size))  # noqa: S302
    if result is None:
        return None
    projects, uncounted = result
    return [ProjectResult.unpacked(packed) for packed in projects], uncounted


def _exactly(results: BinaryIO, size: int) -> bytes:
    data = results.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _examine_share(reader: PackageReader, options: Options, today: dt.date, share: Share) -> Any:
    """The results of a share's projects, as they are sent; None when the caller must examine it."""
    examiner = Examiner(reader, options, today)
    tally = Tally(examiner.places)
    try:
        results = [
            _packed(examiner.examine(raw), tally)
            for raw in reader.projects(share)
            if not examiner.came_before(raw)
        ]
        uncounted = [*examiner.uncounted(), *tally.uncounted()]
        return results, [([_small(each) for each in found], times) for found, times in uncounted]
    except Unreadable:
        return None
    except Exception:
        log.warning("projects %d to %d will be examined again", share.start, share.stop - 1, exc_info=True)
        return None


def _packed(result: ProjectResult, tally: Tally) -> tuple[Any, ...]:
    """The same without the project itself and what is only counted, small and as plain values."""
    tally.thin(result)
    result.drop_project()
    result.found = [_small(each) for each in result.found]
    return result.packed()


def _small(found: Found) -> Found:
    code, parts, value, params, about = found
    return code, _cut(parts), shorten(value), dict(params) if params else params, about


def _cut(parts: Parts) -> Parts:
    return tuple(part[:_NAME_KEPT] if type(part) is str else part for part in parts)
