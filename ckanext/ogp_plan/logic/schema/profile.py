"""Requests about what somebody is in plans, and how they are written to."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional
from ckanext.ogp_plan.services.request_fields import line, name, yes_or_no


def profile_show() -> Schema:
    """``ogp_plan_profile_show`` has no fields."""
    return {}


def letters_patch() -> Schema:
    """Fields of ``ogp_plan_letters_patch``."""
    return {"user": optional(name), "wanted": optional(yes_or_no), "language": optional(line(20))}
