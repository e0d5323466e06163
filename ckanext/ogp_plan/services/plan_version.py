"""A plan's new version into the tables: the whole plan, what changed, its items and who owes them.

One transaction, the caller's: nothing here commits. What is the same as before writes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid

from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange
from ckanext.ogp_plan.planning import calendar, family_values, store
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.output import plain
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Assignment, Item, OrgGroup, Plan, PlanChange, ScheduleKind
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import organization_link
from ckanext.ogp_plan.services import record as record_service


@dataclass(frozen=True, slots=True)
class Source:
    """The document a version came from, and its act (codes and parameters, no words)."""

    name: str = ""
    sha256: str | None = None
    acta: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AppliedVersion:
    """The result of applying a plan. No changes: the version is the one there was."""

    version: int
    changes: list[PlanChange]


def apply(
    row: PlanRow,
    plan: Plan,
    *,
    user_id: str | None,
    act_name: str = "",
    reason: str = "",
    source: Source = Source(),  # noqa: B008  (frozen)
) -> AppliedVersion:
    """Make ``plan`` the present version of a plan.

    :param row: the plan, already added to the session.
    :param act_name: the resolution or minutes that changes an adopted plan.
    An organismo that is named for the first time is linked with the organization of that name
    (:func:`.organization_link.link_named`).

    :returns: the version and its changes; without changes nothing is written.
    """
    model.Session.flush()
    event_service.hold(row.id)
    model.Session.refresh(row)
    before = _load_present(row)
    changes = difference(before, plan)
    organization_link.link_named(_list_organismos(row, plan), user_id=user_id, plan_id=row.id)
    if row.version and not changes:
        return AppliedVersion(row.version, [])
    number, moment = row.version + 1, event_service.clock()
    body = store.plan_to_store(plan)
    model.Session.add(
        PlanVersion(
            plan_id=row.id,
            number=number,
            body=body,
            sha256=hashlib.sha256(_canonical(body)).hexdigest(),
            act_name=act_name,
            reason=reason,
            source_name=source.name,
            source_sha256=source.sha256,
            acta=source.acta,
            user_id=user_id,
            created=moment,
        )
    )
    if row.version:
        model.Session.add_all(
            _build_changes(row, number, changes, moment, act_name=act_name, reason=reason, user_id=user_id)
        )
    row.version = number
    row.start, row.end = plan.start, plan.end
    row.title = plan.title or row.title
    _write_items(row, plan)
    model.Session.flush()
    return AppliedVersion(number, changes)


def _list_organismos(row: PlanRow, plan: Plan) -> set[str]:
    """The organismos that a plan names: its owner, those that owe something, the members of its groups."""
    owing = {one.organization for item in plan.items for one in item.assignments if one.organization}
    return owing | {member for group in plan.groups for member in group.members} | {row.owner}


def _build_changes(
    row: PlanRow, number: int, changes: list[PlanChange], moment: dt.datetime, **common: str | None
) -> list[RecordedChange]:
    """Return the rows of a version's changes; ``common``: the act, its reason and who applied it."""
    return [
        RecordedChange(
            plan_id=row.id,
            version=number,
            position=position,
            kind=change.kind.value,
            level=change.level,
            code=change.code,
            field=change.field,
            before=plain(change.before),
            after=plain(change.after),
            created=moment,
            **common,
        )
        for position, change in enumerate(changes)
    ]


def _load_present(row: PlanRow) -> Plan:
    if not row.version:
        return Plan(row.family)
    found = PlanVersion.get(row.id, row.version)
    if found is None:
        raise RuntimeError(f"plan {row.name} has lost its version {row.version}")
    return store.plan_from_store(found.body)


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _write_items(row: PlanRow, plan: Plan) -> None:
    """Bring the rows of items and of who owes them to the plan's state."""
    there = {
        (item_row.level, item_row.code): item_row
        for item_row in model.Session.scalars(sa.select(PlanItem).where(PlanItem.plan_id == row.id))
    }
    addresses = {key: item_row.address for key, item_row in there.items()}
    address = urls.of_items(plan.items, addresses)
    served = family_values.find_item_values(plan, record_service.family(row.family))
    ids = {item.key: there[item.key].id if item.key in there else make_uuid() for item in plan.items}
    parents = {item.key: item.parent for item in plan.items}
    for position, item in enumerate(plan.items):
        found = there.pop(item.key, None)
        if found is None:
            found = PlanItem(id=ids[item.key], plan_id=row.id, level=item.level, code=item.code)
            found.address = address[item.key]
            model.Session.add(found)
        chain = _list_ancestors(item.key, parents)
        found.parent_id = ids.get(item.parent) if item.parent else None
        found.component_id = ids[chain[-1]]
        found.depth = len(chain) - 1
        found.position = position
        found.trackable = item.trackable
        found.withdrawn = False
        found.title = item.title
        found.body = store.item_to_store(item)
        found.due = calendar.due_of(item.schedule, plan)
        found.months = _list_months(item)
        found.tags = served.get(item.key, [])
        found.search_text = _build_search_text(item)
    for gone in there.values():
        gone.withdrawn = True
    model.Session.flush()
    _write_assignments(row, plan, ids)


def _list_ancestors(key: Key, parents: dict[Key, Key | None]) -> list[Key]:
    """The item and all above it, itself first."""
    chain, seen = [key], {key}
    while (above := parents.get(chain[-1])) is not None and above in parents and above not in seen:
        chain.append(above)
        seen.add(above)
    return chain


def _list_months(item: Item) -> list[int]:
    if item.schedule.kind is ScheduleKind.MONTHS:
        return list(item.schedule.months)
    due = item.schedule.due
    return [due.month] if due else []


def _build_search_text(item: Item) -> str:
    words = [item.code, item.title, *(str(value) for value in item.fields.values() if isinstance(value, str))]
    return fold(" ".join(words))


def _write_assignments(row: PlanRow, plan: Plan, ids: dict[Key, str]) -> None:
    model.Session.execute(sa.delete(ItemAssignment).where(ItemAssignment.plan_id == row.id))
    groups = {group.id: group for group in plan.groups}
    made = [
        {"id": make_uuid(), "plan_id": row.id, "item_id": ids[item.key], "position": position, **owed}
        for item in plan.items
        for position, owed in enumerate(_list_assignments(item.assignments, groups))
    ]
    if made:
        model.Session.execute(sa.insert(ItemAssignment.__table__), made)


def _list_assignments(assignments: list[Assignment], groups: dict[str, OrgGroup]) -> list[dict[str, Any]]:
    """Who owes an item: a group whose members are known is each of them; nobody twice in one role."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for assignment in assignments:
        group = groups.get(assignment.group) if assignment.group else None
        members: tuple[str | None, ...] = (
            group.members if group and group.members else (assignment.organization,)
        )
        for member in members:
            known = (
                assignment.role.value,
                member,
                assignment.unit,
                assignment.group if member is None else None,
                assignment.unknown,
            )
            rows.setdefault(
                known,
                {
                    "organization": member,
                    "unit": assignment.unit,
                    "group_id": assignment.group,
                    "role": assignment.role.value,
                    "own_target": assignment.own_target,
                    "unknown": assignment.unknown,
                },
            )
    return list(rows.values())
