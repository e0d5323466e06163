"""Requests about periods of reporting."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.services.request_fields import period, text


def period_open() -> Schema:
    """Fields of ``ogp_plan_period_open`` and ``ogp_plan_period_close``."""
    return {**of_plan(), "period": required(period), "reason": optional(text(), "")}
