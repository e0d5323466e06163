"""How one organismo is doing in an item that it owes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.ogp_plan.model import ItemAssignment, PlanItem
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.serializers.values import serialize_fraction, serialize_moment


def assignment_columns(organization: str) -> tuple[Any, Any, Any]:
    """Return the columns of :class:`PlanItem` that hold the status of one organismo in it.

    :returns: ``mine``, ``among`` and ``own_target`` of :func:`serialize_assignment`.
    """
    columns = ItemAssignment.__table__.c
    held = PlanItem.status["assignments"]
    target = (
        sa.select(columns.own_target)
        .where(columns.item_id == PlanItem.id, columns.organization == organization, columns.own_target != 0)
        .order_by(columns.position, columns.id)
        .limit(1)
        .scalar_subquery()
    )
    mine = sa.func.jsonb_path_query_first(
        held,
        sa.literal_column("CAST('$[*] ? (@.organization == $who)' AS jsonpath)"),
        sa.func.jsonb_build_object("who", sa.cast(organization, sa.Text)),
        type_=JSONB,
    )
    return mine.label("mine"), sa.func.jsonb_array_length(held).label("among"), target.label("own_target")


def serialize_assignment(
    item: Any,
    *,
    mine: Mapping[str, Any] | None,
    among: int | None,
    own_target: Decimal | None,
) -> dict[str, Any]:
    """Return the status of one organismo in an item.

    Its keys: ``own_target, actual, met, progress, state, light, last_update``.

    ``light`` is None where the stored status has none for one of several that owe an item: a release that did
    not compute it stored it. The next computation of the item adds it.

    :param mine: its part of the item's status; None: it has none.
    :param among: how many organismos the status holds.
    :param own_target: what the plan says that it owes.

    Its own light is computed with the item's (``planning.status_types.AssignmentStatus``).
    """
    target = str(own_target) if own_target is not None else None
    if mine is None:
        state = item.declared or Declared.NOT_STARTED.value
        return {
            "own_target": target,
            "actual": None,
            "met": None,
            "progress": serialize_fraction(item.progress),
            "state": state,
            "light": item.light or state,
            "last_update": serialize_moment(item.last_update),
        }
    alone = among == 1 and mine["own_target"] is None
    return {
        "own_target": mine["own_target"] or target,
        "actual": mine["actual"],
        "met": mine["met"],
        "progress": serialize_fraction(item.progress if alone else mine["progress"]),
        "state": mine["declared"],
        # who owes an item alone has the item's
        "light": mine.get("light") or (item.light if among == 1 else None),
        "last_update": mine["last_update"],
    }
