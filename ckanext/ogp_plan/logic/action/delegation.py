"""Delegations: who reports for a focal point during their leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import delegation as delegation_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import Delegation
from ckanext.ogp_plan.serializers import role as role_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service

#: Days of a delegation at most: leave, and not a change of post.
_MOST_DAYS = 366


def ogp_plan_delegation_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say who reports for a focal point during their leave.

    The delegate may do, for that organismo and between those days, what the focal point may; and lends it
    to nobody.

    :param user: who is on leave: name or id (optional: who asks)
    :type user: string
    :param delegate: the substitute: name or id
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
    data = validated(delegation_schema.delegation_create(), data_dict)
    person = permission.get_person(context)
    user = lookup.user(data["user"] or person.name or "")
    delegate = lookup.user(data["delegate"], "delegate")
    errors: dict[str, list[str]] = {}
    if delegate.id == user.id:
        errors["delegate"] = [tk._("Nobody can be their own substitute. Choose somebody else.")]
    if data["organization"] not in permission.load_person(user, delegations=False).represented_organizations(
        None
    ):
        errors["user"] = [tk._("This person does not report for that organismo.")]
    if data["until"] < data["since"]:
        errors["until"] = [tk._("It ends before it begins. Correct one of the two days.")]
    elif data["until"] < record_service.today():
        errors["until"] = [tk._("This day has passed already. Give today or a later one.")]
    elif (data["until"] - data["since"]).days > _MOST_DAYS:
        errors["until"] = [tk._("It lasts more than a year. For longer, name another focal point.")]
    if errors:
        raise tk.ValidationError(errors)
    row = Delegation(
        user_id=user.id,
        delegate_id=delegate.id,
        organization=data["organization"],
        since=data["since"],
        until=data["until"],
        reason=data["reason"],
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
    data = validated(delegation_schema.delegation_revoke(), data_dict)
    row = lookup.delegation(data["id"])
    with transaction(context):
        if row.revoked is None:
            row.revoked = event_service.clock()
    return _delegations([row], permission.get_person(context))[0]


@tk.side_effect_free
def ogp_plan_delegation_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List substitutes: one's own, or of an organismo that one reports for; those of today and to come.

    :param organization: the name of the organismo (optional)
    :type organization: string

    :returns: ``count`` and ``results``
    :rtype: dict
    """
    tk.check_access("ogp_plan_delegation_list", context, data_dict)
    data = validated(delegation_schema.delegation_list(), data_dict)
    person = permission.get_person(context)
    conditions = [Delegation.revoked.is_(None), Delegation.until >= record_service.today()]
    if data["organization"]:
        conditions.append(Delegation.organization == data["organization"])
    else:
        conditions.append(sa.or_(Delegation.user_id == person.id, Delegation.delegate_id == person.id))
    count = model.Session.execute(sa.select(sa.func.count(Delegation.id)).where(*conditions)).scalar()
    wanted = sa.select(Delegation).where(*conditions).order_by(Delegation.since, Delegation.id)
    rows = model.Session.scalars(wanted.limit(data["limit"]).offset(data["offset"]))
    return {"count": count, "results": _delegations(list(rows), person)}


def _delegations(rows: Sequence[Delegation], person: permission.Person) -> list[dict[str, Any]]:
    reader = Reader(person)
    users = role_serializer.users({id_ for row in rows for id_ in (row.user_id, row.delegate_id)})
    return [
        {
            "id": row.id,
            "user": users.get(row.user_id),
            "delegate": users.get(row.delegate_id),
            "organization": reader.organization(row.organization),
            "since": row.since.isoformat(),
            "until": row.until.isoformat(),
            "reason": row.reason,
            "revoked": serialize_moment(row.revoked),
            "active": row.revoked is None and row.since <= reader.today <= row.until,
        }
        for row in rows
    ]
