"""What a page shows of a report, and what a spreadsheet gets: no CKAN needed."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.cost_oc4ids.oc4ids import report_page


def place(project: str | None, path: str = "/projects/0/id", value: Any = None) -> dict[str, Any]:
    return {"project_id": project, "path": path, "value": value}


def finding(code: str, severity: str, places: list[dict[str, Any]], occurrences: int | None = None) -> dict[str, Any]:
    return {
        "code": code,
        "severity": severity,
        "title": f"title of {code}",
        "message": "message",
        "remedy": "remedy",
        "field": "field",
        "places": places,
        "occurrences": len(places) if occurrences is None else occurrences,
    }


def report(*found: dict[str, Any]) -> dict[str, Any]:
    return {"valid": False, "projects": 3, "findings": list(found), "truncated": False}


MIXED = report(
    finding("text.blank", "note", [place("a")]),
    finding("schema.type", "error", [place("a"), place("b")]),
    finding("money.negative", "warning", [place("b")]),
    finding("code.closed", "error", [place("c")]),
    finding("schema.type", "error", [place("c")]),
)


def codes(page: report_page.ReportPage) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (section.severity, [(kind.code, len(kind.findings)) for kind in section.kinds]) for section in page.sections
    ]


def test_heaviest_first_and_one_kind_together() -> None:
    assert codes(report_page.page_of(MIXED)) == [
        ("error", [("schema.type", 2), ("code.closed", 1)]),
        ("warning", [("money.negative", 1)]),
        ("note", [("text.blank", 1)]),
    ]


def test_a_kind_counts_all_its_findings() -> None:
    kind = report_page.page_of(MIXED).sections[0].kinds[0]
    assert (kind.title, kind.occurrences) == ("title of schema.type", 3)


def test_filter_by_severity() -> None:
    page = report_page.page_of(MIXED, severity="warning")
    assert codes(page) == [("warning", [("money.negative", 1)])]
    assert page.filtered


@pytest.mark.parametrize("severity", ["", "fatal", "<script>", None])
def test_a_severity_that_is_none_chooses_all(severity: str | None) -> None:
    page = report_page.page_of(MIXED, severity=severity)
    assert page.total == len(MIXED["findings"])
    assert not page.filtered


def test_filter_by_project_keeps_only_its_places() -> None:
    page = report_page.page_of(MIXED, project="b")
    assert codes(page) == [("error", [("schema.type", 1)]), ("warning", [("money.negative", 1)])]
    shown = page.sections[0].kinds[0].findings[0]
    assert [each["project_id"] for each in shown["places"]] == ["b"]
    assert shown["occurrences"] == 1


def test_filter_by_project_does_not_claim_to_have_counted_what_was_not_kept() -> None:
    page = report_page.page_of(report(finding("x.y", "error", [place("a"), place("b")], occurrences=90)), project="a")
    assert page.sections[0].kinds[0].occurrences == 90


def test_filtering_leaves_the_report_alone() -> None:
    report_page.page_of(MIXED, project="b")
    assert len(MIXED["findings"][1]["places"]) == 2


def test_pages() -> None:
    many = report(*(finding(f"x.n{number}", "error", [place("a")]) for number in range(45)))
    shown = []
    for number in ("1", "2", "3"):
        page = report_page.page_of(many, page=number, size=20)
        assert (page.page, page.pages, page.total) == (int(number), 3, 45)
        shown += [kind.code for section in page.sections for kind in section.kinds]
    assert shown == [f"x.n{number}" for number in range(45)]


@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-3", 1), ("x", 1), ("", 1), ("99", 3), (None, 1), ("2", 2)])
def test_page_numbers_written_by_hand(asked: str | None, given: int) -> None:
    many = report(*(finding(f"x.n{number}", "error", []) for number in range(45)))
    assert report_page.page_of(many, page=asked, size=20).page == given


def test_an_empty_report_has_one_empty_page() -> None:
    page = report_page.page_of(report())
    assert (page.sections, page.total, page.pages) == ([], 0, 1)


def test_projects_are_offered_once_with_their_findings() -> None:
    assert report_page.page_of(MIXED).projects == [("a", 2), ("b", 2), ("c", 2)]


def test_projects_with_errors() -> None:
    assert report_page.projects_with_errors(MIXED) == (3, True)
    cut = report(finding("x.y", "error", [place("a")], occurrences=7), finding("x.z", "error", [place(None)]))
    assert report_page.projects_with_errors(cut) == (1, False)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+57 2", "'+57 2"),
        ("-5+1", "'-5+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("2026-01-15", "2026-01-15"),
        (-5, "-5"),
        (1.5, "1.5"),
        (True, "true"),
        (None, ""),
        ({"á": 1}, '{"á": 1}'),
    ],
)
def test_no_cell_is_a_formula(value: Any, cell: str) -> None:
    assert report_page.spreadsheet_safe(value) == cell


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_cells_are_never_formulas(value: str) -> None:
    one = finding("x.y", "error", [place(value, value, value)])
    [row] = report_page.csv_rows(report(one), lambda _: value)
    assert row.count(f"'{value}") == 4
    assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r\n")]


def test_csv_has_a_row_a_place_and_one_for_a_finding_without() -> None:
    one = finding("x.y", "error", [place("=a", "/projects/0", "-x"), place("b", "/projects/1", -1)])
    rows = list(report_page.csv_rows(report(one, finding("x.z", "note", [])), lambda place: "+here"))
    assert [row[5:] for row in rows] == [
        ["'=a", "'+here", "/projects/0", "'-x", "2"],
        ["b", "'+here", "/projects/1", "-1", "2"],
        ["", "'+here", "", "", "0"],
    ]
