"""Sending the reminders that are queued: each once, and none lost.

A row is ``sending`` in the database before its letter goes to the mail server: whatever happens, it is
not sent twice. When the mail server is unavailable it stays pending. What failed is tried again only on
request (:func:`resend`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.mail import find_missing_option
from ckanext.ogp_plan import config
from ckanext.ogp_plan.mail import smtp
from ckanext.ogp_plan.mail.composer import compose_letter
from ckanext.ogp_plan.mail.preference import find_skip_reason
from ckanext.ogp_plan.mail.reminder import (
    FAILED,
    NOT_NEEDED,
    PENDING,
    SENDING,
    SENT,
    SKIPPED,
    queue_reminders,
)
from ckanext.ogp_plan.mail.smtp import Outcome
from ckanext.ogp_plan.model import Reminder

log = logging.getLogger(__name__)

#: After this a letter that is ``sending`` was interrupted.
INTERRUPTED = dt.timedelta(hours=1)
#: What the error of a failed letter begins with when nobody knows whether it went out.
INTERRUPTED_WORDS = "interrupted: it is not known whether it went out"
UNKNOWN_WORDS = "it is not known whether it went out"


@dataclass(slots=True)
class DeliveryResult:
    """The result of a run: letters sent, and rows by their state."""

    letters: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


@dataclass(slots=True)
class ResendResult(DeliveryResult):
    """How another try went. ``tried``: rows that had failed; ``left``: those that may have gone out."""

    tried: int = 0
    left: int = 0


def deliver() -> DeliveryResult:
    """Send what is pending, one letter a reader and kind; commits before and after each.

    Several senders may run at once: each takes what no other has.
    """
    result = DeliveryResult()
    if _cannot_send(result):
        return result
    result.rows[FAILED] += _fail_interrupted()
    _deliver_all(Reminder.state == PENDING, result)
    return result


def resend(*, doubtful: bool = False) -> ResendResult:
    """Try what failed once more; commits before and after each letter. None that was sent goes out again.

    What is done by now becomes ``not_needed``, as in :func:`deliver`. When the mail server is unavailable,
    the letter being sent is pending again, and goes out with the next :func:`deliver`; the rest stay as
    they were.

    :param doubtful: also those of which nobody knows whether they went out: they may arrive twice.
    """
    result = ResendResult()
    if _cannot_send(result):
        return result
    _fail_interrupted()
    unknown = sa.or_(*(Reminder.error.startswith(words) for words in (INTERRUPTED_WORDS, UNKNOWN_WORDS)))
    known = sa.or_(Reminder.error.is_(None), sa.not_(unknown))
    failed = Reminder.state == FAILED
    if not doubtful:
        wanted = sa.select(sa.func.count(Reminder.id)).where(failed, unknown)
        result.left = int(model.Session.execute(wanted).scalar() or 0)
        failed = sa.and_(failed, known)
    result.tried = _deliver_all(failed, result)
    return result


def _cannot_send(result: DeliveryResult) -> bool:
    """Whether the configuration lets no letter out; ``result`` says why, and no row is touched."""
    if not config.reminders():
        result.stopped = "reminders are turned off (ckanext.ogp_plan.reminders)"
    else:
        result.stopped = find_missing_option()
    return bool(result.stopped)


def _deliver_all(which: Any, result: DeliveryResult) -> int:
    """Send the rows of a condition, each once, while the server is available; return how many were tried."""
    tried: set[str] = set()
    while True:
        claimed = _claim(which, tried)
        if not claimed:
            return len(tried)
        tried |= {row.id for row in claimed}
        outcome, error = _deliver(claimed, result)
        if outcome is Outcome.UNAVAILABLE:
            result.stopped = error
            return len(tried)


def send_reminders(today: dt.date | None = None) -> DeliveryResult:
    """Queue what is due by now and send it: what cron runs every morning."""
    queue_reminders(today)
    return deliver()


def _fail_interrupted() -> int:
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
    """Take what is pending for one reader; committed as ``sending`` when this returns.

    :param which: a condition on :class:`Reminder`: which rows to send.
    :param tried: ids of the rows tried already.
    """
    waiting = sa.and_(which, Reminder.id.not_in(list(tried)) if tried else sa.true())
    first = model.Session.execute(
        sa.select(Reminder.user_id, Reminder.kind)
        .where(waiting)
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
            .where(waiting, Reminder.user_id == first.user_id, Reminder.kind == first.kind)
            .order_by(Reminder.due, Reminder.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
    for row in rows:
        row.state, row.attempts, row.sent = SENDING, row.attempts + 1, dt.datetime.now(dt.timezone.utc)
    model.Session.commit()
    return rows


def _deliver(claimed: list[Reminder], result: DeliveryResult) -> tuple[Outcome | None, str]:
    user = model.Session.get(model.User, claimed[0].user_id)
    why = find_skip_reason(user)
    if why:
        _set_state(claimed, SKIPPED, why, result)
        return None, why
    try:
        not_needed, due_rows, letter = compose_letter(user, claimed)
    except Exception as fault:
        # an error in one letter must not keep others from theirs
        model.Session.rollback()
        log.exception("A letter could not be written")
        _set_state(claimed, FAILED, f"{type(fault).__name__}: {fault}"[:500], result)
        return None, str(fault)
    _set_state(not_needed, NOT_NEEDED, None, result)
    if letter is None:
        return None, ""
    outcome, error = smtp.send_message(user, letter.subject, letter.body)
    state = {
        Outcome.SENT: SENT,
        Outcome.REFUSED: FAILED,
        Outcome.LATER: PENDING,
        Outcome.UNAVAILABLE: PENDING,
        Outcome.UNKNOWN: FAILED,
    }[outcome]
    if outcome is Outcome.UNKNOWN:
        error = f"{UNKNOWN_WORDS}: {error}"
    _set_state(due_rows, state, error if state != SENT else None, result)
    result.letters += outcome is Outcome.SENT
    return outcome, error


def _set_state(rows: Iterable[Reminder], state: str, error: str | None, result: DeliveryResult) -> None:
    for row in rows:
        row.state, row.error = state, error
        row.sent = dt.datetime.now(dt.timezone.utc) if state == SENT else None
        result.rows[state] += 1
    model.Session.commit()
