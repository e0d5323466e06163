"""What an item serves, in the family's own list: the values of OGP that a commitment serves.

A family's file says the field it is read from, and the words by which each value is known
(``values:``). What hangs below inherits it: a milestone serves what its commitment serves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.tracking import Key
from ckanext.ogp_plan.planning.types import Item, Plan


def value_names(family: Family) -> dict[str, dict[str, str]]:
    """Return the values of a family: id → its name by language; {} where it has none."""
    block: Mapping[str, Any] = family.data.get("values") or {}
    return {entry["id"]: dict(entry["name"]) for entry in block.get("of", ())}


def find_item_values(plan: Plan, family: Family) -> dict[Key, list[str]]:
    """Return the values of each item, in the family's order, its own or those of what it hangs from.

    :param family: read from ``schemas/plans/``; its ``values`` block names field and words.
    """
    block: Mapping[str, Any] = family.data.get("values") or {}
    patterns = [(entry["id"], re.compile(entry["words"])) for entry in block.get("of", ())]
    items = {item.key: item for item in plan.items}
    found: dict[Key, list[str]] = {}

    def of(item: Item, seen: frozenset[Key]) -> list[str]:
        if item.key not in found:
            text = fold(str(item.fields.get(block["field"]) or ""))
            own = [name for name, pattern in patterns if pattern.search(text)]
            above = items.get(item.parent) if item.parent else None
            if not own and above is not None and above.key not in seen:
                own = of(above, seen | {item.key})
            found[item.key] = own
        return found[item.key]

    return {item.key: list(of(item, frozenset())) for item in plan.items} if patterns else {}
