"""A plan with the items that are reported to, and the rules that hang on what is recorded of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ckanext.cost_common.values.periods import Period, parse_period
from ckanext.ogp_plan.planning import evidence as evidence_rules
from ckanext.ogp_plan.planning import measurement as measurement_rules
from ckanext.ogp_plan.planning import store, tracking
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.report_error import RejectedReport, ReportError, reject
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.tracking import Key, Measurement, Record, Update
from ckanext.ogp_plan.planning.transitions import Need, may
from ckanext.ogp_plan.planning.types import Declared, Item, Plan, PlanStatus, Role

#: Statuses of a plan in which something is reported.
TRACKED = (PlanStatus.ADOPTED, PlanStatus.RUNNING)
#: Field of the request that gives what a change of state still needs.
_FIELD_OF_NEED = {
    "need.evidence": "evidence",
    "need.exception": "reason",
    "need.reason": "reason",
    "need.act": "act",
}


def why_not_tracked(status: PlanStatus) -> ReportError | None:
    """Return why nothing is reported in a plan of a status; None when it is tracked."""
    if status in TRACKED:
        return None
    return ReportError("plan", "plan.closed" if status is PlanStatus.CLOSED else "plan.not_adopted")


@dataclass
class ReportingContext:
    """A plan with the items that are reported to, their facts, and what is being added to them.

    :param record: with these items only.
    :param responsible: item → organismo → what it is to the item, of those that owe it.
    :param coordinates: whether who reports coordinates the plan.
    :param now: moment of the first fact that is added; they are one microsecond apart.
    """

    plan_id: str
    status: PlanStatus
    settings: Settings
    record: Record
    responsible: Mapping[Key, Mapping[str, Collection[Role]]]
    now: dt.datetime
    coordinates: bool = False
    added: list[tracking.Event] = field(default_factory=list)
    _records: dict[Key, Record] = field(default_factory=dict)

    def require_tracked(self) -> None:
        """Check that something is reported in the plan now.

        :raises RejectedReport: it is not adopted yet, or closed.
        """
        error = why_not_tracked(self.status)
        if error is not None:
            raise RejectedReport(error)

    def item(self, key: Key) -> Item:
        """Return an item of the plan's present version.

        :raises RejectedReport: it was withdrawn, or nothing is reported to items of its level.
        """
        found = self.record.plan.item(*key)
        if found is None:
            reject("item", "item.withdrawn")
        if not found.trackable:
            reject("item", "item.not_trackable")
        return found

    def is_responsible(self, key: Key, organization: str) -> bool:
        """Return whether an organismo owes an item."""
        return organization in self.responsible.get(key, {})

    def leads(self, key: Key, organization: str | None) -> bool:
        """Return whether an organismo leads an item; also when no organismo is known to."""
        known = self.responsible.get(key, {})
        leads = {name for name, roles in known.items() if Role.LEAD in roles}
        return organization is None or not leads or organization in leads

    def record_of(self, key: Key) -> Record:
        """Return the record of one item alone, with what is being added."""
        if not self._records:
            self._records = _split_by_item(self.record)
        if key not in self._records:
            self._records[key] = _record_of_item(self.record, key)
        return self._records[key]

    def facts(self, key: Key) -> Facts:
        """Return the facts of one item, with what is being added."""
        return Facts(self.record_of(key))

    def add(self, fact: tracking.Event) -> None:
        """Add a fact to those that are to be recorded."""
        self.added.append(fact)
        store.events_like(self.record_of(fact.item), fact).append(fact)  # type: ignore[attr-defined]

    def discard_after(self, count: int) -> None:
        """Discard what was added after the first so many facts."""
        for fact in self.added[count:]:
            store.events_like(self.record_of(fact.item), fact).remove(fact)  # type: ignore[attr-defined]
        del self.added[count:]

    # --- rules that all that is reported has

    def require_responsible(self, key: Key, organization: str | None) -> None:
        """Check that an organismo owes an item (None: the item as a whole is reported).

        :raises RejectedReport: it does not.
        """
        if organization is not None and not self.is_responsible(key, organization):
            reject("organization", "organization.not_responsible")

    def closed_periods(self) -> dict[str, Period]:
        """Return the periods of reporting that are closed, by name; the last event of each counts."""
        last: dict[str, bool] = {}
        for event in tracking.current_events(self.record.periods):
            last[event.period] = event.opened
        return {name: parse_period(name) for name, opened in last.items() if not opened}

    def check_period(self, name: str | None, today: dt.date) -> None:
        """Check that a period has begun and is open.

        :raises RejectedReport: it is closed, or has not begun.
        """
        if name is None:
            return
        if name in self.closed_periods():
            reject("period", "period.closed", period=name)
        if parse_period(name).start > today:
            reject("period", "period.future", period=name)

    def check_days(self, start: dt.date, end: dt.date) -> None:
        """Check that no day from ``start`` to ``end`` is of a closed period.

        :raises RejectedReport: one is.
        """
        for name, closed in self.closed_periods().items():
            if start <= closed.end and end >= closed.start:
                reject("period", "period.closed", period=name)

    def check_report(self, report: str | None, organization: str | None) -> None:
        """Check that a report that is named is one of the organismo, and not corrected since.

        :raises RejectedReport: it is not.
        """
        if report is None:
            return
        reports = tracking.current_events(self.record.reports)
        found = next((known for known in reports if known.id == report), None)
        if found is None or found.organization != organization:
            reject("report", "report.unknown")

    def superseded(self, kind: str, key: Key, organization: str | None, wanted: str | None) -> Any:
        """Return the fact that is corrected; None when nothing is.

        :param kind: list of the record that holds it: ``updates``, ``measurements``, ``evidence`` or
            ``answers``.
        :raises RejectedReport: it is of another item or organismo, or was corrected already.
        """
        if wanted is None:
            return None
        known = getattr(self.record_of(key), kind)
        found = next((fact for fact in known if fact.id == wanted), None)
        if found is None or found.organization != organization:
            reject("supersedes", "supersedes.other")
        if all(fact.id != wanted for fact in tracking.current_events(known)):
            reject("supersedes", "supersedes.corrected")
        return found

    def check_reference(self, name: str, key: Key, organization: str | None, wanted: str | None) -> None:
        """Check that the ``update`` or ``measurement`` that is named is of the same item and organismo.

        :raises RejectedReport: it is not.
        """
        own = self.record_of(key)
        known: Iterable[Update | Measurement] = own.updates if name == "update" else own.measurements
        if wanted and all((fact.id, fact.organization) != (wanted, organization) for fact in known):
            reject(name, "reference.other")

    # --- states

    def declared_before(self, key: Key, organization: str | None, without: Update | None = None) -> Declared:
        """Return the state that an organismo has declared until now.

        :param organization: None: of the item as a whole. One that did not report itself has the state that
            was declared of the whole.
        :param without: the update that is being corrected, which does not count.
        """
        own = self.record_of(key)
        if without is not None:
            own = replace(own, updates=[update for update in own.updates if update.id != without.id])
        facts = Facts(own)
        updates = facts.updates.get(key, [])
        if facts.owners(facts.items[key]).size >= 2:
            of_whole = [update for update in updates if update.organization is None]
            of_own = [update for update in updates if update.organization == organization]
            updates = of_own or of_whole
        declared = Declared.NOT_STARTED
        for update in updates:
            if update.state is not None:
                declared = update.state
            elif declared is Declared.NOT_STARTED and update.progress:
                declared = Declared.ONGOING
        return declared

    def needs(
        self,
        item: Item,
        organization: str | None,
        before: Declared,
        state: Declared,
        reported: ReportedUpdate,
        today: dt.date,
    ) -> tuple[Need, ...]:
        """Return what a change of state still needs; nothing: it may be declared."""
        facts = self.facts(item.key)
        return may(
            before,
            state,
            evidence=evidence_rules.count_valid_evidence(facts, item.key, organization),
            targets_met=state is not Declared.DONE
            or measurement_rules.reaches_targets(facts, item, organization, today),
            reason=reported.reason,
            act=reported.act,
        )

    def check_state(
        self,
        item: Item,
        organization: str | None,
        before: Declared,
        reported: ReportedUpdate,
        today: dt.date,
    ) -> Declared | None:
        """Return the state that an update declares; None: none, or the same as before of who does not lead.

        Who leads declares state and progress. Only the coordinator moves an item into or out of the states
        outside of the denominators. The first update of who leads begins the item.

        :param before: the state declared until now.
        :raises RejectedReport: it may not be declared, or something is missing for it.
        """
        leads = self.leads(item.key, organization)
        state = reported.state
        if state is before and not leads:
            # a form sends back the state it found
            return None
        if not leads and (state is not None or reported.progress is not None):
            reject("state", "state.lead_only")
        if _enters_or_leaves_outside(state, before) and not self.coordinates:
            reject("state", "state.coordinator_only")
        if state is None:
            begins = before is Declared.NOT_STARTED and leads and not reported.confirms
            return Declared.ONGOING if begins else None
        needs = self.needs(item, organization, before, state, reported, today)
        if needs:
            raise RejectedReport(
                *(ReportError(_FIELD_OF_NEED[need.code], need.code, need.params) for need in needs)
            )
        return state


def _enters_or_leaves_outside(state: Declared | None, before: Declared) -> bool:
    return state is not None and state is not before and (state in OUTSIDE or before in OUTSIDE)


def _record_of_item(record: Record, key: Key) -> Record:
    """A record of one item without its facts, with what is of the whole plan."""
    whole = record.plan
    item = whole.item(*key)
    plan = Plan(
        whole.family, start=whole.start, end=whole.end, items=[item] if item else [], groups=whole.groups
    )
    return Record(
        plan, version=record.version, settings=record.settings, periods=record.periods, reports=record.reports
    )


def _split_by_item(record: Record) -> dict[Key, Record]:
    """Return a record for each item, so that each is checked without reading all of them."""
    found = {item.key: _record_of_item(record, item.key) for item in record.plan.items}
    item_of: dict[str, Key] = {}
    for name in ("updates", "measurements", "evidence", "verdicts", "answers", "links"):
        for fact in getattr(record, name):
            item_of[fact.id] = fact.item
            getattr(found.setdefault(fact.item, _record_of_item(record, fact.item)), name).append(fact)
    for check in record.checks:
        if check.evidence in item_of:
            found[item_of[check.evidence]].checks.append(check)
    for review in record.reviews:
        if review.update in item_of:
            found[item_of[review.update]].reviews.append(review)
        elif review.report:
            for own in found.values():
                own.reviews.append(review)
    return found
