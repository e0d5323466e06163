"""What every exported file is made from: a plan with its status on a day, and where its pages are.

Exporters know no web framework: the address of a plan, an item, a cut or an evidence is asked
of :class:`Addresses`, and names of organismos of ``View.names``.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status_types import ItemStatus, Reason
from ckanext.ogp_plan.planning.store import events_like
from ckanext.ogp_plan.planning.tracking import (
    Completion,
    Event,
    Evidence,
    EvidenceCheck,
    Key,
    Measurement,
    Record,
    Update,
    Verdict,
)
from ckanext.ogp_plan.planning.types import Assignment, Item, OrgGroup, Plan
from ckanext.ogp_plan.planning.words import exports as export_words
from ckanext.ogp_plan.planning.words import messages, phrases
from ckanext.ogp_plan.planning.words.render import Renderer

#: What no XML document can hold, what terminals and spreadsheets should not get, and what turns the
#: words after it around, so that another name is read than is written.
_ILLEGAL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
#: The class of each fact → its name.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "ckanext-ogp_plan")


class Addresses(Protocol):
    """Where the pages of one plan are. Each answers an absolute address."""

    def plan(self) -> str:
        """Return the page of the plan."""

    def item(self, key: Key) -> str:
        """Return the page of an item."""

    def cut(self, day: dt.date) -> str:
        """Return the page of the cut of a day."""

    def organization(self, name: str) -> str:
        """Return the page of what an organismo owes."""

    def evidence(self, evidence: Evidence) -> str:
        """Return where a public evidence is; "" when it is nowhere. Never asked of one that is withheld."""


@dataclass(frozen=True)
class View:
    """A plan with the status of its items on a day, ready to be written.

    :param id: what the plan is known by for ever (its address); stable ids are made from it.
    :param record: the plan with its events, already cut to the moment wanted (``record.as_of``).
    :param statuses: of :func:`~ckanext.ogp_plan.planning.status.compute_status` for ``record`` and ``today``.
    :param addresses: where its pages are.
    :param today: the day the statuses are of.
    :param family: names of levels and fields.
    :param settings: how the plan is tracked: names of lights, zones, roles.
    :param lang: the reader's language; forms that the law fixes in Spanish stay so.
    :param names: organismo or unit → how it is called; what is not there shows by its id.
    """

    id: str
    record: Record
    statuses: Mapping[Key, ItemStatus]
    addresses: Addresses
    today: dt.date
    family: Family
    settings: Settings
    lang: str = "es"
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """Return the plan itself."""
        return self.record.plan

    @cached_property
    def words(self) -> Renderer:
        """Return what says our words in the view's language."""
        return Renderer(self.lang, self.family)

    @cached_property
    def items(self) -> dict[Key, Item]:
        """Return the plan's items by level and code."""
        return {item.key: item for item in self.plan.items}

    @cached_property
    def groups(self) -> dict[str, OrgGroup]:
        """Return the groups that the plan names."""
        return {group.id: group for group in self.plan.groups}

    @cached_property
    def _children(self) -> dict[Key | None, list[Item]]:
        found: dict[Key | None, list[Item]] = {}
        for item in self.plan.items:
            parent = item.parent if item.parent in self.items else None
            found.setdefault(parent, []).append(item)
        return found

    def children(self, item: Item | None) -> list[Item]:
        """Return the items under one (None: the roots, and what hangs from nothing), in order."""
        return self._children.get(item.key if item else None, [])

    def under(self, item: Item) -> list[Item]:
        """Return all that hangs from an item at any depth, in the plan's order; not the item itself."""
        found: list[Item] = []
        seen = {item.key}
        waiting = list(reversed(self.children(item)))
        while waiting:
            entry = waiting.pop()
            if entry.key not in seen:
                seen.add(entry.key)
                found.append(entry)
                waiting += reversed(self.children(entry))
        return found

    def trackable(self) -> list[Item]:
        """Return the items whose state is followed, in the plan's order."""
        return [item for item in self.plan.items if item.trackable]

    def root(self, item: Item) -> Item:
        """Return the component, commitment or goal that an item belongs to; itself when it is one."""
        seen = {item.key}
        while item.parent and item.parent in self.items and item.parent not in seen:
            item = self.items[item.parent]
            seen.add(item.key)
        return item

    def called(self, organization: str | None) -> str:
        """Return how an organismo or one of its parts is called."""
        return self.names.get(organization or "", organization or "")

    def body(self, assignment: Assignment) -> str:
        """Return how who answers is called: organismo and part, group, or the name as printed."""
        if assignment.group:
            group = self.groups.get(assignment.group)
            return group.name if group else assignment.group
        if assignment.unknown:
            return assignment.unknown
        parts = [self.called(name) for name in (assignment.organization, assignment.unit) if name]
        return " / ".join(parts)

    def responsible(self, item: Item) -> str:
        """Return who answers for an item, as printed where it is, otherwise by their names."""
        printed = str(item.fields.get("responsible") or "")
        return printed or "; ".join(filter(None, (self.body(assignment) for assignment in item.assignments)))

    def assigned(self, item: Item, organization: str) -> list[Assignment]:
        """Return the assignments of an item that are an organismo's, its groups' too."""
        return [
            assignment
            for assignment in item.assignments
            if assignment.organization == organization
            or (
                assignment.group in self.groups
                and organization in self.groups[assignment.group or ""].members
            )
        ]

    # --- words ------------------------------------------------------------------------------------

    def translate(self, source: str, **params: object) -> str:
        """Return one of our texts in the view's language."""
        return self.words.translate(source, params) if params else self.words.translate(source)

    def named(self, names: Mapping[str, str], fallback: str = "") -> str:
        """Return words that a data file gives by language."""
        return names.get(self.lang[:2]) or names.get("es") or fallback

    def light(self, light: str) -> str:
        """Return what a light, or a declared state, is called."""
        state = self.settings.states.get(light)
        return self.named(state.name, light) if state else light

    def level(self, level: str) -> str:
        """Return what a level is called."""
        return self.words.names.get(level, level)

    def role(self, role: str) -> str:
        """Return what the role of a verdict is called."""
        names = self.settings.roles.get(role)
        return self.named(names, role) if names else role

    def kind(self, value: str) -> str:
        """Return what a coded value (a kind of evidence) is called."""
        source = export_words.CODED.get(value)
        return self.translate(source) if source else value

    def completion(self, completion: Completion) -> str:
        """Return how far an item went, in the words of OGP's reporting mechanism."""
        return self.translate(messages.COMPLETIONS[completion.value])

    def reason(self, reason: Reason) -> str:
        """Return why an item is at risk, with its numbers."""
        return phrases.describe_reason(reason, self.lang)

    def label(self, item: Item) -> str:
        """Return an item's code and title."""
        return f"{item.code} {item.title}".strip()

    # --- facts by item ----------------------------------------------------------------------------

    @cached_property
    def updates(self) -> dict[Key, list[Update]]:
        """Return the updates that count, by item, oldest first."""
        return _by_item(self.record.counting_updates())

    @cached_property
    def measurements(self) -> dict[Key, list[Measurement]]:
        """Return the measurements that count, by item, oldest first."""
        return _by_item(self.record.counting_measurements())

    @cached_property
    def evidence(self) -> dict[Key, list[Evidence]]:
        """Return the evidence that was not withdrawn, by item, oldest first."""
        return _by_item(self.record.current_evidence())

    @cached_property
    def verdicts(self) -> dict[Key, list[Verdict]]:
        """Return the current verdicts, by item, oldest first."""
        return _by_item(tracking.current_events(self.record.verdicts))

    @cached_property
    def checks(self) -> dict[str, EvidenceCheck]:
        """Return the last look at each evidence, by its id."""
        return {event.evidence: event for event in tracking.current_events(self.record.checks)}

    @cached_property
    def events(self) -> dict[Key, list[Event]]:
        """Return everything ever recorded of each item, in order: what was corrected or returned too."""
        found: dict[Key, list[Event]] = {}
        for name in tracking.EVENTS:
            for event in getattr(self.record, name):
                key = getattr(event, "item", None)
                if key is not None:
                    found.setdefault(key, []).append(event)
        of_update = {update.id: update.item for update in self.record.updates}
        of_report: dict[str, set[Key]] = {}
        reported = [(update.report, update.item) for update in self.record.updates]
        reported += [(measurement.report, measurement.item) for measurement in self.record.measurements]
        for report, item in reported:
            if report:
                of_report.setdefault(report, set()).add(item)
        for review in self.record.reviews:
            keys = {of_update[review.update]} if review.update in of_update else set()
            for key in keys | of_report.get(review.report or "", set()):
                found.setdefault(key, []).append(review)
        of_evidence = {evidence_item.id: evidence_item.item for evidence_item in self.record.evidence}
        for check in self.record.checks:
            if check.evidence in of_evidence:
                found.setdefault(of_evidence[check.evidence], []).append(check)
        for events in found.values():
            events.sort(key=lambda event: (event.at, event.id))
        return found

    @cached_property
    def hidden(self) -> dict[str, str]:
        """Return the evidence that the public may not see → why: withheld or withdrawn, by itself or later.

        What was public by mistake and then was withheld is withheld in the history too.
        """
        why: dict[str, str] = {}
        followed: dict[str, str] = {}
        for evidence_item in sorted(
            self.record.evidence, key=lambda event: (event.at, event.id), reverse=True
        ):
            reason = (
                evidence_item.withheld
                if not evidence_item.public
                else evidence_item.retracted or followed.get(evidence_item.id)
            )
            if reason is None or (
                evidence_item.public and not evidence_item.retracted and evidence_item.id not in followed
            ):
                continue
            why[evidence_item.id] = reason
            if evidence_item.supersedes:
                followed[evidence_item.supersedes] = reason
        return why

    @cached_property
    def counting(self) -> frozenset[str]:
        """Return the ids of the facts that count: not corrected, withdrawn, nor returned."""
        record = self.record
        found: list[Event] = [
            *record.counting_updates(),
            *record.counting_measurements(),
            *record.current_evidence(),
            *tracking.current_events(record.verdicts),
            *tracking.current_events(record.answers),
        ]
        return frozenset(event.id for event in found)

    def part(self, key: Key) -> Record:
        """Return the record of one item alone, so that a long plan costs no more an item than a short one."""
        made = Record(replace(self.plan, items=[self.items[key]]), self.record.version, self.record.settings)
        for event in self.events.get(key, ()):
            events_like(made, event).append(event)
        return made

    def where(self, evidence: Evidence) -> str:
        """Return where an evidence is on the web; "" when it is withheld or nowhere."""
        address = "" if evidence.id in self.hidden else clean_xml(self.addresses.evidence(evidence))
        return address if address.startswith(("http://", "https://")) else ""

    def proof(self, evidence: Evidence) -> str:
        """Return an evidence in words: what it is, or that it exists and why it is withheld."""
        if evidence.id in self.hidden:
            why = self.hidden[evidence.id] or self.translate(export_words.NO_REASON)
            return self.translate(export_words.WITHHELD, kind=self.kind(evidence.kind.value), why=why)
        text = evidence.title or evidence.url or self.kind(evidence.kind.value)
        state = self.proof_state(evidence)
        return f"{text} ({self.kind(evidence.kind.value)}{'; ' + state if state else ''})"

    def proof_state(self, evidence: Evidence) -> str:
        """Return what the last look found wrong with an evidence, in words; "" when nothing."""
        check = self.checks.get(evidence.id)
        return "; ".join(phrases.describe_break(code, self.lang) for code in evidence_breaks(evidence, check))

    def stable(self, *parts: object) -> str:
        """Return an id that is the same for ever, on any host: ``urn:uuid:…``."""
        return stable(self.id, *parts)


