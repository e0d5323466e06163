"""Plans and items as the API and the pages answer them: rows of tables into plain values with words.

Reading only. Whatever the number of plans or items, the number of queries is the same. Fractions (progress)
are numbers from 0 to 1; amounts are texts of decimals, days and moments ISO texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import PlanItem, PlanRow, PlanVersion
from ckanext.ogp_plan.planning import progress, status_types
from ckanext.ogp_plan.planning.progress import Child
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.types import Declared, PlanStatus
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.labels import plan_status_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_day, serialize_fraction, serialize_moment
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import record as record_service

#: States outside of the four lights.
OUTSIDE = frozenset(state.value for state in status_types.OUTSIDE)


def load_heads(plans: Iterable[PlanRow]) -> dict[str, Mapping[str, Any]]:
    """Return what the present version of each plan says of the plan itself, by the plan's id.

    :returns: ``fields``, ``groups`` and ``form_code``, not to be changed; nothing of a plan without version.
    """
    present = [(plan.id, plan.version) for plan in plans]
    wanted = sa.select(PlanVersion.plan_id, PlanVersion.id).where(
        sa.tuple_(PlanVersion.plan_id, PlanVersion.number).in_(present)
    )
    return {plan_id: _load_head(version_id) for plan_id, version_id in model.Session.execute(wanted)}


@lru_cache(maxsize=64)
def _load_head(version_id: str) -> dict[str, Any]:
    """A version never changes, and one that was rolled back leaves its id to nobody."""
    body = PlanVersion.body
    wanted = sa.select(body["fields"], body["groups"], body["form_code"].astext)
    found = model.Session.execute(wanted.where(PlanVersion.id == version_id)).one()
    return dict(zip(("fields", "groups", "form_code"), found, strict=True))


def load_group_members(plan_id: str) -> dict[str, tuple[str, ...]]:
    """Return the members of every group that a plan ever named; the last word on each counts."""
    query = (
        sa.select(PlanVersion.body["groups"])
        .where(PlanVersion.plan_id == plan_id)
        .order_by(PlanVersion.number)
    )
    return {
        group["id"]: tuple(group.get("members") or ())
        for groups in model.Session.scalars(query)
        for group in groups or ()
    }


def directory() -> Mapping[str, str]:
    """Return the organismos that ``schemas/cali/`` knows, with their titles."""
    return organization_service.load_directory_names()


# --- plans


def serialize_plans(rows: Sequence[PlanRow], reader: Reader) -> list[dict[str, Any]]:
    """Return plans as lists show them: five queries, whatever their number."""
    ids = [row.id for row in rows]
    counted = _count_items_by_light(ids)
    roots = _load_roots(ids)
    cuts = cut_service.list_days_by_plan(rows, reader.today) if rows else {}
    return [
        _serialize_plan(row, reader, counted[row.id], roots[row.id], cuts.get(row.id, [])) for row in rows
    ]


def _count_items_by_light(ids: Collection[str]) -> dict[str, list[Any]]:
    """Tracked items of plans by light: (light, declared is outside, how many, last news, disagreements)."""
    query = (
        sa.select(
            PlanItem.plan_id,
            PlanItem.light,
            sa.func.count().label("number"),
            sa.func.max(PlanItem.last_update).label("last_update"),
            sa.func.count().filter(PlanItem.disagrees).label("disagreements"),
        )
        .where(PlanItem.plan_id.in_(ids), PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .group_by(PlanItem.plan_id, PlanItem.light)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query):
        found[row.plan_id].append(row)
    return found


def _load_roots(ids: Collection[str]) -> dict[str, list[Any]]:
    query = (
        sa.select(
            PlanItem.plan_id,
            PlanItem.level,
            PlanItem.code,
            PlanItem.address,
            PlanItem.title,
            PlanItem.trackable,
            PlanItem.light,
            PlanItem.progress,
            PlanItem.status["rolled"].label("rolled"),
            PlanItem.status["excluded"].label("excluded"),
            PlanItem.body["weight"].label("weight"),
            PlanItem.body["fields"].label("fields"),
        )
        .where(PlanItem.plan_id.in_(ids), PlanItem.depth == 0, PlanItem.withdrawn.is_(False))
        .order_by(PlanItem.plan_id, PlanItem.position)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query):
        found[row.plan_id].append(row)
    return found


def split_lights(counted: Iterable[tuple[str | None, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many items have each light (all four, zeros too), and how many another state."""
    within = dict.fromkeys(status_types.LIGHTS, 0)
    outside: dict[str, int] = {}
    for light, number in counted:
        if light in OUTSIDE:
            outside[light] = outside.get(light, 0) + number
        else:
            # what nobody computed yet has not begun
            name = light or Declared.NOT_STARTED.value
            within[name] = within.get(name, 0) + number
    return within, outside


