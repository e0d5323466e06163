"""Organismos in lists and on their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk


def ogp_plan_organization_block(organization: str) -> dict[str, Any] | None:
    """What an organismo owes, for the block on its page; None when it owes nothing that is public."""
    try:
        owed: dict[str, Any] = tk.get_action("ogp_plan_obligation_list")(
            {}, {"organization": organization, "limit": 1}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError, KeyError):
        return None
    return owed if owed.get("count") else None


def ogp_plan_others(names: Iterable[Mapping[str, Any]], displayed: int = 2) -> dict[str, Any]:
    """The first of several organismos by name, and how many more there are."""
    listed = list(names or ())
    return {"first": listed[:displayed], "more": max(len(listed) - displayed, 0)}
