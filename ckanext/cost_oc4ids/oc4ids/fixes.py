"""What a remedy would write: JSON Patch operations (RFC 6902) for one place of a finding.

A fix is proposed only where one value is known to be meant, and where writing it leaves the place without
a mistake: the new value is held against the field's own schema, and against the other elements of its
list. The remedy's text is made of the fix (:mod:`.render`), so that neither says what the other does not.
What would have to be abbreviated to be shown is not proposed.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ckanext.cost_common.values.links import has_userinfo
from ckanext.cost_common.values.text import without_forbidden

from . import engine, schema
from .checks.codes import suggest_code
from .reading import Parts, pointer

#: One operation: ``op`` (``replace``, ``add``, ``remove``, ``move``), ``path``, and ``value`` or ``from``.
Operation = dict[str, Any]

#: characters of a value, as JSON, that people can still copy from a report
_LENGTH = 500
#: elements of a list among which repetitions are looked for, values of a project that are looked through
_ELEMENTS = 1000
_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class Subject:
    """A place of a finding.

    ``parts`` leads to it from ``root``: the project, or the package without its projects (``in_package``);
    ``root`` is None where it is not at hand. ``value`` is whole. ``timezone`` is that of dates without one.
    """

    code: str
    params: Mapping[str, Any]
    parts: Parts
    value: Any
    root: Any = None
    in_package: bool = False
    timezone: str = "America/Bogota"

    @property
    def field(self) -> str:
        """The schema path of the place."""
        return engine.field_path(self.parts)


def propose(subject: Subject, begin: str = "") -> list[Operation] | None:
    """The operations that a remedy asks for, in their order, or None where it takes a decision.

    :param begin: JSON Pointer to ``subject.root`` in the file.
    """
    rule = _RULES.get(subject.code)
    steps = rule(subject) if rule else None
    if not steps:
        return None
    operations = [
        {name: begin + pointer(value) if name in ("path", "from") else value for name, value in step.items()}
        for step in steps
    ]
    written = json.dumps(operations)
    # a name or password in a link is not repeated in a report
    return operations if len(written) < 4 * _LENGTH and not has_userinfo(written) else None


def apply(document: Any, operations: list[Operation]) -> Any:
    """A copy of a document with the operations of a fix carried out (RFC 6902).

    :raises LookupError: a path leads nowhere.
    """
    document = copy.deepcopy(document)
    for each in operations:
        *way, last = _steps(each["path"])
        parent = _at(document, way)
        if each["op"] == "remove":
            del parent[_key(parent, last)]
        elif each["op"] == "move":
            *from_way, from_last = _steps(each["from"])
            source = _at(document, from_way)
            parent[_key(parent, last)] = source.pop(_key(source, from_last))
        elif each["op"] == "add" and isinstance(parent, list):
            parent.insert(len(parent) if last == "-" else int(last), each["value"])
        else:
            parent[_key(parent, last)] = each["value"]
    return document


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _key(node: Any, step: str) -> Any:
    return int(step) if isinstance(node, list) else step


def _at(node: Any, steps: list[str]) -> Any:
    for step in steps:
        node = node[_key(node, step)]
    return node


# -- whether a value leaves no mistake behind --------------------------------------------------------------

_Steps = list[dict[str, Any]]


def _replace(subject: Subject, value: Any, parts: Parts | None = None) -> _Steps | None:
    """Write ``value`` at a place, if it is right there."""
    parts = subject.parts if parts is None else parts
    fits = len(json.dumps(value, ensure_ascii=False)) <= _LENGTH and _is_right(subject, parts, value)
    return [{"op": "replace", "path": parts, "value": value}] if fits else None


def _is_right(subject: Subject, parts: Parts, value: Any) -> bool:
    """Whether a value at a place breaks no rule whose breach is an error."""
    nested = len(parts) > 1 and isinstance(parts[-1], int) and isinstance(parts[-2], int)
    if nested or not parts or (subject.in_package and parts[0] == "projects"):
        return False
    validator = engine.value_validator(
        engine.field_path(parts), isinstance(parts[-1], int), subject.in_package
    )
    if validator is None or not validator.is_valid(value) or _repeats_ids(value):
        return False
    return subject.root is None or _stays_unique(subject.root, parts, value)


def _repeats_ids(value: Any) -> bool:
    """Whether a list in ``value`` has two elements with one id."""
    if isinstance(value, dict):
        return any(map(_repeats_ids, value.values()))
    if not isinstance(value, list):
        return False
    ids = [each["id"] for each in value if isinstance(each, dict) and isinstance(each.get("id"), str)]
    return len(ids) != len(set(ids)) or any(map(_repeats_ids, value))


def _stays_unique(root: Any, parts: Parts, value: Any) -> bool:
    """Whether no other element of the list around a place is, or is named, like ``value``."""
    if isinstance(parts[-1], int):
        return _is_new(engine.value_at(root, parts[:-1]), parts[-1], value)
    if parts[-1] == "id" and len(parts) > 1 and isinstance(parts[-2], int):
        siblings = engine.value_at(root, parts[:-2])
        names = [each.get("id") if isinstance(each, dict) else None for each in siblings[:_ELEMENTS]]
        return len(siblings) <= _ELEMENTS and _is_new(names, parts[-2], value)
    return True


def _is_new(siblings: Any, index: int, value: Any) -> bool:
    if not isinstance(siblings, list) or len(siblings) > _ELEMENTS:
        return False
    return all(each != value for at, each in enumerate(siblings) if at != index)


def _remove(subject: Subject) -> _Steps | None:
    """Take a place out, and what would be left empty around it; None where something has to be there."""
    parts = subject.parts
    fields = schema.package_fields() if subject.in_package else schema.fields()
    while parts:
        described = fields.get(engine.field_path(parts))
        if not isinstance(parts[-1], int) and (described is None or described.required):
            return None
        around = engine.value_at(subject.root, parts[:-1]) if len(parts) > 1 else None
        if isinstance(around, dict | list) and len(around) == 1:
            parts = parts[:-1]
            continue
        return [{"op": "remove", "path": parts}]
    return None


# -- what is meant, by code --------------------------------------------------------------------------------

_MONEY = re.compile(
    r"\s*\$?\s*(?P<number>-?\s*\d[\d.,'\s]*?(?:[eE][+-]?\d+)?)\s*(?:COP|USD|EUR|pesos)?\s*", re.ASCII
)
_GROUPED = re.compile(
    r"-?[1-9]\d{0,2}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*(?:(?!(?P=mark))[.,](?:\d\d?|\d{4,}))?"
)
_PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


def _read_number(text: str) -> int | float | None:
    """The number that a text is, or None where it can be read in two ways (``1.500``)."""
    found = _MONEY.fullmatch(text)
    digits = re.sub(r"-\s+", "-", found["number"].strip()) if found else ""
    grouped = _GROUPED.fullmatch(digits)
    if grouped and re.fullmatch(r"-?\d{1,3}\.\d{3}", digits):
        return None
    if grouped:
        digits = digits.replace(grouped["mark"], "")
    elif not _PLAIN.fullmatch(digits):
        return None
    digits = digits.replace(",", ".")
    if re.fullmatch(r"-?\d+", digits):
        return int(digits)
    number = float(digits)
    return number if abs(number) < 1e15 else None  # noqa: PLR2004  beyond, a float rounds to whole units


def _number(subject: Subject) -> _Steps | None:
    number = _read_number(subject.value) if isinstance(subject.value, str) else None
    return None if number is None else _replace(subject, number)


_TIME = (
    r"(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?\s*"
)
_YEAR_FIRST = re.compile(
    r"\s*(?P<year>\d{4})[/.\-](?P<month>\d{1,2})[/.\-](?P<day>\d{1,2})" + _TIME, re.IGNORECASE | re.ASCII
)
_YEAR_LAST = re.compile(
    r"\s*(?P<day>\d{1,2})[/.\-](?P<month>\d{1,2})[/.\-](?P<year>\d{4})" + _TIME, re.IGNORECASE | re.ASCII
)
_MONTHS = 12


def _read_moment(text: str, timezone: str) -> str | None:
    """The moment that a text says, as the standard writes it; None where day and month may be swapped."""
    found = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    if found.re is _YEAR_LAST and month != day:
        if month > _MONTHS:
            month, day = day, month
        elif day <= _MONTHS:
            return None
    try:
        moment = dt.datetime(  # noqa: DTZ001 - the zone is put in words
            year, month, day, int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0)
        )
    except ValueError:
        return None
    zone = found["zone"]
    if zone is None:
        offset = moment.replace(tzinfo=ZoneInfo(timezone)).strftime("%z")
        zone = f"{offset[:3]}:{offset[3:5]}"
    elif ":" not in zone and zone not in "Zz":
        zone = f"{zone[:3]}:{zone[3:]}"
    # strftime does not pad the years below 1000 everywhere
    return f"{moment.isoformat(timespec='seconds')}{zone.upper()}"


def _moment(subject: Subject) -> _Steps | None:
    if not isinstance(subject.value, str) or len(subject.value) > _LENGTH:
        return None
    moment = _read_moment(subject.value, subject.timezone)
    return None if moment is None else _replace(subject, moment)


_HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,12}(?:[:/?#]|$)", re.IGNORECASE)
_SAFE_IN_URI = ":/?#[]@!$&'()*+,;=%~-._"


def _uri(subject: Subject) -> _Steps | None:
    """The whole address: with its scheme, without what has to be encoded."""
    if not isinstance(subject.value, str) or len(subject.value) > _LENGTH:
        return None
    text = subject.value.strip().removeprefix("//")
    if len(re.findall("https?:", text, re.IGNORECASE)) > 1 or "@" in text:
        return None
    if not re.match("https?://", text, re.IGNORECASE):
        if not _HOST.match(text):
            return None
        text = f"https://{text}"
    return _replace(subject, urllib.parse.quote(text, safe=_SAFE_IN_URI))


def _list(subject: Subject) -> _Steps | None:
    """The list that one text, one object, or an object of objects is meant to be."""
    value = subject.value
    if isinstance(value, str):
        return _replace(subject, _split(subject.field, value)) if len(value) <= _LENGTH else None
    if not isinstance(value, dict) or not value:
        return None
    known = {child.name for child in schema.children(subject.field)}
    if known.intersection(value):
        return _replace(subject, [value])
    names = list(value)
    if all(name.isdecimal() for name in names):
        # what PHP makes of a list with a gap
        names.sort(key=int)
    return _replace(subject, [value[name] for name in names])


def _split(field: str, text: str) -> list[Any]:
    """The elements of a list that was written as one text."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, list):
        return parsed
    bare = text.strip().removeprefix("[").removesuffix("]")
    elements = [each.strip().strip("\"'").strip() for each in re.split("[,;]", bare)]
    described = schema.fields().get(field)
    codelist = schema.codelists().get(described.codelist or "") if described else None
    if codelist is not None:
        elements = [
            each if each in codelist.codes else suggest_code(codelist.name, each) or each for each in elements
        ]
    return list(dict.fromkeys(filter(None, elements)))


