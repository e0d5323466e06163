"""Verdicts on an item beside its declared state, and the completion that the rules suggest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ckanext.ogp_plan.planning.item_facts import ItemFacts, collect_reports, combine_states
from ckanext.ogp_plan.planning.progress import ONE
from ckanext.ogp_plan.planning.report_error import reject
from ckanext.ogp_plan.planning.status_types import VerdictStatus
from ckanext.ogp_plan.planning.tracking import Completion, Verdict, VerdictRole
from ckanext.ogp_plan.planning.types import Declared

#: What a state that is declared means in the words of completion, from the least.
_RANK = {
    Completion.NO_EVIDENCE: 0,
    Completion.NOT_STARTED: 0,
    Completion.LIMITED: 1,
    Completion.SUBSTANTIAL: 1,
    Completion.COMPLETE: 2,
}
_DECLARED_RANK = {Declared.NOT_STARTED: 0, Declared.ONGOING: 1, Declared.DONE: 2}

#: Fields of which a verdict has at least one, unless it says whether it agrees.
CONTENT = ("assigned", "fulfilled", "quality", "rationale", "recommendation", "alert", "closes")


def disagrees(declared: Declared, verdict: Verdict) -> bool:
    """Tell whether a verdict does not share a declared state: it says so, or it found less or more."""
    if verdict.agrees is not None:
        return not verdict.agrees
    if verdict.assigned is not None and declared in _DECLARED_RANK:
        return _RANK[verdict.assigned] != _DECLARED_RANK[declared]
    return verdict.fulfilled is False and declared is Declared.DONE


def verdict_statuses(item_facts: ItemFacts) -> tuple[VerdictStatus, ...]:
    alerts = {
        verdict.role
        for verdict in item_facts.verdicts
        if verdict.alert and verdict.id not in item_facts.facts.closed_alerts
    }
    last = item_facts.last_verdicts()
    return tuple(
        VerdictStatus(
            id=entry.id,
            role=role,
            at=entry.at,
            cut=entry.cut,
            suggested=entry.suggested,
            assigned=entry.assigned,
            agrees=entry.agrees,
            fulfilled=entry.fulfilled,
            quality=entry.quality,
            rationale=entry.rationale,
            recommendation=entry.recommendation,
            alert=role in alerts,
            disagrees=disagrees(item_facts.declared, entry) and _same_state(item_facts, entry),
        )
        for role, entry in sorted(last.items(), key=lambda pair: pair[0].value)
    )


def _same_state(item_facts: ItemFacts, verdict: Verdict) -> bool:
    """Tell whether the state that a verdict did not share is still the declared one."""
    if verdict.agrees is not False or not item_facts.updates or item_facts.updates[-1].at <= verdict.at:
        return True
    before = [update for update in item_facts.updates if update.at <= verdict.at]
    _, owners = collect_reports(before, item_facts.facts.owners(item_facts.item))
    return combine_states([owner.reported.declared for owner in owners]) is item_facts.declared


def suggest_completion(item_facts: ItemFacts, value: Decimal | None, light: str) -> Completion:
    """Completion by rule, in the words of the IRM; the monitor decides."""
    began = bool(value) or item_facts.declared in (Declared.ONGOING, Declared.DONE)
    if not began:
        return Completion.NOT_STARTED
    if not item_facts.valid:
        return Completion.NO_EVIDENCE
    if light == Declared.DONE.value:
        checked = any(
            (check := item_facts.facts.checks.get(evidence.id)) is not None and check.alive
            for evidence in item_facts.valid
        )
        return Completion.COMPLETE if checked else Completion.SUBSTANTIAL
    return Completion.SUBSTANTIAL if value is not None and value * 2 >= ONE else Completion.LIMITED


# --- what may be recorded


def check_verdict(fields: Mapping[str, Any]) -> None:
    """Check that a verdict has content, and does not open and close an alert at once.

    :raises RejectedReport: it does not, or does both.
    """
    empty = (None, "", False)
    if all(fields[name] in empty for name in CONTENT) and fields["agrees"] is None:
        reject("assigned", "verdict.empty")
    if fields["alert"] and fields["closes"]:
        reject("closes", "verdict.alert")


def check_rationale(role: VerdictRole, fields: Mapping[str, Any], suggested: Completion | None) -> None:
    """Check that a verdict that differs from the rules or from what is declared says why.

    :param suggested: the completion that the rules suggest.
    :raises RejectedReport: it does not.
    """
    if fields["rationale"]:
        return
    assigned = fields["assigned"]
    differs = assigned is not None and assigned is not suggested
    if differs or fields["agrees"] is False or fields["alert"]:
        reject("rationale", "verdict.rationale")
    if role is VerdictRole.MONITOR and assigned is not None:
        reject("rationale", "verdict.monitor")
