"""What was measured of an indicator, by period."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ckanext.cost_common.helpers import formatting
from ckanext.ogp_plan.helpers.date import ogp_plan_span


def ogp_plan_periods(indicator: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was measured of an indicator, a period a row; ``parts`` where several measured the same period.

    Their sum is given where the indicator is one of sums; of means and last values there is none.
    """
    together: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {}
    for period in indicator.get("periods") or ():
        together.setdefault((period["start"], period["end"]), []).append(period)
    rows = []
    for (start, end), found in together.items():
        numbers = [
            number for period in found if (number := formatting.parse_number(period["actual"])) is not None
        ]
        adds = indicator.get("accumulation") == "suma" and indicator.get("measure") == "unit"
        rows.append(
            {
                "label": ogp_plan_span(start, end),
                "target": found[0]["target"],
                "only": found[0],
                "parts": found if len(found) > 1 else None,
                "total": sum(numbers, Decimal(0)) if adds and numbers else None,
                "whole": False,
            }
        )
    for (start, end), row in zip(together, rows, strict=True):
        # a goal of the whole time is compared with the total of its periods
        within = any(period["actual"] is not None for span, found in together.items() for period in found
                     if start <= span[0] and span[1] <= end)  # fmt: skip
        if row["only"]["actual"] is None and within:
            row.update(whole=True, total=indicator.get("actual"))
    return rows
