"""Requests about the items of plans."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic.schema.paging import FARTHEST, page
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.serializers.item_detail import STORY_LIMIT
from ckanext.ogp_plan.services.request_fields import line, name, whole, yes_or_no


def of_item() -> Schema:
    """``plan`` and ``item`` (its address or id), and for which organismo: what every report has."""
    return {
        **of_plan(),
        "item": required(name),
        "organization": optional(name),
        "whole": optional(yes_or_no, False),
        "request_id": optional(line(200)),
    }


def item_list() -> Schema:
    """Fields of ``ogp_plan_item_list``."""
    return {
        "plan": optional(name),
        "parent": optional(name),
        "component": optional(name),
        "organization": optional(name),
        "light": optional(name),
        "level": optional(name),
        "month": optional(whole(1, 12)),
        "tag": optional(name),
        "reason": optional(name),
        "q": optional(line()),
        "tracked": optional(yes_or_no),
        "facets": optional(yes_or_no, True),
        **page(),
    }


def item_show() -> Schema:
    """Fields of ``ogp_plan_item_show``."""
    return {
        **of_plan(),
        "id": required(name),
        "story_limit": optional(whole(0, config.LARGEST_PAGE), STORY_LIMIT),
        "story_offset": optional(whole(0, FARTHEST), 0),
    }
