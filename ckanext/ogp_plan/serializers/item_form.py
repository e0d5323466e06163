"""An item as the forms about it need it: a few queries, without its story, links and changes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning import store
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.tracking import Completion, Record, VerdictRole
from ckanext.ogp_plan.planning.types import Declared, Role
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers.indicator import serialize_indicator
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_day, serialize_moment
from ckanext.ogp_plan.services import record as record_service


def serialize_item(plan: PlanRow, row: PlanItem, reader: Reader) -> dict[str, Any]:
    """Return what every form shows of an item; no query."""
    settings = record_service.effective_settings(plan)
    return {
        "id": row.id,
        "plan": plan.name,
        "code": row.code,
        "address": row.address,
        "url": urls.url_of_item(plan.name, row.address),
        "title": row.title,
        "due": serialize_day(row.due),
        "precision": (row.body.get("schedule") or {}).get("precision") if row.due else None,
        "declared": row.declared,
        "declared_name": reader.light(row.declared, settings),
        "light": row.light,
        "light_name": reader.light(row.light, settings),
        "last_update": serialize_moment(row.last_update),
    }


def serialize_reasons(plan: PlanRow, row: PlanItem, reader: Reader) -> list[dict[str, Any]]:
    """Return the reasons of an item's light, in words."""
    titles = item_serializer.load_plan_titles([row], reader, {plan.id: plan})
    return reader.reasons((row.status or {}).get("reasons", ()), titles)


def load_item_record(plan: PlanRow, row: PlanItem) -> Record:
    """Return the record of one item; one that was withdrawn from the plan is in it too."""
    record = record_service.load(plan, {(row.level, row.code)})
    if not record.plan.items:
        record.plan.items = [store.item_from_store(row.body)]
    return record


def serialize_indicators(plan: PlanRow, row: PlanItem, reader: Reader) -> list[dict[str, Any]]:
    """Return the indicators of an item with what was measured of each."""
    facts = Facts(load_item_record(plan, row))
    item = store.item_from_store(row.body)
    return [serialize_indicator(indicator, item, facts, plan, reader) for indicator in item.indicators]


def count_evidence(plan: PlanRow, row: PlanItem) -> int:
    """Return how many pieces of evidence an item has that were not withdrawn."""
    evidence = load_item_record(plan, row).current_evidence()
    return sum(found.item == (row.level, row.code) for found in evidence)


def serialize_verdicts(row: PlanItem, reader: Reader) -> dict[str, Any]:
    """Return the completion that the rules suggest, and the last verdict of each role; no query."""
    status = row.status or {}
    suggested = status.get("suggested")
    verdicts_given = {verdict["role"]: verdict for verdict in status.get("verdicts", ())}
    return {
        "suggested_name": phrases.completion_name(Completion(suggested), reader.lang) if suggested else None,
        "verdicts": {role.value: verdicts_given.get(role.value) for role in VerdictRole},
    }


def load_declared_state(row: PlanItem, organization: str) -> str | None:
    """Return the state that an organismo that leads an item declared last, else that of the item."""
    columns = ItemAssignment.__table__.c
    query = (
        sa.select(columns.role)
        .where(columns.item_id == row.id, columns.organization == organization)
        .order_by(columns.position, columns.id)
        .limit(1)
    )
    declared: str | None = row.declared
    if not organization or model.Session.execute(query).scalar() != Role.LEAD.value:
        return declared
    for own in (row.status or {}).get("assignments", ()):
        if own["organization"] == organization:
            return str(own["declared"])
    return declared or Declared.NOT_STARTED.value


def load_update(plan: PlanRow, row: PlanItem, update_id: str) -> dict[str, Any] | None:
    """Return an update of an item; None when the item has none of this id."""
    if not update_id or "\x00" in update_id:
        return None
    query = sa.select(Event).where(
        Event.id == update_id,
        Event.kind == "update",
        Event.plan_id == plan.id,
        Event.level == row.level,
        Event.code == row.code,
    )
    found = model.Session.scalars(query).first()
    if found is None:
        return None
    return {
        "id": found.id,
        "at": serialize_moment(found.at),
        "organization": found.organization,
        "text": found.body.get("text") or "",
    }
