"""Reports of organismos in sections, as the API and the pages answer them. Reading only.

A report that carries updates to several plans is recorded in each of them: here it is one again. Of a plan
that the reader may not see nothing is told, and a report of such plans only is not there. No person is named.
Whatever a report carries, the number of queries is the same.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.values.business_days import ZONE
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow, PlanVersion
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.json_values import decimal_text
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Report, Update
from ckanext.ogp_plan.planning.types import Indicator
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.plan import Reader, moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import export_view, permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import NOBODY, Person

#: What became of a report or an update in monitoring: nobody looked at it, or the last word on it.
WAITING, ACCEPTED, RETURNED = "pendiente", "aceptado", "devuelto"
STATES = (WAITING, ACCEPTED, RETURNED)
#: What one request records in several plans is written within this time of each other.
_AT_ONCE = dt.timedelta(seconds=1)


@dataclass(slots=True)
class Handed:
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


def of(person: Person, *, organization: str | None = None, plan: PlanRow | None = None) -> list[Handed]:
    """Return the reports of an organismo, or those in a plan, the newest first; one query.

    :param plan: only those recorded in this plan; each with the other plans it was recorded in.
    """
    wanted = _rows(person)
    if organization is not None:
        wanted = wanted.where(Event.organization == organization)
    if plan is not None:
        there = sa.select(Event.organization).where(Event.plan_id == plan.id, Event.kind == "report")
        wanted = wanted.where(Event.organization.in_(there))
    made = _grouped(model.Session.execute(wanted), seen_only=True)
    if plan is not None:
        made = [one for one in made if any(row.plan_id == plan.id for row in one.rows)]
    return sorted(made, key=lambda one: (one.rows[0].at, one.id), reverse=True)


def one_of(person: Person, reference: Any) -> Handed:
    """Return a report by its id in any of its plans.

    :raises tk.ObjectNotFound: there is none, or it is only of plans that the person may not see.
    """
    known = isinstance(reference, str) and reference and "\x00" not in reference
    row = model.Session.get(Event, reference) if known else None
    if row is not None and row.kind == "report":
        # of its organismo, all: what was recorded at once is told by what stands beside it
        wanted = _rows(person).where(Event.organization == row.organization)
        for one in _grouped(model.Session.execute(wanted), seen_only=False):
            if row.id in one.ids:
                one.rows = [each for each in one.rows if each.seen]
                if one.rows:
                    return one
    raise tk.ObjectNotFound(tk._("There is no such report."))


def _rows(person: Person) -> Any:
    return (
        sa.select(
            Event.id,
            Event.plan_id,
            Event.organization,
            Event.user_id,
            Event.supersedes,
            Event.at,
            sa.func.md5(sa.cast(Event.body, sa.Text)).label("content"),
            sa.case((permission.visible(person), True), else_=False).label("seen"),
        )
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(Event.kind == "report")
        .order_by(Event.at, Event.id)
    )


def _grouped(rows: Iterable[Any], *, seen_only: bool) -> list[Handed]:
    """Put together what one request recorded in several plans: the same words, of one person, at once."""
    made: list[Handed] = []
    last: dict[tuple[Any, ...], Handed] = {}
    for row in rows:
        key = (row.organization, row.user_id, row.content)
        known = last.get(key)
        if (
            known is None
            or row.at - known.rows[-1].at > _AT_ONCE
            or any(one.plan_id == row.plan_id for one in known.rows)
        ):
            known = last[key] = Handed()
            made.append(known)
        known.rows.append(row)
    if not seen_only:
        return made
    for one in made:
        one.rows = [row for row in one.rows if row.seen]
    return [one for one in made if one.rows]


# --- a list of them


def listed(handed: Sequence[Handed], reader: Reader) -> list[dict[str, Any]]:
    """Return reports as lists show them."""
    facts = _facts([one.id for one in handed])
    plans = record_service.plans_by_id(row.plan_id for one in handed for row in one.rows)
    ids = [row for one in handed for row in one.ids]
    judged = _Judged(plans, ids, {})
    carried = _carried(ids, plans)
    return [
        {
            **_shown(one, facts[one.id], plans, judged, reader),
            "sections": [title for title, _ in facts[one.id].sections if title],
            "carried": sum(carried.get(id_, 0) for id_ in one.ids),
        }
        for one in handed
    ]


def _shown(
    one: Handed, fact: Report, plans: Mapping[str, PlanRow], judged: _Judged, reader: Reader
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
                "state": _state([review]),
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
        "at": moment(one.rows[0].at),
        "organization": reader.organization(fact.organization),
        "url": urls.url_of_report(fact.organization, one.id),
        "plans": found,
        "state": RETURNED if RETURNED in states else ACCEPTED if states == {ACCEPTED} else WAITING,
        "corrected": any(judged.replaced(row.id) for row in one.rows),
    }


def _facts(ids: Collection[str]) -> dict[str, Any]:
    found = model.Session.scalars(sa.select(Event).where(Event.id.in_(list(ids)))) if ids else []
    return {row.id: event_service.to_fact(row) for row in found}


def _carried(ids: Collection[str], plans: Collection[str]) -> dict[str, int]:
    """How many items each report tells of."""
    of_report = Event.body["report"].astext
    wanted = (
        sa.select(of_report, sa.func.count(sa.distinct(sa.tuple_(Event.level, Event.code))))
        .where(Event.plan_id.in_(list(plans)), Event.kind.in_(("update", "measurement")))
        .where(of_report.in_(list(ids)))
        .group_by(of_report)
    )
    return {report: number for report, number in model.Session.execute(wanted)}  # noqa: C416


class _Judged:
    """What monitoring said of facts, and what corrected them; two queries.

    :param plans: ids of the plans that the facts are of.
    :param ids: of the facts.
    :param of_report: id of a fact → of the report that carried it, which is judged with all it carries.
    """

    def __init__(self, plans: Collection[str], ids: Collection[str], of_report: Mapping[str, str]) -> None:
        self._of_report = dict(of_report)
        report = Event.body["report"].astext
        later = sa.select(
            Event.id, Event.plan_id, Event.supersedes, Event.at, report.label("report"), Event.body
        ).where(Event.supersedes.in_(list(ids)))
        self.later = {one.supersedes: one for one in model.Session.execute(later)}
        subjects = {*ids, *self._of_report.values()}
        for one in self.later.values():
            subjects.add(one.id)
            if one.report:
                subjects.add(one.report)
                self._of_report[one.id] = one.report
        self._reviews = _reviews(plans, subjects)

    def review(self, id_: str) -> dict[str, Any] | None:
        """Return the last word on a fact itself."""
        return self._reviews.get(id_)

    def words(self, id_: str, update: str | None = None) -> list[dict[str, Any] | None]:
        """Return the last words on a fact, on the update it came with, and on the report that carried it."""
        subjects = [one for one in (id_, update, self._of_report.get(id_)) if one]
        return [self._reviews.get(one) for one in subjects]

    def replaced(self, id_: str) -> dict[str, Any] | None:
        """Return what corrected a fact; what was returned itself corrects nothing."""
        later = self.later.get(id_)
        if later is None or _state(self.words(later.id)) == RETURNED:
            return None
        return {"id": later.id, "at": moment(later.at)}


def _reviews(plans: Collection[str], subjects: Collection[str]) -> dict[str, dict[str, Any]]:
    """The last review of each."""
    wanted = (
        sa.select(Event.subject, Event.body, Event.at)
        .where(Event.plan_id.in_(list(plans)), Event.kind == "review", Event.subject.in_(sorted(subjects)))
        .order_by(Event.at, Event.id)
    )
    return {
        one.subject: {
            "accepted": one.body.get("accepted", True) is not False,
            "reason": one.body.get("reason") or "",
            "at": moment(one.at),
        }
        for one in model.Session.execute(wanted)
    }


def _state(reviews: Iterable[Mapping[str, Any] | None]) -> str:
    """What becomes of what several reviews are about: returned by one of them, it is returned."""
    said = [one["accepted"] for one in reviews if one is not None]
    return WAITING if not said else ACCEPTED if all(said) else RETURNED


# --- one of them


def shown(one: Handed, reader: Reader, limit: int, offset: int) -> dict[str, Any]:
    """Return a report with its sections and one page of what it carried, by plan and item."""
    plans = record_service.plans_by_id(row.plan_id for row in one.rows)
    told, items = _told(one, plans)
    page = told[offset : offset + limit]
    said = [each for entry in page for each in (entry.update, *entry.measurements) if each]
    ids = [*one.ids, *(each.id for each in said)]
    judged = _Judged(plans, ids, {each.id: each.report for each in said if each.report})
    evidence = _evidence([each.id for each in said], plans)
    fact = _facts([one.id])[one.id]
    rows = plan_serializer.item_rows(PlanItem.id.in_({items[entry.key].id for entry in page}))
    described = {each["id"]: each for each in plan_serializer.items(rows, reader, plans)}
    indicators = plan_serializer.indicators(described)
    return {
        **_shown(one, fact, plans, judged, reader),
        "sections": [{"title": title, "text": text} for title, text in fact.sections],
        **_corrections(one, judged, plans, reader),
        "document_url": _document(fact, one, plans),
        "count": len(told),
        "carried": [
            _entry(entry, described[items[entry.key].id], indicators, evidence, judged, plans, reader)
            for entry in page
        ],
    }


@dataclass(slots=True)
class _Entry:
    """What a report says of an item: an update with what was measured with it, or only measured."""

    #: (plan, level, code)
    key: tuple[str, str, str]
    update: Update | None = None
    measurements: list[Measurement] = field(default_factory=list)


def _told(one: Handed, plans: Mapping[str, PlanRow]) -> tuple[list[_Entry], dict[tuple[str, str, str], Any]]:
    """All that a report carried, in the order of plans and items; and the items."""
    wanted = (
        sa.select(Event, PlanItem.id.label("item_id"), PlanItem.position)
        .join(
            PlanItem,
            sa.and_(
                PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
            ),
        )
        .where(Event.plan_id.in_(list(plans)), Event.kind.in_(("update", "measurement")))
        .where(Event.body["report"].astext.in_(one.ids))
        .order_by(Event.at, Event.id)
    )
    items: dict[tuple[str, str, str], Any] = {}
    made: dict[str, _Entry] = {}
    measured: list[tuple[tuple[str, str, str], Measurement]] = []
    for row, item_id, position in model.Session.execute(wanted):
        key = (row.plan_id, row.level, row.code)
        items[key] = _Place(item_id, position)
        fact: Any = event_service.to_fact(row)
        if isinstance(fact, Update):
            made[fact.id] = _Entry(key, fact)
        else:
            measured.append((key, fact))
    for key, each in measured:
        # what was measured without a word is told of its item, once
        made.setdefault(each.update or "/".join(key), _Entry(key)).measurements.append(each)
    names = {id_: (plan.title, plan.name) for id_, plan in plans.items()}
    order = sorted(made.values(), key=lambda entry: (names[entry.key[0]], items[entry.key].position))
    return order, items


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    position: int


def _evidence(facts: Collection[str], plans: Collection[str]) -> dict[str, list[Evidence]]:
    """The evidence of updates and measurements that stands, by the fact it proves."""
    found: dict[str, list[Evidence]] = defaultdict(list)
    if not facts:
        return found
    later = sa.orm.aliased(Event)
    wanted = (
        sa.select(Event)
        .where(Event.plan_id.in_(list(plans)), Event.kind == "evidence")
        .where(sa.or_(*(Event.body[name].astext.in_(list(facts)) for name in ("update", "measurement"))))
        .where(~sa.select(later.id).where(later.supersedes == Event.id).exists())
        .order_by(Event.at, Event.id)
    )
    for row in model.Session.scalars(wanted):
        fact: Any = event_service.to_fact(row)
        if not fact.retracted:
            found[fact.update if fact.update in facts else fact.measurement].append(fact)
    return found


def _entry(
    entry: _Entry,
    item: dict[str, Any],
    indicators: Mapping[str, Sequence[Indicator]],
    evidence: Mapping[str, Sequence[Evidence]],
    judged: _Judged,
    plans: Mapping[str, PlanRow],
    reader: Reader,
) -> dict[str, Any]:
    said = entry.update
    settings = record_service.effective_settings(plans[entry.key[0]])
    known = {one.code: one for one in indicators.get(item["id"], ())}
    about = said or entry.measurements[0]
    return {
        "id": said.id if said else None,
        "at": moment(about.at),
        "item": item,
        "declared": said.state.value if said and said.state else None,
        "declared_name": reader.light(said.state.value, settings) if said and said.state else None,
        "progress": decimal_text(said.progress) if said and said.progress is not None else None,
        **{name: getattr(said, name, "") for name in ("text", "obstacles", "next_step", "reason")},
        **{name: bool(getattr(said, name, False)) for name in ("confirms", "at_risk")},
        "period": said.period if said else None,
        "measurements": [
            _measured(each, known.get(each.indicator), judged, reader) for each in entry.measurements
        ],
        "evidence": [
            _proof(each) for fact in (said, *entry.measurements) if fact for each in evidence.get(fact.id, ())
        ],
        "state": _state(judged.words(about.id)),
        # its own; that of the whole report stands with the report
        "review": judged.review(about.id),
        "superseded_by": judged.replaced(said.id) if said else None,
    }


def _measured(
    one: Measurement, indicator: Indicator | None, judged: _Judged, reader: Reader
) -> dict[str, Any]:
    value = progress.measured_value(one)
    return {
        "id": one.id,
        "indicator": one.indicator,
        "indicator_name": indicator.name if indicator else "",
        "measure": indicator.measure.value if indicator else None,
        "unit": indicator.unit if indicator else "",
        "period": reader.period(one.start, one.end),
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "value": None if value is None else decimal_text(value),
        "numerator": None if one.numerator is None else decimal_text(one.numerator),
        "denominator": None if one.denominator is None else decimal_text(one.denominator),
        "comment": one.comment,
        "retracted": one.retracted,
        "state": _state(judged.words(one.id, one.update)),
        "superseded_by": judged.replaced(one.id),
    }


def _proof(one: Evidence) -> dict[str, Any]:
    """Evidence as everybody may know it; who may know more finds it on the item's page."""
    address = one.url
    if one.public and not address and one.dataset:
        endpoint, names = (
            ("resource.read", {"resource_id": one.resource}) if one.resource else ("dataset.read", {})
        )
        address = tk.url_for(endpoint, id=one.dataset, **names)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "title": one.title if one.public else "",
        "url": address if one.public else "",
        "public": one.public,
        "withheld": "" if one.public else one.withheld,
    }


