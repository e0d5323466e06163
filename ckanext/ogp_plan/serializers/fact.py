"""What was recorded, as the actions that record it return it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Update, Verdict
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import link as link_service
from ckanext.ogp_plan.services.report import ReportTransaction


def update_dict(fact_id: str, report: ReportTransaction | None = None) -> dict[str, Any]:
    """Return an update as recorded, with its parts, the status of its item, and what it counts for."""
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
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
        **_update_fields(fact),
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


def _update_fields(fact: Update) -> dict[str, Any]:
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "state": fact.state.value if fact.state else None,
        "progress": number(fact.progress),
        "text": fact.text,
        "obstacles": fact.obstacles,
        "next_step": fact.next_step,
        "reason": fact.reason,
        "act": fact.act,
        "at_risk": fact.at_risk,
        "confirms": fact.confirms,
        "period": fact.period,
        "report": fact.report,
        "supersedes": fact.supersedes,
        "origin": fact.origin,
    }


def number(value: Any) -> Any:
    """Return a decimal as JSON has it: whole numbers without a point."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


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
        .join(
            PlanItem,
            sa.and_(
                PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
            ),
        )
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
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "indicator": fact.indicator,
        "start": fact.start.isoformat(),
        "end": fact.end.isoformat(),
        "value": number(fact.value),
        "numerator": number(fact.numerator),
        "denominator": number(fact.denominator),
        "comment": fact.comment,
        "dimension": fact.dimension,
        "update": fact.update,
        "report": fact.report,
        "supersedes": fact.supersedes,
        "retracted": fact.retracted,
        **item_status_dict(row.plan_id, row.level, row.code),
    }


def answer_dict(fact_id: str) -> dict[str, Any]:
    """Return an answer as recorded, and the status of its item now."""
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "reason": fact.reason,
        "text": fact.text,
        "supersedes": fact.supersedes,
        **item_status_dict(row.plan_id, row.level, row.code),
    }


def reports_dict(ids: Mapping[str, str]) -> dict[str, Any]:
    """Return what one request reported: its reports by plan, and the updates that they carry."""
    wanted = (
        sa.select(Event.id, PlanRow.name, PlanItem.address)
        .join(PlanRow, PlanRow.id == Event.plan_id)
        .join(
            PlanItem,
            sa.and_(
                PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
            ),
        )
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
    row = model.Session.get(Event, fact_id)
    fact: Any = event_service.to_fact(row)
    plan = model.Session.get(PlanRow, row.plan_id)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "plan": plan.name,
        "url": urls.url_of_plan(plan.name),
        "update": fact.update,
        "report": fact.report,
        "accepted": fact.accepted,
        "reason": fact.reason,
    }


def evidence_dict(fact_id: str) -> dict[str, Any]:
    """Return a piece of evidence as recorded, and the status of its item now."""
    row = model.Session.get(Event, fact_id)
    fact: Evidence = event_service.to_fact(row)  # type: ignore[assignment]
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "organization": fact.organization,
        "kind": fact.kind.value,
        "url": fact.url,
        "resource": fact.resource,
        "dataset": fact.dataset,
        "sha256": fact.sha256,
        "size": fact.size,
        "captured": fact.captured.isoformat() if fact.captured else None,
        "claimed_sha256": fact.claimed_sha256,
        "claimed_at": fact.claimed_at.isoformat() if fact.claimed_at else None,
        "claim_differs": fact.claim_differs,
        "file_name": fact.file_name,
        "file_url": _file_url(row.plan_id, fact),
        "public": fact.public,
        "withheld": fact.withheld,
        "update": fact.update,
        "measurement": fact.measurement,
        "retracted": fact.retracted,
        "supersedes": fact.supersedes,
        **item_status_dict(row.plan_id, row.level, row.code),
        "title": fact.title,
    }


def _file_url(plan_id: str, fact: Evidence) -> str | None:
    if not fact.file:
        return None
    return urls.url_of_evidence_file(model.Session.get(PlanRow, plan_id).name, fact.id)


def verdict_dict(fact_id: str) -> dict[str, Any]:
    """Return a verdict as recorded, and the status of its item now."""
    row = model.Session.get(Event, fact_id)
    fact: Verdict = event_service.to_fact(row)  # type: ignore[assignment]
    item = PlanItem.of(row.plan_id, row.level, row.code)
    status = item_status_dict(row.plan_id, row.level, row.code)
    return {
        "id": fact.id,
        "at": fact.at.isoformat(),
        "role": fact.role.value,
        "cut": fact.cut.isoformat() if fact.cut else None,
        "suggested": fact.suggested.value if fact.suggested else None,
        "assigned": fact.assigned.value if fact.assigned else None,
        "agrees": fact.agrees,
        "fulfilled": fact.fulfilled,
        "quality": fact.quality,
        "rationale": fact.rationale,
        "recommendation": fact.recommendation,
        "alert": fact.alert,
        "closes": fact.closes,
        "supersedes": fact.supersedes,
        **status,
        "disagrees": bool(item and item.disagrees),
    }
