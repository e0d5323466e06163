"""Requests about reviews of what was reported."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.serializers.review import STATES
from ckanext.ogp_plan.services.request_fields import choice, identity, line, name, period, text, yes_or_no


def review_list() -> Schema:
    """Fields of ``ogp_plan_review_list``."""
    return {
        **of_plan(),
        "state": optional(choice(STATES)),
        "period": optional(period),
        "organization": optional(name),
        "component": optional(name),
        **page(),
    }


def review_create() -> Schema:
    """Fields of ``ogp_plan_review_create``."""
    return {
        "update": optional(identity),
        "report": optional(identity),
        "accepted": required(yes_or_no),
        "reason": optional(text(5_000), ""),
        "request_id": optional(line(200)),
    }
