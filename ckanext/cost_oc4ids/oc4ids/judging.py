"""The verdict: reader, engine and checks, and one place where findings are gathered.

Nothing here speaks: a :class:`~.types.Report` holds codes, places and values, and
:mod:`.render` makes sentences of it.
"""

from __future__ import annotations

import datetime as dt
import gc
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from . import checks, engine, examining, messages, parallel, schema
from .checks.codes import suggest_code
from .examining import Examined, Examiner, FileOrder, Found
from .reading import PackageReader, Parts, open_package, pointer
from .types import SCHEMA_VERSION, Finding, Options, Place, Report, Severity, Unreadable, shorten

#: the only version a package may declare: major and minor of the schema's (OC4IDS 0.9, package, ``version``)
PACKAGE_VERSION = ".".join(SCHEMA_VERSION.split(".")[:2])
_ID_KEPT = 200
_FIELD_KEPT = 300


def judge(source: bytes | bytearray | memoryview | BinaryIO, options: Options | None = None) -> Report:
    """Judge a file.

    :param source: see :func:`reading.open_package`.
    :returns: the report; a file that cannot be read gives one too, with one
        ``read.*`` finding. Time is linear in the file's size, memory that of its
        largest project.
    """
    options = options or Options()
    try:
        return judge_reader(open_package(source, options), options)
    except Unreadable as error:
        return unreadable(error, options)


def judge_reader(reader: PackageReader, options: Options | None = None) -> Report:
    """Judge an open file. :raises Unreadable: when a project turns out to be unreadable after all."""
    options = options or Options()
    with _collector_off():
        return _Judge(reader, options).run()


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
    """Python's cycle collector off while anybody judges: parsing makes no cycles, and looking for
    them is dear.
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


class Collector:
    """Gathers findings: grouped, counted, the first places kept."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.groups: dict[tuple[Any, ...], Finding] = {}
        self.counts = {severity.value: 0 for severity in Severity}
        self._kinds = dict.fromkeys(Severity, 0)
        self.truncated = False
        #: findings in the order of their first places
        self.in_order: list[Finding] = []
        self._severities: dict[str, Severity] = {}

    def severity(self, code: str) -> Severity:
        """The weight of a code here: configuration may raise a warning to an error."""
        found = self._severities.get(code)
        if found is None:
            found = messages.get(code).severity
            if found is Severity.WARNING and code in self.options.raise_to_error:
                found = Severity.ERROR
            self._severities[code] = found
        return found

    def add(self, code: str, about: str, path: str, project_id: str | None, value: Any, params: Any) -> None:
        """Count one occurrence, and keep its place while there is room."""
        finding = self.count(code, about, params)
        if finding is not None:
            self.keep(finding, path, project_id, value)

    def count(self, code: str, about: str, params: Any, times: int = 1) -> Finding | None:
        """Count occurrences; the finding that still wants its place (:meth:`keep`), or None."""
        about = about if len(about) <= _FIELD_KEPT else about[:_FIELD_KEPT] + "…"
        params = {name: _short(value) for name, value in params.items()} if params else params
        severity = self.severity(code)
        self.counts[severity.value] += times
        key = (code, about, _frozen(params)) if params else (code, about)
        finding = self.groups.get(key)
        if finding is None:
            # each weight has room of its own: a thousand notes must not hide one error
            if self._kinds[severity] >= self.options.findings_kept:
                self.truncated = True
                return None
            self._kinds[severity] += 1
            finding = Finding(code, severity, about, params or {})
            self.groups[key] = finding
        finding.occurrences += times
        if finding.occurrences > self.options.places_kept:
            self.truncated = True
            return None
        return finding

    def keep(self, finding: Finding, path: str, project_id: str | None, value: Any) -> None:
        """Add a place to a finding that wants it."""
        if not finding.places:
            self.in_order.append(finding)
        # a hostile name can make a pointer of megabytes
        path = path if len(path) <= 1000 else path[:1000] + "…"
        finding.places.append(Place(path, project_id, shorten(value)))

    def report(self) -> Report:
        """Everything gathered: errors first, then in the order in which first places were kept."""
        weight = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
        order = {id(finding): at for at, finding in enumerate(self.in_order)}
        last = len(order)
        found = sorted(
            self.groups.values(), key=lambda each: (weight[each.severity], order.get(id(each), last))
        )
        if len(found) > self.options.findings_kept:
            del found[self.options.findings_kept :]
            self.truncated = True
        for finding in found:
            if finding.code == "code.closed":
                _complete_code(finding)
        return Report(
            valid=self.counts[Severity.ERROR.value] == 0,
            findings=found,
            counts=self.counts,
            truncated=self.truncated,
        )


