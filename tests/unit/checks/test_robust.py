"""Checks never raise, whatever JSON they are given, and never take more than linear time."""

from __future__ import annotations

import copy
import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import sampling

from ckanext.cost_oc4ids.oc4ids import checks, engine, schema
from ckanext.cost_oc4ids.oc4ids.types import Options, PreviousVersion

TODAY = dt.date(2026, 11, 21)
OPTIONS = Options(as_of=TODAY, prefix="oc4ids-cal123", previous=PreviousVersion({"p": ("completion", "x", None)}))

#: The same examples every time, so that a change of the code is what breaks a test; OC4IDS_FUZZ=5000 looks further.
FUZZED = settings(
    max_examples=sampling.examples(250, one_in=10),
    derandomize=not sampling.FUZZ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

#: texts that checks read something into
_TEXTS = st.sampled_from(
    ["", " ", "COP", "2025-01-01T00:00:00Z", "2025-13-45T99:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
     "implementation", "cancelled", "active", "closed", "pre-award", "met", "value", "duration", "direct", "Polygon", "Point",
     "MultiPolygon", "LineString", "transport.road", "oc4ids", "A", "http://[::1", "http://1.1.1.1.1/x", "construction", "é" * 50,
     "percent", "50 %", "<", "Ã"]
)
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(10**400), 10**400), st.floats(), _TEXTS, st.text(max_size=8)
)
_NAMES = st.one_of(
    st.sampled_from(sorted({each.name for each in schema.fields().values()})), st.text(max_size=6)
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=4)), max_leaves=12
)


