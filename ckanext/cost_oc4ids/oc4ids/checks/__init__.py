"""The table of checks beyond the schema, and what a check is given.

A check is one small function in a module of this package, registered by a
decorator. It is found by itself: :func:`registry` imports every module here.

Three ways to write one:

* :func:`check` with ``scope="project"``: called once a project with a
  :class:`ProjectContext`; ``"package"``: once a file, after its projects, with a
  :class:`PackageContext`; ``"history"``: once a file when there is a previous
  version, with a :class:`HistoryContext`. Yields :class:`Hit`.
* :func:`lint`: says, field by field, what a value must look like, as a fragment
  of JSON Schema. All fragments are compiled into one validator that runs in
  compiled code, and the function is called only at the places that break them.
  Prefer it for whatever can be expressed so ("not blank", "has currency beside
  amount"): it costs nearly nothing on good files.

A check never raises on data of the wrong type (the schema reports those) and
never compares every pair of a list.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from ..types import Options, Severity

if TYPE_CHECKING:
    from .extracts import Extracts

Parts = tuple[str | int, ...]
Scope = Literal["project", "package", "history"]
#: Paths (``budget``) and definitions (``Period``) without any of which a check of projects has nothing to
#: say; what gives them, where they are data; nothing where it always has.
Needs = tuple[str, ...] | Callable[[], Iterable[str]]


@dataclass(slots=True)
class Hit:
    """One thing found.

    ``parts`` is the way to the place from what the check was given (the project,
    or the whole file for package and history checks): ``("budget", "amount")``.
    ``params`` fill the message and take part in grouping: keep them few and
    stable, hashable or lists of strings. ``code`` only when a check registered several.
    ``field`` is the schema path the finding is about, when it is not that of the
    place itself (a member that is missing from the object at ``parts``).
    """

    parts: Parts
    value: Any = None
    params: Mapping[str, Any] = _field(default_factory=dict)
    code: str | None = None
    field: str | None = None


class ProjectContext:
    """One project and what several checks ask of it, computed once and only when asked."""

    def __init__(
        self,
        project: dict[str, Any],
        *,
        index: int = 0,
        prefix: Parts = (),
        options: Options | None = None,
        today: dt.date | None = None,
    ) -> None:
        self.project = project
        #: position in the file, from 0
        self.index = index
        #: the way to the project in the uploaded file: ``("projects", 3)``, ``(3,)`` or ``()``
        self.prefix = prefix
        self.options = options or Options()
        #: the day that counts as today, in ``options.timezone``
        self.today = today or dt.datetime.now(dt.timezone.utc).date()

    @cached_property
    def project_id(self) -> str | None:
        """The project's id when it is a string."""
        value = self.project.get("id")
        return value if isinstance(value, str) else None

    @cached_property
    def status(self) -> str | None:
        """The project's status when it is a string."""
        value = self.project.get("status")
        return value if isinstance(value, str) else None

    @cached_property
    def parties(self) -> dict[str, frozenset[str]]:
        """Roles of each organisation in ``parties``, by its id as text; repeated ids add up."""
        found: dict[str, frozenset[str]] = {}
        for _, _, party in self.extracts.parties:
            identifier, roles = party.get("id"), party.get("roles")
            if not isinstance(identifier, str) and type(identifier) is not int:
                continue
            named = [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else ()
            key = str(identifier)
            found[key] = found[key].union(named) if key in found else frozenset(named)
        return found

    @cached_property
    def extracts(self) -> Extracts:
        """Amounts, periods, references, documents… of the project, found in one walk."""
        from .extracts import gather  # noqa: PLC0415  that module needs this one's package

        return gather(self.project, self.today)

    def values(self, path: str) -> Iterator[tuple[Parts, Any]]:
        """Every value at ``path`` with the way to it; see :func:`values`."""
        return values(self.project, path)


@dataclass(slots=True)
class ProjectFacts:
    """What is remembered of each project after it was validated: small, whatever the project's size."""

    index: int
    prefix: Parts
    project_id: str | None
    status: str | None
    start: str | None
    end: str | None


@dataclass(slots=True)
class PackageContext:
    """A whole file after its projects were validated one by one."""

    #: the package without its projects; None for a bare project or a list of projects
    shell: dict[str, Any] | None
    #: facts of each project with an id, by id (the first of each)
    projects: dict[str, ProjectFacts]
    options: Options
    today: dt.date


@dataclass(slots=True)
class HistoryContext(PackageContext):
    """The same, when ``options.previous`` is given (it is never None here)."""


@dataclass(frozen=True, slots=True)
class LintField:
    """A place in the schema a lint rule is asked about.

    ``path`` is the schema path without indexes (``budget/amount/amount``; "" is
    the project itself); ``schema`` the schema of the value there, references
    resolved; ``is_item`` is True for the items of the array at ``path``.
    """

    path: str
    schema: Mapping[str, Any]
    is_item: bool = False

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LintPlace:
    """A place whose value broke a lint rule: the way to it from the project, its value and field."""

    parts: Parts
    value: Any
    field: str


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table. ``run`` is a generator function as its scope demands."""

    code: str
    scope: Scope
    run: Callable[[Any], Iterator[Hit]]
    also: tuple[str, ...] = ()
    needs: Needs = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code this check may report."""
        return (self.code, *self.also)


@dataclass(frozen=True, slots=True)
class Lint:
    """One lint rule: ``require(field)`` gives the fragment or None; ``run(ctx, place)`` explains a breach."""

    code: str
    require: Callable[[LintField], Mapping[str, Any] | None]
    run: Callable[[ProjectContext, LintPlace], Iterator[Hit]]
    also: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code this rule may report."""
        return (self.code, *self.also)


_checks: dict[str, Check] = {}
_lints: dict[str, Lint] = {}


def _agree(code: str, severity: Severity | str | None, source: str | None) -> None:
    """A check that names severity or source must name those of its message."""
    from .. import messages

    message = messages.get(code)
    if severity is not None and Severity(severity) is not message.severity:
        raise ValueError(f"{code}: severity differs from its message")
    if source is not None and source != message.source:
        raise ValueError(f"{code}: source differs from its message")


def check(
    code: str,
    *,
    scope: Scope = "project",
    severity: Severity | str | None = None,
    source: str | None = None,
    also: tuple[str, ...] = (),
    needs: Needs = (),
) -> Callable[[Callable[[Any], Iterator[Hit]]], Callable[[Any], Iterator[Hit]]]:
    """Register a check. Its code must have been registered in ``messages`` before.

    ``also`` names further codes the same function reports (by ``Hit.code``). ``needs``: the function is
    only called for projects that have one of the fields, or a place of one of the definitions.
    ``severity`` and ``source`` live in the message; repeated here they must agree.
    """

    def add(run: Callable[[Any], Iterator[Hit]]) -> Callable[[Any], Iterator[Hit]]:
        if code in _checks or code in _lints:
            raise ValueError(f"check registered twice: {code}")
        for each in (code, *also):
            _agree(each, severity if each == code else None, source if each == code else None)
        _checks[code] = Check(code, scope, run, also, needs)
        return run

    return add


def lint(
    code: str,
    *,
    require: Callable[[LintField], Mapping[str, Any] | None],
    severity: Severity | str | None = None,
    source: str | None = None,
    also: tuple[str, ...] = (),
) -> Callable[..., Any]:
    """Register a lint rule: ``require`` says what each field must satisfy, the function explains breaches.

    ``require`` is called once for every field of the schema when the engine is
    built; the fragment it returns (draft 4 keywords, no ``$ref``) is put beside
    the others. The decorated function ``(ctx, place) -> Iterator[Hit]`` runs
    once for each place where the fragment fails; it may yield nothing.
    """

    def add(run: Callable[[ProjectContext, LintPlace], Iterator[Hit]]) -> Any:
        if code in _checks or code in _lints:
            raise ValueError(f"check registered twice: {code}")
        for each in (code, *also):
            _agree(each, severity if each == code else None, source if each == code else None)
        _lints[code] = Lint(code, require, run, also)
        return run

    return add


@lru_cache(maxsize=1)
def load() -> None:
    """Import every module of this package, which registers its checks."""
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")


def registry(scope: Scope | None = None) -> tuple[Check, ...]:
    """Every check, or those of one scope, in order of code."""
    load()
    return tuple(c for _, c in sorted(_checks.items()) if scope in (None, c.scope))


def lint_registry() -> tuple[Lint, ...]:
    """Every lint rule, in order of code."""
    load()
    return tuple(rule for _, rule in sorted(_lints.items()))


def top_fields(needs: Needs) -> frozenset[str]:
    """Fields of a project that hold, themselves or below them, what a check needs."""
    from .. import schema

    found: set[str] = set()
    for each in needs() if callable(needs) else needs:
        paths = schema.paths_of(each) if each[:1].isupper() else (each,)
        found.update(path.partition("/")[0] for path in paths)
    return frozenset(found)


class Selection:
    """Of some checks of projects, those that may find something in a project, by the fields it has."""

    #: sets of fields that are remembered
    _KEPT = 1000

    def __init__(self, rows: Iterable[Check]) -> None:
        self._rows = [(row, top_fields(row.needs)) for row in rows]
        self._asked = frozenset[str]().union(*(fields for _, fields in self._rows))
        self._known: dict[frozenset[str], tuple[Check, ...]] = {}

    def __call__(self, project: dict[str, Any]) -> tuple[Check, ...]:
        """The checks for a project, in their order."""
        present = self._asked.intersection(project)
        found = self._known.get(present)
        if found is None:
            found = tuple(row for row, fields in self._rows if not fields or fields & present)
            if len(self._known) < self._KEPT:
                self._known[present] = found
        return found


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    """``a/b[]/c`` as ((name, go into the array?), …)."""
    return tuple((p[:-2], True) if p.endswith("[]") else (p, False) for p in path.split("/"))


def values(node: Any, path: str) -> Iterator[tuple[Parts, Any]]:
    """Every value at ``path`` below ``node``, with the way to it from ``node``.

    ``path`` names fields separated by ``/``; ``[]`` after a name enters its
    array: ``contractingProcesses[]/summary/suppliers[]``. Whatever is absent or
    of another type on the way is passed over in silence.
    """
    return _values(node, _steps(path), 0, ())


def _values(
    node: Any, steps: tuple[tuple[str, bool], ...], at: int, parts: Parts
) -> Iterator[tuple[Parts, Any]]:
    if not isinstance(node, dict):
        return
    name, enter = steps[at]
    value = node.get(name)
    if value is None and name not in node:
        return
    here = (*parts, name)
    last = at + 1 == len(steps)
    if not enter:
        if last:
            yield here, value
        else:
            yield from _values(value, steps, at + 1, here)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            if last:
                yield (*here, i), item
            else:
                yield from _values(item, steps, at + 1, (*here, i))
