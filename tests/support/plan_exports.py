"""Every file that can be exported of a plan, by its name: for tests that look at all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ckanext.ogp_plan.planning.cuts.compliance import compute_compliance
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import (
    atom,
    cost_table,
    f014,
    follow_up,
    ical,
    machine,
    ogp_matrix,
    own_workbook,
    quarterly,
    report_template,
    tables,
)
from ckanext.ogp_plan.planning.exporters.view import View
from support import plan_records as made

DAYS = (dt.date(2026, 4, 30), dt.date(2026, 8, 31))


def compliances(view: View) -> list[Compliance]:
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=made.ZONE) for day in DAYS]
    return [compute_compliance(view.record.as_of(end), day, view.settings) for day, end in zip(DAYS, ends, strict=True)]


def past() -> atom.Past:
    changed = atom.LightChange(made.at(3, 20), "en_curso", "completado", ())
    return atom.Past(lights={("fila", "1.1.1"): [changed]})


FEED = "https://datos.example/noticias.atom"
MAKERS: dict[str, Callable[[View], bytes]] = {
    "f014.xlsx": lambda view: f014.write(view.plan),
    "cost.xlsx": lambda view: cost_table.write(view.plan, view.family),
    "workbook.xlsx": lambda view: own_workbook.write(view.plan),
    "follow_up.xlsx": lambda view: follow_up.write(view, [follow_up.Cut(one) for one in compliances(view)]),
    "ogp.xlsx": ogp_matrix.write,
    "everything.xlsx": lambda view: tables.everything(view, tables.history(view.record, DAYS, view.settings), compliances(view)),
    "report.xlsx": lambda view: report_template.write("dagma", [view], "2026-09"),
    "quarterly.docx": lambda view: quarterly.write("datic", dt.date(2026, 1, 1), dt.date(2026, 9, 1), [view]),
    "items.csv": tables.items_csv,
    "measurements.csv": tables.measurements_csv,
    "evidence.csv": tables.evidence_csv,
    "matrix.csv": lambda view: tables.matrix_csv(view, tables.history(view.record, DAYS, view.settings)),
    "plan.json": lambda view: machine.to_json(view, past=past(), cuts=compliances(view)),
    "plan.atom": lambda view: atom.plan_feed(view, FEED, past()),
    "item.atom": lambda view: atom.item_feed(view, ("fila", "1.1.1"), FEED),
    "organization.atom": lambda view: atom.organization_feed("datic", [view], FEED),
    "lights.atom": lambda view: atom.lights_feed(view, FEED, past()),
    "plan.ics": ical.plan_calendar,
    "organization.ics": lambda view: ical.organization_calendar("dagma", [view]),
}
