"""The days of a plan's cuts, and the day by which each is published."""

from __future__ import annotations

import datetime as dt

from ckanext.cost_common.values.business_days import nth_business_day
from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan.planning.cuts.types import CutState
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.types import Plan


def cut_days(settings: Settings, plan: Plan) -> tuple[dt.date, ...]:
    """Return the days of a plan's cuts, in order; none when its period is not known."""
    if plan.start is None or plan.end is None:
        return ()
    days = [
        dt.date(year, month, day)
        for year in range(plan.start.year, plan.end.year + 1)
        for month, day in settings.cut_days
    ]
    return tuple(day for day in days if plan.start <= day <= plan.end)


def publish_by(day: dt.date, business_day: int = 10) -> dt.date:
    """Return the day a cut is due: the tenth business day of the month after it."""
    after = last_of_month(day.year, day.month) + dt.timedelta(days=1)
    return nth_business_day(after.year, after.month, business_day)


def cut_state(day: dt.date, published: dt.date | None, today: dt.date, business_day: int = 10) -> CutState:
    """Return where a cut is on a day; ``published``: the day it was first published."""
    due = publish_by(day, business_day)
    if published is not None:
        late = max((published - due).days, 0)
        return CutState("publicado_tarde" if late else "publicado_a_tiempo", due, late)
    if today <= day:
        return CutState("abierto", due, 0)
    late = max((today - due).days, 0)
    return CutState("vencido" if late else "en_plazo", due, late)
