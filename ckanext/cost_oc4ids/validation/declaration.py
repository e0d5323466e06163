"""Declared intent: is a resource OC4IDS? What it conforms to says so, never its name or format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.oc4ids.schema import SCHEMAS

#: fields of a resource that are worked out when it is shown and never taken from anybody
COMPUTED = ("oc4ids_version", "oc4ids_verdict", "oc4ids_warnings")


@lru_cache(maxsize=1)
def _addresses() -> tuple[re.Pattern[str], ...]:
    """The addresses of the standard: ``schemas/oc4ids/addresses.yaml``."""
    text = (SCHEMAS / "oc4ids" / "addresses.yaml").read_text(encoding="utf-8")
    return tuple(re.compile(each, re.IGNORECASE) for each in schema.read_yaml(text))


#: longer than any address of the standard
_LONGEST = 500


def uris(conforms_to: Any) -> list[str]:
    """Return the addresses in a ``conforms_to``: one text, a list, or a list written as JSON."""
    if isinstance(conforms_to, str):
        text = conforms_to.strip()
        if text.startswith("["):
            try:
                return uris(json.loads(text))
            except (ValueError, RecursionError):
                return [text]
        return [text] if text else []
    if isinstance(conforms_to, Iterable) and not isinstance(conforms_to, Mapping | bytes):
        return [uri.strip() for uri in conforms_to if isinstance(uri, str) and uri.strip()]
    return []


def version(resource: Mapping[str, Any] | None) -> str | None:
    """Return the version of OC4IDS that a resource declares (``0.9.5``, ``latest``), or None."""
    for uri in uris((resource or {}).get("conforms_to")):
        for address in _addresses() if len(uri) <= _LONGEST else ():
            match = address.fullmatch(uri)
            if match:
                named = match.groupdict().get("version") or "latest"
                return named.replace("__", ".").lower()
    return None


def is_oc4ids(resource: Mapping[str, Any] | None) -> bool:
    """Whether a resource (as a dict, or the extras of its row) declares that it follows OC4IDS."""
    return version(resource) is not None


def any_oc4ids(resources: Any) -> bool:
    """Whether one of some resources declares it; False for what is no list of resources."""
    return isinstance(resources, list) and any(
        isinstance(each, Mapping) and is_oc4ids(each) for each in resources
    )


def drop_computed(resources: Any) -> None:
    """Take out of resources what is never taken from input."""
    for resource in resources if isinstance(resources, list) else []:
        if isinstance(resource, dict):
            for name in COMPUTED:
                resource.pop(name, None)
