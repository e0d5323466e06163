"""What templates may call, under ``h.oc4ids_…``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.cost_oc4ids.helpers import project, report


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of every page of this plugin by name."""
    return {**report.get_helpers(), **project.get_helpers()}
