"""The chain of a plan's facts: written with them, verified, shown.

A fact gets its place when its transaction is committed, and not when it is appended: the lock of the chain is
the last that a transaction takes, in the order of the plans' ids, so that writers wait for each other only
while one commits, and cannot wait in a circle. Whoever appends shares the plan's lock until then
(:func:`.event.share`), so that a cut, which holds it alone, finds the chain at rest.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.ogp_plan.model import ChainCheck, ChainEntry, Cut, Event, PlanRow
from ckanext.ogp_plan.planning import chain
from ckanext.ogp_plan.planning.chain import ChainVerification, Entry, Finding, Head, KnownHead, StoredFact

#: Where a session keeps the facts that were appended in its transaction: plan → ids in their order.
_PENDING = "ogp_plan_facts"
#: Facts read or written by one statement.
_BATCH = 1000
#: Findings of a plan that are stored at most.
MAX_FINDINGS = 100
#: The name of the last verification among the heads that are known.
LAST_CHECK = "last verification"


# --- writing ------------------------------------------------------------------------------------------------


def add(plan_id: str, fact_id: str) -> None:
    """Remember that a fact was appended: it gets its place in the chain when the transaction is committed."""
    pending: dict[str, dict[str, None]] = model.Session().info.setdefault(_PENDING, {})
    pending.setdefault(plan_id, {})[fact_id] = None


def link_pending(session: Any = None) -> None:
    """Put what was appended in this transaction into the chains, which are locked until it ends."""
    session = session if session is not None else model.Session()
    pending: dict[str, dict[str, None]] = session.info.pop(_PENDING, {})
    for plan_id in sorted(pending):
        ids = iter(pending[plan_id])
        while batch := list(islice(ids, _BATCH)):
            _link(session, plan_id, batch)


def _link(session: Any, plan_id: str, ids: list[str]) -> None:
    """Hash facts, then lock the chain and put them into it by one statement (a function of the migration)."""
    wanted = _facts().where(Event.id.in_(ids), ChainEntry.event_id.is_(None))
    found = {row.id: _to_fact(row) for row in session.execute(wanted)}
    # what a savepoint took back is not there
    facts = [found[id_] for id_ in ids if id_ in found]
    salts = [secrets.token_hex(16) for _ in facts]
    hashes = [chain.fact_hash(fact, salt) for fact, salt in zip(facts, salts, strict=True)]
    if facts:
        columns = ([fact.id for fact in facts], salts, hashes)
        lists = [sa.cast(sa.literal(values, ARRAY(sa.Text)), ARRAY(sa.Text)) for values in columns]
        session.execute(sa.select(sa.func.ogp_chain(plan_id, chain.first_hash(plan_id), *lists)))


@sqlalchemy.event.listens_for(model.Session, "before_commit")
def _before_commit(session: Any) -> None:
    # the end of a savepoint is not the end of the transaction
    if _PENDING in session.info and not session.in_nested_transaction():
        link_pending(session)


@sqlalchemy.event.listens_for(model.Session, "after_rollback")
def _after_rollback(session: Any) -> None:
    # what was appended before a savepoint stays when it is taken back
    if not session.in_nested_transaction():
        session.info.pop(_PENDING, None)


# --- reading ------------------------------------------------------------------------------------------------


def get_head(plan_id: str) -> Head:
    """Return how far the chain of a plan goes, with what this transaction appended."""
    link_pending()
    return _head(model.Session(), plan_id)


def _head(session: Any, plan_id: str) -> Head:
    table = ChainEntry.__table__
    wanted = (
        sa.select(table.c.position, table.c.sha256)
        .where(table.c.plan_id == plan_id)
        .order_by(table.c.position.desc())
        .limit(1)
    )
    found = session.execute(wanted).first()
    return Head(found.position, found.sha256) if found else Head(0, chain.first_hash(plan_id))


def _facts() -> Any:
    """The query of facts with their entries, where they have one."""
    return sa.select(Event.__table__).outerjoin(ChainEntry, ChainEntry.event_id == Event.id)


def _to_fact(row: Any) -> StoredFact:
    return StoredFact(
        id=row.id,
        plan=row.plan_id,
        sequence=row.seq,
        kind=row.kind,
        level=row.level,
        code=row.code,
        organization=row.organization,
        subject=row.subject,
        supersedes=row.supersedes,
        body=row.body,
        by=row.user_id,
        at=row.at.astimezone(dt.timezone.utc),
    )


def iterate(plan_id: str) -> Iterator[tuple[Entry, StoredFact | None]]:
    """Return the entries of a plan's chain by their position, each with its fact, as they are read."""
    table, facts = ChainEntry.__table__, Event.__table__
    wanted = (
        sa.select(*(column.label(f"entry_{column.name}") for column in table.c), *facts.c)
        .select_from(table.outerjoin(facts, facts.c.id == table.c.event_id))
        .where(table.c.plan_id == plan_id)
        .order_by(table.c.position)
        .execution_options(stream_results=True, max_row_buffer=_BATCH)
    )
    for row in model.Session.execute(wanted):
        entry = Entry(
            row.entry_position,
            row.entry_event_id,
            row.entry_salt,
            row.entry_fact_sha256,
            row.entry_previous,
            row.entry_sha256,
        )
        yield entry, _to_fact(row) if row.id is not None else None


