"""Links of organismos with organizations of the portal: list, make, end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict
from sqlalchemy.exc import IntegrityError

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import organization_link as link_schema
from ckanext.ogp_plan.logic.transaction import transaction
from ckanext.ogp_plan.model import OrganizationLink
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import organization_link, permission


@tk.side_effect_free
def ogp_plan_organization_link_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List which organization of the portal each organismo of the plans is, and was.

    :param code: only of this organismo (optional)
    :param organization: only of the organization with this name or id (optional)
    :param day: as it was at the end of this day (optional)
    :param ended: with those that have ended (default: true)
    :param limit: how many at most (default and most: 1000)
    :param offset: how many to leave out at the beginning (default: 0)

    :returns: ``count``; ``results``: ``id, code, title, organization {id,name,title,state}, name_when_linked,
        since, until, active, origin`` (``plan``: a plan named it; ``person``), ``linked_by, ended_by`` (user
        names); ``unlinked``: ``code, title, plans``, organismos that owe something and are no organization
    :rtype: dict
    """
    tk.check_access("ogp_plan_organization_link_list", context, data_dict)
    data = validated(link_schema.organization_link_list(), data_dict)
    group = model.Group.get(data["organization"]) if data["organization"] else None
    links = organization_link.load(
        code=data["code"],
        organization_id=(group.id if group else data["organization"]) if data["organization"] else None,
        at=_end_of(data["day"]) - dt.timedelta(microseconds=1) if data["day"] else None,
        ended=data["ended"],
    )
    names = organization_service.load_names()
    return {
        "count": len(links),
        "results": _link_dicts(links[data["offset"] : data["offset"] + data["limit"]]),
        "unlinked": [
            {"code": code, "title": names.get(code, code), "plans": plans}
            for code, plans in organization_link.list_unlinked()
        ],
    }


def _link_dicts(links: Iterable[OrganizationLink]) -> list[dict[str, Any]]:
    listed = list(links)
    groups = sa.select(model.Group).where(model.Group.id.in_([link.organization_id for link in listed]))
    known = {group.id: group for group in model.Session.scalars(groups)}
    people = {user for link in listed for user in (link.linked_by, link.ended_by) if user}
    users = sa.select(model.User.id, model.User.name).where(model.User.id.in_(people))
    called = dict(tuple(row) for row in model.Session.execute(users))
    names, moment = organization_service.load_names(), organization_link.now()
    return [
        {
            "id": link.id,
            "code": link.code,
            "title": names.get(link.code, link.code),
            "organization": _organization_dict(link, known.get(link.organization_id)),
            "name_when_linked": link.organization_name,
            "since": link.since.isoformat(),
            "until": link.until.isoformat() if link.until else None,
            "active": link.since <= moment and (link.until is None or link.until > moment),
            "origin": link.origin,
            "linked_by": called.get(link.linked_by or ""),
            "ended_by": called.get(link.ended_by or ""),
        }
        for link in listed
    ]


def _organization_dict(link: OrganizationLink, group: Any) -> dict[str, Any]:
    """The organization as it is now; ``state`` None: it was purged."""
    return {
        "id": link.organization_id,
        "name": group.name if group is not None else link.organization_name,
        "title": (group.title or group.name) if group is not None else link.organization_name,
        "state": group.state if group is not None else None,
    }


def ogp_plan_organization_link_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say which organization of the portal an organismo is, from a day on.

    Who edits the organization reports for the organismo from then on, whatever either is called.

    :param code: the organismo, as plans name it
    :param organization: name or id of the organization
    :param since: first day (optional: from now on)
    :param until: last day, included (optional)

    :returns: the link, as :func:`ogp_plan_organization_link_list`
    :rtype: dict
    """
    tk.check_access("ogp_plan_organization_link_create", context, data_dict)
    data = validated(link_schema.organization_link_create(), data_dict)
    person = permission.get_person(context)
    group = model.Group.get(data["organization"])
    if group is None or not group.is_organization or group.state != "active":
        raise tk.ValidationError({"organization": [tk._("There is no such organization in this portal.")]})
    _check_code(data["code"], group.name)
    try:
        with transaction(context):
            link = organization_link.create(
                data["code"],
                group,
                since=_begin_of(data["since"]) if data["since"] else None,
                until=_end_of(data["until"]) if data["until"] else None,
                user_id=person.id,
            )
    except IntegrityError as error:
        raise tk.ValidationError({"code": [tk._("Somebody linked this organismo meanwhile.")]}) from error
    return _link_dicts([link])[0]


def _check_code(code: str, organization: str) -> None:
    """Refuse a code that nothing names: it would be one that was misspelt."""
    if code == organization or code in organization_service.load_directory_names():
        return
    if organization_link.load(code=code) or code not in organization_link.filter_free([code]):
        return
    raise tk.ValidationError(
        {"code": [tk._("No plan names an organismo so. Write its code as plans have it.")]}
    )


def ogp_plan_organization_link_end(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """End a link: who edits the organization reports for the organismo no longer. That it was is kept.

    :param id: the id of the link
    :param until: last day, included (optional: it ends now)

    :returns: the link, as :func:`ogp_plan_organization_link_list`
    :rtype: dict
    """
    tk.check_access("ogp_plan_organization_link_end", context, data_dict)
    data = validated(link_schema.organization_link_end(), data_dict)
    link = lookup.organization_link(data["id"])
    with transaction(context):
        organization_link.end(
            link,
            at=_end_of(data["until"]) if data["until"] else None,
            user_id=permission.get_person(context).id,
        )
    return _link_dicts([link])[0]


def _begin_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), config.timezone())


def _end_of(day: dt.date) -> dt.datetime:
    """The moment at which a day is over, in the portal's zone."""
    return _begin_of(day + dt.timedelta(days=1))
