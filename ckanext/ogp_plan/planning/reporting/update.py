"""An update as it is reported, before it is checked against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.types import Declared


@dataclass(slots=True)
class ReportedUpdate:
    """What is reported of an item: an update with its measurements and evidence.

    A request, and no fact yet: it names no item and no moment, holds its parts as they were given, and loses
    those that are recorded already. What is recorded of it is a ``tracking.Update``.

    :param progress: percent, 0 to 100.
    :param report: id of the organismo's report that it belongs to.
    :param supersedes: id of the update that it corrects.
    :param measurements: fields of each (``indicator``, ``period`` or ``start`` and ``end``, ``value`` or
        ``numerator`` and ``denominator``, ``comment``, ``dimension``, ``supersedes``, ``retracted``).
    :param evidence: fields of each (``kind``, ``title``, ``url``, ``resource`` or ``dataset``, ``public``,
        ``withheld``, ``sha256``, ``size``, ``captured``).
    :param corrects: a measurement of the same period is corrected and not refused (workbooks of many rows).
    """

    state: Declared | None = None
    progress: Decimal | None = None
    text: str = ""
    obstacles: str = ""
    next_step: str = ""
    reason: str = ""
    act: str = ""
    at_risk: bool = False
    confirms: bool = False
    period: str | None = None
    report: str | None = None
    supersedes: str | None = None
    measurements: Sequence[Mapping[str, Any]] = ()
    evidence: Sequence[Mapping[str, Any]] = ()
    corrects: bool = False

    @property
    def has_content(self) -> bool:
        """Whether the update itself reports anything, beside its measurements and evidence."""
        return bool(
            self.state
            or self.progress is not None
            or self.text
            or self.obstacles
            or self.next_step
            or self.at_risk
            or self.confirms
        )


def check_consistent(reported: ReportedUpdate) -> None:
    """Check that an update does not contradict itself.

    :raises RejectedReport: it does.
    """
    new = reported.state or reported.progress is not None or reported.at_risk or reported.measurements
    if reported.confirms and new:
        reject("confirms", "update.contradicts")
    if reported.at_risk and not reported.reason:
        reject("reason", "risk.reason")
    if reported.at_risk and reported.state is Declared.DONE:
        reject("at_risk", "risk.completed")
    if reported.progress is not None:
        if reported.state is Declared.DONE and reported.progress != 100:
            reject("progress", "progress.completed")
        if reported.state is Declared.NOT_STARTED and reported.progress != 0:
            reject("progress", "progress.not_started")
