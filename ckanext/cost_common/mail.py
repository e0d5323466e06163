"""What CKAN's mailer lacks: a check of its options before a letter, and a limit of time."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import ckan.plugins.toolkit as tk
from ckan import plugins

#: Seconds without a response after which a mail server counts as unavailable; CKAN's mailer sets no limit.
TIMEOUT = 30


@contextlib.contextmanager
def limit_time() -> Iterator[None]:
    """Limit how long CKAN's mailer, called within it, waits for a mail server."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def find_missing_option() -> str:
    """Return which option CKAN's mailer cannot send without, and what to set it to; "" if all are there.

    CKAN checks none of this at its start: its mailer fails in each letter, with whatever error comes of it.
    Where another plugin sends (``INotifier``), nothing is asked for: CKAN's mailer may never be needed.
    """
    if _has_notifier():
        return ""
    if not tk.config.get("smtp.server"):
        return _missing("smtp.server", "the mail server's host, or host:port")
    if not tk.config.get("smtp.mail_from"):
        return _missing("smtp.mail_from", "the address that letters come from")
    if tk.config.get("smtp.user") and not tk.config.get("smtp.password"):
        return _missing("smtp.password", "the password of smtp.user, or leave smtp.user empty")
    return ""


def _missing(option: str, value: str) -> str:
    return f"no letter can be sent: set {option} in the portal's configuration ({value})"


def _has_notifier() -> bool:
    """Whether another plugin sends what the mailer is given (CKAN 2.12 and later)."""
    interface = getattr(plugins, "INotifier", None)
    return interface is not None and any(True for _ in plugins.PluginImplementations(interface))
