"""Plans: lists of them, one with all that is known of it, what changed in it; make and change them."""

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
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import plan as plan_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import ItemAssignment, PlanRow, RecordedChange
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.serializers import change as change_serializer
from ckanext.ogp_plan.serializers import drift as drift_serializer
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers import plan_detail
from ckanext.ogp_plan.serializers.labels import plan_status_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission, plan_change
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES


@tk.side_effect_free
def ogp_plan_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List plans: those under way first, then the rest, the newest first.

    :param family: only of this family (optional)
    :type family: string
    :param status: only with this status, or with one of several separated by commas (optional)
    :type status: string
    :param organization: only those in which this organismo owes something, or that it owns (optional)
    :type organization: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count`` and ``results``
    :rtype: dict
    """
    tk.check_access("ogp_plan_list", context, data_dict)
    data = validated(plan_schema.plan_list(), data_dict)
    person = permission.get_person(context)
    conditions = [permission.visible_plans(person)]
    if data["family"]:
        conditions.append(PlanRow.family == data["family"])
    if data["status"]:
        conditions.append(PlanRow.status.in_([part.strip() for part in data["status"].split(",")]))
    if data["organization"]:
        owes = sa.select(ItemAssignment.plan_id).where(
            ItemAssignment.organization == data["organization"], ItemAssignment.role.in_(RESPONSIBLE_ROLES)
        )
        conditions.append(sa.or_(PlanRow.id.in_(owes), PlanRow.owner == data["organization"]))
    count = model.Session.execute(sa.select(sa.func.count()).select_from(PlanRow).where(*conditions)).scalar()
    order = sa.case(
        *((PlanRow.status == entry.value, place) for place, entry in enumerate(_ORDER)), else_=len(_ORDER)
    )
    wanted = (
        sa.select(PlanRow)
        .where(*conditions)
        .order_by(order, PlanRow.start.desc().nulls_last(), PlanRow.title, PlanRow.name)
        .limit(data["limit"])
        .offset(data["offset"])
    )
    rows = list(model.Session.scalars(wanted))
    return {"count": count, "results": plan_serializer.serialize_plans(rows, Reader(person))}


_ORDER = (
    PlanStatus.RUNNING,
    PlanStatus.ADOPTED,
    PlanStatus.CONSULTATION,
    PlanStatus.DRAFT,
    PlanStatus.CLOSED,
)


@tk.side_effect_free
def ogp_plan_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a plan: its status, its components, who owes what, how it is tracked, its versions and cuts.

    :param id: the name or id of the plan
    :type id: string

    :returns: the plan as lists show it, with ``fields, groups, levels, settings, versions, cuts, components,
        organizations, may``
    :rtype: dict
    """
    tk.check_access("ogp_plan_show", context, data_dict)
    data = validated(plan_schema.plan_show(), data_dict)
    person = permission.get_person(context)
    return plan_detail.plan_dict(lookup.plan(person, data["id"]), person)


