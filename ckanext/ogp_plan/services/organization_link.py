"""Which organization of the portal an organismo is: links of codes with organizations, kept with their time.

Plans, facts and cuts name an organismo by its code, which is often that of no organization. Who may do
something for it, who gets letters and whose page it is, is decided by the links alone, never by a name: an
organization that is renamed keeps what it had, and one that takes an old name gets nothing by it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import ItemAssignment, OrganizationLink, PlanRow
from ckanext.ogp_plan.model.organization_link import BY_PERSON, BY_PLAN

#: Advisory locks of codes: the first of PostgreSQL's two 32-bit keys ("ogo" in its letters' digits).
_LOCKS = 0x6F676F


def now() -> dt.datetime:
    """Return this moment, in UTC."""
    return dt.datetime.now(dt.timezone.utc)


def is_valid(moment: dt.datetime | None = None) -> Any:
    """Return the condition that a link holds at a moment (now when None)."""
    at = moment or now()
    return sa.and_(
        OrganizationLink.since <= at, sa.or_(OrganizationLink.until.is_(None), OrganizationLink.until > at)
    )


def is_active_organization() -> Any:
    """Return the condition, on groups, that they are organizations of the portal that are not deleted."""
    return sa.and_(model.Group.is_organization.is_(True), model.Group.state == "active")


# --- reading ------------------------------------------------------------------------------------------------


def select_active(*columns: Any) -> Any:
    """Return a query of links that hold now, with the organizations, which are not deleted."""
    return (
        sa.select(*columns)
        .select_from(OrganizationLink)
        .join(model.Group, model.Group.id == OrganizationLink.organization_id)
        .where(is_valid(), is_active_organization())
    )


def find_organization(code: str) -> Any:
    """Return the organization that an organismo is now; None when it is none, or a deleted one."""
    return model.Session.scalars(select_active(model.Group).where(OrganizationLink.code == code)).first()


def find_organization_id(code: str, at: dt.datetime) -> str | None:
    """Return the id of the organization that an organismo was at a moment, whatever became of it since."""
    wanted = sa.select(OrganizationLink.organization_id).where(OrganizationLink.code == code, is_valid(at))
    found: str | None = model.Session.scalars(wanted).first()
    return found


def list_codes(organization_id: str) -> list[str]:
    """Return the organismos that an organization is now, the one it was first at the beginning."""
    wanted = (
        sa.select(OrganizationLink.code)
        .where(OrganizationLink.organization_id == organization_id, is_valid())
        .order_by(OrganizationLink.since, OrganizationLink.code)
    )
    return list(model.Session.scalars(wanted))


def load_organizations(codes: Iterable[str]) -> dict[str, Any]:
    """Return the organization that each of some organismos is now, where it is one (one query)."""
    query = select_active(OrganizationLink.code, model.Group).where(OrganizationLink.code.in_(list(codes)))
    return dict(tuple(row) for row in model.Session.execute(query))


def filter_free(names: Collection[str], plan_id: str | None = None) -> set[str]:
    """Return which codes were never linked and stand in no plan: the organization of that name may be linked.

    :param plan_id: a plan in which they may stand.
    """
    if not names:
        return set()
    listed = list(names)
    queries = [
        sa.select(OrganizationLink.code).where(OrganizationLink.code.in_(listed)),
        sa.select(ItemAssignment.organization)
        .where(ItemAssignment.organization.in_(listed), ItemAssignment.plan_id != (plan_id or ""))
        .distinct(),
        sa.select(PlanRow.owner).where(PlanRow.owner.in_(listed), PlanRow.id != (plan_id or "")),
    ]
    return set(names) - {code for query in queries for code in model.Session.scalars(query)}


def resolve(references: Collection[str]) -> dict[str, str]:
    """Return the code of each organismo that a request names, by its code or by an organization's name or id.

    A code is itself, whatever organization has that name now. An organization that is no organismo yet is its
    own name, where that is free. What is none of these is left out.
    """
    listed = [one for one in references if one and "\x00" not in one]
    if not listed:
        return {}
    linked = sa.select(OrganizationLink.code).where(OrganizationLink.code.in_(listed))
    found = {code: code for code in model.Session.scalars(linked)}
    groups = sa.select(model.Group.id, model.Group.name).where(
        sa.or_(model.Group.id.in_(listed), model.Group.name.in_(listed)), is_active_organization()
    )
    there = {tuple(row) for row in model.Session.execute(groups)}
    held: dict[str, list[str]] = defaultdict(list)
    of_groups = (
        sa.select(OrganizationLink.organization_id, OrganizationLink.code)
        .where(OrganizationLink.organization_id.in_([id_ for id_, _ in there]), is_valid())
        .order_by(OrganizationLink.since, OrganizationLink.code)
    )
    for id_, code in model.Session.execute(of_groups):
        held[id_].append(code)
    free = filter_free({name for id_, name in there if id_ not in held})
    for id_, name in there:
        code = held[id_][0] if id_ in held else name if name in free else None
        for reference in (id_, name):
            if code is not None and reference in listed:
                found.setdefault(reference, code)
    return found


def load(
    *,
    code: str | None = None,
    organization_id: str | None = None,
    at: dt.datetime | None = None,
    ended: bool = True,
) -> list[OrganizationLink]:
    """Return links, by code and time.

    :param at: only those that held at that moment.
    :param ended: also those that have ended.
    """
    wanted = sa.select(OrganizationLink).order_by(OrganizationLink.code, OrganizationLink.since)
    if code is not None:
        wanted = wanted.where(OrganizationLink.code == code)
    if organization_id is not None:
        wanted = wanted.where(OrganizationLink.organization_id == organization_id)
    if at is not None:
        wanted = wanted.where(is_valid(at))
    elif not ended:
        wanted = wanted.where(sa.or_(OrganizationLink.until.is_(None), OrganizationLink.until > now()))
    return list(model.Session.scalars(wanted))


def list_unlinked() -> list[tuple[str, int]]:
    """Return the organismos that owe something and are no organization now, each with its number of plans."""
    linked = sa.select(OrganizationLink.code).where(is_valid())
    wanted = (
        sa.select(ItemAssignment.organization, sa.func.count(sa.distinct(ItemAssignment.plan_id)))
        .where(ItemAssignment.organization.is_not(None), ItemAssignment.organization.not_in(linked))
        .group_by(ItemAssignment.organization)
        .order_by(ItemAssignment.organization)
    )
    return [(code, number) for code, number in model.Session.execute(wanted)]


# --- writing: nothing here commits --------------------------------------------------------------------


def _error(field: str, sentence: str) -> tk.ValidationError:
    return tk.ValidationError({field: [sentence]})


def _lock(code: str) -> None:
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, sa.func.hashtext(code))))


def create(
    code: str,
    organization: Any,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    user_id: str | None = None,
    origin: str = BY_PERSON,
) -> OrganizationLink:
    """Link an organismo with an organization from a moment on.

    :param organization: a ``ckan.model.Group``.
    :param since: from when on (default: now).
    :param until: when it ends (default: it does not).
    :raises ckan.plugins.toolkit.ValidationError: it ends before it begins, or the organismo is linked
        in a part of that time already.
    """
    begin = since or now()
    if until is not None and until <= begin:
        raise _error("until", tk._("It ends before it begins. Correct one of the two days."))
    _lock(code)
    overlapping = sa.select(OrganizationLink).where(
        OrganizationLink.code == code,
        sa.or_(OrganizationLink.until.is_(None), OrganizationLink.until > begin),
    )
    if until is not None:
        overlapping = overlapping.where(OrganizationLink.since < until)
    other = model.Session.scalars(overlapping).first()
    if other is not None:
        raise _error(
            "code",
            tk._(
                "This organismo is the organization “{name}” in a part of that time. End that link first, or "
                "choose other days."
            ).format(name=other.organization_name),
        )
    link = OrganizationLink(
        code=code,
        organization_id=organization.id,
        organization_name=organization.name,
        since=begin,
        until=until,
        origin=origin,
        linked_by=user_id,
    )
    model.Session.add(link)
    model.Session.flush()
    return link


def end(link: OrganizationLink, *, at: dt.datetime | None = None, user_id: str | None = None) -> None:
    """End a link; that it was held is kept.

    :param at: when it ends (default: now).
    :raises ckan.plugins.toolkit.ValidationError: it would end before it began, or ended already.
    """
    moment = at or now()
    _lock(link.code)
    model.Session.refresh(link)
    if link.until is not None and link.until <= now():
        raise _error("id", tk._("This link has ended already."))
    if moment <= link.since:
        raise _error("until", tk._("It ends before it begins. Correct one of the two days."))
    link.until, link.ended_by = moment, user_id
    model.Session.flush()


def link_named(codes: Iterable[str], *, user_id: str | None, plan_id: str | None = None) -> list[str]:
    """Link each organismo with the organization of exactly that name, when it is named for the first time.

    What was ever linked, or stands in another plan already, is left to the administration: an organization
    may have been given that name since.

    :param plan_id: the plan that names them.
    :returns: the codes that were linked.
    """
    free = filter_free({code for code in codes if code}, plan_id)
    if not free:
        return []
    wanted = sa.select(model.Group).where(model.Group.name.in_(sorted(free)), is_active_organization())
    # an organization that is an organismo under another code does not become a second one by itself
    taken = sa.select(OrganizationLink.organization_id).where(is_valid())
    linked = []
    for group in list(
        model.Session.scalars(wanted.where(model.Group.id.not_in(taken)).order_by(model.Group.name))
    ):
        create(group.name, group, user_id=user_id, origin=BY_PLAN)
        linked.append(group.name)
    return linked
