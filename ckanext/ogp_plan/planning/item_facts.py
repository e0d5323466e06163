"""The facts of one item on a day, and the states that its responsibles declared: what its status rests on."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ckanext.cost_common.values.business_days import day_of
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.facts import Facts, Owners
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.tracking import Evidence, EvidenceCheck, Update, Verdict, VerdictRole
from ckanext.ogp_plan.planning.types import Declared, Item, Plan

#: The field of an item that says it is one duty with another row: it counts with that one.
MERGED = "merged_with"


def evidence_breaks(evidence: Evidence, check: EvidenceCheck | None) -> tuple[str, ...]:
    """Return why an evidence proves nothing today: ``gone``, ``changed``, ``closed``; () when it does.

    What could not be checked breaks nothing. That a private file is not public is no break.
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


def is_undeclared(item: Item, plan: Plan) -> bool:
    """Tell whether nobody says when an item is due, so that nothing is expected of it by a day."""
    return not calendar.scheduled_months(item.schedule, plan)


def is_merged(item: Item) -> bool:
    """Tell whether an item is one duty with another row, and counts with that one only."""
    return bool(item.fields.get(MERGED))


@dataclass(frozen=True, slots=True)
class ReportedState:
    """The state that the updates of one responsible, oldest first, leave in force.

    ``done_at``: when it was last declared done. ``risk``: its last update, when that declares a risk.
    ``unchanged``: how many of its last updates, one after another, only confirm that nothing changed.
    """

    declared: Declared = Declared.NOT_STARTED
    last: dt.datetime | None = None
    done_at: dt.datetime | None = None
    risk: Update | None = None
    unchanged: int = 0


def read_state(updates: Iterable[Update]) -> ReportedState:
    """Return the state that updates, oldest first, leave in force."""
    declared, done_at, last = Declared.NOT_STARTED, None, None
    risk: Update | None = None
    unchanged = 0
    for update in updates:
        last = update.at
        risk = update if update.at_risk else None
        unchanged = unchanged + 1 if update.confirms else 0
        if update.state is not None:
            declared = update.state
            done_at = update.at if update.state is Declared.DONE else done_at
        elif declared is Declared.NOT_STARTED and update.progress:
            # the first progress begins an item, also where the form left the state out
            declared = Declared.ONGOING
    return ReportedState(declared, last, done_at, risk, unchanged)


def combine_states(states: Sequence[Declared]) -> Declared:
    """Return the state of an item from those of all who owe it; who is outside of it does not count.

    ``completado`` when each is; ``no_iniciado`` when none began; otherwise ``en_curso``.
    """
    within = [state for state in states if state not in OUTSIDE]
    if not within:
        if not states:
            return Declared.NOT_STARTED
        counts = Counter(states)
        return max(OUTSIDE, key=lambda entry: (counts[entry], entry.value))
    if all(row is Declared.DONE for row in within):
        return Declared.DONE
    if all(row is Declared.NOT_STARTED for row in within):
        return Declared.NOT_STARTED
    return Declared.ONGOING


@dataclass(slots=True)
class OwnerReports:
    """What one responsible of an item reported; those who reported the same share one object.

    ``by_whole``: it did not report itself, and what was reported of the item as a whole counts for it.
    """

    reported: ReportedState
    by_whole: bool = False
    updates: Sequence[Update] = ()


def collect_reports(updates: Sequence[Update], owners: Owners) -> tuple[list[str | None], list[OwnerReports]]:
    """Return the names of all who owe an item (None: nobody in particular) and what each reported.

    What is reported of the item as a whole counts for who did not report itself.
    """
    if owners.size < 2:
        return [next(iter(owners.targets), None)], [OwnerReports(read_state(updates), False, updates)]
    whole: list[Update] = []
    own: dict[str, list[Update]] = {}
    for update in updates:
        if update.organization is None:
            whole.append(update)
        else:
            own.setdefault(update.organization, []).append(update)
    # whom a group does not name is taken from those that reported, as many as it lacks
    others = sorted(set(own) - set(owners.targets))[: owners.unnamed] if owners.unnamed else []
    names: list[str | None] = [*sorted(owners.targets), *others]
    names += [None] * (owners.size - len(names))
    rest = OwnerReports(read_state(whole), bool(whole), whole)
    reported = {name: OwnerReports(read_state(updates), False, updates) for name, updates in own.items()}
    return names, [reported.get(name, rest) if name else rest for name in names]


class ItemFacts:
    """The facts of one item on a day, from which its whole status is computed.

    ``declared``: the state that its responsibles declare together. ``state``: the same, or the one it was
    reopened to. ``breaks``: evidence → why it proves nothing today. ``valid``: the evidence that does.
    """

    def __init__(self, facts: Facts, item: Item, today: dt.date, settings: Settings) -> None:
        self.facts, self.item, self.today, self.settings = facts, item, today, settings
        key = item.key
        self.updates = facts.updates.get(key, [])
        self.measurements = facts.measurements.get(key, [])
        self.names, self.owners = collect_reports(self.updates, facts.owners(item))
        self.declared = combine_states([owner.reported.declared for owner in self.owners])
        self.evidence = facts.evidence.get(key, [])
        self.breaks = {
            evidence_item.id: evidence_breaks(evidence_item, facts.checks.get(evidence_item.id))
            for evidence_item in self.evidence
        }
        self.valid = [evidence_item for evidence_item in self.evidence if not self.breaks[evidence_item.id]]
        self.verdicts = facts.verdicts.get(key, [])
        self.reopened = self._reopened()
        #: the declared state, or the one that it was reopened to
        self.state = Declared.ONGOING if self.reopened else self.declared
        self.due = calendar.due_of(item.schedule, facts.plan)
        self.start = calendar.start_of(item.schedule, facts.plan)

    def _reopened(self) -> str | None:
        """Return why an item that is declared completado is open again; None when it is not."""
        if self.declared is not Declared.DONE:
            return None
        if self.evidence and not self.valid:
            return "reabierto_evidencia"
        done = max((owner.reported.done_at for owner in self.owners if owner.reported.done_at), default=None)
        last = self.last_verdicts().values()
        if done and any(entry.agrees is False and entry.at >= done for entry in last):
            return "reabierto_veredicto"
        return None

    def last_verdicts(self) -> dict[VerdictRole, Verdict]:
        """Return the last verdict of each role."""
        return {verdict.role: verdict for verdict in self.verdicts}

    @property
    def outside(self) -> bool:
        """Tell whether its declared state is none of the lights."""
        return self.declared in OUTSIDE

    @property
    def is_overdue(self) -> bool:
        """Tell whether its day has passed and it is not completado."""
        return bool(
            self.due and self.today > self.due and self.state is not Declared.DONE and not self.outside
        )

    @property
    def last_update(self) -> dt.datetime | None:
        """Return the last time somebody reported: an update, or a value measured by hand."""
        moments = [update.at for update in self.updates]
        moments += [measurement.at for measurement in self.measurements if measurement.method == "manual"]
        return max(moments, default=None)

    def silence(self, last: dt.datetime | None) -> int | None:
        """Return the days since the last report; without any, since something was first owed."""
        since = day_of(last) if last else self.start
        return max((self.today - since).days, 0) if since else None
