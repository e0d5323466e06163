"""Reports of organismos in sections: list, show, hand in; many rows at once."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.update import look_at
from ckanext.ogp_plan.logic.schema import report as report_schema
from ckanext.ogp_plan.logic.schema import update as update_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.reporting import organization_report
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.serializers import report as report_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission, report_batch
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.evidence import EvidenceBatch, queue_checks, unchecked_evidence
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report import ReportTransaction
from ckanext.ogp_plan.services.report_error import field_error, validation_errors


@tk.side_effect_free
def ogp_plan_report_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the reports in sections of an organismo, or those handed in to a plan, the newest first.

    What one request recorded in several plans is one report. Nothing is listed of plans that you may not see.

    :param organization: name of the organismo
    :type organization: string
    :param plan: name or id of the plan; needed without ``organization``
    :type plan: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count``; ``results``: ``id, title, period, start, end, at, organization, url, sections``
        (their titles), ``item_count`` (how many items it is about), ``plans``, ``state`` (``pendiente``,
        ``aceptado`` or ``devuelto`` in monitoring), ``corrected``; and of an ``organization`` its ``title``
        and what you ``may``
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_list", context, data_dict)
    data = validated(report_schema.report_list(), data_dict)
    if not data["organization"] and not data["plan"]:
        missing = tk._("Say of which organismo, or of which plan.")
        raise tk.ValidationError({"organization": [missing]})
    person = permission.get_person(context)
    reader = Reader(person)
    name = lookup.organismo(data["organization"]) if data["organization"] else None
    plan = lookup.plan(person, data["plan"]) if data["plan"] else None
    found = report_serializer.load_reports(person, organization=name, plan=plan)
    page = found[data["offset"] : data["offset"] + data["limit"]]
    result: dict[str, Any] = {
        "count": len(found),
        "results": report_serializer.serialize_reports(page, reader),
    }
    if name:
        result |= {
            "organization": name,
            "title": reader.called(name),
            "may": {"report": name in person.represented_organizations(None)},
        }
    return result


@tk.side_effect_free
def ogp_plan_report_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a report: its sections, and what it reports of each item.

    :param id: its id, in any of the plans that it was recorded in
    :type id: string
    :param limit: how many entries at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: as in :func:`ogp_plan_report_list`, with ``sections`` (``title, text``), ``supersedes``,
        ``superseded_by``, ``document_url``, ``count``, and ``entries``: ``id, at, item, declared, progress,
        text, obstacles, next_step, reason, confirms, at_risk, period, measurements, evidence, state, review,
        superseded_by``
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_show", context, data_dict)
    data = validated(report_schema.report_show(), data_dict)
    person = permission.get_person(context)
    found = report_serializer.get_report(person, data["id"])
    return report_serializer.serialize_report(found, Reader(person), data["limit"], data["offset"])


def ogp_plan_report_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Create the periodic report of an organismo: sections of text, and updates of many items.

    The report is recorded in every plan that it has updates of (and in ``plan``), all or nothing.

    :param plan: id or name of the plan; needed where an update does not name its own
    :param organization: name of the organismo
    :param period: period of the report; or ``start`` and ``end``
    :param title: title
    :param sections: list of ``{"title", "text"}``
    :param updates: list of what :func:`ogp_plan_update_create` takes (``plan``, ``item``, ``state`` …,
        ``measurements``, ``evidence``); each is of the report's ``period`` unless it names its own
    :param supersedes: id of the report that this one corrects; its updates remain
    :param request_id: the same again returns what the first one did

    :returns: ``reports``: plan → id; ``updates``: list of ``{"plan", "item", "id"}``
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_create", context, data_dict)
    data = validated(report_schema.report_create(), data_dict)
    with validation_errors():
        data["start"], data["end"] = organization_report.report_days(data)
    if not data["sections"] and not data["updates"]:
        raise field_error("sections", tk._("Write at least one section, or report on at least one item."))
    person = permission.get_person(context)
    organization = data["organization"]
    updated_items = _load_updated_items(context, person, data)
    plans = _plans_of(context, person, data, updated_items)
    ids = {plan.id: report_service.id_of(plan.id, person.id, data["request_id"], "report") for plan in plans}
    first = min(ids.values())
    if data["request_id"] and is_recorded(first):
        return fact_serializer.reports_dict(ids)
    updates = [
        _update_of(context, plan, item, organization, fields, position)
        for position, (plan, item, fields) in enumerate(updated_items)
    ]
    names = [(plan.id, item.id, (item.level, item.code)) for plan, item, _ in updated_items]
    waiting: list[str] = []

    def record() -> dict[str, Any]:
        _append_reports(ids, person, data)
        report = ReportTransaction(person, data["request_id"])
        report.open([model.Session.get(PlanItem, item_id) for _, item_id, _ in names])
        for position, (plan_id, item_id, key) in enumerate(names):
            update = updates[position]
            update.report = ids[plan_id]
            if update.period is None and update.supersedes is None:
                # what it carries is of the report's period, whenever it is handed in
                update.period = data["period"]
            with _in_update(position):
                report.update(plan_id, key, organization, update, f"{item_id}.")
        report.write()
        waiting[:] = unchecked_evidence(report)
        return fact_serializer.reports_dict(ids)

    answer = record_once(
        context, record, lambda _: fact_serializer.reports_dict(ids), first if data["request_id"] else None
    )
    queue_checks(waiting)
    return answer


@contextlib.contextmanager
def _in_update(position: int) -> Iterator[None]:
    """Say in an error which of the updates of a report it is in."""
    try:
        yield
    except tk.ValidationError as error:
        raise tk.ValidationError({"updates": [*({} for _ in range(position)), error.error_dict]}) from error


def _update_of(
    context: Context,
    plan: PlanRow,
    item: PlanItem,
    organization: str,
    fields: Mapping[str, Any],
    position: int,
) -> ReportedUpdate:
    """Return an update that a report carries, with what its evidence points at."""
    _refuse_files(fields["evidence"])
    update = ReportedUpdate(**{name: fields[name] for name in update_schema.declared() if name in fields})
    with _in_update(position):
        update.evidence = look_at(EvidenceBatch(context, plan, item, organization), fields["evidence"])
    # a resource that is not public is a file to be copied
    _refuse_files(update.evidence)
    return update


def _refuse_files(evidence: Sequence[Mapping[str, Any]]) -> None:
    if any(evidence_item.get("upload") is not None for evidence_item in evidence):
        raise field_error("updates", tk._("Files are given one by one, as evidence of each item."))


def _append_reports(ids: dict[str, str], person: Person, data: Mapping[str, Any]) -> None:
    """Record the report in each of its plans, in one order for all; ``ids``: plan → the report's id."""
    for plan_id in sorted(ids):
        event_service.share(plan_id)
    # where one plan is named too: its absence would show that no other plan has the report
    submission = str(uuid.uuid4())
    for plan_id in sorted(ids):
        report = report_service.report_of(plan_id, person, data["request_id"], data, submission)
        _check_superseded(plan_id, report)
        if not data["request_id"]:
            ids[plan_id] = report.id
        event_service.append(plan_id, report)


