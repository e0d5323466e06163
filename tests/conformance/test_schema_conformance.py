"""Our schema files against the official ones: path by path, code by code, in both directions.

The official files are walked here by code of this test alone, so that a mistake
in our own reader shows as well as one in the data.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ckanext.cost_oc4ids.oc4ids import schema

VERSION = "0.9.5"
FILES = ("project-schema.json", "project-package-schema.json")
KEYWORDS = (
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "minItems",
    "minProperties",
    "minimum",
    "uniqueItems",
    "codelist",
    "openCodelist",
    "default",
)
#: of our sentences, how many words in a row may stand in an official text
WORDS_IN_A_ROW = 7

Json = dict[str, Any]


@pytest.fixture(scope="module")
def official(reference_dir: Path) -> dict[str, Json]:
    return {name: json.loads((reference_dir / VERSION / name).read_text(encoding="utf-8")) for name in FILES}


@cache
def ours(name: str) -> Json:
    return schema.project_schema(VERSION) if name == FILES[0] else schema.package_schema(VERSION)


def resolve(document: Json, node: Json) -> Json:
    """A node with the definition it refers to laid under it; a reference to another file stays."""
    reference = node.get("$ref", "")
    if not reference.startswith("#/definitions/"):
        return node
    return {**document["definitions"][reference.removeprefix("#/definitions/")], **node}


def flatten(document: Json, node: Json | None = None, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every path with what is demanded there, of the value (``type``) and of its items (``items.type``)."""
    node = document if node is None else node
    for name, stated in node.get("properties", {}).items():
        here = f"{path}/{name}".lstrip("/")
        value = resolve(document, stated)
        item = resolve(document, value["items"]) if "items" in value else {}
        demands = {keyword: value[keyword] for keyword in KEYWORDS if keyword in value}
        demands |= {f"items.{keyword}": item[keyword] for keyword in KEYWORDS if keyword in item}
        demands |= {"$ref": stated.get("$ref"), "items.$ref": value.get("items", {}).get("$ref")}
        demands |= {
            "required": name in node.get("required", ()),
            "leaf": not (item or value).get("properties"),
        }
        yield here, demands
        yield from flatten(document, item or value, here)


def without_prose(node: Json) -> Json:
    """A schema without titles and descriptions; a property that is called ``title`` stays."""
    kept: Json = {}
    for keyword, value in node.items():
        if keyword in {"title", "description"}:
            continue
        if keyword in {"properties", "definitions"}:
            kept[keyword] = {name: without_prose(inner) for name, inner in value.items()}
        else:
            kept[keyword] = without_prose(value) if keyword == "items" else value
    return kept


def types(stated: Any) -> tuple[str, ...]:
    return (stated,) if isinstance(stated, str) else tuple(stated or ())


@pytest.mark.parametrize("name", FILES)
class TestFiles:
    def test_same_paths_and_same_demands(self, official: dict[str, Json], name: str) -> None:
        theirs, mine = dict(flatten(official[name])), dict(flatten(ours(name)))
        assert mine.keys() - theirs.keys() == set(), "paths that the standard does not have"
        assert theirs.keys() - mine.keys() == set(), "paths of the standard that are missing"
        differing = {path: (theirs[path], mine[path]) for path in theirs if theirs[path] != mine[path]}
        assert differing == {}

    def test_nothing_but_prose_was_left_out(self, official: dict[str, Json], name: str) -> None:
        """Whatever else the official file says stands in ours, definitions that no path reaches included."""
        assert ours(name) == without_prose(official[name])

    def test_ours_has_no_prose(self, name: str) -> None:
        assert ours(name) == without_prose(ours(name))


def test_counts(official: dict[str, Json]) -> None:
    """The figures known of 0.9.5."""
    paths = dict(flatten(official[FILES[0]]))
    using_lists = [demands["codelist"] for demands in paths.values() if "codelist" in demands]
    assert len(paths) == 578
    assert sum(demands["leaf"] for demands in paths.values()) == 448
    assert sum(demands["required"] for demands in paths.values()) == 33
    assert len(using_lists) == 72
    assert len(set(using_lists)) == 36


