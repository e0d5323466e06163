"""The chain of a plan's facts: each is hashed with all that were recorded before it.

A fact is hashed as canonical JSON (:func:`.json_values.canonical`) in which the person and each field of its
body stand by a hash of their own, with a salt: who publishes a fact shows the values that are public, and
anybody computes the same hash without those that are not. ``docs/cadena-de-hechos.md`` describes the format.

An entry of the chain holds the hash of its fact and of the entry before it. So a fact that was inserted,
deleted, changed or moved behind the program's back is found, up to the last hash that somebody else kept.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ckanext.ogp_plan.planning.json_values import canonical, digest, moment_text

#: The field under which the person who recorded a fact is hashed with the fields of its body.
PERSON = "by"
#: What is public of an evidence that is withheld.
_OF_WITHHELD = frozenset({"item", "organization", "update", "measurement", "public", "withheld"})
#: Fields whose value is never shown, of any fact.
_NEVER_SHOWN = frozenset({PERSON})


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as its row has it. ``body``: plain JSON without floats."""

    id: str
    plan: str
    sequence: int
    kind: str
    level: str | None
    code: str | None
    organization: str | None
    subject: str | None
    supersedes: str | None
    body: Mapping[str, Any]
    by: str | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain goes (``position`` 0: no fact yet), and the hash of its last entry."""

    position: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact in its place. ``previous``: the hash of the entry before it; ``sha256``: its own."""

    position: int
    fact: str
    salt: str
    fact_sha256: str
    previous: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownHead:
    """A head that was kept elsewhere: in a cut, or by the last verification.

    ``name``: where. ``as_of``: no later fact has an earlier moment; None where that is not promised.
    """

    name: str
    head: Head
    as_of: dt.datetime | None = None


class FindingKind(str, Enum):
    """What is wrong with a fact of a chain."""

    CHANGED = "changed"
    DELETED = "deleted"
    #: in the table and not in the chain
    INSERTED = "inserted"
    #: its entry does not follow the one before it
    MOVED = "moved"
    #: in the chain after a cut, with a moment before it
    BACKDATED = "backdated"
    #: the chain was made again: at this place it had another hash
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``position``: the fact's place; of one inserted, the place before it by time.

    ``fact`` None: its entry is gone too, and nobody knows which it was. ``known_by``: the head that shows it.
    """

    kind: FindingKind
    position: int
    fact: str | None
    known_by: str = ""
    #: of the fact, where it is there
    at: dt.datetime | None = None


@dataclass(slots=True)
class ChainVerification:
    """A chain computed again from its facts: how far it goes now, and what is wrong with it."""

    head: Head
    findings: list[Finding] = field(default_factory=list)


def first_hash(plan_id: str) -> str:
    """Return what stands for the hash before the first fact of a plan."""
    return digest(canonical({"plan": plan_id}))


def field_salt(salt: str, name: str) -> str:
    """Return the salt of one field of a fact, out of the fact's."""
    return digest(f"{salt}.{name}".encode())


def field_hash(salt: str, name: str, value: Any) -> str:
    """Return the hash of one field of a fact.

    :param salt: of the field (:func:`field_salt`).
    """
    return digest(canonical({"field": name, "salt": salt, "value": value}))


def fact_values(fact: StoredFact) -> dict[str, Any]:
    """Return what of a fact is hashed field by field: the person, and its body."""
    return {PERSON: fact.by, **fact.body}


def hashed_fact(fact: StoredFact, salt: str) -> dict[str, Any]:
    """Return a fact as it is hashed: what everybody may know, and the hash of each other field."""
    return {
        "at": moment_text(fact.at),
        "code": fact.code,
        "fields": {
            name: field_hash(field_salt(salt, name), name, value) for name, value in fact_values(fact).items()
        },
        "id": fact.id,
        "kind": fact.kind,
        "level": fact.level,
        "organization": fact.organization,
        "plan": fact.plan,
        "sequence": fact.sequence,
        "subject": fact.subject,
        "supersedes": fact.supersedes,
    }


def fact_hash(fact: StoredFact, salt: str) -> str:
    """Return the hash of a fact.

    :param salt: random, of this fact alone.
    """
    return digest(canonical(hashed_fact(fact, salt)))


def entry_hash(previous: str, position: int, fact_sha256: str) -> str:
    """Return the hash of an entry: of its fact, its place and the entry before it.

    The function ``ogp_chain`` of the database computes the same when a fact is recorded.
    """
    return digest(canonical({"fact": fact_sha256, "position": position, "previous": previous}))


