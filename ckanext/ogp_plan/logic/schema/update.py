"""Requests about updates of items."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional
from ckanext.ogp_plan.logic.schema.item import of_item
from ckanext.ogp_plan.logic.schema.measurement import measured
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services.evidence import FIELDS as EVIDENCE
from ckanext.ogp_plan.services.request_fields import (
    decimal,
    identity,
    line,
    many,
    member,
    period,
    text,
    yes_or_no,
)


def declared() -> Schema:
    """What an update declares, alone or inside a report."""
    return {
        "state": optional(member(Declared)),
        "progress": optional(decimal(0, 100)),
        "text": optional(text(), ""),
        "obstacles": optional(text(), ""),
        "next_step": optional(text(), ""),
        "reason": optional(text(5_000), ""),
        "act": optional(line(500), ""),
        "at_risk": optional(yes_or_no, False),
        "confirms": optional(yes_or_no, False),
        "period": optional(period),
        "report": optional(identity),
        "supersedes": optional(identity),
        "measurements": optional(many(measured()), []),
        "evidence": optional(many(EVIDENCE, 50), []),
    }


def update_create() -> Schema:
    """Fields of ``ogp_plan_update_create``."""
    return {**of_item(), **declared()}
