"""The status of every item, computed again and stored in its row.

What is stored can be deleted: it is computed from the facts alone (``planning.status``). Nothing here
commits: whoever writes a fact stores its consequences in the same transaction.

Two at once on one item: the rows that will be written are locked first, all in one order, and the
facts are read after that; so the last one to write has read what everybody before it recorded.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid

from ckanext.ogp_plan.model import Event, LightChange, PlanItem, PlanRow
from ckanext.ogp_plan.planning import store
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import (
    OUTSIDE,
    ItemStatus,
    Reason,
    RollUp,
    item_status_dict,
    roll_up_dict,
)
from ckanext.ogp_plan.planning.tracking import Completion, Key, LinkKind, Record
from ckanext.ogp_plan.planning.types import Declared, Item, Plan, PlanStatus, Schedule, ScheduleKind
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import record as record_service

#: Rows written by one statement.
BATCH = 1000
#: Items of a plan whose facts are held at once: memory and time of a night grow as the plan does.
PART = 500
#: Plans whose lights are computed every night; only theirs are remembered when they change.
TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)
#: Mark of an item that is declared done and open again (``planning.status_types.LABELS``).
_REOPENED = "reabierto"


@dataclass(slots=True)
class Recomputed:
    """What a recomputation wrote: how many rows, and the lights that changed (item id, before, after)."""

    written: int = 0
    lights: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """An item's row, locked. ``light``: as it was."""

    id: str
    key: Key
    parent_id: str | None
    component_id: str
    trackable: bool
    light: str | None


def recompute(
    plan_id: str, keys: Collection[Key] | None = None, *, today: dt.date | None = None
) -> Recomputed:
    """Compute the status of items of a plan, of those above them and of those that depend on them.

    :param keys: only these items; None: all of the plan.
    :param today: the day; the portal's own when None.
    """
    return recompute_many({plan_id: keys}, today=today)


def recompute_many(
    plans: Mapping[str, Collection[Key] | None], *, today: dt.date | None = None
) -> Recomputed:
    """Compute the status of items of several plans. Every caller locks them in the same order.

    A transaction that reports to several plans (one answer that counts for two) asks once, at its end.

    :param plans: id of a plan → its items (None: all).
    """
    day = today or record_service.today()
    model.Session.flush()
    for plan_id in sorted(plans):
        event_service.share(plan_id)
    wanted = _with_dependents(plans)
    locked = _lock(wanted)
    computing = [
        _Computing(row, record_service.effective_settings(row), locked[plan_id], wanted[plan_id] is None)
        for plan_id in sorted(wanted)
        if (row := model.Session.get(PlanRow, plan_id)) is not None and row.version and locked.get(plan_id)
    ]
    done = Recomputed()
    _compute_plans(computing, day, done)
    for plan in computing:
        _finish(plan, done)
    _forget(wanted)
    return done


def lock(plans: Mapping[str, Collection[Key] | None]) -> None:
    """Lock all rows that :func:`recompute_many` of the same would write, in the same order.

    Who checks what is reported against the facts locks first, and reads them after that.
    """
    for plan_id in sorted(plans):
        event_service.share(plan_id)
    _lock(_with_dependents(plans))


def nightly(today: dt.date | None = None) -> Iterator[tuple[str, Recomputed]]:
    """Compute every plan that is tracked, one after another; each is committed before the next.

    :returns: the name of each plan with what was written.
    """
    wanted = sa.select(PlanRow.id, PlanRow.name).where(PlanRow.status.in_(TRACKED)).order_by(PlanRow.name)
    for plan_id, name in list(model.Session.execute(wanted)):
        try:
            done = recompute(plan_id, today=today)
            model.Session.commit()
        except BaseException:
            model.Session.rollback()
            raise
        yield name, done


# --- what is computed


def _with_dependents(
    plans: Mapping[str, Collection[Key] | None],
) -> dict[str, set[Key] | None]:
    """The items asked for, and those whose light may change with theirs: what depends on them directly."""
    wanted: dict[str, set[Key] | None] = {
        plan_id: None if keys is None else set(keys) for plan_id, keys in plans.items()
    }
    for plan_id, keys in plans.items():
        for own, item, other in _dependencies(_of_plan(plan_id) | _on_plan(plan_id)):
            if other[0] != plan_id or (keys is not None and other[1] not in keys):
                continue
            there = wanted.setdefault(own, set())
            if there is not None:
                there.add(item)
    return wanted


