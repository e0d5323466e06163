"""One letter through CKAN's mailer, and what is known of it afterwards.

A letter must not go out twice, and none may be lost: so it matters whether a mail server that
failed had taken it already. SMTP says when: a letter is the server's from the moment it answers to
the end of its text (RFC 5321, 4.2.5 and 6.1).
"""

from __future__ import annotations

import logging
import smtplib
import traceback
from collections.abc import Iterator
from enum import Enum

from ckan import model
from ckan.lib import mailer

from ckanext.cost_common.mail import find_missing_option, limit_time

log = logging.getLogger(__name__)


class Outcome(str, Enum):
    """The outcome of sending a letter."""

    SENT = "sent"
    #: the server does not take it for this recipient, now or ever
    REFUSED = "refused"
    #: the server does not take it now
    LATER = "later"
    #: there is no server: trying the others is useless
    UNAVAILABLE = "unavailable"
    #: the connection broke after the text was sent: whether it was delivered is not known
    UNKNOWN = "unknown"


def send_message(user: model.User, subject: str, body: str) -> tuple[Outcome, str]:
    """Send a letter to a user; return the outcome, and the error in words.

    Writes nothing; the caller commits before and after.
    """
    missing = find_missing_option()
    if missing:
        return Outcome.UNAVAILABLE, missing
    try:
        with limit_time():
            mailer.mail_user(user, subject, body)
    except Exception as error:
        outcome = classify_error(error)
        if outcome is not Outcome.SENT:
            log.warning("A letter was not sent (%s): %s", outcome.value, error)
        return outcome, f"{type(error).__name__}: {error}"[:500]
    return Outcome.SENT, ""


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those it came from, the last one first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _list_smtplib_functions(error: BaseException) -> set[str]:
    """Names of the functions of ``smtplib`` that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    return {frame.name for frame in frames if frame.filename.endswith("smtplib.py")}


def classify_error(error: BaseException) -> Outcome:
    """Return what an error of the mailer means for the letter."""
    # the mailer sends QUIT whatever happened before: its failure says nothing about the letter
    causes = [cause for cause in _list_causes(error) if "quit" not in _list_smtplib_functions(cause)]
    if not causes:
        return Outcome.SENT
    for cause in causes:
        if isinstance(cause, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _ in cause.recipients.values()]
            return Outcome.REFUSED if all(500 <= code < 600 for code in codes) else Outcome.LATER
        if isinstance(cause, smtplib.SMTPDataError | smtplib.SMTPSenderRefused):
            return Outcome.REFUSED if 500 <= cause.smtp_code < 600 else Outcome.LATER
        if isinstance(cause, smtplib.SMTPResponseException | smtplib.SMTPNotSupportedError):
            return Outcome.UNAVAILABLE
    if any("data" in _list_smtplib_functions(cause) for cause in causes):
        return Outcome.UNKNOWN
    return Outcome.UNAVAILABLE
