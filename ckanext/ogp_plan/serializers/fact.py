"""What was recorded, as the actions that record it return it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import link as link_service
from ckanext.ogp_plan.services.report import ReportTransaction

#: Fields of each kind of fact that the actions return as they are.
_UPDATE = (
    "id", "at", "organization", "state", "progress", "text", "obstacles", "next_step", "reason", "act",
    "at_risk", "confirms", "period", "report", "supersedes", "origin",
)  # fmt: skip
_MEASUREMENT = (
    "id", "at", "organization", "indicator", "start", "end", "value", "numerator", "denominator", "comment",
    "dimension", "update", "report", "supersedes", "retracted",
)  # fmt: skip
_ANSWER = ("id", "at", "organization", "reason", "text", "supersedes")
_REVIEW = ("id", "at", "update", "report", "accepted", "reason")
_EVIDENCE = (
    "id", "at", "organization", "kind", "url", "resource", "dataset", "sha256", "size", "captured",
    "claimed_sha256", "claimed_at", "claim_differs", "file_name", "public", "withheld", "update",
    "measurement", "retracted", "supersedes",
)  # fmt: skip
_VERDICT = (
    "id", "at", "role", "cut", "suggested", "assigned", "agrees", "fulfilled", "quality", "rationale",
    "recommendation", "alert", "closes", "supersedes",
)  # fmt: skip


def update_dict(fact_id: str, report: ReportTransaction | None = None) -> dict[str, Any]:
    """Return an update as recorded, with its parts, the status of its item, and what it counts for."""
    row, fact = _load(fact_id)
    parts = sa.select(Event.id, Event.kind).where(
        Event.plan_id == row.plan_id,
        Event.level == row.level,
        Event.code == row.code,
        Event.kind.in_(("measurement", "evidence")),
        Event.body["update"].astext == fact_id,
    )
    found: dict[str, list[dict[str, Any]]] = {"measurement": [], "evidence": []}
    for part_id, kind in model.Session.execute(parts.order_by(Event.at, Event.id)):
        found[kind].append({"id": part_id})
    return {
        **_fields(fact, _UPDATE),
        **item_status_dict(row.plan_id, row.level, row.code),
        "measurements": found["measurement"],
        "evidence": found["evidence"],
        "repeated": _repeated(row, report),
    }


def parts_dict(plan_id: str, report: ReportTransaction) -> dict[str, Any]:
    """Return measurements and evidence that were reported without an update."""
    added = report.contexts[plan_id].added
    first = added[0]
    return {
        "id": None,
        **item_status_dict(plan_id, *first.item),  # type: ignore[attr-defined]
        "organization": first.organization,  # type: ignore[attr-defined]
        "measurements": [{"id": fact.id} for fact in added if isinstance(fact, Measurement)],
        "evidence": [{"id": fact.id} for fact in added if not isinstance(fact, Measurement)],
        "repeated": [],
    }


def _load(fact_id: str) -> tuple[Event, Any]:
    """The row of a fact, and the fact."""
    row = model.Session.get(Event, fact_id)
    return row, event_service.to_fact(row)


def _fields(fact: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Fields of a fact as JSON has them: numbers as numbers, moments and days as ISO texts, codes as texts.

    Not by ``json_values.json_value``: cuts need the one way of writing that it has, with decimals as texts.
    """
    return {name: _plain(getattr(fact, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        # whole numbers without a point
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def item_status_dict(plan_id: str, level: str | None, code: str | None) -> dict[str, Any]:
    """Return where an item is, and its status now."""
    plan = model.Session.get(PlanRow, plan_id)
    item: Any = PlanItem.of(plan_id, level or "", code or "")
    model.Session.refresh(item)
    return {
        "plan": plan.name,
        "plan_id": plan.id,
        "item": item.address,
        "item_id": item.id,
        "title": item.title,
        "declared": item.declared,
        "light": item.light,
        "reasons": list(item.reasons or []),
    }


def _repeated(row: Event, report: ReportTransaction | None) -> list[dict[str, Any]]:
    """Return where an update was repeated; where it was not, only the request that just wrote it knows."""
    if report is not None:
        return [
            {
                "plan": repeat.plan.name,
                "item": repeat.item.address,
                "title": repeat.item.title,
                "id": repeat.update.id if repeat.update else None,
                "state": repeat.update.state.value if repeat.update and repeat.update.state else None,
                "state_kept": repeat.state_kept,
                "why_not": repeat.why,
            }
            for repeat in report.repeats_of(row.id)
        ]
    others = link_service.answering_for([(row.plan_id, (row.level or "", row.code or ""))])
    places = [(plan_id, *key) for found in others.values() for plan_id, key in sorted(found)]
    if not places:
        return []
    wanted = (
        sa.select(Event, PlanItem, PlanRow)
        .join(PlanItem, event_service.is_of_item())
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .where(sa.tuple_(Event.plan_id, Event.level, Event.code).in_(places), Event.kind == "update")
        .where(Event.body["origin"].astext == row.id)
        .order_by(Event.at, Event.id)
    )
    declared = row.body.get("state")
    return [
        {
            "plan": plan.name,
            "item": item.address,
            "title": item.title,
            "id": event.id,
            "state": event.body.get("state"),
            "state_kept": event.body.get("state") == declared,
            "why_not": "",
        }
        for event, item, plan in model.Session.execute(wanted)
    ]


def measurement_dict(fact_id: str) -> dict[str, Any]:
    """Return a measurement as recorded, and the status of its item now."""
    row, fact = _load(fact_id)
    return {**_fields(fact, _MEASUREMENT), **item_status_dict(row.plan_id, row.level, row.code)}


def answer_dict(fact_id: str) -> dict[str, Any]:
    """Return an answer as recorded, and the status of its item now."""
    row, fact = _load(fact_id)
    return {**_fields(fact, _ANSWER), **item_status_dict(row.plan_id, row.level, row.code)}


def reports_dict(ids: Mapping[str, str]) -> dict[str, Any]:
    """Return what one request reported: its reports by plan, and the updates that they carry."""
    wanted = (
        sa.select(Event.id, PlanRow.name, PlanItem.address)
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .join(PlanItem, event_service.is_of_item())
        .where(Event.plan_id.in_(list(ids)), Event.kind == "update")
        .where(Event.body["report"].astext.in_(list(ids.values())))
        .order_by(Event.at, Event.id)
    )
    names = sa.select(PlanRow.id, PlanRow.name).where(PlanRow.id.in_(list(ids)))
    named = dict(list(model.Session.execute(names)))
    return {
        "reports": {named[plan_id]: report for plan_id, report in ids.items()},
        "updates": [
            {"plan": name, "item": address, "id": update}
            for update, name, address in model.Session.execute(wanted)
        ],
    }


def review_dict(fact_id: str) -> dict[str, Any]:
    """Return a review as recorded."""
    row, fact = _load(fact_id)
    plan = model.Session.get(PlanRow, row.plan_id)
    return {**_fields(fact, _REVIEW), "plan": plan.name, "url": urls.url_of_plan(plan.name)}


def evidence_dict(fact_id: str) -> dict[str, Any]:
    """Return a piece of evidence as recorded, and the status of its item now; ``title`` is the evidence's."""
    row, fact = _load(fact_id)
    return {
        **_fields(fact, _EVIDENCE),
        "file_url": _file_url(row.plan_id, fact),
        **item_status_dict(row.plan_id, row.level, row.code),
        "title": fact.title,
    }


def _file_url(plan_id: str, fact: Evidence) -> str | None:
    if not fact.file:
        return None
    return urls.url_of_evidence_file(model.Session.get(PlanRow, plan_id).name, fact.id)


def verdict_dict(fact_id: str) -> dict[str, Any]:
    """Return a verdict as recorded, and the status of its item now."""
    row, fact = _load(fact_id)
    item = PlanItem.of(row.plan_id, row.level, row.code)
    status = item_status_dict(row.plan_id, row.level, row.code)
    return {
        **_fields(fact, _VERDICT),
        **status,
        "disagrees": bool(item and item.disagrees),
    }
