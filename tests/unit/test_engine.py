"""The engine: every rule of the schema becomes a code and a place; lint rules find their places; depth is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import generate, sampling

from ckanext.cost_oc4ids.oc4ids import checks, engine, schema
from ckanext.cost_oc4ids.oc4ids.types import SCHEMA_VERSION


def hits(project: Any) -> list[tuple[str, str, str]]:
    """(code, way, field) of each schema hit."""
    return sorted((h.code, "/".join(map(str, h.parts)), h.field) for h in engine.validate_project(project).hits)


def test_good_projects_break_nothing() -> None:
    for project in generate.projects(5, "large"):
        outcome = engine.validate_project(project)
        assert outcome.hits == []
        assert not outcome.unsound


@pytest.mark.parametrize(
    ("change", "code", "way", "field"),
    [
        ({"title": None}, "schema.null", "title", "title"),
        ({"title": 5}, "schema.text_as_number", "title", "title"),
        ({"title": True}, "schema.type", "title", "title"),
        ({"title": ""}, "schema.min_length", "title", "title"),
        ({"sector": "transport"}, "schema.not_a_list", "sector", "sector"),
        ({"sector": []}, "schema.min_items", "sector", "sector"),
        ({"sector": ["transport", "transport"]}, "schema.unique_items", "sector", "sector"),
        ({"period": {}}, "schema.min_properties", "period", "period"),
        ({"period": []}, "schema.list_instead_of_object", "period", "period"),
        ({"status": "construction"}, "code.closed", "status", "status"),
        (
            {"period": {"startDate": "2024-01-01"}},
            "schema.date_without_time",
            "period/startDate",
            "period/startDate",
        ),
        ({"period": {"startDate": "hoy"}}, "schema.format_date_time", "period/startDate", "period/startDate"),
        (
            {"period": {"startDate": "2016-12-31T23:59:60Z"}},
            "schema.format_date_time",
            "period/startDate",
            "period/startDate",
        ),
        (
            {"period": {"startDate": "0000-01-01T00:00:00Z"}},
            "schema.format_date_time",
            "period/startDate",
            "period/startDate",
        ),
        (
            {"budget": {"amount": {"amount": "5"}}},
            "schema.number_as_text",
            "budget/amount/amount",
            "budget/amount/amount",
        ),
        (
            {"budget": {"amount": {"amount": "$ 1.500.000"}}},
            "schema.number_as_text",
            "budget/amount/amount",
            "budget/amount/amount",
        ),
        (
            {"budget": {"amount": {"amount": "mucho"}}},
            "schema.type",
            "budget/amount/amount",
            "budget/amount/amount",
        ),
        (
            {"parties": [{"id": "1", "beneficialOwners": [{"id": "1", "email": "nobody"}]}]},
            "schema.format_email",
            "parties/0/beneficialOwners/0/email",
            "parties/beneficialOwners/email",
        ),
        ({"documents": [{"id": "1", "url": "a b"}]}, "schema.format_uri", "documents/0/url", "documents/url"),
        ({"documents": [{"title": "T"}]}, "schema.required", "documents/0", "documents/id"),
        (
            {"contractingProcesses": [{"id": "1", "summary": {"nature": ["paint"]}}]},
            "code.closed",
            "contractingProcesses/0/summary/nature/0",
            "contractingProcesses/summary/nature",
        ),
    ],
)
def test_codes_and_places(change: dict[str, Any], code: str, way: str, field: str) -> None:
    assert hits({"id": "x", **change}) == [(code, way, field)]


def test_required_id_and_what_is_no_object() -> None:
    assert hits({"title": "T"}) == [("schema.required", "", "id")]
    assert hits(5) == [("schema.type", "", "projects")]
    assert hits(None) == [("schema.null", "", "projects")]


def test_a_value_of_the_wrong_type_is_reported_once() -> None:
    # the enum and the format fail too
    assert hits({"id": "x", "status": None}) == [("schema.null", "status", "status")]
    assert [code for code, _, _ in hits({"id": "x", "budget": {"amount": {"currency": 5}}})] == [
        "schema.text_as_number"
    ]


class TestTheOneWalk:
    """What the merged validator says of the schema is what the schema alone says."""

    @staticmethod
    def plain() -> Any:
        return jsonschema_rs.Draft4Validator(
            schema.project_schema(), validate_formats=True, formats={"email": lambda value: "@" in value}
        )

    VALUES = st.recursive(
        st.sampled_from(
            [None, True, 0, -1, 1.5, "", " ", "x", "COP", "transport", "2024-01-01T00:00:00Z", "a@b"]
        ),
        lambda inside: (
            st.lists(inside, max_size=2)
            | st.dictionaries(
                st.sampled_from(["id", "amount", "currency", "unknown", "name"]), inside, max_size=3
            )
        ),
        max_leaves=5,
    )
    PATHS = st.sampled_from(sorted(schema.fields()))

    @settings(max_examples=sampling.examples(300, one_in=10), deadline=None)
    @given(st.lists(st.tuples(PATHS, VALUES), min_size=1, max_size=4))
    def test_same_places(self, changes: list[tuple[str, Any]]) -> None:
        project: dict[str, Any] = {"id": "x"}
        for path, value in changes:
            _put(project, path.split("/"), value)
        expected = {tuple(e.instance_path) for e in self.plain().iter_errors(project)}
        found = {h.parts for h in engine.validate_project(project).hits}
        assert found == expected


def _put(node: dict[str, Any], names: list[str], value: Any) -> None:
    """Put a value at a schema path, entering arrays by a first element."""
    path = ""
    for name in names[:-1]:
        path = f"{path}/{name}" if path else name
        described = schema.fields()[path]
        inner = node.setdefault(name, [{"id": "1"}] if described.is_array else {})
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            node = inner[0]
        elif isinstance(inner, dict):
            node = inner
        else:
            return
    node[names[-1]] = value


class TestDepth:
    """Every place a value can nest is bounded, known to the schema or not."""

    PLACES = (
        "unknown",
        "title",
        "sector",
        "budget/amount/amount",
        "documents",
        "locations/geometry/coordinates",
        "metrics/observations/dimensions",
        "contractingProcesses/summary/unknown",
        "parties/roles",
    )

    @staticmethod
    def nested(count: int, kind: str) -> Any:
        value: Any = "x"
        for _ in range(count):
            value = [value] if kind == "list" else {"k": value}
        return value

    @pytest.mark.parametrize("kind", ["list", "object"])
    @pytest.mark.parametrize("path", PLACES)
    def test_bounded(self, path: str, kind: str) -> None:
        for count in (61, 62, 100, 254, 400):
            project: dict[str, Any] = {"id": "x"}
            names = path.split("/")
            if path.endswith("/unknown"):
                _put(project, [*names[:-1], "title"], "T")
                project["contractingProcesses"][0]["summary"]["unknown"] = self.nested(count, kind)
            elif path == "unknown":
                project["unknown"] = self.nested(count, kind)
            else:
                _put(project, names, self.nested(count, kind))
            expected = not engine.is_sound(project, 62)
            assert engine.validate_project(project, 62).unsound is expected, count

    def test_shallow_things_are_sound(self) -> None:
        project = {"id": "x", "unknown": self.nested(61, "list"), "title": self.nested(20, "object")}
        assert engine.is_sound(project, 62)
        assert not engine.validate_project(project, 62).unsound


class TestLint:
    """A lint rule runs in compiled code and is asked only about the places that break it."""

    @pytest.fixture
    def walk(self) -> Any:
        asked: list[str] = []

        def require(field: checks.LintField) -> dict[str, Any] | None:
            asked.append(field.path)
            if field.path == "title":
                return {"pattern": "^[A-Z]"}
            if field.path == "sector" and field.is_item:
                return {"enum": ["a.b", "c+d"]}
            if field.path == "documents" and field.is_item:
                return {"required": ["title"], "properties": {"title": {"minLength": 3}}}
            if field.path == "budget":
                return {
                    "properties": {n: {} for n in field.schema["properties"]},
                    "additionalProperties": False,
                }
            return None

        def run(ctx: checks.ProjectContext, place: checks.LintPlace) -> Iterator[checks.Hit]:
            yield checks.Hit(place.parts, place.value)

        rule = checks.Lint("test.rule", require, run)
        built = engine._Builder(SCHEMA_VERSION, 62, (rule,)).build()
        assert len(set(asked)) == len(schema.fields()) + 1
        return built

    def places(self, walk: Any, project: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(engine, "project_validator", lambda depth, version=SCHEMA_VERSION: walk)
        outcome = engine.validate_project(project)
        return sorted("/".join(map(str, place.parts)) for _, place in outcome.places)

    def test_places(self, walk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        project = {
            "id": "x",
            "title": "lower",
            "sector": ["a.b", "axb", "c+d", "cd"],
            "documents": [{"id": "1", "title": "long"}, {"id": "2"}, {"id": "3", "title": "s"}],
            "budget": {"amount": {"amount": 1}, "more": 1, "evenMore": 2},
        }
        assert self.places(walk, project, monkeypatch) == [
            "budget",
            "documents/1",
            "documents/2",
            "sector/1",
            "sector/3",
            "title",
        ]

    def test_unknown_members_are_still_bounded(self, walk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        deep = TestDepth.nested(80, "list")
        monkeypatch.setattr(engine, "project_validator", lambda depth, version=SCHEMA_VERSION: walk)
        assert engine.validate_project({"id": "x", "budget": {"more": deep}}).unsound
        assert engine.validate_project({"id": "x", "budget": {"amount": {"more": deep}}}).unsound


class TestShell:
    @staticmethod
    def hits(shell: dict[str, Any], projects: int) -> list[tuple[str, str]]:
        return sorted((hit.code, hit.field) for hit in engine.shell_errors(shell, projects))

    def test_good(self) -> None:
        assert self.hits(generate.head(), 3) == []

    def test_everything_missing(self) -> None:
        fields = ["projects", "publishedDate", "publisher", "uri", "version"]
        assert self.hits({}, -1) == [("schema.required", field) for field in fields]

    def test_no_projects(self) -> None:
        assert self.hits(generate.head(), 0) == [("schema.min_items", "projects")]

    def test_null_is_allowed_where_the_standard_allows_it(self) -> None:
        assert self.hits({**generate.head(), "license": None, "publicationPolicy": None}, 1) == []
        assert self.hits({**generate.head(), "uri": None}, 1) == [("schema.null", "uri")]


def test_canonical_is_equality_of_json_schema() -> None:
    assert engine.canonical({"a": 1, "b": [1.0]}) == engine.canonical({"b": [1], "a": 1.0})
    assert engine.canonical([True]) != engine.canonical([1])
    assert engine.canonical(["1"]) != engine.canonical([1])
