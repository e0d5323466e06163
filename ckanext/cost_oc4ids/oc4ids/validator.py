"""Validation of a file: reader, engine and checks, and what needs the whole file.

The :class:`~.types.Report` holds codes, places and values; :mod:`.render` makes
sentences of it.
"""

from __future__ import annotations

import datetime as dt
import gc
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from . import checks, engine, examiner, fixes, parallel
from .collector import Collector
from .examiner import Examiner, FileOrder, Found, ProjectResult
from .reading import PackageReader, Parts, open_package, pointer
from .types import SCHEMA_VERSION, Options, Report, Unreadable, shorten

#: the only version a package may declare: major and minor of the schema's (OC4IDS 0.9, package, ``version``)
PACKAGE_VERSION = ".".join(SCHEMA_VERSION.split(".")[:2])
_ID_KEPT = 200


def validate(source: bytes | bytearray | memoryview | BinaryIO, options: Options | None = None) -> Report:
    """Validate a file.

    :param source: see :func:`reading.open_package`.
    :returns: the report; a file that cannot be read gives one too, with one
        ``read.*`` finding. Time is linear in the file's size, memory that of its
        largest project.
    """
    options = options or Options()
    try:
        return validate_reader(open_package(source, options), options)
    except Unreadable as error:
        return unreadable(error, options)


def validate_reader(reader: PackageReader, options: Options | None = None) -> Report:
    """Validate an open file. :raises Unreadable: when a project turns out to be unreadable after all."""
    options = options or Options()
    with _collector_off():
        return _Validation(reader, options).run()


def unreadable(error: Unreadable, options: Options | None = None) -> Report:
    """The report on a file that cannot be read."""
    collector = Collector(options or Options())
    params = dict(error.params)
    path = params.pop("path", "")
    collector.add(error.code, "", path, None, None, {name: shorten(value) for name, value in params.items()})
    report = collector.report()
    report.unreadable = True
    return report


def today(options: Options) -> dt.date:
    """The day that counts as today."""
    return options.as_of or dt.datetime.now(ZoneInfo(options.timezone)).date()


