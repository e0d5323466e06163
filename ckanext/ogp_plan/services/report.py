"""What is reported: judged against the facts as they stand, and written with all that follows, or not at all.

A :class:`Work` is what one person reports at once. Its items are locked first and their facts read after
that, so that of two at the same time the second one is judged by what the first one said. What is
reported to an item is repeated to those that it answers for. :meth:`Work.write` appends the facts
and computes the items again; the caller commits.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.exc import IntegrityError, OperationalError

from ckanext.cost_common import language
from ckanext.cost_common.values.periods import Period, parse_period, period_of
from ckanext.ogp_plan.model import Event, ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning import progress, store, tracking
from ckanext.ogp_plan.planning.facts import Facts, Owners
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.tracking import (
    Evidence,
    EvidenceKind,
    Key,
    Measurement,
    Record,
    Report,
    Update,
)
from ckanext.ogp_plan.planning.transitions import Need, may
from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Declared,
    Indicator,
    Item,
    Measure,
    Plan,
    PlanStatus,
    Role,
)
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import link as link_service
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.link import Anywhere
from ckanext.ogp_plan.services.permission import Person

#: Statuses of a plan in which something is reported.
TRACKED = (PlanStatus.ADOPTED.value, PlanStatus.RUNNING.value)
#: States that stand outside of the denominators: a change of the plan, and so the coordinator's word.
OUTSIDE = (Declared.NOT_APPLICABLE, Declared.SUSPENDED, Declared.WITHDRAWN)
#: Ids of facts that a request named.
_NAMESPACE = uuid.UUID("5b1ab2a4-6bb0-5c9d-9a5e-1f2a0c1f7e55")
#: How often a transaction that PostgreSQL ended to untie two others is tried again.
_ATTEMPTS = 4
_UNTIED = ("40P01", "40001")

T = TypeVar("T")


def refused(name: str, *sentences: str) -> tk.ValidationError:
    """Return the error of one field."""
    return tk.ValidationError({name: list(sentences)})


def id_of(plan_id: str, user_id: str | None, request_id: str | None, part: str = "") -> str:
    """Return the id of a fact: the same for the same request of the same person, a new one without one."""
    if not request_id:
        return make_uuid()
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((plan_id, user_id or "", request_id, part))))


def written(fact_id: str, kind: str) -> Event | None:
    """Return the fact that a request made the time before, or None."""
    found = model.Session.get(Event, fact_id)
    return found if found is not None and found.kind == kind else None


def in_one(do: Callable[[], T], context: Mapping[str, Any]) -> T:
    """Run a piece of writing as one transaction: committed at its end, rolled back when it fails.

    :param context: of the action; with ``defer_commit`` the caller commits.
    :raises tk.ValidationError: somebody else corrected the same fact first.
    """
    if context.get("defer_commit"):
        return do()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            made = do()
            model.Session.commit()
            return made
        except OperationalError as error:
            model.Session.rollback()
            if getattr(error.orig, "pgcode", None) not in _UNTIED or attempt == _ATTEMPTS:
                raise
        except IntegrityError as error:
            model.Session.rollback()
            if "supersedes" not in str(error.orig):
                raise
            raise refused("supersedes", _corrected()) from error
        except BaseException:
            model.Session.rollback()
            raise
    raise AssertionError("unreachable")


def _corrected() -> str:
    return str(tk._("It was corrected already. Open the page again and correct the last one."))


@contextlib.contextmanager
def _inside(name: str, number: int) -> Iterator[None]:
    """Say of what is wrong in a part of a request which part it is."""
    try:
        yield
    except tk.ValidationError as error:
        raise tk.ValidationError({name: [*({} for _ in range(number)), error.error_dict]}) from error


def lock(item_id: str) -> None:
    """Wait until nobody else writes to an item: two of the same request come one after the other."""
    item = model.Session.get(PlanItem, item_id)
    if item is not None:
        others = link_service.answering_for([(item.plan_id, (item.level, item.code))])
        wanted: dict[str, set[Key]] = {item.plan_id: {(item.level, item.code)}}
        for found in others.values():
            for plan_id, key in found:
                wanted.setdefault(plan_id, set()).add(key)
        item_status.lock(wanted)


# --- one plan under our hands


@dataclass
class Desk:
    """One plan with the items that are reported to, their facts, and what is being added to them."""

    plan: PlanRow
    settings: Settings
    rows: dict[Key, PlanItem]
    record: Record
    owed: dict[str, dict[str, set[str]]]
    now: dt.datetime
    added: list[tracking.Event] = field(default_factory=list)
    _own: dict[Key, Record] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: PlanRow, keys: set[Key]) -> Desk:
        """Read a plan's items and facts as they stand now."""
        wanted = (
            sa.select(PlanItem)
            .where(PlanItem.plan_id == plan.id)
            .where(sa.tuple_(PlanItem.level, PlanItem.code).in_(sorted(keys)))
            .execution_options(populate_existing=True)
        )
        rows = {(one.level, one.code): one for one in model.Session.scalars(wanted)}
        owed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        assigned = sa.select(ItemAssignment.item_id, ItemAssignment.organization, ItemAssignment.role).where(
            ItemAssignment.item_id.in_([one.id for one in rows.values()]),
            ItemAssignment.organization.is_not(None),
            ItemAssignment.role.in_(permission.OWING),
        )
        for item_id, name, role in model.Session.execute(assigned):
            owed[item_id][name].add(role)
        settings = record_service.effective_settings(plan)
        return cls(plan, settings, rows, record_service.load(plan, keys), owed, event_service.clock())

    def item(self, key: Key) -> Item:
        """Return an item of the plan's present version.

        :raises tk.ValidationError: it is in it no more, or nothing is reported to items of its level.
        """
        row = self.rows.get(key)
        found = self.record.plan.item(*key)
        if row is None or row.withdrawn or found is None:
            raise refused("item", tk._("The item was withdrawn from the plan: nothing is reported to it."))
        if not found.trackable:
            raise refused(
                "item",
                tk._("Nothing is reported to items of this level. Report to those that hang from it."),
            )
        return found

    def owns(self, key: Key, organization: str) -> bool:
        """Whether an organismo owes an item."""
        return organization in self.owed[self.rows[key].id]

    def leads(self, key: Key, organization: str | None) -> bool:
        """Whether an organismo leads an item, or nobody that is known does."""
        known = self.owed[self.rows[key].id]
        leads = {name for name, roles in known.items() if Role.LEAD.value in roles}
        return organization is None or not leads or organization in leads

    def of_item(self, key: Key) -> Record:
        """Return the record of one item alone, with what is being added."""
        if not self._own:
            self._own = _by_item(self.record)
        if key not in self._own:
            self._own[key] = _empty(self.record, key)
        return self._own[key]

    def facts(self, key: Key) -> Facts:
        """Return the facts of one item, with what is being added."""
        return Facts(self.of_item(key))

    def add(self, fact: tracking.Event) -> None:
        """Take a fact among what will be written."""
        self.added.append(fact)
        store.events_like(self.of_item(fact.item), fact).append(fact)  # type: ignore[attr-defined]

    def drop(self, count: int) -> None:
        """Take back what was added after the first so many."""
        for fact in self.added[count:]:
            store.events_like(self.of_item(fact.item), fact).remove(fact)  # type: ignore[attr-defined]
        del self.added[count:]

    def closed_periods(self) -> dict[str, Period]:
        """Return the periods of reporting that are closed."""
        last: dict[str, bool] = {}
        for one in tracking.standing(self.record.periods):
            last[one.period] = one.opened
        return {name: parse_period(name) for name, opened in last.items() if not opened}


