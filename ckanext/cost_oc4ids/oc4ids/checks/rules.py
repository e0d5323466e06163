"""The checks' knowledge of the field: ``checks.yaml`` of the version, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ckanext.cost_common.shipped import SCHEMAS

from .. import schema
from ..types import SCHEMA_VERSION


@lru_cache(maxsize=64)
def rules(section: str, version: str = SCHEMA_VERSION) -> Mapping[str, Any]:
    """One section of ``checks.yaml`` (``money``, ``dates``…). Shared: do not change it.

    :raises KeyError: when there is no such section.
    """
    return MappingProxyType(_all(version)[section])


@lru_cache(maxsize=128)
def rule_set(section: str, name: str, version: str = SCHEMA_VERSION) -> frozenset[Any]:
    """A list of ``checks.yaml`` as a set: ``rule_set("money", "main")``."""
    return frozenset(rules(section, version)[name])


@lru_cache(maxsize=8)
def _all(version: str) -> dict[str, Any]:
    return schema.read_yaml((SCHEMAS / "oc4ids" / version / "checks.yaml").read_text(encoding="utf-8"))
