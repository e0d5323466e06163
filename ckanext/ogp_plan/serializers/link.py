"""Links of items as people make them: all those of a plan, and which item somebody means by a code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.tracking import (
    Key,
    Record,
)
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.labels import link_kind_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service

#: Items with one code that an error names at most.
_MAX_CANDIDATES = 8

#: An item of any plan: the plan's id, its level, its code.
End = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """An active link. It is of the plan of ``source``."""

    id: str
    kind: str
    source: End
    target: End
    at: dt.datetime


def serialize_plan_links(plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return the active links from and to the items of a plan, in the order of its items; three queries.

    Links to plans that the reader may not see are left out, and not counted.

    :returns: as ``ogp_plan_link_list`` returns them.
    """
    links = _load_plan_links(plan.id)
    items = _load_items({end for link in links for end in (link.source, link.target)}, reader)
    rows = record_service.plans_by_id({link.source[0] for link in links} | {plan.id})
    results = []
    for link in links:
        inverse = link.source[0] != plan.id
        mine, theirs = (link.target, link.source) if inverse else (link.source, link.target)
        if mine not in items or theirs not in items:
            continue
        described = {
            "id": link.id,
            "kind": link.kind,
            "kind_name": link_kind_label(link.kind, inverse=inverse),
            "inverse": inverse,
            "item": _serialize_end(items[mine], reader),
            "other": _serialize_end(items[theirs], reader),
            "at": serialize_moment(link.at),
            "may_remove": permission.is_allowed(reader.person, "link", rows[link.source[0]]),
        }
        place = (items[mine].position, inverse, items[theirs].plan_title, items[theirs].position, link.id)
        results.append((place, described))
    return [described for _, described in sorted(results, key=lambda entry: entry[0])]


def _load_plan_links(plan_id: str) -> list[Link]:
    """Load the active links of a plan: the last event of each link counts."""
    query = (
        sa.select(Event.id, Event.plan_id, Event.level, Event.code, Event.body, Event.at)
        .where(Event.kind == "link", sa.or_(Event.plan_id == plan_id, Event.body["plan"].astext == plan_id))
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[str, End, End], Link | None] = {}
    for id_, from_plan, level, code, body, at in model.Session.execute(query):
        kind, end = body["kind"], (from_plan, level, code)
        other = (body.get("plan") or from_plan, body["other"][0], body["other"][1])
        last[kind, end, other] = None if body.get("removed") else Link(id_, kind, end, other, at)
    return [link for link in last.values() if link is not None]


def _load_items(ends: Collection[End], reader: Reader) -> dict[End, Any]:
    """Items by where they are: those of plans that the reader may see."""
    if not ends:
        return {}
    query = (
        sa.select(
            PlanItem.plan_id, PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title,
            PlanItem.position, PlanItem.withdrawn, PlanItem.light, PlanRow.name.label("plan"),
            PlanRow.title.label("plan_title"),
        )
        .join(PlanRow, PlanRow.id == PlanItem.plan_id)
        .where(sa.tuple_(PlanItem.plan_id, PlanItem.level, PlanItem.code).in_(sorted(ends)))
        .where(permission.visible_plans(reader.person))
    )  # fmt: skip
    return {(row.plan_id, row.level, row.code): row for row in model.Session.execute(query)}


def _serialize_end(row: Any, reader: Reader) -> dict[str, Any]:
    return {
        "plan": row.plan,
        "plan_title": row.plan_title,
        "address": row.address,
        "level": row.level,
        "code": row.code,
        "title": row.title,
        "url": reader.item_url(row.plan, row.address),
        "withdrawn": row.withdrawn,
        "light": row.light,
        "light_name": phrases.light_name(row.light, reader.lang) if row.light else None,
    }


