"""The light of every item, with its reasons: computed from a record and a day, never typed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from . import calendar, progress
from . import settings as settings_module
from .facts import Facts, Owners, gathered
from .jsonable import CONTEXT, jsonable
from .progress import HUNDRED, ONE, ZERO, Child, Owed, Progress, Quota, Rolled
from .settings import Settings
from .tracking import Completion, Evidence, EvidenceCheck, Key, Record, Update, Verdict, VerdictRole
from .types import Declared, Item, Plan
from .wording import label_words, light_words, reason_title, reason_words

#: The light that is none of the declared states.
AT_RISK = "en_riesgo"
#: The four lights.
LIGHTS = ("no_iniciado", "en_curso", "completado", AT_RISK)
#: Codes of reasons, in the order they are printed; ``manual``: the responsible says so itself.
REASONS = ("R1", "R2", "R3", "R4", "R4b", "R5", "R6", "R7", "R9", "manual")
#: Codes of labels, in the order they are printed.
LABELS = (
    "reabierto_evidencia",
    "reabierto_veredicto",
    "sin_programacion",
    "sin_responsable",
    "responsable_por_identificar",
    "sin_meta",
    "sin_reporte",
    "avance_declarado",
    "evidencia_privada",
    "evidencia_rota",
    "condicional",
    "fusionada",
)
#: The field of an item that says it is one duty with another row: it counts with that one.
MERGED = "merged_with"
#: States outside of the four lights.
OUTSIDE = (Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is at risk. ``params``: the numbers to print (int, str, Decimal, date or None).

    ``how``, where there are several ways to have it, says which.
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AssignmentStanding:
    """How one organismo that owes an item stands. ``own_target``, ``actual``, ``met``: of its quota."""

    organization: str
    declared: Declared
    progress: Decimal | None = None
    last_update: dt.datetime | None = None
    silence_days: int | None = None
    own_target: Decimal | None = None
    actual: Decimal | None = None
    met: bool | None = None
    #: it did not report itself: what is said of the item as a whole counts for it
    by_whole: bool = False
    excluded: bool = False
    #: its own: ``completado`` when it says so or reached what it owes, ``en_riesgo`` when the day has passed
    #: or it was silent for too long, else what it says; the item's where it is the only one that owes it
    light: str = Declared.NOT_STARTED.value


@dataclass(frozen=True, slots=True)
class AnswerStanding:
    """What a responsible answered to a reason (``active``: the reason stands today)."""

    reason: str
    text: str
    at: dt.datetime
    organization: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class VerdictStanding:
    """The last word of a role on an item. ``alert``: it has an alert that is still open."""

    id: str
    role: VerdictRole
    at: dt.datetime
    cut: dt.date | None
    suggested: Completion | None
    assigned: Completion | None
    agrees: bool | None
    fulfilled: bool | None
    quality: str
    rationale: str
    recommendation: str
    alert: bool
    disagrees: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands on a day.

    ``declared``: what the responsibles say, together. ``light``: what is shown: one of :data:`LIGHTS`,
    or the state outside of them. ``progress`` and ``expected``: 0 to 1, None where there is none.
    ``silence_days``: since the last update, or since something was first owed. ``evidence``: how many
    stand; ``valid_evidence``: how many of them prove something today. ``labels``: see :data:`LABELS`.
    ``excluded``: of every denominator.
    """

    key: Key
    declared: Declared
    light: str
    reasons: tuple[Reason, ...]
    progress: Decimal | None
    progress_source: str | None
    expected: Decimal | None
    due: dt.date | None
    last_update: dt.datetime | None
    silence_days: int | None
    evidence: int
    valid_evidence: int
    private_evidence: int
    excluded: bool
    assignments: tuple[AssignmentStanding, ...]
    quota: Quota | None
    answers: tuple[AnswerStanding, ...]
    labels: tuple[str, ...]
    verdicts: tuple[VerdictStanding, ...]
    disagreement: bool
    suggested: Completion | None


