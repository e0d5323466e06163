"""Progress: percentages are numbers from 0 to 100."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..messages import N_, register
from ..types import Severity
from . import Hit, Parts, ProjectContext, check
from .extracts import number
from .rules import rule_set, rules

register(
    "metric.percent_range",
    Severity.WARNING,
    N_("A percentage outside 0 to 100"),
    N_("The progress is a percentage, and %(value)s is not between %(range)s."),
    N_("Write the percentage from 0 to 100, for example 45 for forty-five per cent."),
    N_("OC4IDS 0.9.5: metrics, physical and financial progress"),
)
register(
    "metric.text_number",
    Severity.NOTE,
    N_("A number written as text"),
    N_("The measure is the text %(value)s, and charts need a number."),
    N_("Write the number alone, without quotes, with a point for decimals and without the percent sign."),
    N_("OC4IDS 0.9.5: metrics, measure"),
)

_NUMBER = re.compile(r"\s*[-+]?\d{1,15}([.,]\d{1,10})?\s*%?\s*")


def _is_percent(metric: dict[str, Any], observation: dict[str, Any]) -> bool:
    """Whether an observation is a percentage: by its unit, or by the metric when it has no unit."""
    unit = observation.get("unit")
    if not isinstance(unit, dict):
        identifier = metric.get("id")
        return isinstance(identifier, str) and identifier in rule_set("metrics", "percent_metrics")
    name = unit.get("name")
    if isinstance(name, str) and name.strip().lower() in rule_set("metrics", "percent_names"):
        return True
    return f"{unit.get('scheme')} {unit.get('id')}" in rule_set("metrics", "percent_units")


def _observations(ctx: ProjectContext) -> Iterator[tuple[Parts, int, dict[str, Any], dict[str, Any]]]:
    """Way to the metric, place in its list, the metric and each observation that has a measure."""
    for _, parts, metric in ctx.extracts.metrics:
        observations = metric.get("observations")
        for index, each in enumerate(observations if isinstance(observations, list) else ()):
            if isinstance(each, dict) and "measure" in each:
                yield parts, index, metric, each


@check("metric.percent_range", needs=("Metric",))
def percent_out_of_range(ctx: ProjectContext) -> Iterator[Hit]:
    """Progress in per cent lies from 0 to 100 (OC4IDS, codelist metricID; units by UN/CEFACT P1 or name)."""
    low, high = rules("metrics")["percent_range"]
    for parts, index, metric, observation in _observations(ctx):
        measure = number(observation.get("measure"))
        if measure is not None and not low <= measure <= high and _is_percent(metric, observation):
            yield Hit(
                (*parts, "observations", index, "measure"), observation["measure"], {"range": f"{low}–{high}"}
            )


@check("metric.text_number", needs=("Metric",))
def measure_as_text(ctx: ProjectContext) -> Iterator[Hit]:
    """A numeric measure is a number; the standard keeps text for what is not (OC4IDS,
    Observation.measure)."""
    for parts, index, _, observation in _observations(ctx):
        measure = observation["measure"]
        if isinstance(measure, str) and _NUMBER.fullmatch(measure[:64]):
            yield Hit((*parts, "observations", index, "measure"), measure)
