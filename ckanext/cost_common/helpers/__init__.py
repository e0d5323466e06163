"""Helpers of the shared frame, under ``h.cost_…``, and what helpers of the other plugins share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.cost_common.helpers import section


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of this plugin by name."""
    return {name: found for name, found in vars(section).items() if name.startswith("cost_")}
