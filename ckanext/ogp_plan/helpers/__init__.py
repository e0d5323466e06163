"""What templates may call, under ``h.ogp_plan_…``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.ogp_plan.helpers import date, error, indicator, light, number, organization, url


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Return the helpers of every page of this plugin by name."""
    return {
        name: found
        for module in (date, error, indicator, light, number, organization, url)
        for name, found in vars(module).items()
        if name.startswith("ogp_plan_")
    }
