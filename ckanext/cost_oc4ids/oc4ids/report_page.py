"""A report as a page shows it: what was chosen, grouped by kind, in pages; and as rows of CSV.

Works on the public shape of a report (``render.as_dict``), so that a report fresh from the
validator, one kept in our table and one that refused an upload are shown by the same code.
Nothing here knows CKAN.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Heaviest first; the order in which a page shows them.
SEVERITIES = ("error", "warning", "note")
#: Findings on one page of a report. Each has at most 50 places, so a page stays below a few thousand rows.
PAGE_SIZE = 20
#: Projects offered by the filter. Longer lists are of no use in a drop-down; the CSV has them all.
PROJECTS_OFFERED = 200
#: Characters at which spreadsheets take a cell for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Finding = Mapping[str, Any]
Report = Mapping[str, Any]


@dataclass(slots=True)
class Kind:
    """Findings of one code: the same mistake in one or more fields."""

    code: str
    title: str
    severity: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def occurrences(self) -> int:
        """How often it happens, over all its fields."""
        return sum(int(finding["occurrences"]) for finding in self.findings)


@dataclass(slots=True)
class Section:
    """The kinds of one severity."""

    severity: str
    kinds: list[Kind] = field(default_factory=list)


@dataclass(slots=True)
class ReportPage:
    """One page of the findings that were chosen."""

    sections: list[Section]
    #: findings that answer to the filter, on all pages
    total: int
    page: int
    pages: int
    #: findings on a page at most
    size: int
    severity: str | None
    project: str | None
    #: (project id, findings that name it), in the report's order
    projects: list[tuple[str, int]]

    @property
    def filtered(self) -> bool:
        """Whether anything was left out by the reader's choice."""
        return self.severity is not None or self.project is not None


def _whole_number(text: str | None) -> int:
    try:
        return max(1, int(text or 1))
    except ValueError:
        return 1


def _in_project(finding: Finding, project: str) -> dict[str, Any] | None:
    """The finding with only its places in ``project``; None when it has none there."""
    places = [place for place in finding["places"] if place.get("project_id") == project]
    if not places:
        return None
    whole = len(finding["places"]) == finding["occurrences"]
    return {**finding, "places": places, "occurrences": len(places) if whole else finding["occurrences"]}


def projects_named(report: Report) -> list[tuple[str, int]]:
    """Ids of the projects that findings name, each with how many findings name it."""
    named: dict[str, int] = {}
    for finding in report["findings"]:
        for project_id in dict.fromkeys(place.get("project_id") for place in finding["places"]):
            if project_id:
                named[project_id] = named.get(project_id, 0) + 1
    return list(named.items())


def projects_with_errors(report: Report) -> tuple[int, bool]:
    """How many projects have an error, and whether that is all of them.

    The second is False when places were counted but not kept: then there may be more.
    """
    named: set[str] = set()
    complete = True
    for finding in report["findings"]:
        if finding["severity"] == "error":
            named.update(place["project_id"] for place in finding["places"] if place.get("project_id"))
            complete = complete and len(finding["places"]) == finding["occurrences"]
    return len(named), complete and not report.get("truncated")


def _sections(findings: Iterable[Finding]) -> list[Section]:
    sections: dict[str, dict[str, Kind]] = {severity: {} for severity in SEVERITIES}
    for finding in findings:
        code = finding["code"]
        kinds = sections[finding["severity"]]
        if code not in kinds:
            kinds[code] = Kind(code, finding.get("title") or finding["message"], finding["severity"])
        kinds[code].findings.append(finding)
    return [Section(severity, list(kinds.values())) for severity, kinds in sections.items() if kinds]


def _by_kind(findings: Iterable[Finding]) -> list[Finding]:
    """Heaviest first, those of one code together, otherwise in the report's order."""
    ranks: dict[tuple[int, str], int] = {}
    kept = list(findings)
    for position, finding in enumerate(kept):
        ranks.setdefault((SEVERITIES.index(finding["severity"]), finding["code"]), position)

    def rank(finding: Finding) -> tuple[int, int]:
        severity = SEVERITIES.index(finding["severity"])
        return severity, ranks[severity, finding["code"]]

    return sorted(kept, key=rank)


def page_of(
    report: Report,
    severity: str | None = None,
    project: str | None = None,
    page: str | None = None,
    size: int = PAGE_SIZE,
) -> ReportPage:
    """Choose from a report what one page shows.

    :param severity: ``error``, ``warning`` or ``note``; anything else: all.
    :param project: a project id; None or empty: all.
    :param page: the page's number as it came in the address; nonsense is page 1, too large is the last.
    :param size: findings on a page.
    """
    severity = severity if severity in SEVERITIES else None
    project = project or None
    chosen: list[Finding] = [
        finding for finding in report["findings"] if severity is None or finding["severity"] == severity
    ]
    if project is not None:
        chosen = [kept for finding in chosen if (kept := _in_project(finding, project)) is not None]
    pages = max(1, -(-len(chosen) // size))
    number = min(_whole_number(page), pages)
    displayed = _by_kind(chosen)[(number - 1) * size : number * size]
    named = projects_named(report)
    return ReportPage(
        _sections(displayed), len(chosen), number, pages, size, severity, project, named[:PROJECTS_OFFERED]
    )


def spreadsheet_safe(value: Any) -> str:
    """The text of a cell that no spreadsheet takes for a formula.

    Rule: OWASP, "CSV Injection". Numbers stay numbers: ``-5`` is no formula, the text ``-5+1`` is.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float | dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_rows(report: Report, in_words: Callable[[Mapping[str, Any]], str]) -> Iterator[list[str]]:
    """One row a place; a finding without places has one row.

    Columns: severity, code, field, remedy, message, project, place in words, JSON Pointer, value,
    occurrences of the finding. ``in_words`` returns a place in words.
    """
    for finding in report["findings"]:
        about = [
            finding["severity"],
            finding["code"],
            finding["field"],
            finding["remedy"],
            finding["message"],
        ]
        for place in finding["places"] or [finding]:
            row = [
                *about,
                place.get("project_id"),
                in_words(place),
                place.get("path"),
                place.get("value"),
                finding["occurrences"],
            ]
            yield [spreadsheet_safe(cell) for cell in row]
