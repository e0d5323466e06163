"""What declares OC4IDS, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckanext.cost_oc4ids.validation import declaration

#: What the form writes, and what the standard calls the package schema of 0.9.5.
URI = "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (URI, "0.9.5"),
        (f"  {URI}  ", "0.9.5"),
        (URI.replace("https", "http"), "0.9.5"),
        (URI.replace("-package", ""), "0.9.5"),
        (URI.replace("0__9__5", "0__9__4"), "0.9.4"),
        (URI.replace("0__9__5", "latest"), "latest"),
        ([URI], "0.9.5"),
        (["https://example.org/other", URI], "0.9.5"),
        (json.dumps([URI]), "0.9.5"),
        # the other forms of the standard's own addresses
        (URI + "#", "0.9.5"),
        (URI.replace("0__9__5", "0.9.5"), "0.9.5"),
        ("https://standard.open-contracting.org/infrastructure/0.9/en/", "0.9"),
        ("https://standard.open-contracting.org/infrastructure/0.9/en/reference/schema/#project", "0.9"),
        ("https://standard.open-contracting.org/infrastructure/latest/es/reference/", "latest"),
        ("http://standard.open-contracting.org/infrastructure/latest", "latest"),
        ("https://standard.open-contracting.org/infrastructure/0.9-dev/en/", "0.9-dev"),
        ("https://standard.open-contracting.org/infrastructure/", "latest"),
    ],
)
def test_declares(value: Any, version: str) -> None:
    assert declaration.version({"conforms_to": value}) == version


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "[]",
        "[broken",
        "OC4IDS",
        "0.9.5",
        [],
        {},
        {"uri": URI},
        7,
        True,
        b"x",
        [None, 3],
        "https://standard.open-contracting.org/latest/en/",
        "https://standard.open-contracting.org/infrastructures/0.9/en/",
        "https://standard.open-contracting.org/infrastructure/guidance",
        "https://standard.open-contracting.org/infrastructure/0.9/en/?x=https://evil.example",
        "https://standard.open-contracting.org/schema/1__1__5/release-schema.json",
        URI + ".evil",
        "https://evil.example/?" + URI,
        URI.replace("standard.open-contracting.org", "standard.open-contracting.org.evil.example"),
        pytest.param("[" * 5000, id="deep"),
    ],
)
def test_does_not_declare(value: Any) -> None:
    assert declaration.version({"conforms_to": value}) is None


def test_name_and_format_say_nothing() -> None:
    assert not declaration.is_oc4ids({"name": "oc4ids.json", "format": "OC4IDS", "oc4ids_version": "0.9.5"})
    assert not declaration.is_oc4ids(None)


@pytest.mark.parametrize("resources", [None, "x", {}, [None, "x", 3], [{}]])
def test_what_is_no_list_of_resources(resources: Any) -> None:
    assert not declaration.any_oc4ids(resources)
    declaration.drop_computed(resources)


def test_computed_fields_are_dropped() -> None:
    resources = [{"oc4ids_verdict": "valid", "oc4ids_version": "1.1", "name": "x"}]
    declaration.drop_computed(resources)
    assert resources == [{"name": "x"}]
