"""Answers to the reasons of a light."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import answer as answer_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import PlanItem
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.report import ReportTransaction


def ogp_plan_answer_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Answer a reason of an item's light. It is shown beside the reason, and changes no light.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param organization: as in :func:`ogp_plan_update_create`
    :param reason: code of the reason (``R1`` … ``R9``, ``manual``), which the item must have today
    :param text: the answer
    :param supersedes: id of the answer that this one corrects
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_answer_create", context, data_dict)
    data = validated(answer_schema.answer_create(), data_dict)
    person, plan, item, organization = lookup.report_scope(context, data)
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], "answer")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.answer_dict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        report = ReportTransaction(person, data["request_id"])
        report.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        made = report.answer(plan_id, key, organization, data)
        report.write()
        return fact_serializer.answer_dict(made.id)

    return record_once(
        context, do, fact_serializer.answer_dict, fact_id if data["request_id"] else None, item_id
    )
