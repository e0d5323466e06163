"""A plan's settings: each with its value and with its words."""

from __future__ import annotations

from typing import Any

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import record as record_service


def serialize_settings(row: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return every setting of a plan: its name, its value as it may be set, and both in words."""
    held = record_service.effective_settings(row)
    plain = plan_settings.settings_dict(held)
    printed = phrases.describe_settings(held, reader.lang)
    names = [
        "cadence", "weights", "count_unit", "cut_days", "publish_business_day", "zones", "excluded",
        "reminder_days", *(f"thresholds.{name}" for name in held.thresholds),
    ]  # fmt: skip
    own = row.settings or {}
    made = []
    for name, (label, text) in zip(names, printed, strict=True):
        block, _, inner = name.partition(".")
        value = plain[block][inner] if inner else plain[block]
        is_own = inner in own.get(block, {}) if inner else block in own
        made.append({"name": name, "value": value, "label": label, "text": text, "own": is_own})
    return made
