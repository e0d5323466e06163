"""A plan with all that somebody may know of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.serializers import cut as cut_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers import settings as settings_serializer
from ckanext.ogp_plan.serializers.labels import plan_status_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment, serialize_stored_value
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES, Person
from ckanext.ogp_plan.services.plan_change import TRANSITIONS

#: Fields of changes that are of the plan's row and not of what it promises.
_OF_ROW = ("status", "settings.%")


def plan_dict(row: PlanRow, person: Person) -> dict[str, Any]:
    """Return a plan with all that somebody may know of it."""
    reader = Reader(person)
    plan, components, cuts = plan_serializer.serialize_plan_with_components(row, reader)
    head = plan_serializer.load_heads([row]).get(row.id, {})
    family = record_service.family(row.family)
    return {
        **plan,
        "form_code": head.get("form_code") or "",
        "successor_of": _other(row.successor_of, person),
        "dataset_id": row.dataset_id,
        "fields": _fields(head.get("fields") or {}, row, reader),
        "groups": [_group(group, reader) for group in head.get("groups") or ()],
        "levels": [
            {
                "id": level.id,
                "name": reader.text(level.name),
                "plural": reader.text(level.plural),
                "trackable": level.trackable,
            }
            for level in family.levels
        ],
        "settings": settings_serializer.serialize_settings(row, reader),
        "versions": _versions(row),
        "cuts": [cut_serializer.serialize_cut(cut, row, reader) for cut in cuts],
        "components": components,
        "organizations": _organizations(row, reader),
        "unknown": _unknown(row),
        "periods": _periods(row),
        "transitions": [
            {"status": status.value, "name": plan_status_label(status.value)}
            for status in PlanStatus
            if status in TRANSITIONS[PlanStatus(row.status)]
        ],
        "may": may(person, row),
    }


def may(person: Person, row: PlanRow) -> dict[str, Any]:
    """Return what somebody may do in a plan: true or false for each; of ``report``, the organismos."""
    return {
        "import": permission.is_allowed(person, "import", row),
        "change": permission.is_allowed(person, "change", row),
        "settings": permission.is_allowed(person, "change", row),
        "roles": permission.is_allowed(person, "roles", row),
        "grant": permission.is_allowed(person, "grant", row),
        "period": permission.is_allowed(person, "period", row),
        "link": permission.is_allowed(person, "link", row),
        "report": permission.list_reporting_organizations(person, row),
        "report_whole": permission.is_allowed(person, "report_whole", row),
        "review": permission.is_allowed(person, "review", row),
        "verdict": permission.is_allowed(person, "verdict", row),
        "cut": permission.is_allowed(person, "cut_create", row),
        "publish": permission.is_allowed(person, "cut_publish", row),
        "publish_dataset": permission.is_allowed(person, "publish_dataset", row),
    }


def _other(plan_id: str | None, person: Person) -> dict[str, str] | None:
    found = PlanRow.get(plan_id)
    if found is None or not permission.is_allowed(person, "see", found):
        return None
    return {"name": found.name, "title": found.title, "url": urls.url_of_plan(found.name)}


def _fields(stored: Mapping[str, Any], row: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return the fields of a plan, by the names its family gives; sections by their titles."""
    words = reader.words(row.family)
    results = []
    for name, value in stored.items():
        if name == "sections" and isinstance(value, list):
            results += [
                {"name": "section", "label": part.get("title", ""), "value": part.get("text", "")}
                for part in value
                if isinstance(part, dict)
            ]
        elif value not in (None, "", [], {}):
            label = change_words.field_name(f"fields.{name}", words)
            value_text = serialize_stored_value(value)
            text = change_words.format_value(f"fields.{name}", value_text, words, reader.names)
            results.append({"name": name, "label": label[:1].upper() + label[1:], "value": text})
    return results


def _group(group: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    return {
        "id": group["id"],
        "name": group["name"],
        "size": group.get("size"),
        "members": [reader.organization(name) for name in group.get("members") or ()],
        "valid_from": group.get("valid_from"),
        "valid_to": group.get("valid_to"),
        "source": group.get("source"),
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
        {**row._asdict(), "created": serialize_moment(row.created)} for row in model.Session.execute(wanted)
    ]


def _of_promise() -> Any:
    """Condition: a change of what the plan promises, and not of its status or settings."""
    return sa.or_(
        RecordedChange.field.is_(None),
        sa.and_(*(RecordedChange.field.not_like(pattern) for pattern in _OF_ROW)),
    )


def _organizations(row: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Who owes tracked items, how many, and its own light in each (the item's where it has none)."""
    # each pair once: an organismo may both lead an item and support it
    pair = (
        sa.select(ItemAssignment.organization, ItemAssignment.item_id)
        .where(ItemAssignment.plan_id == row.id, ItemAssignment.role.in_(RESPONSIBLE_ROLES))
        .where(ItemAssignment.organization.is_not(None))
        .distinct()
        .subquery()
    )
    entry = sa.func.jsonb_array_elements(PlanItem.status["assignments"]).table_valued("value").alias("each")
    held = (
        sa.select(
            PlanItem.id,
            sa.cast(entry.c.value, JSONB)["organization"].astext.label("organization"),
            sa.cast(entry.c.value, JSONB)["light"].astext.label("light"),
        )
        .select_from(PlanItem.__table__.join(entry, sa.true()))
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
    results = []
    for name, pairs in counted.items():
        within, outside = plan_serializer.split_lights(pairs)
        owed = sum(number for _, number in pairs)
        results.append({**reader.organization(name), "owed": owed, "lights": within, "excluded": outside})
    return sorted(results, key=lambda entry: (entry["title"].casefold(), entry["name"]))


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
    """Periods that somebody opened or closed: the last fact of each."""
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
            "at": serialize_moment(at),
            "reason": body.get("reason", ""),
        }
    return [last[name] for name in sorted(last)]
