"""Requests about roles in plans."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.model.role import ROLES
from ckanext.ogp_plan.services.request_fields import choice, day, identity, name, yes_or_no

#: Roles, or delegations, of one page.
PAGE = 200


def role_list() -> Schema:
    """Fields of ``ogp_plan_role_list``."""
    return {
        "plan": optional(name),
        "role": optional(choice(ROLES)),
        "ended": optional(yes_or_no, False),
        **page(PAGE),
    }


def role_grant() -> Schema:
    """Fields of ``ogp_plan_role_grant``."""
    return {
        "user": required(name),
        "role": required(choice(ROLES)),
        "plan": optional(name),
        "organization": optional(name),
        "component": optional(name),
        "until": optional(day),
    }


def role_end() -> Schema:
    """Fields of ``ogp_plan_role_end``."""
    return {"id": required(identity)}
