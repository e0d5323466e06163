"""Requests about evidence."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.item import of_item
from ckanext.ogp_plan.services.evidence import FIELDS
from ckanext.ogp_plan.services.request_fields import identity, line, period, text, yes_or_no


def evidence_create() -> Schema:
    """Fields of ``ogp_plan_evidence_create``."""
    return {
        **of_item(),
        **FIELDS,
        "update": optional(identity),
        "measurement": optional(identity),
        "confirms": optional(yes_or_no, False),
        "text": optional(text(), ""),
        "period": optional(period),
        "supersedes": optional(identity),
    }


def evidence_retract() -> Schema:
    """Fields of ``ogp_plan_evidence_retract``."""
    return {
        "id": required(identity),
        "reason": required(text(2_000)),
        "request_id": optional(line(200)),
    }


def evidence_private() -> Schema:
    """Fields of ``ogp_plan_evidence_private``."""
    return {"id": required(identity)}
