"""People over the API: who is what in plans, who stands in for whom, periods of reporting, links of items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import Delegation, Event, ItemAssignment, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.model.people import COMPONENT_LEADER, FOCAL_POINT, ROLES
from ckanext.ogp_plan.planning.tracking import Key, Link, LinkKind, PeriodEvent
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers import link as link_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission, request_fields
from ckanext.ogp_plan.services import record as record_service

#: Days that somebody may stand in for somebody at most: leave, and not a change of post.
_LONGEST = 366


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _user(reference: str, field: str = "user") -> Any:
    """A user by name or id.

    :raises tk.ValidationError: there is none who may sign in.
    """
    found = model.User.get(reference)
    if found is None or found.state != "active":
        raise tk.ValidationError(
            {field: [tk._("There is no such user. Write the user name as it stands in their profile.")]}
        )
    return found


# --- roles --------------------------------------------------------------------------------------------

_ROLES = {
    "plan": request_fields.optional(request_fields.name),
    "role": request_fields.optional(request_fields.choice(ROLES)),
    "ended": request_fields.optional(request_fields.yes_or_no, False),
    "limit": request_fields.optional(request_fields.whole(0, 1000), 200),
    "offset": request_fields.optional(request_fields.whole(0, 10**9), 0),
}


@tk.side_effect_free
def ogp_plan_role_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List who is what in a plan, or (for the portal's administration) in all of them.

    :param plan: the name or id of the plan (optional)
    :type plan: string
    :param role: only this role (optional)
    :type role: string
    :param ended: with those that ended (optional)
    :type ended: boolean

    :returns: ``count`` and ``results``: ``id, user {id,name,fullname}, role, role_name, plan, organization,
        component, since, until, may_end``
    :rtype: dict
    """
    tk.check_access("ogp_plan_role_list", context, data_dict)
    asked = request_fields.take(data_dict, _ROLES)
    person = permission.of(context)
    plan = lookup.plan(person, asked["plan"]) if asked["plan"] else None
    conditions: list[Any] = []
    if plan is not None:
        conditions.append(sa.or_(PlanRole.plan_id == plan.id, PlanRole.plan_id.is_(None)))
    if asked["role"]:
        conditions.append(PlanRole.role == asked["role"])
    if not asked["ended"]:
        conditions.append(permission.holding(_now()))
    count = model.Session.execute(sa.select(sa.func.count(PlanRole.id)).where(*conditions)).scalar()
    wanted = (
        sa.select(PlanRole)
        .where(*conditions)
        .order_by(PlanRole.role, PlanRole.since, PlanRole.id)
        .limit(asked["limit"])
        .offset(asked["offset"])
    )
    rows = list(model.Session.scalars(wanted))
    return {"count": count, "results": told_roles(rows, person)}


def told_roles(rows: Sequence[PlanRole], person: permission.Person) -> list[dict[str, Any]]:
    """Return roles as the API answers them."""
    reader = plan_serializer.Reader(person)
    users = _users({row.user_id for row in rows})
    plans = record_service.plans_by_id(row.plan_id for row in rows if row.plan_id)
    components = _components({(row.plan_id, row.component) for row in rows if row.component and row.plan_id})
    made = []
    for row in rows:
        plan = plans.get(row.plan_id or "")
        granted_by_managers = row.plan_id is not None and row.role in (COMPONENT_LEADER, FOCAL_POINT)
        made.append(
            {
                "id": row.id,
                "user": users.get(row.user_id),
                "role": row.role,
                "role_name": role_name(row.role),
                "plan": plan.name if plan else None,
                "plan_title": plan.title if plan else None,
                "organization": reader.organization(row.organization) if row.organization else None,
                "component": components.get((row.plan_id, row.component)) if row.component else None,
                "since": plan_serializer.moment(row.since),
                "until": plan_serializer.moment(row.until),
                "may_end": row.until is None
                and permission.may(person, "roles" if granted_by_managers else "grant", plan),
            }
        )
    return made