def _empty(record: Record, key: Key) -> Record:
    whole = record.plan
    item = whole.item(*key)
    plan = Plan(
        whole.family, start=whole.start, end=whole.end, items=[item] if item else [], groups=whole.groups
    )
    return Record(
        plan, version=record.version, settings=record.settings, periods=record.periods, reports=record.reports
    )


def _by_item(record: Record) -> dict[Key, Record]:
    """A record cut into those of its items, so that each is judged without reading all of them."""
    found = {item.key: _empty(record, item.key) for item in record.plan.items}
    about: dict[str, Key] = {}
    for name in ("updates", "measurements", "evidence", "verdicts", "answers", "links"):
        for one in getattr(record, name):
            about[one.id] = one.item
            getattr(found.setdefault(one.item, _empty(record, one.item)), name).append(one)
    for check in record.checks:
        if check.evidence in about:
            found[about[check.evidence]].checks.append(check)
    for review in record.reviews:
        if review.update in about:
            found[about[review.update]].reviews.append(review)
        elif review.report:
            for each in found.values():
                each.reviews.append(review)
    return found


# --- what is said


@dataclass(slots=True)
class Said:
    """What is reported of one item: an update with its measurements and evidence.

    ``measurements`` and ``evidence``: their fields as :mod:`.request_fields` read them.
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
    #: what was measured of the same period is corrected, and not refused (workbooks of many rows)
    corrects: bool = False

    @property
    def speaks(self) -> bool:
        """Whether the update itself says anything."""
        return bool(
            self.state
            or self.progress is not None
            or self.text
            or self.obstacles
            or self.next_step
            or self.at_risk
            or self.confirms
        )


def _of_period(measured: Mapping[str, Any], period: str | None) -> Mapping[str, Any]:
    """A value reported with an update is of its period, unless it names its own or corrects another."""
    own = any(measured.get(name) for name in ("period", "start", "end", "supersedes"))
    return measured if own or not period else {**measured, "period": period}


@dataclass(frozen=True, slots=True)
class Repeat:
    """What became of an update at an item it answers for. ``update`` None: not repeated, for ``why``."""

    plan: PlanRow
    item: PlanItem
    update: Update | None
    why: str = ""
    state_kept: bool = True


class Work:
    """What one person reports at once, to items of one plan or of several."""

    def __init__(self, person: Person, request_id: str | None = None) -> None:
        self.person = person
        self.request_id = request_id
        self.desks: dict[str, Desk] = {}
        self.answers_for: dict[Anywhere, set[Anywhere]] = {}
        self.repeats: dict[str, list[Repeat]] = defaultdict(list)
        self.today = record_service.today()
        self._ticks = 0

    def open(self, items: Iterable[PlanItem], *, linked_too: bool = True) -> None:
        """Lock items, and those they answer for, and read their facts. To be called once.

        Locks are taken in one order by everybody: plans (shared), then the rows that will be computed.
        """
        asked = {(one.plan_id, (one.level, one.code)) for one in items}
        self.answers_for = link_service.answering_for(asked) if linked_too else {one: set() for one in asked}
        everything = asked.union(*self.answers_for.values()) if self.answers_for else asked
        wanted: dict[str, set[Key]] = defaultdict(set)
        for plan_id, key in everything:
            wanted[plan_id].add(key)
        item_status.lock(wanted)
        for plan_id in sorted(wanted):
            plan = model.Session.get(PlanRow, plan_id, populate_existing=True)
            if plan is not None:
                self.desks[plan_id] = Desk.of(plan, wanted[plan_id])

    def desk(self, plan_id: str) -> Desk:
        """Return the desk of a plan in which something may be reported now.

        :raises tk.ValidationError: nothing is.
        """
        desk = self.desks[plan_id]
        if desk.plan.status not in TRACKED:
            raise refused("plan", not_tracked(desk.plan))
        return desk

    def _next(self, desk: Desk) -> dt.datetime:
        """A moment after all before it, until the database gives the true one."""
        self._ticks += 1
        return desk.now + dt.timedelta(microseconds=self._ticks)

    # --- updates

    def update(
        self, plan_id: str, key: Key, organization: str | None, said: Said, part: str = ""
    ) -> Update | None:
        """Judge what is reported of an item and take it among what will be written, with its repeats.

        :param part: tells several of one request apart.
        :returns: the update; None when only measurements or evidence were given.
        :raises tk.ValidationError: it cannot be reported so.
        """
        before = {name: len(desk.added) for name, desk in self.desks.items()}
        try:
            return self._update(plan_id, key, organization, said, part)
        except BaseException:
            for name, count in before.items():
                self.desks[name].drop(count)
            raise

    def _update(
        self, plan_id: str, key: Key, organization: str | None, said: Said, part: str
    ) -> Update | None:
        desk = self.desk(plan_id)
        item = desk.item(key)
        self._whose(desk, key, organization)
        _consistent(said)
        self._period(desk, said.period)
        self._report(desk, said.report, organization)
        old = self._superseded(desk, "updates", key, organization, said.supersedes)
        before = _before(desk, key, organization, without=old)
        fact_id = id_of(plan_id, self.person.id, self.request_id, f"{part}update")
        speaks = said.speaks
        update = fact_id if speaks else None
        measured = []
        for number, one in enumerate(said.measurements):
            with _inside("measurements", number):
                made_of = self.measurement(
                    plan_id,
                    key,
                    organization,
                    _of_period(one, said.period),
                    f"{part}m{number}",
                    update=update,
                    report=said.report,
                    correct=said.corrects,
                )
                measured.append(made_of.id)
        # without words, what is proved is the only figure given
        proved = measured[0] if update is None and len(measured) == 1 else None
        for number, one in enumerate(said.evidence):
            with _inside("evidence", number):
                self.evidence(
                    plan_id, key, organization, one, f"{part}e{number}", update=update, measurement=proved
                )
        if not speaks:
            if not said.measurements and not said.evidence:
                raise refused(
                    "text",
                    tk._(
                        "Say something: the state, the progress, what was done, a value, evidence, or that "
                        "nothing changed."
                    ),
                )
            return None
        state = self._state(desk, item, organization, before, said)
        made = Update(
            id=fact_id,
            at=self._next(desk),
            by=self.person.id,
            item=key,
            organization=organization,
            state=state,
            progress=said.progress,
            text=said.text,
            obstacles=said.obstacles,
            next_step=said.next_step,
            reason=said.reason,
            act=said.act,
            at_risk=said.at_risk,
            confirms=said.confirms,
            period=said.period,
            report=said.report,
            supersedes=old.id if old else None,
        )
        desk.add(made)
        for other in sorted(self.answers_for.get((plan_id, key), ())):
            if other[0] in self.desks:
                self.repeats[made.id].append(self._repeat(made, other, said, old, part))
        return made

    def _whose(self, desk: Desk, key: Key, organization: str | None) -> None:
        if organization is not None and not desk.owns(key, organization):
            raise refused(
                "organization", tk._("This organismo does not owe the item. Choose one of those that do.")
            )

    def _period(self, desk: Desk, name: str | None) -> None:
        if name is None:
            return
        if name in desk.closed_periods():
            raise refused("period", _closed(name))
        if parse_period(name).start > self.today:
            raise refused("period", tk._("The period %(period)s has not begun.") % {"period": name})

    def _report(self, desk: Desk, report: str | None, organization: str | None) -> None:
        if report is None:
            return
        found = next((one for one in tracking.standing(desk.record.reports) if one.id == report), None)
        if found is None or found.organization != organization:
            raise refused("report", tk._("There is no such report of this organismo in this plan."))

    def _superseded(
        self, desk: Desk, kind: str, key: Key, organization: str | None, wanted: str | None
    ) -> Any:
        """The fact that is corrected: one of the same item and organismo, that stands."""
        if wanted is None:
            return None
        known = getattr(desk.of_item(key), kind)
        found = next((one for one in known if one.id == wanted), None)
        if found is None or found.organization != organization:
            raise refused("supersedes", tk._("What you correct is not of this item and organismo."))
        if all(one.id != wanted for one in tracking.standing(known)):
            raise refused("supersedes", _corrected())
        return found

    def _state(
        self, desk: Desk, item: Item, organization: str | None, before: Declared, said: Said
    ) -> Declared | None:
        """The state that an update declares, judged against the one before."""
        leads = desk.leads(item.key, organization)
        if said.state is before and not leads:
            # a form sends back the state it found
            return None
        if not leads and (said.state is not None or said.progress is not None):
            raise refused(
                "state",
                tk._(
                    "Only who leads the item declares its state and progress. Tell in the text what you did "
                    "for it."
                ),
            )
        if _crosses(said.state, before) and not permission.may(
            self.person, "report_whole", desk.plan, desk.rows[item.key]
        ):
            raise refused(
                "state",
                tk._(
                    "Only the coordinator says that an item does not apply, is suspended or withdrawn, or "
                    "applies again. Ask the coordinator, with the reason."
                ),
            )
        state = said.state
        if state is None:
            begins = before is Declared.NOT_STARTED and leads and not said.confirms
            return Declared.ONGOING if begins else None
        needs = self._needs(desk, item, organization, before, state, said)
        if needs:
            errors: dict[str, list[str]] = defaultdict(list)
            for need in needs:
                errors[_FIELD_OF[need.code]].append(phrases.need_words(need, language.current()))
            raise tk.ValidationError(dict(errors))
        return state

    def _needs(
        self, desk: Desk, item: Item, organization: str | None, before: Declared, state: Declared, said: Said
    ) -> tuple[Need, ...]:
        facts = desk.facts(item.key)
        return may(
            before,
            state,
            evidence=_valid_evidence(facts, item.key, organization),
            targets_met=state is not Declared.DONE or _reached(facts, item, organization, self.today),
            reason=said.reason,
            act=said.act,
        )

    # --- repeats

    def _repeat(self, made: Update, other: Anywhere, said: Said, old: Update | None, part: str) -> Repeat:
        """Report the same to an item that this one answers for, as far as it can be."""
        plan_id, key = other
        desk = self.desks[plan_id]
        row = desk.rows.get(key)
        item = desk.record.plan.item(*key)
        why = self._not_repeated(desk, row, item, made)
        if why or row is None or item is None:
            return Repeat(desk.plan, row or PlanItem(), None, why)
        organization = made.organization if made.organization and desk.owns(key, made.organization) else None
        known = tracking.standing(desk.of_item(key).updates)
        twin = next((one for one in known if old is not None and one.origin == old.id), None)
        before = _before(desk, key, organization, without=twin)
        fact_id = str(uuid.uuid5(_NAMESPACE, f"{made.id}\x1f{plan_id}\x1f{key[0]}\x1f{key[1]}"))
        there = {
            one.url or one.resource or one.dataset for one in tracking.standing(desk.of_item(key).evidence)
        }
        for number, one in enumerate(said.evidence):
            if (one.get("url") or one.get("resource") or one.get("dataset")) not in there:
                self.evidence(plan_id, key, organization, one, f"{part}r{number}", update=fact_id)
        state, kept = made.state, True
        if state is not None and self._needs(desk, item, organization, before, state, said):
            kept = state is before
            state = Declared.ONGOING if before is Declared.NOT_STARTED else None
        twin_made = replace(
            made,
            id=fact_id,
            at=self._next(desk),
            item=key,
            organization=organization,
            state=state,
            report=None,
            origin=made.id,
            supersedes=twin.id if twin else None,
        )
        desk.add(twin_made)
        return Repeat(desk.plan, row, twin_made, state_kept=kept)

    def _not_repeated(self, desk: Desk, row: PlanItem | None, item: Item | None, made: Update) -> str:
        """Why an update is not repeated to an item; "" when it is."""
        if row is None or item is None or row.withdrawn or not item.trackable:
            return str(tk._("The item is in its plan no more."))
        if desk.plan.status not in TRACKED:
            return not_tracked(desk.plan)
        known = desk.owed[row.id]
        if made.organization is not None and known and made.organization not in known:
            return str(tk._("The organismo does not owe this item."))
        if made.organization is not None and not desk.leads(item.key, made.organization):
            return str(tk._("Another organismo leads this item."))
        if made.state in OUTSIDE:
            return str(tk._("That it does not apply is said in each plan by itself."))
        if made.period is not None and made.period in desk.closed_periods():
            return _closed(made.period)
        return ""

    # --- measurements

    def measurement(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        fields: Mapping[str, Any],
        part: str = "",
        *,
        update: str | None = None,
        report: str | None = None,
        correct: bool = False,
    ) -> Measurement:
        """Judge a measurement and take it among what will be written.

        :param correct: one of the same period is corrected, and not refused (workbooks of many rows).
        """
        desk = self.desk(plan_id)
        item = desk.item(key)
        self._whose(desk, key, organization)
        report = report or fields.get("report")
        self._report(desk, report, organization)
        retracted = fields.get("retracted") or ""
        old = self._superseded(desk, "measurements", key, organization, fields.get("supersedes"))
        if retracted and old is None:
            raise refused("supersedes", tk._("Say which measurement is withdrawn."))
        if retracted:
            made = replace(
                old,
                id="",
                by=self.person.id,
                at=self._next(desk),
                retracted=retracted,
                supersedes=old.id,
                update=None,
                report=None,
            )
        else:
            indicator = _indicator(item, fields.get("indicator") or (old.indicator if old else None))
            start, end = self._span(desk, fields, old)
            if old is None:
                old = self._same_span(desk, key, organization, indicator, (start, end), fields, correct)
            value, numerator, denominator = _value(indicator, fields)
            made = Measurement(
                id="",
                at=self._next(desk),
                by=self.person.id,
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
                update=update,
                report=report,
                supersedes=old.id if old else None,
            )
        self._open_span(desk, made.start, made.end)
        made = replace(made, id=id_of(plan_id, self.person.id, self.request_id, f"{part}measurement"))
        desk.add(made)
        return made

    def _span(
        self, desk: Desk, fields: Mapping[str, Any], old: Measurement | None
    ) -> tuple[dt.date, dt.date]:
        start, end, name = fields.get("start"), fields.get("end"), fields.get("period")
        if name and (start or end):
            raise refused("period", tk._("Give the period or its two days, not both."))
        if name:
            found = parse_period(name)
            start, end = found.start, found.end
        elif start is None and end is None:
            if old is not None:
                return old.start, old.end
            found = period_of(self.today, desk.settings.cadence.months)
            start, end = found.start, found.end
        if start is None or end is None or start > end:
            raise refused("end", tk._("Give the first and the last day of the period, in order."))
        if start > self.today:
            raise refused("start", tk._("The period has not begun: nothing of it can be measured."))
        if (end - start).days > 366 * 6:
            raise refused("end", tk._("The period is longer than six years. Check its days."))
        return start, end

    def _open_span(self, desk: Desk, start: dt.date, end: dt.date) -> None:
        for name, closed in desk.closed_periods().items():
            if start <= closed.end and end >= closed.start:
                raise refused("period", _closed(name))

    def _same_span(
        self,
        desk: Desk,
        key: Key,
        organization: str | None,
        indicator: Indicator,
        span: tuple[dt.date, dt.date],
        fields: Mapping[str, Any],
        correct: bool,
    ) -> Measurement | None:
        """A measurement of the same period: counted twice it would be wrong."""
        dimension = dict(fields.get("dimension") or {})
        for one in desk.of_item(key).counting_measurements():
            same = (one.indicator, one.organization, one.start, one.end, one.dimension) == (
                indicator.code,
                organization,
                *span,
                dimension,
            )
            if same and one.method == "manual":
                if correct:
                    return one
                raise refused(
                    "period",
                    tk._(
                        "The period was measured already (%(value)s). To change it, correct that "
                        "measurement: %(id)s."
                    )
                    % {"value": _shown(one), "id": one.id},
                )
        return None

    # --- evidence

    def evidence(
        self,
        plan_id: str,
        key: Key,
        organization: str | None,
        fields: Mapping[str, Any],
        part: str = "",
        *,
        update: str | None = None,
        measurement: str | None = None,
    ) -> Evidence:
        """Judge a piece of evidence, looked at already, and take it among what will be written."""
        desk = self.desk(plan_id)
        desk.item(key)
        self._whose(desk, key, organization)
        own = desk.of_item(key)
        for name, known in (("update", own.updates), ("measurement", own.measurements)):
            wanted = fields.get(name)
            if wanted and all((one.id, one.organization) != (wanted, organization) for one in known):
                raise refused(name, tk._("It is not of this item and organismo."))
        old = self._superseded(desk, "evidence", key, organization, fields.get("supersedes"))
        where = fields.get("url") or fields.get("resource") or fields.get("dataset")
        for one in own.standing_evidence():
            if (
                one.organization == organization
                and where == (one.url or one.resource or one.dataset)
                and one is not old
            ):
                name = next(name for name in ("url", "resource", "dataset") if fields.get(name))
                raise refused(name, tk._("It is evidence of this item already."))
        made = Evidence(
            id=id_of(plan_id, self.person.id, self.request_id, f"{part}evidence"),
            at=self._next(desk),
            by=self.person.id,
            item=key,
            kind=fields.get("kind") or EvidenceKind.LINK,
            title=fields.get("title") or "",
            organization=organization,
            update=fields.get("update") or update,
            measurement=fields.get("measurement") or measurement,
            url=fields.get("url") or "",
            resource=fields.get("resource"),
            # of a resource its dataset is kept too; what is looked at is the resource
            dataset=fields.get("dataset"),
            sha256=fields.get("sha256"),
            size=fields.get("size"),
            captured=fields.get("captured"),
            public=fields.get("public", True),
            withheld=fields.get("withheld") or "",
            supersedes=old.id if old else None,
        )
        desk.add(made)
        return made

    # --- answers

    def answer(
        self, plan_id: str, key: Key, organization: str | None, fields: Mapping[str, Any]
    ) -> tracking.Answer:
        """Judge an answer to a reason of the light and take it among what will be written."""
        desk = self.desk(plan_id)
        desk.item(key)
        self._whose(desk, key, organization)
        old = self._superseded(desk, "answers", key, organization, fields.get("supersedes"))
        standing = compute_status(desk.facts(key), self.today, {key}, settings=desk.settings)[key]
        row = desk.rows[key]
        active = {one.code for one in standing.reasons} | set(row.reasons or ())
        if fields["reason"] not in active:
            raise refused(
                "reason", tk._("The item does not have this reason today; there is nothing to answer.")
            )
        made = tracking.Answer(
            id=id_of(plan_id, self.person.id, self.request_id, "answer"),
            at=self._next(desk),
            by=self.person.id,
            item=key,
            reason=fields["reason"],
            text=fields["text"],
            organization=organization,
            supersedes=old.id if old else None,
        )
        desk.add(made)
        return made

    # --- writing

    def write(self) -> None:
        """Append what was taken, in its order, and compute the items again."""
        touched: dict[str, set[Key]] = {}
        for plan_id, desk in self.desks.items():
            for fact in desk.added:
                event_service.append(plan_id, fact)
                touched.setdefault(plan_id, set()).add(fact.item)  # type: ignore[attr-defined]
        if touched:
            item_status.recompute_many(touched)


def _crosses(state: Declared | None, before: Declared) -> bool:
    """Whether a change of state enters or leaves the states outside of the denominators."""
    return state is not None and state is not before and (state in OUTSIDE or before in OUTSIDE)


# --- rules

#: Which field gives what a change of state still needs.
_FIELD_OF = {
    "need.evidence": "evidence",
    "need.exception": "reason",
    "need.reason": "reason",
    "need.act": "act",
}


def not_tracked(plan: PlanRow) -> str:
    """Say why nothing is reported in a plan."""
    if plan.status == PlanStatus.CLOSED.value:
        return str(tk._("The plan is closed: nothing more is reported in it."))
    return str(tk._("The plan is not adopted yet: nothing is reported in it before that."))


def _closed(name: str) -> str:
    return str(
        tk._("The period %(period)s is closed. Ask the coordinator to open it again, or report to another.")
        % {"period": name}
    )


def _consistent(said: Said) -> None:
    """What an update says must not contradict itself."""
    new = said.state or said.progress is not None or said.at_risk or said.measurements
    if said.confirms and new:
        raise refused(
            "confirms", tk._("It says that nothing changed and reports something new. Leave one of the two.")
        )
    if said.at_risk and not said.reason:
        raise refused("reason", tk._("Write why it is at risk."))
    if said.at_risk and said.state is Declared.DONE:
        raise refused("at_risk", tk._("What is completed is not at risk. Leave one of the two."))
    if said.progress is not None:
        if said.state is Declared.DONE and said.progress != 100:
            raise refused(
                "progress", tk._("What is completed has a progress of 100. Correct one of the two.")
            )
        if said.state is Declared.NOT_STARTED and said.progress != 0:
            raise refused("progress", tk._("What did not begin has no progress. Correct one of the two."))


def _before(desk: Desk, key: Key, organization: str | None, without: Update | None = None) -> Declared:
    """The state that whoever reports has declared until now (``without`` the update it corrects)."""
    own = desk.of_item(key)
    if without is not None:
        own = replace(own, updates=[one for one in own.updates if one.id != without.id])
    facts = Facts(own)
    owners = facts.owners(facts.items[key])
    if owners.size < 2:
        said = facts.updates.get(key, [])
    elif organization is None:
        said = [one for one in facts.updates.get(key, []) if one.organization is None]
    else:
        said = [one for one in facts.updates.get(key, []) if one.organization == organization]
        # who did not report itself stands as the whole does
        said = said or [one for one in facts.updates.get(key, []) if one.organization is None]
    declared = Declared.NOT_STARTED
    for one in said:
        if one.state is not None:
            declared = one.state
        elif declared is Declared.NOT_STARTED and one.progress:
            declared = Declared.ONGOING
    return declared


def _valid_evidence(facts: Facts, key: Key, organization: str | None) -> int:
    """How many pieces of evidence prove today what an organismo did (None: the item as a whole)."""
    owners = facts.owners(facts.items[key])
    shared = organization is not None and owners.size >= 2
    return sum(
        not evidence_breaks(one, facts.checks.get(one.id))
        and (not shared or one.organization in (organization, None))
        for one in facts.evidence.get(key, ())
    )


def _reached(facts: Facts, item: Item, organization: str | None, today: dt.date) -> bool:
    """Whether what is declared completado reaches its targets: an organismo's own, or all of them."""
    owners = facts.owners(item)
    measurements = facts.measurements.get(item.key, [])
    shared = progress.quota(facts, item)
    if organization is not None and owners.size >= 2:
        if shared is not None:
            own = shared.by_organization.get(organization)
            return own is None or own.met
        if not _last_of(facts, item, owners, organization, today):
            # its part is done; the whole is asked of the last one
            return True
    for one in item.indicators:
        if shared is not None and one.code == shared.indicator:
            if shared.missing or shared.capped < shared.target:
                return False
        elif not _reaches(one, measurements):
            return False
    return True