@dataclass(frozen=True, slots=True)
class RollUp:
    """How the tracked items under one parent stand together (those of the whole plan under None).

    ``counts``: each light and each state outside of them → how many; they sum ``total``. ``counted``:
    without the excluded. ``reasons``: code → how many items have it. ``rolled``: the progress by the
    plan's weights, and of how many of the counted items it is known. ``undeclared``: without months.
    """

    key: Key | None
    total: int
    counted: int
    counts: dict[str, int]
    reasons: dict[str, int]
    rolled: Rolled
    undeclared: int
    disagreements: int
    without_evidence: int
    last_update: dt.datetime | None
    suggested: Completion | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a change of state still needs; ``code`` has words."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


# --- evidence


def broken(evidence: Evidence, check: EvidenceCheck | None) -> tuple[str, ...]:
    """Return why an evidence proves nothing today: ``gone``, ``changed``, ``closed``; () when it does.

    What could not be told breaks nothing. That a private file is not public is no break.
    """
    if check is None:
        return ()
    found = []
    if check.alive is False:
        found.append("gone")
    if check.same is False:
        found.append("changed")
    if check.public is False and evidence.public:
        found.append("closed")
    return tuple(found)


# --- one item


@dataclass(frozen=True, slots=True)
class _Said:
    """What updates of one owner, oldest first, leave standing."""

    declared: Declared = Declared.NOT_STARTED
    last: dt.datetime | None = None
    done_at: dt.datetime | None = None
    risk: Update | None = None
    unchanged: int = 0


def _said(updates: Iterable[Update]) -> _Said:
    declared, done_at, last = Declared.NOT_STARTED, None, None
    risk: Update | None = None
    unchanged = 0
    for one in updates:
        last = one.at
        risk = one if one.at_risk else None
        unchanged = unchanged + 1 if one.confirms else 0
        if one.state is not None:
            declared = one.state
            done_at = one.at if one.state is Declared.DONE else done_at
        elif declared is Declared.NOT_STARTED and one.progress:
            # the first progress begins an item, whatever the form left unsaid
            declared = Declared.ONGOING
    return _Said(declared, last, done_at, risk, unchanged)


def together(states: Sequence[Declared]) -> Declared:
    """Return the state of an item from those of all who owe it; who is outside of it does not count.

    ``completado`` when each is; ``no_iniciado`` when none began; otherwise ``en_curso``.
    """
    within = [one for one in states if one not in OUTSIDE]
    if not within:
        if not states:
            return Declared.NOT_STARTED
        counts = Counter(states)
        return max(OUTSIDE, key=lambda one: (counts[one], one.value))
    if all(one is Declared.DONE for one in within):
        return Declared.DONE
    if all(one is Declared.NOT_STARTED for one in within):
        return Declared.NOT_STARTED
    return Declared.ONGOING


@dataclass(slots=True)
class _Owner:
    """What one who owes an item said; one object stands for all of whom the same is said."""

    said: _Said
    by_whole: bool = False
    updates: Sequence[Update] = ()


def _owners(updates: Sequence[Update], owners: Owners) -> tuple[list[str | None], list[_Owner]]:
    """Return the names of all who owe an item (None: nobody in particular) and what each said.

    What is said of the item as a whole counts for who did not report itself.
    """
    if owners.size < 2:
        return [next(iter(owners.targets), None)], [_Owner(_said(updates), False, updates)]
    whole: list[Update] = []
    own: dict[str, list[Update]] = {}
    for one in updates:
        if one.organization is None:
            whole.append(one)
        else:
            own.setdefault(one.organization, []).append(one)
    # whom a group does not name is taken from those that reported, as many as it lacks
    others = sorted(set(own) - set(owners.targets))[: owners.unnamed] if owners.unnamed else []
    names: list[str | None] = [*sorted(owners.targets), *others]
    names += [None] * (owners.size - len(names))
    rest = _Owner(_said(whole), bool(whole), whole)
    reported = {name: _Owner(_said(ones), False, ones) for name, ones in own.items()}
    return names, [reported.get(name, rest) if name else rest for name in names]


