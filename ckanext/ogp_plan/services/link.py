"""Items that one answer counts for: what is reported to one is reported to the others, of any plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.planning.tracking import Key, LinkKind

#: An item of any plan: the plan's id, its level, its code.
Anywhere = tuple[str, Key]


def _pairs() -> dict[Anywhere, set[Anywhere]]:
    """Which items answer for which, both ways. The last word on a link counts."""
    wanted = (
        sa.select(Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", Event.body["kind"].astext == LinkKind.COUNTS_FOR.value)
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[Anywhere, Anywhere], bool] = {}
    for plan_id, level, code, body in model.Session.execute(wanted):
        one, other = (plan_id, (level, code)), (body.get("plan") or plan_id, tuple(body["other"]))
        # said from either side it is the same link
        first, second = sorted((one, other))
        last[first, second] = not body.get("removed")
    found: dict[Anywhere, set[Anywhere]] = defaultdict(set)
    for (one, other), stands in last.items():
        if stands:
            found[one].add(other)
            found[other].add(one)
    return found


def answering_for(items: Iterable[Anywhere]) -> dict[Anywhere, set[Anywhere]]:
    """Return, for each item, all others that an answer of it counts for, at one remove or more."""
    pairs = _pairs()
    return {one: _reached(one, pairs) for one in items}


def _reached(start: Anywhere, pairs: dict[Anywhere, set[Anywhere]]) -> set[Anywhere]:
    seen, ahead = {start}, [start]
    while ahead:
        for other in pairs.get(ahead.pop(), ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen - {start}
