"""Links between items: list, make, remove."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import link as link_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.tracking import Key, Link, LinkKind
from ckanext.ogp_plan.serializers import link as link_serializer
from ckanext.ogp_plan.serializers.labels import link_kind_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission

#: Advisory lock of who makes or removes a link.
_LINKING = 0x6F67706C696E6B
#: Kinds that go one way only, so that a ring of them means nothing.
_ONE_WAY = (LinkKind.DEPENDS, LinkKind.SUCCESSOR, LinkKind.COUNTS_FOR, LinkKind.CONTRIBUTES)


@tk.side_effect_free
def ogp_plan_link_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the links from and to the items of a plan, in the order of its items.

    What leads to a plan that may not be seen is neither listed nor counted.

    :param plan: the name or id of the plan
    :type plan: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count`` and ``results``: ``id, kind, kind_name, inverse`` (it was made from the other item),
        ``item`` and ``other`` (``plan, plan_title, address, level, code, title, url, withdrawn, light,
        light_name``), ``at``, ``may_remove``
    :rtype: dict
    """
    tk.check_access("ogp_plan_link_list", context, data_dict)
    data = validated(link_schema.link_list(), data_dict)
    person = permission.get_person(context)
    found = link_serializer.serialize_plan_links(lookup.plan(person, data["plan"]), Reader(person))
    return {"count": len(found), "results": found[data["offset"] : data["offset"] + data["limit"]]}


def ogp_plan_link_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Relate an item to another, of the same plan or of another one.

    :param plan: the name or id of the plan
    :type plan: string
    :param item: address or id of the item
    :type item: string
    :param kind: ``contributes_to``, ``depends_on``, ``same_deliverable``, ``successor_of``, ``counts_for``
    :type kind: string
    :param other_plan: the plan of the other item (optional: the same)
    :type other_plan: string
    :param other: address or id of the other item
    :type other: string

    :returns: ``id, kind, kind_name, plan, item, other_plan, other``
    :rtype: dict
    """
    tk.check_access("ogp_plan_link_create", context, data_dict)
    data = validated(link_schema.link_create(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"])
    item = lookup.item(plan, data["item"])
    other_plan = lookup.plan(person, data["other_plan"]) if data["other_plan"] else plan
    other = lookup.item(other_plan, data["other"])
    kind: LinkKind = data["kind"]
    _check_link(item, other, kind)
    keys: tuple[Key, Key] = (item.level, item.code), (other.level, other.code)
    elsewhere = None if other_plan.id == plan.id else other_plan.id
    with transaction(context):
        _lock_links()
        id_ = _link_id(plan.id, keys[0], kind, elsewhere, keys[1])
        if id_ is None:
            if kind in _ONE_WAY and _leads_back(kind, (other_plan.id, keys[1]), (plan.id, keys[0])):
                raise tk.ValidationError(
                    {
                        "other": [
                            tk._("The other item leads back to this one: it would be a ring without end.")
                        ]
                    }
                )
            fact = Link(
                id="",
                at=event_service.clock(),
                by=person.id,
                item=keys[0],
                kind=kind,
                other=keys[1],
                plan=elsewhere,
            )
            id_ = event_service.append(plan.id, fact).id
            item_status.recompute(plan.id, {keys[0]})
    return _link_dict(id_, kind, plan, item, other_plan, other)


def _lock_links() -> None:
    """Wait for whoever links at this moment: two links at once could make a ring that neither saw."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LINKING)))


def _check_link(item: PlanItem, other: PlanItem, kind: LinkKind) -> None:
    if item.id == other.id:
        raise tk.ValidationError({"other": [tk._("An item does not relate to itself. Choose another one.")]})
    if item.withdrawn or (other.withdrawn and kind is not LinkKind.SUCCESSOR):
        field = "item" if item.withdrawn else "other"
        raise tk.ValidationError({field: [tk._("This item was taken out of its plan.")]})
    if kind is LinkKind.COUNTS_FOR and not (item.trackable and other.trackable):
        raise tk.ValidationError(
            {"other": [tk._("Only between items whose state is followed does a report count for both.")]}
        )


def _link_dict(
    id_: str, kind: LinkKind, plan: PlanRow, item: PlanItem, other_plan: PlanRow, other: PlanItem
) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": kind.value,
        "kind_name": link_kind_label(kind.value),
        "plan": plan.name,
        "item": item.address,
        "other_plan": other_plan.name,
        "other": other.address,
        "other_title": other.title,
        "url": urls.url_of_item(other_plan.name, other.address),
    }


def _all_of(kind: LinkKind) -> dict[tuple[str, Key, str, Key], tuple[str, bool]]:
    """Every link of a kind: (plan, item, other plan, other) → (id, removed). The last fact of each counts."""
    wanted = (
        sa.select(Event.id, Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", Event.body["kind"].astext == kind.value)
        .order_by(Event.at, Event.id)
    )
    last = {}
    for id_, plan_id, level, code, body in model.Session.execute(wanted):
        other = (body["other"][0], body["other"][1])
        last[plan_id, (level, code), body.get("plan") or plan_id, other] = (id_, bool(body.get("removed")))
    return last


def _link_id(plan_id: str, item: Key, kind: LinkKind, elsewhere: str | None, other: Key) -> str | None:
    id_, removed = _all_of(kind).get((plan_id, item, elsewhere or plan_id, other), (None, True))
    return None if removed else id_


def _leads_back(kind: LinkKind, start: tuple[str, Key], goal: tuple[str, Key]) -> bool:
    after: dict[tuple[str, Key], list[tuple[str, Key]]] = {}
    for (plan_id, item, other_plan, other), (_, removed) in _all_of(kind).items():
        if not removed:
            after.setdefault((plan_id, item), []).append((other_plan, other))
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        fresh = [entry for entry in after.get(here, ()) if entry not in seen]
        seen |= set(fresh)
        waiting += fresh
    return False


def ogp_plan_link_remove(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Remove a link between two items. That it was there is kept.

    :param id: the id of the link
    :type id: string

    :returns: ``id, kind, removed``
    :rtype: dict
    """
    tk.check_access("ogp_plan_link_remove", context, data_dict)
    data = validated(link_schema.link_remove(), data_dict)
    person = permission.get_person(context)
    row, plan = lookup.fact(person, data["id"], "link")
    held = event_service.to_fact(row)
    if not isinstance(held, Link):
        raise tk.ObjectNotFound(tk._("There is no such link."))
    with transaction(context):
        _lock_links()
        if _link_id(plan.id, held.item, held.kind, held.plan, held.other) is not None:
            gone = replace(held, id="", at=event_service.clock(), by=person.id, removed=True)
            event_service.append(plan.id, gone)
            item_status.recompute(plan.id, {held.item})
    return {"id": row.id, "kind": held.kind.value, "removed": True}