# --- verifying ----------------------------------------------------------------------------------------------


def verify(plan: PlanRow, cuts: Iterable[Cut] | None = None) -> ChainVerification:
    """Compute the chain of a plan again from its facts, and compare it with the heads that were kept.

    Every statement reads facts and entries together, so that it may run while others write.

    :param cuts: whose heads it is compared with; all cuts of the plan and the last verification when None.
    """
    known = [_known_head(cut) for cut in cuts] if cuts is not None else _load_known_heads(plan.id)
    outside = _facts().where(Event.plan_id == plan.id, ChainEntry.event_id.is_(None))
    inserted = [_to_fact(row) for row in model.Session.execute(outside)]
    return chain.verify(plan.id, iterate(plan.id), inserted, known)


def _known_head(cut: Any) -> KnownHead:
    name = f"cut of {cut.day.isoformat()}"
    return KnownHead(name, Head(cut.chain_position, cut.chain_sha256), cut.as_of.astimezone(dt.timezone.utc))


def _load_known_heads(plan_id: str) -> list[KnownHead]:
    cuts = sa.select(Cut.day, Cut.as_of, Cut.chain_position, Cut.chain_sha256).where(Cut.plan_id == plan_id)
    known = [_known_head(row) for row in model.Session.execute(cuts)]
    check = sa.select(ChainCheck.position, ChainCheck.sha256).where(ChainCheck.plan_id == plan_id)
    return known + [KnownHead(LAST_CHECK, Head(*row)) for row in model.Session.execute(check)]


def list_findings_at(plan: PlanRow, cut: Cut) -> list[Finding]:
    """Return what is wrong with the facts that a cut covers."""
    return [
        finding
        for finding in verify(plan, [cut]).findings
        if finding.known_by
        or (finding.at <= cut.as_of if finding.at is not None else finding.position <= cut.chain_position)
    ]


def verify_and_store(plan: PlanRow) -> tuple[ChainVerification, bool]:
    """Verify the chain of a plan and store what was found; the caller commits.

    :returns: the verification, and whether it found something else than the one before.
    """
    found = verify(plan)
    row = model.Session.get(ChainCheck, plan.id)
    before = list(row.findings) if row is not None else []
    if row is None:
        row = ChainCheck(plan_id=plan.id, position=0, sha256=chain.first_hash(plan.id))
        model.Session.add(row)
    row.findings = [finding_dict(finding) for finding in found.findings[:MAX_FINDINGS]]
    row.checked = dt.datetime.now(dt.timezone.utc)
    if not found.findings:
        row.position, row.sha256 = found.head.position, found.head.sha256
    model.Session.flush()
    return found, row.findings != before


def finding_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored."""
    return {
        "kind": finding.kind.value,
        "position": finding.position,
        "fact": finding.fact,
        "known_by": finding.known_by,
    }
