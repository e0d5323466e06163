"""Reports of an organismo in sections: all it handed in, and each with what it carried."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import paging
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers import plan as words
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.views import plan as plan_view


def organization_reports(id: str) -> Any:
    """``/organismo/<id>/informes``: the newest first."""
    present, size = paging.requested_page(), config.page_size()
    try:
        found = tk.get_action("ogp_plan_report_list")(
            {}, {"organization": id, "limit": size, "offset": (present - 1) * size}
        )
        # what it owes is told of who handed in nothing, and asked of who may hand in more
        owed = (
            tk.get_action("ogp_plan_obligation_list")({}, {"organization": id, "limit": 1})
            if not found["count"] or found["may"]["report"]
            else {}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no organismo at this address"))

    def url(number: int | None) -> str:
        turned = {paging.PAGE: number} if number else {}
        return str(tk.url_for("ogp_plan.organization_reports", id=id, **turned))

    extra_vars = {
        "found": found,
        "owed": owed,
        "plain_url": url(None),
        "report_url": words.ogp_plan_to("ogp_plan_report.report", id=id)
        if plan_view.may_report_for(id, owed)
        else None,
        "paging": paging.paginate(found["count"], size, present, url),
    }
    return tk.render("ogp_plan/report/list.html", extra_vars)


def organization_report(id: str, report: str) -> Any:
    """``/organismo/<id>/informes/<report>``: what it says, and what it carried to each item."""
    present, size = paging.requested_page(), config.page_size()
    try:
        found = tk.get_action("ogp_plan_report_show")(
            {}, {"id": report, "limit": size, "offset": (present - 1) * size}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        found = None
    if found is None or found["organization"]["name"] != lookup.organization(id):
        return tk.abort(404, tk._("There is no report at this address"))

    def url(number: int | None) -> str:
        turned = {paging.PAGE: number} if number else {}
        return str(tk.url_for("ogp_plan.organization_report", id=id, report=report, **turned))

    extra_vars = {"report": found, "paging": paging.paginate(found["count"], size, present, url)}
    return tk.render("ogp_plan/report/read.html", extra_vars)


plan_view.blueprint.add_url_rule("/organismo/<id>/informes", view_func=organization_reports)
plan_view.blueprint.add_url_rule("/organismo/<id>/informes/<report>", view_func=organization_report)
