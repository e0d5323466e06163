"""Verdicts on an item beside its declared state, and the completion that the rules suggest."""

from __future__ import annotations

from decimal import Decimal

from ckanext.ogp_plan.planning.item_facts import ItemFacts, combine_states, owner_reports
from ckanext.ogp_plan.planning.progress import ONE
from ckanext.ogp_plan.planning.status_types import VerdictStatus
from ckanext.ogp_plan.planning.tracking import Completion, Verdict
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


def disagrees(declared: Declared, verdict: Verdict) -> bool:
    """Tell whether a verdict does not share a declared state: it says so, or it found less or more."""
    if verdict.agrees is not None:
        return not verdict.agrees
    if verdict.assigned is not None and declared in _DECLARED_RANK:
        return _RANK[verdict.assigned] != _DECLARED_RANK[declared]
    return verdict.fulfilled is False and declared is Declared.DONE


def verdict_statuses(view: ItemFacts) -> tuple[VerdictStatus, ...]:
    alerts = {one.role for one in view.verdicts if one.alert and one.id not in view.facts.closed_alerts}
    last = view.last_verdicts()
    return tuple(
        VerdictStatus(
            id=one.id,
            role=role,
            at=one.at,
            cut=one.cut,
            suggested=one.suggested,
            assigned=one.assigned,
            agrees=one.agrees,
            fulfilled=one.fulfilled,
            quality=one.quality,
            rationale=one.rationale,
            recommendation=one.recommendation,
            alert=role in alerts,
            disagrees=disagrees(view.declared, one) and _same_state(view, one),
        )
        for role, one in sorted(last.items(), key=lambda pair: pair[0].value)
    )


def _same_state(view: ItemFacts, verdict: Verdict) -> bool:
    """Tell whether what a verdict said no to is what is declared still."""
    if verdict.agrees is not False or not view.updates or view.updates[-1].at <= verdict.at:
        return True
    before = [one for one in view.updates if one.at <= verdict.at]
    _, owners = owner_reports(before, view.facts.owners(view.item))
    return combine_states([one.said.declared for one in owners]) is view.declared


def suggest_completion(view: ItemFacts, value: Decimal | None, light: str) -> Completion:
    """Completion by rule, in the words of the IRM; the monitor decides."""
    began = bool(value) or view.declared in (Declared.ONGOING, Declared.DONE)
    if not began:
        return Completion.NOT_STARTED
    if not view.valid:
        return Completion.NO_EVIDENCE
    if light == Declared.DONE.value:
        checked = any(
            (check := view.facts.checks.get(one.id)) is not None and check.alive for one in view.valid
        )
        return Completion.COMPLETE if checked else Completion.SUBSTANTIAL
    return Completion.SUBSTANTIAL if value is not None and value * 2 >= ONE else Completion.LIMITED
