"""Measurements of the indicators of items."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import measurement as measurement_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import PlanItem
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.report import ReportTransaction


def ogp_plan_measurement_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Record what an indicator of an item measured in a period; correct it, or withdraw it.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param organization: as in :func:`ogp_plan_update_create`
    :param indicator: code of the indicator; not needed when the item has only one
    :param period: ``2026-03``, ``2026-T1``…; or ``start`` and ``end``; without any, the present one
    :param value: the number; or ``numerator`` and ``denominator`` of a percentage
    :param comment: in words
    :param dimension: of what part of the whole: ``{"sector": "gobierno"}``
    :param update: id of the update it belongs to
    :param report: id of the organismo's report it belongs to
    :param supersedes: id of the measurement that this one corrects
    :param retracted: why the measurement ``supersedes`` is withdrawn
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_measurement_create", context, data_dict)
    data = validated(measurement_schema.measurement_create(), data_dict)
    person, plan, item, organization = lookup.report_scope(context, data)
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], "measurement")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.measurement_dict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        report = ReportTransaction(person, data["request_id"])
        report.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        made = report.measurement(plan_id, key, organization, data)
        report.write()
        return fact_serializer.measurement_dict(made.id)

    return record_once(
        context, do, fact_serializer.measurement_dict, fact_id if data["request_id"] else None, item_id
    )
