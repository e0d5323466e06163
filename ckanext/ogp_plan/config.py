"""Every option of the plugin: its key and one typed reader. Nobody else reads the configuration.

Options, their defaults and what they mean are declared in ``config_declaration.yaml``. A reader
raises :class:`ckan.exceptions.CkanConfigurationException`, naming the key, when the value cannot
be used; :func:`require_valid` calls them all.
"""

from __future__ import annotations

import ipaddress
import zoneinfo

import ckan.plugins.toolkit as tk
from ckan.exceptions import CkanConfigurationException

PREFIX = "ckanext.ogp_plan."

TIMEZONE = PREFIX + "timezone"
QUEUE = PREFIX + "queue"
PAGE_SIZE = PREFIX + "page_size"
MAX_IMPORT_BYTES = PREFIX + "max_import_bytes"
MAX_EVIDENCE_BYTES = PREFIX + "max_evidence_bytes"
CHECK_LINKS = PREFIX + "check_links"
CHECK_HOSTS = PREFIX + "check_hosts"
CHECK_NETWORKS = PREFIX + "check_networks"
CHECK_TIMEOUT = PREFIX + "check_timeout"
REMINDERS = PREFIX + "reminders"

#: The largest page of anything that anybody may ask for.
LARGEST_PAGE = 1000


def _wrong(key: str, value: object, remedy: str) -> CkanConfigurationException:
    return CkanConfigurationException(f"{key} = {value!r} cannot be used: {remedy}")


def _text(key: str) -> str:
    return str(tk.config.get(key) or "").strip()


def _whole(key: str, low: int, high: int) -> int:
    value = tk.config.get(key)
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise _wrong(key, value, f"give a whole number from {low} to {high}")
    return number


def timezone() -> zoneinfo.ZoneInfo:
    """Return the zone in which days begin and end (default: Bogotá)."""
    name = _text(TIMEZONE)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong(TIMEZONE, name, "give a zone's name, such as America/Bogota") from error


def queue() -> str:
    """Return the name of the queue of our jobs."""
    name = _text(QUEUE)
    if not name:
        raise _wrong(QUEUE, name, "give the queue's name")
    return name


def page_size() -> int:
    """Return how many items a page of a list shows."""
    return _whole(PAGE_SIZE, 1, LARGEST_PAGE)


def max_import_bytes() -> int:
    """Return how many bytes a document to be imported may have."""
    return _whole(MAX_IMPORT_BYTES, 1024, 512 * 1024 * 1024)


def max_evidence_bytes() -> int:
    """Return how many bytes of a linked evidence are read at most to take its hash."""
    return _whole(MAX_EVIDENCE_BYTES, 1024, 1024 * 1024 * 1024)


def check_links() -> bool:
    """Tell whether the portal itself looks at linked evidence."""
    return tk.asbool(tk.config.get(CHECK_LINKS))


def check_hosts() -> frozenset[str]:
    """Return the hosts, in lower case, whose links may be looked at; empty: any public one."""
    return frozenset(_text(CHECK_HOSTS).lower().split())


def check_networks() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return networks, otherwise private, that may be reached to look at evidence."""
    words = _text(CHECK_NETWORKS).split()
    try:
        return tuple(ipaddress.ip_network(word) for word in words)
    except ValueError as error:
        raise _wrong(CHECK_NETWORKS, words, "write networks such as 10.20.0.0/16") from error


def check_timeout() -> int:
    """Return the seconds one look at a link may last."""
    return _whole(CHECK_TIMEOUT, 1, 600)


def reminders() -> bool:
    """Tell whether reminders are sent by mail."""
    return tk.asbool(tk.config.get(REMINDERS))


def require_valid() -> None:
    """Read every option, so that a wrong one is told when the portal starts."""
    for reader in (
        timezone,
        queue,
        page_size,
        max_import_bytes,
        max_evidence_bytes,
        check_links,
        check_hosts,
        check_networks,
        check_timeout,
        reminders,
    ):
        reader()
