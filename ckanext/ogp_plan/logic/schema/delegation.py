"""Requests about delegations: who reports for somebody on leave."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.logic.schema.role import PAGE
from ckanext.ogp_plan.services.request_fields import day, identity, line, name


def delegation_list() -> Schema:
    """Fields of ``ogp_plan_delegation_list``."""
    return {"organization": optional(name), **page(PAGE)}


def delegation_create() -> Schema:
    """Fields of ``ogp_plan_delegation_create``."""
    return {
        "user": optional(name),
        "delegate": required(name),
        "organization": required(name),
        "since": required(day),
        "until": required(day),
        "reason": optional(line(), ""),
    }


def delegation_revoke() -> Schema:
    """Fields of ``ogp_plan_delegation_revoke``."""
    return {"id": required(identity)}