def _last_of(facts: Facts, item: Item, owners: Owners, organization: str, today: dt.date) -> bool:
    """Whether all others that owe an item are done."""
    standing = compute_status(facts, today, {item.key})[item.key]
    declared = {one.organization: one.declared for one in standing.assignments}
    others = [declared.get(name) for name in owners.targets if name != organization]
    return not owners.unnamed and all(one is Declared.DONE for one in others)


def _reaches(indicator: Indicator, measurements: Iterable[Measurement]) -> bool:
    """Whether an indicator reaches its target; without a number to reach there is nothing to ask."""
    wanted = progress.target_value(indicator)
    if not wanted or indicator.measure is Measure.QUALITATIVE:
        return True
    actual = progress.actual_value(indicator, measurements)
    if actual is None:
        return False
    if indicator.accumulation is Accumulation.ALL_MEET:
        return actual >= 100
    return actual >= wanted if indicator.ascending else actual <= wanted


def _indicator(item: Item, code: str | None) -> Indicator:
    if not item.indicators:
        raise refused("indicator", tk._("The item has no indicators. Tell in the text what was done."))
    if code is None and len(item.indicators) == 1:
        return item.indicators[0]
    found = next((one for one in item.indicators if one.code == code), None)
    if found is None:
        raise refused(
            "indicator",
            tk._("Say which indicator is measured: %(codes)s.")
            % {"codes": ", ".join(one.code for one in item.indicators)},
        )
    return found


