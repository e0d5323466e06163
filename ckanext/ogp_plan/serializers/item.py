"""Items as lists of them show them: rows with what they need, and what is made of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning import store
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.types import Indicator
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.plan import load_heads, split_lights
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_day, serialize_fraction, serialize_moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES

#: Parts of a status that lists do not show: one entry for each of many organismos.
_LONG_FIELDS = ("assignments", "answers", "verdicts")
_LONG_QUOTA_FIELDS = ("missing", "by_organization")


_PARENT = sa.orm.aliased(PlanItem)
_COMPONENT = sa.orm.aliased(PlanItem)


def load_item_rows(
    condition: Any,
    *,
    order: Sequence[Any] = (),
    limit: int | None = None,
    offset: int = 0,
    whole: bool = False,
) -> list[Any]:
    """Return rows of items with what :func:`serialize_items` needs; one query.

    :param condition: on :class:`PlanItem`.
    :param whole: with their whole status, that of each organismo included.
    """
    query = (
        sa.select(
            *(
                getattr(PlanItem, name)
                for name in (
                    "id", "plan_id", "level", "code", "address", "parent_id", "component_id", "position",
                    "depth", "trackable", "withdrawn", "title", "due", "months", "tags", "declared", "light",
                    "progress", "disagrees", "last_update",
                )
            ),
            (PlanItem.status if whole else _short_status()).label("status"),
            PlanItem.body["code_printed"].astext.label("code_printed"),
            PlanItem.body["schedule"]["precision"].astext.label("precision"),
            PlanItem.body["schedule"]["kind"].astext.label("schedule_kind"),
            _PARENT.address.label("parent"),
            _COMPONENT.address.label("component"),
        )
        .outerjoin(_PARENT, _PARENT.id == PlanItem.parent_id)
        .outerjoin(_COMPONENT, _COMPONENT.id == PlanItem.component_id)
        .where(condition)
        .order_by(*(order or (PlanItem.plan_id, PlanItem.position)))
        .offset(offset)
    )  # fmt: skip
    if limit is not None:
        query = query.limit(limit)
    return list(model.Session.execute(query))


def _short_status() -> Any:
    short = PlanItem.status.op("-", return_type=JSONB)(sa.cast(list(_LONG_FIELDS), ARRAY(sa.Text)))
    for name in _LONG_QUOTA_FIELDS:
        short = short.op("#-", return_type=JSONB)(sa.cast(["quota", name], ARRAY(sa.Text)))
    return short


def load_indicators(ids: Collection[str]) -> dict[str, list[Indicator]]:
    """Return the indicators of items, by the item's id; one query."""
    wanted = sa.select(PlanItem.id, PlanItem.body).where(PlanItem.id.in_(list(ids)))
    return {id_: store.item_from_store(body).indicators for id_, body in model.Session.execute(wanted)}


def load_assignments(ids: Collection[str]) -> dict[str, list[Any]]:
    """Return who owes items, by the item's id, in the plan's order; one query."""
    columns = ItemAssignment.__table__.c
    query = (
        sa.select(
            columns.item_id,
            columns.organization,
            columns.unit,
            columns.group_id,
            columns.role,
            columns.own_target,
            columns.unknown,
        )
        .where(columns.item_id.in_(list(ids)))
        .order_by(columns.position, columns.id)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query):
        found[row.item_id].append(row)
    return found


def serialize_items(
    rows: Sequence[Any],
    reader: Reader,
    plan_rows: Mapping[str, PlanRow],
    owed: Mapping[str, Sequence[Any]] | None = None,
) -> list[dict[str, Any]]:
    """Return items as lists show them.

    :param rows: of :func:`load_item_rows`.
    :param plan_rows: their plans, by id.
    :param owed: who owes them, when it is known already.
    """
    held = {id_: record_service.effective_settings(plan) for id_, plan in plan_rows.items()}
    assigned = load_assignments([row.id for row in rows]) if owed is None else owed
    titles = load_plan_titles(rows, reader, plan_rows)
    grouped = {
        row.plan_id for row in rows if any(assignment.group_id for assignment in assigned.get(row.id, ()))
    }
    groups = {
        id_: {group["id"]: group for group in head["groups"] or ()}
        for id_, head in load_heads(plan_rows[id_] for id_ in grouped).items()
    }
    return [
        _serialize_item(
            row,
            reader,
            plan_rows[row.plan_id],
            held[row.plan_id],
            assigned.get(row.id, ()),
            titles,
            groups.get(row.plan_id, {}),
        )
        for row in rows
    ]


