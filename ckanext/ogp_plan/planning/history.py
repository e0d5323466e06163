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
            one.at,
            "change",
            f"change.{one.change.kind.value}",
            {
                "field": one.change.field,
                "before": one.change.before,
                "after": one.change.after,
                "act": one.act,
                "reason": one.reason,
                "version": one.version,
            },
        )
        for one in changes
        if (one.change.level, one.change.code) == key
    ]
    found += [
        Entry(
            one.at,
            "light",
            "light.from" if one.before else "light",
            {"before": one.before, "after": one.after, "reasons": list(one.reasons)},
        )
        for one in lights
    ]
    return sorted(found, key=_newest, reverse=True)


def find_edits_after(record: Record | Facts, moment: dt.datetime) -> dict[Key, list[Entry]]:
    """Return what was reported, corrected, judged or withdrawn after a moment, by item, newest first.

    What a machine found of an evidence is no edit.
    """
    found = {}
    for key, entries in _entries(gather_facts(record), None).items():
        later = [one for one in entries if one.at > moment and one.kind != "check"]
        if later:
            found[key] = sorted(later, key=_newest, reverse=True)
    return found


def _newest(one: Entry) -> tuple[dt.datetime, str]:
    return one.at, one.event.id if one.event else ""


def _entries(facts: Facts, keys: set[Key] | None) -> dict[Key, list[Entry]]:  # noqa: C901 - a loop a kind of event
    """All events as entries, by item; only of some items when they are named."""
    record = facts.record
    counting = _counting(facts)
    of_update = {one.id: one.item for one in record.updates}
    of_evidence = {one.id: one.item for one in record.evidence}
    of_report: dict[str, set[Key]] = {}
    for report, item in [(one.report, one.item) for one in record.updates] + [
        (one.report, one.item) for one in record.measurements
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
    found = {one.id for group in by_item for ones in group.values() for one in ones}  # type: ignore[attr-defined]
    return found | {one.id for one in current_events(record.reviews)}


def _update(one: Update, counting: set[str]) -> Entry:
    code = "update"
    if one.at_risk:
        code = "update.risk"
    elif one.confirms:
        code = "update.confirms"
    elif one.state is not None and one.progress is not None:
        code = "update.both"
    elif one.state is not None:
        code = "update.state"
    elif one.progress is not None:
        code = "update.progress"
    params = {
        "state": one.state.value if isinstance(one.state, Declared) else None,
        "progress": one.progress,
        "period": one.period,
        "report": one.report,
        "corrects": one.supersedes,
    }
    return Entry(one.at, "update", code, params, one.organization, None, one, one.id in counting)


def _measurement(one: Measurement, counting: set[str]) -> Entry:
    value = progress.measured_value(one)
    code = (
        "measurement.retracted"
        if one.retracted
        else "measurement"
        if value is not None
        else "measurement.none"
    )
    params = {
        "indicator": one.indicator,
        "start": one.start,
        "end": one.end,
        "value": value,
        "percent": one.numerator is not None,
        "reason": one.retracted,
        "corrects": one.supersedes,
    }
    return Entry(one.at, "measurement", code, params, one.organization, None, one, one.id in counting)


def _evidence(one: Evidence, counting: set[str]) -> Entry:
    code = "evidence.retracted" if one.retracted else "evidence" if one.public else "evidence.private"
    params = {
        "title": (one.title or one.url) if one.public else None,
        "reason": one.retracted or one.withheld,
        "corrects": one.supersedes,
    }
    return Entry(one.at, "evidence", code, params, one.organization, None, one, one.id in counting)


def _checks(facts: Facts) -> Iterable[tuple[EvidenceCheck, Entry]]:
    """Only the checks that changed the state of an evidence."""
    evidence = {one.id: one for one in facts.record.evidence}
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


def _verdict(one: Verdict, counting: set[str]) -> Entry:
    code = "verdict"
    if one.alert:
        code = "verdict.alert"
    elif one.agrees is not None:
        code = "verdict.agrees" if one.agrees else "verdict.disagrees"
    elif one.assigned is not None:
        code = "verdict.completion"
    elif one.closes:
        code = "verdict.closes"
    params = {
        "completion": one.assigned.value if one.assigned else None,
        "cut": one.cut,
        "fulfilled": one.fulfilled,
        "corrects": one.supersedes,
    }
    return Entry(one.at, "verdict", code, params, None, one.role.value, one, one.id in counting)


def _answer(one: Answer, counting: set[str]) -> Entry:
    params = {"reason": one.reason, "corrects": one.supersedes}
    return Entry(one.at, "answer", "answer", params, one.organization, None, one, one.id in counting)


def _review(one: Review, counting: set[str]) -> Entry:
    code = "review.accepted" if one.accepted else "review.returned"
    params = {"reason": one.reason, "update": one.update, "report": one.report}
    return Entry(one.at, "review", code, params, None, "lider_componente", one, one.id in counting)


def _link(one: Link) -> Entry:
    params = {"kind": one.kind.value, "plan": one.plan, "level": one.other[0], "code": one.other[1]}
    return Entry(one.at, "link", "link.removed" if one.removed else "link", params, None, None, one)
