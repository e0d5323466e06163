"""Evidence over the API: give it, withdraw it, and read what is withheld."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action import reporting as shared
from ckanext.ogp_plan.model import Event, PlanItem
from ckanext.ogp_plan.planning.tracking import Evidence
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, request_fields
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import FIELDS, Proofs, ask_later, pending
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.permission import of as person_of
from ckanext.ogp_plan.services.report import Work, refused

_CREATE = {
    **shared.WHERE,
    **FIELDS,
    "update": request_fields.optional(request_fields.identity),
    "measurement": request_fields.optional(request_fields.identity),
    "confirms": request_fields.optional(request_fields.yes_or_no, False),
    "text": request_fields.optional(request_fields.text(), ""),
    "period": request_fields.optional(request_fields.period),
    "supersedes": request_fields.optional(request_fields.identity),
}
_RETRACT = {
    "id": request_fields.required(request_fields.identity),
    "reason": request_fields.required(request_fields.text(2_000)),
    "request_id": request_fields.optional(request_fields.line(200)),
}


def ogp_plan_evidence_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Give evidence of an item: a link, a resource or dataset of the catalogue, or a file.

    A file becomes a resource of a dataset of the organismo, with your own rights. The hash of what is
    given, and when it was taken, are kept; the portal looks at it every week.

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
    :param public: ``false``: what it is stays unsaid to the public, and ``withheld`` says why
    :param withheld: why it is private
    :param sha256: hash of what is at ``url``, when you took it yourself, at ``captured``
    :param update: id of the update that it proves
    :param measurement: id of the measurement that it proves
    :param supersedes: id of the evidence that this one replaces
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _CREATE)
    if taken["confirms"]:
        return _unchanged(context, taken)
    person, plan, item, organization = shared.place(context, taken, "ogp_plan_evidence_create")
    fact_id = report_service.id_of(plan.id, person.id, taken["request_id"], "evidence")
    if taken["request_id"] and shared.recorded(fact_id):
        return told_of_evidence(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)
    proofs = Proofs(context, plan, item, organization)
    fields = {name: taken[name] for name in ("update", "measurement", "supersedes")}
    looked = proofs.look({name: taken[name] for name in FIELDS})
    if looked.get("upload") is not None:
        _try(person, plan_id, item_id, key, organization, {**looked, **fields, "url": "upload:0"})
        looked = proofs.store(looked)
    waiting: list[str] = []

    def do() -> dict[str, Any]:
        work = Work(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        made = work.evidence(plan_id, key, organization, {**looked, **fields})
        work.write()
        waiting[:] = pending(work)
        return told_of_evidence(made.id)

    answer = shared.once(
        context, do, told_of_evidence, fact_id if taken["request_id"] else None, item_id, proofs
    )
    ask_later(waiting)
    return answer


def _unchanged(context: Context, taken: dict[str, Any]) -> dict[str, Any]:
    """ "Sin cambios" is an update that confirms the one before, and no piece of evidence."""
    given = [name for name in ("url", "resource", "dataset", "upload") if taken[name] is not None]
    if given:
        raise refused(
            "confirms", tk._("It says that nothing changed and gives evidence. Leave one of the two.")
        )
    kept = ("plan", "item", "organization", "whole", "text", "period", "request_id")
    said = {name: taken[name] for name in kept if taken[name] not in (None, "")}
    return shared.ogp_plan_update_create(context, {**said, "confirms": True})


def _try(
    person: Person, plan_id: str, item_id: str, key: Any, organization: str | None, fields: dict[str, Any]
) -> None:
    """Judge evidence without writing it: a file is stored only for what will be recorded."""
    try:
        work = Work(person)
        work.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        work.evidence(plan_id, key, organization, fields)
    finally:
        model.Session.rollback()


def ogp_plan_evidence_retract(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Withdraw evidence. It stays in the history and proves nothing any more.

    :param id: id of the evidence
    :param reason: why it is withdrawn
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _RETRACT)
    tk.check_access("ogp_plan_evidence_retract", context, {"id": taken["id"]})
    person = person_of(context)
    _, plan = lookup.fact(person, taken["id"], "evidence")
    if plan.status not in report_service.TRACKED:
        raise refused("plan", report_service.not_tracked(plan))
    plan_id = plan.id
    fact_id = report_service.id_of(plan_id, person.id, taken["request_id"], "retract")
    if taken["request_id"] and shared.recorded(fact_id):
        return told_of_evidence(fact_id)

    def do() -> dict[str, Any]:
        event_service.share(plan_id)
        last: Any = event_service.to_fact(_last(taken["id"]))
        if last.retracted:
            raise refused("id", tk._("It was withdrawn already."))
        made = replace(
            last,
            id=fact_id,
            at=dt.datetime.now(dt.timezone.utc),
            by=person.id,
            retracted=taken["reason"],
            supersedes=last.id,
        )
        event_service.append(plan_id, made)
        item_status.recompute(plan_id, {last.item})
        return told_of_evidence(fact_id)

    return shared.once(context, do, told_of_evidence, fact_id if taken["request_id"] else None)


def _last(fact_id: str) -> Event:
    """The row that stands today in place of a piece of evidence: the portal adds hashes by itself."""
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


def ogp_plan_evidence_private(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show what a withheld piece of evidence is, to who may see it.

    :param id: id of the evidence

    :rtype: dict
    """
    taken = request_fields.take(data_dict, {"id": request_fields.required(request_fields.identity)})
    tk.check_access("ogp_plan_evidence_private", context, {"id": taken["id"]})
    lookup.fact(person_of(context), taken["id"], "evidence")
    return told_of_evidence(_last(taken["id"]).id)


def told_of_evidence(fact_id: str) -> dict[str, Any]:
    """Return a piece of evidence as recorded, and where its item stands now."""
    row = model.Session.get(Event, fact_id)
    fact: Evidence = event_service.to_fact(row)  # type: ignore[assignment]
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "kind": fact.kind.value,
        "url": fact.url,
        "resource": fact.resource,
        "dataset": fact.dataset,
        "sha256": fact.sha256,
        "size": fact.size,
        "captured": fact.captured.isoformat() if fact.captured else None,
        "public": fact.public,
        "withheld": fact.withheld,
        "update": fact.update,
        "measurement": fact.measurement,
        "retracted": fact.retracted,
        "supersedes": fact.supersedes,
        **shared.standing_of(row.plan_id, row.level, row.code),
        "title": fact.title,
    }


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    private: Action = tk.side_effect_free(ogp_plan_evidence_private)
    return {
        "ogp_plan_evidence_create": ogp_plan_evidence_create,
        "ogp_plan_evidence_retract": ogp_plan_evidence_retract,
        "ogp_plan_evidence_private": private,
    }
