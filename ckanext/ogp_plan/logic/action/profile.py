"""What somebody is in plans, over the API: their roles, for whom they report, what they said of letters."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.logic.action.people import told_roles
from ckanext.ogp_plan.mail import reminder as reminder_mail
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.services.permission import OWING, Person

#: Statuses of plans in which something is reported.
_TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)


@tk.side_effect_free
def ogp_plan_mine_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show what you are in plans: your roles, the organismos you report for, your wishes about letters.

    :returns: ``roles`` (as :func:`ogp_plan_role_list`), ``organizations`` (``name, title, as_delegate,
        owed``: tracked items of plans under way), ``letters`` (``wanted, language, languages,
        has_address``)
    :rtype: dict
    """
    request_fields.take(data_dict, {})
    tk.check_access("ogp_plan_mine_show", context, {})
    person = permission.of(context)
    user = model.User.get(person.id) if person.id else None
    if user is None:
        raise tk.NotAuthorized(tk._("Sign in to do this."))
    return {
        "roles": told_roles(_roles(person), person),
        "organizations": _organizations(person),
        "letters": {
            "wanted": reminder_mail.wishes(user).get("letters") is not False,
            "language": reminder_mail.language_of(user),
            "languages": reminder_mail.languages(),
            "has_address": bool(user.email),
        },
    }


def _roles(person: Person) -> list[PlanRole]:
    """The roles somebody holds today, in plans they may see."""
    seen = sa.select(PlanRow.id).where(permission.visible(person))
    wanted = (
        sa.select(PlanRole)
        .where(PlanRole.user_id == person.id, permission.holding(event_service.clock()))
        .where(sa.or_(PlanRole.plan_id.is_(None), PlanRole.plan_id.in_(seen)))
        .order_by(PlanRole.role, PlanRole.since, PlanRole.id)
    )
    return list(model.Session.scalars(wanted))


def _organizations(person: Person) -> list[dict[str, Any]]:
    """The organismos somebody reports for today, with how much each owes in plans under way."""
    names = person.speaks_for(None)
    by_itself = person.speaks_for(None, by_itself=True)
    wanted = (
        sa.select(ItemAssignment.organization, sa.func.count(sa.distinct(PlanItem.id)).label("number"))
        .join(PlanItem, PlanItem.id == ItemAssignment.item_id)
        .join(PlanRow, PlanRow.id == ItemAssignment.plan_id)
        .where(ItemAssignment.organization.in_(sorted(names)), ItemAssignment.role.in_(OWING))
        .where(PlanRow.status.in_(_TRACKED), PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .group_by(ItemAssignment.organization)
    )
    owed = {one.organization: one.number for one in model.Session.execute(wanted)}
    reader = plan_serializer.Reader(person)
    made = [
        {**reader.organization(name), "as_delegate": name not in by_itself, "owed": owed.get(name, 0)}
        for name in names
    ]
    return sorted(made, key=lambda one: (one["title"].casefold(), one["name"]))


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {"ogp_plan_mine_show": ogp_plan_mine_show}
