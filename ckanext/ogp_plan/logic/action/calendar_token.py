"""Private calendars and letters over the API: what somebody arranges for themselves."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.mail import reminder as reminder_mail
from ckanext.ogp_plan.model import Token
from ckanext.ogp_plan.services import calendar_token, permission, request_fields
from ckanext.ogp_plan.services import report as report_service

_CREATE = {"organization": request_fields.optional(request_fields.name)}
_REVOKE = {"id": request_fields.required(request_fields.identity)}
_LETTERS = {
    "user": request_fields.optional(request_fields.name),
    "wanted": request_fields.optional(request_fields.yes_or_no),
    "language": request_fields.optional(request_fields.line(20)),
}


def _address(key: str) -> str:
    return str(tk.config["ckan.site_url"]).rstrip("/") + f"/calendario/{key}.ics"


def ogp_plan_token_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make the address of a private calendar of your duties. It is shown once; only its hash is kept.

    :param organization: name of the organismo; without one, all that you report for

    :returns: ``id`` (to revoke it), ``key``, ``url``, ``organization``, ``created``
    :rtype: dict
    """
    taken = request_fields.take(data_dict, _CREATE)
    tk.check_access("ogp_plan_token_create", context, taken)
    person = permission.of(context)
    if person.id is None:
        raise tk.NotAuthorized(tk._("Sign in to make a private calendar."))
    owner = person.id

    def do() -> dict[str, Any]:
        token, key = calendar_token.create(owner, taken["organization"])
        return {**_told(token), "key": key, "url": _address(key)}

    return report_service.in_one(do, context)


def ogp_plan_token_revoke(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Revoke a private calendar: its address opens nothing any more.

    :param id: id of the calendar

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _REVOKE)
    tk.check_access("ogp_plan_token_revoke", context, taken)

    def do() -> dict[str, Any]:
        token = model.Session.get(Token, taken["id"])
        calendar_token.revoke(token)
        return _told(token)

    return report_service.in_one(do, context)


def ogp_plan_token_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List your private calendars that open something, the newest first; their keys are not kept.

    :rtype: list of dicts
    """
    request_fields.take(data_dict, {})
    tk.check_access("ogp_plan_token_create", context, {})
    person = permission.of(context)
    return [_told(token) for token in calendar_token.of_user(person.id)] if person.id else []


def _told(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "organization": token.organization,
        "created": token.created.isoformat(),
        "used": token.used.isoformat() if token.used else None,
        "revoked": token.revoked.isoformat() if token.revoked else None,
    }


def ogp_plan_letters_patch(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say whether you want letters of what is due, and in which language.

    :param user: name or id of another user (administration of the portal only)
    :param wanted: ``false``: no letters
    :param language: one of the portal's languages (``es``, ``en``)

    :returns: ``wanted``, ``language``, and ``why_not``: why no letters can be sent at all, if so
    :rtype: dict
    """
    taken = request_fields.take(data_dict, _LETTERS)
    tk.check_access("ogp_plan_letters_patch", context, {"user": taken["user"]})
    person = permission.of(context)
    offered = reminder_mail.languages()
    if taken["language"] is not None and taken["language"] not in offered:
        raise report_service.refused(
            "language", tk._("It is none of: %(values)s.") % {"values": ", ".join(offered)}
        )

    def do() -> dict[str, Any]:
        user = model.User.get(taken["user"] or person.id)
        if user is None:
            raise tk.ObjectNotFound(tk._("There is no such user."))
        reminder_mail.wish(user, letters_wanted=taken["wanted"], language=taken["language"])
        model.Session.flush()
        said = reminder_mail.wishes(user)
        return {
            "wanted": said.get("letters") is not False,
            "language": reminder_mail.language_of(user),
            "why_not": reminder_mail.unwilling(user) if said.get("letters") is not False else None,
        }

    return report_service.in_one(do, context)


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    listed: Action = tk.side_effect_free(ogp_plan_token_list)
    return {
        "ogp_plan_token_create": ogp_plan_token_create,
        "ogp_plan_token_revoke": ogp_plan_token_revoke,
        "ogp_plan_token_list": listed,
        "ogp_plan_letters_patch": ogp_plan_letters_patch,
    }
