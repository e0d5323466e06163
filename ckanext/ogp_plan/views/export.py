"""Files of plans, cuts and organismos: each made when it is asked for, from what everybody may see.

A client that has the present edition already gets 304 (ETag).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Sequence

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request

from ckanext.cost_common import language
from ckanext.cost_common.values.periods import parse_period, period_of
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import Cut, PlanRow
from ckanext.ogp_plan.planning.exporters import quarterly, report_template
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import export_view, organization_link, permission
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import record as record_service

blueprint = Blueprint("ogp_plan_file", __name__)

#: A client asks again each time, and gets 304 when nothing changed.
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


# --- what all of them share ----------------------------------------------------------------------------


def plan_or_404(name: str) -> PlanRow:
    """Return a plan that the visitor may see; 404 alike for one that is not there."""
    try:
        return lookup.plan(permission.load_person(tk.current_user), name)
    except (tk.ObjectNotFound, tk.ValidationError):
        return tk.abort(404, tk._("There is no public plan at this address"))  # type: ignore[no-any-return]


def organization_or_404(reference: str) -> str:
    """Return the code of an organismo: an organization of the portal, or one that the directory knows."""
    code = organization_link.resolve([reference]).get(reference)
    if code is not None:
        return code
    if reference in organization_service.load_directory_names():
        return reference
    return tk.abort(404, tk._("There is no organismo at this address"))  # type: ignore[no-any-return]


def serve_file(
    plans: Sequence[PlanRow],
    make: Callable[[], bytes],
    content_type: str,
    *parts: object,
    name: str | None = None,
    tag: str | None = None,
) -> Response:
    """Return a file, or 304 when the visitor has this edition of it.

    :param parts: what distinguishes this file from the others of the same plans.
    :param name: the name it is saved as; None: it is displayed, not saved.
    :param tag: what distinguishes its editions, where it is not the plans.
    """
    draft = any(plan.status == PlanStatus.DRAFT.value for plan in plans)
    etag = tag or export_view.compute_edition(plans, language.current(), *parts)
    known = request.if_none_match
    if known and known.contains_weak(etag) and not draft:
        response = Response(status=304)
    elif request.method == "HEAD":
        response = Response(content_type=content_type)
        # how long it is, nobody knows before it was made; it is not 0
        response.automatically_set_content_length = False
    else:
        response = Response(make(), content_type=content_type)
    response.set_etag(etag, weak=tag is None)
    if plans:
        response.last_modified = export_view.find_last_change(plans)
    response.headers["Cache-Control"] = PRIVATE if draft else PUBLIC
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not draft:
        # any page of any site may read what is public
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Repr-Digest"
    else:
        tk.request.environ["__no_cache__"] = True
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- of a plan ------------------------------------------------------------------------------------------


def file(plan: str, name: str) -> Response:
    """One of the files of :data:`ckanext.ogp_plan.exports.files.FILES`."""
    row = plan_or_404(plan)
    found = next((candidate for candidate in plan_files.list_files(row) if candidate.name == name), None)
    if found is None or not row.version:
        return tk.abort(404, tk._("This plan has no such file"))  # type: ignore[no-any-return]
    saved = None if found.format == "JSON" else f"{row.name}-{found.name}"
    return serve_file(
        [row], lambda: found.make(row, language.current()), found.content_type, found.name, name=saved
    )


# --- of a cut -------------------------------------------------------------------------------------------


def cut_file(plan: str, day: str, name: str) -> Response:
    """``corte.json``: the bytes as they were frozen; ``seguimiento.xlsx``: the form as of that cut."""
    row = plan_or_404(plan)
    cut = _cut_or_404(row, day)
    if name == "corte.json":
        response = serve_file([row], lambda: cut.body.encode("utf-8"), plan_files.JSON, tag=cut.sha256)
        digest = base64.b64encode(binascii.unhexlify(cut.sha256)).decode("ascii")
        response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
        response.last_modified = cut.as_of.replace(microsecond=0)
        return response
    if name == "seguimiento.xlsx":
        return serve_file(
            [row],
            lambda: plan_files.write_follow_up(row, language.current(), cut),
            plan_files.XLSX,
            name,
            cut.sha256,
            name=f"{row.name}-seguimiento-{cut.day}.xlsx",
        )
    return tk.abort(404, tk._("This cut has no such file"))  # type: ignore[no-any-return]


def _cut_or_404(plan: PlanRow, day: str) -> Cut:
    """The cut of a day; with ``sha256`` in the address, an earlier freezing of that day."""
    wanted = request.args.get("sha256", "")
    try:
        found = cut_service.get_day(plan, dt.date.fromisoformat(day))
    except (LookupError, ValueError):
        return tk.abort(404, tk._("The plan has no cut on that day."))  # type: ignore[no-any-return]
    cuts = [*found.earlier, *([found.cut] if found.cut else [])]
    matching = [cut for cut in cuts if not wanted or cut.sha256 == wanted]
    if not matching:
        return tk.abort(404, tk._("This cut is not frozen yet."))  # type: ignore[no-any-return]
    return matching[-1]


# --- of an organismo --------------------------------------------------------------------------------------


def organization_report(id: str) -> Response:
    """The report of an organismo over a period (``desde``, ``hasta``), as a document."""
    name = organization_or_404(id)
    start, end = _requested_period()
    plans = export_view.list_plans_of_organization(name, permission.NOBODY)
    if not plans:
        return tk.abort(404, tk._("This organismo owes nothing in a public plan."))  # type: ignore[no-any-return]
    lang = language.current()

    def make() -> bytes:
        views = export_view.build_views(name, permission.NOBODY, lang, until=end)
        if not views:
            return tk.abort(404, tk._("This organismo owed nothing in a public plan by then."))  # type: ignore[no-any-return]
        return quarterly.write(name, start, end, views)

    return serve_file(
        plans, make, plan_files.DOCX, "informe", name, start, end, name=f"informe-{name}-{start}-{end}.docx"
    )


def _requested_period() -> tuple[dt.date, dt.date]:
    """The days of a report: those asked for, or else the quarter of today until today."""
    today = record_service.today()
    quarter = period_of(today, 3)
    asked = [request.args.get(name, "").strip() for name in ("desde", "hasta")]
    try:
        start = dt.date.fromisoformat(asked[0]) if asked[0] else quarter.start
        end = dt.date.fromisoformat(asked[1]) if asked[1] else min(quarter.end, today)
    except ValueError:
        return tk.abort(400, tk._("A day is written as 2026-03-31."))  # type: ignore[no-any-return]
    if end < start or (end - start).days > export_view.MAX_REPORT_DAYS or start.year < 1990:
        return tk.abort(  # type: ignore[no-any-return]
            400, tk._("The first day must come before the last one, and there may be two years between them.")
        )
    return start, end


def organization_template(id: str) -> Response:
    """The workbook to report many duties at once, filled with what is known."""
    name = organization_or_404(id)
    plans = export_view.list_plans_of_organization(name, permission.NOBODY, reporting=True)
    if not plans:
        return tk.abort(  # type: ignore[no-any-return]
            404, tk._("This organismo owes nothing in a plan that takes reports now.")
        )
    lang = language.current()
    period = request.args.get("periodo", "")
    try:
        period = parse_period(period).id if period else ""
    except ValueError:
        return tk.abort(400, tk._("There is no such period."))  # type: ignore[no-any-return]

    def make() -> bytes:
        return report_template.write(
            name, export_view.build_views(name, permission.NOBODY, lang, reporting=True), period
        )

    return serve_file(plans, make, plan_files.XLSX, "plantilla", name, period, name=f"reporte-{name}.xlsx")


blueprint.add_url_rule("/planes/<plan>/archivo/<name>", view_func=file)
blueprint.add_url_rule("/planes/<plan>/corte/<day>/<name>", view_func=cut_file)
blueprint.add_url_rule("/organismo/<id>/informe.docx", view_func=organization_report)
blueprint.add_url_rule("/organismo/<id>/plantilla.xlsx", view_func=organization_template)
