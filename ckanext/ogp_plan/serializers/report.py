"""Reports of organismos in sections, as the API and the pages answer them. Reading only.

A report that carries updates to several plans is recorded in each of them: here it is one again. Of a plan
that the reader may not see nothing is told, and a report of such plans only is not there. No person is named.
Whatever a report carries, the number of queries is the same.
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

#: What one request records in several plans is written within this time of each other.
_SAME_REQUEST = dt.timedelta(seconds=1)


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
        return [one.id for one in self.rows]


def load_reports(
    person: Person, *, organization: str | None = None, plan: PlanRow | None = None
) -> list[SubmittedReport]:
    """Return the reports of an organismo, or those in a plan, the newest first; one query.

    :param plan: only those recorded in this plan; each with the other plans it was recorded in.
    """
    wanted = _select_rows(person)
    if organization is not None:
        wanted = wanted.where(Event.organization == organization)
    if plan is not None:
        there = sa.select(Event.organization).where(Event.plan_id == plan.id, Event.kind == "report")
        wanted = wanted.where(Event.organization.in_(there))
    made = _group_rows(model.Session.execute(wanted), seen_only=True)
    if plan is not None:
        made = [one for one in made if any(row.plan_id == plan.id for row in one.rows)]
    return sorted(made, key=lambda one: (one.rows[0].at, one.id), reverse=True)


def get_report(person: Person, reference: Any) -> SubmittedReport:
    """Return a report by its id in any of its plans.

    :raises tk.ObjectNotFound: there is none, or it is only of plans that the person may not see.
    """
    known = isinstance(reference, str) and reference and "\x00" not in reference
    row = model.Session.get(Event, reference) if known else None
    if row is not None and row.kind == "report":
        # of its organismo, all: what was recorded at once is told by what stands beside it
        wanted = _select_rows(person).where(Event.organization == row.organization)
        for one in _group_rows(model.Session.execute(wanted), seen_only=False):
            if row.id in one.ids:
                one.rows = [each for each in one.rows if each.seen]
                if one.rows:
                    return one
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
            sa.func.md5(sa.cast(Event.body, sa.Text)).label("content"),
            sa.case((permission.visible_plans(person), True), else_=False).label("seen"),
        )
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(Event.kind == "report")
        .order_by(Event.at, Event.id)
    )


def _group_rows(rows: Iterable[Any], *, seen_only: bool) -> list[SubmittedReport]:
    """Put together what one request recorded in several plans: the same words, of one person, at once."""
    made: list[SubmittedReport] = []
    last: dict[tuple[Any, ...], SubmittedReport] = {}
    for row in rows:
        key = (row.organization, row.user_id, row.content)
        known = last.get(key)
        if (
            known is None
            or row.at - known.rows[-1].at > _SAME_REQUEST
            or any(one.plan_id == row.plan_id for one in known.rows)
        ):
            known = last[key] = SubmittedReport()
            made.append(known)
        known.rows.append(row)
    if not seen_only:
        return made
    for one in made:
        one.rows = [row for row in one.rows if row.seen]
    return [one for one in made if one.rows]


# --- a list of them


def serialize_reports(handed: Sequence[SubmittedReport], reader: Reader) -> list[dict[str, Any]]:
    """Return reports as lists show them."""
    facts = _load_facts([one.id for one in handed])
    plans = record_service.plans_by_id(row.plan_id for one in handed for row in one.rows)
    ids = [row for one in handed for row in one.ids]
    judged = Reviews(plans, ids, {})
    carried = _count_items(ids, plans)
    return [
        {
            **_serialize_summary(one, facts[one.id], plans, judged, reader),
            "sections": [title for title, _ in facts[one.id].sections if title],
            "carried": sum(carried.get(id_, 0) for id_ in one.ids),
        }
        for one in handed
    ]


def _serialize_summary(
    one: SubmittedReport, fact: Report, plans: Mapping[str, PlanRow], judged: Reviews, reader: Reader
) -> dict[str, Any]:
    """What lists and pages tell of a report."""
    found = []
    for row in one.rows:
        plan = plans[row.plan_id]
        review = judged.review(row.id)
        found.append(
            {
                "id": row.id,
                "name": plan.name,
                "title": plan.title,
                "url": urls.url_of_plan(plan.name),
                "state": combine_reviews([review]),
                "review": review,
            }
        )
    states = {each["state"] for each in found}
    return {
        "id": one.id,
        "title": fact.title,
        "period": reader.period(fact.start, fact.end),
        "start": fact.start.isoformat(),
        "end": fact.end.isoformat(),
        "at": serialize_moment(one.rows[0].at),
        "organization": reader.organization(fact.organization),
        "url": urls.url_of_report(fact.organization, one.id),
        "plans": found,
        "state": RETURNED if RETURNED in states else ACCEPTED if states == {ACCEPTED} else WAITING,
        "corrected": any(judged.replaced(row.id) for row in one.rows),
    }


def _load_facts(ids: Collection[str]) -> dict[str, Any]:
    found = model.Session.scalars(sa.select(Event).where(Event.id.in_(list(ids)))) if ids else []
    return {row.id: event_service.to_fact(row) for row in found}


def _count_items(ids: Collection[str], plans: Collection[str]) -> dict[str, int]:
    """How many items each report tells of."""
    of_report = Event.body["report"].astext
    wanted = (
        sa.select(of_report, sa.func.count(sa.distinct(sa.tuple_(Event.level, Event.code))))
        .where(Event.plan_id.in_(list(plans)), Event.kind.in_(("update", "measurement")))
        .where(of_report.in_(list(ids)))
        .group_by(of_report)
    )
    return {report: number for report, number in model.Session.execute(wanted)}  # noqa: C416


# --- one of them


def serialize_report(one: SubmittedReport, reader: Reader, limit: int, offset: int) -> dict[str, Any]:
    """Return a report with its sections and one page of what it carried, by plan and item."""
    plans = record_service.plans_by_id(row.plan_id for row in one.rows)
    told, items = load_entries(one.ids, plans)
    page = told[offset : offset + limit]
    said = [each for entry in page for each in (entry.update, *entry.measurements) if each]
    ids = [*one.ids, *(each.id for each in said)]
    judged = Reviews(plans, ids, {each.id: each.report for each in said if each.report})
    evidence = load_evidence([each.id for each in said], plans)
    fact = _load_facts([one.id])[one.id]
    rows = item_serializer.load_item_rows(PlanItem.id.in_({items[entry.key].id for entry in page}))
    described = {each["id"]: each for each in item_serializer.serialize_items(rows, reader, plans)}
    indicators = item_serializer.load_indicators(described)
    return {
        **_serialize_summary(one, fact, plans, judged, reader),
        "sections": [{"title": title, "text": text} for title, text in fact.sections],
        **_serialize_corrections(one, judged, plans, reader),
        "document_url": _document_url(fact, one, plans),
        "count": len(told),
        "carried": [
            serialize_entry(
                entry, described[items[entry.key].id], indicators, evidence, judged, plans, reader
            )
            for entry in page
        ],
    }


def _serialize_corrections(
    one: SubmittedReport, judged: Reviews, plans: Mapping[str, PlanRow], reader: Reader
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

    before = {row.supersedes: row.plan_id for row in one.rows if row.supersedes}
    after = {judged.later[row.id].id: row.plan_id for row in one.rows if row.id in judged.later}
    # both are of the plan of the row they stand for, which the reader sees
    facts = _load_facts([*before, *after]) if before or after else {}
    return {
        "supersedes": [named(id_, facts[id_], plan_id) for id_, plan_id in before.items()],
        "superseded_by": [
            {**named(id_, facts[id_], plan_id), "returned": combine_reviews(judged.words(id_)) == RETURNED}
            for id_, plan_id in after.items()
        ],
    }


def _document_url(fact: Report, one: SubmittedReport, plans: Mapping[str, PlanRow]) -> str | None:
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