class _View:
    """One item on a day: what all of its standing is computed from."""

    def __init__(self, facts: Facts, item: Item, today: dt.date, settings: Settings) -> None:
        self.facts, self.item, self.today, self.settings = facts, item, today, settings
        key = item.key
        self.updates = facts.updates.get(key, [])
        self.measurements = facts.measurements.get(key, [])
        self.names, self.owners = _owners(self.updates, facts.owners(item))
        self.declared = together([one.said.declared for one in self.owners])
        self.evidence = facts.evidence.get(key, [])
        self.breaks = {one.id: broken(one, facts.checks.get(one.id)) for one in self.evidence}
        self.valid = [one for one in self.evidence if not self.breaks[one.id]]
        self.verdicts = facts.verdicts.get(key, [])
        self.reopened = self._reopened()
        #: the declared state, or the one that it was reopened to
        self.state = Declared.ONGOING if self.reopened else self.declared
        self.due = calendar.due_of(item.schedule, facts.plan)
        self.start = calendar.start_of(item.schedule, facts.plan)

    def _reopened(self) -> str | None:
        """Why an item that is declared completado is open again, if it is."""
        if self.declared is not Declared.DONE:
            return None
        if self.evidence and not self.valid:
            return "reabierto_evidencia"
        done = max((one.said.done_at for one in self.owners if one.said.done_at), default=None)
        last = self.last_verdicts().values()
        if done and any(one.agrees is False and one.at >= done for one in last):
            return "reabierto_veredicto"
        return None

    def last_verdicts(self) -> dict[VerdictRole, Verdict]:
        """The last word of each role."""
        return {one.role: one for one in self.verdicts}

    @property
    def outside(self) -> bool:
        return self.declared in OUTSIDE

    @property
    def is_overdue(self) -> bool:
        """Its day has passed and it is not completado."""
        return bool(
            self.due and self.today > self.due and self.state is not Declared.DONE and not self.outside
        )

    @property
    def last_update(self) -> dt.datetime | None:
        """The last time somebody reported: an update, or a value measured by hand."""
        moments = [one.at for one in self.updates]
        moments += [one.at for one in self.measurements if one.method == "manual"]
        return max(moments, default=None)

    def silence(self, last: dt.datetime | None) -> int | None:
        """Days since the last report; without any, since something was first owed."""
        since = calendar.day_of(last) if last else self.start
        return max((self.today - since).days, 0) if since else None


def stand(
    record: Record | Facts,
    today: dt.date,
    keys: Collection[Key] | None = None,
    *,
    settings: Settings | None = None,
    overdue: Mapping[tuple[str | None, Key], dt.date] | None = None,
) -> dict[Key, Standing]:
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
    views: dict[Key, _View] = {}

    def view(key: Key) -> _View:
        if key not in views:
            views[key] = _View(facts, facts.items[key], today, how)
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
            made[item.key] = _standing(view(item.key), waits)
    return made


def settings_of(record: Record) -> Settings:
    """Return how a record's plan is tracked: its family's settings, and its own over them."""
    return settings_module.of(record.plan.family, record.settings)


def _standing(view: _View, waits: list[tuple[str | None, Key, dt.date | None]]) -> Standing:
    item, facts = view.item, view.facts
    made = progress.item_progress(facts, item)
    expected = progress.expected(item.schedule, facts.plan, view.today)
    merged = is_merged(item)
    reasons = () if view.outside or merged else tuple(_reasons(view, made, expected, waits))
    if view.outside:
        light = view.declared.value
    elif view.state is Declared.DONE and view.valid:
        light = Declared.DONE.value
    else:
        light = AT_RISK if reasons else view.state.value
    verdicts = _verdicts(view)
    last = view.last_update
    return Standing(
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
        suggested=None if view.outside or merged else _suggested(view, made.value, light),
    )