class _Pause:
    """Python's cycle collector off during a validation: parsing makes no cycles, and looking for
    them is expensive.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.was_on = False

    def __enter__(self) -> None:
        with self.lock:
            if self.users == 0:
                self.was_on = gc.isenabled()
                gc.disable()
            self.users += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0 and self.was_on:
                gc.enable()


_pause = _Pause()


@contextmanager
def _collector_off() -> Iterator[None]:
    with _pause:
        yield


class _Validation:
    """One validation of one file."""

    def __init__(self, reader: PackageReader, options: Options) -> None:
        self.reader = reader
        self.options = options
        self.today = today(options)
        self.collector = Collector(options)
        self.facts: dict[str, checks.ProjectFacts] = {}
        self.examiner = Examiner(reader, options, self.today)
        #: digests of the contents that share an id, by id; of those without id under None
        self.digests: dict[str | None, set[bytes]] = {}
        self.repeated_content = False
        self._by_place: dict[Parts, checks.ProjectFacts] = {}
        #: what was found in projects that other processes only counted, and how often
        self._uncounted: list[tuple[list[Found], int]] = []

    def run(self) -> Report:
        self._shell()
        if shares := parallel.shares(self.reader, self.options):
            self._projects_elsewhere(shares)
        else:
            self._projects()
        self._count_uncounted()
        self._package()
        report = self.collector.report()
        report.projects = self.reader.count
        report.project_ids = list(self.facts)
        return report

    # .. the package around

    def _shell(self) -> None:
        reader, add = self.reader, self.collector.add
        if reader.shell is None:
            add("package.bare" if reader.kind == "project" else "package.bare_list", "", "", None, None, None)
            if reader.kind == "list" and not reader.count:
                add("schema.min_items", "projects", "", None, [], None)
            return
        order = FileOrder(reader.shell)
        listed = reader.count if "projects" not in reader.shell and reader.has_projects else -1
        hits = engine.shell_errors(reader.shell, listed)
        for hit in sorted(hits, key=lambda each: order(each.parts)):
            value = [] if hit.parts == ("projects",) and not reader.count and hit.value is None else hit.value
            code = (
                "package.version" if hit.code == "schema.pattern" and hit.parts == ("version",) else hit.code
            )
            fix = self._shell_fix(code, hit.parts, value, hit.params)
            add(code, hit.field, pointer(hit.parts), None, value, hit.params, fix)
        version = reader.shell.get("version")
        if (
            isinstance(version, str)
            and version != PACKAGE_VERSION
            and not any(h.parts == ("version",) for h in hits)
        ):
            fix = self._shell_fix("package.version", ("version",), version, None)
            add("package.version", "version", "/version", None, version, None, fix)

    def _shell_fix(self, code: str, parts: Parts, value: Any, params: Any) -> list[fixes.Operation] | None:
        """What would mend a place of the package around the projects."""
        if code not in fixes.CODES or not parts:
            return None
        zone = self.options.timezone
        return fixes.propose(fixes.Subject(code, params or {}, parts, value, self.reader.shell, True, zone))

    def _package(self) -> None:
        reader = self.reader
        if self.repeated_content:
            place = "/projects" if reader.kind == "package" else ""
            self.collector.add("schema.unique_items", "projects", place, None, None, None)
        ctx = checks.PackageContext(reader.shell, self.facts, self.options, self.today)
        self._run_all(checks.registry("package"), ctx)
        if self.options.previous is not None:
            history = checks.HistoryContext(reader.shell, self.facts, self.options, self.today)
            self._run_all(checks.registry("history"), history)

    def _run_all(self, each_of: Iterable[checks.Check], ctx: checks.PackageContext) -> None:
        for check in each_of:
            found: list[Found] = []
            examiner.gather(check.code, check.run(ctx), found)
            for code, parts, value, params, named in found:
                facts = self._facts_at(parts)
                about = named or engine.field_path(self._inside(parts))
                project_id = facts.project_id if facts else None
                fix = None if facts else self._shell_fix(code, parts, value, params)
                self.collector.add(code, about, pointer(parts), project_id, value, params, fix)

    def _inside(self, parts: Parts) -> Parts:
        """A way in the file without the steps that lead to a project."""
        if (
            self.reader.kind == "package"
            and len(parts) > 1
            and parts[0] == "projects"
            and isinstance(parts[1], int)
        ):
            return parts[2:]
        return parts[1:] if self.reader.kind == "list" else parts

    def _facts_at(self, parts: Parts) -> checks.ProjectFacts | None:
        length = {"package": 2, "list": 1, "project": 0}[self.reader.kind]
        if len(parts) < length or (length == 2 and parts[0] != "projects"):
            return None
        if not self._by_place:
            self._by_place = {each.prefix: each for each in self.facts.values()}
        return self._by_place.get(parts[:length])

    # .. the projects

    def _projects(self, share: parallel.Share | None = None) -> None:
        """Examine projects here."""
        for raw in self.reader.projects(share):
            if not self.examiner.came_before(raw):
                self._add(self.examiner.examine(raw))

    def _projects_elsewhere(self, shares: list[parallel.Share]) -> None:
        """Add what other processes found, in the file's order; examine here what they could not."""
        with closing(parallel.examine(self.reader, self.options, self.today, shares)) as outcomes:
            for share, outcome in outcomes:
                if outcome is None:
                    self._projects(share)
                    continue
                results, uncounted = outcome
                for result in results:
                    self._add(result)
                self._uncounted.extend(uncounted)

    def _count_uncounted(self) -> None:
        """Count what the projects that came again break."""
        for found, times in (*self._uncounted, *self.examiner.uncounted()):
            for code, parts, _, params, about in found:
                self.collector.count(
                    code, engine.field_path(parts) if about is None else about, params, times
                )

    def _add(self, result: ProjectResult) -> None:
        """Remember a project and gather what was found in it."""
        self._note_identity(result)
        if result.found:
            self._add_findings(result)

    def _add_findings(self, result: ProjectResult) -> None:
        """Count what was found in a project; of what still wants a place, keep the places in the
        file's order.
        """
        wanted = []
        for at, (code, parts, _, params, about) in enumerate(result.found):
            finding = self.collector.count(code, engine.field_path(parts) if about is None else about, params)
            if finding is not None:
                wanted.append((finding, at))
        if len(wanted) > 1:
            order = result.order()
            wanted.sort(key=lambda each: order(each[1]))
        project_id = result.facts.project_id if result.facts else None
        if project_id is not None:
            project_id = project_id[:_ID_KEPT]
        begin = pointer(result.parts)
        project = result.project
        if project is None and any(finding.code in fixes.CODES for finding, _ in wanted):
            project = self.reader.parse(self.reader.project(result.index))
        for finding, at in wanted:
            code, parts, value, params, _ = result.found[at]
            fix = None
            if code in fixes.CODES and parts:
                zone = self.options.timezone
                subject = fixes.Subject(code, params or {}, parts, value, project, timezone=zone)
                fix = fixes.propose(subject, begin)
            self.collector.keep(finding, begin + pointer(parts), project_id, value, fix)

    def _note_identity(self, result: ProjectResult) -> None:
        """Notice projects that came before: by their id, or without one by their content."""
        facts = result.facts
        if facts is None:
            assert result.digest is not None  # noqa: S101 - one of both is always there
            self._note_content(None, result.digest)
            return
        name = facts.project_id or ""
        first = self.facts.setdefault(name, facts)
        if first is facts:
            return
        if name not in self.digests:
            self._note_content(name, self._digest(first.index))
        self._note_content(
            name,
            self._digest(facts.index) if result.project is None else examiner.content(result.project),
        )
        params = {"first": pointer(first.prefix) + "/id"}
        result.add_repeated_id(("package.duplicate_project_id", ("id",), name, params, None))

    def _digest(self, index: int) -> bytes:
        return examiner.content(self.reader.parse(self.reader.project(index)))

    def _note_content(self, project_id: str | None, digest: bytes) -> None:
        """Notice when two projects are equal throughout: the schema wants them unique."""
        known = self.digests.setdefault(project_id, set())
        if digest in known:
            self.repeated_content = True
        known.add(digest)
