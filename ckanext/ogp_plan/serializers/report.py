"""Reports of organismos in sections, as the API and the pages answer them. Reading only.

A report with updates of several plans is recorded in each of them: here it is one again. Of a plan that the
reader may not see nothing is returned, and a report of such plans only is not found. No person is named.
The number of queries does not depend on how much a report has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.values.business_days import ZONE
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow, PlanVersion
from ckanext.ogp_plan.planning.tracking import Report
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.report_entry import load_entries, load_evidence, serialize_entry
from ckanext.ogp_plan.serializers.review import ACCEPTED, RETURNED, WAITING, Reviews, combine_reviews
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import export_view, permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import NOBODY, Person


@dataclass(slots=True)
class SubmittedReport:
    """One report as it was handed in: a row in each plan that it was recorded in and the reader may see."""

    rows: list[Any] = field(default_factory=list)

    @property
    def id(self) -> str:
        """What it is asked for by: the id of its first row."""
        return str(self.rows[0].id)

    @property
    def ids(self) -> list[str]:
        """The id it has in each plan."""
        return [row.id for row in self.rows]


def load_reports(
    person: Person, *, organization: str | None = None, plan: PlanRow | None = None
) -> list[SubmittedReport]:
    """Return the reports of an organismo, or those in a plan, the newest first; one query.

    :param plan: only those recorded in this plan; each with the other plans it was recorded in.
    """
    query = _select_rows(person)
    if organization is not None:
        query = query.where(Event.organization == organization)
    if plan is not None:
        there = sa.select(Event.organization).where(Event.plan_id == plan.id, Event.kind == "report")
        query = query.where(Event.organization.in_(there))
    reports = _group_rows(model.Session.execute(query))
    if plan is not None:
        reports = [report for report in reports if any(row.plan_id == plan.id for row in report.rows)]
    return sorted(reports, key=lambda report: (report.rows[0].at, report.id), reverse=True)


def get_report(person: Person, reference: Any) -> SubmittedReport:
    """Return a report by its id in any of its plans.

    :raises tk.ObjectNotFound: there is none, or it is only of plans that the person may not see.
    """
    valid = isinstance(reference, str) and reference and "\x00" not in reference
    row = model.Session.get(Event, reference) if valid else None
    if row is not None and row.kind == "report":
        submission = row.body.get("submission")
        same = Event.body["submission"].astext == submission if submission else Event.id == row.id
        for report in _group_rows(model.Session.execute(_select_rows(person).where(same))):
            return report
    raise tk.ObjectNotFound(tk._("There is no such report."))


def _select_rows(person: Person) -> Any:
    return (
        sa.select(
            Event.id,
            Event.plan_id,
            Event.organization,
            Event.user_id,
            Event.supersedes,
            Event.at,
            Event.body["submission"].astext.label("submission"),
            sa.case((permission.visible_plans(person), True), else_=False).label("seen"),
        )
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(Event.kind == "report")
        .order_by(Event.at, Event.id)
    )


def _group_rows(rows: Iterable[Any]) -> list[SubmittedReport]:
    """Put together what one request recorded in several plans; only of plans that the reader may see."""
    submissions: dict[str, SubmittedReport] = {}
    for row in rows:
        if row.seen:
            submissions.setdefault(row.submission or row.id, SubmittedReport()).rows.append(row)
    return list(submissions.values())


# --- a list of them


def serialize_reports(reports: Sequence[SubmittedReport], reader: Reader) -> list[dict[str, Any]]:
    """Return reports as lists show them."""
    facts = _load_facts([report.id for report in reports])
    plans = record_service.plans_by_id(row.plan_id for report in reports for row in report.rows)
    ids = [row for report in reports for row in report.ids]
    reviews = Reviews(plans, ids, {})
    item_counts = _count_items(ids, plans)
    return [
        {
            **_serialize_summary(report, facts[report.id], plans, reviews, reader),
            "sections": [title for title, _ in facts[report.id].sections if title],
            "item_count": sum(item_counts.get(id_, 0) for id_ in report.ids),
        }
        for report in reports
    ]


def _serialize_summary(
    report: SubmittedReport, fact: Report, plans: Mapping[str, PlanRow], reviews: Reviews, reader: Reader
) -> dict[str, Any]:
    """What lists and pages show of a report."""
    results = []
    for row in report.rows:
        plan = plans[row.plan_id]
        review = reviews.review(row.id)
        results.append(
            {
                "id": row.id,
                "name": plan.name,
                "title": plan.title,
                "url": urls.url_of_plan(plan.name),
                "state": combine_reviews([review]),
                "review": review,
            }
        )
    states = {entry["state"] for entry in results}
    return {
        "id": report.id,
        "title": fact.title,
        "period": reader.period(fact.start, fact.end),
        "start": fact.start.isoformat(),
        "end": fact.end.isoformat(),
        "at": serialize_moment(report.rows[0].at),
        "organization": reader.organization(fact.organization),
        "url": urls.url_of_report(fact.organization, report.id),
        "plans": results,
        "state": RETURNED if RETURNED in states else ACCEPTED if states == {ACCEPTED} else WAITING,
        "corrected": any(reviews.replaced(row.id) for row in report.rows),
    }


def _load_facts(ids: Collection[str]) -> dict[str, Any]:
    found = model.Session.scalars(sa.select(Event).where(Event.id.in_(list(ids)))) if ids else []
    return {row.id: event_service.to_fact(row) for row in found}


def _count_items(ids: Collection[str], plans: Collection[str]) -> dict[str, int]:
    """How many items each report is about."""
    of_report = Event.body["report"].astext
    wanted = (
        sa.select(of_report, sa.func.count(sa.distinct(sa.tuple_(Event.level, Event.code))))
        .where(Event.plan_id.in_(list(plans)), Event.kind.in_(("update", "measurement")))
        .where(of_report.in_(list(ids)))
        .group_by(of_report)
    )
    return {report: number for report, number in model.Session.execute(wanted)}  # noqa: C416


# --- one of them


def serialize_report(report: SubmittedReport, reader: Reader, limit: int, offset: int) -> dict[str, Any]:
    """Return a report with its sections and one page of its entries, by plan and item."""
    plans = record_service.plans_by_id(row.plan_id for row in report.rows)
    entries, items = load_entries(report.ids, plans)
    page = entries[offset : offset + limit]
    reported = [fact for entry in page for fact in (entry.update, *entry.measurements) if fact]
    ids = [*report.ids, *(fact.id for fact in reported)]
    reviews = Reviews(plans, ids, {fact.id: fact.report for fact in reported if fact.report})
    evidence = load_evidence([fact.id for fact in reported], plans)
    fact = _load_facts([report.id])[report.id]
    rows = item_serializer.load_item_rows(PlanItem.id.in_({items[entry.key].id for entry in page}))
    described = {item["id"]: item for item in item_serializer.serialize_items(rows, reader, plans)}
    indicators = item_serializer.load_indicators(described)
    return {
        **_serialize_summary(report, fact, plans, reviews, reader),
        "sections": [{"title": title, "text": text} for title, text in fact.sections],
        **_serialize_corrections(report, reviews, plans, reader),
        "document_url": _document_url(fact, report, plans),
        "count": len(entries),
        "entries": [
            serialize_entry(
                entry, described[items[entry.key].id], indicators, evidence, reviews, plans, reader
            )
            for entry in page
        ],
    }


def _serialize_corrections(
    report: SubmittedReport, reviews: Reviews, plans: Mapping[str, PlanRow], reader: Reader
) -> dict[str, list[dict[str, Any]]]:
    """The reports that this one corrects, and those that correct it."""

    def named(id_: str, fact: Report, plan_id: str) -> dict[str, Any]:
        return {
            "id": id_,
            "title": fact.title,
            "period": reader.period(fact.start, fact.end),
            "at": serialize_moment(fact.at),
            "url": urls.url_of_report(fact.organization, id_),
            "plan": plans[plan_id].name,
            "plan_title": plans[plan_id].title,
        }

    before = {row.supersedes: row.plan_id for row in report.rows if row.supersedes}
    after = {reviews.later[row.id].id: row.plan_id for row in report.rows if row.id in reviews.later}
    # both are of the plan of the row they correct, which the reader sees
    facts = _load_facts([*before, *after]) if before or after else {}
    return {
        "supersedes": [named(id_, facts[id_], plan_id) for id_, plan_id in before.items()],
        "superseded_by": [
            {**named(id_, facts[id_], plan_id), "returned": combine_reviews(reviews.words(id_)) == RETURNED}
            for id_, plan_id in after.items()
        ],
    }


def _document_url(fact: Report, report: SubmittedReport, plans: Mapping[str, PlanRow]) -> str | None:
    """The address of the document of its period; None where no public plan was there by then."""
    if (fact.end - fact.start).days > export_view.MAX_REPORT_DAYS:
        return None
    owed = {plan.id for plan in export_view.list_plans_of_organization(fact.organization, NOBODY)}
    end = dt.datetime.combine(fact.end, dt.time.max, tzinfo=ZONE)
    there = sa.select(PlanVersion.id).where(PlanVersion.plan_id.in_(sorted(owed)), PlanVersion.created <= end)
    if model.Session.execute(there.limit(1)).first() is None:
        return None
    return str(
        tk.url_for(
            "ogp_plan_file.organization_report",
            id=fact.organization,
            desde=fact.start.isoformat(),
            hasta=fact.end.isoformat(),
        )
    )
