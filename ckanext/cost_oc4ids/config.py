"""Every option of the plugin: its key and one typed reader. Nobody else reads the configuration.

Options, their defaults and what they mean are declared in ``config_declaration.yaml``.
A reader raises :class:`ckan.exceptions.CkanConfigurationException`, naming the key, when the
value cannot be used; :func:`require_valid` calls them all, so that a portal fails when it
starts and not at somebody's first upload.
"""

from __future__ import annotations

import ipaddress
import zoneinfo
from collections.abc import Callable
from typing import Any, Literal

import ckan.plugins.toolkit as tk

from ckanext.cost_common import options

PREFIX = "ckanext.cost_oc4ids."

GUARD = PREFIX + "guard"
RAISE_TO_ERROR = PREFIX + "raise_to_error"
PROJECT_PREFIX = PREFIX + "prefix"
MAX_BYTES = PREFIX + "max_bytes"
INLINE_MAX_BYTES = PREFIX + "inline_max_bytes"
MAX_DEPTH = PREFIX + "max_depth"
PUBLISHER_NAME = PREFIX + "publisher_name"
PUBLISHER_URI = PREFIX + "publisher_uri"
PUBLISHER_SCHEME = PREFIX + "publisher_scheme"
PUBLISHER_UID = PREFIX + "publisher_uid"
LICENCE = PREFIX + "licence"
PUBLICATION_POLICY = PREFIX + "publication_policy"
FETCH_LINKS = PREFIX + "fetch_links"
FETCH_HOSTS = PREFIX + "fetch_hosts"
FETCH_NETWORKS = PREFIX + "fetch_networks"
FETCH_TIMEOUT = PREFIX + "fetch_timeout"
QUEUE = PREFIX + "queue"
ANONYMOUS_VALIDATIONS_PER_HOUR = PREFIX + "anonymous_validations_per_hour"
WITHDRAW_AFTER_HOURS = PREFIX + "withdraw_after_hours"
ALERT_EMAILS = PREFIX + "alert_emails"
TIMEZONE = PREFIX + "timezone"
COUNTRY_BBOX = PREFIX + "country_bbox"
PAGE_SIZE = PREFIX + "page_size"

GuardMode = Literal["strict", "warn", "off"]
GUARD_MODES: tuple[GuardMode, ...] = ("strict", "warn", "off")

#: The largest page of projects anybody may ask for, whatever the configuration says.
LARGEST_PAGE = 1000
#: jsonschema-rs and CPython's parser both end near 255 levels; beyond this no limit protects.
DEEPEST = 200


def guard() -> GuardMode:
    """Return what to do with a file that does not conform: ``strict``, ``warn`` or ``off``."""
    mode = options.read_text(GUARD)
    if mode not in GUARD_MODES:
        raise options.option_error(GUARD, mode, f"write one of {', '.join(GUARD_MODES)}")
    return mode


def raise_to_error() -> frozenset[str]:
    """Return the codes of findings that count as errors on this portal."""
    return frozenset(options.read_words(RAISE_TO_ERROR))


def prefix() -> str | None:
    """Return the registered project identifier prefix, or None when none is configured."""
    return options.read_text(PROJECT_PREFIX) or None


def max_bytes() -> int:
    """Return the size in bytes over which a file is refused."""
    return options.read_number(MAX_BYTES, 1)


def inline_max_bytes() -> int:
    """Return the size in bytes over which a file is validated by the worker and not in the request."""
    return options.read_number(INLINE_MAX_BYTES, 0)


def max_depth() -> int:
    """Return the deepest nesting accepted, in levels."""
    return options.read_number(MAX_DEPTH, 16, DEEPEST)


def publisher_name() -> str:
    """Return the publisher's name for the bulk package: the configured one, or the portal's title."""
    return options.read_text(PUBLISHER_NAME) or str(tk.config.get("ckan.site_title") or "").strip()


def publisher_uri() -> str:
    """Return the publisher's URI for the bulk package: the configured one, or the portal's address."""
    return options.read_text(PUBLISHER_URI) or str(tk.config.get("ckan.site_url") or "").strip()


