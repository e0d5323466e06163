"""Letters to who reports: 10, 3 and 0 business days before something is due, and a weekly digest.

A letter is owed once (a unique key), and its row says where it is: ``owed``, ``sending``, ``sent``,
``failed`` (with why), ``settled`` (what it was about is done) or ``skipped`` (its reader has no
address, or wants none). It is ``sending`` in the database before it goes to the mail server: whatever
happens, it is not sent twice. A mail server that is away leaves it owed. What failed is tried again only
when somebody says so (:func:`resend`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import insert

from ckanext.cost_common.values.business_days import add_business_days, day_of
from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.mail import letter as letter_mail
from ckanext.ogp_plan.mail import smtp
from ckanext.ogp_plan.mail.letter import Duty, Letter
from ckanext.ogp_plan.mail.smtp import Outcome
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow, Reminder
from ckanext.ogp_plan.planning import calendar, store
from ckanext.ogp_plan.planning.types import Declared, Plan, PlanStatus, Schedule, ScheduleKind
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service

log = logging.getLogger(__name__)

OWED, SENDING, SENT, FAILED, SETTLED, SKIPPED = "owed", "sending", "sent", "failed", "settled", "skipped"
DUE, DIGEST = "due", "digest"
#: Where users' wishes stand in ``plugin_extras``.
EXTRAS = "ogp_plan"
#: After this a letter that is ``sending`` was interrupted.
INTERRUPTED = dt.timedelta(hours=1)
#: What the error of a failed letter begins with when nobody knows whether it went out.
INTERRUPTED_WORDS = "interrupted: it is not known whether it went out"
UNKNOWN_WORDS = "it is not known whether it went out"
#: Days ahead that the digest tells.
AHEAD = 15
#: Lights of what nobody needs to be reminded of.
_DONE = (
    Declared.DONE.value,
    Declared.NOT_APPLICABLE.value,
    Declared.SUSPENDED.value,
    Declared.WITHDRAWN.value,
)
_TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)
#: Rows inserted at once.
_ROWS = 1000


# --- what is owed


@dataclass(frozen=True, slots=True)
class Occasion:
    """One day on which something is due, and since when a report answers to it (None: no report does)."""

    due: dt.date
    since: dt.date | None


def occasions(schedule: Schedule, plan: Plan) -> list[Occasion]:
    """Return the days on which an item is due: each scheduled month's last, or its one day."""
    if schedule.kind in (ScheduleKind.MONTHS, ScheduleKind.RECURRING):
        days = [last_of_month(year, month) for year, month in calendar.scheduled_months(schedule, plan)]
    else:
        due = calendar.due_of(schedule, plan)
        days = [due] if due else []
    starts = [plan.start or dt.date.min, *(day + dt.timedelta(days=1) for day in days)]
    return [Occasion(day, since) for day, since in zip(days, starts, strict=False)]


def step(due: dt.date, today: dt.date, days: Sequence[int]) -> int | None:
    """Return which of the letters (so many business days before) is in its time today; None: none is.

    Of a run that was missed only the last letter counts: nobody gets three at once.
    """
    if today > due:
        return None
    begun = [count for count in days if today >= _day_of_letter(due, count)]
    return min(begun, default=None)


def _day_of_letter(due: dt.date, count: int) -> dt.date:
    """The business day that is ``count`` before the last one on which something can be done in time."""
    last = add_business_days(due + dt.timedelta(days=1), -1)
    return add_business_days(last, -count) if count else last


def owe(today: dt.date | None = None) -> int:
    """Note the letters that are due by now, and commit; return how many are new."""
    day = today or record_service.today()
    wanted = sa.select(PlanRow).where(PlanRow.status.in_(_TRACKED)).order_by(PlanRow.name)
    made = 0
    readers: set[str] = set()
    for plan in model.Session.scalars(wanted).all():
        rows, reading = _of_plan(plan, day)
        made += _insert(rows)
        readers |= reading
    made += _insert(_digests(readers, day))
    model.Session.commit()
    return made


