"""Verdicts over the API: what Control Interno and the independent monitor say, beside what is declared."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action import reporting as shared
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import verdict as verdict_rules
from ckanext.ogp_plan.planning.tracking import Completion, Verdict, VerdictRole
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.report import ReportTransaction, refused
from ckanext.ogp_plan.services.report_error import validation_errors

_CREATE = {
    "plan": request_fields.required(request_fields.name),
    "item": request_fields.required(request_fields.name),
    "role": request_fields.optional(request_fields.member(VerdictRole)),
    "cut": request_fields.optional(request_fields.day),
    "assigned": request_fields.optional(request_fields.member(Completion)),
    "agrees": request_fields.optional(request_fields.yes_or_no),
    "fulfilled": request_fields.optional(request_fields.yes_or_no),
    "quality": request_fields.optional(request_fields.text(5_000), ""),
    "rationale": request_fields.optional(request_fields.text(), ""),
    "recommendation": request_fields.optional(request_fields.text(), ""),
    "alert": request_fields.optional(request_fields.yes_or_no, False),
    "closes": request_fields.optional(request_fields.identity),
    "supersedes": request_fields.optional(request_fields.identity),
    "request_id": request_fields.optional(request_fields.line(200)),
}


def ogp_plan_verdict_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say what you find of an item as Control Interno or as the independent monitor.

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
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _CREATE)
    person = permission.of(context)
    plan = lookup.plan(person, taken["plan"])
    item = lookup.item(plan, taken["item"])
    given = taken["role"].value if taken["role"] else None
    tk.check_access("ogp_plan_verdict_create", context, {"plan": plan.id, "item": item.id, "role": given})
    role = taken["role"] or _role(person, plan)
    with validation_errors():
        verdict_rules.check_verdict(taken)
    fact_id = report_service.id_of(plan.id, person.id, taken["request_id"], f"verdict.{role.value}")
    if taken["request_id"] and shared.recorded(fact_id):
        return told_of_verdict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        work = ReportTransaction(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        verdict = work.verdict(plan_id, key, role, taken)
        work.write()
        return told_of_verdict(verdict.id)

    return shared.once(context, do, told_of_verdict, fact_id if taken["request_id"] else None, item_id)


def _role(person: permission.Person, plan: PlanRow) -> VerdictRole:
    held = [role for role in VerdictRole if person.holds(role.value, plan.id)]
    if len(held) != 1:
        raise refused(
            "role",
            tk._("Say as what you judge: %(roles)s.") % {"roles": ", ".join(one.value for one in held)},
        )
    return held[0]


def told_of_verdict(fact_id: str) -> dict[str, Any]:
    """Return a verdict as recorded, and where its item stands now."""
    row = model.Session.get(Event, fact_id)
    fact: Verdict = event_service.to_fact(row)  # type: ignore[assignment]
    item = PlanItem.of(row.plan_id, row.level, row.code)
    told = shared.standing_of(row.plan_id, row.level, row.code)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "role": fact.role.value,
        "cut": fact.cut.isoformat() if fact.cut else None,
        "suggested": fact.suggested.value if fact.suggested else None,
        "assigned": fact.assigned.value if fact.assigned else None,
        "agrees": fact.agrees,
        "fulfilled": fact.fulfilled,
        "quality": fact.quality,
        "rationale": fact.rationale,
        "recommendation": fact.recommendation,
        "alert": fact.alert,
        "closes": fact.closes,
        "supersedes": fact.supersedes,
        **told,
        "disagrees": bool(item and item.disagrees),
    }


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {"ogp_plan_verdict_create": ogp_plan_verdict_create}