def publisher_scheme() -> str | None:
    """Return the code of the register that identifies the publisher, or None."""
    return options.read_text(PUBLISHER_SCHEME) or None


def publisher_uid() -> str | None:
    """Return the publisher's identifier in the register of :func:`publisher_scheme`, or None."""
    return options.read_text(PUBLISHER_UID) or None


def licence() -> str | None:
    """Return the address of the bulk package's licence, or None."""
    return options.read_text(LICENCE) or None


def publication_policy() -> str | None:
    """Return the address of the publication policy, or None."""
    return options.read_text(PUBLICATION_POLICY) or None


def fetch_links() -> bool:
    """Return whether the worker fetches links. Without any of :func:`fetch_hosts` it fetches none."""
    return options.read_flag(FETCH_LINKS)


def fetch_hosts() -> frozenset[str]:
    """Return the host names, in lower case, that links may be fetched from."""
    return frozenset(host.lower() for host in options.read_words(FETCH_HOSTS))


def fetch_networks() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return the networks that links may lead to although they are not of the public internet."""
    return options.read_networks(FETCH_NETWORKS)


def fetch_timeout() -> int:
    """Return the seconds a connection, and each read of it, may take while a link is fetched."""
    return options.read_number(FETCH_TIMEOUT, 1, 600)


def queue() -> str:
    """Return the name of the queue of background jobs."""
    return options.read_queue(QUEUE)


def anonymous_validations_per_hour() -> int:
    """Return how many files a visitor without an account may have validated in an hour."""
    return options.read_number(ANONYMOUS_VALIDATIONS_PER_HOUR, 0)


def withdraw_after_hours() -> int:
    """Return how many hours apart a file must be found to be gone, twice, before its projects go."""
    return options.read_number(WITHDRAW_AFTER_HOURS, 0)


def alert_emails() -> list[str]:
    """Return the addresses that are mailed when a stored file is not the one that was saved."""
    return options.read_words(ALERT_EMAILS) or options.read_words("email_to")


def timezone() -> zoneinfo.ZoneInfo:
    """Return the zone in which "today" and dates without a zone are understood."""
    return options.read_zone(TIMEZONE)


def country_bbox() -> tuple[float, float, float, float]:
    """Return (west, south, east, north) of the country, in degrees."""
    words = options.read_words(COUNTRY_BBOX)
    remedy = "write west, south, east and north in degrees, separated by spaces"
    try:
        west, south, east, north = (float(word) for word in words)
    except ValueError:
        raise options.option_error(COUNTRY_BBOX, " ".join(words), remedy) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise options.option_error(COUNTRY_BBOX, " ".join(words), remedy)
    return west, south, east, north


def page_size() -> int:
    """Return how many projects a page of the list shows."""
    return options.read_number(PAGE_SIZE, 1, LARGEST_PAGE)


READERS: dict[str, Callable[[], Any]] = {
    GUARD: guard,
    RAISE_TO_ERROR: raise_to_error,
    PROJECT_PREFIX: prefix,
    MAX_BYTES: max_bytes,
    INLINE_MAX_BYTES: inline_max_bytes,
    MAX_DEPTH: max_depth,
    PUBLISHER_NAME: publisher_name,
    PUBLISHER_URI: publisher_uri,
    PUBLISHER_SCHEME: publisher_scheme,
    PUBLISHER_UID: publisher_uid,
    LICENCE: licence,
    PUBLICATION_POLICY: publication_policy,
    FETCH_LINKS: fetch_links,
    FETCH_HOSTS: fetch_hosts,
    FETCH_NETWORKS: fetch_networks,
    FETCH_TIMEOUT: fetch_timeout,
    QUEUE: queue,
    ANONYMOUS_VALIDATIONS_PER_HOUR: anonymous_validations_per_hour,
    WITHDRAW_AFTER_HOURS: withdraw_after_hours,
    ALERT_EMAILS: alert_emails,
    TIMEZONE: timezone,
    COUNTRY_BBOX: country_bbox,
    PAGE_SIZE: page_size,
}


def require_valid() -> None:
    """Read every option once.

    Raises CkanConfigurationException naming the first option that cannot be used.
    """
    for read in READERS.values():
        read()