def _of_plan(plan: PlanRow, today: dt.date) -> tuple[list[dict[str, Any]], set[str]]:
    """Letters of one plan, and who reads of it at all."""
    days = record_service.effective_settings(plan).reminder_days
    frame = Plan(plan.family, start=plan.start, end=plan.end)
    items = _open_items(plan)
    owed = _owed({item.id for item in items}, plan.id)
    focal = permission.load_focal_points({name for names in owed.values() for name in names}, plan.id)
    reading = {user for item in items for name in owed[item.id] for user in focal[name]}
    soon = []
    for item in items:
        several = occasions(store.item_from_store(item.body).schedule, frame)
        for one in several:
            left = step(one.due, today, days)
            if left is not None:
                # what is due once is answered by being done, what is due again and again by a report
                soon.append((item, one if len(several) > 1 else replace(one, since=None), left))
    reported = _reported(plan.id, {(item.level, item.code) for item, _, _ in soon}) if soon else {}
    rows = []
    for item, one, left in soon:
        for name in sorted(owed[item.id]):
            if _answered(item, name, one, reported):
                continue
            for user in focal[name]:
                rows.append(
                    {
                        "key": f"due/{plan.id}/{item.id}/{name}/{one.due}/{left}/{user}",
                        "user_id": user,
                        "kind": DUE,
                        "body": {
                            "plan": plan.id,
                            "item": item.id,
                            "organization": name,
                            "due": one.due.isoformat(),
                            "days": left,
                        },
                        "due": one.due,
                    }
                )
    return rows, reading


def _open_items(plan: PlanRow) -> list[PlanItem]:
    wanted = (
        sa.select(PlanItem)
        .where(PlanItem.plan_id == plan.id, PlanItem.trackable.is_(True), PlanItem.withdrawn.is_(False))
        .where(sa.or_(PlanItem.light.is_(None), PlanItem.light.not_in(_DONE)))
        .order_by(PlanItem.position)
    )
    return list(model.Session.scalars(wanted))


def _owed(item_ids: Collection[str], plan_id: str) -> dict[str, set[str]]:
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


