"""The words every floor shares: what a judgement is made of.

Nothing here knows CKAN, a database or a language. A finding is a code with
parameters; sentences are made by :mod:`.render` in the reader's language.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

#: Version of OC4IDS this package judges by default.
SCHEMA_VERSION = "0.9.5"
#: Raised by one whenever a check is added or changed, so that stored verdicts become stale.
CHECKS_VERSION = 1


class Severity(str, Enum):
    """How much a finding weighs. Only an ERROR makes a file invalid."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a finding.

    ``path`` is a JSON Pointer (RFC 6901) in the uploaded file; ``value`` is
    the offending value, shortened (see :func:`shorten`), or None.
    """

    path: str
    project_id: str | None = None
    value: Any = None


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
    params: dict[str, Any] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    occurrences: int = 0


@dataclass(slots=True)
class Report:
    """The verdict on one file."""

    valid: bool
    projects: int = 0
    findings: list[Finding] = field(default_factory=list)
    #: occurrences by severity: {"error": n, "warning": n, "note": n}
    counts: dict[str, int] = field(default_factory=lambda: {"error": 0, "warning": 0, "note": 0})
    #: True when some places or findings were counted but not kept
    truncated: bool = False
    schema_version: str = SCHEMA_VERSION
    checks_version: int = CHECKS_VERSION
    #: True when the file could not be read at all (then ``findings`` has one ``read.*`` error)
    unreadable: bool = False
    #: ids of the projects in file order, without repeats (not part of the public shape)
    project_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PreviousVersion:
    """What the last accepted version of the same resource said, for ``history.*`` checks.

    ``planned_end`` maps project id to ``(status, period.startDate, period.endDate)`` as published.
    """

    projects: dict[str, tuple[str | None, str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to judge. Sizes in bytes."""

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
    places_kept: int = 50
    findings_kept: int = 1000
    #: (min_lon, min_lat, max_lon, max_lat) of the country, for ``geo.*``
    country_bbox: tuple[float, float, float, float] = (-81.9, -4.3, -66.8, 13.6)


class Unreadable(Exception):
    """The file cannot be judged: ``code`` is a ``read.*`` code, ``params`` its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