@tk.side_effect_free
def ogp_plan_diff(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List what changed in a plan: dates moved, goals lowered, rows removed, by which act.

    :param plan: the name or id of the plan
    :type plan: string
    :param since: from this day on (optional)
    :type since: ISO date
    :param until: up to this day, included (optional)
    :type until: ISO date
    :param limit: how many changes at most (optional); the drift is always of all of them
    :type limit: integer

    :returns: ``count``, ``changes`` (the newest first), ``drift`` by organismo, ``whole``
    :rtype: dict
    """
    tk.check_access("ogp_plan_diff", context, data_dict)
    data = validated(plan_schema.plan_diff(), data_dict)
    person = permission.get_person(context)
    row = lookup.plan(person, data["plan"])
    conditions = [RecordedChange.plan_id == row.id, *_between(data)]
    for name in ("level", "code"):
        if data[name]:
            conditions.append(getattr(RecordedChange, name) == data[name])
    reader = Reader(person)
    order = (RecordedChange.created.desc(), RecordedChange.version.desc(), RecordedChange.position)
    count = model.Session.execute(sa.select(sa.func.count(RecordedChange.id)).where(*conditions)).scalar()
    wanted = sa.select(RecordedChange).where(*conditions).order_by(*order)
    page = wanted.limit(data["limit"]).offset(data["offset"])
    drift, whole = drift_serializer.serialize_drift(row, conditions, reader)
    return {
        "count": count,
        "changes": change_serializer.serialize_changes(list(model.Session.scalars(page)), row, reader),
        "drift": drift,
        "whole": whole,
    }


def _between(data: Mapping[str, Any]) -> list[Any]:
    """Days begin and end in the portal's zone."""
    zone = config.timezone()
    conditions = []
    if data["since"]:
        conditions.append(RecordedChange.created >= dt.datetime.combine(data["since"], dt.time(), zone))
    if data["until"]:
        after = data["until"] + dt.timedelta(days=1)
        conditions.append(RecordedChange.created < dt.datetime.combine(after, dt.time(), zone))
    return conditions


def ogp_plan_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make a plan, as a draft without items: they come by an import.

    :param name: its address: small letters, figures and hyphens
    :type name: string
    :param family: the family of plans it is of
    :type family: string
    :param title: how it is called
    :type title: string
    :param owner: name or id of the organization whose plan it is
    :type owner: string
    :param start: its first day (optional)
    :type start: ISO date
    :param end: its last day (optional)
    :type end: ISO date
    :param settings: what it sets otherwise than its family (optional)
    :type settings: dict
    :param successor_of: the plan it follows (optional)
    :type successor_of: string
    :param demonstration: whether nothing in it is true (optional)
    :type demonstration: boolean

    :returns: the plan, as :func:`ogp_plan_show`
    :rtype: dict
    """
    tk.check_access("ogp_plan_create", context, data_dict)
    data = validated(plan_schema.plan_create(), data_dict)
    person = permission.get_person(context)
    errors: dict[str, list[str]] = {}
    plan_change.check_name(data["name"], errors)
    plan_change.check_family(data["family"], errors)
    owner = plan_change.check_owner(data["owner"], errors)
    plan_change.check_days(data["start"], data["end"], errors)
    if "family" not in errors:
        plan_change.check_settings(data["family"], data["settings"], errors)
    before = plan_change.check_successor(data["successor_of"], person, errors)
    if errors:
        raise tk.ValidationError(errors)
    row = PlanRow(
        name=data["name"],
        family=data["family"],
        title=data["title"],
        status=PlanStatus.DRAFT.value,
        owner=owner,
        start=data["start"],
        end=data["end"],
        settings=data["settings"],
        successor_of=before.id if before else None,
        demonstration=data["demonstration"],
    )
    try:
        with transaction(context):
            model.Session.add(row)
            model.Session.flush()
    except sa.exc.IntegrityError as error:
        raise tk.ValidationError({"name": [plan_change.name_in_use()]}) from error
    return plan_detail.plan_dict(row, person)


def ogp_plan_patch(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change a plan: its title, status, settings, owner. What is not given stays as it is.

    A change of an adopted plan's title, days or owner is one more version of it, by an act and with a reason.
    Changes of status and settings are published among the plan's changes. An empty object as ``settings``
    takes away all that the plan sets otherwise than its family.

    :param id: the name or id of the plan
    :type id: string
    :param title: how it is called (optional)
    :type title: string
    :param status: ``borrador``, ``consulta``, ``adoptado``, ``en_ejecucion``, ``cerrado`` (optional)
    :type status: string
    :param settings: what it sets otherwise than its family, all of it (optional)
    :type settings: dict
    :param owner: name or id of another organization (optional)
    :type owner: string
    :param start: its first day (optional)
    :type start: ISO date
    :param end: its last day (optional)
    :type end: ISO date
    :param act_name: the act by which it changes
    :type act_name: string
    :param reason: why
    :type reason: string

    :returns: the plan, as :func:`ogp_plan_show`
    :rtype: dict
    """
    tk.check_access("ogp_plan_patch", context, data_dict)
    data = validated(plan_schema.plan_patch(), data_dict)
    given_settings = "settings" in (data_dict or {})
    if given_settings and data["settings"] is None:
        data["settings"] = {}
    person = permission.get_person(context)
    row = lookup.plan(person, data["id"])
    with transaction(context):
        event_service.hold(row.id)
        model.Session.refresh(row)
        # somebody may have closed it while we waited
        tk.check_access("ogp_plan_patch", context, data_dict)
        plan_change.patch(row, data, person, plan_status_label)
    if not context.get("defer_commit"):
        dataset_export.refresh(row.id)
    return plan_detail.plan_dict(row, person)
