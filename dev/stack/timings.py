"""What the last run of the tests took: by session, by folder, by file, and the slowest tests.

Read from the JUnit files and the notes that :mod:`stack.testing` leaves in ``.run/results/<release>/``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # noqa: S405 - files that pytest wrote here

from .places import ROOT
from .testing import SESSIONS, results_folder

SLOWEST = 60
FILES = 20


@dataclass(frozen=True)
class Timed:
    """One test: the session, its file below ``tests/``, its name, its seconds with set-up and tear-down."""

    session: str
    file: str
    name: str
    seconds: float


def read(report: Path, session: str) -> Iterator[Timed]:
    """Yield the tests of a JUnit file."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        parts = (case.get("classname") or "").split(".")
        depth = next((n for n, part in enumerate(parts) if part.startswith("test_")), len(parts) - 1)
        file = "/".join(parts[1 : depth + 1]) + ".py"
        name = "::".join([*parts[depth + 1 :], case.get("name") or ""])
        yield Timed(session, file, name, float(case.get("time") or 0))


def folder_of(file: str) -> str:
    """Return the folder by which times are summed: two levels, so that the plans stand apart."""
    return "/".join(file.split("/")[:-1]) or "."


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
    yield ""


def tables(tests: list[Timed]) -> Iterator[str]:
    """Yield Markdown: by folder, the slowest files, the slowest tests."""
    folders: Counter[str] = Counter()
    files: Counter[str] = Counter()
    number: Counter[str] = Counter()
    for test in tests:
        for counter, key in ((folders, folder_of(test.file)), (files, test.file)):
            counter[key] += test.seconds  # type: ignore[assignment]
            number[key] += 1
    head = ("folder", "tests", "seconds, summed over workers")
    yield from _table(head, ((f"`{name}`", number[name], f"{folders[name]:.0f}") for name in sorted(folders)))
    slowest = files.most_common(FILES)
    yield from _table(
        ("file", "tests", "seconds"), ((f"`{name}`", number[name], f"{took:.1f}") for name, took in slowest)
    )
    ordered = sorted(tests, key=lambda test: -test.seconds)[:SLOWEST]
    named = ((f"{test.seconds:.1f}", f"`{test.file}::{_short(test.name)}`") for test in ordered)
    yield from _table(("seconds", "test"), named)


def _short(name: str) -> str:
    return name if len(name) <= 90 else name[:89] + "…"


def report(release: str) -> Iterator[str]:
    """Yield the lines of the report on the last run of each session of a release."""
    folder = results_folder(release)
    found: list[Timed] = []
    rows = []
    for session in SESSIONS:
        path, note = folder / f"{session.name}.xml", folder / f"{session.name}.json"
        if not (path.exists() and note.exists()):
            continue
        tests = list(read(path, session.name))
        found += tests
        took = json.loads(note.read_text())
        result = took["code"] or "passed"
        rows.append((session.name, len(tests), took["jobs"], took["wall"], took["processor"], result))
    if not rows:
        yield f"Nothing was run on CKAN {release}: `make test CKAN={release}` comes first."
        return
    yield f"CKAN {release}, {folder.relative_to(ROOT)}"
    yield ""
    head = ("session", "tests", "workers", "wall, s", "processor, s", "result")
    yield from _table(head, rows)
    yield from tables(found)
