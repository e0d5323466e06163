"""The types that every module shares: options, findings, the report.

Nothing here knows CKAN, a database or a language. A finding is a code with
parameters; sentences are made by :mod:`.render` in the reader's language.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from dataclasses import field as default
from enum import Enum
from typing import Any

from ckanext.cost_common.values.links import without_userinfo

#: Version of OC4IDS this package validates against by default.
SCHEMA_VERSION = "0.9.5"
#: Raised by one whenever a check is added or changed, so that stored results become stale.
CHECKS_VERSION = 2


#: form of :meth:`Report.to_store`; raised when an older form could no longer be read as it is
STORE_VERSION = 1

_TEXT_KEPT = 200
#: of a long text, what is looked through for names and passwords in links
_LOOKED_THROUGH = 1000
_MEMBERS_KEPT = 5
_DEPTH_KEPT = 3


def shorten(value: Any) -> Any:
    """A value small enough to keep in a report.

    Numbers, booleans, None and short texts stay what they are; longer texts are
    cut at 200 characters and end in "…"; a name or password in a link is left out
    (more people read a report than it is meant for). Objects and lists stay what they are
    when small (5 members, 3 levels); of larger ones only the beginning is kept,
    with a last member "…" that says so. Time does not depend on the value's size.
    """
    return _shorten(value, _DEPTH_KEPT, _TEXT_KEPT)


def _shorten(value: Any, depth: int, text: int) -> Any:
    if isinstance(value, str):
        beginning = without_userinfo(value[:_LOOKED_THROUGH])
        return beginning if len(beginning) <= text else beginning[:text] + "…"
    if isinstance(value, dict | list):
        if depth == 0 and value:
            return "…"
        cut = len(value) > _MEMBERS_KEPT
        if isinstance(value, list):
            kept = [_shorten(each, depth - 1, 60) for each in value[:_MEMBERS_KEPT]]
            return [*kept, "…"] if cut else kept
        members = {
            _shorten(name, 0, 60): _shorten(each, depth - 1, 60)
            for name, each in itertools.islice(value.items(), _MEMBERS_KEPT)
        }
        return {**members, "…": "…"} if cut else members
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        # beyond what every JSON reader keeps exact
        return str(value) if abs(value) < 10**60 else f"{value:.6e}" if abs(value) < 1e300 else "…"
    return value


class Severity(str, Enum):
    """How much a finding weighs. Only an ERROR makes a file invalid."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a finding.

    ``path`` is a JSON Pointer (RFC 6901) in the uploaded file; ``value`` is
    the offending value, shortened (see :func:`shorten`), or None. ``fix`` is what a
    remedy would write there, as JSON Patch operations (:mod:`.fixes`), where that is known.
    """

    path: str
    project_id: str | None = None
    value: Any = None
    fix: list[dict[str, Any]] | None = None


@dataclass(slots=True)
class Finding:
    """One kind of thing found at one kind of place, with all its occurrences.

    ``field`` is the schema path without array indexes
    (``contractingProcesses/summary/contractValue/amount``). Findings are
    grouped by (code, field, params); ``places`` keeps the first 50 and
    ``occurrences`` counts all.
    """

    code: str
    severity: Severity
    field: str
    params: dict[str, Any] = default(default_factory=dict)
    places: list[Place] = default(default_factory=list)
    occurrences: int = 0


@dataclass(slots=True)
class Report:
    """The result of validating one file."""

    valid: bool
    projects: int = 0
    findings: list[Finding] = default(default_factory=list)
    #: occurrences by severity: {"error": n, "warning": n, "note": n}
    counts: dict[str, int] = default(default_factory=lambda: {"error": 0, "warning": 0, "note": 0})
    #: True when some places or findings were counted but not kept
    truncated: bool = False
    schema_version: str = SCHEMA_VERSION
    checks_version: int = CHECKS_VERSION
    #: True when the file could not be read at all (then ``findings`` has one ``read.*`` error)
    unreadable: bool = False
    #: ids of the projects in file order, without repeats (not part of the public shape)
    project_ids: list[str] = default(default_factory=list)

    def to_store(self) -> dict[str, Any]:
        """The report as plain JSON values without a word of any language, for keeping.

        ``project_ids`` are left out: whoever keeps projects keeps their ids.
        """
        return {
            "store_version": STORE_VERSION,
            "schema_version": self.schema_version,
            "checks_version": self.checks_version,
            "valid": self.valid,
            "unreadable": self.unreadable,
            "projects": self.projects,
            "counts": dict(self.counts),
            "truncated": self.truncated,
            "findings": [
                {
                    "code": each.code,
                    "severity": each.severity.value,
                    "field": each.field,
                    "params": each.params,
                    "occurrences": each.occurrences,
                    "places": [
                        [place.path, place.project_id, place.value, *([place.fix] if place.fix else ())]
                        for place in each.places
                    ],
                }
                for each in self.findings
            ],
        }

    @classmethod
    def from_store(cls, stored: dict[str, Any]) -> Report:
        """The report that :meth:`to_store` made. :raises ValueError: for a form this release does not
        know.
        """
        if stored.get("store_version") != STORE_VERSION:
            raise ValueError(f"unknown form of stored report: {stored.get('store_version')!r}")
        return cls(
            valid=stored["valid"],
            projects=stored["projects"],
            findings=[
                Finding(
                    code=each["code"],
                    severity=Severity(each["severity"]),
                    field=each["field"],
                    params=dict(each["params"]),
                    places=[Place(*place) for place in each["places"]],
                    occurrences=each["occurrences"],
                )
                for each in stored["findings"]
            ],
            counts=dict(stored["counts"]),
            truncated=stored["truncated"],
            schema_version=stored["schema_version"],
            checks_version=stored["checks_version"],
            unreadable=stored["unreadable"],
        )


@dataclass(frozen=True, slots=True)
class PreviousVersion:
    """What the last accepted version of the same resource stated, for ``history.*`` checks.

    ``planned_end`` maps project id to ``(status, period.startDate, period.endDate)`` as published.
    """

    projects: dict[str, tuple[str | None, str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to validate. Sizes in bytes; ``max_depth`` counts objects and arrays open at once, from the
    file's start.
    """

    #: the day "today" is, for dates in the future; None: the current day in ``timezone``
    as_of: dt.date | None = None
    timezone: str = "America/Bogota"
    #: registered project identifier prefix, e.g. ``oc4ids-abc123``; None: only its form is checked
    prefix: str | None = None
    #: finding codes whose warnings count as errors here
    raise_to_error: frozenset[str] = frozenset()
    previous: PreviousVersion | None = None
    max_bytes: int = 512 * 1024 * 1024
    max_project_bytes: int = 16 * 1024 * 1024
    max_depth: int = 64
    #: no city has so many; a file of a hundred million `{}` has
    max_projects: int = 50_000
    places_kept: int = 50
    findings_kept: int = 1000
    #: processes that a large file may be examined in, where the system allows it; the report is the same
    jobs: int = 1
    #: (min_lon, min_lat, max_lon, max_lat) of the country, for ``geo.*``
    country_bbox: tuple[float, float, float, float] = (-81.9, -4.3, -66.8, 13.6)


class Unreadable(Exception):
    """The file cannot be validated: ``code`` is a ``read.*`` code, ``params`` its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
