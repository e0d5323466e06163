"""The periods of reporting of a plan, as forms offer them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from ckanext.cost_common.values.periods import periods_between
from ckanext.ogp_plan.helpers.date import ogp_plan_period
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.services import record as record_service


def periods(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The periods of reporting of a plan that have begun, the present one first.

    :param plan: the result of ``ogp_plan_show``.
    """
    cadence = next((entry["value"] for entry in plan.get("settings") or [] if entry["name"] == "cadence"), "")
    start, end = plan.get("start"), plan.get("end")
    if not start or not end:
        return []
    return period_options(
        dt.date.fromisoformat(start),
        dt.date.fromisoformat(end),
        calendar.CADENCE_MONTHS.get(str(cadence), 1),
        {entry["period"] for entry in plan.get("periods") or [] if not entry["open"]},
    )


def period_options(
    start: dt.date, end: dt.date, months: int, closed: Collection[str]
) -> list[dict[str, Any]]:
    """Return the periods that have begun, the present one first.

    :param start: the first day of the plan.
    :param end: its last day.
    :param months: how long a period is.
    :param closed: names of the periods that are closed.
    """
    found = periods_between(start, min(end, record_service.today()), months)
    return [
        {
            "value": period.id,
            "title": ogp_plan_period(period.id).capitalize(),
            "closed": period.id in closed,
        }
        for period in reversed(found)
    ]
