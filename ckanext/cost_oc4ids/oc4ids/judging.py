"""The verdict: reader, engine and checks, and one place where findings are gathered.

Nothing here speaks: a :class:`~.types.Report` holds codes, places and values, and
:mod:`.render` makes sentences of it.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from . import checks, engine, messages, schema
from .checks.codes import suggest_code
from .reading import PackageReader, Parts, RawProject, open_package, pointer
from .types import SCHEMA_VERSION, Finding, Options, Place, Report, Severity, Unreadable, shorten

log = logging.getLogger(__name__)

#: the only version a package may declare: major and minor of the schema's (OC4IDS 0.9, package, ``version``)
PACKAGE_VERSION = ".".join(SCHEMA_VERSION.split(".")[:2])
#: deeper than this no validator follows, whatever the options say
_DEEPEST = 200
_ID_KEPT = 200
#: texts of projects that are remembered because they may come again: their length in bytes, and how many
_AGAIN_LENGTH, _AGAIN_KEPT = 64, 1000
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


class _Order:
    """The place of things in the file, from the order of members as they were read."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.seen: dict[int, dict[str, int]] = {}

    def __call__(self, parts: Parts) -> tuple[int, ...]:
        node = self.root
        key = []
        for part in parts:
            if isinstance(node, dict):
                order = self.seen.get(id(node))
                if order is None:
                    order = self.seen[id(node)] = {name: at for at, name in enumerate(node)}
                key.append(order.get(part, len(order)))  # type: ignore[arg-type]
                node = node.get(part)
            elif isinstance(node, list) and isinstance(part, int) and part < len(node):
                key.append(part)
                node = node[part]
            else:
                break
        return tuple(key)


#: code, way from the project, value, parameters, schema path (None: that of the way)
_Found = tuple[str, Parts, Any, Any, str | None]


@dataclass(slots=True)
class _Again:
    """What is found in a small project, and how often its text stands in the file."""

    found: list[_Found]
    times: int = 1


