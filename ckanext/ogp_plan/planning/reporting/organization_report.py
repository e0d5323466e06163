"""The periodic report of an organismo: the days that it is of, and what of it is recorded in each plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.reporting.submission import fact_id
from ckanext.ogp_plan.planning.tracking import Report


def report_days(fields: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that the periodic report of an organismo is of.

    :param fields: ``period``, else ``start`` and ``end``.
    :raises RejectedReport: they are not given, or not in order.
    """
    if fields["period"]:
        period = parse_period(fields["period"])
        return period.start, period.end
    start, end = fields["start"], fields["end"]
    if start is None or end is None or start > end:
        reject("end", "days.missing")
    return start, end


def report_of(
    plan_id: str,
    user_id: str | None,
    request_id: str | None,
    fields: Mapping[str, Any],
    now: dt.datetime,
    submission: str | None = None,
) -> Report:
    """Return the periodic report of an organismo to one plan.

    :param submission: id of the request, the same in each plan that it records the report in.
    :param fields: ``organization``, ``start``, ``end``, ``title``, ``sections``, ``supersedes``.
    """
    return Report(
        id=fact_id(plan_id, user_id, request_id, "report"),
        at=now,
        by=user_id,
        organization=fields["organization"],
        start=fields["start"],
        end=fields["end"],
        title=fields.get("title") or "",
        sections=tuple(
            (section.get("title") or "", section.get("text") or "")
            for section in fields.get("sections") or ()
        ),
        supersedes=fields.get("supersedes"),
        submission=submission,
    )
