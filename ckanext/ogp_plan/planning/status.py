"""The status of every item, with its reasons: computed from a record and a day, never typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import localcontext

from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts, gather_facts
from ckanext.ogp_plan.planning.item_facts import ItemFacts, is_merged, is_undeclared
from ckanext.ogp_plan.planning.json_values import CONTEXT
from ckanext.ogp_plan.planning.progress import Progress, Quota, QuotaShare
from ckanext.ogp_plan.planning.reasons import find_reasons
from ckanext.ogp_plan.planning.settings import Settings, settings_of
from ckanext.ogp_plan.planning.status_types import (
    AT_RISK,
    LABELS,
    OUTSIDE,
    AnswerStatus,
    AssignmentStatus,
    ItemStatus,
    Reason,
)
from ckanext.ogp_plan.planning.tracking import Key, Record
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.verdicts import suggest_completion, verdict_statuses


def compute_status(
    record: Record | Facts,
    today: dt.date,
    keys: Collection[Key] | None = None,
    *,
    settings: Settings | None = None,
    overdue: Mapping[tuple[str | None, Key], dt.date] | None = None,
) -> dict[Key, ItemStatus]:
    """Return the status of the tracked items of a record on a day.

    :param record: a plan with its facts; it may hold only some items, with their facts.
    :param today: the day, in Colombia.
    :param keys: only these items (a level that is not tracked may be asked for so).
    :param settings: how the plan is tracked; None: its family's, with the record's own settings.
    :param overdue: overdue items that this record does not hold: (plan or None, key) → due day.
    """
    facts = gather_facts(record)
    how = settings or settings_of(facts.record)
    wanted = set(keys) if keys is not None else None
    known: dict[Key, ItemFacts] = {}

    def facts_of(key: Key) -> ItemFacts:
        if key not in known:
            known[key] = ItemFacts(facts, facts.items[key], today, how)
        return known[key]

    elsewhere = overdue or {}
    made = {}
    with localcontext(CONTEXT):
        for item in facts.items.values():
            if not (item.trackable if wanted is None else item.key in wanted):
                continue
            waits: list[tuple[str | None, Key, dt.date | None]] = []
            for plan, other in facts.depends.get(item.key, ()):
                if plan is None and other in facts.items:
                    if facts_of(other).is_overdue:
                        waits.append((plan, other, facts_of(other).due))
                elif (plan, other) in elsewhere:
                    waits.append((plan, other, elsewhere[plan, other]))
            made[item.key] = _item_status(facts_of(item.key), waits)
    return made


def _item_status(item_facts: ItemFacts, waits: list[tuple[str | None, Key, dt.date | None]]) -> ItemStatus:
    item, facts = item_facts.item, item_facts.facts
    made = progress.compute_item_progress(facts, item)
    expected = progress.expected_progress(item.schedule, facts.plan, item_facts.today)
    merged = is_merged(item)
    reasons = () if item_facts.outside or merged else tuple(find_reasons(item_facts, made, expected, waits))
    if item_facts.outside:
        light = item_facts.declared.value
    elif item_facts.state is Declared.DONE and item_facts.valid:
        light = Declared.DONE.value
    else:
        light = AT_RISK if reasons else item_facts.state.value
    verdicts = verdict_statuses(item_facts)
    last = item_facts.last_update
    return ItemStatus(
        key=item.key,
        declared=item_facts.declared,
        light=light,
        reasons=reasons,
        progress=made.value,
        progress_source=made.source,
        expected=expected,
        due=item_facts.due,
        last_update=last,
        silence_days=item_facts.silence(last),
        evidence=len(item_facts.evidence),
        valid_evidence=len(item_facts.valid),
        private_evidence=sum(not evidence_item.public for evidence_item in item_facts.evidence),
        excluded=merged or item_facts.declared in item_facts.settings.excluded,
        assignments=tuple(_assignments(item_facts, made.quota, light)),
        quota=made.quota,
        answers=_answers(item_facts, reasons),
        labels=_labels(item_facts, made),
        verdicts=verdicts,
        disagreement=any(verdict.disagrees for verdict in verdicts),
        suggested=None if item_facts.outside or merged else suggest_completion(item_facts, made.value, light),
    )


def _assignments(item_facts: ItemFacts, quota: Quota | None, light: str) -> Iterable[AssignmentStatus]:
    alone = len(item_facts.owners) == 1 and quota is None
    owed_by = quota.by_organization if quota else {}
    excluded = item_facts.settings.excluded
    # most of a large group says the same: what its item says as a whole, or nothing
    silences: dict[dt.datetime | None, int | None] = {}
    for name, entry in zip(item_facts.names, item_facts.owners, strict=True):
        if name is None:
            continue
        reported, owed = entry.reported, owed_by.get(name)
        if owed is None:
            known = progress.last_progress(entry.updates)
        else:
            known = None if owed.actual is None else owed.capped / owed.own_target
        if reported.last not in silences:
            silences[reported.last] = item_facts.silence(reported.last)
        yield AssignmentStatus(
            name,
            reported.declared,
            known,
            reported.last,
            silences[reported.last],
            owed.own_target if owed else None,
            owed.actual if owed else None,
            owed.met if owed else None,
            entry.by_whole,
            reported.declared in excluded,
            light if alone else _own_light(item_facts, reported.declared, silences[reported.last], owed),
        )


def _own_light(
    item_facts: ItemFacts, declared: Declared, silence: int | None, owed: QuotaShare | None
) -> str:
    """The light of one of those who share an item; see :class:`AssignmentStatus`."""
    if declared in OUTSIDE:
        return declared.value
    if declared is Declared.DONE or (owed and owed.met):
        return Declared.DONE.value
    limit = item_facts.settings.threshold("silence_factor") * item_facts.settings.cadence.days
    if (silence is not None and silence > limit) or (
        item_facts.due is not None and item_facts.due < item_facts.today
    ):
        return AT_RISK
    if declared is Declared.NOT_STARTED and owed and owed.actual:
        return Declared.ONGOING.value
    return declared.value


def _labels(item_facts: ItemFacts, made: Progress) -> tuple[str, ...]:
    item = item_facts.item
    has = {
        "reabierto_evidencia": item_facts.reopened == "reabierto_evidencia",
        "reabierto_veredicto": item_facts.reopened == "reabierto_veredicto",
        "sin_programacion": is_undeclared(item, item_facts.facts.plan),
        "fusionada": is_merged(item),
        "sin_responsable": not item.assignments,
        "responsable_por_identificar": any(assignment.unknown for assignment in item.assignments),
        "sin_meta": all(progress.target_value(indicator) is None for indicator in item.indicators),
        "sin_reporte": item_facts.last_update is None,
        "avance_declarado": made.source == "declared",
        "evidencia_privada": any(not evidence_item.public for evidence_item in item_facts.evidence),
        "evidencia_rota": any(item_facts.breaks.values()),
        "condicional": bool(item.conditional),
    }
    return tuple(label for label in LABELS if has[label])


def _answers(item_facts: ItemFacts, reasons: Sequence[Reason]) -> tuple[AnswerStatus, ...]:
    active = {reason.code for reason in reasons}
    return tuple(
        AnswerStatus(answer.reason, answer.text, answer.at, answer.organization, answer.reason in active)
        for answer in item_facts.facts.answers.get(item_facts.item.key, ())
    )
