"""Documents of strangers, read in a process of its own (:mod:`ckanext.cost_common.processes`).

The first half is what that process runs: it takes a file and returns plain JSON values. The second half makes
of these what the readers themselves return or raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ckanext.ogp_plan.planning import data, importers, store
from ckanext.ogp_plan.planning.exporters import report_template
from ckanext.ogp_plan.planning.exporters.report_template import Problem, ReportReading, UnreadableReport
from ckanext.ogp_plan.planning.importers import Reading, Unreadable

#: The functions that a process runs, as it is told them.
READ_PLAN, READ_REPORT = f"{__name__}:read_plan", f"{__name__}:read_report"


# --- in the process ------------------------------------------------------------------------------------


def read_plan(file: BinaryIO, *, schemas: str | None, **arguments: Any) -> dict[str, Any]:
    """Read a document as :func:`ckanext.ogp_plan.planning.importers.read` does, with its arguments."""
    folder = Path(schemas) if schemas else None
    try:
        reading = importers.read(file.read(), schemas=folder, **arguments)
    except Unreadable as error:
        return _unreadable(error)
    except data.DataError as error:
        return {"data_error": str(error)}
    return {"result": store.to_store(reading)}


def read_report(file: BinaryIO, *, name: str, max_cells: int) -> dict[str, Any]:
    """Read a workbook of duties as :func:`.report_template.read_report` does."""
    try:
        reading = report_template.read_report(file.read(), None, name, max_cells)
    except Unreadable as error:
        return _unreadable(error)
    except UnreadableReport as error:
        return {"unreadable_report": store.to_store(error.problem)}
    return {"result": store.to_store(reading)}


def _unreadable(error: Unreadable) -> dict[str, Any]:
    return {"unreadable": store.to_store(importers.Finding(error.kind, error.place, "", error.params))}


# --- in the caller -------------------------------------------------------------------------------------


def plan_reading(answer: Mapping[str, Any]) -> Reading:
    """Return what :func:`read_plan` read, or raise what it met.

    :raises Unreadable: the document is no plan, or cannot be read.
    :raises DataError: there is no such family or layout.
    """
    if "data_error" in answer:
        raise data.DataError(answer["data_error"])
    _raise_unreadable(answer)
    reading: Reading = store.from_store(Reading, answer["result"])
    return reading


def report_reading(answer: Mapping[str, Any]) -> ReportReading:
    """Return what :func:`read_report` read, or raise what it met.

    :raises Unreadable: the file cannot be read at all.
    :raises UnreadableReport: it is another workbook than ours.
    """
    _raise_unreadable(answer)
    if "unreadable_report" in answer:
        problem: Problem = store.from_store(Problem, answer["unreadable_report"])
        raise UnreadableReport(problem.kind, problem.place, **problem.params)
    reading: ReportReading = store.from_store(ReportReading, answer["result"])
    return reading


def _raise_unreadable(answer: Mapping[str, Any]) -> None:
    if "unreadable" in answer:
        found: importers.Finding = store.from_store(importers.Finding, answer["unreadable"])
        raise Unreadable(found.kind, found.place, **found.params)
