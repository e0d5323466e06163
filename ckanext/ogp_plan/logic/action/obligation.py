"""What an organismo owes over all plans."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import obligation as obligation_schema
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.serializers import assignment as assignment_serializer
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES, Person

_BUCKETS = ("late", "this_month", "next", "done")


@tk.side_effect_free
def ogp_plan_obligation_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List all that an organismo owes over the plans under way: overdue and this month's first.

    :param organization: its name
    :type organization: string
    :param month: another month than this one: ``2026-11``, or 1–12 (optional)
    :type month: string
    :param plan: only of this plan (optional)
    :type plan: string
    :param limit: how many at most, over the four lists (optional)
    :type limit: integer

    :returns: ``organization, title, today, month, count, late, this_month, next, done, counts, plans``
    :rtype: dict
    """
    tk.check_access("ogp_plan_obligation_list", context, data_dict)
    data = validated(obligation_schema.obligation_list(), data_dict)
    person = permission.get_person(context)
    reader = Reader(person)
    name = lookup.organismo(data["organization"])
    plans = _plans_owing(name, data["plan"], person)
    month = data["month"] or (reader.today.year, reader.today.month)
    placed = sorted(
        (_placed(entry, plans[entry.plan_id], month, reader.today) for entry in _owed(name, plans)),
        key=lambda entry: entry[0],
    )
    page = placed[data["offset"] : data["offset"] + data["limit"]]
    rows = item_serializer.load_item_rows(PlanItem.id.in_([entry.id for _, entry, _ in page]))
    described = {item["id"]: item for item in item_serializer.serialize_items(rows, reader, plans)}
    lists: dict[str, list[dict[str, Any]]] = {bucket: [] for bucket in _BUCKETS}
    for place, entry, own in page:
        lists[_BUCKETS[place[0]]].append({**described[entry.id], "own": own})
    counts, outside = plan_serializer.split_lights((_light(entry, own), 1) for _, entry, own in placed)
    of_plan: dict[str, int] = defaultdict(int)
    for _, entry, _ in placed:
        of_plan[entry.plan_id] += 1
    return {
        "organization": name,
        "title": reader.called(name),
        "today": reader.today.isoformat(),
        "month": f"{month[0]:04}-{month[1]:02}",
        "month_name": reader.month(month[1]),
        "count": len(placed),
        "totals": {bucket: sum(place[0] == n for place, _, _ in placed) for n, bucket in enumerate(_BUCKETS)},
        **lists,
        "counts": counts,
        "excluded": outside,
        "plans": [
            {
                "name": plan.name,
                "title": plan.title,
                "family": plan.family,
                "status": plan.status,
                "url": urls.url_of_plan(plan.name),
                "owed": of_plan[plan.id],
            }
            for plan in plans.values()
        ],
        "may": {"report": name in person.represented_organizations(None)},
    }


def _plans_owing(name: str, only: str | None, person: Person) -> dict[str, PlanRow]:
    """The plans under way in which an organismo owes something; or the one asked for, whatever its status."""
    if only:
        row = lookup.plan(person, only)
        return {row.id: row}
    owes = sa.select(ItemAssignment.plan_id).where(
        ItemAssignment.organization == name, ItemAssignment.role.in_(RESPONSIBLE_ROLES)
    )
    wanted = (
        sa.select(PlanRow)
        .where(
            PlanRow.id.in_(owes), PlanRow.status.in_(item_status.TRACKED), permission.visible_plans(person)
        )
        .order_by(PlanRow.title, PlanRow.name)
    )
    return {row.id: row for row in model.Session.scalars(wanted)}


def _owed(name: str, plans: Mapping[str, PlanRow]) -> list[Any]:
    """All that an organismo owes, with what gives each item its place among the rest."""
    mine = sa.select(ItemAssignment.item_id).where(
        ItemAssignment.organization == name,
        ItemAssignment.role.in_(RESPONSIBLE_ROLES),
        ItemAssignment.plan_id.in_(list(plans)),
    )
    columns = PlanItem.__table__.c
    wanted = sa.select(
        columns.id,
        columns.plan_id,
        columns.position,
        columns.due,
        columns.months,
        columns.declared,
        columns.light,
        columns.progress,
        columns.last_update,
        columns.body["schedule"]["kind"].astext.label("schedule_kind"),
        *assignment_serializer.assignment_columns(name),
    ).where(PlanItem.id.in_(mine), PlanItem.trackable, PlanItem.withdrawn.is_(False))
    return list(model.Session.execute(wanted))


def _placed(
    entry: Any,
    plan: PlanRow,
    month: tuple[int, int],
    today: dt.date,
) -> tuple[tuple[Any, ...], Any, dict[str, Any]]:
    """An item with its place (list, day, plan, position), and the status of the organismo in it."""
    own = assignment_serializer.serialize_assignment(
        entry, mine=entry.mine, among=entry.among, own_target=entry.own_target
    )
    due = entry.due or dt.date.max
    light = _light(entry, own)
    if light == Declared.DONE.value or light in plan_serializer.OUTSIDE:
        bucket = "done"
    elif entry.due is not None and entry.due < today:
        bucket = "late"
    elif month in _scheduled(entry, plan):
        bucket = "this_month"
    else:
        bucket = "next"
    return (_BUCKETS.index(bucket), due, plan.title, entry.position, entry.id), entry, own


def _light(entry: Any, own: Mapping[str, Any]) -> str | None:
    """The organismo's own light in an item; the item's while its own is not known."""
    return own["light"] or entry.light


def _scheduled(entry: Any, plan: PlanRow) -> set[tuple[int, int]]:
    """The months, with their year, in which something of an item is scheduled."""
    if entry.schedule_kind == "months" and plan.start:
        last = (plan.end or plan.start).year
        return {(year, month) for year in range(plan.start.year, last + 1) for month in entry.months}
    return {(entry.due.year, entry.due.month)} if entry.due else set()