def _only_element(subject: Subject) -> _Steps | None:
    value = subject.value
    return _replace(subject, value[0]) if isinstance(value, list) and len(value) == 1 else None


def _code(subject: Subject) -> _Steps | None:
    """The code that was meant; in a list that has it already, the other way of writing it goes."""
    described = schema.fields().get(subject.field)
    if described is None or not described.codelist or not isinstance(subject.value, str):
        return None
    meant = subject.params.get("suggestion") or suggest_code(described.codelist, subject.value)
    if not isinstance(meant, str):
        return None
    siblings = engine.value_at(subject.root, subject.parts[:-1]) if isinstance(subject.parts[-1], int) else ()
    if isinstance(siblings, list) and len(siblings) <= _ELEMENTS and meant in siblings:
        return _remove(subject)
    return _replace(subject, meant)


def _trimmed(subject: Subject) -> _Steps | None:
    text = engine.value_at(subject.root, subject.parts) if subject.root is not None else subject.value
    return _replace(subject, text.strip()) if isinstance(text, str) and text.strip() else None


def _shown(subject: Subject) -> _Steps | None:
    """The text without what XML forbids; what breaks a line or page in a document is a space here."""
    if not isinstance(subject.value, str):
        return None
    return _replace(subject, without_forbidden(re.sub("[\x0b\x0c]+", " ", subject.value), ""))


