"""Rules of reporting: what may be recorded of an item of a plan, by whom, of which period.

A :class:`Submission` is what one person reports at once. It holds a :class:`ReportingContext` for each plan
that it touches: the items with their facts as they are now. Each of its methods checks one thing that is
reported and returns the fact that is to be recorded, or raises :class:`.report_error.RejectedReport`. What is
reported to an item is repeated to those that its updates count for. Rules: ``docs/architecture-plans.md``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values.periods import Period, parse_period
from ckanext.ogp_plan.planning import evidence as evidence_rules
from ckanext.ogp_plan.planning import measurement as measurement_rules
from ckanext.ogp_plan.planning import progress, store, tracking
from ckanext.ogp_plan.planning import verdicts as verdict_rules
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.report_error import RejectedReport, ReportError, part, reject
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Evidence,
    EvidenceKind,
    Key,
    Measurement,
    Record,
    Report,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.transitions import Need, may
from ckanext.ogp_plan.planning.types import Declared, Item, Plan, PlanStatus, Role

#: Statuses of a plan in which something is reported.
TRACKED = (PlanStatus.ADOPTED, PlanStatus.RUNNING)
#: States that are left out of every denominator: they change the plan, so only the coordinator declares them.
#: Namespace of the ids of facts that a request names.
_NAMESPACE = uuid.UUID("5b1ab2a4-6bb0-5c9d-9a5e-1f2a0c1f7e55")
#: Field of the request that gives what a change of state still needs.
_FIELD_OF_NEED = {
    "need.evidence": "evidence",
    "need.exception": "reason",
    "need.reason": "reason",
    "need.act": "act",
}

#: An item of any plan: the plan's id, its level and code.
ItemReference = tuple[str, Key]


def fact_id(plan_id: str, user_id: str | None, request_id: str | None, part_name: str = "") -> str:
    """Return the id of a fact: the same for the same request of the same person, else a new one.

    :param part_name: tells several facts of one request apart.
    """
    if not request_id:
        return str(uuid.uuid4())
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((plan_id, user_id or "", request_id, part_name))))


def why_not_tracked(status: PlanStatus) -> ReportError | None:
    """Return why nothing is reported in a plan of a status; None when it is tracked."""
    if status in TRACKED:
        return None
    return ReportError("plan", "plan.closed" if status is PlanStatus.CLOSED else "plan.not_adopted")


# --- what is reported


@dataclass(slots=True)
class ReportedUpdate:
    """What is reported of an item: an update with its measurements and evidence.

    :param progress: percent, 0 to 100.
    :param report: id of the organismo's report that it belongs to.
    :param supersedes: id of the update that it corrects.
    :param measurements: fields of each (``indicator``, ``period`` or ``start`` and ``end``, ``value`` or
        ``numerator`` and ``denominator``, ``comment``, ``dimension``, ``supersedes``, ``retracted``).
    :param evidence: fields of each (``kind``, ``title``, ``url``, ``resource`` or ``dataset``, ``public``,
        ``withheld``, ``sha256``, ``size``, ``captured``).
    :param corrects: a measurement of the same period is corrected and not refused (workbooks of many rows).
    """

    state: Declared | None = None
    progress: Decimal | None = None
    text: str = ""
    obstacles: str = ""
    next_step: str = ""
    reason: str = ""
    act: str = ""
    at_risk: bool = False
    confirms: bool = False
    period: str | None = None
    report: str | None = None
    supersedes: str | None = None
    measurements: Sequence[Mapping[str, Any]] = ()
    evidence: Sequence[Mapping[str, Any]] = ()
    corrects: bool = False

    @property
    def has_content(self) -> bool:
        """Whether the update itself reports anything, beside its measurements and evidence."""
        return bool(
            self.state
            or self.progress is not None
            or self.text
            or self.obstacles
            or self.next_step
            or self.at_risk
            or self.confirms
        )


@dataclass(frozen=True, slots=True)
class Repeat:
    """What became of an update at an item that it counts for.

    :param update: None: it is not repeated, for ``error``.
    :param state_kept: whether its state could be declared there too.
    """

    item: ItemReference
    update: Update | None
    error: ReportError | None = None
    state_kept: bool = True


def check_consistent(reported: ReportedUpdate) -> None:
    """Check that an update does not contradict itself.

    :raises RejectedReport: it does.
    """
    new = reported.state or reported.progress is not None or reported.at_risk or reported.measurements
    if reported.confirms and new:
        reject("confirms", "update.contradicts")
    if reported.at_risk and not reported.reason:
        reject("reason", "risk.reason")
    if reported.at_risk and reported.state is Declared.DONE:
        reject("at_risk", "risk.completed")
    if reported.progress is not None:
        if reported.state is Declared.DONE and reported.progress != 100:
            reject("progress", "progress.completed")
        if reported.state is Declared.NOT_STARTED and reported.progress != 0:
            reject("progress", "progress.not_started")


# --- a plan with the items that are reported to


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


# --- what is reported at once


class Submission:
    """What one person reports at once, to items of one plan or of several.

    :param user_id: who reports.
    :param today: the day it is in the portal's zone.
    :param request_id: given by the client: the same again gives the same ids.
    """

    def __init__(self, user_id: str | None, today: dt.date, request_id: str | None = None) -> None:
        self.user_id = user_id
        self.today = today
        self.request_id = request_id
        #: by the id of the plan
        self.contexts: dict[str, ReportingContext] = {}
        #: item → all others that its updates count for
        self.linked: dict[ItemReference, set[ItemReference]] = {}
        #: id of an update → what became of it at each item that it counts for
        self.repeats: dict[str, list[Repeat]] = defaultdict(list)
        self._count = 0

    def context(self, plan_id: str) -> ReportingContext:
        """Return the context of a plan in which something may be reported now.

        :raises RejectedReport: nothing is reported in it.
        """
        context = self.contexts[plan_id]
        context.require_tracked()
        return context

    def _id(self, plan_id: str, part_name: str) -> str:
        return fact_id(plan_id, self.user_id, self.request_id, part_name)

    def _next_moment(self, context: ReportingContext) -> dt.datetime:
        """A moment after all before it; the database gives the true one when it is recorded."""
        self._count += 1
        return context.now + dt.timedelta(microseconds=self._count)

    # --- updates

    def report_update(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        reported: ReportedUpdate,
        part_name: str = "",
    ) -> Update | None:
        """Check what is reported of an item and add it, with its repeats at the items it counts for.

        :param organization: for which it is reported; None: for the item as a whole.
        :param part_name: tells several of one request apart.
        :returns: the update; None when only measurements or evidence were given.
        :raises RejectedReport: it cannot be recorded; nothing of it is added then.
        """
        counts = {name: len(context.added) for name, context in self.contexts.items()}
        try:
            return self._report_update(plan_id, key, organization, reported, part_name)
        except BaseException:
            for name, count in counts.items():
                self.contexts[name].discard_after(count)
            raise

    def _report_update(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        reported: ReportedUpdate,
        part_name: str,
    ) -> Update | None:
        context = self.context(plan_id)
        item = context.item(key)
        context.require_responsible(key, organization)
        check_consistent(reported)
        context.check_period(reported.period, self.today)
        context.check_report(reported.report, organization)
        superseded = context.superseded("updates", key, organization, reported.supersedes)
        before = context.declared_before(key, organization, without=superseded)
        update_id = self._id(plan_id, f"{part_name}update")
        self._report_parts(
            plan_id, key, organization, reported, part_name, update_id if reported.has_content else None
        )
        if not reported.has_content:
            if not reported.measurements and not reported.evidence:
                reject("text", "update.empty")
            return None
        update = Update(
            id=update_id,
            state=context.check_state(item, organization, before, reported, self.today),
            at=self._next_moment(context),
            by=self.user_id,
            item=key,
            organization=organization,
            progress=reported.progress,
            text=reported.text,
            obstacles=reported.obstacles,
            next_step=reported.next_step,
            reason=reported.reason,
            act=reported.act,
            at_risk=reported.at_risk,
            confirms=reported.confirms,
            period=reported.period,
            report=reported.report,
            supersedes=superseded.id if superseded else None,
        )
        context.add(update)
        for other in sorted(self.linked.get((plan_id, key), ())):
            if other[0] in self.contexts:
                repeat = self._repeat(update, other, reported, superseded, part_name)
                self.repeats[update.id].append(repeat)
        return update

    def _report_parts(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        reported: ReportedUpdate,
        part_name: str,
        update_id: str | None,
    ) -> None:
        """Add the measurements and evidence of an update."""
        measurements = []
        for number, fields in enumerate(reported.measurements):
            with part("measurements", number):
                measurement = self.report_measurement(
                    plan_id,
                    key,
                    organization,
                    measurement_rules.with_period(fields, reported.period),
                    f"{part_name}m{number}",
                    update=update_id,
                    report=reported.report,
                    correct=reported.corrects,
                )
                measurements.append(measurement.id)
        # without an update, evidence is of the only measurement
        proved = measurements[0] if update_id is None and len(measurements) == 1 else None
        for number, fields in enumerate(reported.evidence):
            with part("evidence", number):
                self.add_evidence(
                    plan_id,
                    key,
                    organization,
                    fields,
                    f"{part_name}e{number}",
                    update=update_id,
                    measurement=proved,
                )

    # --- repeats

    def _repeat(
        self,
        update: Update,
        other: ItemReference,
        reported: ReportedUpdate,
        superseded: Update | None,
        part_name: str,
    ) -> Repeat:
        """Report the same to an item that an update counts for, as far as its own rules allow."""
        plan_id, key = other
        context = self.contexts[plan_id]
        error = self._why_not_repeated(context, key, update)
        item = context.record.plan.item(*key)
        if error is not None or item is None:
            return Repeat(other, None, error)
        organization = update.organization
        if organization is not None and not context.is_responsible(key, organization):
            organization = None
        own = context.record_of(key)
        known = tracking.current_events(own.updates)
        twin = next((fact for fact in known if superseded is not None and fact.origin == superseded.id), None)
        before = context.declared_before(key, organization, without=twin)
        repeat_id = str(uuid.uuid5(_NAMESPACE, f"{update.id}\x1f{plan_id}\x1f{key[0]}\x1f{key[1]}"))
        places = {fact.place for fact in tracking.current_events(own.evidence)}
        for number, fields in enumerate(reported.evidence):
            if evidence_rules.place_of(fields) not in places:
                self.add_evidence(
                    plan_id, key, organization, fields, f"{part_name}r{number}", update=repeat_id
                )
        state, kept = update.state, True
        if state is not None and context.needs(item, organization, before, state, reported, self.today):
            kept = state is before
            state = Declared.ONGOING if before is Declared.NOT_STARTED else None
        repeated = replace(
            update,
            id=repeat_id,
            at=self._next_moment(context),
            item=key,
            organization=organization,
            state=state,
            report=None,
            origin=update.id,
            supersedes=twin.id if twin else None,
        )
        context.add(repeated)
        return Repeat(other, repeated, state_kept=kept)

    def _why_not_repeated(self, context: ReportingContext, key: Key, update: Update) -> ReportError | None:
        item = context.record.plan.item(*key)
        if item is None or not item.trackable:
            return ReportError("item", "repeat.withdrawn")
        not_tracked = why_not_tracked(context.status)
        if not_tracked is not None:
            return not_tracked
        known = context.responsible.get(key)
        if update.organization is not None and known and update.organization not in known:
            return ReportError("organization", "repeat.not_responsible")
        if update.organization is not None and not context.leads(key, update.organization):
            return ReportError("organization", "repeat.not_lead")
        if update.state in OUTSIDE:
            return ReportError("state", "repeat.outside")
        if update.period is not None and update.period in context.closed_periods():
            return ReportError("period", "period.closed", {"period": update.period})
        return None

    # --- measurements

    def report_measurement(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        fields: Mapping[str, Any],
        part_name: str = "",
        *,
        update: str | None = None,
        report: str | None = None,
        correct: bool = False,
    ) -> Measurement:
        """Check a measurement and add it.

        :param fields: as in :class:`ReportedUpdate`; alone also ``update`` and ``report``, ids it belongs to.
        :param update: id of the update that it comes with.
        :param correct: one of the same period is corrected and not refused (workbooks of many rows).
        :raises RejectedReport: it cannot be recorded.
        """
        context = self.context(plan_id)
        item = context.item(key)
        context.require_responsible(key, organization)
        context.check_reference("update", key, organization, fields.get("update"))
        report = report or fields.get("report")
        context.check_report(report, organization)
        retracted = fields.get("retracted") or ""
        superseded = context.superseded("measurements", key, organization, fields.get("supersedes"))
        if retracted and superseded is None:
            reject("supersedes", "supersedes.missing")
        if retracted:
            measurement = replace(
                superseded,
                id="",
                by=self.user_id,
                at=self._next_moment(context),
                retracted=retracted,
                supersedes=superseded.id,
                update=None,
                report=None,
            )
        else:
            indicator = measurement_rules.indicator_of(
                item, fields.get("indicator") or (superseded.indicator if superseded else None)
            )
            start, end = measurement_rules.measured_days(
                fields, superseded, self.today, context.settings.cadence.months
            )
            if superseded is None:
                superseded = measurement_rules.same_measurement(
                    context.record_of(key), organization, indicator, (start, end), fields
                )
                if superseded is not None and not correct:
                    value = progress.measured_value(superseded)
                    shown = value if value is not None else superseded.comment[:60]
                    reject("period", "period.measured", value=shown, id=superseded.id)
            value, numerator, denominator = measurement_rules.measured_value(indicator, fields)
            measurement = Measurement(
                id="",
                at=self._next_moment(context),
                by=self.user_id,
                item=key,
                indicator=indicator.code,
                start=start,
                end=end,
                organization=organization,
                value=value,
                numerator=numerator,
                denominator=denominator,
                comment=fields.get("comment") or "",
                dimension=dict(fields.get("dimension") or {}),
                update=update or fields.get("update"),
                report=report,
                supersedes=superseded.id if superseded else None,
            )
        context.check_days(measurement.start, measurement.end)
        measurement = replace(measurement, id=self._id(plan_id, f"{part_name}measurement"))
        context.add(measurement)
        return measurement

    # --- evidence

    def add_evidence(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        fields: Mapping[str, Any],
        part_name: str = "",
        *,
        update: str | None = None,
        measurement: str | None = None,
    ) -> Evidence:
        """Check a piece of evidence, whose place was checked before, and add it.

        :param fields: as in :class:`ReportedUpdate`; alone also ``update``, ``measurement``, ``supersedes``.
        :param update: id of the update that it comes with.
        :param measurement: id of the measurement that it comes with.
        :raises RejectedReport: it cannot be recorded.
        """
        context = self.context(plan_id)
        context.item(key)
        context.require_responsible(key, organization)
        for name in ("update", "measurement"):
            context.check_reference(name, key, organization, fields.get(name))
        superseded = context.superseded("evidence", key, organization, fields.get("supersedes"))
        for known in context.record_of(key).standing_evidence():
            same = evidence_rules.place_of(fields) == known.place
            if same and known.organization == organization and known is not superseded:
                reject(
                    next(name for name in ("url", "resource", "dataset", "file") if fields.get(name)),
                    "evidence.repeated",
                )
        evidence = Evidence(
            id=self._id(plan_id, f"{part_name}evidence"),
            at=self._next_moment(context),
            by=self.user_id,
            item=key,
            kind=fields.get("kind") or EvidenceKind.LINK,
            title=fields.get("title") or "",
            organization=organization,
            update=fields.get("update") or update,
            measurement=fields.get("measurement") or measurement,
            url=fields.get("url") or "",
            resource=fields.get("resource"),
            # of a resource its dataset is kept too; what is checked is the resource
            dataset=fields.get("dataset"),
            file=fields.get("file"),
            file_name=fields.get("file_name") or "",
            sha256=fields.get("sha256"),
            size=fields.get("size"),
            captured=fields.get("captured"),
            claimed_sha256=fields.get("claimed_sha256"),
            claimed_at=fields.get("claimed_at"),
            public=fields.get("public", True),
            withheld=fields.get("withheld") or "",
            supersedes=superseded.id if superseded else None,
        )
        context.add(evidence)
        return evidence

    # --- answers

    def answer_reason(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        fields: Mapping[str, Any],
        stored_reasons: Collection[str] = (),
    ) -> Answer:
        """Check an answer to a reason of the light and add it.

        :param fields: ``reason``, ``text``, ``supersedes``.
        :param stored_reasons: codes of the reasons that the portal shows: what was computed last.
        :raises RejectedReport: the item does not have this reason, or something else.
        """
        context = self.context(plan_id)
        context.item(key)
        context.require_responsible(key, organization)
        superseded = context.superseded("answers", key, organization, fields.get("supersedes"))
        standing = compute_status(context.facts(key), self.today, {key}, settings=context.settings)[key]
        active = {reason.code for reason in standing.reasons} | set(stored_reasons)
        if fields["reason"] not in active:
            reject("reason", "reason.inactive")
        answer = Answer(
            id=self._id(plan_id, "answer"),
            at=self._next_moment(context),
            by=self.user_id,
            item=key,
            reason=fields["reason"],
            text=fields["text"],
            organization=organization,
            supersedes=superseded.id if superseded else None,
        )
        context.add(answer)
        return answer

    # --- verdicts

    def record_verdict(self, plan_id: str, key: Key, role: VerdictRole, fields: Mapping[str, Any]) -> Verdict:
        """Check a verdict of Control Interno or of the monitor and add it; closed plans have them too.

        :param fields: ``cut``, ``assigned``, ``agrees``, ``fulfilled``, ``quality``, ``rationale``,
            ``recommendation``, ``alert``, ``closes``, ``supersedes``.
        :raises RejectedReport: it cannot be recorded.
        """
        context = self.contexts[plan_id]
        context.item(key)
        facts = context.facts(key)
        standing = compute_status(facts, self.today, {key}, settings=context.settings)[key]
        if fields["cut"] is not None:
            days = cut_days(context.settings, context.record.plan)
            if fields["cut"] not in days:
                reject("cut", "verdict.cut", days=days)
        verdict_rules.check_rationale(role, fields, standing.suggested)
        own = {verdict.id: verdict for verdict in facts.verdicts.get(key, ()) if verdict.role is role}
        if fields["supersedes"] is not None and fields["supersedes"] not in own:
            reject("supersedes", "verdict.other")
        if fields["closes"] is not None:
            alert = own.get(fields["closes"])
            if alert is None or not alert.alert or alert.id in facts.closed_alerts:
                reject("closes", "verdict.no_alert")
        verdict = Verdict(
            id=self._id(plan_id, f"verdict.{role.value}"),
            at=context.now,
            by=self.user_id,
            item=key,
            role=role,
            suggested=standing.suggested,
            **{name: fields[name] for name in ("cut", "agrees", "supersedes", *verdict_rules.CONTENT)},
        )
        context.add(verdict)
        return verdict


# --- reports of an organismo


def report_days(fields: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that the periodic report of an organismo is of.

    :param fields: ``period``, else ``start`` and ``end``.
    :raises RejectedReport: they are not given, or not in order.
    """
    if fields["period"]:
        period = parse_period(fields["period"])
        return period.start, period.end
    start, end = fields["start"], fields["end"]
    if start is None or end is None or start > end:
        reject("end", "days.missing")
    return start, end


def report_of(
    plan_id: str, user_id: str | None, request_id: str | None, fields: Mapping[str, Any], now: dt.datetime
) -> Report:
    """Return the periodic report of an organismo to one plan.

    :param fields: ``organization``, ``start``, ``end``, ``title``, ``sections``, ``supersedes``.
    """
    return Report(
        id=fact_id(plan_id, user_id, request_id, "report"),
        at=now,
        by=user_id,
        organization=fields["organization"],
        start=fields["start"],
        end=fields["end"],
        title=fields.get("title") or "",
        sections=tuple(
            (section.get("title") or "", section.get("text") or "")
            for section in fields.get("sections") or ()
        ),
        supersedes=fields.get("supersedes"),
    )
