"""The schema's rules in compiled code, and the checks that ride along with it.

Two validators, built once a process from the data files:

*shell*
    the package without its projects;
*project*
    one project: OC4IDS itself, strict where the review tool's libraries are
    (:func:`_as_the_review_tool`); everything the checks want to look at
    (:func:`checks.lint`); and how deep values nest wherever the schema leaves them
    open. One walk serves them all.

An error of jsonschema-rs carries a copy of its value, so projects are validated
apart from their package, and the value found is taken from the project itself.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from functools import lru_cache
from typing import Any

import jsonschema_rs

from . import checks, schema
from .types import SCHEMA_VERSION

Parts = tuple[str | int, ...]


@dataclass(slots=True)
class SchemaHit:
    """A rule of the schema that a value breaks.

    ``parts`` is the way to the value from the project (or shell); for a missing
    member it is the way to the object that lacks it. ``field`` is the schema
    path the finding is about (the missing member's own).
    """

    code: str
    parts: Parts
    field: str
    value: Any = None
    params: dict[str, Any] = default(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What one walk over a project found, in no order.

    ``unsound``: it nests deeper than allowed; the reader knows where. Then ``hits`` and ``places``
    may be incomplete.
    """

    hits: list[SchemaHit] = default(default_factory=list)
    places: list[tuple[checks.Lint, checks.LintPlace]] = default(default_factory=list)
    unsound: bool = False


def field_path(parts: Parts) -> str:
    """The schema path of a place: its names without indexes, joined by ``/``."""
    return "/".join([part for part in parts if type(part) is str])


def value_at(root: Any, parts: Parts) -> Any:
    """The value at the end of ``parts``; None when the way does not exist."""
    try:
        for part in parts:
            root = root[part]
    except (KeyError, IndexError, TypeError):
        return None
    return root


# -- validators
# -------------------------------------------------------------------------------------------------

#: a date-time whose year is not 0000 and whose seconds are below 60; the format sees to the rest
_REAL_MOMENT = "^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9]).{13}[0-5]"
#: as jsonschema has it; stricter opinions are a check's to give
_EMAIL = "@"


def _as_the_review_tool(node: Any) -> Any:
    """The schema as the review tool's libraries read it, where jsonschema-rs is more lenient.

    ``date-time``: rfc3339-validator builds a date, so the year 0000 and second
    60 are wrong there. ``email``: jsonschema only wants an "@".
    """
    if isinstance(node, list):
        return [_as_the_review_tool(each) for each in node]
    if not isinstance(node, dict):
        return node
    new = {name: _as_the_review_tool(value) for name, value in node.items()}
    if node.get("format") == "date-time":
        new["pattern"] = _REAL_MOMENT
    elif node.get("format") == "email":
        del new["format"]
        new["pattern"] = _EMAIL
    return new


def _validator(what: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft4Validator(
        what,
        validate_formats=True,
        # a linear-time engine: no upload can make an expression run away
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )


@lru_cache(maxsize=4)
def shell_validator(version: str = SCHEMA_VERSION) -> Any:
    """The validator of a package without its projects, which are validated one by one."""
    shell = copy.deepcopy(schema.package_schema(version))
    projects = shell["properties"]["projects"]
    for keyword in ("items", "uniqueItems"):
        projects.pop(keyword, None)
    return _validator(_as_the_review_tool(shell))


@lru_cache(maxsize=2048)
def value_validator(path: str, is_item: bool = False, in_package: bool = False) -> Any:
    """The validator of the value of one field, or of an element of its list; None for an unknown field.

    :param in_package: the path is one of the package, not of a project.
    """
    root = schema.package_schema() if in_package else schema.project_schema()

    def resolve(node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            node = root["definitions"][node["$ref"].rpartition("/")[2]]
        return node

    node: Any = root
    for name in path.split("/"):
        node = resolve(node)
        if "items" in node and "properties" not in node:
            node = resolve(node["items"])
        node = node.get("properties", {}).get(name)
        if node is None:
            return None
    node = resolve(node)
    if is_item:
        if not isinstance(node.get("items"), dict):
            return None
        node = resolve(node["items"])
    return _validator(_as_the_review_tool({**node, "definitions": root.get("definitions", {})}))


# -- lint
# -------------------------------------------------------------------------------------------------------


def _depth(rest: int) -> dict[str, str]:
    return {"$ref": f"#/definitions/d{max(rest, 0)}"}


def _sound(rest: int) -> dict[str, Any]:
    """A value with at most ``rest`` objects and arrays inside one another."""
    if rest == 0:
        return {"type": ["string", "number", "boolean", "null"]}
    return {"additionalProperties": _depth(rest - 1), "items": _depth(rest - 1)}


SchemaWay = tuple[str | int, ...]


@dataclass(slots=True)
class ProjectValidator:
    """The compiled walk, and which rule speaks at which place of its schema."""

    validator: Any
    #: way to a node's ``allOf`` → the rules of its members
    rules: dict[SchemaWay, tuple[checks.Lint, ...]]
    #: path to a keyword that is in a node for one rule only (``additionalProperties``, ``pattern``…) → it
    own: dict[SchemaWay, checks.Lint]
    #: ways of errors that were rules', with how many steps lead to the place and which field it is;
    #: as many as the schema has places for rules, whatever the files hold
    known: dict[SchemaWay, tuple[checks.Lint, int, str]] = default(default_factory=dict)
    #: the rule on members that the project itself may not have, and those that it may
    members: tuple[checks.Lint, frozenset[str]] | None = None


class _Builder:
    """Follows every reference of the project schema and applies every rule to every field."""

    def __init__(self, version: str, max_depth: int, rules: tuple[checks.Lint, ...]) -> None:
        self.root = schema.project_schema(version)
        self.available_rules = rules
        self.max_depth = max_depth
        self.rules: dict[SchemaWay, tuple[checks.Lint, ...]] = {}
        self.own: dict[SchemaWay, checks.Lint] = {}
        self.members: tuple[checks.Lint, frozenset[str]] | None = None

    def build(self) -> ProjectValidator:
        new = self._node(self.root, (), "", False, 1)
        new["$schema"] = self.root["$schema"]
        new["definitions"] = {f"d{rest}": _sound(rest) for rest in range(self.max_depth + 1)}
        walk = _validator(_as_the_review_tool(new))
        return ProjectValidator(walk, self.rules, self.own, members=self.members)

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self.root["definitions"][node["$ref"].rpartition("/")[2]]
        return node

    def _node(
        self, node: Mapping[str, Any], way: SchemaWay, path: str, is_item: bool, depth: int
    ) -> dict[str, Any]:
        node = self._resolve(node)
        inside = _depth(self.max_depth - depth)
        new = {name: value for name, value in node.items() if name in _KEYWORDS}
        types = node.get("type", ("array", "object"))
        types = (types,) if isinstance(types, str) else types
        # a value of a type that is not allowed is looked at when its error is
        if "object" in types:
            new["additionalProperties"] = inside
        if "array" in types:
            new["items"] = inside
        if "properties" in node:
            new["properties"] = {
                name: self._node(
                    child, (*way, "properties", name), f"{path}/{name}" if path else name, False, depth + 1
                )
                for name, child in node["properties"].items()
            }
        if isinstance(node.get("items"), dict):
            new["items"] = self._node(node["items"], (*way, "items"), path, True, depth + 1)
        self._add_rules(node, new, way, checks.LintField(path, node, is_item))
        return new

    def _add_rules(
        self, node: Mapping[str, Any], new: dict[str, Any], way: SchemaWay, field_: checks.LintField
    ) -> None:
        """Put what the rules want beside what the schema wants."""
        wanted = []
        for rule in self.available_rules:
            fragment = rule.require(field_)
            if fragment is None:
                continue
            if not way and _only_closes(fragment, node):
                # an error carries a copy of what it is about: here that would be the whole project
                self.members = (rule, frozenset(node["properties"]))
                continue
            if _only_closes(fragment, node):
                # stated by the node itself: no second look at each of its members
                new["additionalProperties"] = False
                closed = (*way, "additionalProperties")
                self.own[closed] = rule
                continue
            fragment = _as_pattern(fragment)
            if _fits(fragment, new):
                # every step into another schema costs more than most expressions do
                new.update(fragment)
                for keyword in fragment:
                    beside = (*way, keyword)
                    self.own[beside] = rule
            else:
                wanted.append((rule, fragment))
        if wanted:
            new["allOf"] = [fragment for _, fragment in wanted]
            several = (*way, "allOf")
            self.rules[several] = tuple(rule for rule, _ in wanted)


def _fits(fragment: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Whether the keywords of a fragment can be in a node itself, each for its rule only."""
    taken = {*node, "pattern"} if node.get("format") in _FORMATS_AS_PATTERNS else set(node)
    return set(fragment) <= _MAY_STAND_ALONE and not taken.intersection(fragment)


#: what :func:`_as_the_review_tool` writes as a pattern
_FORMATS_AS_PATTERNS = frozenset({"date-time", "email"})
_MAY_STAND_ALONE = frozenset({"pattern", "not"})


def _as_pattern(fragment: Mapping[str, Any]) -> dict[str, Any]:
    """A list of codes as one expression, which is several times faster; what is not text is left to
    the schema.
    """
    new = dict(fragment)
    codes = new.get("enum")
    if codes and "pattern" not in new and all(isinstance(code, str) for code in codes):
        del new["enum"]
        new["pattern"] = "^(?:" + "|".join(map(_quoted, codes)) + ")$"
    return new


def _quoted(code: str) -> str:
    # re.escape also escapes what this engine does not take escaped, such as a space
    return "".join("\\" + char if char in r"\.+*?()|[]{}^$" else char for char in code)


#: draft 4 keywords of the OC4IDS schema that validate a value
_KEYWORDS = frozenset(
    {
        "type",
        "enum",
        "format",
        "pattern",
        "required",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "uniqueItems",
    }
)


def _only_closes(fragment: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Whether a fragment says no more than "no members but the schema's"."""
    return (
        fragment.get("additionalProperties") is False
        and set(fragment) <= {"additionalProperties", "properties", "type"}
        and set(fragment.get("properties", ())) == set(node.get("properties", ()))
        and not any(fragment.get("properties", {}).values())
        and fragment.get("type", "object") == "object"
    )


@lru_cache(maxsize=4)
def project_validator(max_depth: int = 62, version: str = SCHEMA_VERSION) -> ProjectValidator:
    """The walk over one project; ``max_depth`` counts objects and arrays open at once, itself included."""
    return _Builder(version, max_depth, checks.lint_registry()).build()


# -- schema
# -----------------------------------------------------------------------------------------------------

_CODES = {
    "minLength": "schema.min_length",
    "minItems": "schema.min_items",
    "minProperties": "schema.min_properties",
    "minimum": "schema.minimum",
    "pattern": "schema.pattern",
    "uniqueItems": "schema.unique_items",
}
_FORMATS = {
    "date-time": "schema.format_date_time",
    "uri": "schema.format_uri",
    "email": "schema.format_email",
}


#: digits with whatever people put around and between them: "1.500.000", "$ 1,500,000.50", "1500000 COP"
_NUMBER = re.compile(r"\s*\$?\s*-?\d[\d.,'\s]*([eE][+-]?\d+)?\s*(COP|USD|EUR|pesos)?\s*", re.ASCII)


def _type_code(value: Any, types: list[str]) -> str:
    """The plainest name for a wrong type."""
    if value is None:
        return "schema.null"
    if isinstance(value, str) and len(value) < 64 and {"number", "integer"} & set(types):
        return "schema.number_as_text" if _NUMBER.fullmatch(value) else "schema.type"
    if isinstance(value, str) and value.lower() in ("true", "false") and "boolean" in types:
        return "schema.boolean_as_text"
    if isinstance(value, int | float) and not isinstance(value, bool) and types == ["string"]:
        return "schema.text_as_number"
    if isinstance(value, dict | str) and types == ["array"]:
        return "schema.not_a_list"
    if isinstance(value, list) and types == ["object"]:
        return "schema.list_instead_of_object"
    return "schema.type"


def _format_code(name: str, value: Any) -> str:
    if name == "date-time" and isinstance(value, str) and _date_only(value):
        return "schema.date_without_time"
    return _FORMATS.get(name, "schema.format")


#: formats that the review tool's libraries take in another way, kept here as patterns
_PATTERN_FORMATS = {_REAL_MOMENT: "date-time", _EMAIL: "email"}


def _date_only(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdecimal()


def _hit(error: Any, root: Any) -> SchemaHit:
    parts = tuple(error.instance_path)
    keyword = error.kind.name
    about = field_path(parts)
    if keyword == "required":
        name = error.kind.property
        return SchemaHit("schema.required", parts, f"{about}/{name}" if about else name, None, {"name": name})
    value = value_at(root, parts)
    if keyword == "type":
        types = list(error.kind.types)
        code = _type_code(value, types)
        return SchemaHit(code, parts, about, value, {"types": types} if code == "schema.type" else {})
    if keyword == "enum":
        # grouped by what was written: each has its own remedy
        return SchemaHit(
            "code.closed", parts, about, value, {"written": value[:60]} if isinstance(value, str) else {}
        )
    if keyword == "format":
        code = _format_code(error.kind.format, value)
        return SchemaHit(
            code, parts, about, value, {"format": error.kind.format} if code == "schema.format" else {}
        )
    if keyword == "pattern" and error.kind.pattern in _PATTERN_FORMATS:
        return SchemaHit(_format_code(_PATTERN_FORMATS[error.kind.pattern], value), parts, about, value)
    if keyword == "minimum":
        return SchemaHit(_CODES[keyword], parts, about, value, {"limit": error.kind.limit})
    if keyword == "uniqueItems":
        return _repetitions(parts, about, value)
    return SchemaHit(
        _CODES.get(keyword, "schema.other"),
        parts,
        about,
        value,
        {} if keyword in _CODES else {"keyword": keyword},
    )


#: repetitions of one list that are named; a hostile list has millions
REPETITIONS_NAMED = 50


def _repetitions(parts: Parts, about: str, values: Any) -> SchemaHit:
    """The finding of a list that repeats elements: one a list, as the review tool counts them.

    Each repetition is named by its index, from 0 as in the places of a report, and its id.
    """
    indexes = repeated(values)
    named = [_named_element(parts[-1] if parts else "", at, values[at]) for at in indexes]
    if len(indexes) >= REPETITIONS_NAMED:
        named.append("…")
    value = values[indexes[0]] if indexes else None
    return SchemaHit("schema.unique_items", parts, about, value, {"repeated": named} if named else {})


def _named_element(name: str | int, index: int, element: Any) -> str:
    known = element.get("id") if isinstance(element, dict) else element
    place = f"{name}/{index}"
    return f"{place} ({str(known)[:60]})" if isinstance(known, str | int | float) else place


def repeated(values: Any) -> list[int]:
    """Indexes of the elements of a list that came before, up to :data:`REPETITIONS_NAMED`; linear."""
    seen: set[bytes] = set()
    found: list[int] = []
    for at, value in enumerate(values if isinstance(values, list) else ()):
        form = canonical(value)
        if form in seen:
            found.append(at)
            if len(found) == REPETITIONS_NAMED:
                break
        seen.add(form)
    return found


def canonical(value: Any) -> bytes:
    """Bytes that are equal exactly when two values are equal for JSON Schema (1 equals 1.0, true does
    not equal 1).
    """
    from msgspec import json  # noqa: PLC0415 - only needed when something repeats

    return json.encode(_plain(value), order="sorted")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _plainest(hits: list[SchemaHit]) -> list[SchemaHit]:
    """Without what follows from something else: a value of the wrong type is no code either, null is
    no date.
    """
    mistyped = {hit.parts for hit in hits if hit.code in _TYPE_CODES}
    seen: set[tuple[str, Parts, str]] = set()
    kept = []
    for hit in hits:
        key = (hit.code, hit.parts, hit.field)
        follows = hit.parts in mistyped and hit.code not in _TYPE_CODES and hit.code != "schema.required"
        if key not in seen and not follows:
            seen.add(key)
            kept.append(hit)
    return kept


_TYPE_CODES = frozenset(
    {
        "schema.null",
        "schema.type",
        "schema.number_as_text",
        "schema.boolean_as_text",
        "schema.text_as_number",
        "schema.not_a_list",
        "schema.list_instead_of_object",
    }
)


def validate_project(project: Any, max_depth: int = 62) -> Outcome:
    """Walk once over a project: what it breaks of OC4IDS and which places the checks should look at."""
    walk = project_validator(max_depth)
    outcome = Outcome()
    try:
        errors = walk.validator.iter_errors(project)
    except ValueError:  # "Recursion limit reached"
        outcome.unsound = True
        return outcome
    seen: set[tuple[str, Parts]] = set()
    if walk.members is not None and isinstance(project, dict) and not project.keys() <= walk.members[1]:
        outcome.places.append((walk.members[0], checks.LintPlace((), project, "")))
    for error in errors:
        way = tuple(error.schema_path)
        known = walk.known.get(way)
        if known is None:
            rule, steps = _rule_of(walk, way)
            if rule is not None:
                known = walk.known[way] = (rule, steps, field_path(error.instance_path[:steps]))
        if known is not None:
            rule, steps, field_ = known
            parts = tuple(error.instance_path[:steps])
            if (rule.code, parts) not in seen:
                seen.add((rule.code, parts))
                value = value_at(project, parts)
                outcome.places.append((rule, checks.LintPlace(parts, value, field_)))
                outcome.unsound |= way[-1] == "additionalProperties" and _unsound_members(
                    error, value, max_depth - len(parts) - 1
                )
        elif steps < 0:
            outcome.unsound = True
        else:
            hit = _hit(error, project)
            outcome.hits.append(hit)
            if hit.code in _TYPE_CODES and not is_sound(hit.value, max_depth - len(hit.parts)):
                outcome.unsound = True
    if outcome.hits:
        outcome.hits = _plainest(outcome.hits)
        for hit in outcome.hits:
            # the project itself is an element of the package's list
            hit.field = hit.field or "projects"
    return outcome


def _unsound_members(error: Any, value: Any, room: int) -> bool:
    """Members the schema does not know were not walked: walk them here."""
    if error.kind.name != "additionalProperties" or not isinstance(value, dict):
        return False
    return any(not is_sound(value.get(name), room) for name in error.kind.unexpected)


def is_sound(value: Any, room: int) -> bool:
    """Whether a value has at most ``room`` objects and arrays inside one another."""
    level = [value]
    while level:
        inside: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is dict:
                inside.extend(each.values())
            elif kind is list:
                inside.extend(each)
            else:
                continue
            if room <= 0:
                return False
        room -= 1
        level = inside
    return True


def _rule_of(walk: ProjectValidator, way: SchemaWay) -> tuple[checks.Lint | None, int]:
    """The rule an error belongs to and how many steps lead to the place it asked about.

    ``(None, 0)``: the schema's own; ``(None, -1)``: what keeps other readers safe.
    """
    at = steps = 0
    while at < len(way):
        keyword = way[at]
        if keyword == "properties":
            at += 2
        elif keyword == "items":
            at += 1
        else:
            break
        steps += 1
    if at < len(way):
        if way[at] == "allOf":
            return walk.rules[way[: at + 1]][int(way[at + 1])], steps
        if own := walk.own.get(way[: at + 1]):
            return own, steps
        if way[at] in ("additionalProperties", "$ref"):
            return None, -1
    return None, 0


def shell_errors(shell: dict[str, Any], projects: int) -> list[SchemaHit]:
    """What a package breaks of OC4IDS, its ``projects`` counted but not looked at.

    A package that has a ``projects`` of the wrong type carries it in ``shell``;
    one that has none at all is given ``projects=-1``.
    """
    least = schema.package_schema()["properties"]["projects"].get("minItems", 0)
    whole = (
        shell if projects < 0 or "projects" in shell else {**shell, "projects": [0] * min(projects, least)}
    )
    return _plainest([_hit(error, whole) for error in shell_validator().iter_errors(whole)])
