"""One item with everything that is known of it: what its page and the API show. Reading only.

What is withheld stays so: of private evidence only its kind and why, but to who may see it. Persons are never
named: organismos and roles are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan.model import LightChange, PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning import calendar, store
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.status_types import REASONS
from ckanext.ogp_plan.planning.tracking import (
    Key,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import Declared, Item, ScheduleKind
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers import assignment as assignment_serializer
from ckanext.ogp_plan.serializers import change as change_serializer
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.evidence import serialize_item_evidence
from ckanext.ogp_plan.serializers.indicator import serialize_indicator
from ckanext.ogp_plan.serializers.labels import completion_label, item_role_label
from ckanext.ogp_plan.serializers.link import serialize_item_links
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.story import serialize_story
from ckanext.ogp_plan.serializers.values import serialize_day, serialize_decimal
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

#: Changes of its light and of the plan that the story of an item holds at most.
_MAX_HISTORY = 500
#: Entries of a story that are shown at once, unless others are asked for.
STORY_LIMIT = 100


def serialize_item_detail(
    plan: PlanRow,
    row: PlanItem,
    person: Person,
    *,
    story_limit: int = STORY_LIMIT,
    story_offset: int = 0,
) -> dict[str, Any]:
    """Return an item with everything that somebody may know of it.

    :param plan: its plan, which the person may see.
    :param story_limit: how many entries of its story at most, the newest first.
    :param story_offset: how many of the newest entries to leave out.
    """
    reader = Reader(person)
    key: Key = (row.level, row.code)
    item = store.item_from_store(row.body)
    record = record_service.load(plan, {key})
    if not record.plan.items:
        # withdrawn from the plan: what happened to it is told still
        record.plan.items = [item]
    facts = Facts(record)
    rows = item_serializer.load_item_rows(PlanItem.id == row.id, whole=True)
    below = item_serializer.load_item_rows(
        sa.and_(PlanItem.parent_id == row.id, PlanItem.withdrawn.is_(False)), limit=_MAX_HISTORY
    )
    owed = item_serializer.load_assignments([row.id, *(one.id for one in below)])
    described = item_serializer.serialize_items([*rows, *below], reader, {plan.id: plan}, owed)
    standing = row.standing or {}
    settings = record_service.effective_settings(plan)
    mine = permission.list_reporting_organizations(person, plan, row)
    links = serialize_item_links(plan, key, record, reader)
    changes = _load_changes(plan, key)
    lights = _load_light_changes(row)
    story_count, story = serialize_story(facts, key, plan, changes, lights, reader, story_offset, story_limit)
    return {
        **described[0],
        "plan_status": plan.status,
        "conditional": item.conditional,
        "weight": serialize_decimal(item.weight),
        "fields": _serialize_fields(item, plan, reader),
        "schedule": _serialize_schedule(item, plan, reader),
        "assignments": _serialize_assignments(rows[0], owed.get(row.id, ()), plan, reader),
        "missing": _list_missing(standing, reader),
        "indicators": [serialize_indicator(one, item, facts, plan, reader) for one in item.indicators],
        "evidence": serialize_item_evidence(plan, row, facts, person, reader),
        "verdicts": _serialize_verdicts(standing, reader),
        "suggested": standing.get("suggested"),
        "suggested_name": completion_label(standing.get("suggested"), reader),
        "answers": [
            {
                "reason": one["reason"],
                "reason_title": phrases.reason_title(one["reason"], reader.lang)
                if one["reason"] in REASONS
                else one["reason"],
                "text": one["text"],
                "organization": reader.organization(one["organization"]) if one["organization"] else None,
                "at": one["at"],
                "active": one["active"],
            }
            for one in standing.get("answers", ())
        ],
        "links": links,
        "story": story,
        "story_count": story_count,
        "changes": change_serializer.serialize_changes(changes[:_MAX_HISTORY], plan, reader),
        "children": described[1:],
        "settings": {"cadence": settings.cadence.id, "cadence_name": reader.text(settings.cadence.name)},
        "may": {
            "report": mine,
            "report_whole": permission.is_allowed(person, "report_whole", plan, row),
            "answer": bool(mine) or permission.is_allowed(person, "report_whole", plan, row),
            "evidence": bool(mine) or permission.is_allowed(person, "report_whole", plan, row),
            "review": permission.is_allowed(person, "review", plan, row),
            "verdict": [
                role.value
                for role in VerdictRole
                if permission.is_allowed(person, "verdict", plan, row) and person.holds(role.value, plan.id)
            ],
            "link": permission.is_allowed(person, "link", plan, row),
        },
    }


def _serialize_fields(item: Item, plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """What the family adds to an item, in the family's order, as people read it."""
    words = reader.words(plan.family)
    made = []
    for spec in record_service.family(plan.family).fields:
        value = item.fields.get(spec.name)
        if item.level in spec.levels and value not in (None, "", [], ()):
            text = change_words.format_value(f"fields.{spec.name}", value, words, reader.names)
            made.append({"name": spec.name, "label": reader.text(spec.label), "value": text})
    return made


