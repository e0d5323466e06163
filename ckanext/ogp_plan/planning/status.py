"""The status of every item, with its reasons: computed from a record and a day, never typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import localcontext

from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.facts import Facts, gathered
from ckanext.ogp_plan.planning.item_facts import ItemFacts, is_merged, is_undeclared
from ckanext.ogp_plan.planning.json_values import CONTEXT
from ckanext.ogp_plan.planning.progress import Owed, Progress, Quota
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
    """Return how the tracked items of a record stand on a day.

    :param record: a plan with its facts; it may hold only some items, with their facts.
    :param today: the day, in Colombia.
    :param keys: only these items (a level that is not tracked may be asked for so).
    :param settings: how the plan is tracked; None: its family's, with the record's own settings.
    :param overdue: overdue items that this record does not hold: (plan or None, key) → due day.
    """
    facts = gathered(record)
    how = settings or settings_of(facts.record)
    wanted = set(keys) if keys is not None else None
    views: dict[Key, ItemFacts] = {}

    def view(key: Key) -> ItemFacts:
        if key not in views:
            views[key] = ItemFacts(facts, facts.items[key], today, how)
        return views[key]

    elsewhere = overdue or {}
    made = {}
    with localcontext(CONTEXT):
        for item in facts.items.values():
            if not (item.trackable if wanted is None else item.key in wanted):
                continue
            waits: list[tuple[str | None, Key, dt.date | None]] = []
            for plan, other in facts.depends.get(item.key, ()):
                if plan is None and other in facts.items:
                    if view(other).is_overdue:
                        waits.append((plan, other, view(other).due))
                elif (plan, other) in elsewhere:
                    waits.append((plan, other, elsewhere[plan, other]))
            made[item.key] = _item_status(view(item.key), waits)
    return made


def _item_status(view: ItemFacts, waits: list[tuple[str | None, Key, dt.date | None]]) -> ItemStatus:
    item, facts = view.item, view.facts
    made = progress.item_progress(facts, item)
    expected = progress.expected(item.schedule, facts.plan, view.today)
    merged = is_merged(item)
    reasons = () if view.outside or merged else tuple(find_reasons(view, made, expected, waits))
    if view.outside:
        light = view.declared.value
    elif view.state is Declared.DONE and view.valid:
        light = Declared.DONE.value
    else:
        light = AT_RISK if reasons else view.state.value
    verdicts = verdict_statuses(view)
    last = view.last_update
    return ItemStatus(
        key=item.key,
        declared=view.declared,
        light=light,
        reasons=reasons,
        progress=made.value,
        progress_source=made.source,
        expected=expected,
        due=view.due,
        last_update=last,
        silence_days=view.silence(last),
        evidence=len(view.evidence),
        valid_evidence=len(view.valid),
        private_evidence=sum(not one.public for one in view.evidence),
        excluded=merged or view.declared in view.settings.excluded,
        assignments=tuple(_assignments(view, made.quota, light)),
        quota=made.quota,
        answers=_answers(view, reasons),
        labels=_labels(view, made),
        verdicts=verdicts,
        disagreement=any(one.disagrees for one in verdicts),
        suggested=None if view.outside or merged else suggest_completion(view, made.value, light),
    )


def _assignments(view: ItemFacts, quota: Quota | None, light: str) -> Iterable[AssignmentStatus]:
    alone = len(view.owners) == 1 and quota is None
    owed_by = quota.by_organization if quota else {}
    excluded = view.settings.excluded
    # most of a large group says the same: what its item says as a whole, or nothing
    silences: dict[dt.datetime | None, int | None] = {}
    for name, one in zip(view.names, view.owners, strict=True):
        if name is None:
            continue
        said, owed = one.said, owed_by.get(name)
        if owed is None:
            known = progress.progress_of(one.updates)
        else:
            known = None if owed.actual is None else owed.capped / owed.own_target
        if said.last not in silences:
            silences[said.last] = view.silence(said.last)
        yield AssignmentStatus(
            name,
            said.declared,
            known,
            said.last,
            silences[said.last],
            owed.own_target if owed else None,
            owed.actual if owed else None,
            owed.met if owed else None,
            one.by_whole,
            said.declared in excluded,
            light if alone else _own_light(view, said.declared, silences[said.last], owed),
        )


def _own_light(view: ItemFacts, declared: Declared, silence: int | None, owed: Owed | None) -> str:
    """The light of one of those who share an item; see :class:`AssignmentStatus`."""
    if declared in OUTSIDE:
        return declared.value
    if declared is Declared.DONE or (owed and owed.met):
        return Declared.DONE.value
    limit = view.settings.threshold("silence_factor") * view.settings.cadence.days
    if (silence is not None and silence > limit) or (view.due is not None and view.due < view.today):
        return AT_RISK
    if declared is Declared.NOT_STARTED and owed and owed.actual:
        return Declared.ONGOING.value
    return declared.value


def _labels(view: ItemFacts, made: Progress) -> tuple[str, ...]:
    item = view.item
    has = {
        "reabierto_evidencia": view.reopened == "reabierto_evidencia",
        "reabierto_veredicto": view.reopened == "reabierto_veredicto",
        "sin_programacion": is_undeclared(item, view.facts.plan),
        "fusionada": is_merged(item),
        "sin_responsable": not item.assignments,
        "responsable_por_identificar": any(one.unknown for one in item.assignments),
        "sin_meta": all(progress.target_value(one) is None for one in item.indicators),
        "sin_reporte": view.last_update is None,
        "avance_declarado": made.source == "declared",
        "evidencia_privada": any(not one.public for one in view.evidence),
        "evidencia_rota": any(view.breaks.values()),
        "condicional": bool(item.conditional),
    }
    return tuple(label for label in LABELS if has[label])


def _answers(view: ItemFacts, reasons: Sequence[Reason]) -> tuple[AnswerStatus, ...]:
    active = {one.code for one in reasons}
    return tuple(
        AnswerStatus(one.reason, one.text, one.at, one.organization, one.reason in active)
        for one in view.facts.answers.get(view.item.key, ())
    )
