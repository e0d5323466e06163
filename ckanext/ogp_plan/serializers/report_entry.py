"""The entries of a report: updates and measurements, by plan and item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.json_values import decimal_text
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Update
from ckanext.ogp_plan.planning.types import Indicator
from ckanext.ogp_plan.serializers.evidence import serialize_public_evidence
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.review import Reviews, combine_reviews
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import record as record_service


@dataclass(slots=True)
class Entry:
    """What a report says of an item: an update with what was measured with it, or only measured."""

    #: (plan, level, code)
    key: tuple[str, str, str]
    update: Update | None = None
    measurements: list[Measurement] = field(default_factory=list)


def load_entries(
    reports: Collection[str], plans: Mapping[str, PlanRow]
) -> tuple[list[Entry], dict[tuple[str, str, str], Any]]:
    """All entries of a report, in the order of plans and items; and the items."""
    query = (
        sa.select(Event, PlanItem.id.label("item_id"), PlanItem.position)
        .join(PlanItem, event_service.is_of_item())
        .where(Event.plan_id.in_(list(plans)), Event.kind.in_(("update", "measurement")))
        .where(Event.body["report"].astext.in_(list(reports)))
        .order_by(Event.at, Event.id)
    )
    items: dict[tuple[str, str, str], Any] = {}
    entries: dict[str, Entry] = {}
    measured: list[tuple[tuple[str, str, str], Measurement]] = []
    for row, item_id, position in model.Session.execute(query):
        key = (row.plan_id, row.level, row.code)
        items[key] = _Place(item_id, position)
        fact: Any = event_service.to_fact(row)
        if isinstance(fact, Update):
            entries[fact.id] = Entry(key, fact)
        else:
            measured.append((key, fact))
    for key, measurement in measured:
        # measurements without an update are grouped by item
        entries.setdefault(measurement.update or "/".join(key), Entry(key)).measurements.append(measurement)
    names = {id_: (plan.title, plan.name) for id_, plan in plans.items()}
    order = sorted(entries.values(), key=lambda entry: (names[entry.key[0]], items[entry.key].position))
    return order, items


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    position: int


def load_evidence(facts: Collection[str], plans: Collection[str]) -> dict[str, list[Evidence]]:
    """Return the valid evidence of updates and measurements, by the fact it proves."""
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


def serialize_entry(
    entry: Entry,
    item: dict[str, Any],
    indicators: Mapping[str, Sequence[Indicator]],
    evidence: Mapping[str, Sequence[Evidence]],
    reviews: Reviews,
    plans: Mapping[str, PlanRow],
    reader: Reader,
) -> dict[str, Any]:
    update = entry.update
    settings = record_service.effective_settings(plans[entry.key[0]])
    known = {indicator.code: indicator for indicator in indicators.get(item["id"], ())}
    about = update or entry.measurements[0]
    return {
        "id": update.id if update else None,
        "at": serialize_moment(about.at),
        "item": item,
        "declared": update.state.value if update and update.state else None,
        "declared_name": reader.light(update.state.value, settings) if update and update.state else None,
        "progress": decimal_text(update.progress) if update and update.progress is not None else None,
        **{name: getattr(update, name, "") for name in ("text", "obstacles", "next_step", "reason")},
        **{name: bool(getattr(update, name, False)) for name in ("confirms", "at_risk")},
        "period": update.period if update else None,
        "measurements": [
            _serialize_measurement(measurement, known.get(measurement.indicator), reviews, reader)
            for measurement in entry.measurements
        ],
        "evidence": [
            serialize_public_evidence(proof)
            for fact in (update, *entry.measurements)
            if fact
            for proof in evidence.get(fact.id, ())
        ],
        "state": combine_reviews(reviews.words(about.id)),
        # its own; the review of the whole report is in the report
        "review": reviews.review(about.id),
        "superseded_by": reviews.replaced(update.id) if update else None,
    }


def _serialize_measurement(
    measurement: Measurement, indicator: Indicator | None, reviews: Reviews, reader: Reader
) -> dict[str, Any]:
    value = progress.measured_value(measurement)
    return {
        "id": measurement.id,
        "indicator": measurement.indicator,
        "indicator_name": indicator.name if indicator else "",
        "measure": indicator.measure.value if indicator else None,
        "unit": indicator.unit if indicator else "",
        "period": reader.period(measurement.start, measurement.end),
        "start": measurement.start.isoformat(),
        "end": measurement.end.isoformat(),
        "value": None if value is None else decimal_text(value),
        "numerator": None if measurement.numerator is None else decimal_text(measurement.numerator),
        "denominator": None if measurement.denominator is None else decimal_text(measurement.denominator),
        "comment": measurement.comment,
        "retracted": measurement.retracted,
        "state": combine_reviews(reviews.words(measurement.id, measurement.update)),
        "superseded_by": reviews.replaced(measurement.id),
    }
