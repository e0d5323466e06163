"""Reports over the API: updates, measurements, answers, reports of an organismo, many rows, reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict
from sqlalchemy.exc import IntegrityError

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import states
from ckanext.ogp_plan.planning.tracking import Measurement, Review, Update
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import link as link_service
from ckanext.ogp_plan.services import permission, report_batch, request_fields
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import FIELDS as EVIDENCE
from ckanext.ogp_plan.services.evidence import Proofs, ask_later, pending
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report import Said, Work, refused

MEASURED = {
    "indicator": request_fields.optional(request_fields.name),
    "period": request_fields.optional(request_fields.period),
    "start": request_fields.optional(request_fields.day),
    "end": request_fields.optional(request_fields.day),
    "value": request_fields.optional(request_fields.decimal()),
    "numerator": request_fields.optional(request_fields.decimal()),
    "denominator": request_fields.optional(request_fields.decimal(0)),
    "comment": request_fields.optional(request_fields.text(5_000), ""),
    "dimension": request_fields.optional(request_fields.mapping()),
    "supersedes": request_fields.optional(request_fields.identity),
    "retracted": request_fields.optional(request_fields.text(2_000), ""),
}
WHERE = {
    "plan": request_fields.required(request_fields.name),
    "item": request_fields.required(request_fields.name),
    "organization": request_fields.optional(request_fields.name),
    "whole": request_fields.optional(request_fields.yes_or_no, False),
    "request_id": request_fields.optional(request_fields.line(200)),
}
SAID = {
    "state": request_fields.optional(request_fields.member(Declared)),
    "progress": request_fields.optional(request_fields.decimal(0, 100)),
    "text": request_fields.optional(request_fields.text(), ""),
    "obstacles": request_fields.optional(request_fields.text(), ""),
    "next_step": request_fields.optional(request_fields.text(), ""),
    "reason": request_fields.optional(request_fields.text(5_000), ""),
    "act": request_fields.optional(request_fields.line(500), ""),
    "at_risk": request_fields.optional(request_fields.yes_or_no, False),
    "confirms": request_fields.optional(request_fields.yes_or_no, False),
    "period": request_fields.optional(request_fields.period),
    "report": request_fields.optional(request_fields.identity),
    "supersedes": request_fields.optional(request_fields.identity),
    "measurements": request_fields.optional(request_fields.many(MEASURED), []),
    "evidence": request_fields.optional(request_fields.many(EVIDENCE, 50), []),
}
_SECTION = {
    "title": request_fields.optional(request_fields.line(500), ""),
    "text": request_fields.optional(request_fields.text(60_000), ""),
}
_REPORT = {
    "plan": request_fields.optional(request_fields.name),
    "organization": request_fields.required(request_fields.name),
    "period": request_fields.optional(request_fields.period),
    "start": request_fields.optional(request_fields.day),
    "end": request_fields.optional(request_fields.day),
    "title": request_fields.optional(request_fields.line(500), ""),
    "sections": request_fields.optional(request_fields.many(_SECTION, 100), []),
    "updates": request_fields.optional(
        request_fields.many(
            {
                "plan": request_fields.optional(request_fields.name),
                "item": request_fields.required(request_fields.name),
                **{name: one for name, one in SAID.items() if name not in ("report", "supersedes")},
            },
            1_000,
        ),
        [],
    ),
    "supersedes": request_fields.optional(request_fields.identity),
    "request_id": request_fields.optional(request_fields.line(200)),
}
_REVIEW = {
    "update": request_fields.optional(request_fields.identity),
    "report": request_fields.optional(request_fields.identity),
    "accepted": request_fields.required(request_fields.yes_or_no),
    "reason": request_fields.optional(request_fields.text(5_000), ""),
    "request_id": request_fields.optional(request_fields.line(200)),
}
_ANSWER = {
    **WHERE,
    "reason": request_fields.required(request_fields.choice(states.REASONS)),
    "text": request_fields.required(request_fields.text(5_000)),
    "supersedes": request_fields.optional(request_fields.identity),
}
_ROWS = {
    "plan": request_fields.optional(request_fields.name),
    "organization": request_fields.optional(request_fields.name),
    "upload": request_fields.optional(request_fields.file),
    "rows": request_fields.optional(report_batch.read_list),
    "period": request_fields.optional(request_fields.period),
    "dry_run": request_fields.optional(request_fields.yes_or_no, True),
    "request_id": request_fields.optional(request_fields.line(200)),
}


# --- what the actions share


def place(
    context: Context, taken: dict[str, Any], action: str, *, of_plan: bool = False
) -> tuple[Person, PlanRow, PlanItem, str | None]:
    """Return who reports, where, and for which organismo, when they may.

    Without ``organization``: the only one that the person may report for; the coordinator reports for
    the item as a whole (``whole`` says so where somebody is both).

    :param of_plan: what is decided is the coordinator's, whoever's part of the item it is about.
    """
    person = permission.of(context)
    plan = lookup.plan(person, taken["plan"])
    item = lookup.item(plan, taken["item"])
    organization = taken.get("organization")
    if organization and taken.get("whole"):
        raise refused("whole", tk._("Say for which organismo, or that it is for the whole item, not both."))
    if organization is None and not taken.get("whole"):
        organization = _whose(person, plan, item)
    asked = None if of_plan else organization
    tk.check_access(action, context, {"plan": plan.id, "item": item.id, "organization": asked})
    return person, plan, item, organization


def _whose(person: Person, plan: PlanRow, item: PlanItem) -> str | None:
    mine = permission.reports_for(person, plan, item)
    if permission.may(person, "report_whole", plan, item) or not mine:
        return None
    if len(mine) > 1:
        raise refused(
            "organization",
            tk._("You report for several organismos: say for which one: %(names)s.")
            % {"names": ", ".join(mine)},
        )
    return mine[0]


def recorded(fact_id: str | None) -> bool:
    """Whether the same request recorded its fact before."""
    return bool(fact_id) and model.Session.get(Event, fact_id, populate_existing=True) is not None


def once(
    context: Context,
    do: Callable[[], dict[str, Any]],
    told: Callable[[str], dict[str, Any]],
    fact_id: str | None,
    item_id: str | None = None,
    proofs: Proofs | None = None,
) -> dict[str, Any]:
    """Do a piece of writing; when the same request has done it meanwhile, answer what that one did.

    :param told: gives the answer of what is recorded.
    :param fact_id: of the fact that this request makes; None: every request is another.
    :param item_id: the item that two of the same request meet at.
    :param proofs: files stored for it, taken back when it is not this one that records them.
    """

    def guarded() -> dict[str, Any]:
        if fact_id and item_id:
            report_service.lock(item_id)
            if recorded(fact_id):
                raise _Done
        return do()

    try:
        return report_service.in_one(guarded, context)
    except _Done:
        model.Session.rollback()
        if proofs is not None:
            proofs.take_back()
    except IntegrityError:
        if proofs is not None:
            proofs.take_back()
        if not recorded(fact_id):
            raise
    except BaseException:
        if proofs is not None:
            proofs.take_back()
        raise
    return told(str(fact_id))


class _Done(Exception):
    """The same request was recorded already."""


# --- updates


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
    :param obstacles: what stood in the way
    :param next_step: what comes next
    :param reason: why it is at risk, is open again, does not apply, or is completed without its target
    :param act: the act of the plan's change, for ``retirado``
    :param at_risk: you say yourself that it is at risk
    :param confirms: ``true``: "sin cambios", nothing changed
    :param period: period that is reported (``2026-03``, ``2026-T1``)
    :param report: id of the organismo's report it belongs to
    :param supersedes: id of the update that this one corrects
    :param measurements: list of what :func:`ogp_plan_measurement_create` takes; of the update's ``period``
        where they name none
    :param evidence: list of what :func:`ogp_plan_evidence_create` takes
    :param request_id: the same again answers what the first one did

    :returns: the update as recorded, the item's light, its ``measurements`` and ``evidence`` (ids), and
        ``repeated``: items of this or other plans that it also counts for
    :rtype: dict
    """
    taken = request_fields.take(data_dict, {**WHERE, **SAID})
    crosses = taken["state"] in report_service.OUTSIDE
    person, plan, item, organization = place(context, taken, "ogp_plan_update_create", of_plan=crosses)
    fact_id = report_service.id_of(plan.id, person.id, taken["request_id"], "update")
    if taken["request_id"] and recorded(fact_id):
        return told_of_update(fact_id)
    key = (item.level, item.code)
    proofs = Proofs(context, plan, item, organization)
    said = Said(**{name: taken[name] for name in SAID})
    said.evidence = _looked_at(proofs, taken["evidence"])
    plan_id, item_id = plan.id, item.id
    if any(one.get("upload") is not None for one in said.evidence):
        _try(person, plan_id, item_id, key, organization, said)
        said.evidence = _stored(proofs, said.evidence)

    waiting: list[str] = []

    def do() -> dict[str, Any]:
        work = Work(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id)])
        made = work.update(plan_id, key, organization, said)
        work.write()
        waiting[:] = pending(work)
        return told_of_update(made.id, work) if made is not None else _told_of_parts(plan_id, work)

    answer: dict[str, Any] = once(
        context, do, told_of_update, fact_id if taken["request_id"] else None, item_id, proofs
    )
    ask_later(waiting)
    return answer


