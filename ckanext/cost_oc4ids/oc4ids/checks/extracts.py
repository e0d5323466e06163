"""What several checks look for in a project, gathered in one walk along the schema.

The walk follows only fields that lead to something gathered, never goes deeper
than the schema does, and passes over whatever is of another type: those are
the schema's findings, and a check has nothing to add about them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from .. import schema
from ..types import SCHEMA_VERSION
from .rules import rule_set, rules

Parts = tuple[str | int, ...]

#: Amounts beyond this are no money anybody counts: only ``money.absurd`` looks at them.
_COUNTABLE = 10**24


#: An object or a text of interest: its schema path, the way to it from the project, and itself.
#: A bare tuple, not a named one: thousands are made for each file.
Found = tuple[str, Parts, Any]


class Contract(NamedTuple):
    """A contracting process with a summary: the way to the summary, the process, the summary."""

    parts: Parts
    process: dict[str, Any]
    summary: dict[str, Any]


@dataclass(slots=True)
class Extracts:
    """Everything gathered from one project, in the file's order. Values are dicts unless noted otherwise."""

    values: list[Found] = field(default_factory=list)
    periods: list[Found] = field(default_factory=list)
    parties: list[Found] = field(default_factory=list)
    references: list[Found] = field(default_factory=list)
    locations: list[Found] = field(default_factory=list)
    documents: list[Found] = field(default_factory=list)
    milestones: list[Found] = field(default_factory=list)
    modifications: list[Found] = field(default_factory=list)
    metrics: list[Found] = field(default_factory=list)
    #: dates of what happened that read as later than today, before anybody thinks of zones
    late_dates: list[Found] = field(default_factory=list)
    #: lists that may hold two items with one ``id``
    suspect_lists: list[Found] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    #: geometries of the locations, measured by ``geo`` when first asked for
    shapes: list[Any] | None = None
    #: references with the id each points at, read by ``refs`` when first asked for
    resolved: list[tuple[str, Parts, dict[str, Any], str | None]] | None = None
    #: periods worth a second look, and values of the main amounts: found by ``dates`` and ``money`` likewise
    odd_periods: list[Found] | None = None
    main_values: list[Found] | None = None
    #: what a project and its contracts cost, counted by ``money`` when first asked for
    costs: Any = None


#: Definition of the schema → list of :class:`Extracts` it goes to.
_GATHERED = {
    "Value": "values",
    "Period": "periods",
    "Organization": "parties",
    "OrganizationReference": "references",
    "Location": "locations",
    "Document": "documents",
    "Milestone": "milestones",
    "Modification": "modifications",
    "Metric": "metrics",
}


class _Node(NamedTuple):
    """What to do with one kind of object.

    ``steps``, one a field that leads to something: its name, its name as a tuple,
    its schema path, whether it is a list, the index in :data:`_SINKS` of where its
    value or items go (-1: nowhere), whether the ids of its items matter, and what
    to do with them. ``dates``: names and paths of the texts that tell when
    something happened.
    """

    steps: tuple[tuple[str, Parts, str, bool, int, bool, Any], ...]
    dates: tuple[tuple[str, str], ...]


#: Lists of :class:`Extracts` that the walk fills.
_SINKS = tuple(dict.fromkeys(_GATHERED.values()))
#: Index of the list of dates, after them.
_DATE = len(_SINKS)


@lru_cache(maxsize=8)
def _plan(version: str = SCHEMA_VERSION) -> _Node:
    """The walk, compiled from the schema, with only the fields where something is gathered at or below."""
    actual = rule_set("dates", "actual", version)

    def below(parent: str) -> _Node | None:
        steps = []
        for each in schema.children(parent, version):
            gathered = _GATHERED.get(each.definition or "")
            sink = _SINKS.index(gathered) if gathered else -1
            children = schema.children(each.path, version)
            # the review tool looks at ids in every such list, also where the standard gives its items none
            ids = each.is_array and each.unique_items and bool(children)
            deeper = below(each.path) if children else None
            if sink >= 0 or ids or deeper:
                steps.append((each.name, (each.name,), each.path, each.is_array, sink, ids, deeper))
        dates = tuple(
            (each.name, each.path) for each in schema.children(parent, version) if each.path in actual
        )
        return _Node(tuple(steps), dates) if steps or dates else None

    return below("") or _Node((), ())


def gather(project: Any, today: dt.date, version: str = SCHEMA_VERSION) -> Extracts:
    """Walk a project once. Linear in its size; anything of an unexpected type is passed over."""
    sinks: list[list[Found]] = [[] for _ in range(_DATE + 1)]
    suspects: list[Found] = []
    if isinstance(project, dict):
        _walk(project, _plan(version), (), sinks, suspects, today.isoformat())
    found = Extracts(late_dates=sinks[_DATE], suspect_lists=suspects)
    for name, sink in zip(_SINKS, sinks, strict=False):
        setattr(found, name, sink)
    processes = project.get("contractingProcesses") if isinstance(project, dict) else None
    if isinstance(processes, list):
        for index, process in enumerate(processes):
            summary = process.get("summary") if isinstance(process, dict) else None
            if isinstance(summary, dict):
                found.contracts.append(Contract(("contractingProcesses", index, "summary"), process, summary))
    return found


def _repeats(items: list[Any]) -> bool:
    """Whether two items of a list may share an id: quick, and sure only when it says no."""
    try:
        return len({item["id"] for item in items}) < len(items)
    except (TypeError, KeyError):
        return True


