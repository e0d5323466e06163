"""Items whose updates count for others: what is reported to one is reported to the others, of any plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.planning.tracking import ItemReference, LinkKind


def _load_pairs() -> dict[ItemReference, set[ItemReference]]:
    """Which items count for which, both ways. The last event of a link counts."""
    query = (
        sa.select(Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", Event.body["kind"].astext == LinkKind.COUNTS_FOR.value)
        .order_by(Event.at, Event.id)
    )
    active: dict[tuple[ItemReference, ItemReference], bool] = {}
    for plan_id, level, code, body in model.Session.execute(query):
        item, other = (plan_id, (level, code)), (body.get("plan") or plan_id, tuple(body["other"]))
        # recorded from either side it is the same link
        first, second = sorted((item, other))
        active[first, second] = not body.get("removed")
    pairs: dict[ItemReference, set[ItemReference]] = defaultdict(set)
    for (item, other), is_active in active.items():
        if is_active:
            pairs[item].add(other)
            pairs[other].add(item)
    return pairs


def answering_for(items: Iterable[ItemReference]) -> dict[ItemReference, set[ItemReference]]:
    """Return, for each item, all others that an update of it counts for, directly or through others."""
    pairs = _load_pairs()
    return {item: _reachable(item, pairs) for item in items}


def _reachable(start: ItemReference, pairs: dict[ItemReference, set[ItemReference]]) -> set[ItemReference]:
    seen, waiting = {start}, [start]
    while waiting:
        for other in pairs.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen - {start}