def _looked_at(proofs: Proofs, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    for one in given:
        try:
            done.append(proofs.look(one))
        except tk.ValidationError as error:
            raise tk.ValidationError({"evidence": [*({} for _ in done), error.error_dict]}) from error
    return done


def _try(person: Person, plan_id: str, item_id: str, key: Any, organization: str | None, said: Said) -> None:
    """Judge a report without writing it: a file is stored only for what will be recorded."""
    pretended = [
        {**one, "url": f"upload:{number}"} if one.get("upload") is not None else one
        for number, one in enumerate(said.evidence)
    ]
    try:
        work = Work(person)
        work.open([model.Session.get(PlanItem, item_id)])
        work.update(plan_id, key, organization, Said(**{**_fields(said), "evidence": pretended}))
    finally:
        model.Session.rollback()


def _fields(said: Said) -> dict[str, Any]:
    return {name: getattr(said, name) for name in Said.__slots__}


def _stored(proofs: Proofs, given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    try:
        return [proofs.store(one) if one.get("upload") is not None else one for one in given]
    except BaseException:
        proofs.take_back()
        raise


def told_of_update(fact_id: str, work: Work | None = None) -> dict[str, Any]:
    """Return an update as recorded, with its parts, where its item stands now, and what it counts for."""
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    parts = sa.select(Event.id, Event.kind).where(
        Event.plan_id == row.plan_id,
        Event.level == row.level,
        Event.code == row.code,
        Event.kind.in_(("measurement", "evidence")),
        Event.body["update"].astext == fact_id,
    )
    found: dict[str, list[dict[str, Any]]] = {"measurement": [], "evidence": []}
    for part_id, kind in model.Session.execute(parts.order_by(Event.at, Event.id)):
        found[kind].append({"id": part_id})
    return {
        **_told(fact),
        **standing_of(row.plan_id, row.level, row.code),
        "measurements": found["measurement"],
        "evidence": found["evidence"],
        "repeated": _repeated(row, work),
    }


def _told_of_parts(plan_id: str, work: Work) -> dict[str, Any]:
    """The answer of a report of only measurements or evidence: there is no update."""
    added = work.contexts[plan_id].added
    first = added[0]
    return {
        "id": None,
        **standing_of(plan_id, *first.item),  # type: ignore[attr-defined]
        "organization": first.organization,  # type: ignore[attr-defined]
        "measurements": [{"id": one.id} for one in added if isinstance(one, Measurement)],
        "evidence": [{"id": one.id} for one in added if not isinstance(one, Measurement)],
        "repeated": [],
    }


def _told(fact: Update) -> dict[str, Any]:
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "state": fact.state.value if fact.state else None,
        "progress": number(fact.progress),
        "text": fact.text,
        "obstacles": fact.obstacles,
        "next_step": fact.next_step,
        "reason": fact.reason,
        "act": fact.act,
        "at_risk": fact.at_risk,
        "confirms": fact.confirms,
        "period": fact.period,
        "report": fact.report,
        "supersedes": fact.supersedes,
        "origin": fact.origin,
    }


def number(value: Any) -> Any:
    """A decimal as JSON has it: whole numbers without a point."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def standing_of(plan_id: str, level: str | None, code: str | None) -> dict[str, Any]:
    """Where an item is and how it stands now."""
    plan = model.Session.get(PlanRow, plan_id)
    item: Any = PlanItem.of(plan_id, level or "", code or "")
    model.Session.refresh(item)
    return {
        "plan": plan.name,
        "plan_id": plan.id,
        "item": item.address,
        "item_id": item.id,
        "title": item.title,
        "declared": item.declared,
        "light": item.light,
        "reasons": list(item.reasons or []),
    }


def _repeated(row: Event, work: Work | None) -> list[dict[str, Any]]:
    """Where an update was repeated, and where it was not, which only the one who just wrote it is told."""
    if work is not None:
        return [
            {
                "plan": one.plan.name,
                "item": one.item.address,
                "title": one.item.title,
                "id": one.update.id if one.update else None,
                "state": one.update.state.value if one.update and one.update.state else None,
                "state_kept": one.state_kept,
                "why_not": one.why,
            }
            for one in work.repeats_of(row.id)
        ]
    others = link_service.answering_for([(row.plan_id, (row.level or "", row.code or ""))])
    places = [(plan_id, *key) for found in others.values() for plan_id, key in sorted(found)]
    if not places:
        return []
    wanted = (
        sa.select(Event, PlanItem, PlanRow)
        .join(
            PlanItem,
            sa.and_(
                PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
            ),
        )
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(sa.tuple_(Event.plan_id, Event.level, Event.code).in_(places), Event.kind == "update")
        .where(Event.body["origin"].astext == row.id)
        .order_by(Event.at, Event.id)
    )
    told = row.body.get("state")
    return [
        {
            "plan": plan.name,
            "item": item.address,
            "title": item.title,
            "id": event.id,
            "state": event.body.get("state"),
            "state_kept": event.body.get("state") == told,
            "why_not": "",
        }
        for event, item, plan in model.Session.execute(wanted)
    ]


# --- measurements


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
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    extra = {
        "update": request_fields.optional(request_fields.identity),
        "report": request_fields.optional(request_fields.identity),
    }
    taken = request_fields.take(data_dict, {**WHERE, **MEASURED, **extra})
    person, plan, item, organization = place(context, taken, "ogp_plan_measurement_create")
    fact_id = report_service.id_of(plan.id, person.id, taken["request_id"], "measurement")
    if taken["request_id"] and recorded(fact_id):
        return told_of_measurement(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        work = Work(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        made = work.measurement(plan_id, key, organization, taken)
        work.write()
        return told_of_measurement(made.id)

    return once(context, do, told_of_measurement, fact_id if taken["request_id"] else None, item_id)


def told_of_measurement(fact_id: str) -> dict[str, Any]:
    """Return a measurement as recorded, and where its item stands now."""
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "indicator": fact.indicator,
        "start": fact.start.isoformat(),
        "end": fact.end.isoformat(),
        "value": number(fact.value),
        "numerator": number(fact.numerator),
        "denominator": number(fact.denominator),
        "comment": fact.comment,
        "dimension": fact.dimension,
        "update": fact.update,
        "report": fact.report,
        "supersedes": fact.supersedes,
        "retracted": fact.retracted,
        **standing_of(row.plan_id, row.level, row.code),
    }


# --- answers


def ogp_plan_answer_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Answer a reason of an item's light. It stands beside the reason, and silences nothing.

    :param plan: id or name of the plan
    :param item: address or id of the item
    :param organization: as in :func:`ogp_plan_update_create`
    :param reason: code of the reason (``R1`` … ``R9``, ``manual``), which the item must have today
    :param text: the answer
    :param supersedes: id of the answer that this one corrects
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _ANSWER)
    person, plan, item, organization = place(context, taken, "ogp_plan_answer_create")
    fact_id = report_service.id_of(plan.id, person.id, taken["request_id"], "answer")
    if taken["request_id"] and recorded(fact_id):
        return _told_of_answer(fact_id)
    plan_id, item_id, key = plan.id, item.id, (item.level, item.code)

    def do() -> dict[str, Any]:
        work = Work(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id)], linked_too=False)
        made = work.answer(plan_id, key, organization, taken)
        work.write()
        return _told_of_answer(made.id)

    return once(context, do, _told_of_answer, fact_id if taken["request_id"] else None, item_id)


def _told_of_answer(fact_id: str) -> dict[str, Any]:
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "reason": fact.reason,
        "text": fact.text,
        "supersedes": fact.supersedes,
        **standing_of(row.plan_id, row.level, row.code),
    }


# --- reports of an organismo


def ogp_plan_report_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Hand in the periodic report of an organismo: sections in words, which may carry updates of many items.

    The report is recorded in every plan that it carries updates to (and in ``plan``), all or nothing.

    :param plan: id or name of the plan; needed where an update does not name its own
    :param organization: name of the organismo
    :param period: period of the report; or ``start`` and ``end``
    :param title: title
    :param sections: list of ``{"title", "text"}``
    :param updates: list of what :func:`ogp_plan_update_create` takes (``plan``, ``item``, ``state`` …,
        ``measurements``, ``evidence``); each is of the report's ``period`` unless it names its own
    :param supersedes: id of the report that this one corrects; what it carried stands
    :param request_id: the same again answers what the first one did

    :returns: ``reports``: plan → id; ``updates``: list of ``{"plan", "item", "id"}``
    :rtype: dict
    """
    taken = request_fields.take(data_dict, _REPORT)
    _span_of(taken)
    if not taken["sections"] and not taken["updates"]:
        raise refused("sections", tk._("Write at least one section, or report on at least one item."))
    person = permission.of(context)
    organization = taken["organization"]
    carried = _carried(context, person, taken)
    plans = _plans_of(context, person, taken, carried)
    ids = {plan.id: report_service.id_of(plan.id, person.id, taken["request_id"], "report") for plan in plans}
    first = min(ids.values())
    if taken["request_id"] and recorded(first):
        return _told_of_reports(ids)
    saids = []
    for number_, (plan, item, fields) in enumerate(carried):
        proofs = Proofs(context, plan, item, organization)
        if any(one.get("upload") is not None for one in fields["evidence"]):
            raise refused("updates", tk._("Files are given one by one, as evidence of each item."))
        said = Said(**{name: fields[name] for name in SAID if name in fields})
        try:
            said.evidence = _looked_at(proofs, fields["evidence"])
        except tk.ValidationError as error:
            raise tk.ValidationError(
                {"updates": [*({} for _ in range(number_)), error.error_dict]}
            ) from error
        saids.append(said)
    names = [(plan.id, item.id, (item.level, item.code)) for plan, item, _ in carried]
    waiting: list[str] = []

    def do() -> dict[str, Any]:
        for plan_id in sorted(ids):
            event_service.share(plan_id)
        for plan_id in sorted(ids):
            made = report_service.report_of(plan_id, person, taken["request_id"], taken)
            _superseded_report(plan_id, made)
            if not taken["request_id"]:
                ids[plan_id] = made.id
            event_service.append(plan_id, made)
        work = Work(person, taken["request_id"])
        work.open([model.Session.get(PlanItem, item_id) for _, item_id, _ in names])
        for position, (plan_id, item_id, key) in enumerate(names):
            said = saids[position]
            said.report = ids[plan_id]
            if said.period is None and said.supersedes is None:
                # what it carries is of the report's period, whenever it is handed in
                said.period = taken["period"]
            try:
                work.update(plan_id, key, organization, said, f"{item_id}.")
            except tk.ValidationError as error:
                raise tk.ValidationError(
                    {"updates": [*({} for _ in range(position)), error.error_dict]}
                ) from error
        work.write()
        waiting[:] = pending(work)
        return _told_of_reports(ids)

    answer = once(context, do, lambda _: _told_of_reports(ids), first if taken["request_id"] else None)
    ask_later(waiting)
    return answer


def _span_of(taken: dict[str, Any]) -> None:
    from ckanext.ogp_plan.planning import calendar

    if taken["period"]:
        found = calendar.period(taken["period"])
        taken["start"], taken["end"] = found.start, found.end
    if taken["start"] is None or taken["end"] is None or taken["start"] > taken["end"]:
        raise refused("end", tk._("Give the first and the last day of the period, in order."))


def _carried(
    context: Context, person: Person, taken: Mapping[str, Any]
) -> list[tuple[PlanRow, PlanItem, dict[str, Any]]]:
    """The items a report carries updates to, each one that its author may report for that organismo."""
    found, seen = [], set()
    for position, fields in enumerate(taken["updates"]):
        try:
            plan = lookup.plan(person, fields["plan"] or taken["plan"])
            item = lookup.item(plan, fields["item"])
            if item.id in seen:
                raise refused("item", tk._("The report speaks of this item twice. Say it once."))
            seen.add(item.id)
        except tk.ObjectNotFound as error:
            wrong: dict[str, Any] = {"item": [str(error)]}
            raise tk.ValidationError({"updates": [*({} for _ in range(position)), wrong]}) from error
        except tk.ValidationError as error:
            raise tk.ValidationError(
                {"updates": [*({} for _ in range(position)), error.error_dict]}
            ) from error
        tk.check_access(
            "ogp_plan_update_create",
            context,
            {"plan": plan.id, "item": item.id, "organization": taken["organization"]},
        )
        found.append((plan, item, fields))
    return found


def _plans_of(
    context: Context, person: Person, taken: Mapping[str, Any], carried: Sequence[tuple[PlanRow, Any, Any]]
) -> list[PlanRow]:
    plans = {plan.id: plan for plan, _, _ in carried}
    if taken["plan"] or not plans:
        plan = lookup.plan(person, taken["plan"])
        plans[plan.id] = plan
    for plan in plans.values():
        tk.check_access(
            "ogp_plan_report_create", context, {"plan": plan.id, "organization": taken["organization"]}
        )
    return list(plans.values())


def _superseded_report(plan_id: str, made: Any) -> None:
    if made.supersedes is None:
        return
    old = model.Session.get(Event, made.supersedes)
    if old is None or (old.kind, old.plan_id, old.organization) != ("report", plan_id, made.organization):
        raise refused("supersedes", tk._("There is no such report of this organismo in this plan."))


def _told_of_reports(ids: Mapping[str, str]) -> dict[str, Any]:
    wanted = (
        sa.select(Event.id, PlanRow.name, PlanItem.address)
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .join(
            PlanItem,
            sa.and_(
                PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
            ),
        )
        .where(Event.plan_id.in_(list(ids)), Event.kind == "update")
        .where(Event.body["report"].astext.in_(list(ids.values())))
        .order_by(Event.at, Event.id)
    )
    names = sa.select(PlanRow.id, PlanRow.name).where(PlanRow.id.in_(list(ids)))
    named = dict(list(model.Session.execute(names)))
    return {
        "reports": {named[plan_id]: report for plan_id, report in ids.items()},
        "updates": [
            {"plan": name, "item": address, "id": update}
            for update, name, address in model.Session.execute(wanted)
        ],
    }


# --- many rows


def ogp_plan_report_rows(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Report many rows at once: first a dry run with the fate of every row, then all of them or none.

    :param upload: the workbook of duties that the portal gives (or its table as CSV), filled
    :param rows: instead of a file, a list of objects: ``plan``, ``item`` (or ``level`` and ``code``),
        ``state``, ``progress``, ``text``, ``obstacles``, ``next_step``, ``reason``, ``confirms``,
        ``indicator``, ``value``, ``numerator``, ``denominator``, ``evidence_url``, ``evidence_title``
    :param organization: for which organismo (default: the one that the workbook names)
    :param plan: only rows of this plan are taken (optional)
    :param period: period that is reported (default: the one that the workbook names)
    :param dry_run: ``true`` (default): nothing is written
    :param request_id: the same again answers what the first one did

    :returns: ``applied``; ``counts``: fate → rows; ``rows``: list of ``{"row", "place", "plan", "item",
        "code", "title", "fate" (``new``, ``unchanged``, ``refused``), "errors", "says", "id"}``; ``blank``:
        rows that report nothing
    :rtype: dict
    """
    taken = request_fields.take(data_dict, _ROWS)
    person = permission.of(context)
    if person.id is None:
        raise tk.NotAuthorized(tk._("Sign in to report."))
    plan = lookup.plan(person, taken["plan"]) if taken["plan"] else None
    batch = report_batch.read(person, taken, plan)
    for one in batch.plans.values():
        tk.check_access("ogp_plan_report_rows", context, {"plan": one.id, "organization": batch.organization})
    return report_batch.run(context, person, batch, dry_run=taken["dry_run"], request_id=taken["request_id"])


# --- reviews


def ogp_plan_review_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Accept an update or a report in the monthly monitoring, or return it with a reason.

    What is returned stays in the history and counts no more. The last review counts.

    :param update: id of the update; or
    :param report: id of the report
    :param accepted: ``true`` or ``false``
    :param reason: why it is returned
    :param request_id: the same again answers what the first one did

    :rtype: dict
    """
    taken = request_fields.take(data_dict, _REVIEW)
    if bool(taken["update"]) == bool(taken["report"]):
        raise refused("update", tk._("Say which update, or which report, is reviewed."))
    if not taken["accepted"] and not taken["reason"]:
        raise refused("reason", tk._("Write why it is returned, and what is missing."))
    subject = taken["update"] or taken["report"]
    tk.check_access("ogp_plan_review_create", context, {"update": taken["update"], "report": taken["report"]})
    person = permission.of(context)
    fact, plan = lookup.fact(person, subject, "update" if taken["update"] else "report")
    plan_id, kind = plan.id, fact.kind
    fact_id = report_service.id_of(plan_id, person.id, taken["request_id"], "review")
    if taken["request_id"] and recorded(fact_id):
        return _told_of_review(fact_id)

    def do() -> dict[str, Any]:
        from ckanext.ogp_plan.services import item_status

        event_service.share(plan_id)
        if _is_corrected(subject):
            raise refused(kind, tk._("It was corrected since. Review the last one."))
        keys = _touched(plan_id, subject, kind)
        event_service.append(
            plan_id,
            Review(
                id=fact_id,
                at=dt.datetime.now(dt.timezone.utc),
                by=person.id,
                update=taken["update"],
                report=taken["report"],
                accepted=taken["accepted"],
                reason=taken["reason"],
            ),
        )
        if keys:
            item_status.recompute(plan_id, keys)
        return _told_of_review(fact_id)

    return once(context, do, _told_of_review, fact_id if taken["request_id"] else None)


def _is_corrected(fact_id: str) -> bool:
    wanted = sa.select(sa.literal(1)).where(Event.supersedes == fact_id)
    return model.Session.execute(wanted).first() is not None


def _touched(plan_id: str, subject: str, kind: str) -> set[tuple[str, str]]:
    """The items whose standing a review of an update, or of a report, may change."""
    if kind == "update":
        which = Event.id == subject
    else:
        which = sa.and_(Event.plan_id == plan_id, Event.body["report"].astext == subject)
    wanted = sa.select(Event.level, Event.code).where(which).distinct()
    return {(level, code) for level, code in model.Session.execute(wanted) if level and code}


def _told_of_review(fact_id: str) -> dict[str, Any]:
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    plan = model.Session.get(PlanRow, row.plan_id)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "plan": plan.name,
        "url": urls.url_of_plan(plan.name),
        "update": fact.update,
        "report": fact.report,
        "accepted": fact.accepted,
        "reason": fact.reason,
    }


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {
        one.__name__: one
        for one in (
            ogp_plan_update_create,
            ogp_plan_measurement_create,
            ogp_plan_answer_create,
            ogp_plan_report_create,
            ogp_plan_report_rows,
            ogp_plan_review_create,
        )
    }