def _users(ids: set[str]) -> dict[str, dict[str, str]]:
    wanted = sa.select(model.User.id, model.User.name, model.User.fullname).where(model.User.id.in_(ids))
    return {
        id_: {"id": id_, "name": name, "fullname": fullname or name}
        for id_, name, fullname in model.Session.execute(wanted)
    }


def _components(pairs: set[tuple[str, str]]) -> dict[tuple[str | None, str], dict[str, str]]:
    wanted = sa.select(PlanItem.plan_id, PlanItem.address, PlanItem.code, PlanItem.title).where(
        sa.tuple_(PlanItem.plan_id, PlanItem.address).in_(sorted(pairs))
    )
    return {
        (plan_id, address): {"address": address, "code": code, "title": title}
        for plan_id, address, code, title in model.Session.execute(wanted)
    }


def role_name(role: str) -> str:
    """Return what a role is called."""
    return str(
        {
            "coordinador": tk._("Coordinator"),
            "lider_componente": tk._("Component leader"),
            "control_interno": tk._("Internal control"),
            "monitor": tk._("Independent monitor"),
            "punto_focal": tk._("Focal point"),
        }[role]
    )


_GRANTED = {
    "user": request_fields.required(request_fields.name),
    "role": request_fields.required(request_fields.choice(ROLES)),
    "plan": request_fields.optional(request_fields.name),
    "organization": request_fields.optional(request_fields.name),
    "component": request_fields.optional(request_fields.name),
    "until": request_fields.optional(request_fields.day),
}


def ogp_plan_role_grant(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say that somebody is something in a plan, or in all of them.

    Who manages a plan names its focal points and component leaders; coordinators, Control Interno and
    monitors are named by the portal's administration alone. Who has the role already keeps it.

    :param user: name or id of the user
    :type user: string
    :param role: ``coordinador``, ``lider_componente``, ``control_interno``, ``monitor``, ``punto_focal``
    :type role: string
    :param plan: name or id of the plan; without it, all plans (optional)
    :type plan: string
    :param organization: for ``punto_focal``: of which organismo
    :type organization: string
    :param component: for ``lider_componente``: address or code of the component
    :type component: string
    :param until: last day (optional)
    :type until: ISO date

    :returns: the role, as :func:`ogp_plan_role_list`
    :rtype: dict
    """
    tk.check_access("ogp_plan_role_grant", context, data_dict)
    asked = request_fields.take(data_dict, _GRANTED)
    person = permission.of(context)
    plan = lookup.plan(person, asked["plan"]) if asked["plan"] else None
    user = _user(asked["user"])
    organization, component = _of_role(asked, plan)
    until = _end_of(asked["until"])
    wanted = sa.select(PlanRole).where(
        PlanRole.user_id == user.id,
        PlanRole.role == asked["role"],
        PlanRole.plan_id.is_(None) if plan is None else PlanRole.plan_id == plan.id,
        PlanRole.organization.is_(None) if organization is None else PlanRole.organization == organization,
        PlanRole.component.is_(None) if component is None else PlanRole.component == component,
        permission.holding(_now()),
    )
    with transaction(context):
        row = model.Session.scalars(wanted).first()
        if row is None:
            row = PlanRole(
                user_id=user.id,
                role=asked["role"],
                plan_id=plan.id if plan else None,
                organization=organization,
                component=component,
                granted_by=person.id,
            )
            model.Session.add(row)
        row.until = until
    return told_roles([row], person)[0]


def _of_role(asked: Mapping[str, Any], plan: PlanRow | None) -> tuple[str | None, str | None]:
    """What a role is of: an organismo for a focal point, a component for its leader; nothing for the others.

    Those who judge are of no organismo: one that owes something in a plan does not name who judges it.
    """
    role = asked["role"]
    organization = component = None
    if role == FOCAL_POINT:
        organization = _organization(asked["organization"])
    elif role == COMPONENT_LEADER:
        if plan is None:
            raise tk.ValidationError({"plan": [tk._("Say of which plan: a component belongs to one.")]})
        component = _component(asked["component"], plan)
    for name, used in (("organization", FOCAL_POINT), ("component", COMPONENT_LEADER)):
        if asked[name] and role != used:
            raise tk.ValidationError(
                {name: [tk._("This role has none. Leave it out, or choose the role again.")]}
            )
    return organization, component


def _organization(reference: str | None) -> str:
    found = model.Group.get(reference) if reference else None
    if found is not None and found.is_organization and found.state == "active":
        return str(found.name)
    known = sa.select(ItemAssignment.id).where(ItemAssignment.organization == reference).limit(1)
    if reference and model.Session.execute(known).first() is not None:
        return reference
    raise tk.ValidationError(
        {"organization": [tk._("Say of which organismo: the name of its organization.")]}
    )


def _component(reference: str | None, plan: PlanRow) -> str:
    wanted = sa.select(PlanItem.address).where(
        PlanItem.plan_id == plan.id, PlanItem.depth == 0, PlanItem.withdrawn.is_(False)
    )
    of_address = model.Session.scalars(wanted.where(PlanItem.address == reference)).first()
    if of_address:
        return str(of_address)
    of_code = list(
        model.Session.scalars(wanted.where(PlanItem.code == reference).order_by(PlanItem.position))
    )
    if len(of_code) == 1:
        return str(of_code[0])
    choices = of_code or list(model.Session.scalars(wanted.order_by(PlanItem.position).limit(50)))
    raise tk.ValidationError(
        {
            "component": [
                tk._("Say which component, by its address in the plan: {names}.").format(
                    names=", ".join(choices)
                )
            ]
        }
    )


def _end_of(day: dt.date | None) -> dt.datetime | None:
    """A role ends when its last day is over, in the portal's zone."""
    if day is None:
        return None
    if day < record_service.today():
        raise tk.ValidationError({"until": [tk._("This day has passed already. Give today or a later one.")]})
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), config.timezone())


