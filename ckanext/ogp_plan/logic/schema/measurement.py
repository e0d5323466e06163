"""Requests about measurements of indicators."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional
from ckanext.ogp_plan.logic.schema.item import of_item
from ckanext.ogp_plan.services.request_fields import day, decimal, identity, mapping, name, period, text


def measured() -> Schema:
    """What was measured, alone or inside an update."""
    return {
        "indicator": optional(name),
        "period": optional(period),
        "start": optional(day),
        "end": optional(day),
        "value": optional(decimal()),
        "numerator": optional(decimal()),
        "denominator": optional(decimal(0)),
        "comment": optional(text(5_000), ""),
        "dimension": optional(mapping()),
        "supersedes": optional(identity),
        "retracted": optional(text(2_000), ""),
    }


def measurement_create() -> Schema:
    """Fields of ``ogp_plan_measurement_create``."""
    return {**of_item(), **measured(), "update": optional(identity), "report": optional(identity)}
