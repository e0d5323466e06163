"""A day of a plan's cuts."""

from __future__ import annotations

from typing import Any

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment


def serialize_cut(day: Any, row: PlanRow, reader: Reader) -> dict[str, Any]:
    """Return a day of a plan's cuts (:class:`ckanext.ogp_plan.services.cut.CutDay`)."""
    return {
        "day": day.day.isoformat(),
        "due": day.state.due.isoformat(),
        "state": day.state.state,
        "state_name": phrases.describe_cut_state(day.state, reader.lang),
        "published_at": serialize_moment(day.published.at) if day.published else None,
        "late_days": day.state.late_days,
        "sha256": day.cut.sha256 if day.cut else None,
        "chain": ({"position": day.cut.chain_position, "sha256": day.cut.chain_sha256} if day.cut else None),
        "url": urls.url_of_cut(row.name, day.day),
    }
