"""Letters to who reports: 10, 3 and 0 business days before something is due, and a weekly digest.

A letter is queued once (a unique key), and its row has a state: ``pending``, ``sending``,
``sent``, ``failed`` (with why), ``not_needed`` (what it was about is done) or ``skipped`` (its reader has no
address, or wants none). It is ``sending`` in the database before it goes to the mail server: whatever
happens, it is not sent twice. When the mail server is unavailable it stays pending (:mod:`.delivery`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import insert

from ckanext.cost_common.values.business_days import add_business_days, day_of
from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow, Reminder
from ckanext.ogp_plan.planning import calendar, store
from ckanext.ogp_plan.planning.types import Declared, Plan, PlanStatus, Schedule, ScheduleKind
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service

PENDING, SENDING, SENT, FAILED, NOT_NEEDED, SKIPPED = (
    "pending",
    "sending",
    "sent",
    "failed",
    "not_needed",
    "skipped",
)
DUE, DIGEST = "due", "digest"
#: Lights of what nobody needs to be reminded of.
DONE_LIGHTS = (
    Declared.DONE.value,
    Declared.NOT_APPLICABLE.value,
    Declared.SUSPENDED.value,
    Declared.WITHDRAWN.value,
)
TRACKED_STATUSES = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)
#: Rows inserted at once.
_ROWS_AT_ONCE = 1000


# --- what is owed


@dataclass(frozen=True, slots=True)
class Occasion:
    """One day on which something is due, and since when a report counts for it (None: no report does)."""

    due: dt.date
    since: dt.date | None


def list_occasions(schedule: Schedule, plan: Plan) -> list[Occasion]:
    """Return the days on which an item is due: each scheduled month's last, or its one day."""
    if schedule.kind in (ScheduleKind.MONTHS, ScheduleKind.RECURRING):
        days = [last_of_month(year, month) for year, month in calendar.scheduled_months(schedule, plan)]
    else:
        due = calendar.due_of(schedule, plan)
        days = [due] if due else []
    starts = [plan.start or dt.date.min, *(day + dt.timedelta(days=1) for day in days)]
    return [Occasion(day, since) for day, since in zip(days, starts, strict=False)]


def find_due_step(due: dt.date, today: dt.date, days: Sequence[int]) -> int | None:
    """Return which of the letters (so many business days before) is in its time today; None: none is.

    Of a run that was missed only the last letter counts: nobody gets three at once.
    """
    if today > due:
        return None
    begun = [count for count in days if today >= _reminder_day(due, count)]
    return min(begun, default=None)


def _reminder_day(due: dt.date, count: int) -> dt.date:
    """The business day that is ``count`` before the last one on which something can be done in time."""
    last = add_business_days(due + dt.timedelta(days=1), -1)
    return add_business_days(last, -count) if count else last


def queue_reminders(today: dt.date | None = None) -> int:
    """Queue the letters that are due by now, and commit; return how many are new."""
    day = today or record_service.today()
    wanted = sa.select(PlanRow).where(PlanRow.status.in_(TRACKED_STATUSES)).order_by(PlanRow.name)
    made = 0
    readers: set[str] = set()
    for plan in model.Session.scalars(wanted).all():
        rows, reading = _build_plan_rows(plan, day)
        made += _insert_new(rows)
        readers |= reading
    made += _insert_new(_build_digest_rows(readers, day))
    model.Session.commit()
    return made


def _build_plan_rows(plan: PlanRow, today: dt.date) -> tuple[list[dict[str, Any]], set[str]]:
    """Letters of one plan, and who reads of it at all."""
    days = record_service.effective_settings(plan).reminder_days
    frame = Plan(plan.family, start=plan.start, end=plan.end)
    items = _load_open_items(plan)
    owed = _load_responsibles({item.id for item in items}, plan.id)
    focal = permission.load_focal_points({name for names in owed.values() for name in names}, plan.id)
    reading = {user for item in items for name in owed[item.id] for user in focal[name]}
    soon = []
    for item in items:
        occasions = list_occasions(store.item_from_store(item.body).schedule, frame)
        for occasion in occasions:
            left = find_due_step(occasion.due, today, days)
            if left is not None:
                # what is due once is answered by being done, what is due again and again by a report
                soon.append((item, occasion if len(occasions) > 1 else replace(occasion, since=None), left))
    reported = _load_reports(plan.id, {(item.level, item.code) for item, _, _ in soon}) if soon else {}
    rows = []
    for item, occasion, left in soon:
        for name in sorted(owed[item.id]):
            if _is_done(item, name, occasion, reported):
                continue
            for user in focal[name]:
                rows.append(
                    {
                        "key": f"due/{plan.id}/{item.id}/{name}/{occasion.due}/{left}/{user}",
                        "user_id": user,
                        "kind": DUE,
                        "body": {
                            "plan": plan.id,
                            "item": item.id,
                            "organization": name,
                            "due": occasion.due.isoformat(),
                            "days": left,
                        },
                        "due": occasion.due,
                    }
                )
    return rows, reading


