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
    indicator: Indicator, item: Item, facts: Facts, plan: PlanRow, reader: Reader
) -> dict[str, Any]:
    measurements = [
        measurement
        for measurement in facts.measurements.get(item.key, ())
        if measurement.indicator == indicator.code
    ]
    quota = progress.compute_quota(facts, item)
    shared = quota if quota and quota.indicator == indicator.code else None
    words = reader.words(plan.family)
    actual = shared.actual if shared else progress.actual_value(indicator, measurements)
    return {
        "code": indicator.code,
        "name": indicator.name,
        "measure": indicator.measure.value,
        "measure_name": change_words.format_value("measure", indicator.measure.value, words),
        "unit": indicator.unit,
        "ascending": indicator.ascending,
        "baseline": serialize_decimal(indicator.baseline),
        "baseline_year": indicator.baseline_year,
        "target": serialize_decimal(shared.target if shared else progress.target_value(indicator)),
        "target_text": indicator.target_text,
        "actual": serialize_decimal(actual),
        "capped": serialize_decimal(shared.capped) if shared else None,
        "progress": serialize_fraction(
            shared.progress if shared else progress.compute_indicator_progress(indicator, measurements)
        ),
        "formula": indicator.formula,
        "numerator": indicator.numerator,
        "denominator": indicator.denominator,
        "accumulation": indicator.accumulation.value,
        "accumulation_name": change_words.format_value("accumulation", indicator.accumulation.value, words),
        "verification": list(indicator.verification),
        "periods": _serialize_periods(indicator, measurements, reader),
    }


def _serialize_periods(
    indicator: Indicator, measurements: Sequence[Measurement], reader: Reader
) -> list[dict[str, Any]]:
    """What was measured in each period beside what was to be reached in it, in order."""
    targets = {(goal.start, goal.end): goal for goal in indicator.targets if goal.start and goal.end}
    used = set()
    results = []
    for measurement in sorted(measurements, key=lambda row: (row.end, row.start, row.at, row.id)):
        target = targets.get((measurement.start, measurement.end))
        used.add((measurement.start, measurement.end))
        results.append(
            {
                "start": measurement.start.isoformat(),
                "end": measurement.end.isoformat(),
                "label": reader.period(measurement.start, measurement.end),
                "target": serialize_decimal(target.value) if target else None,
                "actual": serialize_decimal(progress.measured_value(measurement)),
                "numerator": serialize_decimal(measurement.numerator),
                "denominator": serialize_decimal(measurement.denominator),
                "dimension": dict(measurement.dimension),
                "comment": measurement.comment,
                "method": measurement.method,
                "organization": reader.organization(measurement.organization)
                if measurement.organization
                else None,
                "measurement_id": measurement.id,
            }
        )
    for (start, end), target in targets.items():
        if (start, end) not in used and start and end:
            results.append(
                {
                    "start": start.isoformat(), "end": end.isoformat(), "label": reader.period(start, end),
                    "target": serialize_decimal(target.value), "actual": None,
                    "numerator": None, "denominator": None,
                    "dimension": dict(target.dimension), "comment": target.text, "method": None,
                    "organization": None, "measurement_id": None,
                }
            )  # fmt: skip
    return sorted(results, key=lambda row: (row["end"], row["start"]))
