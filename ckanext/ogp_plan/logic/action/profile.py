"""What somebody is in plans, for whom they report, and how they are written to."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic.schema import profile as profile_schema
from ckanext.ogp_plan.mail import preference as mail_preference
from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRole, PlanRow
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.serializers import role as role_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.permission import RESPONSIBLE_ROLES, Person
from ckanext.ogp_plan.services.report_error import field_error

#: Statuses of plans in which something is reported.
_TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)


@tk.side_effect_free
def ogp_plan_profile_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show what you are in plans: your roles, the organismos you report for, your wishes about letters.

    :returns: ``roles`` (as :func:`ogp_plan_role_list`), ``organizations`` (``name, title, as_delegate,
        owed``: tracked items of plans under way), ``letters`` (``wanted, language, languages,
        has_address``)
    :rtype: dict
    """
    tk.check_access("ogp_plan_profile_show", context, data_dict)
    validated(profile_schema.profile_show(), data_dict)
    person = permission.get_person(context)
    user = model.User.get(person.id) if person.id else None
    if user is None:
        raise tk.NotAuthorized(tk._("Sign in to do this."))
    return {
        "roles": role_serializer.roles(_roles(person), person),
        "organizations": _organizations(person),
        "letters": {
            "wanted": mail_preference.get_preferences(user).get("letters") is not False,
            "language": mail_preference.get_language(user),
            "languages": mail_preference.list_languages(),
            "has_address": bool(user.email),
        },
    }


def _roles(person: Person) -> list[PlanRole]:
    """The roles somebody holds today, in plans they may see."""
    seen = sa.select(PlanRow.id).where(permission.visible_plans(person))
    wanted = (
        sa.select(PlanRole)
        .where(PlanRole.user_id == person.id, permission.is_role_valid(event_service.clock()))
        .where(sa.or_(PlanRole.plan_id.is_(None), PlanRole.plan_id.in_(seen)))
        .order_by(PlanRole.role, PlanRole.since, PlanRole.id)
    )
    return list(model.Session.scalars(wanted))


def _organizations(person: Person) -> list[dict[str, Any]]:
    """The organismos somebody reports for today, with how much each owes in plans under way."""
    names = person.represented_organizations(None)
    by_itself = person.represented_organizations(None, by_itself=True)
    wanted = (
        sa.select(ItemAssignment.organization, sa.func.count(sa.distinct(PlanItem.id)).label("number"))
        .join(PlanItem, PlanItem.id == ItemAssignment.item_id)
        .join(PlanRow, PlanRow.id == ItemAssignment.plan_id)
        .where(ItemAssignment.organization.in_(sorted(names)), ItemAssignment.role.in_(RESPONSIBLE_ROLES))
        .where(PlanRow.status.in_(_TRACKED), PlanItem.trackable, PlanItem.withdrawn.is_(False))
        .group_by(ItemAssignment.organization)
    )
    owed = {row.organization: row.number for row in model.Session.execute(wanted)}
    reader = Reader(person)
    results = [
        {**reader.organization(name), "as_delegate": name not in by_itself, "owed": owed.get(name, 0)}
        for name in names
    ]
    return sorted(results, key=lambda entry: (entry["title"].casefold(), entry["name"]))


def ogp_plan_letters_patch(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Change whether you are sent letters of what is due, and in which language.

    :param user: name or id of another user (administration of the portal only)
    :param wanted: ``false``: no letters
    :param language: one of the portal's languages (``es``, ``en``)

    :returns: ``wanted``, ``language``, and ``why_not``: why no letters can be sent at all, if so
    :rtype: dict
    """
    tk.check_access("ogp_plan_letters_patch", context, data_dict)
    data = validated(profile_schema.letters_patch(), data_dict)
    person = permission.get_person(context)
    offered = mail_preference.list_languages()
    if data["language"] is not None and data["language"] not in offered:
        raise field_error("language", tk._("It is none of: %(values)s.") % {"values": ", ".join(offered)})

    def do() -> dict[str, Any]:
        user = model.User.get(data["user"] or person.id)
        if user is None:
            raise tk.ObjectNotFound(tk._("There is no such user."))
        mail_preference.set_preferences(user, letters_wanted=data["wanted"], language=data["language"])
        model.Session.flush()
        wishes = mail_preference.get_preferences(user)
        return {
            "wanted": wishes.get("letters") is not False,
            "language": mail_preference.get_language(user),
            "why_not": mail_preference.find_skip_reason(user) if wishes.get("letters") is not False else None,
        }

    return report_service.run_transaction(do, context)
