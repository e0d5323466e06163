"""Cuts as they are frozen: bytes that can be computed again from the facts. They name no person."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import localcontext
from typing import Any

from ckanext.cost_common.values.business_days import day_of
from ckanext.ogp_plan.planning import settings as settings_module
from ckanext.ogp_plan.planning import store
from ckanext.ogp_plan.planning.cuts.compliance import compliance_dict, compute_compliance
from ckanext.ogp_plan.planning.facts import Facts, report_span
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.json_values import CONTEXT, json_value, moment_text
from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.settings import Settings, settings_of
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import ItemStatus, item_status_dict, roll_up_dict
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Record, Update, Verdict, current_events
from ckanext.ogp_plan.planning.types import Item, Plan

#: The number of these rules: a cut says by which it was computed.
RULES = 1


def known_by(record: Record, cut_day: dt.date) -> Record:
    """Return a record with only what was current of periods up to a day.

    An update is of its period; without one, of what it corrects, or of the day it was made. A
    measurement is of the end of its period. Evidence goes with the update or measurement it is of, or
    else is of its day. A verdict is of the cut it names, or of its day; answers and links are of their
    day. A review of what counts, and what is known of an evidence, counts whenever it was made.
    """
    by_id = {update.id: update for update in record.updates}
    updates = [event for event in current_events(record.updates) if report_span(event, by_id)[1] <= cut_day]
    measurements = [event for event in current_events(record.measurements) if event.end <= cut_day]
    about = {update.id for update in record.updates if report_span(update, by_id)[1] <= cut_day}
    about |= {measurement.id for measurement in record.measurements if measurement.end <= cut_day}
    return replace(
        record,
        updates=updates,
        measurements=measurements,
        evidence=[event for event in current_events(record.evidence) if _of_cut(event, about, cut_day)],
        verdicts=[
            event for event in current_events(record.verdicts) if (event.cut or day_of(event.at)) <= cut_day
        ],
        answers=[event for event in current_events(record.answers) if day_of(event.at) <= cut_day],
        links=[link for link in record.links if day_of(link.at) <= cut_day],
    )


def _of_cut(evidence: Evidence, about: set[str], cut_day: dt.date) -> bool:
    if evidence.update or evidence.measurement:
        return bool({evidence.update, evidence.measurement} & about)
    return day_of(evidence.at) <= cut_day


def freeze(
    record: Record, cut_day: dt.date, as_of: dt.datetime, settings: Settings | None = None
) -> dict[str, Any]:
    """Return a plan with its status at a cut, as plain JSON values without floats.

    :param record: its ``plan`` and ``version`` are those that were in force at ``as_of``.
    :param cut_day: the day of the cut; lights, reasons and compliance are of this day.
    :param as_of: the moment up to which facts are known; what comes later changes nothing.

    The same facts give the same values whatever their order. The body says the settings and the number
    of the rules it was computed with. Of private evidence it says only that there is one, and why.
    """
    how = settings or settings_of(record)
    known = known_by(record.as_of(as_of), cut_day)
    facts = Facts(known)
    with localcontext(CONTEXT):
        statuses = compute_status(facts, cut_day, settings=how)
        rolled = roll_up(statuses, facts, how)
        found = compute_compliance(facts, cut_day, how, statuses)
    return {
        "rules": RULES,
        "day": cut_day.isoformat(),
        "as_of": moment_text(as_of),
        "version": record.version,
        "settings": settings_module.settings_dict(how),
        "plan": _plan(record.plan),
        "compliance": compliance_dict(found),
        "roll_up": [roll_up_dict(entry) for entry in rolled.values()],
        "items": [_item(facts, item, statuses.get(item.key)) for item in record.plan.items],
    }


def freeze_again(record: Record, body: Mapping[str, Any], family: Family | None = None) -> dict[str, Any]:
    """Freeze again what ``body`` froze, with the settings that it says, from facts as they are now.

    ``record.plan`` and ``record.version`` must be the version that ``body`` names.

    :param family: the plan's family, when it is none of the extension's own.
    :raises ValueError: the body was made by other rules than these.
    """
    if body.get("rules") != RULES:
        raise ValueError(f"made by rules {body.get('rules')!r}, not {RULES}")
    given = body["settings"]
    how = (
        settings_module.build_settings(family, given)
        if family
        else settings_module.family_settings(record.plan.family, given)
    )
    as_of = dt.datetime.fromisoformat(str(body["as_of"]).replace("Z", "+00:00"))
    return freeze(record, dt.date.fromisoformat(body["day"]), as_of, how)


def _plan(plan: Plan) -> dict[str, Any]:
    """What a plan says of itself. Its status and its contact persons are no part of a cut."""
    return {
        "family": plan.family,
        "title": plan.title,
        "start": json_value(plan.start),
        "end": json_value(plan.end),
        "version": plan.version,
        "form_code": plan.form_code,
        "owner": plan.owner,
        "groups": [json_value(group) for group in sorted(plan.groups, key=lambda entry: entry.id)],
    }


def _item(facts: Facts, item: Item, light: ItemStatus | None) -> dict[str, Any]:
    stored = store.item_to_store(item)
    # its place in a file is no part of a plan
    del stored["place"]
    for indicator in stored["indicators"]:
        del indicator["place"]
    return {
        "level": item.level,
        "code": item.code,
        "item": json_value(stored),
        "status": _item_status(light) if light else None,
        "updates": [_update(update) for update in _last_updates(facts.updates.get(item.key, ()))],
        "measurements": [_measurement(measurement) for measurement in facts.measurements.get(item.key, ())],
        "evidence": [_evidence(facts, evidence_item) for evidence_item in facts.evidence.get(item.key, ())],
        "verdicts": [_verdict(verdict) for verdict in facts.verdicts.get(item.key, ())],
    }


def _item_status(light: ItemStatus) -> dict[str, Any]:
    made = item_status_dict(light)
    # the key and the verdicts are written with the item, what each one owes with the assignments
    del made["key"], made["verdicts"]
    if made["quota"]:
        del made["quota"]["by_organization"]
    return made


def _last_updates(updates: Iterable[Update]) -> list[Update]:
    """The last update of each organismo, and of the item as a whole."""
    last = {update.organization: update for update in updates}
    return sorted(last.values(), key=lambda entry: (entry.at, entry.id))


def _only(entry: Any, *names: str) -> dict[str, Any]:
    """Fields of a fact, named one by one: a field that facts get later must change no cut that is frozen."""
    return {name: json_value(getattr(entry, name)) for name in names}


def _update(update: Update) -> dict[str, Any]:
    return _only(
        update,
        "id",
        "at",
        "organization",
        "state",
        "progress",
        "text",
        "obstacles",
        "next_step",
        "reason",
        "at_risk",
        "confirms",
        "period",
    )


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return _only(
        measurement,
        "id",
        "at",
        "indicator",
        "start",
        "end",
        "organization",
        "value",
        "numerator",
        "denominator",
        "comment",
        "dimension",
        "method",
    )


def _evidence(facts: Facts, evidence: Evidence) -> dict[str, Any]:
    breaks = evidence_breaks(evidence, facts.checks.get(evidence.id))
    published = _only(evidence, "id", "at", "organization", "public") | {"broken": list(breaks)}
    if not evidence.public:
        return published | {"withheld": evidence.withheld}
    return published | _only(
        evidence,
        "kind",
        "title",
        "url",
        "resource",
        "dataset",
        "sha256",
        "size",
        "captured",
        "claimed_sha256",
        "claimed_at",
        "update",
        "measurement",
    )


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return _only(
        verdict,
        "id",
        "at",
        "role",
        "cut",
        "suggested",
        "assigned",
        "agrees",
        "fulfilled",
        "quality",
        "rationale",
        "recommendation",
        "alert",
        "closes",
    )


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return the one way to write a body: sorted keys, UTF-8, no spaces, decimals as texts.

    :raises TypeError: it holds what plain JSON without floats does not.
    """
    _refuse_floats(body)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _refuse_floats(body: Any) -> None:
    waiting = [body]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, float):
            raise TypeError(f"{entry!r}: a float has more than one way to be written")
        if isinstance(entry, dict):
            waiting += [value for value in entry.values() if not isinstance(value, str)]
        elif isinstance(entry, list):
            waiting += entry


def digest(content: bytes) -> str:
    """Return the SHA-256 of canonical bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
