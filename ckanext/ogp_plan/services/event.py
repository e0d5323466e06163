"""Facts in and out of the table: one row a fact, written once and never changed.

Nothing here commits: the caller's transaction is the whole of what happens at once. Whoever
writes a fact shares the plan's lock, a cut or an import holds it alone, and the moment of a
fact is taken after the lock: what a cut covers was committed before it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import fields
from functools import cache
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.ogp_plan.model import Event, PlanItem
from ckanext.ogp_plan.planning import store, tracking
from ckanext.ogp_plan.planning.tracking import Key, Record

#: Fields that have a column of their own, and are not repeated in the body.
_COLUMNS = ("id", "at", "by", "item", "organization", "supersedes")
#: What a fact is about, when it is about another fact.
_SUBJECTS = ("evidence", "update", "report", "measurement", "closes")
#: Advisory locks of plans: the first of PostgreSQL's two 32-bit keys ("ogp" in its letters' digits).
_LOCKS = 0x6F6770
#: Kinds that are of the whole plan: a record of some items needs them too.
_WHOLE = ("period", "report")
#: Kinds that are about another fact, and of no item by themselves.
_ABOUT = ("review", "check")


def share(plan_id: str) -> None:
    """Wait until no cut nor import holds the plan, and keep them away until the transaction ends."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCKS, sa.func.hashtext(plan_id))))


def hold(plan_id: str) -> None:
    """Wait until nobody writes to the plan, and keep everybody away until the transaction ends."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, sa.func.hashtext(plan_id))))


def clock() -> dt.datetime:
    """Return this moment by the database's clock, in UTC."""
    moment: dt.datetime = model.Session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment.astimezone(dt.timezone.utc)


def is_of_item() -> Any:
    """Return the condition of a join of facts with the items that they are of."""
    return sa.and_(
        PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
    )


def append(plan_id: str, fact: tracking.Event, *, at: dt.datetime | None = None) -> tracking.Event:
    """Write a fact.

    :param fact: its ``id`` is given here when empty, its ``at`` always.
    :param at: a moment in the past: only for the commands that load history, never from outside.
    :returns: the fact as written.
    :raises sqlalchemy.exc.IntegrityError: it supersedes what something else supersedes already.
    """
    share(plan_id)
    moment = at or clock()
    row = to_row(plan_id, fact, moment)
    model.Session.add(row)
    model.Session.flush()
    return to_fact(row)


def to_row(plan_id: str, fact: tracking.Event, at: dt.datetime) -> Event:
    """Return the row of a fact, not added to anything."""
    level, code = getattr(fact, "item", None) or (None, None)
    subject = next((found for name in _SUBJECTS if (found := getattr(fact, name, None))), None)
    body = {
        name: value
        for name, value in store.event_to_store(fact).items()
        if name not in _COLUMNS and value not in (None, "", [], {})
    }
    return Event(
        id=fact.id or make_uuid(),
        plan_id=plan_id,
        kind=store.event_kind(fact),
        level=level,
        code=code,
        organization=getattr(fact, "organization", None),
        subject=subject,
        supersedes=getattr(fact, "supersedes", None),
        body=body,
        user_id=fact.by,
        at=at,
    )


def to_fact(row: Any) -> tracking.Event:
    """Return a row's fact."""
    known = _names(row.kind)
    stored = {name: value for name, value in row.body.items() if name in known}
    stored |= {"id": row.id, "at": row.at.astimezone(dt.timezone.utc).isoformat(), "by": row.user_id}
    if "item" in known:
        stored["item"] = (row.level, row.code)
    for name in ("organization", "supersedes"):
        if name in known:
            stored[name] = getattr(row, name)
    return store.event_from_store(row.kind, stored)


@cache
def _names(kind: str) -> frozenset[str]:
    """The fields of a kind of fact."""
    return frozenset(field.name for field in fields(store.EVENT_KINDS[kind]))


def into(record: Record, rows: Iterable[Any]) -> Record:
    """Put the facts of rows into a record, and return it."""
    for row in rows:
        fact = to_fact(row)
        store.events_like(record, fact).append(fact)
    return record


def of_plan(plan_id: str, keys: Collection[Key] | None = None, as_of: dt.datetime | None = None) -> list[Any]:
    """Return the rows of a plan's facts, oldest first.

    :param keys: only what concerns these items (what is of the whole plan comes too).
    :param as_of: only what had happened by then.
    """
    table = Event.__table__
    columns = [
        table.c[name]
        for name in ("id", "kind", "level", "code", "organization", "supersedes", "body", "user_id", "at")
    ]
    wanted = sa.select(*columns).where(table.c.plan_id == plan_id).order_by(table.c.at, table.c.id)
    if keys is not None:
        # an array is made once; as a list of rows it might be made again for each fact of the plan
        ids = sa.func.array(_concerning(plan_id, keys).scalar_subquery())
        wanted = wanted.where(table.c.id == sa.func.any(ids))
    if as_of is not None:
        wanted = wanted.where(table.c.at <= as_of)
    return list(model.Session.execute(wanted))


def key_rows(keys: Collection[Key]) -> Any:
    """Return keys of items as rows with the columns ``level`` and ``code``, to be joined.

    A list of alternatives would be looked up one by one, and planned so, for each part of a large plan.
    """
    levels, codes = ([key[place] for key in dict.fromkeys(keys)] for place in (0, 1))
    rows = sa.func.unnest(sa.cast(levels, ARRAY(sa.Text)), sa.cast(codes, ARRAY(sa.Text)))
    return rows.table_valued("level", "code").render_derived()


def _concerning(plan_id: str, keys: Collection[Key]) -> Any:
    """The ids of a plan's facts of some items, of the whole plan, and of those that are about one of these.

    The items come as rows to be joined, so that each is found by the index however many they are.
    """
    table = Event.__table__
    item = key_rows(keys)
    own = table.c.plan_id == plan_id
    # lateral, and with an offset that keeps it so: a look into the index for each item, never all facts
    facts = (
        sa.select(table.c.id)
        .where(own, table.c.level == item.c.level, table.c.code == item.c.code)
        .offset(0)
        .lateral()
    )
    of_items = sa.select(facts.c.id).select_from(item.join(facts, sa.true())).cte("of_items")
    reports = sa.select(table.c.id).where(own, table.c.kind == "report")
    subjects = sa.union_all(sa.select(of_items.c.id), reports).cte("subjects")
    about = (
        sa.select(table.c.id)
        .join(subjects, table.c.subject == subjects.c.id)
        .where(own, table.c.kind.in_(_ABOUT))
    )
    whole = sa.select(table.c.id).where(own, table.c.kind.in_(_WHOLE))
    return sa.union_all(sa.select(of_items.c.id), about, whole)


def touched_after(plan_id: str, moment: dt.datetime) -> set[Key] | None:
    """Return the items of which something was recorded after a moment.

    :returns: None where it may be any of them: a whole report was reviewed.
    """
    table = Event.__table__
    wanted = sa.select(table.c.level, table.c.code, table.c.subject).where(
        table.c.plan_id == plan_id, table.c.at > moment
    )
    found = list(model.Session.execute(wanted))
    keys = {(level, code) for level, code, _ in found if level}
    subjects = {subject for level, _, subject in found if subject and not level}
    if subjects:
        about = sa.select(table.c.level, table.c.code).where(table.c.id.in_(subjects))
        for level, code in model.Session.execute(about):
            if not level:
                return None
            keys.add((level, code))
    return keys