class _Judge:
    """One judging of one file."""

    def __init__(self, reader: PackageReader, options: Options) -> None:
        self.reader = reader
        self.options = options
        self.today = today(options)
        self.collector = Collector(options)
        self.facts: dict[str, checks.ProjectFacts] = {}
        self.project_checks = checks.registry("project")
        self.max_depth = min(options.max_depth, _DEEPEST) - 2
        #: digests of the contents that share an id, by id; of those without id under None
        self.digests: dict[str | None, set[bytes]] = {}
        self.repeated_content = False
        self._by_place: dict[Parts, checks.ProjectFacts] = {}
        #: small projects without id, by their text: what is found in them, and how often they came again
        self._again: dict[bytes, _Again] = {}

    def run(self) -> Report:
        self._shell()
        for raw in self.reader.projects():
            if not self._came_before(raw):
                self._project(raw)
        self._count_again()
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
        order = _Order(reader.shell)
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
            found: list[_Found] = []
            _gather(check.code, check.run(ctx), found)
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

    # .. a project

    def _came_before(self, raw: RawProject) -> bool:
        """Whether these very bytes came so often that a further place of what they break would not be kept.

        A file of some hundred kilobytes can hold a hundred thousand ``{}``: they are judged once and counted.
        """
        known = self._again.get(raw.raw) if len(raw.raw) <= _AGAIN_LENGTH else None
        if known is None or known.times < self._places():
            return False
        known.times += 1
        return True

    def _places(self) -> int:
        return max(1, self.options.places_kept)

    def _remember(self, raw: RawProject, project: Any, found: list[_Found]) -> None:
        """Note a small project that has no id to be told apart by."""
        if len(raw.raw) > _AGAIN_LENGTH or (isinstance(project, dict) and "id" in project):
            return
        known = self._again.get(raw.raw)
        if known is not None:
            known.times += 1
        elif len(self._again) < _AGAIN_KEPT:
            self._again[raw.raw] = _Again(found)

    def _count_again(self) -> None:
        """Count what the projects that came again break."""
        for known in self._again.values():
            more = known.times - self._places()
            for code, parts, _, params, about in known.found if more > 0 else ():
                self.collector.count(code, engine.field_path(parts) if about is None else about, params, more)

    def _project(self, raw: RawProject) -> None:
        project = self.reader.parse(raw)
        outcome = engine.judge_project(project, self.max_depth)
        if outcome.unsound:
            self.reader.refuse(raw)
        ctx = None
        found: list[_Found] = [
            (hit.code, hit.parts, hit.value, hit.params, hit.field) for hit in outcome.hits
        ]
        if isinstance(project, dict):
            ctx = checks.ProjectContext(
                project, index=raw.index, prefix=raw.parts, options=self.options, today=self.today
            )
            found.extend(self._identity(ctx, raw))
            for rule, place in outcome.places:
                _gather(rule.code, rule.run(ctx, place), found)
            for check in self.project_checks:
                _gather(check.code, check.run(ctx), found)
        else:
            self._content(None, project)
        self._remember(raw, project, found)
        if found:
            self._keep(raw, project, ctx.project_id if ctx else None, found)

    def _keep(self, raw: RawProject, project: Any, project_id: str | None, found: list[_Found]) -> None:
        """Count what was found in a project; of what still wants a place, keep the places in the
        file's order.
        """
        wanted = []
        for one in found:
            code, parts, _, params, about = one
            finding = self.collector.count(code, engine.field_path(parts) if about is None else about, params)
            if finding is not None:
                wanted.append((finding, one))
        if len(wanted) > 1:
            order = _Order(project)
            wanted.sort(key=lambda each: order(each[1][1]))
        if project_id is not None:
            project_id = project_id[:_ID_KEPT]
        for finding, (_, parts, value, _, _) in wanted:
            self.collector.keep(finding, raw.pointer + pointer(parts), project_id, value)

    def _identity(self, ctx: checks.ProjectContext, raw: RawProject) -> Iterator[_Found]:
        """Remember the project; report an id that came before."""
        name = ctx.project_id
        if name is None:
            self._content(None, ctx.project)
            return
        first = self.facts.get(name)
        if first is None:
            period = ctx.project.get("period")
            period = period if isinstance(period, dict) else {}
            self.facts[name] = checks.ProjectFacts(
                raw.index,
                raw.parts,
                name,
                ctx.status,
                _text(period.get("startDate")),
                _text(period.get("endDate")),
            )
            return
        if name not in self.digests:
            self._content(name, self.reader.parse(self.reader.project(first.index)))
        self._content(name, ctx.project)
        yield "package.duplicate_project_id", ("id",), name, {"first": pointer(first.prefix) + "/id"}, None

    def _content(self, project_id: str | None, project: Any) -> None:
        """Notice when two projects are equal throughout: the schema wants them unique."""
        digest = hashlib.blake2b(engine.canonical(project), digest_size=16).digest()
        known = self.digests.setdefault(project_id, set())
        if digest in known:
            self.repeated_content = True
        known.add(digest)


def _text(value: Any) -> str | None:
    return value[:64] if isinstance(value, str) else None


def _gather(code: str, hits: Iterator[checks.Hit], found: list[_Found]) -> None:
    """Add the hits of a check; one that breaks is reported, and breaks nothing else."""
    try:
        for hit in hits:
            found.append((hit.code or code, hit.parts, hit.value, hit.params, hit.field))  # noqa: PERF401
    except Exception:
        log.exception("check %s failed", code)
        found.append(("package.check_failed", (), None, {"check": code}, None))


def warm_up() -> None:
    """Build everything that is built once, so that the first judging is not slower than the next."""
    engine.project_validator(min(Options().max_depth, _DEEPEST) - 2)
    engine.shell_validator()
    schema.fields()
