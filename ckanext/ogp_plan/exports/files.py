"""The files of a plan: each made when it is asked for, from what everybody may see; nothing is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ckanext.cost_common.values.business_days import day_of
from ckanext.ogp_plan.model import (
    Cut,
    PlanRow,
)
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters import (
    cost_table,
    f014,
    follow_up,
    machine,
    ogp_matrix,
    own_workbook,
    tables,
)
from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.export_view import build_view, list_frozen_cuts, load_past
from ckanext.ogp_plan.services.organization import load_names

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
ICAL = "text/calendar; charset=utf-8"


Maker = Callable[[PlanRow, str], bytes]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a plan. ``levels``: what a plan's family must have for it; empty: every family.

    ``resource``: whether it is one of the resources of the plan's dataset; ``format``: as catalogues say it.
    """

    name: str
    title: str
    format: str
    content_type: str
    make: Maker
    levels: frozenset[str] = frozenset()
    resource: bool = True
    description: str = ""


def _from_view(exporter: Callable[[View], bytes]) -> Maker:
    return lambda plan, lang: exporter(build_view(plan, lang))


def _make_plan_json(plan: PlanRow, lang: str) -> bytes:
    return machine.to_json(build_view(plan, lang), past=load_past(plan), cuts=_list_compliances(plan))


def _list_compliances(plan: PlanRow) -> list[Compliance]:
    return [cut_service.compute_cut_compliance(plan, day.cut)[0] for day in list_frozen_cuts(plan) if day.cut]


def _list_matrix_days(plan: PlanRow) -> list[dt.date]:
    """The days of the matrix: each cut so far, and today."""
    today = record_service.today()
    settings = record_service.effective_settings(plan)
    return [*(day for day in cut_days(settings, record_service.head(plan)) if day < today), today]


def _build_columns(plan: PlanRow, view: View) -> list[tables.Column]:
    return tables.history(view.record, _list_matrix_days(plan), view.settings)


def _make_matrix(plan: PlanRow, lang: str) -> bytes:
    view = build_view(plan, lang)
    return tables.matrix_csv(view, _build_columns(plan, view))


def _make_tables(plan: PlanRow, lang: str) -> bytes:
    view = build_view(plan, lang)
    return tables.everything(view, _build_columns(plan, view), _list_compliances(plan))


def _make_follow_up(plan: PlanRow, lang: str) -> bytes:
    return write_follow_up(plan, lang)


def write_follow_up(plan: PlanRow, lang: str, cut: Cut | None = None) -> bytes:
    """Return Control Interno's form: of all the cuts so far, or as it was at one cut."""
    done = []
    for day in list_frozen_cuts(plan, cut.day if cut else None):
        if day.cut is None:
            continue
        used = cut if cut is not None and day.day == cut.day else day.cut
        published = day_of(day.published.at) if day.published else None
        done.append(follow_up.Cut(cut_service.compute_cut_compliance(plan, used)[0], published))
    view = build_view(plan, lang, cut=cut)
    return follow_up.write(view, done, load_names().get(plan.owner, plan.owner))


def _from_current_plan(exporter: Callable[..., bytes], *more: object) -> Maker:
    return lambda plan, lang: exporter(record_service.current_plan(plan), *more)


def _from_cost_table(lang: str) -> Maker:
    return lambda plan, _: cost_table.write(
        record_service.current_plan(plan), record_service.family(plan.family), lang
    )


def _from_json(make: Callable[[View], object]) -> Maker:
    import json

    return lambda plan, lang: (
        json.dumps(make(build_view(plan, lang)), ensure_ascii=False, indent=1) + "\n"
    ).encode("utf-8")


_ROWS, _GOAL, _MILESTONES = frozenset({"fila"}), frozenset({"goal"}), frozenset({"hito"})

#: Every file of a plan, by the name it is asked by.
FILES: dict[str, File] = {
    file.name: file
    for file in (
        File("plan.json", N_("Everything, with its history (JSON)"), "JSON", JSON, _make_plan_json),
        File(
            "plan.xlsx",
            N_("Workbook of the plan, to edit and import again (XLSX)"),
            "XLSX",
            XLSX,
            _from_current_plan(own_workbook.write),
        ),
        File("cuadro.xlsx", N_("Table of the plan with its follow-up (XLSX)"), "XLSX", XLSX, _make_tables),
        File(
            "elementos.csv",
            N_("Items: the status of each, and why (CSV)"),
            "CSV",
            CSV,
            _from_view(tables.items_csv),
        ),
        File(
            "mediciones.csv",
            N_("Measurements, one a row (CSV)"),
            "CSV",
            CSV,
            _from_view(tables.measurements_csv),
        ),
        File("matriz.csv", N_("Items by cut (CSV)"), "CSV", CSV, _make_matrix),
        File("evidencias.csv", N_("Evidence (CSV)"), "CSV", CSV, _from_view(tables.evidence_csv)),
        File(
            "iati.json",
            N_("Results in the shape of IATI (JSON)"),
            "JSON",
            JSON,
            _from_json(lambda displayed: {"results": machine.results(displayed)}),
        ),
        File(
            "ocds.json",
            N_("Milestones in the shape of OCDS (JSON)"),
            "JSON",
            JSON,
            _from_json(lambda displayed: {"milestones": machine.milestones(displayed)}),
        ),
        File("f014.xlsx", N_("Form F014 (XLSX)"), "XLSX", XLSX, _from_current_plan(f014.write), _ROWS),
        File(
            "seguimiento.xlsx", N_("Control Interno's follow-up form (XLSX)"), "XLSX", XLSX, _make_follow_up
        ),
        File(
            "cost-es.xlsx", N_("CoST's table, in Spanish (XLSX)"), "XLSX", XLSX, _from_cost_table("es"), _GOAL
        ),
        File(
            "cost-en.xlsx", N_("CoST's table, in English (XLSX)"), "XLSX", XLSX, _from_cost_table("en"), _GOAL
        ),
        File(
            "matriz-ogp.xlsx",
            N_("OGP's matrix of milestones and evidence (XLSX)"),
            "XLSX",
            XLSX,
            _from_view(ogp_matrix.write),
            _MILESTONES,
        ),
    )
}


def list_files(plan: PlanRow) -> list[File]:
    """Return the files a plan of its family has."""
    levels = {level.id for level in record_service.family(plan.family).levels}
    return [file for file in FILES.values() if file.levels <= levels]
