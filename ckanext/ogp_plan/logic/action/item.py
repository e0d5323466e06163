"""Items: lists of them with what they have in common, and one with its whole story."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import item as item_schema
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning import family_values, status_types
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers import item_detail
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.reader import Reader, light_label
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES, Person

#: What ``parent`` says to have only the items that hang from nothing.
ROOT = "root"


#: Words of one search that are looked at.
_WORDS = 12


@tk.side_effect_free
def ogp_plan_item_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List items, in the order of their plan.

    :param plan: of this plan, by name or id; without it of every plan that may be seen (optional)
    :type plan: string
    :param parent: directly under this item: its address or id, or ``root`` (optional)
    :type parent: string
    :param component: of the root with this address (optional)
    :type component: string
    :param organization: that this organismo owes (optional)
    :type organization: string
    :param light: with one of these lights, separated by commas (optional)
    :type light: string
    :param level: of this level (optional)
    :type level: string
    :param month: with something scheduled in this month, 1–12 (optional)
    :type month: integer
    :param tag: with this value of open government (optional)
    :type tag: string
    :param reason: at risk for this reason: R1, R2… (optional)
    :type reason: string
    :param q: with these words (optional)
    :type q: string
    :param tracked: only items whose state is followed, or only the others (optional)
    :type tracked: boolean
    :param facets: whether to count what the items have in common (optional)
    :type facets: boolean
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count``, ``results``, and ``facets``: what each filter would give with the others as they are
    :rtype: dict
    """
    tk.check_access("ogp_plan_item_list", context, data_dict)
    data = validated(item_schema.item_list(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"]) if data["plan"] else None
    scope = PlanItem.plan_id == plan.id if plan is not None else _visible(person)
    filters = {"": sa.and_(scope, PlanItem.withdrawn.is_(False)), **_filters(data, plan)}
    reader = Reader(person)
    condition = sa.and_(*filters.values())
    count = model.Session.execute(sa.select(sa.func.count(PlanItem.id)).where(condition)).scalar()
    rows = item_serializer.load_item_rows(condition, limit=data["limit"], offset=data["offset"])
    plans = {plan.id: plan} if plan is not None else record_service.plans_by_id(row.plan_id for row in rows)
    return {
        "count": count,
        "results": item_serializer.serialize_items(rows, reader, plans),
        "facets": _facets(filters, plan, reader) if data["facets"] else {},
    }


def _visible(person: Person) -> Any:
    return PlanItem.plan_id.in_(sa.select(PlanRow.id).where(permission.visible_plans(person)))


def _filters(data: Mapping[str, Any], plan: PlanRow | None) -> dict[str, Any]:
    """The condition of each filter that is asked for, by its name."""
    made: dict[str, Any] = {}
    if data["parent"] == ROOT:
        made["parent"] = PlanItem.depth == 0
    elif data["parent"]:
        made["parent"] = PlanItem.parent_id.in_(_named(data["parent"], plan))
    if data["component"]:
        made["component"] = PlanItem.component_id.in_(_named(data["component"], plan))
    if data["organization"]:
        owes = sa.select(ItemAssignment.item_id).where(
            ItemAssignment.organization == data["organization"], ItemAssignment.role.in_(RESPONSIBLE_ROLES)
        )
        made["organization"] = PlanItem.id.in_(owes)
    if data["light"]:
        made["light"] = PlanItem.light.in_([part.strip() for part in data["light"].split(",")])
    if data["level"]:
        made["level"] = PlanItem.level == data["level"]
    if data["month"]:
        made["month"] = PlanItem.months.contains([data["month"]])
    if data["tag"]:
        made["tag"] = PlanItem.tags.contains([data["tag"]])
    if data["reason"]:
        made["reason"] = PlanItem.reasons.contains([data["reason"]])
    if data["q"]:
        words = fold(data["q"]).split()[:_WORDS]
        made["q"] = sa.and_(*(PlanItem.search_text.contains(word, autoescape=True) for word in words))
    if data["tracked"] is not None:
        made["tracked"] = PlanItem.trackable.is_(data["tracked"])
    return made


def _named(reference: str, plan: PlanRow | None) -> Any:
    other = sa.orm.aliased(PlanItem)
    wanted = sa.select(other.id).where(sa.or_(other.address == reference, other.id == reference))
    return wanted.where(other.plan_id == plan.id) if plan is not None else wanted


#: What is counted, each by the filter of its name.
_FACETS = ("light", "component", "organization", "month", "tag")


#: Filters that say nothing of tracked items, which are what is counted.
_NOT_COUNTED = frozenset({"tracked", "level", "parent", *_FACETS})


def _facets(
    filters: Mapping[str, Any], plan: PlanRow | None, reader: Reader
) -> dict[str, list[dict[str, Any]]]:
    """Count the tracked items by what they have in common: with every filter but that one. One query."""
    narrowed = [name for name in _FACETS if name in filters]
    counted = (
        sa.select(
            PlanItem.id,
            PlanItem.light,
            PlanItem.component_id,
            PlanItem.months,
            *(filters[name].label(f"in_{name}") for name in narrowed),
        )
        .where(
            *(filter_row for name, filter_row in filters.items() if name not in _NOT_COUNTED),
            PlanItem.trackable,
        )
        .cte("counted")
    )

    def others(name: str) -> list[Any]:
        return [counted.c[f"in_{each}"] for each in narrowed if each != name]

    wanted = sa.union_all(
        _lights(counted, others("light")),
        _components(counted, others("component")),
        _organizations(counted, others("organization"), plan),
        _unnested(
            "month", sa.select(sa.func.unnest(counted.c.months).label("value")).where(*others("month"))
        ),
        _unnested(
            "tag",
            # few items have any
            sa.select(sa.func.unnest(PlanItem.tags).label("value"))
            .join(counted, counted.c.id == PlanItem.id)
            .where(PlanItem.tags != sa.literal_column("'{}'"), filters[""], *others("tag")),
        ),
    )
    served = family_values.value_names(record_service.family(plan.family)) if plan is not None else {}
    found: dict[str, list[Any]] = {name: [] for name in _FACETS}
    for entry in model.Session.execute(wanted):
        found[entry.facet].append(entry)
    return {
        "light": [
            _facet(entry.value, light_label(entry.value, plan, reader), entry.number)
            for entry in sorted(found["light"], key=lambda entry: _LIGHTS.index(entry.value))
        ],
        "component": [
            _facet(entry.value, f"{entry.code} {entry.title}".strip(), entry.number)
            for entry in sorted(found["component"], key=lambda entry: (entry.place, entry.value))
        ][: config.LARGEST_PAGE],
        "organization": sorted(
            (
                _facet(entry.value, reader.called(entry.value), entry.number)
                for entry in found["organization"]
            ),
            key=lambda entry: (entry["title"].casefold(), entry["value"]),
        ),
        "month": [
            _facet(month, reader.month(month), number)
            for month, number in sorted((int(entry.value), entry.number) for entry in found["month"])
        ],
        "tag": [
            _facet(value, served.get(value, {}).get(reader.base, value), number)
            for value, number in sorted(
                ((entry.value, entry.number) for entry in found["tag"]),
                key=lambda entry: (
                    list(served).index(entry[0]) if entry[0] in served else len(served),
                    entry[0],
                ),
            )
        ],
    }


_LIGHTS = [*status_types.LIGHTS, *sorted(plan_serializer.OUTSIDE)]


def _facet(value: Any, title: str, count: int) -> dict[str, Any]:
    return {"value": value, "title": title, "count": count}


def _counts(
    facet: str, value: Any, number: Any, code: Any = None, title: Any = None, place: Any = None
) -> Any:
    """One row of a facet: the same columns for all."""
    return sa.select(
        sa.literal(facet, sa.Text).label("facet"),
        sa.cast(value, sa.Text).label("value"),
        sa.cast(number, sa.Integer).label("number"),
        (sa.null() if code is None else code).label("code"),
        (sa.null() if title is None else title).label("title"),
        sa.cast(sa.null() if place is None else place, sa.Integer).label("place"),
    )


def _lights(counted: Any, conditions: list[Any]) -> Any:
    light = counted.c.light
    return _counts("light", light, sa.func.count()).where(light.in_(_LIGHTS), *conditions).group_by(light)


def _components(counted: Any, conditions: list[Any]) -> Any:
    """Roots are distinguished by their address inside a plan; over several plans addresses are the same."""
    below = (
        sa.select(counted.c.component_id, sa.func.count().label("number"))
        .where(*conditions)
        .group_by(counted.c.component_id)
        .subquery()
    )
    root = sa.orm.aliased(PlanItem)
    total, first = sa.func.sum(below.c.number), sa.func.min(root.position)
    return (
        _counts("component", root.address, total, root.code, root.title, first)
        .select_from(below)
        .join(root, root.id == below.c.component_id)
        .group_by(root.address, root.code, root.title)
    )


def _organizations(counted: Any, conditions: list[Any], plan: PlanRow | None) -> Any:
    # each pair once: an organismo may both lead an item and support it
    pair = (
        sa.select(ItemAssignment.organization, ItemAssignment.item_id)
        .join(counted, counted.c.id == ItemAssignment.item_id)
        .where(
            ItemAssignment.organization.is_not(None), ItemAssignment.role.in_(RESPONSIBLE_ROLES), *conditions
        )
        .distinct()
    )
    if plan is not None:
        pair = pair.where(ItemAssignment.plan_id == plan.id)
    each = pair.subquery()
    name = each.c.organization
    return _counts("organization", name, sa.func.count()).group_by(name)


def _unnested(facet: str, values: Any) -> Any:
    each = values.subquery()
    return _counts(facet, each.c.value, sa.func.count()).group_by(each.c.value)


@tk.side_effect_free
def ogp_plan_item_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show an item: what was promised, by whom, how far it is, its evidence, both verdicts, its whole story.

    :param plan: the name or id of the plan
    :type plan: string
    :param id: the address of the item inside its plan, or its id
    :type id: string
    :param story_limit: how many entries of its story at most, the newest first (default: 100, at most 1000)
    :type story_limit: integer
    :param story_offset: how many of the newest entries to leave out (default: 0)
    :type story_offset: integer

    :returns: the item as lists show it, with ``fields, schedule, assignments, missing, indicators, evidence,
        verdicts, suggested, answers, links, story, story_count`` (how many entries there are in all),
        ``changes, children, may``
    :rtype: dict
    """
    tk.check_access("ogp_plan_item_show", context, data_dict)
    data = validated(item_schema.item_show(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"])
    return item_detail.serialize_item_detail(
        plan,
        lookup.item(plan, data["id"]),
        person,
        story_limit=data["story_limit"],
        story_offset=data["story_offset"],
    )