def _value(
    indicator: Indicator, fields: Mapping[str, Any]
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """The value, or the ratio, of a measurement; what is told in words has none."""
    value, numerator, denominator = (fields.get(name) for name in ("value", "numerator", "denominator"))
    if indicator.measure is Measure.QUALITATIVE:
        if value is not None or numerator is not None or denominator is not None:
            raise refused("value", tk._("This indicator is told in words. Write them in the comment."))
        if not fields.get("comment"):
            raise refused("comment", tk._("This indicator is told in words: write them here."))
        return None, None, None
    if numerator is None and denominator is None:
        if value is None:
            raise refused("value", tk._("Give the value that was measured."))
        if indicator.measure is Measure.BOOLEAN and value not in (0, 1):
            raise refused("value", tk._("This indicator is either done (1) or not (0)."))
        return value, None, None
    if indicator.measure is not Measure.PERCENTAGE:
        raise refused(
            "numerator", tk._("Only percentages have a numerator and a denominator. Give the value.")
        )
    if value is not None:
        raise refused("value", tk._("Give the value, or the numerator and the denominator, not all three."))
    if numerator is None:
        raise refused("numerator", tk._("Give the numerator too."))
    if denominator is None or denominator <= 0:
        raise refused("denominator", tk._("The denominator must be above zero."))
    return None, numerator, denominator


def _shown(one: Measurement) -> str:
    value = progress.measured(one)
    return phrases.number_words(value, language.current()) if value is not None else one.comment[:60]


# --- reports


def report_of(plan_id: str, person: Person, request_id: str | None, fields: Mapping[str, Any]) -> Report:
    """Return the report of an organismo to one plan, to be appended."""
    return Report(
        id=id_of(plan_id, person.id, request_id, "report"),
        at=dt.datetime.now(dt.timezone.utc),
        by=person.id,
        organization=fields["organization"],
        start=fields["start"],
        end=fields["end"],
        title=fields.get("title") or "",
        sections=tuple(
            (one.get("title") or "", one.get("text") or "") for one in fields.get("sections") or ()
        ),
        supersedes=fields.get("supersedes"),
    )