def ogp_plan_role_end(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say that somebody is something no more, from now on. That they were is kept.

    :param id: the id of the role
    :type id: string

    :returns: the role
    :rtype: dict
    """
    tk.check_access("ogp_plan_role_end", context, data_dict)
    asked = request_fields.take(data_dict, {"id": request_fields.required(request_fields.identity)})
    row = lookup.role(asked["id"])
    with transaction(context):
        if row.until is None or row.until > _now():
            row.until = _now()
    return told_roles([row], permission.of(context))[0]


# --- delegations --------------------------------------------------------------------------------------

_DELEGATED = {
    "user": request_fields.optional(request_fields.name),
    "delegate": request_fields.required(request_fields.name),
    "organization": request_fields.required(request_fields.name),
    "since": request_fields.required(request_fields.day),
    "until": request_fields.required(request_fields.day),
    "reason": request_fields.optional(request_fields.line(), ""),
}


def ogp_plan_delegation_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say who reports for a focal point during their leave.

    The delegate may do, for that organismo and between those days, what the focal point may; and lends it
    to nobody.

    :param user: who is on leave: name or id (optional: who asks)
    :type user: string
    :param delegate: who stands in: name or id
    :type delegate: string
    :param organization: the name of the organismo
    :type organization: string
    :param since: first day
    :type since: ISO date
    :param until: last day, included
    :type until: ISO date
    :param reason: why (optional)
    :type reason: string

    :returns: ``id, user, delegate, organization, since, until, reason, revoked, active``
    :rtype: dict
    """
    tk.check_access("ogp_plan_delegation_create", context, data_dict)
    asked = request_fields.take(data_dict, _DELEGATED)
    person = permission.of(context)
    user = _user(asked["user"] or person.name or "")
    delegate = _user(asked["delegate"], "delegate")
    errors: dict[str, list[str]] = {}
    if delegate.id == user.id:
        errors["delegate"] = [tk._("Nobody stands in for themselves. Choose somebody else.")]
    if asked["organization"] not in permission.who(user, delegations=False).speaks_for(None):
        errors["user"] = [tk._("This person does not report for that organismo.")]
    if asked["until"] < asked["since"]:
        errors["until"] = [tk._("It ends before it begins. Correct one of the two days.")]
    elif asked["until"] < record_service.today():
        errors["until"] = [tk._("This day has passed already. Give today or a later one.")]
    elif (asked["until"] - asked["since"]).days > _LONGEST:
        errors["until"] = [tk._("It lasts more than a year. For longer, name another focal point.")]
    if errors:
        raise tk.ValidationError(errors)
    row = Delegation(
        user_id=user.id,
        delegate_id=delegate.id,
        organization=asked["organization"],
        since=asked["since"],
        until=asked["until"],
        reason=asked["reason"],
    )
    with transaction(context):
        model.Session.add(row)
    return _delegations([row], person)[0]


def ogp_plan_delegation_revoke(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """End a delegation before its last day.

    :param id: the id of the delegation
    :type id: string

    :returns: the delegation
    :rtype: dict
    """
    tk.check_access("ogp_plan_delegation_revoke", context, data_dict)
    asked = request_fields.take(data_dict, {"id": request_fields.required(request_fields.identity)})
    row = lookup.delegation(asked["id"])
    with transaction(context):
        if row.revoked is None:
            row.revoked = _now()
    return _delegations([row], permission.of(context))[0]


_DELEGATIONS = {
    "organization": request_fields.optional(request_fields.name),
    "limit": request_fields.optional(request_fields.whole(0, 1000), 200),
    "offset": request_fields.optional(request_fields.whole(0, 10**9), 0),
}


@tk.side_effect_free
def ogp_plan_delegation_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List who stands in for whom: of oneself, or of an organismo one speaks for; those of today and to come.

    :param organization: the name of the organismo (optional)
    :type organization: string

    :returns: ``count`` and ``results``
    :rtype: dict
    """
    tk.check_access("ogp_plan_delegation_list", context, data_dict)
    asked = request_fields.take(data_dict, _DELEGATIONS)
    person = permission.of(context)
    conditions = [Delegation.revoked.is_(None), Delegation.until >= record_service.today()]
    if asked["organization"]:
        conditions.append(Delegation.organization == asked["organization"])
    else:
        conditions.append(sa.or_(Delegation.user_id == person.id, Delegation.delegate_id == person.id))
    count = model.Session.execute(sa.select(sa.func.count(Delegation.id)).where(*conditions)).scalar()
    wanted = sa.select(Delegation).where(*conditions).order_by(Delegation.since, Delegation.id)
    rows = model.Session.scalars(wanted.limit(asked["limit"]).offset(asked["offset"]))
    return {"count": count, "results": _delegations(list(rows), person)}


def _delegations(rows: Sequence[Delegation], person: permission.Person) -> list[dict[str, Any]]:
    reader = plan_serializer.Reader(person)
    users = _users({id_ for row in rows for id_ in (row.user_id, row.delegate_id)})
    return [
        {
            "id": row.id,
            "user": users.get(row.user_id),
            "delegate": users.get(row.delegate_id),
            "organization": reader.organization(row.organization),
            "since": row.since.isoformat(),
            "until": row.until.isoformat(),
            "reason": row.reason,
            "revoked": plan_serializer.moment(row.revoked),
            "active": row.revoked is None and row.since <= reader.today <= row.until,
        }
        for row in rows
    ]


# --- periods ------------------------------------------------------------------------------------------

_PERIOD = {
    "plan": request_fields.required(request_fields.name),
    "period": request_fields.required(request_fields.period),
    "reason": request_fields.optional(request_fields.text(), ""),
}


def ogp_plan_period_open(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Open a period of reporting, or open it again.

    :param plan: the name or id of the plan
    :type plan: string
    :param period: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…
    :type period: string
    :param reason: why; needed to open again what was closed
    :type reason: string

    :returns: ``plan, period, open, at, reason``
    :rtype: dict
    """
    tk.check_access("ogp_plan_period_open", context, data_dict)
    return _period(context, data_dict, opened=True)


def ogp_plan_period_close(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Close a period of reporting: nothing more is reported to it.

    :param plan: the name or id of the plan
    :type plan: string
    :param period: ``2026-03``, ``2026-T1`` (quarter), ``2026-C1`` (four months)…
    :type period: string
    :param reason: why (optional)
    :type reason: string

    :returns: ``plan, period, open, at, reason``
    :rtype: dict
    """
    tk.check_access("ogp_plan_period_close", context, data_dict)
    return _period(context, data_dict, opened=False)


def _period(context: Context, data_dict: DataDict, *, opened: bool) -> dict[str, Any]:
    asked = request_fields.take(data_dict, _PERIOD)
    person = permission.of(context)
    plan = lookup.plan(person, asked["plan"])
    with transaction(context):
        # alone: a report under way to the period is either wholly before or wholly after
        event_service.hold(plan.id)
        model.Session.refresh(plan)
        tk.check_access(f"ogp_plan_period_{'open' if opened else 'close'}", context, data_dict)
        at, reason = _period_event(plan, asked, person, opened=opened)
    return {
        "plan": plan.name,
        "period": asked["period"],
        "open": opened,
        "at": plan_serializer.moment(at),
        "reason": reason,
    }


def _period_event(
    plan: PlanRow, asked: Mapping[str, Any], person: permission.Person, *, opened: bool
) -> tuple[dt.datetime, str]:
    """Open or close the period, unless it is so already; when that was and why."""
    there = parse_period(asked["period"])
    if plan.start and plan.end and (there.end < plan.start or there.start > plan.end):
        raise tk.ValidationError(
            {"period": [tk._("The plan has no such period: it is outside of its days.")]}
        )
    before = _last_period(plan, asked["period"])
    if before is not None and before.get("opened", True) == opened:
        return before["at"], before.get("reason", "")
    if opened and before is not None and not asked["reason"].strip():
        raise tk.ValidationError({"reason": [tk._("The period was closed. Say why it is opened again.")]})
    fact = PeriodEvent(
        id="", at=_now(), by=person.id, period=asked["period"], opened=opened, reason=asked["reason"]
    )
    return event_service.append(plan.id, fact).at, asked["reason"]


def _last_period(plan: PlanRow, period: str) -> dict[str, Any] | None:
    wanted = (
        sa.select(Event.body, Event.at)
        .where(Event.plan_id == plan.id, Event.kind == "period", Event.body["period"].astext == period)
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(1)
    )
    found = model.Session.execute(wanted).first()
    return {**found.body, "at": found.at} if found else None


# --- links --------------------------------------------------------------------------------------------

_LINKED = {
    "plan": request_fields.required(request_fields.name),
    "item": request_fields.required(request_fields.name),
    "kind": request_fields.required(request_fields.member(LinkKind)),
    "other_plan": request_fields.optional(request_fields.name),
    "other": request_fields.required(request_fields.name),
}
_LISTED_LINKS = {
    "plan": request_fields.required(request_fields.name),
    "limit": request_fields.optional(request_fields.whole(0, config.LARGEST_PAGE)),
    "offset": request_fields.optional(request_fields.whole(0, 10**9), 0),
}
#: Advisory lock of who makes or removes a link.
_LINKING = 0x6F67706C696E6B
#: Kinds that go one way only, so that a ring of them says nothing.
_ONE_WAY = (LinkKind.DEPENDS, LinkKind.SUCCESSOR, LinkKind.COUNTS_FOR, LinkKind.CONTRIBUTES)


@tk.side_effect_free
def ogp_plan_link_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the links from and to the items of a plan, in the order of its items.

    What leads to a plan that may not be seen is neither told nor counted.

    :param plan: the name or id of the plan
    :type plan: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count`` and ``results``: ``id, kind, kind_name, inverse`` (it was said from the other item),
        ``item`` and ``other`` (``plan, plan_title, address, level, code, title, url, withdrawn, light,
        light_name``), ``at``, ``may_remove``
    :rtype: dict
    """
    tk.check_access("ogp_plan_link_list", context, data_dict)
    asked = request_fields.take(data_dict, _LISTED_LINKS)
    person = permission.of(context)
    found = link_serializer.of_plan(lookup.plan(person, asked["plan"]), plan_serializer.Reader(person))
    limit = config.page_size() if asked["limit"] is None else asked["limit"]
    return {"count": len(found), "results": found[asked["offset"] : asked["offset"] + limit]}


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
    asked = request_fields.take(data_dict, _LINKED)
    person = permission.of(context)
    plan = lookup.plan(person, asked["plan"])
    item = lookup.item(plan, asked["item"])
    other_plan = lookup.plan(person, asked["other_plan"]) if asked["other_plan"] else plan
    other = lookup.item(other_plan, asked["other"])
    kind: LinkKind = asked["kind"]
    _check_link(item, other, kind)
    keys: tuple[Key, Key] = (item.level, item.code), (other.level, other.code)
    elsewhere = None if other_plan.id == plan.id else other_plan.id
    with transaction(context):
        _links_alone()
        id_ = _standing(plan.id, keys[0], kind, elsewhere, keys[1])
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
                id="", at=_now(), by=person.id, item=keys[0], kind=kind, other=keys[1], plan=elsewhere
            )
            id_ = event_service.append(plan.id, fact).id
            item_status.recompute(plan.id, {keys[0]})
    return _link(id_, kind, plan, item, other_plan, other)


def _links_alone() -> None:
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


def _link(
    id_: str, kind: LinkKind, plan: PlanRow, item: PlanItem, other_plan: PlanRow, other: PlanItem
) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": kind.value,
        "kind_name": item_serializer.link_name(kind.value),
        "plan": plan.name,
        "item": item.address,
        "other_plan": other_plan.name,
        "other": other.address,
        "other_title": other.title,
        "url": urls.url_of_item(other_plan.name, other.address),
    }


def _rows_of(kind: LinkKind) -> dict[tuple[str, Key, str, Key], tuple[str, bool]]:
    """Every link of a kind: (plan, item, other plan, other) → (id, removed). The last word on each counts."""
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


def _standing(plan_id: str, item: Key, kind: LinkKind, elsewhere: str | None, other: Key) -> str | None:
    id_, removed = _rows_of(kind).get((plan_id, item, elsewhere or plan_id, other), (None, True))
    return None if removed else id_


def _leads_back(kind: LinkKind, start: tuple[str, Key], goal: tuple[str, Key]) -> bool:
    after: dict[tuple[str, Key], list[tuple[str, Key]]] = {}
    for (plan_id, item, other_plan, other), (_, removed) in _rows_of(kind).items():
        if not removed:
            after.setdefault((plan_id, item), []).append((other_plan, other))
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        fresh = [one for one in after.get(here, ()) if one not in seen]
        seen |= set(fresh)
        waiting += fresh
    return False


def ogp_plan_link_remove(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say that an item relates to another no more. That it did is kept.

    :param id: the id of the link
    :type id: string

    :returns: ``id, kind, removed``
    :rtype: dict
    """
    tk.check_access("ogp_plan_link_remove", context, data_dict)
    asked = request_fields.take(data_dict, {"id": request_fields.required(request_fields.identity)})
    person = permission.of(context)
    row, plan = lookup.fact(person, asked["id"], "link")
    held = event_service.to_fact(row)
    if not isinstance(held, Link):
        raise tk.ObjectNotFound(tk._("There is no such link."))
    with transaction(context):
        _links_alone()
        if _standing(plan.id, held.item, held.kind, held.plan, held.other) is not None:
            gone = replace(held, id="", at=_now(), by=person.id, removed=True)
            event_service.append(plan.id, gone)
            item_status.recompute(plan.id, {held.item})
    return {"id": row.id, "kind": held.kind.value, "removed": True}


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {
        "ogp_plan_role_list": ogp_plan_role_list,
        "ogp_plan_role_grant": ogp_plan_role_grant,
        "ogp_plan_role_end": ogp_plan_role_end,
        "ogp_plan_delegation_list": ogp_plan_delegation_list,
        "ogp_plan_delegation_create": ogp_plan_delegation_create,
        "ogp_plan_delegation_revoke": ogp_plan_delegation_revoke,
        "ogp_plan_period_open": ogp_plan_period_open,
        "ogp_plan_period_close": ogp_plan_period_close,
        "ogp_plan_link_list": ogp_plan_link_list,
        "ogp_plan_link_create": ogp_plan_link_create,
        "ogp_plan_link_remove": ogp_plan_link_remove,
    }
