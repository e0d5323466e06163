"""What one person reports at once, to items of one plan or of several, with its repeats."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ckanext.ogp_plan.planning import evidence as evidence_rules
from ckanext.ogp_plan.planning import measurement as measurement_rules
from ckanext.ogp_plan.planning import progress, tracking
from ckanext.ogp_plan.planning import verdicts as verdict_rules
from ckanext.ogp_plan.planning.cuts.dates import cut_days
from ckanext.ogp_plan.planning.report_error import part, reject
from ckanext.ogp_plan.planning.reporting.context import ReportingContext
from ckanext.ogp_plan.planning.reporting.repeat import Repeat, why_not_repeated
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate, check_consistent
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Evidence,
    EvidenceKind,
    ItemReference,
    Key,
    Measurement,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import Declared

#: Namespace of the ids of facts that a request names.
_NAMESPACE = uuid.UUID("5b1ab2a4-6bb0-5c9d-9a5e-1f2a0c1f7e55")


def fact_id(plan_id: str, user_id: str | None, request_id: str | None, part_name: str = "") -> str:
    """Return the id of a fact: the same for the same request of the same person, else a new one.

    :param part_name: distinguishes several facts of one request.
    """
    if not request_id:
        return str(uuid.uuid4())
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((plan_id, user_id or "", request_id, part_name))))


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
        :param part_name: distinguishes several of one request.
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
        error = why_not_repeated(context, key, update)
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
                    displayed = value if value is not None else superseded.comment[:60]
                    reject("period", "period.measured", value=displayed, id=superseded.id)
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
        for known in context.record_of(key).current_evidence():
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
            sha256=fields.get("sha256"),
            size=fields.get("size"),
            captured=fields.get("captured"),
            file=fields.get("file"),
            file_name=fields.get("file_name") or "",
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
        status = compute_status(context.facts(key), self.today, {key}, settings=context.settings)[key]
        active = {reason.code for reason in status.reasons} | set(stored_reasons)
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
        status = compute_status(facts, self.today, {key}, settings=context.settings)[key]
        if fields["cut"] is not None:
            days = cut_days(context.settings, context.record.plan)
            if fields["cut"] not in days:
                reject("cut", "verdict.cut", days=days)
        verdict_rules.check_rationale(role, fields, status.suggested)
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
            suggested=status.suggested,
            **{name: fields[name] for name in ("cut", "agrees", "supersedes", *verdict_rules.CONTENT)},
        )
        context.add(verdict)
        return verdict
