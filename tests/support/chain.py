"""A chain of facts as the database writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ckanext.ogp_plan.planning import chain


def extend(head: chain.Head, facts: Iterable[tuple[chain.StoredFact, str]]) -> Iterator[chain.Entry]:
    """Put facts into a chain, in the order given.

    :param head: how far the chain goes.
    :param facts: each with its salt.
    """
    position, previous = head.position, head.sha256
    for fact, salt in facts:
        position += 1
        hashed = chain.fact_hash(fact, salt)
        sha256 = chain.entry_hash(previous, position, hashed)
        yield chain.Entry(position, fact.id, salt, hashed, previous, sha256)
        previous = sha256
