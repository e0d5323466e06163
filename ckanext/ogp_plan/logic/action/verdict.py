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
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import Verdict, VerdictRole
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.report import Desk, refused

#: Fields of which one is enough for a verdict.
_CONTENT = ("assigned", "fulfilled", "quality", "rationale", "recommendation", "alert", "closes")


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
    person = permission.of(context)
    plan = lookup.plan(person, data["plan"])
    item = lookup.item(plan, data["item"])
    role = data["role"] or _role(person, plan)
    if not any(data[name] not in (None, "", False) for name in _CONTENT) and data["agrees"] is None:
        raise refused(
            "assigned", tk._("Say something: the completion, whether you agree, an alert, a recommendation.")
        )
    if data["alert"] and data["closes"]:
        raise refused("closes", tk._("A verdict opens an alert or closes one, not both."))
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], f"verdict.{role.value}")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.verdict_dict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        item_status.lock({plan_id: {key}})
        desk = Desk.of(model.Session.get(PlanRow, plan_id, populate_existing=True), {key})
        made = _new_verdict(desk, key, role, data, person, fact_id)
        event_service.append(plan_id, made)
        item_status.recompute(plan_id, {key})
        return fact_serializer.verdict_dict(made.id)

    return record_once(
        context, do, fact_serializer.verdict_dict, fact_id if data["request_id"] else None, item_id
    )


def _role(person: permission.Person, plan: PlanRow) -> VerdictRole:
    held = [role for role in VerdictRole if person.holds(role.value, plan.id)]
    if len(held) != 1:
        raise refused(
            "role",
            tk._("Say as what you judge: %(roles)s.") % {"roles": ", ".join(one.value for one in held)},
        )
    return held[0]


def _new_verdict(
    desk: Desk,
    key: tracking.Key,
    role: VerdictRole,
    data: dict[str, Any],
    person: permission.Person,
    fact_id: str,
) -> Verdict:
    """Return the verdict to be recorded, checked against the facts of now."""
    desk.item(key)
    facts = desk.facts(key)
    standing = compute_status(facts, record_service.today(), {key}, settings=desk.settings)[key]
    suggested = standing.suggested
    if data["cut"] is not None:
        days = cut_days(desk.settings, desk.record.plan)
        if data["cut"] not in days:
            raise refused(
                "cut",
                tk._("It is not the day of a cut of this plan: %(days)s.")
                % {"days": ", ".join(day.isoformat() for day in days)},
            )
    differs = data["assigned"] is not None and data["assigned"] is not suggested
    if (differs or data["agrees"] is False or data["alert"]) and not data["rationale"]:
        raise refused(
            "rationale",
            tk._(
                "Write why: you assign another completion than the rules suggest, do not share the declared "
                "state, or open an alert."
            ),
        )
    if role is VerdictRole.MONITOR and data["assigned"] is not None and not data["rationale"]:
        raise refused(
            "rationale",
            tk._("Write why: the rules suggest a completion, and who decides it says what it was found on."),
        )
    own = {one.id: one for one in facts.verdicts.get(key, ()) if one.role is role}
    if data["supersedes"] is not None and data["supersedes"] not in own:
        raise refused("supersedes", tk._("What you correct is no verdict of yours on this item that stands."))
    if data["closes"] is not None:
        alert = own.get(data["closes"])
        if alert is None or not alert.alert or alert.id in facts.closed_alerts:
            raise refused("closes", tk._("There is no such open alert of yours on this item."))
    return Verdict(
        id=fact_id,
        at=desk.now,
        by=person.id,
        item=key,
        role=role,
        cut=data["cut"],
        suggested=suggested,
        assigned=data["assigned"],
        agrees=data["agrees"],
        fulfilled=data["fulfilled"],
        quality=data["quality"],
        rationale=data["rationale"],
        recommendation=data["recommendation"],
        alert=data["alert"],
        closes=data["closes"],
        supersedes=data["supersedes"],
    )
