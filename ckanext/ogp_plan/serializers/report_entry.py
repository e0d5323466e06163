"""What a report carried: updates and measurements, by plan and item."""

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
        .where(Event.body["report"].astext.in_(list(reports)))
        .order_by(Event.at, Event.id)
    )
    items: dict[tuple[str, str, str], Any] = {}
    made: dict[str, Entry] = {}
    measured: list[tuple[tuple[str, str, str], Measurement]] = []
    for row, item_id, position in model.Session.execute(wanted):
        key = (row.plan_id, row.level, row.code)
        items[key] = _Place(item_id, position)
        fact: Any = event_service.to_fact(row)
        if isinstance(fact, Update):
            made[fact.id] = Entry(key, fact)
        else:
            measured.append((key, fact))
    for key, each in measured:
        # what was measured without a word is told of its item, once
        made.setdefault(each.update or "/".join(key), Entry(key)).measurements.append(each)
    names = {id_: (plan.title, plan.name) for id_, plan in plans.items()}
    order = sorted(made.values(), key=lambda entry: (names[entry.key[0]], items[entry.key].position))
    return order, items


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    position: int


def load_evidence(facts: Collection[str], plans: Collection[str]) -> dict[str, list[Evidence]]:
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


def serialize_entry(
    entry: Entry,
    item: dict[str, Any],
    indicators: Mapping[str, Sequence[Indicator]],
    evidence: Mapping[str, Sequence[Evidence]],
    judged: Reviews,
    plans: Mapping[str, PlanRow],
    reader: Reader,
) -> dict[str, Any]:
    said = entry.update
    settings = record_service.effective_settings(plans[entry.key[0]])
    known = {one.code: one for one in indicators.get(item["id"], ())}
    about = said or entry.measurements[0]
    return {
        "id": said.id if said else None,
        "at": serialize_moment(about.at),
        "item": item,
        "declared": said.state.value if said and said.state else None,
        "declared_name": reader.light(said.state.value, settings) if said and said.state else None,
        "progress": decimal_text(said.progress) if said and said.progress is not None else None,
        **{name: getattr(said, name, "") for name in ("text", "obstacles", "next_step", "reason")},
        **{name: bool(getattr(said, name, False)) for name in ("confirms", "at_risk")},
        "period": said.period if said else None,
        "measurements": [
            _serialize_measurement(each, known.get(each.indicator), judged, reader)
            for each in entry.measurements
        ],
        "evidence": [
            serialize_public_evidence(each)
            for fact in (said, *entry.measurements)
            if fact
            for each in evidence.get(fact.id, ())
        ],
        "state": combine_reviews(judged.words(about.id)),
        # its own; that of the whole report stands with the report
        "review": judged.review(about.id),
        "superseded_by": judged.replaced(said.id) if said else None,
    }


def _serialize_measurement(
    one: Measurement, indicator: Indicator | None, judged: Reviews, reader: Reader
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
        "state": combine_reviews(judged.words(one.id, one.update)),
        "superseded_by": judged.replaced(one.id),
    }
