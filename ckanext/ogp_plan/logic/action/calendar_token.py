"""Private calendars: make, list, revoke."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic.schema import calendar_token as token_schema
from ckanext.ogp_plan.model import Token
from ckanext.ogp_plan.services import calendar_token, permission
from ckanext.ogp_plan.services import report as report_service


def _address(key: str) -> str:
    return str(tk.config["ckan.site_url"]).rstrip("/") + f"/calendario/{key}.ics"


def ogp_plan_token_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make the address of a private calendar of your duties. It is returned once; only its hash is kept.

    :param organization: name of the organismo; without one, all that you report for

    :returns: ``id`` (to revoke it), ``key``, ``url``, ``organization``, ``created``
    :rtype: dict
    """
    tk.check_access("ogp_plan_token_create", context, data_dict)
    data = validated(token_schema.token_create(), data_dict)
    person = permission.get_person(context)
    if person.id is None:
        raise tk.NotAuthorized(tk._("Sign in to make a private calendar."))
    owner = person.id

    def do() -> dict[str, Any]:
        token, key = calendar_token.create(owner, data["organization"])
        return {**_token_dict(token), "key": key, "url": _address(key)}

    return report_service.run_transaction(do, context)


def ogp_plan_token_revoke(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Revoke a private calendar: its address opens nothing any more.

    :param id: id of the calendar

    :rtype: dict
    """
    tk.check_access("ogp_plan_token_revoke", context, data_dict)
    data = validated(token_schema.token_revoke(), data_dict)

    def do() -> dict[str, Any]:
        token = model.Session.get(Token, data["id"])
        calendar_token.revoke(token)
        return _token_dict(token)

    return report_service.run_transaction(do, context)


@tk.side_effect_free
def ogp_plan_token_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List your private calendars that open something, the newest first; their keys are not kept.

    :rtype: list of dicts
    """
    tk.check_access("ogp_plan_token_list", context, data_dict)
    validated(token_schema.token_list(), data_dict)
    person = permission.get_person(context)
    return [_token_dict(token) for token in calendar_token.list_tokens(person.id)] if person.id else []


def _token_dict(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "organization": token.organization,
        "created": token.created.isoformat(),
        "used": token.used.isoformat() if token.used else None,
        "revoked": token.revoked.isoformat() if token.revoked else None,
    }