def _load_updated_items(
    context: Context, person: Person, data: Mapping[str, Any]
) -> list[tuple[PlanRow, PlanItem, dict[str, Any]]]:
    """The items that a report has updates of, each one that its author may report for that organismo."""
    found, seen = [], set()
    for position, fields in enumerate(data["updates"]):
        with _in_update(position):
            try:
                plan = lookup.plan(person, fields["plan"] or data["plan"])
                item = lookup.item(plan, fields["item"])
            except tk.ObjectNotFound as error:
                raise field_error("item", str(error)) from error
            if item.id in seen:
                raise field_error("item", tk._("The report speaks of this item twice. Say it once."))
            seen.add(item.id)
        tk.check_access(
            "ogp_plan_update_create",
            context,
            {"plan": plan.id, "item": item.id, "organization": data["organization"]},
        )
        found.append((plan, item, fields))
    return found


def _plans_of(
    context: Context,
    person: Person,
    data: Mapping[str, Any],
    updated_items: Sequence[tuple[PlanRow, Any, Any]],
) -> list[PlanRow]:
    plans = {plan.id: plan for plan, _, _ in updated_items}
    if data["plan"] or not plans:
        plan = lookup.plan(person, data["plan"])
        plans[plan.id] = plan
    for plan in plans.values():
        tk.check_access(
            "ogp_plan_report_create", context, {"plan": plan.id, "organization": data["organization"]}
        )
    return list(plans.values())


def _check_superseded(plan_id: str, made: Any) -> None:
    if made.supersedes is None:
        return
    old = model.Session.get(Event, made.supersedes)
    if old is None or (old.kind, old.plan_id, old.organization) != ("report", plan_id, made.organization):
        raise field_error("supersedes", tk._("There is no such report of this organismo in this plan."))


def ogp_plan_report_rows(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Report many rows at once: first a dry run with the outcome of every row, then all of them or none.

    :param upload: the workbook of duties that the portal gives (or its table as CSV), filled
    :param rows: instead of a file, a list of objects: ``plan``, ``item`` (or ``level`` and ``code``),
        ``state``, ``progress``, ``text``, ``obstacles``, ``next_step``, ``reason``, ``confirms``,
        ``indicator``, ``value``, ``numerator``, ``denominator``, ``evidence_url``, ``evidence_title``
    :param organization: for which organismo (default: the one that the workbook names)
    :param plan: rows of other plans are refused (optional)
    :param period: period that is reported (default: the one that the workbook names)
    :param dry_run: ``true`` (default): nothing is written
    :param request_id: the same again returns what the first one did

    :returns: ``applied``; ``counts``: outcome → rows; ``rows``: list of ``{"row", "place", "plan", "item",
        "code", "title", "outcome" (``new``, ``unchanged``, ``refused``), "errors", "parts", "id"}``;
        ``blank``: rows that report nothing
    :rtype: dict
    """
    tk.check_access("ogp_plan_report_rows", context, data_dict)
    data = validated(report_schema.report_rows(), data_dict)
    person = permission.get_person(context)
    if person.id is None:
        # without authorisation the portal itself asks, and nobody reports
        raise tk.NotAuthorized(tk._("Sign in to report."))
    plan = lookup.plan(person, data["plan"]) if data["plan"] else None
    batch = report_batch.read(person, data, plan)
    for plan_row in batch.plans.values():
        tk.check_access(
            "ogp_plan_report_rows", context, {"plan": plan_row.id, "organization": batch.organization}
        )
    return report_batch.run(context, person, batch, dry_run=data["dry_run"], request_id=data["request_id"])
