"""What lists, filters, maps and the search index need to know of a project, taken out of its JSON.

Never validates and never raises on the shape of the data: what is not what the standard
says it is simply is not there. Amounts are read from the JSON text as Decimal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values.text import without_accents, without_forbidden

#: Digits before and after the point beyond which a figure is not kept as an amount.
LARGEST_MAGNITUDE = 20
#: Integers of more characters than this become Decimal: Python refuses to read very long ones.
LONGEST_INT = 18
#: What is kept, at most, of each text a list shows.
LONGEST_TITLE = 500
LONGEST_DESCRIPTION = 2_000
LONGEST_PLACE = 300
LONGEST_CODE = 200
MOST_CODES = 100
#: Words indexed of one project, and characters of a word: PostgreSQL holds 1 MB of them in a vector.
MOST_WORDS = 5_000
LONGEST_WORD = 100

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(?:([Zz])|([+-])(\d\d):(\d\d))"
)
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the units of ``currency`` (ISO 4217)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest box around all of a project's geometries, degrees, WGS84."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """What is known of a project at a glance. Absent or unusable data is None or empty."""

    project_id: str
    title: str
    description: str
    status: str | None
    sectors: tuple[str, ...]
    project_type: str | None
    #: ``budget.amount``: what was planned
    budget: Money | None
    #: sum of the contracts' ``contractValue``: what was contracted
    contract: Money | None
    #: ``completion.finalValue``: what it cost
    final: Money | None
    #: calendar days as the publisher wrote them, in the zone they wrote them in
    start_date: dt.date | None
    end_date: dt.date | None
    actual_end_date: dt.date | None
    #: ``period.startDate`` and ``period.endDate`` letter by letter
    published_start: str | None
    published_end: str | None
    updated: dt.datetime | None
    #: the year in which the project starts or is to start
    year: int | None
    box: Box | None
    #: where it is, in words, for a line of a list
    place: str
    #: name of the public authority
    authority: str
    #: title for sorting: folded, so that accents and case do not count
    title_key: str
    #: folded words that a search looks among, each once, separated by one space
    search_text: str


# -- reading ---------------------------------------------------------------------------------------


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= LONGEST_INT else Decimal(text)


def parse_project(raw: bytes | bytearray | memoryview | str) -> dict[str, Any]:
    """Read one project's JSON, numbers with a point as Decimal.

    Raises ValueError when ``raw`` is not a JSON object.
    """
    text = raw if isinstance(raw, str) else str(raw, "utf-8")
    project = json.loads(text, parse_float=Decimal, parse_int=_integer)
    if not isinstance(project, dict):
        raise ValueError("a project is a JSON object")
    return project


def content_hash(project: dict[str, Any]) -> str:
    """SHA-256, hexadecimal, of what a project says: spaces and the order of names do not count."""
    text = json.dumps(project, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def storable(text: str) -> str:
    """``text`` as PostgreSQL can hold it: U+0000 and lone surrogates become U+FFFD."""
    text = text.replace("\x00", "\ufffd")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def words(text: str) -> list[str]:
    """The folded words of ``text``: runs of letters and digits."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(without_accents(text).replace("_", " "))]


def as_dict(value: Any) -> dict[str, Any]:
    """``value`` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in ``value`` when it is an array, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The strings in ``value`` when it is an array that are not blank, cleaned; else none."""
    return [found for item in value if (found := text_of(item))] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """``value`` when it is text, without surrounding spaces and what XML forbids, storable; else empty."""
    return without_forbidden(storable(value).strip()) if isinstance(value, str) else ""


def money_of(value: Any) -> Money | None:
    """A Value of the standard as Money, or None when amount or currency are missing or absurd."""
    value = as_dict(value)
    amount, currency = value.get("amount"), text_of(value.get("currency"))
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or not currency:
        return None
    amount = Decimal(amount)
    if not amount.is_finite() or len(currency) > LONGEST_CODE:
        return None
    exponent = amount.as_tuple().exponent
    if (
        amount.adjusted() > LARGEST_MAGNITUDE
        or not isinstance(exponent, int)
        or exponent < -LARGEST_MAGNITUDE
    ):
        return None
    return Money(amount, currency)


