"""Our validator against Python's jsonschema, the reference, on single projects: same places, same keywords."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema
from support import defects, differential, fuzz, generate

from ckanext.cost_oc4ids.oc4ids import schema

Errors = set[tuple[str, str]]

SEEDS = range(80)


@lru_cache(maxsize=1)
def reference() -> Any:
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    missing = {"date-time", "uri", "email"} - set(checker.checkers)
    assert not missing, f"formats that would not be checked: {missing}"
    return jsonschema.Draft4Validator(schema.project_schema(), format_checker=checker)


def by_reference(project: Any) -> Errors:
    """``(keyword, place)`` of each error; where the type is wrong that says enough, as in ``differences.yaml``."""
    errors: Errors = set()
    found = list(reference().iter_errors(project))
    mistyped = {tuple(each.absolute_path) for each in found if each.validator == "type"}
    for error in found:
        place = "/".join(map(str, error.absolute_path))
        if error.validator == "required":
            missing = set(error.validator_value) - set(error.instance)
            errors |= {("required", f"{place}/{name}" if place else name) for name in missing}
        elif error.validator == "type" or tuple(error.absolute_path) not in mistyped:
            errors.add((error.validator, place))
    return errors


def by_ours(project: Any) -> Errors:
    """The same of our report on a package with nothing but this project."""
    errors: Errors = set()
    for key in differential.ours_by_place(generate.package([project])):
        keyword, place = key
        errors.add((keyword, place.removeprefix("projects/0").lstrip("/")))
    return errors


def projects() -> Iterator[tuple[str, Any]]:
    for size in generate.SIZES:
        yield from ((f"{size} {number}", generate.project(number, size)) for number in range(1, 6))
    for name in defects.DEFECTS:
        yield from ((name, project) for project in defects.defective(name)["projects"])
    for seed in SEEDS:
        listed = fuzz.fuzzed(seed).get("projects")
        if isinstance(listed, list):
            yield from ((f"fuzz {seed}", project) for project in listed if isinstance(project, dict))


def test_same_errors_as_jsonschema() -> None:
    compared = wrong = 0
    for name, project in projects():
        compared += 1
        expected, found = by_reference(project), by_ours(project)
        wrong += bool(expected)
        assert found == expected, (
            f"{name}: only ours {found - expected}, only jsonschema's {expected - found}"
        )
    assert compared > 250
    assert wrong > 100, "too few of the projects are wrong for this comparison to mean anything"