def _assignments(view: _View, quota: Quota | None, light: str) -> Iterable[AssignmentStanding]:
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
        yield AssignmentStanding(
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


def _own_light(view: _View, declared: Declared, silence: int | None, owed: Owed | None) -> str:
    """The light of one of those who share an item; see :class:`AssignmentStanding`."""
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


def _labels(view: _View, made: Progress) -> tuple[str, ...]:
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


def is_undeclared(item: Item, plan: Plan) -> bool:
    """Tell whether nobody says when an item is due, so that nothing is expected of it by a day."""
    return not calendar.scheduled_months(item.schedule, plan)


def is_merged(item: Item) -> bool:
    """Tell whether an item is one duty with another row, and counts with that one only."""
    return bool(item.fields.get(MERGED))


def _answers(view: _View, reasons: Sequence[Reason]) -> tuple[AnswerStanding, ...]:
    active = {one.code for one in reasons}
    return tuple(
        AnswerStanding(one.reason, one.text, one.at, one.organization, one.reason in active)
        for one in view.facts.answers.get(view.item.key, ())
    )


# --- reasons


def _reasons(
    view: _View,
    made: Progress,
    expected: Decimal | None,
    waits: list[tuple[str | None, Key, dt.date | None]],
) -> Iterable[Reason]:
    """Return the reasons of risk, in their order. What is completado keeps only R5 and R7."""
    open_ = view.state is not Declared.DONE
    if open_:
        yield from _r1(view)
        yield from _r2(view, made.value)
        yield from _r3(view, made.value, expected)
        yield from _r4(view)
    yield from _r5(view, made.value)
    if open_:
        yield from _r6(view, waits)
    yield from _r7(view)
    if open_:
        yield from _r9(view, made.quota)
        yield from _manual(view)


def _r1(view: _View) -> Iterable[Reason]:
    """Overdue."""
    if view.is_overdue and view.due:
        yield Reason("R1", {"due": view.due, "days": (view.today - view.due).days})


def _r2(view: _View, value: Decimal | None) -> Iterable[Reason]:
    """Due soon with little progress. Progress that nobody reports is no number; not begun is a fact."""
    if view.due is None or view.today > view.due:
        return
    how = view.settings
    window = how.threshold("due_soon_days")
    if view.start:
        share = Decimal((view.due - view.start).days) * how.threshold("due_soon_share") / HUNDRED
        window = max(window, share)
    left = (view.due - view.today).days
    least = how.threshold("due_soon_progress")
    little = view.state is Declared.NOT_STARTED if value is None else value * HUNDRED < least
    if left <= window and little:
        yield Reason(
            "R2",
            {
                "how": "none" if value is None else "little",
                "due": view.due,
                "days": left,
                "progress": _percent(value),
                "least": least,
            },
        )


def _r3(view: _View, value: Decimal | None, expected: Decimal | None) -> Iterable[Reason]:
    """Behind what is expected; off where nobody says when."""
    if expected is None or value is None and view.state is not Declared.NOT_STARTED:
        return
    points = (expected - (value or ZERO)) * HUNDRED
    if points >= view.settings.threshold("lag_points"):
        yield Reason(
            "R3",
            {
                "how": "none" if value is None else "behind",
                "expected": _percent(expected),
                "progress": _percent(value),
                "points": points,
                "limit": view.settings.threshold("lag_points"),
            },
        )


def _r4(view: _View) -> Iterable[Reason]:
    """Silence, and reports of "no changes" one after another."""
    how = view.settings
    last = view.last_update
    days, limit = view.silence(last), how.threshold("silence_factor") * how.cadence.days
    if days is not None and days > limit:
        since = calendar.day_of(last) if last else view.start
        yield Reason(
            "R4",
            {"how": "silent" if last else "never", "days": days, "limit": limit, "since": since},
        )
    most = max((one.said.unchanged for one in view.owners), default=0)
    if most and most >= how.threshold("unchanged_limit"):
        yield Reason("R4b", {"times": most, "limit": how.threshold("unchanged_limit")})


def _r5(view: _View, value: Decimal | None) -> Iterable[Reason]:
    """Said to be done, or to have progress for a full period, and nothing proves it."""
    if view.valid:
        return
    total = len(view.evidence)
    if view.declared is Declared.DONE:
        yield Reason("R5", {"how": "broken" if total else "done", "evidence": total})
        return
    first = _first_progress(view)
    if not value or first is None:
        return
    days = (view.today - calendar.day_of(first)).days
    full = view.settings.threshold("evidence_periods") * view.settings.cadence.days
    if days >= full:
        yield Reason(
            "R5",
            {
                "how": "progress",
                "evidence": total,
                "progress": _percent(value),
                "since": calendar.day_of(first),
                "days": days,
                "limit": full,
            },
        )


def _first_progress(view: _View) -> dt.datetime | None:
    moments = [one.at for one in view.updates if one.progress or one.state is Declared.DONE]
    moments += [one.at for one in view.measurements if progress.measured(one)]
    return min(moments, default=None)


def _r6(view: _View, waits: list[tuple[str | None, Key, dt.date | None]]) -> Iterable[Reason]:
    """What it waits for is overdue."""
    for plan, (level, code), due in waits:
        days = (view.today - due).days if due else None
        yield Reason("R6", {"plan": plan, "level": level, "code": code, "due": due, "days": days})


def _r7(view: _View) -> Iterable[Reason]:
    """An alert of Control Interno or the monitor that is still open."""
    for one in view.verdicts:
        if one.alert and one.id not in view.facts.closed_alerts:
            since = calendar.day_of(one.at)
            yield Reason(
                "R7",
                {
                    "how": one.role.value,
                    "verdict": one.id,
                    "since": since,
                    "days": max((view.today - since).days, 0),
                },
            )


def _r9(view: _View, quota: Quota | None) -> Iterable[Reason]:
    """A count that cannot be reached: what is missing exceeds what its best period gave, by far.

    Only once some period gave something: before that nothing is known of its pace.
    """
    for indicator in view.item.indicators:
        if not progress.is_additive(indicator) or not indicator.ascending:
            continue
        wanted = progress.target_value(indicator)
        actual = progress.actual_value(indicator, view.measurements)
        if wanted is None or actual is None:
            continue
        if quota and quota.indicator == indicator.code:
            wanted, actual = quota.target, quota.capped
        best, left = _pace(view, indicator.code)
        reach = view.settings.threshold("reach_factor") * best * left
        missing = wanted - actual
        if best > 0 and left >= 0 and missing > reach:
            yield Reason(
                "R9",
                {
                    "indicator": indicator.code,
                    "missing": missing,
                    "target": wanted,
                    "best": best,
                    "periods": left,
                    "factor": view.settings.threshold("reach_factor"),
                    "reach": reach,
                },
            )


def _pace(view: _View, code: str) -> tuple[Decimal, int]:
    """The most that one period of reporting gave, and how many are left; -1 when that is not known.

    The period that runs is left until its last day, whatever was measured in it already.
    """
    plan, months = view.facts.plan, view.settings.cadence.months
    sums: dict[str, Decimal] = {}
    for one in view.measurements:
        value = progress.measured(one)
        if one.indicator != code or one.dimension or value is None:
            continue
        period = calendar.period_of(one.end, months)
        sums[period.id] = sums.get(period.id, ZERO) + value
    end = view.due or plan.end
    if plan.start is None or end is None or view.today > end:
        return max(sums.values(), default=ZERO), -1
    return max(sums.values(), default=ZERO), len(calendar.periods_between(view.today, end, months))


def _manual(view: _View) -> Iterable[Reason]:
    """The responsible says so itself."""
    seen = set()
    for one in view.owners:
        risk = one.said.risk
        if risk is not None and risk.id not in seen:
            seen.add(risk.id)
            yield Reason(
                "manual",
                {
                    "text": risk.reason,
                    "organization": risk.organization,
                    "since": calendar.day_of(risk.at),
                },
            )


def _percent(value: Decimal | None) -> Decimal | None:
    return None if value is None else value * HUNDRED


# --- verdicts

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


def _verdicts(view: _View) -> tuple[VerdictStanding, ...]:
    alerts = {one.role for one in view.verdicts if one.alert and one.id not in view.facts.closed_alerts}
    last = view.last_verdicts()
    return tuple(
        VerdictStanding(
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


def _same_state(view: _View, verdict: Verdict) -> bool:
    """Tell whether what a verdict said no to is what is declared still."""
    if verdict.agrees is not False or not view.updates or view.updates[-1].at <= verdict.at:
        return True
    before = [one for one in view.updates if one.at <= verdict.at]
    _, owners = _owners(before, view.facts.owners(view.item))
    return together([one.said.declared for one in owners]) is view.declared


def _suggested(view: _View, value: Decimal | None, light: str) -> Completion:
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


# --- parents


def roll_up(
    standings: Mapping[Key, Standing], record: Record | Facts, settings: Settings | None = None
) -> dict[Key | None, RollUp]:
    """Return how the tracked items under each parent stand together; None: the whole plan.

    An item that is tracked and has items below counts itself and all of them.
    """
    facts = gathered(record)
    how = settings or settings_of(facts.record)
    made: dict[Key | None, RollUp] = {}
    with localcontext(CONTEXT):
        _rolled(None, standings, facts, how, made)
    return made


@dataclass(slots=True)
class _Sum:
    """What is summed up from below."""

    total: int = 0
    counted: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    with_value: int = 0
    undeclared: int = 0
    disagreements: int = 0
    without_evidence: int = 0
    valid: int = 0
    began: int = 0
    complete: int = 0
    last: dt.datetime | None = None
    progress: Decimal | None = None
    finished: Decimal | None = None

    def add(self, one: Standing, undeclared: bool) -> None:
        """Count one item."""
        self.total += 1
        self.counts[one.light] += 1
        self.reasons.update({reason.code for reason in one.reasons})
        self.undeclared += undeclared
        self.disagreements += one.disagreement
        self._news(one.last_update)
        if one.excluded:
            return
        self.counted += 1
        self.with_value += one.progress is not None
        self.valid += one.valid_evidence
        self.without_evidence += not one.valid_evidence
        self.began += one.suggested not in (None, Completion.NOT_STARTED)
        self.complete += one.suggested is Completion.COMPLETE

    def join(self, other: _Sum) -> None:
        """Count what stands further below."""
        for name in (
            "total",
            "counted",
            "with_value",
            "undeclared",
            "disagreements",
            "without_evidence",
            "valid",
            "began",
            "complete",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        self._news(other.last)

    def _news(self, moment: dt.datetime | None) -> None:
        if moment and (self.last is None or moment > self.last):
            self.last = moment

    def suggested(self) -> Completion | None:
        """Completion of a parent, by rule."""
        if not self.counted:
            return None
        if not self.began:
            return Completion.NOT_STARTED
        if not self.valid:
            return Completion.NO_EVIDENCE
        if self.complete == self.counted:
            return Completion.COMPLETE
        half = self.finished is not None and self.finished * 2 >= ONE
        return Completion.SUBSTANTIAL if half else Completion.LIMITED


def _rolled(
    key: Key | None,
    standings: Mapping[Key, Standing],
    facts: Facts,
    how: Settings,
    made: dict[Key | None, RollUp],
) -> _Sum:
    summed = _Sum()
    means: list[Child] = []
    ends: list[Child] = []
    for item in facts.children.get(key, ()):
        own = standings.get(item.key)
        below = _rolled(item.key, standings, facts, how, made) if facts.children.get(item.key) else None
        if own:
            summed.add(own, is_undeclared(item, facts.plan))
        if below:
            summed.join(below)
        if not own and not (below and below.total):
            continue
        weight = _weight(item, how)
        means.append(_child(own, below, weight))
        ends.append(_end(own, below, weight))
    summed.progress = progress.parent_progress(means, how.weights).progress
    summed.finished = progress.parent_progress(ends, how.weights).progress
    if summed.total or key is None:
        made[key] = RollUp(
            key=key,
            total=summed.total,
            counted=summed.counted,
            counts=dict(sorted(summed.counts.items())),
            reasons={code: summed.reasons[code] for code in REASONS if summed.reasons[code]},
            rolled=Rolled(summed.progress, summed.with_value, summed.counted),
            undeclared=summed.undeclared,
            disagreements=summed.disagreements,
            without_evidence=summed.without_evidence,
            last_update=summed.last,
            suggested=summed.suggested(),
        )
    return summed


def _child(own: Standing | None, below: _Sum | None, weight: Decimal | None) -> Child:
    """What an item weighs in its parent's progress: its own, or what rolls up to it."""
    if own and (own.progress is not None or not below):
        return Child(own.progress, weight, 1, own.excluded)
    if below:
        return Child(below.progress, weight, below.with_value, not below.counted)
    return Child(None, weight)


def _end(own: Standing | None, below: _Sum | None, weight: Decimal | None) -> Child:
    """What an item weighs in how much of its parent is completed."""
    if own:
        return Child(ONE if own.light == Declared.DONE.value else ZERO, weight, 1, own.excluded)
    if below:
        return Child(below.finished, weight, below.counted, not below.counted)
    return Child(None, weight)


def _weight(item: Item, how: Settings) -> Decimal | None:
    if how.weights == "explicit":
        return item.weight
    if how.weights == "budget":
        value = item.fields.get(how.weight_field)
        try:
            found = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
        except InvalidOperation:
            return None
        return found if found is not None and found.is_finite() else None
    return None


# --- as plain values


def standing_dict(standing: Standing) -> dict[str, Any]:
    """Return a standing as plain JSON: decimals as texts (fractions 0–1), days and moments as ISO texts."""
    made: dict[str, Any] = jsonable(standing)
    level, code = standing.key
    made["key"] = {"level": level, "code": code}
    made["reasons"] = [{"code": one.code, "params": jsonable(one.params)} for one in standing.reasons]
    if standing.quota:
        made["quota"]["progress"] = jsonable(standing.quota.progress)
    return made


def roll_up_dict(one: RollUp) -> dict[str, Any]:
    """Return a roll-up as plain JSON."""
    made: dict[str, Any] = jsonable(one)
    made["key"] = {"level": one.key[0], "code": one.key[1]} if one.key else None
    return made


# --- transitions


def may(
    before: Declared,
    after: Declared,
    *,
    evidence: int = 0,
    targets_met: bool = True,
    reason: str = "",
    act: str = "",
) -> tuple[Need, ...]:
    """Return what a change of the declared state still needs; nothing: it may be done.

    :param evidence: how many valid evidences the item has, with those that come with the change.
    :param targets_met: whether all its indicators reach their target.
    :param reason: what is written of why: the exception, the reopening, why it does not apply.
    :param act: the act of the plan's change.
    """
    if before is after:
        return ()
    wanted = []
    if after is Declared.DONE:
        wanted = [("need.evidence", evidence > 0), ("need.exception", targets_met or bool(reason.strip()))]
    elif after in OUTSIDE or before in OUTSIDE or (before, after) != (Declared.NOT_STARTED, Declared.ONGOING):
        wanted = [("need.reason", bool(reason.strip()))]
    if Declared.WITHDRAWN in (before, after):
        wanted.append(("need.act", bool(act.strip())))
    return tuple(Need(code) for code, has in wanted if not has)


__all__ = [
    "AT_RISK",
    "LABELS",
    "LIGHTS",
    "OUTSIDE",
    "REASONS",
    "AnswerStanding",
    "AssignmentStanding",
    "Need",
    "Reason",
    "RollUp",
    "Standing",
    "VerdictStanding",
    "broken",
    "disagrees",
    "label_words",
    "light_words",
    "may",
    "reason_title",
    "reason_words",
    "roll_up",
    "roll_up_dict",
    "settings_of",
    "stand",
    "standing_dict",
    "together",
]
