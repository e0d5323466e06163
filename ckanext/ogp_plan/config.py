"""Every option of the plugin: its key and one typed reader. Nobody else reads the configuration.

Options, their defaults and what they mean are declared in ``config_declaration.yaml``. A reader
raises :class:`ckan.exceptions.CkanConfigurationException`, naming the key, when the value cannot
be used; :func:`require_valid` calls them all.
"""

from __future__ import annotations

import ipaddress
import zoneinfo
from pathlib import Path

from ckanext.cost_common import options

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
DATASET_TYPE = PREFIX + "dataset_type"
PRIVATE_FILES_PATH = PREFIX + "private_files_path"

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


def private_files_path() -> Path | None:
    """Return the folder of files of withheld evidence; None: the portal has no folder of files at all."""
    storage = options.read_text("ckan.storage_path")
    return options.read_folder(
        PRIVATE_FILES_PATH, Path(storage) / "ogp_plan" / "evidence" if storage else None
    )


def reminders() -> bool:
    """Return whether reminders are sent by mail."""
    return options.read_flag(REMINDERS)


def dataset_type() -> str:
    """Return the type of the datasets that plans are published as."""
    return options.read_text(DATASET_TYPE) or "dataset"


def site_url() -> str:
    """Return the portal's own address, without the slash at its end."""
    return options.read_text("ckan.site_url").rstrip("/")


def require_valid() -> None:
    """Read every option, so that a wrong one ends the portal's start."""
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
        private_files_path,
        dataset_type,
    ):
        reader()