def find_item(plan: PlanRow, written: str) -> PlanItem:
    """Return the item of a plan that somebody means: by its address, its id, or a code that only one has.

    :param plan: a plan that they may see.
    :raises tk.ValidationError: there is none, or several; it says under ``item`` what to write.
    """
    # forms print a dot after their codes
    wanted = written.rstrip(".")
    found = PlanItem.at(plan.id, written) or PlanItem.at(plan.id, wanted)
    found = found or model.Session.get(PlanItem, written)
    if found is not None and found.plan_id == plan.id:
        return found
    several = list(
        model.Session.scalars(
            sa.select(PlanItem)
            .where(PlanItem.plan_id == plan.id, PlanItem.withdrawn.is_(False))
            .where(sa.or_(PlanItem.code == wanted, PlanItem.body["code_printed"].astext == wanted))
            .order_by(PlanItem.trackable.desc(), PlanItem.position)
            .limit(_MAX_CANDIDATES + 1)
        )
    )
    if len(several) == 1:
        return several[0]
    if several:
        more = "…" if len(several) > _MAX_CANDIDATES else ""
        addresses = ", ".join(item.address for item in several[:_MAX_CANDIDATES]) + more
        raise _item_error(
            tk._("Several items of the plan have the code {code}. Write one of these: {addresses}.").format(
                code=wanted, addresses=addresses
            )
        )
    raise _item_error(
        tk._(
            "The plan “{plan}” has no item {code}. Write its code, or the end of its page's address, such as "
            "{example}."
        ).format(plan=plan.title, code=wanted, example=_example_address(plan))
    )


def _item_error(sentence: str) -> tk.ValidationError:
    return tk.ValidationError({"item": [sentence]})


def _example_address(plan: PlanRow) -> str:
    wanted = (
        sa.select(PlanItem.address)
        .where(PlanItem.plan_id == plan.id, PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .order_by(PlanItem.position)
        .limit(1)
    )
    return str(model.Session.execute(wanted).scalar() or "1.1.1")


def serialize_item_links(plan: PlanRow, key: Key, record: Record, reader: Reader) -> list[dict[str, Any]]:
    """Return active links from and to an item, without those to plans that the reader may not see."""
    links = _load_item_links(plan, key)
    wanted = {(plan_id, *other) for _, _, plan_id, other, _ in links}
    other_item = sa.select(
        PlanItem.plan_id, PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title, PlanItem.light,
        PlanRow.name, PlanRow.title.label("plan_title"), PlanRow.family, PlanRow.settings,
    ).join(PlanRow, PlanRow.id == PlanItem.plan_id)  # fmt: skip
    other_item = other_item.where(
        sa.tuple_(PlanItem.plan_id, PlanItem.level, PlanItem.code).in_(sorted(wanted)),
        permission.visible_plans(reader.person),
    )
    there = {(row.plan_id, row.level, row.code): row for row in model.Session.execute(other_item)}
    results = []
    for id_, kind, plan_id, other, inverse in links:
        row = there.get((plan_id, *other))
        if row is None:
            continue
        results.append(
            {
                "id": id_,
                "kind": kind,
                "kind_name": link_kind_label(kind, inverse=inverse),
                "inverse": inverse,
                "plan": row.name,
                "plan_title": row.plan_title,
                "level": row.level,
                "code": row.code,
                "title": row.title,
                "url": urls.url_of_item(row.name, row.address),
                "light": row.light,
                "light_name": phrases.light_name(row.light, reader.lang) if row.light else None,
            }
        )
    return results


def _load_item_links(plan: PlanRow, key: Key) -> list[tuple[str, str, str, Key, bool]]:
    """(id, kind, plan, item, inverse) of each active link of an item; the last event of each link counts."""
    own = sa.and_(Event.plan_id == plan.id, Event.level == key[0], Event.code == key[1])
    to_it = sa.and_(
        Event.body["other"] == sa.cast(list(key), sa.dialects.postgresql.JSONB),
        sa.or_(
            Event.body["plan"].astext == plan.id,
            sa.and_(Event.plan_id == plan.id, Event.body["plan"].astext.is_(None)),
        ),
    )
    wanted = (
        sa.select(Event.id, Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", sa.or_(own, to_it))
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[Any, ...], tuple[str, bool]] = {}
    for id_, plan_id, level, code, body in model.Session.execute(wanted):
        other = (body.get("plan") or plan_id, tuple(body["other"]))
        last[plan_id, (level, code), body["kind"], other] = (id_, bool(body.get("removed")))
    made = []
    for (from_plan, item, kind, (to_plan, other)), (id_, removed) in last.items():
        if removed:
            continue
        if (from_plan, item) == (plan.id, key):
            made.append((id_, kind, to_plan, other, False))
        else:
            made.append((id_, kind, from_plan, item, True))
    return made