@pytest.mark.parametrize("name", FILES)
def test_fields_say_what_the_schema_says(official: dict[str, Json], name: str) -> None:
    """``fields()`` and ``package_fields()``: each attribute against the official file."""
    mine = schema.fields(VERSION) if name == FILES[0] else schema.package_fields(VERSION)
    theirs = dict(flatten(official[name]))
    assert list(mine) == list(theirs)
    for path, demands in theirs.items():
        field = mine[path]
        is_array = "array" in types(demands.get("type")) and any(k.startswith("items.") for k in demands)
        reference = demands["items.$ref"] or demands["$ref"] or ""
        size = "items.minProperties" if is_array else "minProperties"
        expected = {
            "types": types(demands.get("type", "object")),
            "format": demands.get("format"),
            "pattern": demands.get("pattern"),
            "required": demands["required"],
            "codelist": demands["codelist"].removesuffix(".csv") if "codelist" in demands else None,
            "open_codelist": demands.get("openCodelist"),
            "enum": tuple(demands.get("enum", demands.get("items.enum", ()))),
            "min_length": demands.get("minLength"),
            "item_min_length": demands.get("items.minLength"),
            "min_items": demands.get("minItems"),
            "min_properties": demands.get(size),
            "minimum": demands.get("minimum"),
            "unique_items": demands.get("uniqueItems", False),
            "leaf": demands["leaf"],
            "parent": path.rpartition("/")[0],
            "name": path.rpartition("/")[2],
            "definition": reference.rpartition("/")[2] if reference.startswith("#") else None,
        }
        actual = {attribute: getattr(field, attribute) for attribute in expected}
        assert actual == expected, path
        if "type" in demands:
            assert field.is_array == ("array" in types(demands["type"])), path
        if field.is_array and not reference:
            assert field.item_types == types(demands.get("items.type")), path


class TestCodelists:
    @pytest.fixture(scope="class")
    def folder(self, reference_dir: Path) -> Path:
        return reference_dir / VERSION / "codelists"

    def test_same_lists(self, folder: Path) -> None:
        assert {path.stem for path in folder.glob("*.csv")} == set(schema.codelists(VERSION))

    def test_same_codes_in_the_same_order(self, folder: Path) -> None:
        for name, codelist in schema.codelists(VERSION).items():
            with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
                theirs = [row["Code"] for row in csv.DictReader(file)]
            assert list(codelist.codes) == theirs, name

    def test_open_and_closed_as_the_schema_says(self, official: dict[str, Json]) -> None:
        is_open = {
            demands["codelist"].removesuffix(".csv"): demands["openCodelist"]
            for _, demands in flatten(official[FILES[0]])
            if "codelist" in demands
        }
        assert {name: codelist.open for name, codelist in schema.codelists(VERSION).items()} == is_open


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def runs(text: str) -> set[tuple[str, ...]]:
    """Every row of words in each sentence that is long enough to be recognised."""
    found: set[tuple[str, ...]] = set()
    for sentence in re.split(r"[.!?]\s|\n", text):
        spoken = words(sentence)
        found |= {
            tuple(spoken[start : start + WORDS_IN_A_ROW]) for start in range(len(spoken) - WORDS_IN_A_ROW + 1)
        }
    return found


def prose(node: Any) -> Iterator[str]:
    """Every title and description of a schema."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"title", "description"} and isinstance(value, str):
                yield value
            else:
                yield from prose(value)


def test_our_words_are_our_own(official: dict[str, Json], reference_dir: Path) -> None:
    """No sentence of ours, nor seven words in a row of one, is the standard's."""
    theirs: set[tuple[str, ...]] = set()
    for document in official.values():
        for text in prose(document):
            theirs |= runs(text)
    for path in (reference_dir / VERSION / "codelists").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for text in (row["Title"], row.get("Description") or ""):
                    theirs |= runs(text)
    assert theirs, "the official files have no prose to compare with"

    texts = [text for row in schema.field_words(VERSION).values() for text in row.values()]
    for codelist in schema.codelists(VERSION).values():
        for side in (codelist.titles, codelist.descriptions):
            texts += [text for by_code in side.values() for text in by_code.values()]
    shared = {text: common for text in texts if (common := runs(text) & theirs)}
    assert shared == {}
