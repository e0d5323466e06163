"""Documents that people send, read within the portal's bounds in a process of their own."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from typing import Any

from ckanext.cost_common import processes
from ckanext.ogp_plan import config
from ckanext.ogp_plan.planning import isolated
from ckanext.ogp_plan.planning.exporters.report_template import ReportReading
from ckanext.ogp_plan.planning.importers import Reading, Unreadable

log = logging.getLogger(__name__)

#: How many times as long as its processor time a process may last by the clock: others are at work too.
_WAITING = 3
_MEGABYTE = 1 << 20


def read_plan(
    content: bytes, family: str, layout: str | None, *, answers: Mapping[str, str], name: str
) -> Reading:
    """Read a document as a plan: :func:`ckanext.ogp_plan.planning.importers.read`, within bounds.

    :raises Unreadable: it is no plan, or cannot be read within the bounds.
    :raises DataError: there is no such family or layout.
    """
    arguments = {"family": family, "layout": layout, "answers": dict(answers), "name": name, "schemas": None}
    return isolated.plan_reading(_read(isolated.READ_PLAN, content, arguments))


def read_report(content: bytes, name: str) -> ReportReading:
    """Read a workbook of duties: :func:`.report_template.read_report`, within bounds.

    :raises Unreadable: it cannot be read, or not within the bounds.
    :raises UnreadableReport: it is another workbook than ours.
    """
    return isolated.report_reading(_read(isolated.READ_REPORT, content, {"name": name}))


def _read(function: str, content: bytes, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    seconds, memory = config.max_import_seconds(), config.max_import_memory()
    limits = processes.Limits(seconds, seconds * _WAITING, memory)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            answer: Mapping[str, Any] = processes.run(
                function, {**arguments, "max_cells": config.max_import_cells()}, limits, file
            ).value
        except processes.TooLong as error:
            raise Unreadable("read.too_long", limit=seconds) from error
        except processes.TooMuchMemory as error:
            raise Unreadable("read.too_much_memory", limit=memory // _MEGABYTE) from error
        except processes.ProcessError as error:
            log.exception("A document of %d bytes could not be read", len(content))
            raise Unreadable("read.failed") from error
    return answer