def everything() -> dict[str, Any]:
    """A project with every field of the standard once, texts and numbers in their places."""

    def build(parent: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for each in schema.children(parent):
            value: Any
            if schema.children(each.path):
                value = build(each.path)
            elif "number" in each.types or "integer" in each.types:
                value = 7
            elif "boolean" in each.types:
                value = True
            elif each.format == "date-time":
                value = "2025-01-01T00:00:00Z"
            else:
                value = each.enum[0] if each.enum else "COP" if each.name == "currency" else "A"
            if each.name == "coordinates":
                value = [-76.5, 3.4]
            made[each.name] = [value, copy.deepcopy(value)] if each.is_array else value
        return made

    return build("")


WHOLE = json.dumps(everything())
PATHS = sorted(schema.fields())


def well_formed(hits: list[checks.Hit]) -> None:
    for hit in hits:
        assert isinstance(hit.parts, tuple)
        assert all(isinstance(part, str | int) for part in hit.parts)
        for name, value in hit.params.items():
            assert isinstance(name, str)
            assert isinstance(value, str | int | tuple | list)


def mutated(path: str, junk: Any) -> dict[str, Any]:
    """:data:`WHOLE` with something else at a schema path (in the first item of every list on the way)."""
    project = json.loads(WHOLE)
    node: Any = project
    *way, last = path.split("/")
    for name in way:
        node = node[name][0] if isinstance(node[name], list) else node[name]
    node[last] = junk
    return project


@FUZZED
@given(st.lists(st.tuples(st.sampled_from(PATHS), _JSON), min_size=1, max_size=3))
def test_no_shape_makes_a_check_raise(changes: list[tuple[str, Any]]) -> None:
    project = json.loads(WHOLE)
    for path, junk in changes:
        try:
            node: Any = project
            *way, last = path.split("/")
            for name in way:
                node = node[name][0] if isinstance(node[name], list) else node[name]
            node[last] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the way there
    ctx = checks.ProjectContext(project, options=OPTIONS, today=TODAY)
    well_formed([hit for check in checks.registry("project") for hit in check.run(ctx)])


@FUZZED
@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_no_project_makes_a_check_raise(project: dict[str, Any]) -> None:
    ctx = checks.ProjectContext(project, options=OPTIONS, today=TODAY)
    well_formed([hit for check in checks.registry("project") for hit in check.run(ctx)])


@FUZZED
@given(st.sampled_from(sorted({*PATHS, ""})), _JSON)
def test_no_value_makes_a_lint_rule_raise(field: str, value: Any) -> None:
    """Rules are called with whatever stands at a field, whether their fragment could fail there or not."""
    ctx = checks.ProjectContext({}, options=OPTIONS, today=TODAY)
    place = checks.LintPlace(tuple(field.split("/")) if field else (), value, field)
    well_formed([hit for rule in checks.lint_registry() for hit in rule.run(ctx, place)])


@FUZZED
@given(
    st.one_of(
        _JSON,
        st.dictionaries(st.sampled_from(["uri", "license", "publisher", "publishedDate", "version", "x"]), _JSON),
    )
)
def test_no_shell_makes_a_check_raise(shell: Any) -> None:
    facts = {"p": checks.ProjectFacts(0, ("projects", 0), "p", "implementation", "x", "2025-01-01T00:00:00Z")}
    package = checks.PackageContext(shell, facts, OPTIONS, TODAY)
    history = checks.HistoryContext(shell, facts, OPTIONS, TODAY)
    well_formed([hit for check in checks.registry("package") for hit in check.run(package)])
    well_formed([hit for check in checks.registry("history") for hit in check.run(history)])


@pytest.mark.parametrize("junk", [None, True, 0, "x", [], {}, [[]], [{}], [None], {"id": {}}], ids=json.dumps)
def test_every_path_takes_any_type(junk: Any) -> None:
    """Not by chance but by rule: each of the 578 paths with each JSON type."""
    for path in PATHS:
        ctx = checks.ProjectContext(mutated(path, junk), options=OPTIONS, today=TODAY)
        for check in checks.registry("project"):
            for _ in check.run(ctx):
                pass


N = 20_000


def _many(name: str, item: Callable[[int], Any]) -> dict[str, Any]:
    return {"id": "oc4ids-cal123-1", name: [item(i) for i in range(N)]}


HOSTILE: dict[str, dict[str, Any]] = {
    "unknown fields": {f"titl{i}": 1 for i in range(N)},
    "unknown fields that look like known ones": {"contractingProcesses"[:-1] + chr(0x4E00 + i): 1 for i in range(N)},
    "unknown codes": _many("sector", lambda i: f"transport.rod{i}"),
    "parties alike": _many("parties", lambda i: {"id": "A", "name": str(i)}),
    "parties apart": _many("parties", lambda i: {"id": str(i), "roles": ["supplier"]}),
    "documents without id": _many("documents", lambda i: {"title": str(i)}),
    "documents of one link": _many("documents", lambda i: {"id": str(i), "url": "http://a/", "documentType": str(i)}),
    "links of many hosts": _many("documents", lambda i: {"id": str(i), "url": f"http://h{i}/"}),
    "contracts": _many(
        "contractingProcesses",
        lambda i: {"id": str(i), "summary": {"suppliers": [{"id": str(i)}], "contractValue": {"amount": i, "currency": "COP"}}},
    ),
    "tenderers and suppliers": {
        "contractingProcesses": [
            {
                "id": "1",
                "summary": {
                    "tender": {"tenderers": [{"id": str(i)} for i in range(N)]},
                    "suppliers": [{"id": f"s{i}"} for i in range(N)],
                },
            }
        ]
    },
    "positions": {
        "locations": [{"id": "1", "geometry": {"type": "Polygon", "coordinates": [[[i / N, 3.4] for i in range(N)]]}}]
    },
    "rings": {
        "locations": [{"id": "1", "geometry": {"type": "Polygon", "coordinates": [[[-76, 3]] for _ in range(N)]}}]
    },
    "milestones": _many("milestones", lambda i: {"id": str(i), "status": "met"}),
    "currencies": _many("transactions", lambda i: {"id": str(i), "value": {"amount": -1, "currency": str(i)}}),
    "a long text": {"title": " " * 1_000_000 + "<" * 1_000_000, "description": "Ã" * 1_000_000},
    "a long name": {"x" * 2_000_000: 1},
    "a long number": {"budget": {"amount": {"amount": 10**4000, "currency": "COP"}}},
    "long dates": {"period": {"startDate": "2" * 1_000_000, "endDate": "1" * 1_000_000}, "updated": "9" * 1_000_000},
    "a long link": {"documents": [{"id": "1", "url": "http://" + "a@" * 500_000}]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_projects_take_linear_time(name: str) -> None:
    """At most a second a megabyte of the machine's own time; a quadratic check would take minutes."""
    project = HOSTILE[name]
    ctx = checks.ProjectContext(project, options=OPTIONS, today=TODAY)
    size = len(json.dumps(project))
    engine.project_validator()
    start = time.process_time()
    for check in checks.registry("project"):
        for _ in check.run(ctx):
            pass
    for rule, place in engine.validate_project(project).places:
        for _ in rule.run(ctx, place):
            pass
    assert time.process_time() - start < 1 + 2 * size / 1_000_000


def test_history_of_many_projects_takes_linear_time() -> None:
    previous = PreviousVersion({str(i): ("completion", None, None) for i in range(N)})
    facts = {str(i): checks.ProjectFacts(i, ("projects", i), str(i), "implementation", None, None) for i in range(0, N, 2)}
    ctx = checks.HistoryContext({}, facts, Options(as_of=TODAY, previous=previous), TODAY)
    start = time.process_time()
    found = [hit for check in checks.registry("history") for hit in check.run(ctx)]
    assert len(found) == N
    assert time.process_time() - start < 1