def _corrections(
    one: Handed, judged: _Judged, plans: Mapping[str, PlanRow], reader: Reader
) -> dict[str, list[dict[str, Any]]]:
    """The reports that this one corrects, and those that correct it."""

    def named(id_: str, fact: Report, plan_id: str) -> dict[str, Any]:
        return {
            "id": id_,
            "title": fact.title,
            "period": reader.period(fact.start, fact.end),
            "at": moment(fact.at),
            "url": urls.url_of_report(fact.organization, id_),
            "plan": plans[plan_id].name,
            "plan_title": plans[plan_id].title,
        }

    before = {row.supersedes: row.plan_id for row in one.rows if row.supersedes}
    after = {judged.later[row.id].id: row.plan_id for row in one.rows if row.id in judged.later}
    # both are of the plan of the row they stand for, which the reader sees
    facts = _facts([*before, *after]) if before or after else {}
    return {
        "supersedes": [named(id_, facts[id_], plan_id) for id_, plan_id in before.items()],
        "superseded_by": [
            {**named(id_, facts[id_], plan_id), "returned": _state(judged.words(id_)) == RETURNED}
            for id_, plan_id in after.items()
        ],
    }


def _document(fact: Report, one: Handed, plans: Mapping[str, PlanRow]) -> str | None:
    """The address of the document of its period; None where no public plan was there by then."""
    if (fact.end - fact.start).days > export_view.LONGEST_REPORT:
        return None
    owed = {plan.id for plan in export_view.plans_of(fact.organization, NOBODY)}
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
