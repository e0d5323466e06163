"""Indicators of an item with what was measured in each period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.tracking import (
    Measurement,
)
from ckanext.ogp_plan.planning.types import Indicator, Item
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_decimal, serialize_fraction


def serialize_indicator(
    one: Indicator, item: Item, facts: Facts, plan: PlanRow, reader: Reader
) -> dict[str, Any]:
    measurements = [each for each in facts.measurements.get(item.key, ()) if each.indicator == one.code]
    quota = progress.compute_quota(facts, item)
    shared = quota if quota and quota.indicator == one.code else None
    words = reader.words(plan.family)
    actual = shared.actual if shared else progress.actual_value(one, measurements)
    return {
        "code": one.code,
        "name": one.name,
        "measure": one.measure.value,
        "measure_name": change_words.format_value("measure", one.measure.value, words),
        "unit": one.unit,
        "ascending": one.ascending,
        "baseline": serialize_decimal(one.baseline),
        "baseline_year": one.baseline_year,
        "target": serialize_decimal(shared.target if shared else progress.target_value(one)),
        "target_text": one.target_text,
        "actual": serialize_decimal(actual),
        "capped": serialize_decimal(shared.capped) if shared else None,
        "progress": serialize_fraction(
            shared.progress if shared else progress.compute_indicator_progress(one, measurements)
        ),
        "formula": one.formula,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "accumulation": one.accumulation.value,
        "accumulation_name": change_words.format_value("accumulation", one.accumulation.value, words),
        "verification": list(one.verification),
        "periods": _serialize_periods(one, measurements, reader),
    }


def _serialize_periods(
    one: Indicator, measurements: Sequence[Measurement], reader: Reader
) -> list[dict[str, Any]]:
    """What was measured in each period beside what was to be reached in it, in order."""
    targets = {(each.start, each.end): each for each in one.targets if each.start and each.end}
    used = set()
    made = []
    for each in sorted(measurements, key=lambda each: (each.end, each.start, each.at, each.id)):
        target = targets.get((each.start, each.end))
        used.add((each.start, each.end))
        made.append(
            {
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "label": reader.period(each.start, each.end),
                "target": serialize_decimal(target.value) if target else None,
                "actual": serialize_decimal(progress.measured_value(each)),
                "numerator": serialize_decimal(each.numerator),
                "denominator": serialize_decimal(each.denominator),
                "dimension": dict(each.dimension),
                "comment": each.comment,
                "method": each.method,
                "organization": reader.organization(each.organization) if each.organization else None,
                "measurement_id": each.id,
            }
        )
    for (start, end), target in targets.items():
        if (start, end) not in used and start and end:
            made.append(
                {
                    "start": start.isoformat(), "end": end.isoformat(), "label": reader.period(start, end),
                    "target": serialize_decimal(target.value), "actual": None,
                    "numerator": None, "denominator": None,
                    "dimension": dict(target.dimension), "comment": target.text, "method": None,
                    "organization": None, "measurement_id": None,
                }
            )  # fmt: skip
    return sorted(made, key=lambda each: (each["end"], each["start"]))