def verify(
    plan_id: str,
    chain: Iterable[tuple[Entry, StoredFact | None]],
    outside: Sequence[StoredFact] = (),
    known: Sequence[KnownHead] = (),
) -> ChainVerification:
    """Compute a chain again and say what is wrong with it, each fact by its id and place.

    :param chain: the entries by their position, each with its fact, or None where it is not there.
    :param outside: facts of the plan that are in no entry.
    :param known: heads that were kept elsewhere.
    """
    walk = _Walk(plan_id, known, keep_moments=bool(outside))
    for entry, fact in chain:
        walk.step(entry, fact)
    walk.end()
    for fact in sorted(outside, key=lambda one: (one.at, one.id)):
        place = bisect_right(walk.moments, fact.at)
        walk.findings.append(Finding(FindingKind.INSERTED, place, fact.id, at=fact.at))
    return ChainVerification(walk.head, walk.findings)


class _Walk:
    """A chain read from its beginning."""

    def __init__(self, plan_id: str, known: Sequence[KnownHead], *, keep_moments: bool) -> None:
        self.head = Head(0, first_hash(plan_id))
        self.findings: list[Finding] = []
        #: the latest moment up to each position: never falling, so that a moment finds its place
        self.moments: list[dt.datetime] = []
        self._keep_moments = keep_moments
        self._known = sorted(known, key=lambda one: one.head.position)
        self._next = 0
        #: the last entry that stands where it was not put
        self._moved = 0
        #: the latest of the known heads that were passed and promise that nothing earlier follows
        self._closed: KnownHead | None = None
        self._pass_known("")

    def add(self, kind: FindingKind, position: int, fact: str | None, known_by: str = "") -> None:
        self.findings.append(Finding(kind, position, fact, known_by))

    def step(self, entry: Entry, fact: StoredFact | None) -> None:
        for position in range(self.head.position + 1, entry.position):
            self.add(FindingKind.DELETED, position, None)
        follows = entry.position == self.head.position + 1
        if fact is None:
            self.add(FindingKind.DELETED, entry.position, entry.fact)
        elif fact_hash(fact, entry.salt) != entry.fact_sha256:
            self.add(FindingKind.CHANGED, entry.position, entry.fact)
        own = entry_hash(entry.previous, entry.position, entry.fact_sha256)
        if own != entry.sha256:
            self.add(FindingKind.MOVED, entry.position, entry.fact)
            # what comes next cannot follow it, and is not to blame
            self._moved = entry.position
        elif follows and entry.previous != self.head.sha256 and self._moved != self.head.position:
            self.add(FindingKind.MOVED, entry.position, entry.fact)
        if fact is not None:
            self._check_moment(entry, fact)
        self.head = Head(entry.position, entry.sha256)
        self._pass_known(entry.fact)

    def _check_moment(self, entry: Entry, fact: StoredFact) -> None:
        closed = self._closed
        if closed is not None and closed.as_of is not None and fact.at <= closed.as_of:
            self.add(FindingKind.BACKDATED, entry.position, entry.fact, closed.name)
        if self._keep_moments:
            self.moments.append(max(fact.at, self.moments[-1]) if self.moments else fact.at)

    def _pass_known(self, fact: str | None) -> None:
        """Compare the known heads up to this place with what the chain has there."""
        while self._next < len(self._known):
            one = self._known[self._next]
            if one.head.position > self.head.position:
                return
            self._next += 1
            # an entry that is missing was reported as deleted
            if one.head.position == self.head.position and one.head.sha256 != self.head.sha256:
                self.add(FindingKind.REWRITTEN, one.head.position, fact or None, one.name)
            if one.as_of is not None and (self._closed is None or one.as_of > self._closed.as_of):  # type: ignore[operator]
                self._closed = one

    def end(self) -> None:
        """Report what known heads have and the chain no longer reaches."""
        reached = self.head.position
        for one in self._known[self._next :]:
            for position in range(reached + 1, one.head.position + 1):
                self.add(FindingKind.DELETED, position, None, one.name)
            reached = max(reached, one.head.position)


def shown_values(
    fact: StoredFact, salt: str, hidden_evidence: Iterable[str], visible_plans: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return the fields of a fact that everybody may know, each with its value and salt.

    :param hidden_evidence: ids of the evidence that is withheld or withdrawn.
    :param visible_plans: ids of the plans that everybody may see: a link to another is not shown.
    """
    if fact.kind == "link" and fact.body.get("plan") and fact.body["plan"] not in set(visible_plans):
        return {}
    hidden = set(hidden_evidence)
    if fact.kind == "check" and fact.subject in hidden:
        return {}
    withheld = fact.kind == "evidence" and (fact.id in hidden or fact.body.get("public") is False)
    return {
        name: {"salt": field_salt(salt, name), "value": value}
        for name, value in sorted(fact_values(fact).items())
        if name not in _NEVER_SHOWN and not (withheld and name not in _OF_WITHHELD)
    }
