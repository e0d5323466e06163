"""Validation of a file: what weighs, how findings are grouped, kept, counted and ordered, and that nothing slips through."""

from __future__ import annotations

import gc
import io
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support import generate

from ckanext.cost_oc4ids.oc4ids import checks, messages, validator
from ckanext.cost_oc4ids.oc4ids.types import (
    Finding,
    Options,
    PreviousVersion,
    Report,
    Severity,
    shorten,
)

OPTIONS = Options(as_of=generate.NOW.date())


def validate(value: Any, **options: Any) -> Report:
    data = value if isinstance(value, bytes) else generate.encode(value)
    return validator.validate(data, Options(**{"as_of": OPTIONS.as_of, **options}))


def found(report: Report, code: str) -> Finding:
    (finding,) = [each for each in report.findings if each.code == code]
    return finding


def errors(report: Report) -> list[str]:
    return [each.code for each in report.findings if each.severity is Severity.ERROR]


def package(*projects: Any, **head: Any) -> dict[str, Any]:
    return {**generate.head(), **head, "projects": list(projects)}


class TestValidity:
    def test_good_package(self) -> None:
        report = validate(generate.make(4, "large"))
        assert report.valid
        assert errors(report) == []
        assert report.projects == 4
        assert len(report.project_ids) == 4

    def test_unreadable(self) -> None:
        report = validate(b'{"id": "x",\n "id": "y"}')
        assert (report.valid, report.unreadable, report.projects) == (False, True, 0)
        finding = found(report, "read.duplicate_key")
        assert finding.params == {"key": "id", "line": 2, "column": 2}
        assert finding.places[0].path == "/id"
        assert report.counts == {"error": 1, "warning": 0, "note": 0}

    def test_unreadable_in_the_last_project(self) -> None:
        data = generate.encode(generate.make(3))
        report = validate(data[:-3] + b', "x": {"a": 1, "a": 2}}]}')
        assert [each.code for each in report.findings] == ["read.duplicate_key"]

    @pytest.mark.parametrize("version", ["0.9.5", "1.1", "0.8", 0.9])
    def test_version(self, version: Any) -> None:
        report = validate(package(generate.project(1), version=version))
        assert errors(report) == ["package.version" if isinstance(version, str) else "schema.text_as_number"]

    def test_no_projects(self) -> None:
        assert errors(validate(package())) == ["schema.min_items"]
        assert errors(validate(b"[]")) == ["schema.min_items"]
        head = generate.head()
        assert errors(validate({**head, "projects": {}})) == ["schema.not_a_list"]
        assert errors(validate(head)) == ["schema.required"]

    def test_things_that_are_no_projects(self) -> None:
        report = validate(package(5, generate.project(1), None))
        assert errors(report) == ["schema.type", "schema.null"]
        assert found(report, "schema.null").places[0].path == "/projects/2"

    @pytest.mark.parametrize(
        ("wrap", "path", "note"),
        [
            (package, "/projects/0/title", None),
            (lambda p: [p], "/0/title", "package.bare_list"),
            (lambda p: p, "/title", "package.bare"),
        ],
    )
    def test_pointers_are_those_of_the_file(self, wrap: Any, path: str, note: str | None) -> None:
        report = validate(wrap({**generate.project(1), "title": None}))
        finding = found(report, "schema.null")
        assert finding.places[0].path == path
        assert finding.places[0].project_id == generate.project(1)["id"]
        assert errors(report) == ["schema.null"]
        assert [each.code for each in report.findings if each.code.startswith("package.bare")] == (
            [note] if note else []
        )