def _of_plan(plan_id: str) -> Any:
    return Event.plan_id == plan_id


def _on_plan(plan_id: str) -> Any:
    return Event.body["plan"].astext == plan_id


def _dependencies(condition: Any) -> list[tuple[str, Key, tuple[str, Key]]]:
    """What waits for what: (plan, item, (plan, item it waits for)). The last event of each link counts."""
    wanted = (
        sa.select(Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", Event.body["kind"].astext == LinkKind.DEPENDS.value, condition)
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[str, Key, tuple[str, Key]], bool] = {}
    for plan_id, level, code, body in model.Session.execute(wanted):
        other = (body.get("plan") or plan_id, (body["other"][0], body["other"][1]))
        last[plan_id, (level, code), other] = not body.get("removed")
    return [entry for entry, active in last.items() if active]


def _lock(wanted: Mapping[str, set[Key] | None]) -> dict[str, list[_Row]]:
    """Lock the rows that will be written and return them by plan: the items asked for and all above them."""
    table = PlanItem.__table__
    whole = [plan_id for plan_id, keys in wanted.items() if keys is None]
    some = [(plan_id, *key) for plan_id, keys in wanted.items() if keys for key in sorted(keys)]
    conditions = [table.c.plan_id.in_(whole)] if whole else []
    if some:
        first = (
            sa.select(table.c.id, table.c.parent_id)
            .where(sa.tuple_(table.c.plan_id, table.c.level, table.c.code).in_(some))
            .cte("above", recursive=True)
        )
        above = first.union(
            sa.select(table.c.id, table.c.parent_id).join(first, table.c.id == first.c.parent_id)
        )
        conditions.append(table.c.id.in_(sa.select(above.c.id)))
    if not conditions:
        return {}
    statement = (
        sa.select(
            table.c.plan_id,
            table.c.id,
            table.c.level,
            table.c.code,
            table.c.parent_id,
            table.c.component_id,
            table.c.trackable,
            table.c.light,
        )
        .where(sa.or_(*conditions), table.c.withdrawn.is_(False))
        .order_by(table.c.id)
        .with_for_update()
    )
    found: dict[str, list[_Row]] = defaultdict(list)
    for plan_id, id_, level, code, parent_id, component_id, trackable, light in model.Session.execute(
        statement
    ):
        found[plan_id].append(_Row(id_, (level, code), parent_id, component_id, trackable, light))
    return found


@dataclass(slots=True)
class _Computing:
    """A plan with its locked rows, and what is computed of it and not written yet.

    :ivar values: id of a row → its computed columns. At most a part of the plan, and the tracked items
        that have others below them: what rolls up to those is written with them.
    :ivar lights: the lights that changed: (row, its status as stored).
    :ivar waits: (item, (plan, item it waits for)).
    """

    row: PlanRow
    settings: Settings
    rows: list[_Row]
    whole: bool
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    lights: list[tuple[_Row, dict[str, Any]]] = field(default_factory=list)
    waits: dict[Key, list[tuple[str, Key]]] = field(default_factory=lambda: defaultdict(list))

    def parts(self, only: Collection[Key] | None = None) -> Iterator[dict[Key, _Row]]:
        """The tracked items (those above too), a part of the plan at a time.

        :param only: these alone.
        """
        tracked = [row for row in self.rows if row.trackable and (only is None or row.key in only)]
        for start in range(0, len(tracked), PART):
            yield {row.key: row for row in tracked[start : start + PART]}


def _compute_plans(computing: list[_Computing], today: dt.date, done: Recomputed) -> None:
    """Compute the status of the items of several plans, and write all but the last part of each.

    Whether an item is overdue depends on itself alone. So those that wait for an item of another plan
    that is computed now too are computed again with the result of that one, and written then.
    """
    fresh: dict[tuple[str, Key], dt.date | None] = {}
    plans = {plan.row.id for plan in computing}
    late: dict[str, set[Key]] = {}
    for plan in computing:
        own = plan.row.id
        for _, item, other in _dependencies(_of_plan(own)):
            plan.waits[item].append(other)
        late[own] = {
            item for item, others in plan.waits.items() if any(other[0] in plans - {own} for other in others)
        }
        for rows in plan.parts():
            for status, reported in _compute_statuses(plan, rows, today, {}):
                overdue = _is_overdue(status, today) and _promises(plan.row)
                fresh[own, status.key] = status.due if overdue else None
                if status.key not in late[own]:
                    _keep(plan, rows[status.key], status, reported)
            _write_part(plan, done)
    for plan in computing:
        for rows in plan.parts(late[plan.row.id]):
            for status, reported in _compute_statuses(plan, rows, today, fresh):
                _keep(plan, rows[status.key], status, reported)
            _write_part(plan, done)


def _compute_statuses(
    plan: _Computing,
    rows: Mapping[Key, _Row],
    today: dt.date,
    fresh: Mapping[tuple[str, Key], dt.date | None],
) -> Iterator[tuple[ItemStatus, tuple[str, ...]]]:
    """Compute the status of some tracked items of a plan.

    :param fresh: due days of the overdue items of other plans (None: not overdue) that are computed now too.
    :returns: of each its status, and the months that somebody reported for.
    """
    own = plan.row.id
    others = {other for key in rows for other in plan.waits.get(key, ())}
    held = set(rows) | {other for plan_id, other in others if plan_id == own}
    elsewhere = {other for other in others if other[0] != own}
    overdue: dict[tuple[str | None, Key], dt.date] = dict(_overdue(elsewhere - set(fresh), today))
    for other in elsewhere & set(fresh):
        due = fresh[other]
        if due is not None:
            overdue[other] = due
    facts = Facts(record_service.load(plan.row, held))
    made = compute_status(facts, today, set(rows), settings=plan.settings, overdue=overdue)
    return ((status, facts.reported_months(key)) for key, status in made.items())


def _keep(plan: _Computing, row: _Row, status: ItemStatus, reported: Sequence[str]) -> None:
    """Keep what will be written of an item."""
    plan.values[row.id] = values = _tracked_values(status, reported)
    if row.light is not None and status.light != row.light:
        plan.lights.append((row, values["status"]))


def _write_part(plan: _Computing, done: Recomputed) -> None:
    """Write what was computed of a plan once it is much, but what others roll up to."""
    if len(plan.values) < PART:
        return
    above = {row.parent_id for row in plan.rows}
    done.written += _write({id_: values for id_, values in plan.values.items() if id_ not in above})
    plan.values = {id_: values for id_, values in plan.values.items() if id_ in above}


def _is_overdue(status: ItemStatus, today: dt.date) -> bool:
    return status.due is not None and status.due < today and _is_open(status.declared.value, status.labels)


def _is_open(declared: str | None, labels: Iterable[str] | None) -> bool:
    """Tell whether an item is neither outside nor done; done, but open again, is open."""
    if declared in {state.value for state in OUTSIDE}:
        return False
    reopened = any(str(label).startswith(_REOPENED) for label in labels or ())
    return declared != Declared.DONE.value or reopened


def _promises(row: PlanRow) -> bool:
    """A plan that is not adopted promises nothing yet, and nobody is notified of it."""
    return row.status in (*TRACKED, PlanStatus.CLOSED.value)


def _finish(plan: _Computing, done: Recomputed) -> None:
    """Write the last part of a plan, with what rolls up from all of it."""
    _add_rolled(plan.row, plan.rows, plan.values, plan.settings, whole=plan.whole)
    done.written += _write(plan.values)
    if plan.row.status in TRACKED:
        done.lights += _remember(plan.row.id, plan.lights)


def overdue_elsewhere(plan_id: str, today: dt.date) -> dict[tuple[str | None, Key], dt.date]:
    """Return what of other plans is overdue and something of this plan waits for, with its due day."""
    others = {other for _, _, other in _dependencies(_of_plan(plan_id)) if other[0] != plan_id}
    return _overdue(others, today)


def _overdue(others: Collection[tuple[str, Key]], today: dt.date) -> dict[tuple[str | None, Key], dt.date]:
    """Which items of other plans are overdue, by what was computed of them last."""
    if not others:
        return {}
    names = [(plan_id, *key) for plan_id, key in sorted(others)]
    wanted = (
        sa.select(PlanItem.plan_id, PlanItem.level, PlanItem.code, PlanItem.due, PlanItem.declared)
        .add_columns(PlanItem.status["labels"])
        .where(sa.tuple_(PlanItem.plan_id, PlanItem.level, PlanItem.code).in_(names))
        .where(PlanItem.due < today, PlanItem.withdrawn.is_(False))
        # as in _promises
        .join(PlanRow, PlanRow.id == PlanItem.plan_id)
        .where(PlanRow.status.in_([*TRACKED, PlanStatus.CLOSED.value]))
    )
    return {
        (plan_id, (level, code)): due
        for plan_id, level, code, due, declared, labels in model.Session.execute(wanted)
        if _is_open(declared, labels)
    }


# --- the items above


def _add_rolled(
    row: PlanRow, rows: list[_Row], values: dict[str, dict[str, Any]], settings: Settings, *, whole: bool
) -> None:
    """Add to ``values`` what rolls up to the items of ``rows`` from all the items below them.

    It is rolled up from what is stored, as stored: so that some items computed now and all of them
    computed tonight give the same.
    """
    components = None if whole else {item_row.component_id for item_row in rows}
    if components is not None and not components:
        return
    record, statuses = _stored(row, components, values, settings)
    rolled = roll_up(statuses, record, settings)
    for item_row in rows:
        below = rolled.get(item_row.key)
        if below is not None:
            own = values.get(item_row.id)
            values[item_row.id] = (
                {**own, "status": {**own["status"], "rolled": _rolled(below)}}
                if own
                else (_parent_values(below))
            )
        elif item_row.id not in values and not item_row.trackable:
            values[item_row.id] = _EMPTY


def _stored(
    row: PlanRow, components: set[str] | None, values: Mapping[str, Mapping[str, Any]], settings: Settings
) -> tuple[Record, dict[Key, ItemStatus]]:
    """The items of some components with only what a roll-up looks at: fresh where computed now."""
    table = PlanItem.__table__
    by_budget = settings.weights == "budget"
    columns = [table.c[name] for name in ("id", "parent_id", "level", "code", "trackable")]
    columns += [table.c.light, table.c.reasons, table.c.last_update, table.c.disagrees]
    columns += [
        table.c.status[name].label(f"status_{name}")
        for name in ("progress", "excluded", "valid_evidence", "suggested")
    ]
    columns += [
        table.c.body["weight"].label("weight"),
        table.c.body["schedule"]["kind"].astext.label("schedule"),
        (table.c.body if by_budget else sa.null()).label("body"),
    ]
    wanted = (
        sa.select(*columns)
        .where(table.c.plan_id == row.id, table.c.withdrawn.is_(False))
        .order_by(table.c.position)
    )
    if components is not None:
        wanted = wanted.where(table.c.component_id.in_(components))
    found = list(model.Session.execute(wanted))
    keys = {entry.id: (entry.level, entry.code) for entry in found}
    plan = Plan(row.family, start=row.start, end=row.end)
    statuses: dict[Key, ItemStatus] = {}
    for entry in found:
        plan.items.append(_rollup_item(entry, keys.get(entry.parent_id)))
        if entry.trackable:
            now = values.get(entry.id)
            statuses[entry.level, entry.code] = _rollup_status(
                (entry.level, entry.code), now if now is not None else _values_of(entry)
            )
    return Record(plan, version=row.version, settings=dict(row.settings or {})), statuses


def _rollup_item(entry: Any, parent: Key | None) -> Item:
    if entry.body is not None:
        item = store.item_from_store(entry.body)
        item.parent = parent
        return item
    schedule = Schedule(ScheduleKind(entry.schedule) if entry.schedule else ScheduleKind.UNDECLARED)
    weight = Decimal(str(entry.weight)) if entry.weight is not None else None
    return Item(
        entry.level,
        entry.code,
        "",
        parent=parent,
        trackable=entry.trackable,
        weight=weight,
        schedule=schedule,
    )


def _values_of(entry: Any) -> dict[str, Any]:
    """Values as :func:`_tracked_values` gives them, of a row that is not computed now."""
    return {
        "light": entry.light,
        "reasons": entry.reasons,
        "last_update": entry.last_update.isoformat() if entry.last_update else None,
        "disagrees": entry.disagrees,
        "status": {
            "progress": entry.status_progress,
            "excluded": entry.status_excluded,
            "valid_evidence": entry.status_valid_evidence,
            "suggested": entry.status_suggested,
        },
    }


def _rollup_status(key: Key, values: Mapping[str, Any]) -> ItemStatus:
    stored = values["status"]
    suggested = stored["suggested"]
    return ItemStatus(
        key=key,
        declared=Declared.NOT_STARTED,
        light=values["light"] or Declared.NOT_STARTED.value,
        reasons=tuple(Reason(code) for code in values["reasons"] or ()),
        progress=Decimal(stored["progress"]) if stored["progress"] is not None else None,
        progress_source=None,
        expected=None,
        due=None,
        last_update=dt.datetime.fromisoformat(values["last_update"]) if values["last_update"] else None,
        silence_days=None,
        evidence=0,
        valid_evidence=stored["valid_evidence"] or 0,
        private_evidence=0,
        excluded=bool(stored["excluded"]),
        assignments=(),
        quota=None,
        answers=(),
        labels=(),
        verdicts=(),
        disagreement=bool(values["disagrees"]),
        suggested=Completion(suggested) if suggested else None,
    )


# --- what is written


def _tracked_values(status: ItemStatus, reported: Sequence[str]) -> dict[str, Any]:
    """The computed columns of a tracked item."""
    # the months are no part of a cut, which freezes the reports themselves
    stored = {**item_status_dict(status), "reported": list(reported)}
    return {
        "declared": status.declared.value,
        "light": status.light,
        "reasons": [reason.code for reason in status.reasons],
        "progress": stored["progress"],
        "last_update": _moment(status.last_update),
        "disagrees": status.disagreement,
        "status": stored,
    }


def _parent_values(below: RollUp) -> dict[str, Any]:
    """The computed columns of an item that only has others below it: no state nor light of its own."""
    rolled = _rolled(below)
    return {
        **_EMPTY,
        "progress": rolled["rolled"]["progress"],
        "last_update": _moment(below.last_update),
        "disagrees": below.disagreements > 0,
        "status": {"rolled": rolled},
    }


#: Of an item under which nothing is tracked.
_EMPTY: dict[str, Any] = {
    "declared": None,
    "light": None,
    "reasons": [],
    "progress": None,
    "last_update": None,
    "disagrees": False,
    "status": None,
}


def _rolled(below: RollUp) -> dict[str, Any]:
    return roll_up_dict(below)


def _moment(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.timezone.utc).isoformat() if moment else None


_UPDATE = sa.text(
    """
    UPDATE ogp_item AS item
    SET declared = new.declared, light = new.light, reasons = new.reasons, progress = new.progress,
        last_update = new.last_update, disagrees = new.disagrees, status = new.status,
        computed = clock_timestamp()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(
        id text, declared text, light text, reasons text[], progress numeric(12, 6), last_update timestamptz,
        disagrees boolean, status jsonb)
    WHERE item.id = new.id
      AND (item.declared, item.light, item.reasons, item.progress, item.last_update, item.disagrees,
           item.status)
          IS DISTINCT FROM
          (new.declared, new.light, new.reasons, new.progress, new.last_update, new.disagrees, new.status)
    """
)


def _write(values: Mapping[str, Mapping[str, Any]]) -> int:
    """Write the computed columns of rows, a batch a statement; what is the same already is left alone."""
    written = 0
    for batch in _batches(sorted(values.items())):
        rows = json.dumps([{"id": id_, **entry} for id_, entry in batch], ensure_ascii=False)
        written += model.Session.execute(_UPDATE, {"rows": rows}).rowcount
    return written


def _batches(pairs: list[tuple[str, Any]]) -> Iterator[list[tuple[str, Any]]]:
    for start in range(0, len(pairs), BATCH):
        yield pairs[start : start + BATCH]


def _remember(plan_id: str, lights: Iterable[tuple[_Row, Mapping[str, Any]]]) -> list[tuple[str, str, str]]:
    """Write down the lights that changed. The first light that an item gets is no change."""
    changed = []
    moment = event_service.clock()
    history = []
    for row, status in lights:
        before = str(row.light)
        changed.append((row.id, before, status["light"]))
        history.append(
            {
                "id": make_uuid(),
                "plan_id": plan_id,
                "item_id": row.id,
                "before": before,
                "after": status["light"],
                "reasons": status["reasons"],
                "at": moment,
            }
        )
    if history:
        model.Session.execute(sa.insert(LightChange.__table__), history)
    return changed


def _forget(plans: Collection[str]) -> None:
    """Let what the session holds of these items be read again: it was written past it."""
    for entry in list(model.Session.identity_map.values()):
        if isinstance(entry, PlanItem) and entry.plan_id in plans:
            model.Session.expire(entry)
