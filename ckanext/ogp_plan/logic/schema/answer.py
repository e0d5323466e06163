"""Requests about answers to the reasons of a light."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.item import of_item
from ckanext.ogp_plan.planning.status_types import REASONS
from ckanext.ogp_plan.services.request_fields import choice, identity, text


def answer_create() -> Schema:
    """Fields of ``ogp_plan_answer_create``."""
    return {
        **of_item(),
        "reason": required(choice(REASONS)),
        "text": required(text(5_000)),
        "supersedes": optional(identity),
    }