def _serialize_plan(
    row: PlanRow, reader: Reader, counted: Sequence[Any], roots: Sequence[Any], cuts: Sequence[Any]
) -> dict[str, Any]:
    family = record_service.family(row.family)
    settings = record_service.effective_settings(row)
    within, outside = split_lights((count.light, count.number) for count in counted)
    last = max((count.last_update for count in counted if count.last_update), default=None)
    rolled = roll_up_plan(roots, settings)
    pending = next((cut for cut in cuts if cut.published is None), None)
    return {
        "id": row.id,
        "name": row.name,
        "family": row.family,
        "family_name": reader.text(family.name),
        "title": row.title,
        "status": row.status,
        "status_name": plan_status_label(row.status),
        "owner": reader.organization(row.owner),
        "start": serialize_day(row.start),
        "end": serialize_day(row.end),
        "version": row.version,
        "url": urls.url_of_plan(row.name),
        "demonstration": row.demonstration,
        "tracked": sum(count.number for count in counted),
        "lights": within,
        "excluded": outside,
        "progress": serialize_fraction(rolled.progress),
        "coverage": {"with_value": rolled.with_value, "total": rolled.total},
        "last_update": serialize_moment(last),
        "days_since_update": reader.days_since(last),
        "disagreements": sum(count.disagreements for count in counted),
        "next_cut": _serialize_next_cut(pending, reader)
        if pending and row.status != PlanStatus.DRAFT.value
        else None,
    }


def roll_up_plan(roots: Sequence[Any], settings: Settings) -> progress.Rolled:
    """Return the progress of a whole plan from its roots, and of how many tracked items it is known."""
    children, with_value, total = [], 0, 0
    for root in roots:
        below = root.rolled
        if below is None and not root.trackable:
            continue
        if below is not None:
            known, counted = below["rolled"]["with_value"], below["counted"]
        else:
            counted = 0 if root.excluded else 1
            known = counted if root.progress is not None else 0
        with_value, total = with_value + known, total + counted
        value = (
            Decimal(below["rolled"]["progress"]) if below and below["rolled"]["progress"] else root.progress
        )
        children.append(Child(value, _find_weight(root, settings), known, not counted))
    rolled = progress.compute_parent_progress(children, settings.weights)
    return progress.Rolled(rolled.progress, with_value, total)


def _find_weight(root: Any, settings: Settings) -> Decimal | None:
    weight = root.weight if settings.weights == "explicit" else None
    if settings.weights == "budget":
        weight = (root.fields or {}).get(settings.weight_field)
        weight = weight.get("$decimal") if isinstance(weight, dict) else weight
    try:
        return Decimal(str(weight)) if weight is not None else None
    except ArithmeticError:
        return None


def _serialize_next_cut(pending: Any, reader: Reader) -> dict[str, Any]:
    return {
        "day": pending.day.isoformat(),
        "due": pending.state.due.isoformat(),
        "days_left": (pending.state.due - reader.today).days,
        "state": pending.state.state,
        "state_name": phrases.describe_cut_state(pending.state, reader.lang),
    }


def serialize_components(roots: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the roots of a plan with what rolls up to each."""
    results = []
    for root in roots:
        counts = root.rolled["counts"] if root.rolled else {root.light: 1} if root.trackable else {}
        within, outside = split_lights(counts.items())
        results.append(
            {
                "address": root.address,
                "level": root.level,
                "code": root.code,
                "title": root.title,
                "lights": within,
                "excluded": outside,
                "tracked": sum(counts.values()),
                "progress": serialize_fraction(root.progress),
            }
        )
    return results


def serialize_plan_with_components(
    row: PlanRow, reader: Reader
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
    """Return one plan as lists show it, its components, and the days of its cuts."""
    counted, roots = _count_items_by_light([row.id])[row.id], _load_roots([row.id])[row.id]
    cuts = cut_service.list_days_by_plan([row], reader.today)[row.id]
    return _serialize_plan(row, reader, counted, roots, cuts), serialize_components(roots), cuts
