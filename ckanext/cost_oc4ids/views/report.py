"""The page of one resource's report, its downloads, and the button that validates again."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.munge import munge_filename
from flask import Blueprint, Response, make_response

from ckanext.cost_common import paging
from ckanext.cost_common.csrf import require_token
from ckanext.cost_common.views.forms import register_form_errors
from ckanext.cost_oc4ids.oc4ids import report_page

blueprint = Blueprint("cost_oc4ids_report", __name__)

#: Tells spreadsheet programs that a CSV is UTF-8; without it they spoil every accent.
BYTE_ORDER_MARK = "\ufeff"


def _not_found() -> Any:
    return tk.abort(404, tk._("There is no report at this address"))


def _resource(package_id: str, resource_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The dataset and its resource, for whoever may see them.

    Not there, not of that dataset and not for this visitor give the same response: 404.
    """
    try:
        package = tk.get_action("package_show")({}, {"id": package_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return _not_found()
    for resource in package.get("resources", []):
        if resource["id"] == resource_id:
            return package, resource
    return _not_found()


def _report_of(resource_id: str) -> dict[str, Any]:
    """What ``oc4ids_report_show`` returns; 404 for a resource that is not OC4IDS."""
    try:
        state = tk.get_action("oc4ids_report_show")({}, {"resource_id": resource_id, "lang": tk.h.lang()})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return _not_found()
    if state["state"] == "not_applicable" and not state.get("report"):
        return _not_found()
    return state


def _stored_report(package_id: str, resource_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A resource and its report; 404 when it was not validated yet."""
    _, resource = _resource(package_id, resource_id)
    report = _report_of(resource_id).get("report")
    if not report:
        return _not_found()
    return resource, report


def _attachment(body: str, content_type: str, name: str) -> Response:
    response = make_response(body)
    # who may have it depends on who asks: not for shared caches
    tk.request.environ["__no_cache__"] = True
    response.headers["Content-Type"] = content_type
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _download_name(resource: dict[str, Any], extension: str) -> str:
    stem = munge_filename(tk.h.resource_display_name(resource)).rsplit(".", 1)[0]
    return f"oc4ids-{stem or resource['id']}.{extension}"


@blueprint.route("/dataset/<id>/oc4ids/<resource_id>")
def read(id: str, resource_id: str) -> str:  # noqa: A002  CKAN's own name for it
    """Show the report. ``severity``, ``project`` and ``page`` of the query choose what of it."""
    package, resource = _resource(id, resource_id)
    result = _report_of(resource_id)
    report = result.get("report")
    page = pages = None
    if report:
        args = tk.request.args
        page = report_page.page_of(report, args.get("severity"), args.get("project"), args.get("page"))
        chosen = {"severity": page.severity, "project": page.project}
        pages = paging.paginate(
            page.total,
            page.size,
            page.page,
            lambda number: tk.url_for(
                "cost_oc4ids_report.read", id=package["name"], resource_id=resource_id, page=number, **chosen
            ),
        )
    return tk.render(
        "cost_oc4ids/report/read.html",
        {
            "pkg": package,
            "pkg_dict": package,
            "dataset_type": package["type"],
            "resource": resource,
            "result": result,
            "report": report,
            "page": page,
            "paging": pages,
        },
    )


@blueprint.route("/dataset/<id>/oc4ids/<resource_id>.json")
def as_json(id: str, resource_id: str) -> Response:  # noqa: A002
    """Return the report as it is described in ``docs/``."""
    resource, report = _stored_report(id, resource_id)
    body = json.dumps(report, ensure_ascii=False, indent=2)
    return _attachment(body, "application/json; charset=utf-8", _download_name(resource, "json"))


@blueprint.route("/dataset/<id>/oc4ids/<resource_id>.csv")
def as_csv(id: str, resource_id: str) -> Response:  # noqa: A002
    """Return one row a place, for spreadsheets."""
    resource, report = _stored_report(id, resource_id)
    return _attachment(csv_text(report), "text/csv; charset=utf-8", _download_name(resource, "csv"))


def csv_header() -> list[str]:
    """Titles of the columns of :func:`report_page.csv_rows`, in the reader's language."""
    return [
        tk._("Severity"),
        tk._("Code"),
        tk._("Field"),
        tk._("What to do"),
        tk._("What was found"),
        tk._("Project"),
        tk._("Place"),
        tk._("JSON pointer"),
        tk._("Value found"),
        tk._("Times in the file"),
    ]


def csv_text(report: dict[str, Any]) -> str:
    """Return the report as CSV that spreadsheet programs open with its accents whole."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(csv_header())
    for severity, *rest in report_page.csv_rows(report, tk.h.oc4ids_place):
        writer.writerow([tk.h.oc4ids_severity_name(severity), *rest])
    return BYTE_ORDER_MARK + text.getvalue()


@blueprint.route("/dataset/<id>/oc4ids/<resource_id>/revalidate", methods=["POST"])
def revalidate(id: str, resource_id: str) -> Response:  # noqa: A002
    """Validate the resource again and go back to its report."""
    require_token()
    _resource(id, resource_id)
    try:
        tk.get_action("oc4ids_resource_revalidate")({}, {"resource_id": resource_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return _not_found()
    except tk.ValidationError:
        tk.h.flash_error(tk._("The file could not be checked again. Its report says why."))
    else:
        tk.h.flash_success(tk._("The file is being checked again."))
    return tk.redirect_to("cost_oc4ids_report.read", id=id, resource_id=resource_id)


register_form_errors(blueprint)
