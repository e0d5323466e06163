"""A plan for machines: JSON with its whole public history, IATI-shaped results, OCDS milestones.

The JSON is described by ``docs/plan.schema.json``. Numbers are exact: a value is a JSON number when
that is exact and a text otherwise, as in :func:`..output.plain`. Persons are not in it; of withheld
evidence there is that it exists, and why.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ckanext.cost_common.values.business_days import ZONE
from ckanext.ogp_plan.planning import output, tracking
from ckanext.ogp_plan.planning.cuts.compliance import compliance_dict
from ckanext.ogp_plan.planning.cuts.dates import cut_days, publish_by
from ckanext.ogp_plan.planning.cuts.types import Compliance
from ckanext.ogp_plan.planning.exporters.atom import Past
from ckanext.ogp_plan.planning.exporters.view import View, clean_xml
from ckanext.ogp_plan.planning.output import plain
from ckanext.ogp_plan.planning.progress import actual_value
from ckanext.ogp_plan.planning.status_types import ItemStatus, item_status_dict
from ckanext.ogp_plan.planning.store import event_kind
from ckanext.ogp_plan.planning.tracking import Event, Evidence, EvidenceCheck, Key, Measurement, Report
from ckanext.ogp_plan.planning.types import Accumulation, Declared, Indicator, Item, Measure, Target

#: Version of the JSON's own shape.
FORMAT = "1.0"
#: What an event never says in public: who the person was.
_PRIVATE = frozenset(["by"])
#: Fields that are shown of an evidence that is withheld.
_OF_WITHHELD = frozenset(
    [
        "id",
        "at",
        "item",
        "kind",
        "organization",
        "update",
        "measurement",
        "public",
        "withheld",
        "retracted",
        "supersedes",
    ]
)
#: IATI's codes: DAC "Indicator Measure" and "Result Type".
_MEASURES = {Measure.UNIT: "1", Measure.PERCENTAGE: "2", Measure.ORDINAL: "4", Measure.QUALITATIVE: "5"}
_RESULTS = {
    "output": "1",
    "activity": "1",
    "hito": "1",
    "fila": "1",
    "outcome": "2",
    "compromiso": "2",
    "goal": "3",
}


def to_json(view: View, *, past: Past | None = None, cuts: Sequence[Compliance] = ()) -> bytes:
    """Return :func:`document` as JSON in UTF-8, with a line end."""
    return (json.dumps(document(view, past=past, cuts=cuts), ensure_ascii=False) + "\n").encode()


def document(view: View, *, past: Past | None = None, cuts: Sequence[Compliance] = ()) -> dict[str, Any]:
    """Return the plan, the status of each item, and everything ever recorded of it.

    :param past: changes of the plan and of its lights, which the record does not hold.
    :param cuts: the compliance of each cut so far.
    """
    changes = past or Past()
    return _clean(
        {
            "format": FORMAT,
            "id": view.id,
            "urn": view.stable("plan"),
            "url": view.addresses.plan(),
            "as_of": plain(view.today),
            "version": view.record.version,
            "language": view.lang,
            "plan": output.plan_dict(view.plan) | {"family_name": dict(view.family.name)},
            "levels": [
                {"id": level.id, "name": dict(level.name), "trackable": level.trackable}
                for level in view.family.levels
            ],
            "lights": {state: view.light(state) for state in view.settings.states},
            "items": [_item(view, item, changes) for item in view.plan.items],
            "reports": [event_dict(event) for event in tracking.current_events(view.record.reports)],
            "periods": [event_dict(entry) for entry in _in_order(view.record.periods)],
            "cuts": [
                {
                    "day": plain(day),
                    "publish_by": plain(publish_by(day, view.settings.publish_business_day)),
                    "url": view.addresses.cut(day),
                    "compliance": next((compliance_dict(cut) for cut in cuts if cut.day == day), None),
                }
                for day in sorted({*cut_days(view.settings, view.plan), *(cut.day for cut in cuts)})
            ],
            "iati": {"results": results(view)},
            "ocds": {"milestones": milestones(view)},
        }
    )


def _clean(value: Any) -> Any:
    """Texts without lone surrogates and control characters: they are no UTF-8, or break who reads them."""
    if isinstance(value, str):
        return clean_xml(value)
    if isinstance(value, dict):
        return {clean_xml(str(name)): _clean(element) for name, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(element) for element in value]
    return value


def _item(view: View, item: Item, past: Past) -> dict[str, Any]:
    status = view.statuses.get(item.key)
    made = output.item_dict(item)
    made.pop("source", None)
    return made | {
        "urn": view.stable("item", *item.key),
        "url": view.addresses.item(item.key),
        "indicators": [_indicator(view, item, indicator) for indicator in item.indicators],
        "status": _status_dict(view, status) if status else None,
        "history": _history(view, item.key, past),
    }


def _status_dict(view: View, status: ItemStatus) -> dict[str, Any]:
    found = item_status_dict(status)
    found["light_name"] = view.light(status.light)
    for entry, reason in zip(found.get("reasons", []), status.reasons, strict=False):
        if isinstance(entry, dict):
            entry["text"] = view.reason(reason)
    return found


def _indicator(view: View, item: Item, indicator: Indicator) -> dict[str, Any]:
    made = output.indicator_dict(item, indicator)
    for name in ("item", "source"):
        made.pop(name, None)
    measured = [m for m in view.measurements.get(item.key, ()) if m.indicator == indicator.code]
    return made | {"actual": plain(actual_value(indicator, measured))}


def _history(view: View, key: Key, past: Past) -> list[dict[str, Any]]:
    """Every fact about an item, oldest first: what was corrected or returned too, and it says so."""
    found = [
        {"type": event_kind(event), **_fact(view, event)}
        | ({"counts": event.id in view.counting} if hasattr(event, "supersedes") else {})
        for event in view.events.get(key, ())
    ]
    found += [
        {
            "type": "change",
            "at": change.at.isoformat(),
            "version": change.version,
            "kind": change.change.kind.value,
            "field": change.change.field,
            "before": plain(change.change.before),
            "after": plain(change.change.after),
            "act": change.act,
            "reason": change.reason,
        }
        for change in past.changes.get(key, ())
    ]
    found += [
        {
            "type": "light",
            "at": light.at.isoformat(),
            "before": light.before,
            "after": light.after,
            "reasons": list(light.reasons),
        }
        for light in past.lights.get(key, ())
    ]
    return sorted(
        found, key=lambda entry: str(dt.datetime.fromisoformat(entry["at"]).astimezone(dt.timezone.utc))
    )


def _fact(view: View, event: Event) -> dict[str, Any]:
    """A fact; of a withheld evidence, and of a check of one, what may be shown."""
    if isinstance(event, Evidence):
        hidden = view.hidden.get(event.id)
        if hidden is None:
            return event_dict(event) | {"url": view.where(event)}
        return event_dict(event, _OF_WITHHELD) | {"public": False, "withheld": hidden}
    if isinstance(event, EvidenceCheck) and event.evidence in view.hidden:
        return event_dict(event, frozenset(["id", "at", "evidence"]))
    return event_dict(event)


def event_dict(event: Event, only: frozenset[str] | None = None) -> dict[str, Any]:
    """Return a fact as plain values, without the person.

    :param only: these fields and no others. A withheld evidence never has more than may be shown of it.
    """
    if only is None and isinstance(event, Evidence) and not event.public:
        only = _OF_WITHHELD
    made: dict[str, Any] = {}
    for field in fields(event):
        if field.name in _PRIVATE or (only is not None and field.name not in only):
            continue
        value = getattr(event, field.name)
        if field.name in ("item", "other"):
            value = {"level": value[0], "code": value[1]}
        elif isinstance(event, Report) and field.name == "sections":
            value = [{"title": title, "text": text} for title, text in value]
        made[field.name] = value.isoformat() if isinstance(value, dt.datetime) else plain(value)
    return made


def _in_order(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.at, event.id))


# --- IATI -----------------------------------------------------------------------------------------


def results(view: View) -> list[dict[str, Any]]:
    """Return the items that have indicators as IATI results.

    Each has its indicators, and each of these its baseline and its periods with targets and actuals.

    Names and codes are those of IATI 2.03; a qualitative measure carries no value, only a comment.
    """
    return [
        {
            "ref": view.stable("item", *item.key),
            "type": _RESULTS.get(item.level, "9"),
            "aggregation_status": False,
            "title": item.title,
            "code": item.code,
            "level": item.level,
            "indicators": [_iati_indicator(view, item, indicator) for indicator in item.indicators],
        }
        for item in view.plan.items
        if item.indicators
    ]


def _iati_indicator(view: View, item: Item, indicator: Indicator) -> dict[str, Any]:
    qualitative = indicator.measure is Measure.QUALITATIVE
    measured = [m for m in view.measurements.get(item.key, ()) if m.indicator == indicator.code]
    return {
        "measure": _MEASURES.get(indicator.measure, "5"),
        "ascending": indicator.ascending,
        "aggregation_status": indicator.accumulation is Accumulation.SUM and not qualitative,
        "reference": indicator.code,
        "title": indicator.name,
        "description": indicator.formula or indicator.target_text,
        "baseline": None
        if indicator.baseline is None and indicator.baseline_year is None
        else {"year": indicator.baseline_year, "value": None if qualitative else plain(indicator.baseline)},
        "periods": _periods(view, indicator, measured),
    }


def _periods(view: View, indicator: Indicator, measured: Sequence[Measurement]) -> list[dict[str, Any]]:
    """A period of the target and each period that was measured; each with its own targets and actuals."""
    found: dict[tuple[dt.date | None, dt.date | None], dict[str, Any]] = {}

    def period(start: dt.date | None, end: dt.date | None) -> dict[str, Any]:
        return found.setdefault(
            (start, end), {"start": plain(start), "end": plain(end), "targets": [], "actuals": []}
        )

    for target in indicator.targets:
        period(target.start or view.plan.start, target.end or view.plan.end)["targets"].append(
            _target(indicator, target)
        )
    for single in measured:
        period(single.start, single.end)["actuals"].append(_actual(indicator, single))
    return [
        found[key] for key in sorted(found, key=lambda key: (key[0] or dt.date.min, key[1] or dt.date.max))
    ]


def _target(indicator: Indicator, target: Target) -> dict[str, Any]:
    value = None if indicator.measure is Measure.QUALITATIVE else plain(target.value)
    return {"value": value, "comment": target.text, "dimensions": _dimensions(target.dimension)}


def _actual(indicator: Indicator, single: Measurement) -> dict[str, Any]:
    value = single.value
    if value is None and single.numerator is not None and single.denominator:
        value = single.numerator * 100 / single.denominator
    return {
        "value": None if indicator.measure is Measure.QUALITATIVE else plain(value),
        "comment": single.comment,
        "dimensions": _dimensions(single.dimension),
        "organization": single.organization,
        "as_of": single.at.isoformat(),
    }


def _dimensions(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(given.items())]


# --- OCDS -----------------------------------------------------------------------------------------


def milestones(view: View) -> list[dict[str, Any]]:
    """Return the tracked items as OCDS milestones; those outside of the count are none."""
    found = []
    for item in view.trackable():
        status = view.statuses.get(item.key)
        if status is None or status.excluded:
            continue
        state, reviewed = milestone_status(view, item.key)
        met = _met(view, item.key)
        made = {
            "id": view.stable("item", *item.key),
            "title": item.title,
            "type": "delivery",
            "description": str(item.fields.get("goal") or item.fields.get("deliverable") or ""),
            "code": item.code,
            "dueDate": _moment(status.due),
            "dateMet": met.isoformat() if state == "met" and met else None,
            "dateModified": reviewed.isoformat() if reviewed else None,
            "status": state,
        }
        found.append({name: value for name, value in made.items() if value not in (None, "")})
    return found


def milestone_status(view: View, key: Key) -> tuple[str, dt.datetime | None]:
    """Return an item's OCDS state and when it was last judged or reported.

    Not begun is ``scheduled``; ongoing is ``partiallyMet`` only once somebody from outside reviewed it;
    completed is ``met``; past its day and not completed is ``notMet``.
    """
    status = view.statuses[key]
    verdicts = [verdict.at for verdict in status.verdicts]
    last = max([*verdicts, *([status.last_update] if status.last_update else [])], default=None)
    if status.light == Declared.DONE.value:
        return "met", last
    if status.due is not None and view.today > status.due:
        return "notMet", last
    if status.declared in (Declared.ONGOING, Declared.DONE) and (verdicts or _accepted(view, key)):
        return "partiallyMet", last
    return "scheduled", last


def _accepted(view: View, key: Key) -> bool:
    """Tell whether monitoring accepted an update of the item."""
    own = {update.id for update in view.updates.get(key, ())}
    return any(
        event.accepted and event.update in own for event in tracking.current_events(view.record.reviews)
    )


def _met(view: View, key: Key) -> dt.datetime | None:
    """When it was declared completed, the first time since which it stayed so."""
    met = None
    for update in view.updates.get(key, ()):
        if update.state is Declared.DONE:
            met = met or update.at
        elif update.state is not None:
            met = None
    return met


def _moment(day: dt.date | None) -> str | None:
    return dt.datetime.combine(day, dt.time(23, 59, 59), tzinfo=ZONE).isoformat() if day else None
