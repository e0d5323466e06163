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
#: Entries of a story on one page, unless another number is requested.
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
        # withdrawn from the plan: its story is kept
        record.plan.items = [item]
    facts = Facts(record)
    rows = item_serializer.load_item_rows(PlanItem.id == row.id, whole=True)
    below = item_serializer.load_item_rows(
        sa.and_(PlanItem.parent_id == row.id, PlanItem.withdrawn.is_(False)), limit=_MAX_HISTORY
    )
    owed = item_serializer.load_assignments([row.id, *(child.id for child in below)])
    described = item_serializer.serialize_items([*rows, *below], reader, {plan.id: plan}, owed)
    status = row.status or {}
    settings = record_service.effective_settings(plan)
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
        "missing": _list_missing(status, reader),
        "indicators": [
            serialize_indicator(indicator, item, facts, plan, reader) for indicator in item.indicators
        ],
        "evidence": serialize_item_evidence(plan, row, facts, person, reader),
        "verdicts": _serialize_verdicts(status, reader),
        "suggested": status.get("suggested"),
        "suggested_name": completion_label(status.get("suggested"), reader),
        "answers": _serialize_answers(status, reader),
        "links": links,
        "story": story,
        "story_count": story_count,
        "changes": change_serializer.serialize_changes(changes[:_MAX_HISTORY], plan, reader),
        "children": described[1:],
        "settings": {"cadence": settings.cadence.id, "cadence_name": reader.text(settings.cadence.name)},
        "may": _serialize_permissions(person, plan, row),
    }


def _serialize_answers(status: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return what responsibles answered to the reasons of the light."""
    return [
        {
            "reason": answer["reason"],
            "reason_title": phrases.reason_title(answer["reason"], reader.lang)
            if answer["reason"] in REASONS
            else answer["reason"],
            "text": answer["text"],
            "organization": reader.organization(answer["organization"]) if answer["organization"] else None,
            "at": answer["at"],
            "active": answer["active"],
        }
        for answer in status.get("answers", ())
    ]


def _serialize_permissions(person: Person, plan: PlanRow, row: PlanItem) -> dict[str, Any]:
    """Return what somebody may do with an item; ``report``: the organismos they report for."""
    organizations = permission.list_reporting_organizations(person, plan, row)
    whole = permission.is_allowed(person, "report_whole", plan, row)
    verdict = permission.is_allowed(person, "verdict", plan, row)
    return {
        "report": organizations,
        "report_whole": whole,
        "answer": bool(organizations) or whole,
        "evidence": bool(organizations) or whole,
        "review": permission.is_allowed(person, "review", plan, row),
        "verdict": [role.value for role in VerdictRole if verdict and person.holds(role.value, plan.id)],
        "link": permission.is_allowed(person, "link", plan, row),
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
    row: Any, owed: Sequence[Any], plan: PlanRow, reader: Reader
) -> list[dict[str, Any]]:
    settings = record_service.effective_settings(plan)
    held = (row.status or {}).get("assignments", ())
    # of several entries of one organismo the first counts
    by_organization = {assignment["organization"]: assignment for assignment in reversed(held)}
    targets = {
        assignment.organization: assignment.own_target
        for assignment in reversed(owed)
        if assignment.own_target
    }
    # a group without listed members is named by its own name
    nameless = any(assignment.group_id and not assignment.organization for assignment in owed)
    heads = plan_serializer.load_heads([plan]) if nameless else {}
    groups = {group["id"]: group["name"] for head in heads.values() for group in head["groups"] or ()}
    results = []
    for assignment in owed:
        entry: dict[str, Any] = {
            "organization": assignment.organization,
            "title": reader.called(assignment.organization)
            if assignment.organization
            else assignment.unknown or groups.get(assignment.group_id, assignment.group_id),
            "unknown": assignment.unknown,
            "unit": reader.called(assignment.unit) if assignment.unit else None,
            "group": assignment.group_id,
            "role": assignment.role,
            "role_name": item_role_label(assignment.role),
            "own_target": serialize_decimal(assignment.own_target),
            "actual": None,
            "met": None,
            "state": None,
            "state_name": None,
            "light": None,
            "light_name": None,
            "last_update": None,
        }
        if assignment.organization and assignment.role == "lider":
            own = assignment_serializer.serialize_assignment(
                row,
                mine=by_organization.get(assignment.organization),
                among=len(held),
                own_target=targets.get(assignment.organization),
            )
            entry |= own
            entry["own_target"] = own["own_target"] or entry["own_target"]
            entry["state_name"] = reader.light(own["state"], settings)
            entry["light_name"] = reader.light(own["light"], settings)
        results.append(entry)
    return results


def _list_missing(status: Mapping[str, Any], reader: Reader) -> list[dict[str, str]]:
    """Who still owes: of a shared goal who did not reach its part, else who did not say it is done."""
    quota, held = status.get("quota"), status.get("assignments", ())
    if quota:
        return [reader.organization(name) for name in quota["missing"]]
    if len(held) < 2:
        return []
    return [
        reader.organization(assignment["organization"])
        for assignment in held
        if not assignment["excluded"] and assignment["declared"] != Declared.DONE.value
    ]


def _serialize_verdicts(status: Mapping[str, Any], reader: Reader) -> dict[str, dict[str, Any] | None]:
    results: dict[str, dict[str, Any] | None] = {role.value: None for role in VerdictRole}
    for verdict in status.get("verdicts", ()):
        results[verdict["role"]] = {
            "id": verdict["id"],
            "role": verdict["role"],
            "role_name": phrases.verdict_role_name(VerdictRole(verdict["role"]), reader.lang),
            "assigned": verdict["assigned"],
            "assigned_name": completion_label(verdict["assigned"], reader),
            "suggested": verdict["suggested"],
            "suggested_name": completion_label(verdict["suggested"], reader),
            "agrees": verdict["agrees"],
            "disagrees": verdict["disagrees"],
            "fulfilled": verdict["fulfilled"],
            "quality": verdict["quality"],
            "rationale": verdict["rationale"],
            "recommendation": verdict["recommendation"],
            "alert": verdict["alert"],
            "cut": verdict["cut"],
            "at": verdict["at"],
        }
    return results


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