def _walk(  # noqa: C901, PLR0912  one loop without calls: it runs on every object of every project
    node: dict[str, Any],
    plan: _Node,
    parts: Parts,
    sinks: list[list[Found]],
    suspects: list[Found],
    today: str,
) -> None:
    """Fill the sinks from one object and what lies below it."""
    steps, dates = plan
    for name, path in dates:
        # Most dates are past as they are written: only the others are worth reading.
        if name in node and type(node[name]) is str and node[name] > today:
            sinks[_DATE].append((path, (*parts, name), node[name]))
    for name, tail, path, is_array, sink, ids, below in steps:
        if name not in node:
            continue
        value = node[name]
        if is_array:
            if type(value) is not list:
                continue
            here = parts + tail
            if ids and len(value) > 1 and _repeats(value):
                suspects.append((path, here, value))
            if sink >= 0:
                sinks[sink] += [
                    (path, (*here, i), item) for i, item in enumerate(value) if type(item) is dict
                ]
            if below:
                for i, item in enumerate(value):
                    if type(item) is dict:
                        _walk(item, below, (*here, i), sinks, suspects, today)
        elif type(value) is dict:
            here = parts + tail
            if sink >= 0:
                sinks[sink].append((path, here, value))
            if below:
                _walk(value, below, here, sinks, suspects, today)


# -- values ------------------------------------------------------------------------------------------------


def number(value: Any) -> int | float | Decimal | None:
    """A finite JSON number small enough to count with, or None."""
    kind = type(value)
    if kind is not int and kind is not float and (kind is not Decimal or value.is_nan()):
        return None
    return value if -_COUNTABLE < value < _COUNTABLE else None


class Money(NamedTuple):
    """An amount and its currency's code."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{show(self.amount)} {self.currency}"


def money(value: Any) -> Money | None:
    """A Value object as exact money; None when amount or currency is missing or of another type."""
    if not isinstance(value, dict):
        return None
    amount, currency = value.get("amount"), value.get("currency")
    if not isinstance(currency, str) or not currency or number(amount) is None:
        return None
    return Money(Decimal(amount) if isinstance(amount, int) else Decimal(str(amount)), currency)


def show(amount: Decimal) -> str:
    """An amount for people of any language: groups of three apart, no exponent, no needless zeros."""
    text = f"{amount:,f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


#: Longer than any RFC 3339 text worth reading.
_LONGEST_DATE = 40


def moment(value: Any) -> dt.datetime | None:
    """An RFC 3339 date-time with its zone, or None for anything else (the schema reports it).

    A year that no field may hold is a filler: ``date.out_of_range`` reports it, and nothing is compared
    with it.
    """
    found = any_moment(value)
    return found if found is not None and _earliest() <= found.year <= _latest() else None


def any_moment(value: Any) -> dt.datetime | None:
    """The same, of whatever year."""
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    return _moment(value)


@lru_cache(maxsize=1)
def _earliest() -> int:
    return int(rules("dates")["earliest_year"])


@lru_cache(maxsize=1)
def _latest() -> int:
    return int(rules("dates")["latest_year_long_lived"])


@lru_cache(maxsize=4096)
def _moment(text: str) -> dt.datetime | None:
    try:
        found = msgspec.convert(text, dt.datetime)
    except msgspec.ValidationError:
        return None
    return found if found.tzinfo is not None else None


@lru_cache(maxsize=16_384)
def _ordinal(date: str) -> int | None:
    """The number of a day written alone, of the years that every clock and zone can be added to."""
    found = moment(f"{date}T00:00:00Z") if date[:1] in ("1", "2") else None
    return found.toordinal() if found else None


@lru_cache(maxsize=256)
def _is_clock(text: str) -> bool:
    """Whether a text is the hour and zone of a date-time, with the sign before them."""
    return _moment(f"2000-01-01{text}") is not None


def days_between(first: Any, last: Any) -> int | None:
    """Days between two date-times of the same hour and zone; None for any other two things."""
    if type(first) is not str or type(last) is not str or len(first) > _LONGEST_DATE:
        return None
    clock = first[10:]
    if clock != last[10:] or not _is_clock(clock):
        return None
    try:
        return _ordinal(last[:10]) - _ordinal(first[:10])  # type: ignore[operator]
    except TypeError:
        return None


def earlier(first: Any, second: Any) -> bool:
    """Whether both are date-times and the first comes before the second."""
    if not isinstance(first, str) or not isinstance(second, str):
        return False
    if first >= second and first[10:] == second[10:]:
        # The same hour and zone: days compare as they are written. The usual case, and the cheap one.
        return False
    entry, other = moment(first), moment(second)
    return entry is not None and other is not None and entry < other


def compared(first: str, sign: str, second: str) -> str:
    """Two dates with a sign between them, for people: days alone when the days already differ."""
    if first[:10] != second[:10] and len(first) <= _LONGEST_DATE and len(second) <= _LONGEST_DATE:
        first, second = first[:10], second[:10]
    return f"{first} {sign} {second}"


@lru_cache(maxsize=16)
def _zone(name: str) -> dt.tzinfo:
    """A zone by name; UTC when this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return dt.timezone.utc


def day(value: Any, timezone: str) -> dt.date | None:
    """The calendar day of a date-time in ``timezone``, or None.

    Midnight UTC is how people write a day alone: it counts as the day written.
    """
    when = moment(value)
    if when is None:
        return None
    if when.utcoffset() == dt.timedelta(0) and when.time() == dt.time():
        return when.date()
    try:
        return when.astimezone(_zone(timezone)).date()
    except OverflowError:
        return when.date()


def text(value: Any) -> str | None:
    """A text with something in it, without spaces around; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    return None


def key(value: Any) -> str | None:
    """An identifier as text: what two places must share to speak of the same thing."""
    if isinstance(value, str):
        return value or None
    return str(value) if type(value) is int and number(value) is not None else None
