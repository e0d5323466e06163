"""Links of items as people make them: all those of a plan, and which item somebody means by a code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.item import link_name
from ckanext.ogp_plan.serializers.plan import Reader, moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service

#: Items with one code that an error names at most.
_NAMED = 8

#: An item of any plan: the plan's id, its level, its code.
End = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A link that stands. It is of the plan of ``one``."""

    id: str
    kind: str
    one: End
    other: End
    at: dt.datetime


def of_plan(plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return the links that stand from and to the items of a plan, in the order of its items; three queries.

    What leads to a plan that the reader may not see is not told, nor counted.

    :returns: as ``ogp_plan_link_list`` answers them.
    """
    standing = _standing(plan.id)
    items = _items({end for link in standing for end in (link.one, link.other)}, reader)
    rows = record_service.plans_by_id({link.one[0] for link in standing} | {plan.id})
    made = []
    for link in standing:
        inverse = link.one[0] != plan.id
        mine, theirs = (link.other, link.one) if inverse else (link.one, link.other)
        if mine not in items or theirs not in items:
            continue
        described = {
            "id": link.id,
            "kind": link.kind,
            "kind_name": link_name(link.kind, inverse=inverse),
            "inverse": inverse,
            "item": _end(items[mine], reader),
            "other": _end(items[theirs], reader),
            "at": moment(link.at),
            "may_remove": permission.may(reader.person, "link", rows[link.one[0]]),
        }
        place = (items[mine].position, inverse, items[theirs].plan_title, items[theirs].position, link.id)
        made.append((place, described))
    return [described for _, described in sorted(made, key=lambda one: one[0])]


def _standing(plan_id: str) -> list[Standing]:
    """The last word on each link counts."""
    wanted = (
        sa.select(Event.id, Event.plan_id, Event.level, Event.code, Event.body, Event.at)
        .where(Event.kind == "link", sa.or_(Event.plan_id == plan_id, Event.body["plan"].astext == plan_id))
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[str, End, End], Standing | None] = {}
    for id_, from_plan, level, code, body, at in model.Session.execute(wanted):
        kind, one = body["kind"], (from_plan, level, code)
        other = (body.get("plan") or from_plan, body["other"][0], body["other"][1])
        last[kind, one, other] = None if body.get("removed") else Standing(id_, kind, one, other, at)
    return [link for link in last.values() if link is not None]


def _items(ends: Collection[End], reader: Reader) -> dict[End, Any]:
    """Items by where they are: those of plans that the reader may see."""
    if not ends:
        return {}
    wanted = (
        sa.select(
            PlanItem.plan_id, PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title,
            PlanItem.position, PlanItem.withdrawn, PlanItem.light, PlanRow.name.label("plan"),
            PlanRow.title.label("plan_title"),
        )
        .join(PlanRow, PlanRow.id == PlanItem.plan_id)
        .where(sa.tuple_(PlanItem.plan_id, PlanItem.level, PlanItem.code).in_(sorted(ends)))
        .where(permission.visible(reader.person))
    )  # fmt: skip
    return {(one.plan_id, one.level, one.code): one for one in model.Session.execute(wanted)}


def _end(one: Any, reader: Reader) -> dict[str, Any]:
    return {
        "plan": one.plan,
        "plan_title": one.plan_title,
        "address": one.address,
        "level": one.level,
        "code": one.code,
        "title": one.title,
        "url": reader.item_url(one.plan, one.address),
        "withdrawn": one.withdrawn,
        "light": one.light,
        "light_name": phrases.light_name(one.light, reader.lang) if one.light else None,
    }


def named(plan: PlanRow, written: str) -> PlanItem:
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
            .limit(_NAMED + 1)
        )
    )
    if len(several) == 1:
        return several[0]
    if several:
        more = "…" if len(several) > _NAMED else ""
        addresses = ", ".join(one.address for one in several[:_NAMED]) + more
        raise _wrong(
            tk._("Several items of the plan have the code {code}. Write one of these: {addresses}.").format(
                code=wanted, addresses=addresses
            )
        )
    raise _wrong(
        tk._(
            "The plan “{plan}” has no item {code}. Write its code, or the end of its page's address, such as "
            "{example}."
        ).format(plan=plan.title, code=wanted, example=_example(plan))
    )


def _wrong(sentence: str) -> tk.ValidationError:
    return tk.ValidationError({"item": [sentence]})


def _example(plan: PlanRow) -> str:
    wanted = (
        sa.select(PlanItem.address)
        .where(PlanItem.plan_id == plan.id, PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .order_by(PlanItem.position)
        .limit(1)
    )
    return str(model.Session.execute(wanted).scalar() or "1.1.1")