def _serialize_schedule(item: Item, plan: PlanRow, reader: Reader) -> dict[str, Any]:
    schedule = item.schedule
    words = reader.words(plan.family)
    whole = record_service.head(plan)
    due = calendar.due_of(schedule, whole)
    made = {
        "kind": schedule.kind.value,
        "kind_name": change_words.format_value("schedule.kind", schedule.kind.value, words),
        "months": [
            {"year": year, "month": month, "name": reader.month(month)}
            for year, month in calendar.scheduled_months(schedule, whole)
        ],
        "start": serialize_day(schedule.start),
        "due": serialize_day(due),
        "precision": schedule.precision.value,
        "cadence": schedule.cadence,
        "times": schedule.times,
    }
    undeclared = schedule.kind is ScheduleKind.UNDECLARED
    made["due_text"] = _due_text(due, schedule.precision.value, reader) if due and not undeclared else ""
    return made


def _due_text(due: dt.date, precision: str, reader: Reader) -> str:
    """A day as exactly as it is known: a month's end is only its month."""
    if precision == "day":
        return phrases.format_day(due, reader.lang)
    if precision == "year":
        return str(due.year)
    return reader.period(due.replace(day=1), last_of_month(due.year, due.month))


def _serialize_assignments(
    one: Any, owed: Sequence[Any], plan: PlanRow, reader: Reader
) -> list[dict[str, Any]]:
    settings = record_service.effective_settings(plan)
    held = (one.standing or {}).get("assignments", ())
    # the first word on each counts
    standing = {each["organization"]: each for each in reversed(held)}
    targets = {each.organization: each.own_target for each in reversed(owed) if each.own_target}
    # a group whose organismos nobody listed stands there by its own name
    nameless = any(each.group_id and not each.organization for each in owed)
    heads = plan_serializer.load_heads([plan]) if nameless else {}
    groups = {group["id"]: group["name"] for head in heads.values() for group in head["groups"] or ()}
    made = []
    for each in owed:
        entry: dict[str, Any] = {
            "organization": each.organization,
            "title": reader.called(each.organization)
            if each.organization
            else each.unknown or groups.get(each.group_id, each.group_id),
            "unknown": each.unknown,
            "unit": reader.called(each.unit) if each.unit else None,
            "group": each.group_id,
            "role": each.role,
            "role_name": item_role_label(each.role),
            "own_target": serialize_decimal(each.own_target),
            "actual": None,
            "met": None,
            "state": None,
            "state_name": None,
            "light": None,
            "light_name": None,
            "last_news": None,
        }
        if each.organization and each.role == "lider":
            own = assignment_serializer.serialize_assignment(
                one,
                mine=standing.get(each.organization),
                among=len(held),
                own_target=targets.get(each.organization),
            )
            entry |= own
            entry["own_target"] = own["own_target"] or entry["own_target"]
            entry["state_name"] = reader.light(own["state"], settings)
            entry["light_name"] = reader.light(own["light"], settings)
        made.append(entry)
    return made


def _list_missing(standing: Mapping[str, Any], reader: Reader) -> list[dict[str, str]]:
    """Who still owes: of a shared goal who did not reach its part, else who did not say it is done."""
    quota, held = standing.get("quota"), standing.get("assignments", ())
    if quota:
        return [reader.organization(name) for name in quota["missing"]]
    if len(held) < 2:
        return []
    return [
        reader.organization(one["organization"])
        for one in held
        if not one["excluded"] and one["declared"] != Declared.DONE.value
    ]


def _serialize_verdicts(standing: Mapping[str, Any], reader: Reader) -> dict[str, dict[str, Any] | None]:
    made: dict[str, dict[str, Any] | None] = {role.value: None for role in VerdictRole}
    for one in standing.get("verdicts", ()):
        made[one["role"]] = {
            "id": one["id"],
            "role": one["role"],
            "role_name": phrases.verdict_role_name(VerdictRole(one["role"]), reader.lang),
            "assigned": one["assigned"],
            "assigned_name": completion_label(one["assigned"], reader),
            "suggested": one["suggested"],
            "suggested_name": completion_label(one["suggested"], reader),
            "agrees": one["agrees"],
            "disagrees": one["disagrees"],
            "fulfilled": one["fulfilled"],
            "quality": one["quality"],
            "rationale": one["rationale"],
            "recommendation": one["recommendation"],
            "alert": one["alert"],
            "cut": one["cut"],
            "at": one["at"],
        }
    return made


def _load_changes(plan: PlanRow, key: Key) -> list[RecordedChange]:
    wanted = (
        sa.select(RecordedChange)
        .where(RecordedChange.plan_id == plan.id)
        .where(RecordedChange.level == key[0], RecordedChange.code == key[1])
        .order_by(RecordedChange.created.desc(), RecordedChange.position)
        .limit(_MAX_HISTORY)
    )
    return list(model.Session.scalars(wanted))


def _load_light_changes(row: PlanItem) -> list[LightChange]:
    wanted = (
        sa.select(LightChange)
        .where(LightChange.item_id == row.id)
        .order_by(LightChange.at.desc())
        .limit(_MAX_HISTORY)
    )
    return list(model.Session.scalars(wanted))
