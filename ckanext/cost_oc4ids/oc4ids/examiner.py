"""One project at a time: what is found in it, whatever else is in the file.

Everything here can be done of any project before any other, in this process or
in another (:mod:`.parallel`). What needs the whole file (counting, places kept,
ids that come twice) is :mod:`.validator`'s.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import checks, engine
from .collector import frozen
from .reading import PackageReader, Parts, RawProject
from .types import Options

log = logging.getLogger(__name__)

#: deeper than this no validator follows, whatever the options say
DEEPEST = 200
#: texts of projects that are remembered because they may come again: their length in bytes, and how many
_REPEATED_LENGTH, _REPEATED_KEPT = 64, 1000
_DATE_KEPT = 64

#: code, way from the project, value, parameters, schema path (None: that of the way)
Found = tuple[str, Parts, Any, Any, str | None]
#: a place in the file's order
Key = tuple[int, ...]


def max_depth(options: Options) -> int:
    """Objects and arrays that may be open at once inside a project."""
    return min(options.max_depth, DEEPEST) - 2


class FileOrder:
    """The place of things in the file, from the order of members as they were read."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.seen: dict[int, dict[str, int]] = {}

    def __call__(self, parts: Parts) -> Key:
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


@dataclass(slots=True)
class ProjectResult:
    """What one project states and which rules it breaks."""

    index: int
    parts: Parts
    #: of a project with an id
    facts: checks.ProjectFacts | None
    #: of the content of one without
    digest: bytes | None
    found: list[Found]
    #: how many of ``found`` come before what a repeated id adds
    own: int
    #: the project itself; None once it was left behind
    project: Any
    #: then: the place in the file's order of each of ``found``, and of the project's id
    keys: list[Key] | None = None
    id_key: Key = ()

    def add_repeated_id(self, found: Found) -> None:
        """Add the finding of an id that came before."""
        self.found.insert(self.own, found)
        if self.keys is not None:
            self.keys.insert(self.own, self.id_key)

    def order(self) -> Callable[[int], Key]:
        """What gives the place in the file's order of each of ``found``, by its position there."""
        if self.keys is not None:
            return self.keys.__getitem__
        order = FileOrder(self.project)
        return lambda at: order(self.found[at][1])

    def drop_project(self) -> None:
        """Let go of the project, keeping the order of what was found in it."""
        if self.found:
            order = FileOrder(self.project)
            self.keys = [order(parts) for _, parts, _, _, _ in self.found]
            self.id_key = order(("id",))
        self.project = None

    def packed(self) -> tuple[Any, ...]:
        """The same as plain values, once the project was left behind; see :meth:`unpacked`."""
        facts = self.facts
        stated = facts and (facts.project_id, facts.status, facts.start, facts.end)
        whole = (self.index, self.parts, stated, self.digest)
        return (*whole, self.found, self.own, self.keys, self.id_key) if self.found else whole

    @classmethod
    def unpacked(cls, packed: tuple[Any, ...]) -> ProjectResult:
        """What :meth:`packed` made."""
        index, parts, stated, digest, *rest = packed
        facts = checks.ProjectFacts(index, parts, *stated) if stated else None
        found, own, keys, id_key = rest or ([], 0, None, ())
        return cls(index, parts, facts, digest, found, own, None, keys, id_key)


@dataclass(slots=True)
class RepeatedText:
    """What is found in a small project without id, and how often its text is in the file."""

    found: list[Found]
    times: int = 1


class Tally:
    """What was found in the projects of a share, so often that its places would not be kept any more.

    A share is a run of projects in the file's order: what has enough places in it alone wants no
    further one of it, whatever comes before. That is counted here and never leaves the process.

    :param places: how many places of a finding are kept.
    """

    #: kinds of findings that are remembered; files made to have more give every place
    MOST = 5000

    def __init__(self, places: int) -> None:
        self.places = places
        self._times: dict[tuple[Any, ...], int] = {}
        self._found: dict[tuple[Any, ...], Found] = {}

    def thin(self, result: ProjectResult) -> None:
        """Take from a result what wants no place any more."""
        kept, own = [], result.own
        for at, found in enumerate(result.found):
            code, parts, _, params, about = found
            about = engine.field_path(parts) if about is None else about
            key = (code, about, frozen(params)) if params else (code, about)
            times = self._times.get(key)
            if times is None and len(self._times) < self.MOST:
                times = 0
                self._found[key] = found
            if times is not None:
                self._times[key] = times + 1
                if times >= self.places:
                    own -= at < result.own
                    continue
            kept.append(found)
        result.found, result.own = kept, own

    def uncounted(self) -> Iterator[tuple[list[Found], int]]:
        """What was taken from results, and how often."""
        for key, times in self._times.items():
            if times > self.places:
                yield [self._found[key]], times - self.places


