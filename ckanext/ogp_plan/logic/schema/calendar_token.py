"""Requests about private calendars."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.services.request_fields import identity, name


def token_create() -> Schema:
    """Fields of ``ogp_plan_token_create``."""
    return {"organization": optional(name)}


def token_revoke() -> Schema:
    """Fields of ``ogp_plan_token_revoke``."""
    return {"id": required(identity)}


def token_list() -> Schema:
    """``ogp_plan_token_list`` has no fields."""
    return {}