class TestSameProjectTwice:
    def test_same_id(self) -> None:
        first, second = generate.project(1), {**generate.project(2), "id": generate.project(1)["id"]}
        report = validate(package(first, generate.project(3), second))
        finding = found(report, "package.duplicate_project_id")
        assert finding.severity is Severity.ERROR
        assert finding.params == {"first": "/projects/0/id"}
        assert [place.path for place in finding.places] == ["/projects/2/id"]
        assert "schema.unique_items" not in errors(report)
        assert len(report.project_ids) == 2

    def test_same_content(self) -> None:
        one = generate.project(1)
        report = validate(package(one, generate.project(2), dict(reversed(one.items()))))
        assert set(errors(report)) == {"package.duplicate_project_id", "schema.unique_items"}
        assert found(report, "schema.unique_items").places[0].path == "/projects"

    def test_same_content_without_id(self) -> None:
        report = validate(package({"title": "T", "n": 1}, {"n": 1.0, "title": "T"}, {"title": "T", "n": True}))
        assert set(errors(report)) == {"schema.required", "schema.unique_items"}
        assert found(report, "schema.unique_items").occurrences == 1

    def test_many_of_the_same_are_linear(self) -> None:
        data = generate.encode(package(*[{"id": "x", "n": n} for n in range(3000)]))
        began = time.process_time()
        assert found(validate(data), "package.duplicate_project_id").occurrences == 2999
        assert time.process_time() - began < 10


class TestGathering:
    def test_grouped_counted_and_the_first_places_kept(self) -> None:
        report = validate(package(*[{**p, "title": None} for p in generate.projects(70, "small")]))
        finding = found(report, "schema.null")
        assert finding.occurrences == 70
        assert [place.path for place in finding.places] == [f"/projects/{n}/title" for n in range(50)]
        assert report.counts["error"] == 70
        assert report.truncated

    def test_nothing_left_out_is_not_truncated(self) -> None:
        report = validate(package(*[{**p, "title": None} for p in generate.projects(3, "small")]))
        assert not report.truncated

    def test_errors_first_then_in_the_files_order(self) -> None:
        project = {
            "foo": 1,
            "title": None,
            "id": "x",
            "budget": {"amount": {"amount": "1", "currency": "cop"}},
        }
        report = validate(package({"id": "y", "type": 5}, project, version="0.8"))
        assert [
            (each.code, each.places[0].path) for each in report.findings if each.severity is Severity.ERROR
        ] == [
            ("package.version", "/version"),
            ("schema.text_as_number", "/projects/0/type"),
            ("schema.null", "/projects/1/title"),
            ("schema.number_as_text", "/projects/1/budget/amount/amount"),
            ("code.closed", "/projects/1/budget/amount/currency"),
        ]
        weights = [["error", "warning", "note"].index(each.severity.value) for each in report.findings]
        assert weights == sorted(weights)

    def test_findings_kept_are_bounded_and_errors_have_room(self) -> None:
        project = {"id": "x", **{f"unknown{n}": n for n in range(300)}, "title": None}
        report = validate(package(project), findings_kept=20)
        assert len(report.findings) == 20
        assert "schema.null" in errors(report)
        assert report.truncated
        assert report.counts["note"] + report.counts["warning"] >= 300

    def test_values_are_shortened_and_names_too(self) -> None:
        report = validate(package({"id": "x" * 5000, "y" * 100_000: 1, "status": "z" * 100_000}))
        stored = json.dumps(report.to_store())
        assert len(stored) < 30_000

    def test_a_code_says_what_was_probably_meant(self) -> None:
        report = validate(package({**generate.project(1), "status": "Implementation"}))
        params = found(report, "code.closed").params
        assert params == {
            "written": "Implementation",
            "codelist": "projectStatus",
            "suggestion": "implementation",
        }

    def test_configuration_raises_warnings(self) -> None:
        data = package({**generate.project(1), "title": "   "})
        assert found(validate(data), "text.blank").severity is Severity.WARNING
        assert validate(data).valid
        report = validate(data, raise_to_error=frozenset({"text.blank", "field.unknown"}))
        assert found(report, "text.blank").severity is Severity.ERROR
        assert not report.valid

    def test_notes_are_not_raised(self) -> None:
        report = validate(generate.project(1), raise_to_error=frozenset({"package.bare"}))
        assert found(report, "package.bare").severity is Severity.NOTE


