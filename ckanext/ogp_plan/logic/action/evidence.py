"""Evidence: give it, withdraw it, read what is withheld."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.update import ogp_plan_update_create
from ckanext.ogp_plan.logic.schema import evidence as evidence_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import Event, PlanItem
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import FIELDS, EvidenceBatch, queue_checks, unchecked_evidence
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.permission import get_person as person_of
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error


def ogp_plan_evidence_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Give evidence of an item: a link, a resource or dataset of the catalogue, or a file.

    A file becomes a resource of a dataset of the organismo, with your own rights; one that is not public
    is stored apart, for those who may read withheld evidence. The hash of what is given, and when it was
    taken, are kept; the portal looks at it every week.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param organization: as in :func:`ogp_plan_update_create`
    :param kind: ``documento``, ``acta``, ``foto``, ``lista_asistencia``, ``enlace``, ``dataset``,
        ``resource``, ``video``
    :param title: what it is
    :param url: address of a page or file; or
    :param resource: id of a resource of the catalogue; or
    :param dataset: id or name of a dataset of the catalogue; beside an upload, where it is put; or
    :param upload: a file (multipart/form-data); or
    :param confirms: ``true``: "sin cambios", nothing changed (with ``text`` and ``period``, if any)
    :param public: ``false``: what it is stays hidden from the public, and ``withheld`` says why
    :param withheld: why it is private
    :param sha256: hash of what is given, when you took it yourself, at ``captured``: kept as what you
        claim, beside the one that the portal takes
    :param update: id of the update that it proves
    :param measurement: id of the measurement that it proves
    :param supersedes: id of the evidence that this one replaces
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_evidence_create", context, data_dict)
    data = validated(evidence_schema.evidence_create(), data_dict)
    if data["confirms"]:
        return _confirm(context, data)
    person, plan, item, organization = lookup.report_scope(context, data)
    fact_id = report_service.id_of(plan.id, person.id, data["request_id"], "evidence")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.evidence_dict(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)
    fields = {name: data[name] for name in ("update", "measurement", "supersedes")}
    waiting: list[str] = []
    with EvidenceBatch(context, plan, item, organization) as batch:
        checked = batch.check({name: data[name] for name in FIELDS})
        if checked.get("upload") is not None:
            _check(person, plan_id, item_id, key, organization, {**checked, **fields, "url": "upload:0"})
            checked = batch.store(checked)

        def do() -> dict[str, Any]:
            report = ReportTransaction(person, data["request_id"])
            report.open([model.Session.get(PlanItem, item_id)], linked_too=False)
            made = report.evidence(plan_id, key, organization, {**checked, **fields})
            report.write()
            waiting[:] = unchecked_evidence(report)
            return fact_serializer.evidence_dict(made.id)

        answer = record_once(
            context,
            do,
            fact_serializer.evidence_dict,
            fact_id if data["request_id"] else None,
            item_id,
            batch,
        )
    queue_checks(waiting)
    return answer


def _confirm(context: Context, data: dict[str, Any]) -> dict[str, Any]:
    """ "Sin cambios" is an update that confirms the one before, and no piece of evidence."""
    given = [name for name in ("url", "resource", "dataset", "upload") if data[name] is not None]
    if given:
        raise field_error(
            "confirms", tk._("It says that nothing changed and gives evidence. Leave one of the two.")
        )
    kept = ("plan", "item", "organization", "whole", "text", "period", "request_id")
    update = {name: data[name] for name in kept if data[name] not in (None, "")}
    return ogp_plan_update_create(context, {**update, "confirms": True})


def _check(
    person: Person, plan_id: str, item_id: str, key: Any, organization: str | None, fields: dict[str, Any]
) -> None:
    """Check evidence without writing it: a file is stored only for what will be recorded."""
    try:
        report = ReportTransaction(person)
        report.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        report.evidence(plan_id, key, organization, fields)
    finally:
        model.Session.rollback()


def ogp_plan_evidence_retract(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Withdraw evidence. It stays in the history and proves nothing any more.

    :param id: id of the evidence
    :param reason: why it is withdrawn
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_evidence_retract", context, data_dict)
    data = validated(evidence_schema.evidence_retract(), data_dict)
    person = person_of(context)
    _, plan = lookup.fact(person, data["id"], "evidence")
    report_service.require_tracked(plan)
    plan_id = plan.id
    fact_id = report_service.id_of(plan_id, person.id, data["request_id"], "retract")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.evidence_dict(fact_id)

    def do() -> dict[str, Any]:
        event_service.share(plan_id)
        last: Any = event_service.to_fact(_last(data["id"]))
        if last.retracted:
            raise field_error("id", tk._("It was withdrawn already."))
        made = replace(
            last,
            id=fact_id,
            at=dt.datetime.now(dt.timezone.utc),
            by=person.id,
            retracted=data["reason"],
            supersedes=last.id,
        )
        event_service.append(plan_id, made)
        item_status.recompute(plan_id, {last.item})
        return fact_serializer.evidence_dict(fact_id)

    return record_once(context, do, fact_serializer.evidence_dict, fact_id if data["request_id"] else None)


def _last(fact_id: str) -> Event:
    """Return the row that counts today in place of a piece of evidence: the portal adds hashes by itself."""
    table = Event.__table__
    first = sa.select(table.c.id).where(table.c.id == fact_id).cte("later", recursive=True)
    later = first.union(sa.select(table.c.id).join(first, table.c.supersedes == first.c.id))
    wanted = (
        sa.select(Event)
        .where(Event.id.in_(sa.select(later.c.id)))
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(1)
    )
    found: Event = model.Session.scalars(wanted).one()
    return found


@tk.side_effect_free
def ogp_plan_evidence_private(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show what a withheld piece of evidence is, to who may see it.

    :param id: id of the evidence

    :rtype: dict
    """
    tk.check_access("ogp_plan_evidence_private", context, data_dict)
    data = validated(evidence_schema.evidence_private(), data_dict)
    lookup.fact(person_of(context), data["id"], "evidence")
    return fact_serializer.evidence_dict(_last(data["id"]).id)
