"""The projects of a large file examined in several processes, and given back in the file's order.

The file is cut into shares of consecutive projects, dealt out in turn. Each process
reads its own shares of the same open file and sends back what it found in each;
whatever needs the whole file stays with who asked. So the report is that of one
process, to the byte. A share whose process fails, for whatever reason, is given
back unexamined: examined by the asker, it fails as it would have failed alone, or
does not.

Processes are forked, so that they begin with everything built: only where the
system can and this process has one thread. Elsewhere one process does it all.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from . import engine
from .examining import Examined, Examiner, Found, max_depth
from .reading import PackageReader, Parts
from .types import Options, Unreadable, shorten

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

log = logging.getLogger(__name__)

#: a smaller file is read before a second process has begun
LEAST_BYTES = 4 << 20
#: a share ends after so many bytes, or so many projects
SHARE_BYTES, SHARE_PROJECTS = 1 << 20, 1000
#: a name longer than this is cut, after all that is kept of it anywhere
_NAME_KEPT = 2000

Share = range
#: what a process found in one share: its projects, and what came again too often, how often
Seen = tuple[list[Examined], list[tuple[list[Found], int]]]


def shares(reader: PackageReader, options: Options) -> list[Share]:
    """The file's projects in shares for several processes; none when one process should do it all."""
    if options.jobs < 2 or reader.count < 2 or reader.size < LEAST_BYTES:  # noqa: PLR2004
        return []
    if not reader.shared or not _can_fork():
        return []
    found = []
    start = length = 0
    for index, size in enumerate(reader.lengths()):
        length += size
        if length >= SHARE_BYTES or index + 1 - start >= SHARE_PROJECTS:
            found.append(range(start, index + 1))
            start, length = index + 1, 0
    if start < reader.count:
        found.append(range(start, reader.count))
    return found


def _can_fork() -> bool:
    import multiprocessing  # noqa: PLC0415 - dear to load, and most files are small

    return (
        "fork" in multiprocessing.get_all_start_methods()
        # the system's own libraries may not survive it there
        and sys.platform != "darwin"
        and _threads() == 1
        # a process of a pool may have none of its own
        and not multiprocessing.current_process().daemon
    )


def _threads() -> int:
    return threading.active_count()


def examine(
    reader: PackageReader, options: Options, today: dt.date, dealt: Sequence[Share]
) -> Generator[tuple[Share, Seen | None], None, None]:
    """Every share in order with what was found in it, or None where the asker must look for himself."""
    # built once, before there are several to build it
    engine.project_validator(max_depth(options))
    workers = _start(reader, options, today, dealt)
    lost: set[int] = set()
    try:
        for number, share in enumerate(dealt):
            who = number % len(workers)
            seen = None
            if who not in lost:
                try:
                    seen = workers[who][1].recv()
                except (EOFError, OSError):
                    log.warning("a process that examined projects ended before its time")
                    lost.add(who)
            yield share, seen
    finally:
        for process, answers in workers:
            answers.close()
            process.terminate()
        for process, _ in workers:
            process.join()


def _start(
    reader: PackageReader, options: Options, today: dt.date, dealt: Sequence[Share]
) -> list[tuple[Any, Connection]]:
    import multiprocessing  # noqa: PLC0415

    fork = multiprocessing.get_context("fork")
    count = min(options.jobs, len(dealt))
    workers: list[tuple[Any, Connection]] = []
    for number in range(count):
        answers, sender = fork.Pipe(duplex=False)
        # whoever holds an end of another's pipe keeps that one from noticing that nobody reads any more
        others = [answers, *(each for _, each in workers)]
        process = fork.Process(
            target=_work,
            args=(reader, options, today, dealt[number::count], sender, others),
            daemon=True,
        )
        process.start()
        sender.close()
        workers.append((process, answers))
    return workers


def _work(
    reader: PackageReader,
    options: Options,
    today: dt.date,
    mine: Sequence[Share],
    sender: Connection,
    others: Sequence[Connection],
) -> None:
    """What each process does. Who asked ends it, also on the user's interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in others:
        each.close()
    try:
        for share in mine:
            sender.send(_seen(reader, options, today, share))
    except (BrokenPipeError, ConnectionResetError):
        return


def _seen(reader: PackageReader, options: Options, today: dt.date, share: Share) -> Seen | None:
    examiner = Examiner(reader, options, today)
    try:
        examined = [
            _packed(examiner.examine(raw)) for raw in reader.projects(share) if not examiner.came_before(raw)
        ]
    except Unreadable:
        return None
    except Exception:
        log.warning("projects %d to %d will be examined again", share.start, share.stop - 1, exc_info=True)
        return None
    return examined, [([_small(each) for each in found], times) for found, times in examiner.uncounted()]


def _packed(examined: Examined) -> Examined:
    """The same without the project itself."""
    examined.leave()
    examined.found = [_small(each) for each in examined.found]
    return examined


def _small(found: Found) -> Found:
    code, parts, value, params, about = found
    return code, _cut(parts), shorten(value), params, about


def _cut(parts: Parts) -> Parts:
    return tuple(part[:_NAME_KEPT] if type(part) is str else part for part in parts)
