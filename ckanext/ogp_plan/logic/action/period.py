"""Periods of reporting: open, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import period as period_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning.tracking import PeriodEvent
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission


def ogp_plan_period_open(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Open a period of reporting, or open it again.

    :param plan: the name or id of the plan
    :type plan: string
    :param period: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…
    :type period: string
    :param reason: why; needed to open again what was closed
    :type reason: string

    :returns: ``plan, period, open, at, reason``
    :rtype: dict
    """
    tk.check_access("ogp_plan_period_open", context, data_dict)
    data = validated(period_schema.period_open(), data_dict)
    return _set_period(context, data, opened=True)


def ogp_plan_period_close(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Close a period of reporting: nothing more is reported to it.

    :param plan: the name or id of the plan
    :type plan: string
    :param period: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…
    :type period: string
    :param reason: why (optional)
    :type reason: string

    :returns: ``plan, period, open, at, reason``
    :rtype: dict
    """
    tk.check_access("ogp_plan_period_close", context, data_dict)
    data = validated(period_schema.period_open(), data_dict)
    return _set_period(context, data, opened=False)


def _set_period(context: Context, data: Mapping[str, Any], *, opened: bool) -> dict[str, Any]:
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"])
    with transaction(context):
        # alone: a report under way to the period is either wholly before or wholly after
        event_service.hold(plan.id)
        model.Session.refresh(plan)
        tk.check_access(f"ogp_plan_period_{'open' if opened else 'close'}", context, {"plan": plan.id})
        at, reason = _period_event(plan, data, person, opened=opened)
    return {
        "plan": plan.name,
        "period": data["period"],
        "open": opened,
        "at": serialize_moment(at),
        "reason": reason,
    }


def _period_event(
    plan: PlanRow, data: Mapping[str, Any], person: permission.Person, *, opened: bool
) -> tuple[dt.datetime, str]:
    """Open or close the period, unless it is so already; when that was and why."""
    there = parse_period(data["period"])
    if plan.start and plan.end and (there.end < plan.start or there.start > plan.end):
        raise tk.ValidationError(
            {"period": [tk._("The plan has no such period: it is outside of its days.")]}
        )
    before = _last_period(plan, data["period"])
    if before is not None and before.get("opened", True) == opened:
        return before["at"], before.get("reason", "")
    if opened and before is not None and not data["reason"].strip():
        raise tk.ValidationError({"reason": [tk._("The period was closed. Say why it is opened again.")]})
    fact = PeriodEvent(
        id="",
        at=event_service.clock(),
        by=person.id,
        period=data["period"],
        opened=opened,
        reason=data["reason"],
    )
    return event_service.append(plan.id, fact).at, data["reason"]


def _last_period(plan: PlanRow, period: str) -> dict[str, Any] | None:
    wanted = (
        sa.select(Event.body, Event.at)
        .where(Event.plan_id == plan.id, Event.kind == "period", Event.body["period"].astext == period)
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(1)
    )
    found = model.Session.execute(wanted).first()
    return {**found.body, "at": found.at} if found else None