def _by_item(events: Iterable[tracking.E]) -> dict[Key, list[tracking.E]]:
    found: dict[Key, list[tracking.E]] = {}
    for event in events:
        found.setdefault(event.item, []).append(event)  # type: ignore[attr-defined]
    return found


def stable(*parts: object) -> str:
    """Return an id made of its parts alone: the same on any host, for ever."""
    return uuid.uuid5(_NAMESPACE, "\n".join(map(str, parts))).urn


def clean_xml(text: str) -> str:
    """Return a text without the characters that no XML, spreadsheet or document can hold."""
    return _ILLEGAL.sub("", text)


def latest(events: Iterable[Event]) -> dt.datetime | None:
    """Return the moment of the last of some events, None when there is none."""
    return max((event.at for event in events), default=None)


def percent(fraction: Decimal | None) -> Decimal | None:
    """Return a fraction (0 to 1) as a percentage with at most two decimals; None of None."""
    return None if fraction is None else (fraction * 100).quantize(Decimal("0.01")).normalize() + 0


def amount(value: Decimal | None, lang: str = "es") -> str:
    """Return a number as people of the language write it; "" of None."""
    if value is None:
        return ""
    text = f"{value:,f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0")
    comma, dot = (".", ",") if lang.startswith("es") else (",", ".")
    return whole.replace(",", comma) + (dot + rest if rest else "")


def day_text(day: dt.date | None, lang: str = "es") -> str:
    """Return a day as forms write it (30/04/2026), in English as 2026-04-30; "" of None."""
    if day is None:
        return ""
    return day.strftime("%d/%m/%Y") if lang.startswith("es") else day.isoformat()