def _complete_code(finding: Finding) -> None:
    """Add the list's name, and the code that was probably meant, to a code outside its closed list."""
    described = schema.field(finding.field)
    if described is None or not described.codelist:
        return
    finding.params["codelist"] = described.codelist
    written = finding.params.get("written")
    meant = suggest_code(described.codelist, written) if isinstance(written, str) else None
    if meant:
        finding.params["suggestion"] = meant


def _short(value: Any) -> Any:
    return shorten(value) if isinstance(value, str) else value


def _frozen(params: Any) -> tuple[Any, ...]:
    return tuple(
        (name, tuple(value) if isinstance(value, list | tuple) else value)
        for name, value in sorted(params.items())
    )


class _Judge:
    """One judging of one file."""

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
            add(code, hit.field, pointer(hit.parts), None, value, hit.params)
        version = reader.shell.get("version")
        if (
            isinstance(version, str)
            and version != PACKAGE_VERSION
            and not any(h.parts == ("version",) for h in hits)
        ):
            add("package.version", "version", "/version", None, version, None)

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
            examining.gather(check.code, check.run(ctx), found)
            for code, parts, value, params, named in found:
                facts = self._facts_at(parts)
                about = named or engine.field_path(self._inside(parts))
                who = facts.project_id if facts else None
                self.collector.add(code, about, pointer(parts), who, value, params)

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
                self._take(self.examiner.examine(raw))

    def _projects_elsewhere(self, shares: list[parallel.Share]) -> None:
        """Take what other processes found, in the file's order; what one could not examine, examine here."""
        with closing(parallel.examine(self.reader, self.options, self.today, shares)) as answers:
            for share, seen in answers:
                if seen is None:
                    self._projects(share)
                    continue
                examined, uncounted = seen
                for each in examined:
                    self._take(each)
                self._uncounted.extend(uncounted)

    def _count_uncounted(self) -> None:
        """Count what the projects that came again break."""
        for found, times in (*self._uncounted, *self.examiner.uncounted()):
            for code, parts, _, params, about in found:
                self.collector.count(
                    code, engine.field_path(parts) if about is None else about, params, times
                )

    def _take(self, examined: Examined) -> None:
        """Remember a project and gather what was found in it."""
        self._identity(examined)
        if examined.found:
            self._keep(examined)

    def _keep(self, examined: Examined) -> None:
        """Count what was found in a project; of what still wants a place, keep the places in the
        file's order.
        """
        wanted = []
        for at, (code, parts, _, params, about) in enumerate(examined.found):
            finding = self.collector.count(code, engine.field_path(parts) if about is None else about, params)
            if finding is not None:
                wanted.append((finding, at))
        if len(wanted) > 1:
            order = examined.order()
            wanted.sort(key=lambda each: order(each[1]))
        project_id = examined.facts.project_id if examined.facts else None
        if project_id is not None:
            project_id = project_id[:_ID_KEPT]
        begin = pointer(examined.parts)
        for finding, at in wanted:
            _, parts, value, _, _ = examined.found[at]
            self.collector.keep(finding, begin + pointer(parts), project_id, value)

    def _identity(self, examined: Examined) -> None:
        """Notice projects that came before: by their id, or without one by their content."""
        facts = examined.facts
        if facts is None:
            assert examined.digest is not None  # noqa: S101 - one of both is always there
            self._content(None, examined.digest)
            return
        name = facts.project_id or ""
        first = self.facts.setdefault(name, facts)
        if first is facts:
            return
        if name not in self.digests:
            self._content(name, self._digest(first.index))
        self._content(
            name,
            self._digest(facts.index) if examined.project is None else examining.content(examined.project),
        )
        params = {"first": pointer(first.prefix) + "/id"}
        examined.repeated(("package.duplicate_project_id", ("id",), name, params, None))

    def _digest(self, index: int) -> bytes:
        return examining.content(self.reader.parse(self.reader.project(index)))

    def _content(self, project_id: str | None, digest: bytes) -> None:
        """Notice when two projects are equal throughout: the schema wants them unique."""
        known = self.digests.setdefault(project_id, set())
        if digest in known:
            self.repeated_content = True
        known.add(digest)


def warm_up() -> None:
    """Build everything that is built once, so that the first judging is not slower than the next."""
    engine.project_validator(examining.max_depth(Options()))
    engine.shell_validator()
    schema.fields()