def date_of(value: Any) -> dt.date | None:
    """The calendar day of a date-time as written, or None. The zone does not move it.

    A deadline published as ``2026-01-01T00:00:00Z`` is the first of January for who
    wrote it and who reads it, although it is still December in America.
    """
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        return None
    try:
        return dt.date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def moment_of(value: Any) -> dt.datetime | None:
    """A date-time of RFC 3339 as a moment in UTC, or None. A leap second counts as the one before it."""
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _zulu, sign, zone_hours, zone_minutes = match.groups()[6:]
    offset = dt.timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    try:
        local = dt.datetime(
            year,
            month,
            day,
            hour,
            minute,
            min(second, 59),
            int((fraction or "0").ljust(6, "0")),
            dt.timezone.utc,
        )
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None


# -- the parts of a summary ------------------------------------------------------------------------


def contracts(project: dict[str, Any]) -> list[dict[str, Any]]:
    """The ``summary`` of each contracting process."""
    return [as_dict(process.get("summary")) for process in dicts(project.get("contractingProcesses"))]


def contract_total(project: dict[str, Any]) -> Money | None:
    """Sum of ``contractValue`` over the contracting processes, or None.

    None when no contract has a value, or when they are in more than one currency:
    amounts are never added across currencies.
    """
    values = [money for summary in contracts(project) if (money := money_of(summary.get("contractValue")))]
    if not values or len({money.currency for money in values}) > 1:
        return None
    return Money(sum((money.amount for money in values), Decimal(0)), values[0].currency)


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Every [longitude, latitude] in a GeoJSON coordinates array of any depth, within the Earth."""
    waiting = [coordinates]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, list) or not item:
            continue
        if isinstance(item[0], list):
            waiting.extend(item)
            continue
        pair = item[:2]
        if len(pair) < 2 or any(
            isinstance(n, bool) or not isinstance(n, int | Decimal | float) for n in pair
        ):
            continue
        if abs(pair[0]) <= 180 and abs(pair[1]) <= 90:
            yield float(pair[0]), float(pair[1])


def bounding_box(project: dict[str, Any]) -> Box | None:
    """The box around every geometry of ``locations``, or None without any."""
    positions = [
        position
        for location in dicts(project.get("locations"))
        for position in _positions(as_dict(location.get("geometry")).get("coordinates"))
    ]
    if not positions:
        return None
    lons, lats = zip(*positions, strict=True)
    return Box(min(lons), min(lats), max(lons), max(lats))


def location_line(location: dict[str, Any]) -> str:
    """A location in one line: its description, or else its address."""
    address = as_dict(location.get("address"))
    parts = (text_of(address.get(name)) for name in ("streetAddress", "locality", "region"))
    return text_of(location.get("description")) or ", ".join(part for part in parts if part)


def place_line(project: dict[str, Any]) -> str:
    """Where a project is, in one line: its locations, without repeats."""
    lines = dict.fromkeys(
        line for location in dicts(project.get("locations")) if (line := location_line(location))
    )
    return shorten(" · ".join(lines), LONGEST_PLACE)


def shorten(text: str, longest: int) -> str:
    """``text`` within ``longest`` characters, cut at a word and marked with an ellipsis."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > longest // 2 else cut).rstrip() + "…"


def _codes(value: Any) -> tuple[str, ...]:
    found = dict.fromkeys(code for code in texts(value) if len(code) <= LONGEST_CODE)
    return tuple(found)[:MOST_CODES]


def _code(value: Any) -> str | None:
    code = text_of(value)
    return code if code and len(code) <= LONGEST_CODE else None


def first_date(*values: Any) -> dt.date | None:
    """The first of ``values`` that has a calendar day, or None."""
    return next((day for value in values if (day := date_of(value))), None)