def load_plan_titles(rows: Iterable[Any], reader: Reader, plan_rows: Mapping[str, PlanRow]) -> dict[str, str]:
    """Return the titles of the plans that reasons of these items name: only of those the reader may see."""
    titles = {id_: plan.title for id_, plan in plan_rows.items()}
    named = {
        reason["params"].get("plan")
        for row in rows
        for reason in (row.status or {}).get("reasons", ())
        if reason["code"] == "R6"
    } - {None, *titles}
    if named:
        wanted = sa.select(PlanRow.id, PlanRow.title).where(
            PlanRow.id.in_(named), permission.visible_plans(reader.person)
        )
        titles.update({id_: title for id_, title in model.Session.execute(wanted)})  # noqa: C416
    return titles


def _serialize_item(
    row: Any,
    reader: Reader,
    plan: PlanRow,
    settings: Settings,
    owed: Sequence[Any],
    titles: Mapping[str, str],
    groups: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    status = row.status or {}
    rolled = status.get("rolled")
    within, outside = split_lights(rolled["counts"].items()) if rolled else (None, None)
    words = reader.words(plan.family)
    named = dict.fromkeys(
        assignment.organization
        for assignment in owed
        if assignment.organization and assignment.role in RESPONSIBLE_ROLES
    )
    titles_of = reader.names
    return {
        "id": row.id,
        "plan": plan.name,
        "plan_title": plan.title,
        "level": row.level,
        "level_name": words.names.get(row.level, row.level),
        "code": row.code,
        "code_printed": row.code_printed or row.code,
        "address": row.address,
        "url": reader.item_url(plan.name, row.address),
        "title": row.title,
        "parent": row.parent,
        "component": row.component,
        "depth": row.depth,
        "trackable": row.trackable,
        "due": serialize_day(row.due),
        "months": list(row.months or ()),
        # what the months are: of each year of the plan ("months"), or only that of its day
        "schedule_kind": row.schedule_kind,
        # months of the plan that somebody reported for; None: not computed yet
        "reported": status.get("reported"),
        "precision": row.precision if row.due else None,
        "light": row.light,
        "light_name": reader.light(row.light, settings),
        "declared": row.declared,
        "declared_name": reader.light(row.declared, settings),
        "reasons": reader.reasons(status.get("reasons", ()), titles),
        "labels": [phrases.label_name(code, reader.lang) for code in status.get("labels", ())],
        "progress": serialize_fraction(row.progress),
        "expected": serialize_fraction(status.get("expected")),
        "coverage": _serialize_coverage(row, rolled),
        "lights": within,
        "excluded": outside,
        "organizations": [{"name": name, "title": titles_of.get(name, name)} for name in named],
        "unknown": [assignment.unknown for assignment in owed if assignment.unknown],
        "group": _serialize_group(owed, groups),
        "quota": _serialize_quota(status.get("quota")),
        "last_update": serialize_moment(row.last_update),
        "days_since_update": reader.days_since(row.last_update),
        "disagrees": row.disagrees,
        "withdrawn": row.withdrawn,
    }


def _serialize_coverage(row: Any, rolled: Mapping[str, Any] | None) -> dict[str, int]:
    if rolled:
        return {"with_value": rolled["rolled"]["with_value"], "total": rolled["rolled"]["total"]}
    return {"with_value": int(row.progress is not None), "total": int(row.trackable)}


def _serialize_group(owed: Sequence[Any], groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    named = next((assignment.group_id for assignment in owed if assignment.group_id), None)
    if named is None:
        return None
    group = groups.get(named, {})
    members = sum(assignment.group_id == named and assignment.organization is not None for assignment in owed)
    return {"id": named, "name": group.get("name") or named, "size": group.get("size") or members}


def _serialize_quota(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """``met`` of ``owed``: how many organismos reached what each owes."""
    if not stored:
        return None
    return {
        "indicator": stored["indicator"],
        "target": stored["target"],
        "actual": stored["actual"],
        "capped": stored["capped"],
        "progress": serialize_fraction(stored["progress"]),
        "met": len(stored["met"]),
        "owed": stored["size"],
        "unnamed": stored["unnamed"],
    }