def _identifier(subject: Subject) -> _Steps | None:
    """An identifier without spaces, and the same wherever a party of that id is named in the project."""
    if not isinstance(subject.value, str):
        return None
    written = "-".join(subject.value.split())
    steps = _replace(subject, written)
    if steps and subject.field == "parties/id":
        steps += [
            {"op": "replace", "path": parts, "value": written}
            for parts in _named(subject.root, subject.value)
            if parts != subject.parts
        ]
    return steps


def _named(root: Any, identifier: str) -> Iterator[Parts]:
    """The places of a project where an organisation is named by an identifier, other entries aside."""
    waiting: list[tuple[Parts, Any]] = [((), root)]
    looked_at = 0
    references = set(schema.paths_of("OrganizationReference"))
    while waiting and looked_at < _VALUES:
        parts, node = waiting.pop()
        looked_at += 1
        if isinstance(node, dict):
            if node.get("id") == identifier and engine.field_path(parts) in references:
                yield (*parts, "id")
            waiting += [((*parts, name), each) for name, each in node.items()]
        elif isinstance(node, list):
            waiting += [((*parts, at), each) for at, each in enumerate(node)]


def _renamed(subject: Subject) -> _Steps | None:
    """A field under its right name, where that is free and the value is right there."""
    name = subject.params.get("suggestion")
    around = engine.value_at(subject.root, subject.parts[:-1]) if len(subject.parts) > 1 else subject.root
    old = subject.parts[-1]
    if not isinstance(around, dict) or not isinstance(name, str) or name in around or old not in around:
        return None
    target = (*subject.parts[:-1], name)
    if name == "projects" or not _is_right(subject, target, around[old]):
        return None
    return [{"op": "move", "from": subject.parts, "path": target}]


