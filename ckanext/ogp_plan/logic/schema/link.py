"""Requests about links between items."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.planning.tracking import LinkKind
from ckanext.ogp_plan.services.request_fields import identity, member, name


def link_list() -> Schema:
    """Fields of ``ogp_plan_link_list``."""
    return {**of_plan(), **page()}


def link_create() -> Schema:
    """Fields of ``ogp_plan_link_create``."""
    return {
        **of_plan(),
        "item": required(name),
        "kind": required(member(LinkKind)),
        "other_plan": optional(name),
        "other": required(name),
    }


def link_remove() -> Schema:
    """Fields of ``ogp_plan_link_remove``."""
    return {"id": required(identity)}
