"""Plans over the API: lists of them, one with all that is known of it, and what changed in it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.serializers import drift as drift_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import OWING, Person

#: What a plan may become. Once adopted it is never a draft again, and what is closed stays closed.
TRANSITIONS: dict[PlanStatus, frozenset[PlanStatus]] = {
    PlanStatus.DRAFT: frozenset({PlanStatus.CONSULTATION, PlanStatus.ADOPTED}),
    PlanStatus.CONSULTATION: frozenset({PlanStatus.DRAFT, PlanStatus.ADOPTED}),
    PlanStatus.ADOPTED: frozenset({PlanStatus.RUNNING, PlanStatus.CLOSED}),
    PlanStatus.RUNNING: frozenset({PlanStatus.CLOSED}),
    PlanStatus.CLOSED: frozenset(),
}
#: Fields of changes that are of the plan's row and not of what it promises.
_OF_ROW = ("status", "settings.%")

#: How much of a list is asked for.
PAGE = {
    "limit": request_fields.optional(request_fields.whole(0, config.LARGEST_PAGE)),
    "offset": request_fields.optional(request_fields.whole(0, 10**9), 0),
}
#: The same of a short list: whole, unless less is asked for.
WHOLE_LIST = {
    **PAGE,
    "limit": request_fields.optional(request_fields.whole(0, config.LARGEST_PAGE), config.LARGEST_PAGE),
}


# --- reading ------------------------------------------------------------------------------------------

_LISTING = {
    "family": request_fields.optional(request_fields.name),
    "status": request_fields.optional(request_fields.name),
    "organization": request_fields.optional(request_fields.name),
    **PAGE,
}


@tk.side_effect_free
def ogp_plan_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List plans: those under way first, then the rest, the newest first.

    :param family: only of this family (optional)
    :type family: string
    :param status: only with this status, or with one of several separated by commas (optional)
    :type status: string
    :param organization: only those in which this organismo owes something, or that it owns (optional)
    :type organization: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count`` and ``results``
    :rtype: dict
    """
    tk.check_access("ogp_plan_list", context, data_dict)
    asked = request_fields.take(data_dict, _LISTING)
    person = permission.of(context)
    conditions = [permission.visible(person)]
    if asked["family"]:
        conditions.append(PlanRow.family == asked["family"])
    if asked["status"]:
        conditions.append(PlanRow.status.in_([one.strip() for one in asked["status"].split(",")]))
    if asked["organization"]:
        owes = sa.select(ItemAssignment.plan_id).where(
            ItemAssignment.organization == asked["organization"], ItemAssignment.role.in_(OWING)
        )
        conditions.append(sa.or_(PlanRow.id.in_(owes), PlanRow.owner == asked["organization"]))
    count = model.Session.execute(sa.select(sa.func.count()).select_from(PlanRow).where(*conditions)).scalar()
    order = sa.case(
        *((PlanRow.status == one.value, place) for place, one in enumerate(_ORDER)), else_=len(_ORDER)
    )
    wanted = (
        sa.select(PlanRow)
        .where(*conditions)
        .order_by(order, PlanRow.start.desc().nulls_last(), PlanRow.title, PlanRow.name)
        .limit(limit(asked))
        .offset(asked["offset"])
    )
    rows = list(model.Session.scalars(wanted))
    return {"count": count, "results": plan_serializer.plans(rows, plan_serializer.Reader(person))}


_ORDER = (
    PlanStatus.RUNNING,
    PlanStatus.ADOPTED,
    PlanStatus.CONSULTATION,
    PlanStatus.DRAFT,
    PlanStatus.CLOSED,
)


def limit(asked: Mapping[str, Any]) -> int:
    """Return how many are asked for at most."""
    return config.page_size() if asked["limit"] is None else int(asked["limit"])


