"""The chain of a plan's facts as everybody may know it: ``docs/cadena-de-hechos.md``."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning import chain
from ckanext.ogp_plan.planning.chain import Head
from ckanext.ogp_plan.planning.evidence import list_hidden_evidence
from ckanext.ogp_plan.planning.tracking import Record
from ckanext.ogp_plan.planning.types import Plan
from ckanext.ogp_plan.services import chain as chain_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import permission

#: What the document says it is.
FORMAT = "ogp-plan-facts/1"


def build_document(plan: PlanRow) -> dict[str, Any]:
    """Return every fact of a plan with its place in the chain, as plain JSON.

    Of each fact the values that are public, and of the others the hash alone. No person is named.
    """
    hidden, visible = _load_hidden_evidence(plan), _load_visible_plans()
    head = Head(0, chain.first_hash(plan.id))
    entries = []
    for entry, fact in chain_service.iterate(plan.id):
        head = Head(entry.position, entry.sha256)
        entries.append(
            {
                "position": entry.position,
                "previous": entry.previous,
                "fact_sha256": entry.fact_sha256,
                "sha256": entry.sha256,
                "fact": chain.hashed_fact(fact, entry.salt) if fact is not None else None,
                "values": chain.shown_values(fact, entry.salt, hidden, visible) if fact is not None else {},
            }
        )
    return {
        "format": FORMAT,
        "plan": plan.id,
        "first": chain.first_hash(plan.id),
        "head": {"position": head.position, "sha256": head.sha256},
        "facts": entries,
    }


def _load_hidden_evidence(plan: PlanRow) -> frozenset[str]:
    wanted = sa.select(Event.__table__).where(Event.plan_id == plan.id, Event.kind == "evidence")
    record = event_service.into(Record(Plan(plan.family)), model.Session.execute(wanted))
    return frozenset(list_hidden_evidence(record.evidence))


def _load_visible_plans() -> frozenset[str]:
    wanted = sa.select(PlanRow.id).where(permission.visible_plans(permission.NOBODY))
    return frozenset(model.Session.scalars(wanted))
