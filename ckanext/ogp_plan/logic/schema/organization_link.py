"""Requests about the links of organismos with organizations of the portal."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import whole_list
from ckanext.ogp_plan.services.request_fields import day, identity, name, yes_or_no


def organization_link_list() -> Schema:
    """Fields of ``ogp_plan_organization_link_list``."""
    return {
        "code": optional(name),
        "organization": optional(name),
        "day": optional(day),
        "ended": optional(yes_or_no, True),
        **whole_list(),
    }


def organization_link_create() -> Schema:
    """Fields of ``ogp_plan_organization_link_create``."""
    return {
        "code": required(name),
        "organization": required(name),
        "since": optional(day),
        "until": optional(day),
    }


def organization_link_end() -> Schema:
    """Fields of ``ogp_plan_organization_link_end``."""
    return {"id": required(identity), "until": optional(day)}
