"""Typed readers of options of ``ckan.ini``, for the ``config`` module of each plugin.

Each raises :class:`ckan.exceptions.CkanConfigurationException`, naming the key and what to write, when the
value cannot be used.
"""

from __future__ import annotations

import ipaddress
import zoneinfo
from pathlib import Path

import ckan.plugins.toolkit as tk
from ckan.exceptions import CkanConfigurationException


def option_error(key: str, value: object, remedy: str) -> CkanConfigurationException:
    """Return the error of an option that cannot be used.

    :param key: the option.
    :param value: its value.
    :param remedy: what to write instead, as a clause: "write a whole number".
    """
    return CkanConfigurationException(f"{key} = {value!r} cannot be used: {remedy}")


def read_text(key: str) -> str:
    """Return an option's text without the spaces around it; empty when it is not set."""
    return str(tk.config.get(key) or "").strip()


def read_words(key: str) -> list[str]:
    """Return an option's words, which spaces separate."""
    value = tk.config.get(key) or []
    if isinstance(value, str):
        return value.split()
    return [str(word) for word in value]


def read_number(key: str, least: int, most: int | None = None) -> int:
    """Return a whole number.

    :param least: the smallest that can be used.
    :param most: the largest; None: there is none.
    """
    value = tk.config.get(key)
    try:
        number = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise option_error(key, value, "write a whole number") from None
    if number < least or (most is not None and number > most):
        limits = f"of at least {least}" if most is None else f"between {least} and {most}"
        raise option_error(key, value, f"write a whole number {limits}")
    return number


def read_flag(key: str) -> bool:
    """Return a yes or no, as CKAN reads them; no when it is not set."""
    return bool(tk.asbool(tk.config.get(key) or False))


def read_zone(key: str) -> zoneinfo.ZoneInfo:
    """Return a time zone by its IANA name."""
    name = read_text(key)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise option_error(key, name, "write an IANA time zone such as America/Bogota") from None


def read_networks(key: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return IP networks, which spaces separate."""
    words = read_words(key)
    try:
        return tuple(ipaddress.ip_network(word) for word in words)
    except ValueError:
        raise option_error(key, words, "write networks such as 10.20.0.0/16") from None


def read_folder(key: str, default: Path | None) -> Path | None:
    """Return a folder of files that the web server must not serve.

    :param default: where the option is not set; None: nowhere.
    """
    name = read_text(key)
    folder = Path(name) if name else default
    if folder is None:
        return None
    if not folder.is_absolute():
        raise option_error(key, name, "write the whole path of a folder, beginning with /")
    served = [Path(path) for path in _served_folders()]
    if any(folder == path or path in folder.parents for path in served):
        raise option_error(key, str(folder), "choose a folder that the web server does not serve")
    return folder


def _served_folders() -> list[str]:
    """The folders whose files CKAN gives to anybody."""
    storage = read_text("ckan.storage_path")
    public = tk.config.get("plugin_public_paths") or []
    extra = read_text("extra_public_paths").split(",")
    return [path for path in [*public, *extra] if path] + ([f"{storage}/storage"] if storage else [])


def read_queue(key: str) -> str:
    """Return the name of a queue of background jobs."""
    name = read_text(key)
    if not name:
        raise option_error(key, name, "write the name of a queue")
    return name
