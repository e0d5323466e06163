"""The story of an item on one timeline, and what was edited after a cut."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts, gather_facts
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Event,
    Evidence,
    EvidenceCheck,
    Key,
    Link,
    Measurement,
    Record,
    Review,
    Update,
    Verdict,
    current_events,
)
from ckanext.ogp_plan.planning.types import Declared, PlanChange


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the plan, with when it was made and by which act."""

    at: dt.datetime
    version: int
    change: PlanChange
    act: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LightChange:
    """A light that changed."""

    at: dt.datetime
    before: str | None
    after: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``kind``: "update", "measurement", "evidence", "check", "verdict",
    "answer", "review", "link", "change" or "light"; ``code`` names the words for it
    (:func:`.words.phrases.describe_entry`), with ``params``.

    ``organization``: who, or ``role`` for those who judge; never a person. ``event``: the fact itself.
    ``counts`` False: corrected, withdrawn or returned since; it stays in the story. Of private evidence
    the words say nothing; its ``event`` is for who may see it.
    """

    at: dt.datetime
    kind: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    organization: str | None = None
    role: str | None = None
    event: Event | None = None
    counts: bool = True


def build_story(
    record: Record | Facts, key: Key, changes: Iterable[Change] = (), lights: Iterable[LightChange] = ()
) -> list[Entry]:
    """Return all that happened to an item, newest first.

    :param changes: the plan's changes; those of other items are left out.
    :param lights: how its light changed.
    """
    facts = gather_facts(record)
    found = _entries(facts, {key}).get(key, [])
    found += [
        Entry(
            change.at,
            "change",
            f"change.{change.change.kind.value}",
            {
                "field": change.change.field,
                "before": change.change.before,
                "after": change.change.after,
                "act": change.act,
                "reason": change.reason,
                "version": change.version,
            },
        )
        for change in changes
        if (change.change.level, change.change.code) == key
    ]
    found += [
        Entry(
            light.at,
            "light",
            "light.from" if light.before else "light",
            {"before": light.before, "after": light.after, "reasons": list(light.reasons)},
        )
        for light in lights
    ]
    return sorted(found, key=_newest, reverse=True)


def find_edits_after(record: Record | Facts, moment: dt.datetime) -> dict[Key, list[Entry]]:
    """Return what was reported, corrected, judged or withdrawn after a moment, by item, newest first.

    What a machine found of an evidence is no edit.
    """
    found = {}
    for key, entries in _entries(gather_facts(record), None).items():
        later = [entry for entry in entries if entry.at > moment and entry.kind != "check"]
        if later:
            found[key] = sorted(later, key=_newest, reverse=True)
    return found


def _newest(entry: Entry) -> tuple[dt.datetime, str]:
    return entry.at, entry.event.id if entry.event else ""


def _entries(facts: Facts, keys: set[Key] | None) -> dict[Key, list[Entry]]:  # noqa: C901 - a loop a kind of event
    """All events as entries, by item; only of some items when they are named."""
    record = facts.record
    counting = _counting(facts)
    of_update = {update.id: update.item for update in record.updates}
    of_evidence = {evidence_item.id: evidence_item.item for evidence_item in record.evidence}
    of_report: dict[str, set[Key]] = {}
    for report, item in [(update.report, update.item) for update in record.updates] + [
        (measurement.report, measurement.item) for measurement in record.measurements
    ]:
        if report:
            of_report.setdefault(report, set()).add(item)
    found: dict[Key, list[Entry]] = {}

    def put(key: Key | None, entry: Entry) -> None:
        if key is not None and (keys is None or key in keys):
            found.setdefault(key, []).append(entry)

    for update in record.updates:
        put(update.item, _update(update, counting))
    for measurement in record.measurements:
        put(measurement.item, _measurement(measurement, counting))
    for evidence in record.evidence:
        put(evidence.item, _evidence(evidence, counting))
    for check, entry in _checks(facts):
        put(of_evidence.get(check.evidence), entry)
    for verdict in record.verdicts:
        put(verdict.item, _verdict(verdict, counting))
    for answer in record.answers:
        put(answer.item, _answer(answer, counting))
    for review in record.reviews:
        entry = _review(review, counting)
        put(of_update.get(review.update or ""), entry)
        for key in sorted(of_report.get(review.report or "", ())):
            put(key, entry)
    for link in record.links:
        put(link.item, _link(link))
    return found


def _counting(facts: Facts) -> set[str]:
    """Ids of the events that count today."""
    record = facts.record
    by_item = (facts.updates, facts.measurements, facts.evidence, facts.verdicts, facts.answers)
    found = {measurement.id for group in by_item for events in group.values() for measurement in events}  # type: ignore[attr-defined]
    return found | {measurement.id for measurement in current_events(record.reviews)}


def _update(update: Update, counting: set[str]) -> Entry:
    code = "update"
    if update.at_risk:
        code = "update.risk"
    elif update.confirms:
        code = "update.confirms"
    elif update.state is not None and update.progress is not None:
        code = "update.both"
    elif update.state is not None:
        code = "update.state"
    elif update.progress is not None:
        code = "update.progress"
    params = {
        "state": update.state.value if isinstance(update.state, Declared) else None,
        "progress": update.progress,
        "period": update.period,
        "report": update.report,
        "corrects": update.supersedes,
    }
    return Entry(update.at, "update", code, params, update.organization, None, update, update.id in counting)


def _measurement(measurement: Measurement, counting: set[str]) -> Entry:
    value = progress.measured_value(measurement)
    code = (
        "measurement.retracted"
        if measurement.retracted
        else "measurement"
        if value is not None
        else "measurement.none"
    )
    params = {
        "indicator": measurement.indicator,
        "start": measurement.start,
        "end": measurement.end,
        "value": value,
        "percent": measurement.numerator is not None,
        "reason": measurement.retracted,
        "corrects": measurement.supersedes,
    }
    return Entry(
        measurement.at,
        "measurement",
        code,
        params,
        measurement.organization,
        None,
        measurement,
        measurement.id in counting,
    )


def _evidence(evidence: Evidence, counting: set[str]) -> Entry:
    code = (
        "evidence.retracted" if evidence.retracted else "evidence" if evidence.public else "evidence.private"
    )
    params = {
        "title": (evidence.title or evidence.url) if evidence.public else None,
        "reason": evidence.retracted or evidence.withheld,
        "corrects": evidence.supersedes,
    }
    return Entry(
        evidence.at, "evidence", code, params, evidence.organization, None, evidence, evidence.id in counting
    )


def _checks(facts: Facts) -> Iterable[tuple[EvidenceCheck, Entry]]:
    """Only the checks that changed the state of an evidence."""
    evidence = {evidence_item.id: evidence_item for evidence_item in facts.record.evidence}
    before: dict[str, tuple[str, ...]] = {}
    for check in current_events(facts.record.checks):
        of = evidence.get(check.evidence)
        if of is None:
            continue
        now = evidence_breaks(of, check)
        if now != before.get(of.id, ()):
            code = "evidence.broken" if now else "evidence.valid_again"
            yield check, Entry(check.at, "check", code, {"breaks": list(now)}, None, None, check)
        before[of.id] = now


def _verdict(verdict: Verdict, counting: set[str]) -> Entry:
    code = "verdict"
    if verdict.alert:
        code = "verdict.alert"
    elif verdict.agrees is not None:
        code = "verdict.agrees" if verdict.agrees else "verdict.disagrees"
    elif verdict.assigned is not None:
        code = "verdict.completion"
    elif verdict.closes:
        code = "verdict.closes"
    params = {
        "completion": verdict.assigned.value if verdict.assigned else None,
        "cut": verdict.cut,
        "fulfilled": verdict.fulfilled,
        "corrects": verdict.supersedes,
    }
    return Entry(
        verdict.at, "verdict", code, params, None, verdict.role.value, verdict, verdict.id in counting
    )


def _answer(answer: Answer, counting: set[str]) -> Entry:
    params = {"reason": answer.reason, "corrects": answer.supersedes}
    return Entry(
        answer.at, "answer", "answer", params, answer.organization, None, answer, answer.id in counting
    )


def _review(review: Review, counting: set[str]) -> Entry:
    code = "review.accepted" if review.accepted else "review.returned"
    params = {"reason": review.reason, "update": review.update, "report": review.report}
    return Entry(review.at, "review", code, params, None, "lider_componente", review, review.id in counting)


def _link(link: Link) -> Entry:
    params = {"kind": link.kind.value, "plan": link.plan, "level": link.other[0], "code": link.other[1]}
    return Entry(link.at, "link", "link.removed" if link.removed else "link", params, None, None, link)