def _load_open_items(plan: PlanRow) -> list[PlanItem]:
    wanted = (
        sa.select(PlanItem)
        .where(PlanItem.plan_id == plan.id, PlanItem.trackable.is_(True), PlanItem.withdrawn.is_(False))
        .where(sa.or_(PlanItem.light.is_(None), PlanItem.light.not_in(DONE_LIGHTS)))
        .order_by(PlanItem.position)
    )
    return list(model.Session.scalars(wanted))


def _load_responsibles(item_ids: Collection[str], plan_id: str) -> dict[str, set[str]]:
    """Item → names of the organismos that owe it."""
    wanted = sa.select(ItemAssignment.item_id, ItemAssignment.organization).where(
        ItemAssignment.plan_id == plan_id,
        ItemAssignment.organization.is_not(None),
        ItemAssignment.role.in_(permission.RESPONSIBLE_ROLES),
    )
    found: dict[str, set[str]] = defaultdict(set)
    for item_id, name in model.Session.execute(wanted):
        if item_id in item_ids:
            found[item_id].add(name)
    return found


def _load_reports(
    plan_id: str, keys: set[tuple[str, str]]
) -> dict[tuple[str, str, str | None], list[dt.datetime]]:
    """(level, code, organismo) → when it reported."""
    wanted = sa.select(Event.level, Event.code, Event.organization, Event.at).where(
        Event.plan_id == plan_id,
        Event.kind.in_(("update", "measurement")),
        sa.tuple_(Event.level, Event.code).in_(sorted(keys)),
    )
    found: dict[tuple[str, str, str | None], list[dt.datetime]] = defaultdict(list)
    for level, code, name, at in model.Session.execute(wanted):
        found[level, code, name].append(at)
    return found


def _is_done(
    item: PlanItem,
    organization: str,
    occasion: Occasion,
    reported: dict[tuple[str, str, str | None], list[dt.datetime]],
) -> bool:
    """Whether an organismo has done what is due: its own part, or one of several occasions."""
    if get_assignment_state(item, organization) in DONE_LIGHTS:
        return True
    if occasion.since is None:
        return False
    moments = (
        reported.get((item.level, item.code, organization), [])
        + reported.get((item.level, item.code, None), [])
    )  # fmt: skip
    return any(occasion.since <= day_of(at) <= occasion.due for at in moments)


def get_assignment_state(item: PlanItem, organization: str) -> str | None:
    assignments = (item.status or {}).get("assignments") or []
    return next(
        (
            assignment.get("declared")
            for assignment in assignments
            if assignment.get("organization") == organization
        ),
        None,
    )


def _build_digest_rows(readers: Iterable[str], today: dt.date) -> list[dict[str, Any]]:
    year, week, _ = today.isocalendar()
    name = f"{year}-W{week:02}"
    return [
        {
            "key": f"digest/{name}/{user}",
            "user_id": user,
            "kind": DIGEST,
            "body": {"week": name},
            "due": today,
        }
        for user in sorted(readers)
    ]


def _insert_new(rows: list[dict[str, Any]]) -> int:
    """Insert what is not there yet; return how many."""
    table, made = Reminder.__table__, 0
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = [
            {"id": make_uuid(), "state": PENDING, "attempts": 0, **row}
            for row in rows[start : start + _ROWS_AT_ONCE]
        ]
        statement = insert(table).values(some).on_conflict_do_nothing(index_elements=["key"])
        made += len(model.Session.execute(statement.returning(table.c.id)).all())
    return made
