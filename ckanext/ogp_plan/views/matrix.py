"""A plan as a matrix: its items by its months, or by its cuts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.helpers.date import ogp_plan_day, ogp_plan_month, ogp_plan_period
from ckanext.ogp_plan.helpers.light import LIGHTS
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import record as record_service

#: Columns of the matrix at most: a plan of two years has 24 months, a longer one has its cuts as columns.
MAX_MONTHS = 24
MAX_CUTS = 9


def list_plan_months(plan: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the (year, month) of a plan; none when its time is not known or too long for columns."""
    start, end = _parse_day(plan.get("start")), _parse_day(plan.get("end"))
    if start is None or end is None or end < start:
        return []
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    if count > MAX_MONTHS:
        return []
    first = start.year * 12 + start.month - 1
    return [(n // 12, n % 12 + 1) for n in range(first, first + count)]


def _parse_day(value: Any) -> dt.date | None:
    if isinstance(value, dt.date) or value is None:
        return value
    return dt.date.fromisoformat(str(value)[:10])


def build_month_matrix(plan: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return items by the months of a plan, with what was to be done in each and whether it was.

    A month in which something is scheduled is *done* when the item is completed, and *late* when it is
    the last one, has passed, and the item is not completed. Of the others somebody reported (*reported*),
    or, when they have passed, nobody did (*silent*); what is still to come is *due*.
    """
    today = record_service.today()
    months = list_plan_months(plan)
    several = len({year for year, _ in months}) > 1
    columns = [
        {
            "title": ogp_plan_month(month, "abbreviated"),
            "note": str(year) if several else "",
            "long": ogp_plan_period(f"{year:04}-{month:02}"),
            "now": (year, month) == (today.year, today.month),
        }
        for year, month in months
    ]
    rows = [{"item": item, "cells": [month_cell(item, month, today) for month in months]} for item in items]
    return {"columns": columns, "rows": rows}


def month_cell(item: Mapping[str, Any], month: tuple[int, int], today: dt.date) -> str | None:
    due = _parse_day(item.get("due"))
    last = (due.year, due.month) if due else None
    # months are those of each year of the plan; a day has only its own
    monthly = item.get("schedule_kind") == "months"
    scheduled = monthly and month[1] in (item.get("months") or ()) and (last is None or month <= last)
    if not scheduled and month != last:
        return None
    if item.get("light") == "completado":
        return "done"
    followed, reported = item.get("light") in LIGHTS, item.get("reported")
    if followed and month == last and due is not None and due < today:
        return "late"
    if reported is not None and f"{month[0]:04}-{month[1]:02}" in reported:
        return "reported"
    passed = month < (today.year, today.month)
    return "silent" if followed and passed and reported is not None else "due"


def build_cut_matrix(plan: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return items by the cuts of a plan, with the light each had in those that are frozen, and has today."""
    cuts = list(plan.get("cuts") or [])[:MAX_CUTS]
    kept = cut_service.load_lights(plan["id"], [cut["sha256"] for cut in cuts if cut.get("sha256")])
    columns, lights = [], []
    for cut in cuts:
        frozen = kept.get(cut.get("sha256"))
        columns.append(
            {
                "title": ogp_plan_day(cut["day"], "medium"),
                "note": cut.get("state_name") or "",
                "long": ogp_plan_day(cut["day"]),
                "url": cut.get("url") if frozen is not None else None,
                "now": False,
            }
        )
        lights.append(frozen or {})
    columns.append({"title": tk._("Today"), "note": "", "long": tk._("Today"), "url": None, "now": True})
    rows = [
        {
            "item": item,
            "cells": [
                *(found.get((item["level"], item["code"])) for found in lights),
                item.get("light"),
            ],
        }
        for item in items
    ]
    return {"columns": columns, "rows": rows}