class Examiner:
    """Examines the projects of one file."""

    def __init__(self, reader: PackageReader, options: Options, today: dt.date) -> None:
        self.reader = reader
        self.options = options
        self.today = today
        self.checks = checks.Selection(checks.registry("project"))
        self.max_depth = max_depth(options)
        self.places = max(1, options.places_kept)
        #: small projects without id, by their text: what is found in them, and how often they came again
        self.repeated_texts: dict[bytes, RepeatedText] = {}

    def came_before(self, raw: RawProject) -> bool:
        """Whether these very bytes came so often that a further place of what they break would not be kept.

        A file of some hundred kilobytes can hold 100 000 ``{}``: each is examined once and counted.
        """
        known = self.repeated_texts.get(raw.raw) if len(raw.raw) <= _REPEATED_LENGTH else None
        if known is None or known.times < self.places:
            return False
        known.times += 1
        return True

    def uncounted(self) -> Iterator[tuple[list[Found], int]]:
        """What is found in projects that came again too often to be examined, and how often they did."""
        for known in self.repeated_texts.values():
            if known.times > self.places:
                yield known.found, known.times - self.places

    def examine(self, raw: RawProject) -> ProjectResult:
        """Look at one project. :raises Unreadable: when it cannot be read after all."""
        project = self.reader.parse(raw)
        outcome = engine.validate_project(project, self.max_depth)
        if outcome.unsound:
            self.reader.refuse(raw)
        found: list[Found] = [(hit.code, hit.parts, hit.value, hit.params, hit.field) for hit in outcome.hits]
        facts = None
        own = len(found)
        if isinstance(project, dict):
            ctx = checks.ProjectContext(
                project, index=raw.index, prefix=raw.parts, options=self.options, today=self.today
            )
            facts = _facts(ctx)
            for rule, place in outcome.places:
                gather(rule.code, rule.run(ctx, place), found)
            for check in self.checks(project):
                gather(check.code, check.run(ctx), found)
        self._remember(raw, project, found)
        digest = content(project) if facts is None else None
        return ProjectResult(raw.index, raw.parts, facts, digest, found, own, project)

    def _remember(self, raw: RawProject, project: Any, found: list[Found]) -> None:
        """Note a small project without an id."""
        if len(raw.raw) > _REPEATED_LENGTH or (isinstance(project, dict) and "id" in project):
            return
        known = self.repeated_texts.get(raw.raw)
        if known is not None:
            known.times += 1
        elif len(self.repeated_texts) < _REPEATED_KEPT:
            self.repeated_texts[raw.raw] = RepeatedText(found)


def _facts(ctx: checks.ProjectContext) -> checks.ProjectFacts | None:
    """What is remembered of a project with an id."""
    name = ctx.project_id
    if name is None:
        return None
    period = ctx.project.get("period")
    period = period if isinstance(period, dict) else {}
    return checks.ProjectFacts(
        ctx.index,
        ctx.prefix,
        name,
        ctx.status,
        _text(period.get("startDate")),
        _text(period.get("endDate")),
    )


def _text(value: Any) -> str | None:
    return value[:_DATE_KEPT] if isinstance(value, str) else None


def content(project: Any) -> bytes:
    """A digest that two projects share when they are equal throughout."""
    import hashlib  # noqa: PLC0415 - slow to import, and only needed when something may repeat

    return hashlib.blake2b(engine.canonical(project), digest_size=16).digest()


def gather(code: str, hits: Iterator[checks.Hit], found: list[Found]) -> None:
    """Add the hits of a check; one that breaks is reported, and breaks nothing else."""
    try:
        for hit in hits:
            found.append((hit.code or code, hit.parts, hit.value, hit.params, hit.field))  # noqa: PERF401
    except Exception:
        log.exception("check %s failed", code)
        found.append(("package.check_failed", (), None, {"check": code}, None))