class TestChecks:
    def test_history(self) -> None:
        before = PreviousVersion({"gone": ("preparation", None, None)})
        report = validate(package(generate.project(1)), previous=before)
        assert found(report, "history.project_gone").places[0].value == "gone"
        assert not [e for e in validate(package(generate.project(1))).findings if e.code.startswith("history.")]

    def test_a_check_that_breaks_breaks_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(ctx: Any) -> Iterator[checks.Hit]:
            yield checks.Hit(("title",), code="text.blank")
            raise RuntimeError("a mistake of ours")

        mine = checks.Check("text.blank", "project", broken)
        registry = checks.registry
        monkeypatch.setattr(
            checks, "registry", lambda scope=None: (*registry(scope), mine) if scope == "project" else ()
        )
        report = validate(package(generate.project(1)))
        assert report.valid
        assert found(report, "package.check_failed").params == {"check": "text.blank"}
        assert found(report, "text.blank").occurrences == 1

    def test_every_check_has_words(self) -> None:
        for row in (*checks.registry(), *checks.lint_registry()):
            for code in row.codes:
                message = messages.get(code)
                assert message.title
                assert message.message
                assert message.remedy
                assert message.source
                assert row.run.__doc__, code

    def test_only_what_the_issue_names_is_an_error(self) -> None:
        checks.load()
        for code, message in messages.all_messages().items():
            heavy = code.startswith(("read.", "schema.")) or code in (
                "code.closed",
                "package.version",
                "package.duplicate_project_id",
                # "Non-unique id values" of the review tool
                "id.duplicate",
            )
            if not code.startswith("registry."):
                assert (message.severity is Severity.ERROR) is heavy, code

    def test_registering_twice_is_refused(self) -> None:
        with pytest.raises(ValueError, match="twice"):
            messages.register("schema.null", Severity.NOTE, "a", "b", "c", "d")
        with pytest.raises(ValueError, match="twice"):
            checks.check(checks.registry()[0].code)(lambda ctx: iter(()))
        with pytest.raises(ValueError, match="severity"):
            checks.check("schema.null", severity="note")(lambda ctx: iter(()))


class TestStore:
    def test_there_and_back(self) -> None:
        report = validate(package({"id": "x", "title": None, "foo": {"a": [1]}}, {"id": "x"}))
        stored = json.loads(json.dumps(report.to_store()))
        back = Report.from_store(stored)
        back.project_ids = report.project_ids
        assert back == report

    def test_another_form_is_refused(self) -> None:
        with pytest.raises(ValueError, match="unknown form"):
            Report.from_store({"store_version": 99})

    @pytest.mark.parametrize(
        ("value", "short"),
        [
            (None, None),
            (True, True),
            (1.5, 1.5),
            ("x" * 200, "x" * 200),
            ("x" * 201, "x" * 200 + "…"),
            ([1, {"a": "b"}], [1, {"a": "b"}]),
            ({"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": "…"}}}),
            (list(range(9)), [0, 1, 2, 3, 4, "…"]),
            (2**63 - 1, 2**63 - 1),
            (2**70, str(2**70)),
        ],
    )
    def test_shorten(self, value: Any, short: Any) -> None:
        assert shorten(value) == short
        assert type(shorten(value)) is type(short)
        # what another process has shortened is shortened again
        assert shorten(short) == short

    def test_shortening_does_not_depend_on_size(self) -> None:
        huge: Any = [[{"k" * 10_000: "v" * 10_000}] * 1000] * 1000
        assert len(json.dumps(shorten(huge))) < 5000


class TestCollector:
    """Python's cycle collector is off while validating and as before afterwards."""

    def test_back_on(self) -> None:
        assert gc.isenabled()
        validate(generate.make(1))
        assert gc.isenabled()

    def test_back_on_after_a_refusal(self) -> None:
        assert validate(b'{"projects": [{"id": "x", "a": {"b": 1, "b": 2}}]}').unreadable
        assert gc.isenabled()

    def test_left_off_where_it_was_off(self) -> None:
        gc.disable()
        try:
            validate(generate.make(1))
            assert not gc.isenabled()
        finally:
            gc.enable()

    def test_many_at_once(self) -> None:
        data = generate.encode(generate.make(3))
        reports: list[Report] = []
        threads = [threading.Thread(target=lambda: reports.append(validator.validate(data))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [report.projects for report in reports] == [3] * 6
        assert gc.isenabled()


def test_a_file_gives_what_its_bytes_give() -> None:
    data = generate.encode(generate.make(20, "small"))
    assert validator.validate(io.BytesIO(data), OPTIONS).to_store() == validator.validate(data, OPTIONS).to_store()
