"""Compares the result of libcoveoc4ids with ours.

An error is a tuple that both sides can be brought to:

* ``("required", place of the missing member)``
* ``("type" | "format" | "minLength" | …, place)``
* ``("uniqueItems", place of the list)``, for equal items and for equal ids, as libcoveoc4ids has it
* ``("code", path without indexes, code)`` for a code outside a closed list: libcoveoc4ids gives no places for these

Differences that are meant stand in ``tests/conformance/differences.yaml`` with their reasons; each has a rule here under
the same name, and the test proves that each still happens.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ckanext.cost_oc4ids.oc4ids.types import Finding, Options, Report, Severity
from ckanext.cost_oc4ids.oc4ids.validator import validate

from . import generate

Json = generate.Json
Key = tuple[str, ...]

WORKER = Path(__file__).parents[1] / "conformance" / "libcove_worker.py"
#: nothing is left out, so that sets can be compared
OPTIONS = Options(as_of=generate.NOW.date(), places_kept=1_000_000, findings_kept=1_000_000)

_TYPES = frozenset(
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
_KEYWORDS = {
    "schema.min_length": "minLength",
    "schema.min_items": "minItems",
    "schema.min_properties": "minProperties",
    "schema.minimum": "minimum",
    "schema.pattern": "pattern",
    "package.version": "pattern",
    "schema.unique_items": "uniqueItems",
    "schema.format_date_time": "format",
    "schema.date_without_time": "format",
    "schema.format_uri": "format",
    "schema.format_email": "format",
    "schema.format": "format",
} | dict.fromkeys(_TYPES, "type")


class Reviewer:
    """libcoveoc4ids in a process of its own, asked package by package.

    :param python: the interpreter that has libcoveoc4ids
    :param reference: folder of the standard's own files
    """

    def __init__(self, python: str, reference: Path) -> None:
        self._process = subprocess.Popen(
            [python, str(WORKER), str(reference)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        ready = self._read()
        if "ready" not in ready:
            raise RuntimeError(f"libcoveoc4ids did not start: {ready}")

    def _read(self) -> Json:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"libcoveoc4ids ended: {self._process.wait()}")
        return json.loads(line)

    def ask(self, package: Any) -> Json:
        """What libcoveoc4ids says of a package (a value, not its text); see ``libcove_worker.py``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"json": json.dumps(package)}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def __enter__(self) -> Reviewer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()


def place(pointer: str) -> str:
    """A JSON Pointer as libcoveoc4ids writes places."""
    return "/".join(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _key(finding: Finding, path: str, value: Any) -> Key:
    if finding.code == "schema.required":
        name = finding.field.rpartition("/")[2]
        return ("required", f"{path}/{name}" if path else name)
    if finding.code == "id.duplicate":
        return ("uniqueItems", path.rsplit("/", 2)[0])
    if finding.code == "package.duplicate_project_id":
        return ("uniqueItems", "projects")
    if finding.code == "code.closed":
        return ("code", "/".join(step for step in path.split("/") if not step.isdigit()), str(value))
    return (_KEYWORDS.get(finding.code, finding.code), path)


@dataclass(frozen=True)
class Ours:
    """Our result in comparable form: errors, and the places that have any."""

    report: Report
    errors: frozenset[Key]
    places: frozenset[str]
    codes: frozenset[str]


def ours(package: Any) -> Ours:
    """Our result for a package."""
    report = validate(generate.encode(package), OPTIONS)
    errors, places = set(), set()
    found = [each for each in report.findings if each.severity is Severity.ERROR]
    for finding in found:
        for each in finding.places:
            path = place(each.path)
            errors.add(_key(finding, path, each.value))
            places.add(path)
    return Ours(report, frozenset(errors), frozenset(places), frozenset(each.code for each in found))


def theirs(answer: Json) -> frozenset[Key]:
    """The errors in an answer of :class:`Reviewer`."""
    errors: set[Key] = set()
    for keyword, path, detail in answer["errors"]:
        if keyword == "required":
            errors.add(("required", f"{path}/{detail}" if path else detail))
        else:
            errors.add((keyword, path))
    for path, codes in answer["closed"].items():
        errors |= {("code", path, code) for code in codes}
    return frozenset(errors)


@dataclass(frozen=True)
class Comparison:
    """What differs: errors only they report, and whether we refuse what they pass."""

    missed: frozenset[Key]
    refused: frozenset[Key]
    explained: tuple[str, ...]


Rule = Callable[[Key, Ours, Any], bool]


def _without_indexes(path: str) -> str:
    return "/".join(step for step in path.split("/") if not step.isdigit())


def _wrong_type_says_enough(key: Key, result: Ours, package: Any) -> bool:
    """A value of the wrong type that they also report as an unknown code, of a wrong format, or repeated."""
    typed = {each[1] for each in result.errors if each[0] == "type"}
    if key[0] == "code":
        # in a list of one value where the value itself belongs, they look at the codes of the value
        return any(f"{key[1]}/".startswith(f"{path}/") for path in map(_without_indexes, typed))
    if key[0] == "uniqueItems":
        return any(
            path.startswith(f"{key[1]}/") and path.count("/") == key[1].count("/") + 1 for path in typed
        )
    return key[1] in typed


#: what they report and we do not; by the names of ``differences.yaml``
THEIRS_ONLY: dict[str, Rule] = {"wrong_type_says_enough": _wrong_type_says_enough}
#: what they pass and we refuse: whether a finding's value is such a one; by the names of ``differences.yaml``
OURS_ONLY: dict[str, Callable[[str, Any], bool]] = {
    "unknown_code_is_an_error": lambda code, value: code == "code.closed",
    "version_must_be_0_9": lambda code, value: code == "package.version",
    "line_break_after_a_date_or_link": lambda code, value: (
        code.startswith("schema.format") and isinstance(value, str) and value.endswith("\n")
    ),
}


def compare(package: Any, answer: Json) -> Comparison:
    """Set an answer of libcoveoc4ids (that is no crash) beside our result for the same package."""
    result = ours(package)
    known = theirs(answer)
    missed, explained = set(), []
    for key in known - result.errors:
        rule = next((name for name, rule in THEIRS_ONLY.items() if rule(key, result, package)), None)
        if rule:
            explained.append(rule)
        else:
            missed.add(key)
    refused: set[Key] = set()
    # unknown codes are not among what they count as errors: a file with nothing else passes there
    if not answer["errors"]:
        for finding in result.report.findings:
            for each in finding.places if finding.severity is Severity.ERROR else ():
                allowed = next(
                    (name for name, rule in OURS_ONLY.items() if rule(finding.code, each.value)), None
                )
                if allowed:
                    explained.append(allowed)
                else:
                    refused.add((finding.code, each.path))
    return Comparison(frozenset(missed), frozenset(refused), tuple(explained))


def ours_by_place(package: Any) -> set[tuple[str, str]]:
    """Our schema errors as ``(keyword, place)``, repeated ids aside: JSON Schema does not know ids."""
    found: set[tuple[str, str]] = set()
    for finding in validate(generate.encode(package), OPTIONS).findings:
        if finding.severity is not Severity.ERROR or finding.code == "id.duplicate":
            continue
        for each in finding.places:
            path = place(each.path)
            key = ("enum", path) if finding.code == "code.closed" else _key(finding, path, each.value)
            found.add((key[0], key[1]))
    return found
