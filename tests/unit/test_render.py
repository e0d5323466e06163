"""Words: complete in both languages, safe whatever the file holds, and of the documented shape."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from support import defects, generate

from ckanext.cost_oc4ids.oc4ids import checks, fixes, messages, render, validator
from ckanext.cost_oc4ids.oc4ids.types import Finding, Options, Place, Report, Severity

ROOT = Path(__file__).parents[2]
SHAPE = jsonschema_rs.Draft7Validator(
    json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))
)
NASTY = "<script>alert(1)</script>\u202e\x1b[31m\"'&=1+1"

#: one file with many kinds of mistakes, some of them hostile
MESS = {
    "uri": "x",
    "version": "0.9.5",
    "publishedDate": "2024-01-01",
    "publisher": {"name": ""},
    NASTY: 1,
    "projects": [
        {
            "id": NASTY,
            "title": None,
            "status": "construcción",
            NASTY: {NASTY: [NASTY]},
            "budget": {"amount": {"amount": "1.500.000", "currency": "cop"}},
            "period": {"startDate": "15/03/2024", "endDate": "2024-01-01"},
            "sector": "transport",
            "contractingProcesses": [
                {"id": "c1", "summary": {"documents": [{"id": 1, "url": "=cmd|' /C calc'!A0"}]}}
            ],
        },
        {"id": "p", "documents": [{"title": "=1+1"}, {"title": "+1"}, {"title": "@x"}]},
        5,
    ],
}


#: a field where each kind of value belongs
FIELDS = {
    "schema.date_without_time": "updated",
    "schema.format_date_time": "updated",
    "schema.number_as_text": "budget/amount/amount",
    "schema.text_as_number": "title",
    "schema.boolean_as_text": "environment/hasImpactAssessment",
    "schema.not_a_list": "sector",
    "schema.format_uri": "documents/url",
}


def report(value: Any = MESS) -> Report:
    data = value if isinstance(value, bytes) else generate.encode(value)
    return validator.validate(data, Options(as_of=generate.NOW.date()))


def one(code: str, value: Any, field: str = "title", lang: str = "es", **params: Any) -> dict[str, Any]:
    fix = fixes.propose(fixes.Subject(code, params, tuple(field.split("/")), value))
    finding = Finding(code, Severity.ERROR, field, params, [Place(f"/projects/2/{field}", "p", value, fix)], 1)
    return render.finding_as_dict(finding, lang)


class TestShape:
    @pytest.mark.parametrize("lang", ["es", "en"])
    @pytest.mark.parametrize(
        "value", [MESS, generate.make(1), b"", b"{}", b'{"id": "x", "id": "y"}', [], [1, None]]
    )
    def test_documented(self, value: Any, lang: str) -> None:
        given = render.as_dict(report(value), lang)
        assert list(SHAPE.iter_errors(given)) == []
        assert json.loads(render.as_json(report(value), lang)) == given

    def test_first_place_is_the_findings_own(self) -> None:
        for finding in render.as_dict(report())["findings"]:
            first = finding["places"][0]
            assert all(finding[name] == first[name] for name in ("path", "place", "project_id", "value"))

    def test_stored_report_reads_alike(self) -> None:
        kept = Report.from_store(json.loads(json.dumps(report().to_store())))
        for lang in ("es", "en"):
            assert render.as_dict(kept, lang) == render.as_dict(report(), lang)


class TestWords:
    def test_every_code_has_spanish_words(self) -> None:
        checks.load()
        assert len(messages.all_messages()) > 100
        for code in messages.all_messages():
            message = messages.get(code)
            for english in filter(
                None, (message.title, message.message, message.remedy, message.remedy_fixed)
            ):
                spanish = render.words("es").gettext(english)
                assert spanish != english, (code, english)
                assert sorted(re.findall(r"%\(\w+\)s", spanish)) == sorted(
                    re.findall(r"%\(\w+\)s", english)
                ), code

    def test_no_sentence_is_left_with_a_hole(self) -> None:
        """What the texts of a finding mention, its checks and the renderer give."""
        seen = set()
        for name in defects.DEFECTS:
            for finding in report(defects.defective(name)).findings:
                seen.add(finding.code)
                message = messages.get(finding.code)
                given = render._params(finding, render.words("es"))
                remedy = render._remedy(finding, message)
                wanted = set(re.findall(r"%\((\w+)\)s", message.title + message.message + remedy))
                assert wanted <= set(given), finding.code
        assert len(seen) > 50

    def test_a_code_nobody_knows_still_says_something(self) -> None:
        assert "old.code" in one("old.code", 1)["message"]

    @pytest.mark.parametrize(
        ("path", "es", "en"),
        [
            (
                "/projects/2/contractingProcesses/1/summary/documents/0/url",
                "proyecto 3, contrato 2, documento 1",
                "project 3, contract 2, document 1",
            ),
            ("/0/title", "proyecto 1", "project 1"),
            ("/contractingProcesses/4", "contrato 5", "contract 5"),
            ("/projects/0/locations/1/geometry/coordinates/3/0", "proyecto 1, ubicación 2", None),
            ("", "todo el archivo", "the whole file"),
            ("/publisher/name", "", ""),
        ],
    )
    def test_places(self, path: str, es: str, en: str | None) -> None:
        assert render.words("es").place(path).startswith(es)
        if en is not None:
            assert render.words("en").place(path) == en

    def test_names_of_fields(self) -> None:
        assert one("schema.null", None)["field"] == render.words("es").field("title") != "title"
        assert one("schema.null", None, field="nobody/knows")["field"] == "knows"


class TestRemedies:
    """The remedy shows the right form of what was found."""

    @pytest.mark.parametrize(
        ("code", "value", "example"),
        [
            ("schema.date_without_time", "2024-01-31", '"2024-01-31T00:00:00-05:00"'),
            ("schema.format_date_time", "31/01/2024", '"2024-01-31T00:00:00-05:00"'),
            ("schema.format_date_time", "2024-01-31 14:05", '"2024-01-31T14:05:00-05:00"'),
            ("schema.format_date_time", "2024/1/3", '"2024-01-03T00:00:00-05:00"'),
            ("schema.format_date_time", "2024-13-45", '"2026-01-31T00:00:00-05:00"'),
            ("schema.format_date_time", 5, '"2026-01-31T00:00:00-05:00"'),
            ("schema.number_as_text", "1500000", "1500000"),
            ("schema.number_as_text", "$ 1.500.000,50", "1500000.5"),
            ("schema.number_as_text", "1,500,000.50", "1500000.5"),
            ("schema.number_as_text", "1.500.000", "1500000"),
            ("schema.number_as_text", "1,500", "1500"),
            ("schema.number_as_text", "12,5", "12.5"),
            ("schema.text_as_number", 123, '"123"'),
            ("schema.boolean_as_text", "True", "true"),
            ("schema.not_a_list", "transport", '["transport"]'),
            ("schema.format_uri", "www.cali.gov.co/a b", '"https://www.cali.gov.co/a%20b"'),
        ],
    )
    def test_example(self, code: str, value: Any, example: str) -> None:
        field = FIELDS[code]
        fix = fixes.propose(fixes.Subject(code, {}, tuple(field.split("/")), value))
        assert (json.dumps(fix[0]["value"]) if fix else example) == example
        remedy = one(code, value, field)["remedy"]
        assert remedy.endswith((example, example + "."))

    def test_codes(self) -> None:
        params = {"codelist": "projectStatus", "written": "x"}
        assert "identification, preparation" in one("code.closed", "x", "status", **params)["remedy"]
        assert one("code.closed", "x", "status", **params, suggestion="maintenance")["remedy"].startswith(
            'Escriba "maintenance"'
        )

    def test_version(self) -> None:
        assert '"version": "0.9"' in one("package.version", "0.9.5", "version")["remedy"]

    def test_sizes(self) -> None:
        assert "512 MB" in one("read.too_large", None, "", limit_bytes=512 << 20)["message"]
        assert "1.5 kB" in one("read.too_large", None, "", limit_bytes=1536)["message"]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


class TestForms:
    def test_text(self) -> None:
        text = render.as_text(report(), "es", "mi\x1b[31marchivo.json")
        assert text.startswith("mi\ufffd[31marchivo.json: El archivo aún no cumple")
        assert "→ Escriba la fecha con hora y zona" in text
        assert all(char.isprintable() or char in "\n " for char in text)
        assert "\u202e" not in text

    def test_html_is_inert(self) -> None:
        page = Page()
        page.feed(render.as_html(report(), "es", NASTY))
        assert "script" not in page.tags
        assert not {"img", "link", "iframe", "a"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert "<script>alert(1)</script>" in page.text
        assert ("lang", "es") in page.attributes
        assert page.tags.count("h1") == 1
        assert page.tags.count("title") == 1
        assert ("scope", "col") in page.attributes

    def test_html_is_all_spanish(self) -> None:
        page = Page()
        page.feed(render.as_html(report(), "es"))
        for english in ("Rule", "Places", "What to do", "Value", "Place", "OC4IDS report"):
            assert not re.search(rf"\b{english}\b", page.text), english
            assert render.words("es").gettext(english) in page.text

    def test_html_says_everything(self) -> None:
        page = Page()
        page.feed(render.as_html(report(), "en"))
        for finding in render.as_dict(report(), "en")["findings"]:
            assert finding["message"] in page.text
            assert finding["remedy"] in page.text

    @pytest.mark.parametrize(
        ("value", "start"),
        [
            (b"", "El archivo no se puede leer"),
            (MESS, "El archivo aún no cumple"),
            (generate.make(1), "El archivo cumple"),
        ],
    )
    def test_summary(self, value: Any, start: str) -> None:
        assert render.summary(report(value)).startswith(start)
