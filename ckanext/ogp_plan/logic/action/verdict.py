"""Verdicts of Control Interno and of the independent monitor, beside what is declared."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import verdict as verdict_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning import verdicts as verdict_rules
from ckanext.ogp_plan.planning.tracking import VerdictRole
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error, validation_errors


def ogp_plan_verdict_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Give a verdict on an item as Control Interno or as the independent monitor.

    What completion the rules suggest is recorded beside the one you assign.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param role: ``control_interno`` or ``monitor``; not needed when you are only one of them
    :param cut: day of the cut that it belongs to (2026-04-30); none: between cuts
    :param assigned: ``no_evidence``, ``not_started``, ``limited``, ``substantial``, ``complete``
    :param agrees: whether you share the declared state
    :param fulfilled: whether the item was fulfilled at the cut
    :param quality: of the evidence, in words
    :param rationale: why; needed when ``assigned`` is not what the rules suggest, when you do not share the
        declared state, and with an alert; and whenever the monitor assigns a completion
    :param recommendation: what should be done
    :param alert: ``true``: opens an alert, which puts the item at risk until it is closed
    :param closes: id of your verdict whose alert this one closes
    :param supersedes: id of your verdict that this one corrects
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_verdict_create", context, data_dict)
    data = validated(verdict_schema.verdict_create(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"])
    item = lookup.item(plan, data["item"])
    role = data["role"] or _role(person, plan)
    with validation_errors():
        verdict_rules.check_verdict(data)
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], f"verdict.{role.value}")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.verdict_dict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        report = ReportTransaction(person, data["request_id"])
        report.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        verdict = report.verdict(plan_id, key, role, data)
        report.write()
        return fact_serializer.verdict_dict(verdict.id)

    return record_once(
        context, do, fact_serializer.verdict_dict, fact_id if data["request_id"] else None, item_id
    )


def _role(person: permission.Person, plan: PlanRow) -> VerdictRole:
    held = [role for role in VerdictRole if person.holds(role.value, plan.id)]
    if len(held) != 1:
        raise field_error(
            "role",
            tk._("Say as what you judge: %(roles)s.") % {"roles": ", ".join(role.value for role in held)},
        )
    return held[0]