def planned_start(project: dict[str, Any]) -> dt.date | None:
    """When the project starts: its period, else its implementation, else the first contract's."""
    direct = first_date(
        as_dict(project.get("period")).get("startDate"),
        as_dict(project.get("implementationPeriod")).get("startDate"),
    )
    starts = (
        date_of(as_dict(summary.get("contractPeriod")).get("startDate")) for summary in contracts(project)
    )
    return direct or min((day for day in starts if day), default=None)


def planned_end(project: dict[str, Any]) -> dt.date | None:
    """When the project was planned to end: its period, else its implementation."""
    return first_date(
        as_dict(project.get("period")).get("endDate"),
        as_dict(project.get("implementationPeriod")).get("endDate"),
    )


def place_texts(project: dict[str, Any]) -> list[str]:
    """Every text of ``locations`` that names a place."""
    found: list[str] = []
    for location in dicts(project.get("locations")):
        address = as_dict(location.get("address"))
        gazetteer = as_dict(location.get("gazetteer"))
        found.append(text_of(location.get("description")))
        found.extend(
            text_of(address.get(name)) for name in ("streetAddress", "locality", "region", "postalCode")
        )
        found.extend(texts(gazetteer.get("identifiers")))
    return list(dict.fromkeys(text for text in found if text))


def identifier_texts(project: dict[str, Any]) -> list[str]:
    """Every identifier of the project and of its contracting processes."""
    found = [text_of(project.get("id"))]
    found.extend(text_of(item.get("id")) for item in dicts(project.get("identifiers")))
    for process in dicts(project.get("contractingProcesses")):
        summary = as_dict(process.get("summary"))
        found.extend(
            text_of(value)
            for value in (process.get("id"), summary.get("ocid"), summary.get("externalReference"))
        )
    return list(dict.fromkeys(text for text in found if text))


def _search_text(project: dict[str, Any]) -> str:
    """The words people look a project up by: names, ids, places, organisations, contracts."""
    parts = [
        text_of(project.get("title")),
        *identifier_texts(project),
        *place_texts(project),
        text_of(as_dict(project.get("publicAuthority")).get("name")),
        *(text_of(party.get("name")) for party in dicts(project.get("parties"))),
        *(text_of(summary.get("title")) for summary in contracts(project)),
        text_of(project.get("description")),
        text_of(project.get("purpose")),
    ]
    return " ".join(_unique(parts))


def _unique(parts: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for part in parts:
        for word in words(part):
            found.setdefault(word)
            if len(found) >= MOST_WORDS:
                return list(found)
    return list(found)


def summarise(project: dict[str, Any]) -> ProjectSummary:
    """Return what is known of ``project``, as :func:`parse_project` gives it, at a glance.

    The project needs an ``id`` (the one field OC4IDS requires); KeyError without it.
    A figure in another type, a date that is no date or a status that is no text
    count as absent.
    """
    period = as_dict(project.get("period"))
    completion = as_dict(project.get("completion"))
    start = planned_start(project)
    title = shorten(text_of(project.get("title")), LONGEST_TITLE)
    return ProjectSummary(
        project_id=storable(str(project["id"])),
        title=title,
        description=shorten(text_of(project.get("description")), LONGEST_DESCRIPTION),
        status=_code(project.get("status")),
        sectors=_codes(project.get("sector")),
        project_type=_code(project.get("type")),
        budget=money_of(as_dict(project.get("budget")).get("amount")),
        contract=contract_total(project),
        final=money_of(completion.get("finalValue")),
        start_date=start,
        end_date=planned_end(project),
        actual_end_date=date_of(completion.get("endDate")),
        published_start=text_of(period.get("startDate"))[:LONGEST_WORD] or None,
        published_end=text_of(period.get("endDate"))[:LONGEST_WORD] or None,
        updated=moment_of(project.get("updated")),
        year=start.year if start else None,
        box=bounding_box(project),
        place=place_line(project),
        authority=shorten(text_of(as_dict(project.get("publicAuthority")).get("name")), LONGEST_TITLE),
        title_key=" ".join(words(title or storable(str(project["id"]))))[:LONGEST_TITLE],
        search_text=_search_text(project),
    )
