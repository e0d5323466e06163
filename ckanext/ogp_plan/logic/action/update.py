"""Updates: what happened with an item, with its measurements and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import update as update_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import PlanItem
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import EvidenceBatch, queue_checks, unchecked_evidence
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report import ReportTransaction


def ogp_plan_update_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Report what happened with an item of a plan; with its measurements and evidence, all or nothing.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param organization: name of the organismo that reports; without one, the only one you report for,
        or (the coordinator) the item as a whole
    :param whole: ``true``: for the item as a whole, where you could also report for an organismo
    :param state: ``no_iniciado``, ``en_curso``, ``completado``; of the coordinator also ``no_aplica``,
        ``suspendido``, ``retirado``. The first report of an item begins it
    :param progress: percent, 0 to 100
    :param text: what was done
    :param obstacles: what made it difficult
    :param next_step: what comes next
    :param reason: why it is at risk, is open again, does not apply, or is completed without its target
    :param act: the act of the plan's change, for ``retirado``
    :param at_risk: you declare it at risk yourself
    :param confirms: ``true``: "sin cambios", nothing changed
    :param period: period that is reported (``2026-03``, ``2026-T1``)
    :param report: id of the organismo's report it belongs to
    :param supersedes: id of the update that this one corrects
    :param measurements: list of what :func:`ogp_plan_measurement_create` takes; of the update's ``period``
        where they name none
    :param evidence: list of what :func:`ogp_plan_evidence_create` takes
    :param request_id: the same again returns what the first one did

    :returns: the update as recorded, the item's light, its ``measurements`` and ``evidence`` (ids), and
        ``repeated``: items of this or other plans that it also counts for
    :rtype: dict
    """
    tk.check_access("ogp_plan_update_create", context, data_dict)
    data = validated(update_schema.update_create(), data_dict)
    person, plan, item, organization = lookup.report_scope(context, data)
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], "update")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.update_dict(fact_id)
    key = (item.level, item.code)
    update = ReportedUpdate(**{name: data[name] for name in update_schema.declared()})
    plan_id, item_id = plan.id, item.id
    waiting: list[str] = []
    with EvidenceBatch(context, plan, item, organization) as batch:
        update.evidence = look_at(batch, data["evidence"])
        if any(evidence_item.get("upload") is not None for evidence_item in update.evidence):
            _check(person, plan_id, item_id, key, organization, update)
            update.evidence = _store_uploads(batch, update.evidence)

        def do() -> dict[str, Any]:
            report = ReportTransaction(person, data["request_id"])
            report.open([model.Session.get(PlanItem, item_id)])
            made = report.update(plan_id, key, organization, update)
            report.write()
            waiting[:] = unchecked_evidence(report)
            return (
                fact_serializer.update_dict(made.id, report)
                if made is not None
                else fact_serializer.parts_dict(plan_id, report)
            )

        answer: dict[str, Any] = record_once(
            context, do, fact_serializer.update_dict, fact_id if data["request_id"] else None, item_id, batch
        )
    queue_checks(waiting)
    return answer


def look_at(batch: EvidenceBatch, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return pieces of evidence with what they point at; an error names the piece that it is in."""
    done: list[dict[str, Any]] = []
    for entry in given:
        try:
            done.append(batch.check(entry))
        except tk.ValidationError as error:
            raise tk.ValidationError({"evidence": [*({} for _ in done), error.error_dict]}) from error
    return done


def _check(
    person: Person, plan_id: str, item_id: str, key: Any, organization: str | None, update: ReportedUpdate
) -> None:
    """Check an update without writing it: a file is stored only for what will be recorded."""
    checked = [
        {**evidence_item, "url": f"upload:{number}"}
        if evidence_item.get("upload") is not None
        else evidence_item
        for number, evidence_item in enumerate(update.evidence)
    ]
    try:
        report = ReportTransaction(person)
        report.open([model.Session.get(PlanItem, item_id)])
        report.update(plan_id, key, organization, ReportedUpdate(**{**_fields(update), "evidence": checked}))
    finally:
        model.Session.rollback()


def _fields(update: ReportedUpdate) -> dict[str, Any]:
    return {name: getattr(update, name) for name in ReportedUpdate.__slots__}


def _store_uploads(batch: EvidenceBatch, given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Store the uploads among pieces of evidence; an error names the piece that it is in."""
    done: list[Mapping[str, Any]] = []
    for entry in given:
        try:
            done.append(batch.store(entry) if entry.get("upload") is not None else entry)
        except tk.ValidationError as error:
            raise tk.ValidationError({"evidence": [*({} for _ in done), error.error_dict]}) from error
    return done