@tk.side_effect_free
def ogp_plan_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a plan: where it stands, its components, who owes what, how it is tracked, its versions and cuts.

    :param id: the name or id of the plan
    :type id: string

    :returns: the plan as lists show it, with ``fields, groups, levels, settings, versions, cuts, components,
        organizations, may``
    :rtype: dict
    """
    tk.check_access("ogp_plan_show", context, data_dict)
    asked = request_fields.take(data_dict, {"id": request_fields.required(request_fields.name)})
    person = permission.of(context)
    return shown(lookup.plan(person, asked["id"]), person)


def shown(row: PlanRow, person: Person) -> dict[str, Any]:
    """Return a plan with all that somebody may know of it."""
    reader = plan_serializer.Reader(person)
    plan, components, cuts = plan_serializer.plan_and_roots(row, reader)
    head = plan_serializer.heads([row]).get(row.id, {})
    family = record_service.family(row.family)
    return {
        **plan,
        "form_code": head.get("form_code") or "",
        "successor_of": _other(row.successor_of, person),
        "dataset_id": row.dataset_id,
        "fields": _fields(head.get("fields") or {}, row, reader),
        "groups": [_group(one, reader) for one in head.get("groups") or ()],
        "levels": [
            {
                "id": level.id,
                "name": reader.text(level.name),
                "plural": reader.text(level.plural),
                "trackable": level.trackable,
            }
            for level in family.levels
        ],
        "settings": plan_serializer.settings(row, reader),
        "versions": _versions(row),
        "cuts": [plan_serializer.cut(one, row, reader) for one in cuts],
        "components": components,
        "organizations": _organizations(row, reader),
        "unknown": _unknown(row),
        "periods": _periods(row),
        "transitions": [
            {"status": one.value, "name": plan_serializer.status_name(one.value)}
            for one in PlanStatus
            if one in TRANSITIONS[PlanStatus(row.status)]
        ],
        "may": may(person, row),
    }


def may(person: Person, row: PlanRow) -> dict[str, Any]:
    """Return what somebody may do in a plan: yes or no for each; of ``report``, the organismos."""
    return {
        "import": permission.may(person, "import", row),
        "change": permission.may(person, "change", row),
        "settings": permission.may(person, "change", row),
        "roles": permission.may(person, "roles", row),
        "grant": permission.may(person, "grant", row),
        "period": permission.may(person, "period", row),
        "link": permission.may(person, "link", row),
        "report": permission.reports_for(person, row),
        "report_whole": permission.may(person, "report_whole", row),
        "review": permission.may(person, "review", row),
        "verdict": permission.may(person, "verdict", row),
        "cut": permission.may(person, "cut_create", row),
        "publish": permission.may(person, "cut_publish", row),
        "publish_dataset": permission.may(person, "publish_dataset", row),
    }


def _other(plan_id: str | None, person: Person) -> dict[str, str] | None:
    found = PlanRow.get(plan_id)
    if found is None or not permission.may(person, "see", found):
        return None
    return {"name": found.name, "title": found.title, "url": urls.url_of_plan(found.name)}


def _fields(stored: Mapping[str, Any], row: PlanRow, reader: plan_serializer.Reader) -> list[dict[str, Any]]:
    """What a plan says of itself, by the names its family gives; sections by their titles."""
    words = reader.words(row.family)
    made = []
    for name, value in stored.items():
        if name == "sections" and isinstance(value, list):
            made += [
                {"name": "section", "label": one.get("title", ""), "value": one.get("text", "")}
                for one in value
                if isinstance(one, dict)
            ]
        elif value not in (None, "", [], {}):
            label = change_words.field_name(f"fields.{name}", words)
            text = change_words.shown(f"fields.{name}", plan_serializer.freed(value), words, reader.names)
            made.append({"name": name, "label": label[:1].upper() + label[1:], "value": text})
    return made


def _group(one: Mapping[str, Any], reader: plan_serializer.Reader) -> dict[str, Any]:
    return {
        "id": one["id"],
        "name": one["name"],
        "size": one.get("size"),
        "members": [reader.organization(name) for name in one.get("members") or ()],
        "valid_from": one.get("valid_from"),
        "valid_to": one.get("valid_to"),
        "source": one.get("source"),
    }


def _versions(row: PlanRow) -> list[dict[str, Any]]:
    changes = (
        sa.select(sa.func.count())
        .where(
            RecordedChange.plan_id == PlanVersion.plan_id,
            RecordedChange.version == PlanVersion.number,
            _of_promise(),
        )
        .scalar_subquery()
    )
    wanted = (
        sa.select(
            PlanVersion.number,
            PlanVersion.created,
            PlanVersion.act_name,
            PlanVersion.reason,
            PlanVersion.source_name,
            PlanVersion.sha256,
            changes.label("changes"),
        )
        .where(PlanVersion.plan_id == row.id)
        .order_by(PlanVersion.number.desc())
    )
    return [
        {**one._asdict(), "created": plan_serializer.moment(one.created)}
        for one in model.Session.execute(wanted)
    ]


def _of_promise() -> Any:
    """Condition: a change of what the plan promises, and not of its status or settings."""
    return sa.or_(
        RecordedChange.field.is_(None),
        sa.and_(*(RecordedChange.field.not_like(pattern) for pattern in _OF_ROW)),
    )


def _organizations(row: PlanRow, reader: plan_serializer.Reader) -> list[dict[str, Any]]:
    """Who owes tracked items, how many, and its own light in each (the item's where it has none)."""
    # each pair once: an organismo may both lead an item and support it
    pair = (
        sa.select(ItemAssignment.organization, ItemAssignment.item_id)
        .where(ItemAssignment.plan_id == row.id, ItemAssignment.role.in_(OWING))
        .where(ItemAssignment.organization.is_not(None))
        .distinct()
        .subquery()
    )
    each = sa.func.jsonb_array_elements(PlanItem.standing["assignments"]).table_valued("value").alias("each")
    held = (
        sa.select(
            PlanItem.id,
            sa.cast(each.c.value, JSONB)["organization"].astext.label("organization"),
            sa.cast(each.c.value, JSONB)["light"].astext.label("light"),
        )
        .select_from(PlanItem.__table__.join(each, sa.true()))
        .where(PlanItem.plan_id == row.id, PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .cte("held")
        # once for all pairs, and not again for each: a group of n would be read n times
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    light = sa.func.coalesce(held.c.light, PlanItem.light)
    wanted = (
        sa.select(pair.c.organization, light, sa.func.count().label("number"))
        .select_from(
            pair.join(PlanItem.__table__, PlanItem.id == pair.c.item_id).outerjoin(
                held, sa.and_(held.c.id == pair.c.item_id, held.c.organization == pair.c.organization)
            )
        )
        .where(PlanItem.plan_id == row.id, PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .group_by(pair.c.organization, light)
    )
    counted: dict[str, list[tuple[str | None, int]]] = defaultdict(list)
    for name, light, number in model.Session.execute(wanted):
        counted[name].append((light, number))
    made = []
    for name, pairs in counted.items():
        within, outside = plan_serializer.lights(pairs)
        owed = sum(number for _, number in pairs)
        made.append({**reader.organization(name), "owed": owed, "lights": within, "excluded": outside})
    return sorted(made, key=lambda one: (one["title"].casefold(), one["name"]))


def _unknown(row: PlanRow) -> list[dict[str, Any]]:
    """Names of responsibles that nobody knows yet, as printed, with how many items each owes."""
    wanted = (
        sa.select(ItemAssignment.unknown, sa.func.count(sa.distinct(ItemAssignment.item_id)))
        .where(ItemAssignment.plan_id == row.id, ItemAssignment.unknown.is_not(None))
        .group_by(ItemAssignment.unknown)
        .order_by(ItemAssignment.unknown)
    )
    return [{"printed": printed, "owed": number} for printed, number in model.Session.execute(wanted)]


def _periods(row: PlanRow) -> list[dict[str, Any]]:
    """Periods that somebody opened or closed: the last word on each."""
    wanted = (
        sa.select(Event.body, Event.at)
        .where(Event.plan_id == row.id, Event.kind == "period")
        .order_by(Event.at, Event.id)
    )
    last: dict[str, dict[str, Any]] = {}
    for body, at in model.Session.execute(wanted):
        last[body["period"]] = {
            "period": body["period"],
            "open": body.get("opened", True),
            "at": plan_serializer.moment(at),
            "reason": body.get("reason", ""),
        }
    return [last[name] for name in sorted(last)]


# --- what changed -------------------------------------------------------------------------------------

_DIFF = {
    "plan": request_fields.required(request_fields.name),
    "since": request_fields.optional(request_fields.day),
    "until": request_fields.optional(request_fields.day),
    "level": request_fields.optional(request_fields.name),
    "code": request_fields.optional(request_fields.name),
    **PAGE,
}


@tk.side_effect_free
def ogp_plan_diff(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say what changed in a plan: dates moved, goals lowered, rows removed, by which act.

    :param plan: the name or id of the plan
    :type plan: string
    :param since: from this day on (optional)
    :type since: ISO date
    :param until: up to this day, included (optional)
    :type until: ISO date
    :param limit: how many changes at most (optional); the drift is always of all of them
    :type limit: integer

    :returns: ``count``, ``changes`` (the newest first), ``drift`` by organismo, ``whole``
    :rtype: dict
    """
    tk.check_access("ogp_plan_diff", context, data_dict)
    asked = request_fields.take(data_dict, _DIFF)
    person = permission.of(context)
    row = lookup.plan(person, asked["plan"])
    conditions = [RecordedChange.plan_id == row.id, *_between(asked)]
    for name in ("level", "code"):
        if asked[name]:
            conditions.append(getattr(RecordedChange, name) == asked[name])
    reader = plan_serializer.Reader(person)
    order = (RecordedChange.created.desc(), RecordedChange.version.desc(), RecordedChange.position)
    count = model.Session.execute(sa.select(sa.func.count(RecordedChange.id)).where(*conditions)).scalar()
    wanted = sa.select(RecordedChange).where(*conditions).order_by(*order)
    page = wanted.limit(limit(asked)).offset(asked["offset"])
    drift, whole = drift_serializer.drift(row, conditions, reader)
    return {
        "count": count,
        "changes": plan_serializer.changes(list(model.Session.scalars(page)), row, reader),
        "drift": drift,
        "whole": whole,
    }


def _between(asked: Mapping[str, Any]) -> list[Any]:
    """Days begin and end in the portal's zone."""
    zone = config.timezone()
    made = []
    if asked["since"]:
        made.append(RecordedChange.created >= dt.datetime.combine(asked["since"], dt.time(), zone))
    if asked["until"]:
        after = asked["until"] + dt.timedelta(days=1)
        made.append(RecordedChange.created < dt.datetime.combine(after, dt.time(), zone))
    return made


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {
        "ogp_plan_list": ogp_plan_list,
        "ogp_plan_show": ogp_plan_show,
        "ogp_plan_diff": ogp_plan_diff,
    }
