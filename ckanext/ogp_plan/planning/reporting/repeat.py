"""Repeats: what is reported to an item is reported to those that its updates count for."""

from __future__ import annotations

from dataclasses import dataclass

from ckanext.ogp_plan.planning.report_error import ReportError
from ckanext.ogp_plan.planning.reporting.context import ReportingContext, why_not_tracked
from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.tracking import ItemReference, Key, Update


@dataclass(frozen=True, slots=True)
class Repeat:
    """What became of an update at an item that it counts for.

    :param update: None: it is not repeated, for ``error``.
    :param state_kept: whether its state could be declared there too.
    """

    item: ItemReference
    update: Update | None
    error: ReportError | None = None
    state_kept: bool = True


def why_not_repeated(context: ReportingContext, key: Key, update: Update) -> ReportError | None:
    """Return why an update is not repeated at an item that it counts for; None when it is."""
    item = context.record.plan.item(*key)
    if item is None or not item.trackable:
        return ReportError("item", "repeat.withdrawn")
    not_tracked = why_not_tracked(context.status)
    if not_tracked is not None:
        return not_tracked
    known = context.responsible.get(key)
    if update.organization is not None and known and update.organization not in known:
        return ReportError("organization", "repeat.not_responsible")
    if update.organization is not None and not context.leads(key, update.organization):
        return ReportError("organization", "repeat.not_lead")
    if update.state in OUTSIDE:
        return ReportError("state", "repeat.outside")
    if update.period is not None and update.period in context.closed_periods():
        return ReportError("period", "period.closed", {"period": update.period})
    return None