def _swapped(subject: Subject) -> _Steps | None:
    coordinates = engine.value_at(subject.root, subject.parts) if subject.root is not None else subject.value
    if not isinstance(coordinates, list) or len(json.dumps(coordinates[:_ELEMENTS])) > _LENGTH:
        return None
    return _replace(subject, _turned(coordinates))


def _turned(node: Any) -> Any:
    """Coordinates with the first two numbers of each position swapped."""
    if not isinstance(node, list):
        return node
    if len(node) > 1 and not isinstance(node[0], list) and not isinstance(node[1], list):
        return [node[1], node[0], *node[2:]]
    return [_turned(each) for each in node]


def _unrepeated(subject: Subject) -> _Steps | None:
    """Each repetition goes, from the last: the others keep their places."""
    values = engine.value_at(subject.root, subject.parts) if subject.parts else None
    repeated = engine.repeated(values)
    if not repeated or len(repeated) >= engine.REPETITIONS_NAMED:
        return None
    return [{"op": "remove", "path": (*subject.parts, at)} for at in reversed(repeated)]


def _process_id(subject: Subject) -> _Steps | None:
    """The OCID as the id of its contracting process: ``…/summary/ocid`` → ``…/id``."""
    return _replace(subject, subject.value, (*subject.parts[:-2], "id"))


def _parent_sector(subject: Subject) -> _Steps | None:
    listed = engine.value_at(subject.root, subject.parts[:-1])
    parent = subject.params.get("parent")
    if not isinstance(listed, list) or parent in listed:
        return None
    return [{"op": "add", "path": (*subject.parts[:-1], "-"), "value": parent}]


_RULES: dict[str, Callable[[Subject], _Steps | None]] = {
    "schema.number_as_text": _number,
    "schema.boolean_as_text": lambda subject: _replace(subject, str(subject.value).lower() == "true"),
    "schema.text_as_number": lambda subject: _replace(subject, str(subject.value)),
    "schema.date_without_time": _moment,
    "schema.format_date_time": _moment,
    "schema.format_uri": _uri,
    "schema.not_a_list": _list,
    "schema.list_instead_of_object": _only_element,
    "schema.null": _remove,
    "schema.min_length": _remove,
    "schema.min_items": _remove,
    "schema.min_properties": _remove,
    "schema.unique_items": _unrepeated,
    "code.closed": _code,
    "code.open_misspelt": _code,
    "field.misspelt": _renamed,
    "geo.swapped": _swapped,
    "id.ocid_differs": _process_id,
    "id.spaces": _identifier,
    "package.blank": _remove,
    "package.misspelt_field": _renamed,
    "package.version": lambda subject: _replace(subject, ".".join(schema.SCHEMA_VERSION.split(".")[:2])),
    "sector.parent_missing": _parent_sector,
    "package.forbidden_characters": _shown,
    "text.blank": _remove,
    "text.forbidden_characters": _shown,
    "text.spaces": _trimmed,
}
#: codes that may have a fix
CODES = frozenset(_RULES)
