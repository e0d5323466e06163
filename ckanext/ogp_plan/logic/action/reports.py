"""Reports of organismos in sections over the API: a list of them, and each with all that it carried."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.obligation import organismo
from ckanext.ogp_plan.logic.action.plan import PAGE, limit
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers import report as report_serializer
from ckanext.ogp_plan.services import permission, request_fields

_LISTING = {
    "organization": request_fields.optional(request_fields.name),
    "plan": request_fields.optional(request_fields.name),
    **PAGE,
}
_ONE = {"id": request_fields.required(request_fields.name), **PAGE}


@tk.side_effect_free
def ogp_plan_report_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the reports in sections of an organismo, or those handed in to a plan, the newest first.

    What one request recorded in several plans is one report. Of plans that you may not see nothing is told.

    :param organization: name of the organismo
    :type organization: string
    :param plan: name or id of the plan; needed without ``organization``
    :type plan: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count``; ``results``: ``id, title, period, start, end, at, organization, url, sections``
        (their titles), ``carried`` (how many items it tells of), ``plans``, ``state`` (``pendiente``,
        ``aceptado`` or ``devuelto`` in monitoring), ``corrected``; and of an ``organization`` its ``title``
        and what you ``may``
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_list", context, data_dict)
    asked = request_fields.take(data_dict, _LISTING)
    if not asked["organization"] and not asked["plan"]:
        missing = tk._("Say of which organismo, or of which plan.")
        raise tk.ValidationError({"organization": [missing]})
    person = permission.of(context)
    reader = plan_serializer.Reader(person)
    name = organismo(asked["organization"]) if asked["organization"] else None
    plan = lookup.plan(person, asked["plan"]) if asked["plan"] else None
    found = report_serializer.of(person, organization=name, plan=plan)
    page = found[asked["offset"] : asked["offset"] + limit(asked)]
    told: dict[str, Any] = {"count": len(found), "results": report_serializer.listed(page, reader)}
    if name:
        told |= {
            "organization": name,
            "title": reader.called(name),
            "may": {"report": name in person.speaks_for(None)},
        }
    return told


@tk.side_effect_free
def ogp_plan_report_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a report in sections: its words, and what it carried to each item.

    :param id: its id, in any of the plans that it was recorded in
    :type id: string
    :param limit: how much of what it carried at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: as :func:`ogp_plan_report_list` tells it, with ``sections`` (``title, text``), ``supersedes``,
        ``superseded_by``, ``document_url``, ``count``, and ``carried``: ``id, at, item, declared, progress,
        text, obstacles, next_step, reason, confirms, at_risk, period, measurements, evidence, state, review,
        superseded_by``
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_show", context, data_dict)
    asked = request_fields.take(data_dict, _ONE)
    person = permission.of(context)
    found = report_serializer.one_of(person, asked["id"])
    return report_serializer.shown(found, plan_serializer.Reader(person), limit(asked), asked["offset"])


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {
        "ogp_plan_report_list": ogp_plan_report_list,
        "ogp_plan_report_show": ogp_plan_report_show,
    }
