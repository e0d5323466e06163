"""Requests about verdicts."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.planning.tracking import Completion, VerdictRole
from ckanext.ogp_plan.services.request_fields import day, identity, line, member, name, text, yes_or_no


def verdict_create() -> Schema:
    """Fields of ``ogp_plan_verdict_create``."""
    return {
        **of_plan(),
        "item": required(name),
        "role": optional(member(VerdictRole)),
        "cut": optional(day),
        "assigned": optional(member(Completion)),
        "agrees": optional(yes_or_no),
        "fulfilled": optional(yes_or_no),
        "quality": optional(text(5_000), ""),
        "rationale": optional(text(), ""),
        "recommendation": optional(text(), ""),
        "alert": optional(yes_or_no, False),
        "closes": optional(identity),
        "supersedes": optional(identity),
        "request_id": optional(line(200)),
    }
