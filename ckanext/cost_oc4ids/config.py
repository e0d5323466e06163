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
from ckan.exceptions import CkanConfigurationException

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
TIMEZONE = PREFIX + "timezone"
COUNTRY_BBOX = PREFIX + "country_bbox"
PAGE_SIZE = PREFIX + "page_size"

GuardMode = Literal["strict", "warn", "off"]
GUARD_MODES: tuple[GuardMode, ...] = ("strict", "warn", "off")

#: The largest page of projects anybody may ask for, whatever the configuration says.
LARGEST_PAGE = 1000
#: jsonschema-rs and CPython's parser both end near 255 levels; beyond this no limit protects.
DEEPEST = 200


def _wrong(key: str, value: Any, remedy: str) -> CkanConfigurationException:
    return CkanConfigurationException(f"{key} = {value!r} cannot be used: {remedy}")


def _text(key: str) -> str:
    return str(tk.config.get(key) or "").strip()


def _words(key: str) -> list[str]:
    value = tk.config.get(key) or []
    if isinstance(value, str):
        return value.split()
    return [str(word) for word in value]


def _number(key: str, least: int, most: int | None = None) -> int:
    value = tk.config.get(key)
    try:
        number = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _wrong(key, value, "write a whole number") from None
    if number < least or (most is not None and number > most):
        limits = f"of at least {least}" if most is None else f"between {least} and {most}"
        raise _wrong(key, value, f"write a whole number {limits}")
    return number


def guard() -> GuardMode:
    """Return what to do with a file that does not conform: ``strict``, ``warn`` or ``off``."""
    mode = _text(GUARD)
    if mode not in GUARD_MODES:
        raise _wrong(GUARD, mode, f"write one of {', '.join(GUARD_MODES)}")
    return mode


def raise_to_error() -> frozenset[str]:
    """Return the codes of findings that count as errors on this portal."""
    return frozenset(_words(RAISE_TO_ERROR))


def prefix() -> str | None:
    """Return the registered project identifier prefix, or None when none is configured."""
    return _text(PROJECT_PREFIX) or None


def max_bytes() -> int:
    """Return the size in bytes over which a file is refused."""
    return _number(MAX_BYTES, 1)


def inline_max_bytes() -> int:
    """Return the size in bytes over which a file is validated by the worker and not in the request."""
    return _number(INLINE_MAX_BYTES, 0)


def max_depth() -> int:
    """Return the deepest nesting accepted, in levels."""
    return _number(MAX_DEPTH, 16, DEEPEST)


def publisher_name() -> str:
    """Return the publisher's name for the bulk package: the configured one, or the portal's title."""
    return _text(PUBLISHER_NAME) or str(tk.config.get("ckan.site_title") or "").strip()


def publisher_uri() -> str:
    """Return the publisher's URI for the bulk package: the configured one, or the portal's address."""
    return _text(PUBLISHER_URI) or str(tk.config.get("ckan.site_url") or "").strip()


def publisher_scheme() -> str | None:
    """Return the code of the register that identifies the publisher, or None."""
    return _text(PUBLISHER_SCHEME) or None


def publisher_uid() -> str | None:
    """Return the publisher's identifier in the register of :func:`publisher_scheme`, or None."""
    return _text(PUBLISHER_UID) or None


def licence() -> str | None:
    """Return the address of the bulk package's licence, or None."""
    return _text(LICENCE) or None


def publication_policy() -> str | None:
    """Return the address of the publication policy, or None."""
    return _text(PUBLICATION_POLICY) or None


def fetch_links() -> bool:
    """Return whether the worker fetches links. Without any of :func:`fetch_hosts` it fetches none."""
    return tk.asbool(tk.config.get(FETCH_LINKS) or False)


def fetch_hosts() -> frozenset[str]:
    """Return the host names, in lower case, that links may be fetched from."""
    return frozenset(host.lower() for host in _words(FETCH_HOSTS))


def fetch_networks() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return the networks that links may lead to although they are not of the public internet."""
    try:
        return tuple(ipaddress.ip_network(word) for word in _words(FETCH_NETWORKS))
    except ValueError:
        raise _wrong(FETCH_NETWORKS, _words(FETCH_NETWORKS), "write networks such as 10.20.0.0/16") from None


def fetch_timeout() -> int:
    """Return the seconds a connection, and each read of it, may take while a link is fetched."""
    return _number(FETCH_TIMEOUT, 1, 600)


def queue() -> str:
    """Return the name of the queue of background jobs."""
    name = _text(QUEUE)
    if not name:
        raise _wrong(QUEUE, name, "write the name of a queue")
    return name


def anonymous_validations_per_hour() -> int:
    """Return how many files a visitor without an account may have validated in an hour."""
    return _number(ANONYMOUS_VALIDATIONS_PER_HOUR, 0)


def timezone() -> zoneinfo.ZoneInfo:
    """Return the zone in which "today" and dates without a zone are understood."""
    name = _text(TIMEZONE)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(TIMEZONE, name, "write an IANA time zone such as America/Bogota") from None


def country_bbox() -> tuple[float, float, float, float]:
    """Return (west, south, east, north) of the country, in degrees."""
    words = _words(COUNTRY_BBOX)
    remedy = "write west, south, east and north in degrees, separated by spaces"
    try:
        west, south, east, north = (float(word) for word in words)
    except ValueError:
        raise _wrong(COUNTRY_BBOX, " ".join(words), remedy) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise _wrong(COUNTRY_BBOX, " ".join(words), remedy)
    return west, south, east, north


def page_size() -> int:
    """Return how many projects a page of the list shows."""
    return _number(PAGE_SIZE, 1, LARGEST_PAGE)


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
