"""Whatever the bytes, the validator returns a report, in time that grows with the file, in words that can be shown."""

from __future__ import annotations

import io
import json
import re
import time
from html.parser import HTMLParser

import pytest
from support import fuzz, generate, hostile

from ckanext.cost_oc4ids.oc4ids import render, report_page
from ckanext.cost_oc4ids.oc4ids.types import Options, Report
from ckanext.cost_oc4ids.oc4ids.validator import validate

OPTIONS = Options(as_of=generate.NOW.date(), max_bytes=64 * 1024 * 1024)
#: seconds of processor that any small file may take, and that each megabyte may add: ten times what is asked
PATIENCE, PATIENCE_PER_MEGABYTE = 5.0, 10.0


class Tags(HTMLParser):
    """Collects what a browser would see in a report: tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "svg", "iframe", "object", "form"}:
            self.dangerous.append(tag)
        for name, value in attributes:
            if name.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "data:")):
                self.dangerous.append(f"{tag} {name}={value}")


def result(kind: hostile.Kind) -> Report:
    data = kind.make()
    began = time.process_time()
    report = validate(io.BytesIO(data), OPTIONS)
    assert time.process_time() - began < PATIENCE + PATIENCE_PER_MEGABYTE * len(data) / 1_000_000
    return report


@pytest.mark.parametrize("name", sorted(hostile.KINDS))
def test_outcome(name: str) -> None:
    kind = hostile.KINDS[name]
    report = result(kind)
    outcome = "unreadable" if report.unreadable else "valid" if report.valid else "invalid"
    if kind.outcome != "any":
        assert outcome == kind.outcome, [each.code for each in report.findings][:10]
    if report.unreadable:
        assert not report.valid
        assert [each.code.partition(".")[0] for each in report.findings] == ["read"]
        assert kind.code in (None, report.findings[0].code)
    assert "package.check_failed" not in {each.code for each in report.findings}
    for finding in report.findings:
        assert len(finding.places) <= OPTIONS.places_kept
        assert finding.occurrences >= len(finding.places)
    assert len(report.findings) <= OPTIONS.findings_kept
    assert_shown_safely(report)


def assert_shown_safely(report: Report) -> None:
    """Every rendering works, is of bounded size, survives UTF-8 and the store, and runs nothing."""
    stored = json.loads(json.dumps(report.to_store()))
    assert json.loads(json.dumps(Report.from_store(stored).to_store())) == stored
    plain = render.as_json(report, "en")
    plain = plain if isinstance(plain, bytes) else plain.encode("utf-8")
    assert json.loads(plain)["valid"] is report.valid
    assert b"NaN" not in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", plain)
    render.as_text(report, "es").encode("utf-8")
    page = render.as_html(report, "es")
    page.encode("utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.dangerous == []
    for row in report_page.csv_rows(render.as_dict(report, "es"), lambda place: str(place.get("place", ""))):
        for cell in row:
            assert not str(cell).startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(
                r"-?\d+(\.\d+)?", str(cell)
            )


def test_two_hundred_kinds() -> None:
    assert len(hostile.KINDS) >= 200


def test_mangled_files_get_a_report() -> None:
    for seed in range(300):
        report = validate(fuzz.mangled(seed), OPTIONS)
        assert "package.check_failed" not in {each.code for each in report.findings}, seed
        render.as_html(report, "es").encode("utf-8")


SHAPES = {
    "documents": lambda count: {
        "documents": [{"id": str(n), "title": " "} for n in range(count)] + [{"title": "x"}]
    },
    "classifications": lambda count: {
        "additionalClassifications": [{"scheme": "sdg", "description": f"c{n}"} for n in range(count)]
    },
    "parties": lambda count: {"parties": [{"id": str(n), "name": f"p{n}"} for n in range(count)]},
    "transactions": lambda count: {
        "transactions": [{"id": str(n), "payer": {"id": f"x{n}"}} for n in range(count)]
    },
    "unknown fields": lambda count: {f"titel{n}": n for n in range(count)},
    "mistyped codes": lambda count: {
        "documents": [{"id": str(n), "documentType": f"contractSigne{n}"} for n in range(count)]
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_file(shape: str) -> None:
    """Eight times the items may cost some eight times the time; a pairwise comparison would cost sixty-four."""

    def seconds(count: int) -> float:
        data = generate.encode(generate.package([{"id": "oc4ids-zz9999-1", **SHAPES[shape](count)}]))
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            validate(data, OPTIONS)
            best = min(best, time.process_time() - began)
        return best

    seconds(10)
    small, large = seconds(2_000), seconds(16_000)
    assert large < 30 * small + 0.2, f"{small:.3f} s, then {large:.3f} s"
