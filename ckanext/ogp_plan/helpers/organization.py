"""Organismos in lists and on their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.services import organization_link


def ogp_plan_organization_blocks(organization_id: str) -> list[dict[str, Any]]:
    """What each organismo that an organization is owes, for its page; those that owe nothing are left out."""
    blocks = []
    for code in organization_link.list_codes(organization_id):
        try:
            owed = tk.get_action("ogp_plan_obligation_list")({}, {"organization": code, "limit": 1})
        except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError, KeyError):
            continue
        if owed.get("count"):
            blocks.append(owed)
    return blocks


def ogp_plan_others(names: Iterable[Mapping[str, Any]], shown: int = 2) -> dict[str, Any]:
    """The first of several organismos by name, and how many more there are."""
    listed = list(names or ())
    return {"first": listed[:shown], "more": max(len(listed) - shown, 0)}
