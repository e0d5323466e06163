"""Roles in plans: list, grant, end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import role as role_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.model.role import COMPONENT_LEADER, FOCAL_POINT
from ckanext.ogp_plan.serializers import role as role_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import organization_link, permission
from ckanext.ogp_plan.services import record as record_service


@tk.side_effect_free
def ogp_plan_role_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the roles held in a plan, or (for the portal's administration) in all of them.

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
    data = validated(role_schema.role_list(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"]) if data["plan"] else None
    conditions: list[Any] = []
    if plan is not None:
        conditions.append(sa.or_(PlanRole.plan_id == plan.id, PlanRole.plan_id.is_(None)))
    if data["role"]:
        conditions.append(PlanRole.role == data["role"])
    if not data["ended"]:
        conditions.append(permission.is_role_valid(event_service.clock()))
    count = model.Session.execute(sa.select(sa.func.count(PlanRole.id)).where(*conditions)).scalar()
    wanted = (
        sa.select(PlanRole)
        .where(*conditions)
        .order_by(PlanRole.role, PlanRole.since, PlanRole.id)
        .limit(data["limit"])
        .offset(data["offset"])
    )
    rows = list(model.Session.scalars(wanted))
    return {"count": count, "results": role_serializer.roles(rows, person)}


def ogp_plan_role_grant(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Grant a role in a plan, or in all of them.

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
    data = validated(role_schema.role_grant(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"]) if data["plan"] else None
    user = lookup.user(data["user"])
    organization, component = _of_role(data, plan)
    until = _end_of(data["until"])
    wanted = sa.select(PlanRole).where(
        PlanRole.user_id == user.id,
        PlanRole.role == data["role"],
        PlanRole.plan_id.is_(None) if plan is None else PlanRole.plan_id == plan.id,
        PlanRole.organization.is_(None) if organization is None else PlanRole.organization == organization,
        PlanRole.component.is_(None) if component is None else PlanRole.component == component,
        permission.is_role_valid(event_service.clock()),
    )
    with transaction(context):
        row = model.Session.scalars(wanted).first()
        if row is None:
            row = PlanRole(
                user_id=user.id,
                role=data["role"],
                plan_id=plan.id if plan else None,
                organization=organization,
                component=component,
                granted_by=person.id,
            )
            model.Session.add(row)
        row.until = until
    return role_serializer.roles([row], person)[0]


def _of_role(data: Mapping[str, Any], plan: PlanRow | None) -> tuple[str | None, str | None]:
    """Return the organismo of a focal point, or the component of its leader; the other roles have neither.

    Control Interno and monitors are of no organismo: one that owes something in a plan does not name who
    gives verdicts on it.
    """
    role = data["role"]
    organization = component = None
    if role == FOCAL_POINT:
        organization = _organization(data["organization"])
    elif role == COMPONENT_LEADER:
        if plan is None:
            raise tk.ValidationError({"plan": [tk._("Say of which plan: a component belongs to one.")]})
        component = _component(data["component"], plan)
    for name, used in (("organization", FOCAL_POINT), ("component", COMPONENT_LEADER)):
        if data[name] and role != used:
            raise tk.ValidationError(
                {name: [tk._("This role has none. Leave it out, or choose the role again.")]}
            )
    return organization, component


def _organization(reference: str | None) -> str:
    code = organization_link.resolve([reference]).get(reference) if reference else None
    if code is not None:
        return code
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
    """End a role, from now on. That it was held is kept.

    :param id: the id of the role
    :type id: string

    :returns: the role
    :rtype: dict
    """
    tk.check_access("ogp_plan_role_end", context, data_dict)
    data = validated(role_schema.role_end(), data_dict)
    row = lookup.role(data["id"])
    with transaction(context):
        if row.until is None or row.until > event_service.clock():
            row.until = event_service.clock()
    return role_serializer.roles([row], permission.get_person(context))[0]