def _reported(
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


def _answered(
    item: PlanItem,
    organization: str,
    one: Occasion,
    reported: dict[tuple[str, str, str | None], list[dt.datetime]],
) -> bool:
    """Whether an organismo has done what is due: its own part, or one of several occasions."""
    if _own_state(item, organization) in _DONE:
        return True
    if one.since is None:
        return False
    moments = (
        reported.get((item.level, item.code, organization), [])
        + reported.get((item.level, item.code, None), [])
    )  # fmt: skip
    return any(one.since <= day_of(at) <= one.due for at in moments)


def _own_state(item: PlanItem, organization: str) -> str | None:
    standing = (item.standing or {}).get("assignments") or []
    return next((one.get("declared") for one in standing if one.get("organization") == organization), None)


def _digests(readers: Iterable[str], today: dt.date) -> list[dict[str, Any]]:
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


def _insert(rows: list[dict[str, Any]]) -> int:
    """Insert what is not there yet; return how many."""
    table, made = Reminder.__table__, 0
    for start in range(0, len(rows), _ROWS):
        some = [
            {"id": make_uuid(), "state": OWED, "attempts": 0, **row} for row in rows[start : start + _ROWS]
        ]
        statement = insert(table).values(some).on_conflict_do_nothing(index_elements=["key"])
        made += len(model.Session.execute(statement.returning(table.c.id)).all())
    return made


# --- sending


@dataclass(slots=True)
class Delivered:
    """How a run went: letters sent, and rows by where they are now."""

    letters: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


@dataclass(slots=True)
class Resent(Delivered):
    """How another try went. ``tried``: rows that had failed; ``left``: those that may have gone out."""

    tried: int = 0
    left: int = 0


def deliver() -> Delivered:
    """Send what is owed, one letter a reader and kind; commits before and after each.

    Several senders may run at once: each takes what no other has.
    """
    went = Delivered()
    if _turned_off(went):
        return went
    went.rows[FAILED] += _give_up_interrupted()
    _deliver_all(Reminder.state == OWED, went)
    return went


def resend(*, doubtful: bool = False) -> Resent:
    """Try what failed once more; commits before and after each letter. None that was sent goes out again.

    What is no longer owed is settled, as in :func:`deliver`. When the mail server goes away, the letter in
    its hands is owed again, and goes out with the next :func:`deliver`; the rest stay as they were.

    :param doubtful: also those of which nobody knows whether they went out: they may arrive twice.
    """
    went = Resent()
    if _turned_off(went):
        return went
    _give_up_interrupted()
    unknown = sa.or_(*(Reminder.error.startswith(words) for words in (INTERRUPTED_WORDS, UNKNOWN_WORDS)))
    known = sa.or_(Reminder.error.is_(None), sa.not_(unknown))
    failed = Reminder.state == FAILED
    if not doubtful:
        wanted = sa.select(sa.func.count(Reminder.id)).where(failed, unknown)
        went.left = int(model.Session.execute(wanted).scalar() or 0)
        failed = sa.and_(failed, known)
    went.tried = _deliver_all(failed, went)
    return went


def _turned_off(went: Delivered) -> bool:
    if not config.reminders():
        went.stopped = "reminders are turned off (ckanext.ogp_plan.reminders)"
    return bool(went.stopped)


def _deliver_all(which: Any, went: Delivered) -> int:
    """Send the rows of a condition, each once, until none is left or no server is; return how many."""
    tried: set[str] = set()
    while True:
        claimed = _claim(which, tried)
        if not claimed:
            return len(tried)
        tried |= {row.id for row in claimed}
        outcome, error = _deliver(claimed, went)
        if outcome is Outcome.AWAY:
            went.stopped = error
            return len(tried)


def run(today: dt.date | None = None) -> Delivered:
    """Note what is owed by now and send it: what cron runs every morning."""
    owe(today)
    return deliver()


def _give_up_interrupted() -> int:
    """Letters whose sender died: whether they went out is not known, so they are not sent again."""
    before = dt.datetime.now(dt.timezone.utc) - INTERRUPTED
    statement = (
        sa.update(Reminder)
        .where(Reminder.state == SENDING, Reminder.sent < before)
        .values(state=FAILED, error=INTERRUPTED_WORDS)
        .execution_options(synchronize_session=False)
    )
    gone = int(model.Session.execute(statement).rowcount)
    model.Session.commit()
    return gone


def _claim(which: Any, tried: Collection[str]) -> list[Reminder]:
    """Take what is owed to one reader; committed as ``sending`` when this returns.

    :param which: a condition on :class:`Reminder`: what is owed.
    :param tried: ids that had their turn.
    """
    owed = sa.and_(which, Reminder.id.not_in(list(tried)) if tried else sa.true())
    first = model.Session.execute(
        sa.select(Reminder.user_id, Reminder.kind)
        .where(owed)
        .order_by(Reminder.due, Reminder.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if first is None:
        model.Session.rollback()
        return []
    rows = list(
        model.Session.scalars(
            sa.select(Reminder)
            .where(owed, Reminder.user_id == first.user_id, Reminder.kind == first.kind)
            .order_by(Reminder.due, Reminder.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
    for row in rows:
        row.state, row.attempts, row.sent = SENDING, row.attempts + 1, dt.datetime.now(dt.timezone.utc)
    model.Session.commit()
    return rows


def _deliver(claimed: list[Reminder], went: Delivered) -> tuple[Outcome | None, str]:
    user = model.Session.get(model.User, claimed[0].user_id)
    why = unwilling(user)
    if why:
        _settle(claimed, SKIPPED, why, went)
        return None, why
    try:
        settled, told, letter = _compose(user, claimed)
    except Exception as fault:
        # our own fault: it must not keep the others from their letters
        model.Session.rollback()
        log.exception("A letter could not be written")
        _settle(claimed, FAILED, f"{type(fault).__name__}: {fault}"[:500], went)
        return None, str(fault)
    _settle(settled, SETTLED, None, went)
    if letter is None:
        return None, ""
    outcome, error = smtp.post(user, letter.subject, letter.body)
    state = {
        Outcome.SENT: SENT,
        Outcome.REFUSED: FAILED,
        Outcome.LATER: OWED,
        Outcome.AWAY: OWED,
        Outcome.UNKNOWN: FAILED,
    }[outcome]
    if outcome is Outcome.UNKNOWN:
        error = f"{UNKNOWN_WORDS}: {error}"
    _settle(told, state, error if state != SENT else None, went)
    went.letters += outcome is Outcome.SENT
    return outcome, error


def _settle(rows: Iterable[Reminder], state: str, error: str | None, went: Delivered) -> None:
    for row in rows:
        row.state, row.error = state, error
        row.sent = dt.datetime.now(dt.timezone.utc) if state == SENT else None
        went.rows[state] += 1
    model.Session.commit()


def wishes(user: model.User | None) -> dict[str, Any]:
    """Return what a user said of letters: ``letters`` (False: none), ``language``."""
    said = ((user.plugin_extras if user is not None else None) or {}).get(EXTRAS)
    return dict(said) if isinstance(said, dict) else {}


def unwilling(user: model.User | None) -> str | None:
    """Return why a user gets no letters, or None."""
    if user is None or user.state != "active":
        return "the account is not active"
    if not user.email:
        return "the account has no e-mail address"
    if wishes(user).get("letters") is False:
        return "the user wants no letters"
    return None


def wish(user: model.User, *, letters_wanted: bool | None = None, language: str | None = None) -> None:
    """Note whether a user wants letters, and in which language. The caller commits."""
    said = wishes(user)
    if letters_wanted is not None:
        said["letters"] = letters_wanted
    if language is not None:
        said["language"] = language
    user.plugin_extras = {**(user.plugin_extras or {}), EXTRAS: said}


def language_of(user: model.User) -> str:
    """Return the language a user reads: as they said, or else the portal's."""
    return str(wishes(user).get("language") or tk.config.get("ckan.locale_default") or "es")


def languages() -> list[str]:
    """Return the languages a letter may be asked for in: those the portal offers."""
    return list(tk.aslist(tk.config.get("ckan.locales_offered"))) or ["es", "en"]


# --- what a letter says


def _compose(user: model.User, rows: list[Reminder]) -> tuple[list[Reminder], list[Reminder], Letter | None]:
    """Return which letters are settled by now, which are told, and the letter that tells them."""
    reader, lang, today = user.fullname or user.name, language_of(user), record_service.today()
    if rows[0].kind == DIGEST:
        late, coming, pages = _week_of(user, today)
        if not late and not coming:
            return rows, [], None
        return [], rows, letter_mail.of_week(reader, late, coming, pages, today, lang)
    known = _Known([row.body for row in rows])
    told = [row for row in rows if known.is_open(row.body)]
    gone = [row for row in rows if row not in told]
    if not told:
        return gone, [], None
    duties = {
        (row.body["item"], row.body["organization"], row.body["due"]): known.duty(row.body) for row in told
    }
    return gone, told, letter_mail.of_duties(reader, list(duties.values()), today, lang)


class _Known:
    """Plans, items and names that some letters are about, read at once."""

    def __init__(self, bodies: Sequence[dict[str, Any]]) -> None:
        self.plans = record_service.plans_by_id(one["plan"] for one in bodies)
        self.items = {
            row.id: row
            for row in model.Session.scalars(
                sa.select(PlanItem).where(PlanItem.id.in_({one["item"] for one in bodies}))
            )
        }
        self.titles = titles({one["organization"] for one in bodies})

    def is_open(self, body: dict[str, Any]) -> bool:
        """Whether what was owed when the letter was noted is owed still."""
        plan, item = self.plans.get(body["plan"]), self.items.get(body["item"])
        if plan is None or item is None or plan.status not in _TRACKED or item.withdrawn:
            return False
        return item.light not in _DONE and _own_state(item, body["organization"]) not in _DONE

    def duty(self, body: dict[str, Any]) -> Duty:
        plan, item = self.plans[body["plan"]], self.items[body["item"]]
        return _duty(plan, item, self.titles[body["organization"]], dt.date.fromisoformat(body["due"]))


def _duty(plan: PlanRow, item: PlanItem, organization: str, due: dt.date | None) -> Duty:
    return Duty(
        organization=organization,
        plan=plan.title,
        code=str(item.body.get("code_printed") or item.code),
        title=item.title,
        url=urls.url_of_item(plan.name, item.address, absolute=True),
        due=due,
        light=item.light or "",
    )


def titles(names: Collection[str]) -> dict[str, str]:
    """Return the titles of organismos by their names; the name itself where there is no such organization."""
    wanted = sa.select(model.Group.name, model.Group.title).where(
        model.Group.name.in_(list(names)), model.Group.is_organization.is_(True)
    )
    known = {name: title or name for name, title in model.Session.execute(wanted)}
    return {name: known.get(name, name) for name in names}


def _week_of(user: model.User, today: dt.date) -> tuple[list[Duty], list[Duty], list[str]]:
    """What is late and what comes next of all that a user reports for, and where to see all of it."""
    person = permission.load_person(user)
    mine = person.represented_organizations(None)
    wanted = (
        sa.select(PlanItem, PlanRow, ItemAssignment.organization)
        .join(PlanRow, PlanRow.id == PlanItem.plan_id)
        .join(ItemAssignment, ItemAssignment.item_id == PlanItem.id)
        .where(
            ItemAssignment.organization.in_(sorted(mine)),
            ItemAssignment.role.in_(permission.RESPONSIBLE_ROLES),
        )
        .where(PlanRow.status.in_(_TRACKED), PlanItem.trackable.is_(True), PlanItem.withdrawn.is_(False))
        .where(sa.or_(PlanItem.light.is_(None), PlanItem.light.not_in(_DONE)))
        .where(PlanItem.due.is_not(None), PlanItem.due <= today + dt.timedelta(days=AHEAD))
        .order_by(PlanItem.due, PlanItem.position)
    )
    # an organismo may owe an item in two roles
    found = {(item.id, name): (item, plan, name) for item, plan, name in model.Session.execute(wanted)}
    rows = [
        (item, plan, name)
        for item, plan, name in found.values()
        if name in person.represented_organizations(plan.id) and _own_state(item, name) not in _DONE
    ]
    named = titles({name for _, _, name in rows})
    duties = [_duty(plan, item, named[name], item.due) for item, plan, name in rows]
    late = [one for one in duties if one.due and one.due < today]
    coming = [one for one in duties if one not in late]
    return late, coming, [_page_of(name) for name in sorted(named)]


def _page_of(organization: str) -> str:
    return str(tk.config["ckan.site_url"]).rstrip("/") + f"/organismo/{organization}/obligaciones"
