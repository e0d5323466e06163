"""What is reported: checked by the rules of reporting and recorded with all that follows, or not at all.

A :class:`ReportTransaction` is what one person reports at once. Its items are locked first and their facts
read after that, so that of two at the same time the second one is checked against what the first one
recorded. The rules are in :mod:`ckanext.ogp_plan.planning.reporting`. :meth:`ReportTransaction.write` appends
the facts and computes the items again; the caller commits.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import IntegrityError, OperationalError

from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow
from ckanext.ogp_plan.planning.report_error import RejectedReport, ReportError
from ckanext.ogp_plan.planning.reporting import organization_report
from ckanext.ogp_plan.planning.reporting.context import ReportingContext, why_not_tracked
from ckanext.ogp_plan.planning.reporting.submission import Submission, fact_id
from ckanext.ogp_plan.planning.reporting.update import ReportedUpdate
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Evidence,
    ItemReference,
    Key,
    Measurement,
    Report,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import PlanStatus, Role
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import link as link_service
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report_error import (
    error_text,
    validation_error,
    validation_errors,
)

#: How often a transaction that PostgreSQL ended because of a deadlock is tried.
_ATTEMPTS = 4
#: PostgreSQL's codes of a deadlock and of a serialization failure.
_RETRIED = ("40P01", "40001")

T = TypeVar("T")


# --- ids and transactions


def id_of(plan_id: str, user_id: str | None, request_id: str | None, part: str = "") -> str:
    """Return the id of a fact: the same for the same request of the same person, a new one without one."""
    return fact_id(plan_id, user_id, request_id, part)


def run_transaction(write: Callable[[], T], context: Mapping[str, Any]) -> T:
    """Run a piece of writing as one transaction: committed at its end, rolled back when it fails.

    :param context: of the action; with ``defer_commit`` the caller commits.
    :raises tk.ValidationError: somebody else corrected the same fact first.
    """
    if context.get("defer_commit"):
        return write()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            result = write()
            model.Session.commit()
            return result
        except OperationalError as error:
            model.Session.rollback()
            if getattr(error.orig, "pgcode", None) not in _RETRIED or attempt == _ATTEMPTS:
                raise
        except IntegrityError as error:
            model.Session.rollback()
            if "supersedes" not in str(error.orig):
                raise
            raise validation_error(
                RejectedReport(ReportError("supersedes", "supersedes.corrected"))
            ) from error
        except BaseException:
            model.Session.rollback()
            raise
    raise AssertionError("unreachable")


def lock(item_id: str) -> None:
    """Wait until nobody else writes to an item or to those that its updates count for."""
    item = model.Session.get(PlanItem, item_id)
    if item is not None:
        item_status.lock(_keys_by_plan(_with_linked({(item.plan_id, (item.level, item.code))})[0]))


def _with_linked(
    items: set[ItemReference],
) -> tuple[set[ItemReference], dict[ItemReference, set[ItemReference]]]:
    """Items with all others that their updates count for, and which those of each are."""
    linked = link_service.answering_for(items)
    return items.union(*linked.values()), linked


def _keys_by_plan(items: Iterable[ItemReference]) -> dict[str, set[Key]]:
    keys: dict[str, set[Key]] = defaultdict(set)
    for plan_id, key in items:
        keys[plan_id].add(key)
    return keys


# --- what is reported at once


@dataclass(frozen=True, slots=True)
class RepeatedUpdate:
    """What became of an update at an item that it counts for. ``update`` None: not repeated, for ``why``."""

    plan: PlanRow
    item: PlanItem
    update: Update | None
    why: str = ""
    state_kept: bool = True


class ReportTransaction:
    """What one person reports at once, to items of one plan or of several.

    :param person: who reports, and may do so.
    :param request_id: given by the client: the same again gives the same ids.
    """

    def __init__(self, person: Person, request_id: str | None = None) -> None:
        self.person = person
        self.submission = Submission(person.id, record_service.today(), request_id)
        #: by id
        self.plans: dict[str, PlanRow] = {}
        self.items: dict[ItemReference, PlanItem] = {}

    @property
    def today(self) -> dt.date:
        """The day it is in the portal's zone."""
        return self.submission.today

    @property
    def contexts(self) -> dict[str, ReportingContext]:
        """Plans with their items, facts, and what is being added, by the id of the plan."""
        return self.submission.contexts

    def open(self, items: Iterable[PlanItem], *, linked_too: bool = True) -> None:
        """Lock items, and those that their updates count for, and read their facts. To be called once.

        Locks are taken in one order by everybody: plans (shared), then the rows that will be computed.
        """
        wanted = {(item.plan_id, (item.level, item.code)) for item in items}
        if linked_too:
            wanted, self.submission.linked = _with_linked(wanted)
        keys_by_plan = _keys_by_plan(wanted)
        item_status.lock(keys_by_plan)
        for plan_id in sorted(keys_by_plan):
            plan = model.Session.get(PlanRow, plan_id, populate_existing=True)
            if plan is not None:
                self._load(plan, keys_by_plan[plan_id])

    def _load(self, plan: PlanRow, keys: set[Key]) -> None:
        """Read a plan's items and facts as they are now."""
        query = (
            sa.select(PlanItem)
            .where(PlanItem.plan_id == plan.id)
            .where(sa.tuple_(PlanItem.level, PlanItem.code).in_(sorted(keys)))
            .execution_options(populate_existing=True)
        )
        rows = list(model.Session.scalars(query))
        self.plans[plan.id] = plan
        self.items |= {(plan.id, (row.level, row.code)): row for row in rows}
        self.contexts[plan.id] = ReportingContext(
            plan.id,
            PlanStatus(plan.status),
            record_service.effective_settings(plan),
            record_service.load(plan, keys),
            _responsible_organizations(rows),
            event_service.clock(),
            coordinates=permission.is_allowed(self.person, "report_whole", plan),
        )

    def update(
        self, plan_id: str, key: Key, organization: str | None, reported: ReportedUpdate, part: str = ""
    ) -> Update | None:
        """Check what is reported of an item and add it to what will be written, with its repeats.

        :param part: distinguishes several of one request.
        :returns: the update; None when only measurements or evidence were given.
        :raises tk.ValidationError: it cannot be reported so.
        """
        with validation_errors():
            return self.submission.report_update(plan_id, key, organization, reported, part)

    def measurement(
        self, plan_id: str, key: Key, organization: str | None, fields: Mapping[str, Any]
    ) -> Measurement:
        """Check a measurement and add it to what will be written.

        :raises tk.ValidationError: it cannot be recorded.
        """
        with validation_errors():
            return self.submission.report_measurement(plan_id, key, organization, fields)

    def evidence(
        self, plan_id: str, key: Key, organization: str | None, fields: Mapping[str, Any]
    ) -> Evidence:
        """Check a piece of evidence, whose place was checked already, and add it to what will be written.

        :raises tk.ValidationError: it cannot be recorded.
        """
        with validation_errors():
            return self.submission.add_evidence(plan_id, key, organization, fields)

    def answer(self, plan_id: str, key: Key, organization: str | None, fields: Mapping[str, Any]) -> Answer:
        """Check an answer to a reason of the light and add it to what will be written.

        :raises tk.ValidationError: it cannot be recorded.
        """
        row = self.items.get((plan_id, key))
        stored = (row.reasons or ()) if row is not None else ()
        with validation_errors():
            return self.submission.answer_reason(plan_id, key, organization, fields, stored)

    def verdict(self, plan_id: str, key: Key, role: VerdictRole, fields: Mapping[str, Any]) -> Verdict:
        """Check a verdict and add it to what will be written.

        :raises tk.ValidationError: it cannot be recorded.
        """
        with validation_errors():
            return self.submission.record_verdict(plan_id, key, role, fields)

    def repeats_of(self, update_id: str) -> list[RepeatedUpdate]:
        """Return what became of an update of this transaction at each item that it counts for."""
        return [
            RepeatedUpdate(
                self.plans[repeat.item[0]],
                self.items[repeat.item],
                repeat.update,
                error_text(repeat.error) if repeat.error is not None else "",
                repeat.state_kept,
            )
            for repeat in self.submission.repeats.get(update_id, ())
            if repeat.item in self.items
        ]

    def write(self) -> None:
        """Append what was added, in its order, and compute the items again."""
        touched: dict[str, set[Key]] = {}
        for plan_id, context in self.contexts.items():
            for fact in context.added:
                event_service.append(plan_id, fact)
                touched.setdefault(plan_id, set()).add(fact.item)  # type: ignore[attr-defined]
        if touched:
            item_status.recompute_many(touched)


