"""Every option of the plugin: its key and one typed reader. Nobody else reads the configuration.

Options, their defaults and what they mean are declared in ``config_declaration.yaml``. A reader
raises :class:`ckan.exceptions.CkanConfigurationException`, naming the key, when the value cannot
be used; :func:`require_valid` calls them all.
"""

from __future__ import annotations

import ipaddress
import zoneinfo

from ckanext.cost_common import options

PREFIX = "ckanext.ogp_plan."

TIMEZONE = PREFIX + "timezone"
QUEUE = PREFIX + "queue"
PAGE_SIZE = PREFIX + "page_size"
MAX_IMPORT_BYTES = PREFIX + "max_import_bytes"
MAX_IMPORT_CELLS = PREFIX + "max_import_cells"
MAX_IMPORT_SECONDS = PREFIX + "max_import_seconds"
MAX_IMPORT_MEMORY = PREFIX + "max_import_memory"
MAX_EVIDENCE_BYTES = PREFIX + "max_evidence_bytes"
CHECK_LINKS = PREFIX + "check_links"
CHECK_HOSTS = PREFIX + "check_hosts"
CHECK_NETWORKS = PREFIX + "check_networks"
CHECK_TIMEOUT = PREFIX + "check_timeout"
REMINDERS = PREFIX + "reminders"

#: The largest page of anything that anybody may ask for.
LARGEST_PAGE = 1000


def timezone() -> zoneinfo.ZoneInfo:
    """Return the zone in which days begin and end (default: Bogotá)."""
    return options.read_zone(TIMEZONE)


def queue() -> str:
    """Return the name of the queue of our jobs."""
    return options.read_queue(QUEUE)


def page_size() -> int:
    """Return how many items a page of a list shows."""
    return options.read_number(PAGE_SIZE, 1, LARGEST_PAGE)


def max_import_bytes() -> int:
    """Return how many bytes a document to be imported may have."""
    return options.read_number(MAX_IMPORT_BYTES, 1024, 512 * 1024 * 1024)


def max_import_cells() -> int:
    """Return how many cells a document to be imported, or a workbook of duties, may have."""
    return options.read_number(MAX_IMPORT_CELLS, 1000, 5_000_000)


def max_import_seconds() -> int:
    """Return the seconds of processor time that reading such a document may take."""
    return options.read_number(MAX_IMPORT_SECONDS, 1, 3600)


def max_import_memory() -> int:
    """Return the bytes of memory that reading such a document may take."""
    return options.read_number(MAX_IMPORT_MEMORY, 64 * 1024 * 1024)


def max_evidence_bytes() -> int:
    """Return how many bytes of a linked evidence are read at most to take its hash."""
    return options.read_number(MAX_EVIDENCE_BYTES, 1024, 1024 * 1024 * 1024)


def check_links() -> bool:
    """Return whether the portal itself looks at linked evidence."""
    return options.read_flag(CHECK_LINKS)


def check_hosts() -> frozenset[str]:
    """Return the hosts, in lower case, whose links may be looked at; empty: any public one."""
    return frozenset(options.read_text(CHECK_HOSTS).lower().split())


def check_networks() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return networks, otherwise private, that may be reached to look at evidence."""
    return options.read_networks(CHECK_NETWORKS)


def check_timeout() -> int:
    """Return the seconds one look at a link may last."""
    return options.read_number(CHECK_TIMEOUT, 1, 600)


def reminders() -> bool:
    """Return whether reminders are sent by mail."""
    return options.read_flag(REMINDERS)


def require_valid() -> None:
    """Read every option, so that a wrong one ends the portal's start."""
    for reader in (
        timezone,
        queue,
        page_size,
        max_import_bytes,
        max_import_cells,
        max_import_seconds,
        max_import_memory,
        max_evidence_bytes,
        check_links,
        check_hosts,
        check_networks,
        check_timeout,
        reminders,
    ):
        reader()