def _responsible_organizations(rows: Iterable[PlanItem]) -> dict[Key, dict[str, set[Role]]]:
    """Which organismos owe each item, and as what."""
    key_of = {row.id: (row.level, row.code) for row in rows}
    query = sa.select(ItemAssignment.item_id, ItemAssignment.organization, ItemAssignment.role).where(
        ItemAssignment.item_id.in_(list(key_of)),
        ItemAssignment.organization.is_not(None),
        ItemAssignment.role.in_(permission.RESPONSIBLE_ROLES),
    )
    found: dict[Key, dict[str, set[Role]]] = defaultdict(lambda: defaultdict(set))
    for item_id, name, role in model.Session.execute(query):
        found[key_of[item_id]][name].add(Role(role))
    return {key: dict(organizations) for key, organizations in found.items()}


# --- rules that actions ask for by themselves


def require_tracked(plan: PlanRow) -> None:
    """Check that something is reported in a plan now.

    :raises tk.ValidationError: it is not adopted yet, or closed.
    """
    error = why_not_tracked(PlanStatus(plan.status))
    if error is not None:
        raise validation_error(RejectedReport(error))


def report_of(
    plan_id: str, person: Person, request_id: str | None, fields: Mapping[str, Any], submission: str | None
) -> Report:
    """Return the report of an organismo to one plan, to be appended.

    :param submission: id of the request, the same in each plan that it records the report in.
    """
    now = dt.datetime.now(dt.timezone.utc)
    return organization_report.report_of(plan_id, person.id, request_id, fields, now, submission)
