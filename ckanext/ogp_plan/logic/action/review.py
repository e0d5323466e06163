"""Reviews in the monthly monitoring: what waits for one, and accept or return it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import review as review_schema
from ckanext.ogp_plan.logic.transaction import is_recorded, record_once
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.model.role import COORDINATOR
from ckanext.ogp_plan.planning.tracking import Review
from ckanext.ogp_plan.serializers import fact as fact_serializer
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.review import ACCEPTED, RETURNED, STATES, WAITING
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services import report as report_service
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.report_error import field_error


@tk.side_effect_free
def ogp_plan_review_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the updates of a plan that were not corrected, the oldest first, with the review of each.

    Who leads components sees those of their components; the coordinator, all.

    :param plan: the name or id of the plan
    :type plan: string
    :param state: ``pendiente``, ``aceptado`` or ``devuelto`` (optional)
    :type state: string
    :param period: given in this period of reporting, such as ``2026-11`` (optional)
    :type period: string
    :param organization: of this organismo (optional)
    :type organization: string
    :param component: of the root with this address (optional)
    :type component: string
    :param limit: how many at most (optional, at most 1000)
    :type limit: integer
    :param offset: from which on (optional)
    :type offset: integer

    :returns: ``count``, ``counts`` by state, and ``results``: ``id, at, state, item {code, address, url,
        title, light}, organization, declared, progress, text, obstacles, next_step, reason, confirms,
        at_risk, period, measurements, evidence, review {accepted, reason, at}, own``
    :rtype: dict
    """
    tk.check_access("ogp_plan_review_list", context, data_dict)
    data = validated(review_schema.review_list(), data_dict)
    person = permission.get_person(context)
    plan = lookup.plan(person, data["plan"])
    review = _last_review(plan)
    scope = _scope(plan, person, data)
    state = sa.case(
        (review.c.subject.is_(None), WAITING), (review.c.accepted == "false", RETURNED), else_=ACCEPTED
    )
    joined = (
        sa.select(Event, PlanItem, review.c.accepted, review.c.reason, review.c.at.label("reviewed"))
        .join(PlanItem, event_service.is_of_item())
        .outerjoin(review, review.c.subject == Event.id)
        .where(*scope)
    )
    counted = (
        sa.select(state, sa.func.count())
        .select_from(Event)
        .join(PlanItem, event_service.is_of_item())
        .outerjoin(review, review.c.subject == Event.id)
        .where(*scope)
        .group_by(state)
    )
    counts = {**dict.fromkeys(STATES, 0), **dict(model.Session.execute(counted).all())}
    if data["state"]:
        joined = joined.where(state == data["state"])
    rows = list(
        model.Session.execute(joined.order_by(Event.at, Event.id).limit(data["limit"]).offset(data["offset"]))
    )
    return {
        "count": counts[data["state"]] if data["state"] else sum(counts.values()),
        "counts": counts,
        "results": _review_dicts(rows, plan, person),
    }


def _last_review(plan: PlanRow) -> Any:
    """Select the last review of each update: a review is a fact like others, and the last one counts."""
    return (
        sa.select(
            Event.subject,
            sa.func.coalesce(Event.body["accepted"].astext, "true").label("accepted"),
            Event.body["reason"].astext.label("reason"),
            Event.at,
        )
        .where(Event.plan_id == plan.id, Event.kind == "review", Event.subject.is_not(None))
        .distinct(Event.subject)
        .order_by(Event.subject, Event.at.desc(), Event.id.desc())
        .subquery()
    )


def _scope(plan: PlanRow, person: Person, data: dict[str, Any]) -> list[Any]:
    later = sa.orm.aliased(Event)
    corrected = sa.select(later.id).where(later.supersedes == Event.id).exists()
    conditions = [Event.plan_id == plan.id, Event.kind == "update", ~corrected]
    if not person.holds(COORDINATOR, plan.id):
        conditions.append(PlanItem.component_id.in_(_roots(plan, person.led_components(plan.id))))
    if data["component"]:
        conditions.append(PlanItem.component_id.in_(_roots(plan, {data["component"]})))
    if data["organization"]:
        conditions.append(Event.organization == data["organization"])
    if data["period"]:
        span = parse_period(data["period"])
        zone = config.timezone()
        after = span.end + dt.timedelta(days=1)
        conditions += [
            Event.at >= dt.datetime.combine(span.start, dt.time(), zone),
            Event.at < dt.datetime.combine(after, dt.time(), zone),
        ]
    return conditions


def _roots(plan: PlanRow, found: Any) -> Any:
    root = sa.orm.aliased(PlanItem)
    return sa.select(root.id).where(root.plan_id == plan.id, root.address.in_(list(found)))


def _review_dicts(rows: Sequence[Any], plan: PlanRow, person: Person) -> list[dict[str, Any]]:
    reader = Reader(person)
    parts = _parts_of(plan, [row.Event.id for row in rows])
    settings = record_service.effective_settings(plan)
    results = []
    for row in rows:
        event, item = row.Event, row.PlanItem
        body = event.body
        state = WAITING if row.accepted is None else RETURNED if row.accepted == "false" else ACCEPTED
        results.append(
            {
                "id": event.id,
                "at": serialize_moment(event.at),
                "state": state,
                "item": {
                    "code": (item.body or {}).get("code_printed") or item.code,
                    "address": item.address,
                    "url": urls.url_of_item(plan.name, item.address),
                    "title": item.title,
                    "light": item.light,
                    "light_name": reader.light(item.light, settings),
                },
                "organization": event.organization,
                "organization_title": reader.called(event.organization) if event.organization else None,
                "declared": body.get("state"),
                "declared_name": reader.light(body.get("state"), settings),
                **{name: body.get(name) for name in ("progress", "period")},
                **{name: body.get(name, "") for name in ("text", "obstacles", "next_step", "reason")},
                **{name: bool(body.get(name)) for name in ("confirms", "at_risk")},
                "measurements": parts[event.id]["measurement"],
                "evidence": len(parts[event.id]["evidence"]),
                "review": None
                if row.accepted is None
                else {
                    "accepted": row.accepted != "false",
                    "reason": row.reason or "",
                    "at": serialize_moment(row.reviewed),
                },
                "own": event.user_id == person.id,
            }
        )
    return results


def _parts_of(plan: PlanRow, ids: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """Return the measurements and the evidence of updates; one query."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"measurement": [], "evidence": []})
    if not ids:
        return found
    update = sa.func.coalesce(Event.body["update"].astext, Event.subject)
    wanted = sa.select(Event.kind, Event.body, update).where(
        Event.plan_id == plan.id, Event.kind.in_(("measurement", "evidence")), update.in_(list(ids))
    )
    for kind, body, about in model.Session.execute(wanted):
        values = {
            name: body.get(name)
            for name in ("indicator", "start", "end", "value", "numerator", "denominator")
        }
        found[about][kind].append(values)
    return found


def ogp_plan_review_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Accept an update or a report in the monthly monitoring, or return it with a reason.

    What is returned stays in the history and counts no more. The last review counts.

    :param update: id of the update; or
    :param report: id of the report
    :param accepted: ``true`` or ``false``
    :param reason: why it is returned
    :param request_id: the same again returns what the first one did

    :rtype: dict
    """
    tk.check_access("ogp_plan_review_create", context, data_dict)
    data = validated(review_schema.review_create(), data_dict)
    if bool(data["update"]) == bool(data["report"]):
        raise field_error("update", tk._("Say which update, or which report, is reviewed."))
    if not data["accepted"] and not data["reason"]:
        raise field_error("reason", tk._("Write why it is returned, and what is missing."))
    subject = data["update"] or data["report"]
    person = permission.get_person(context)
    fact, plan = lookup.fact(person, subject, "update" if data["update"] else "report")
    plan_id, kind = plan.id, fact.kind
    fact_id = report_service.id_of(plan_id, person.id, data["request_id"], "review")
    if data["request_id"] and is_recorded(fact_id):
        return fact_serializer.review_dict(fact_id)

    def do() -> dict[str, Any]:
        event_service.share(plan_id)
        if _is_corrected(subject):
            raise field_error(kind, tk._("It was corrected since. Review the last one."))
        keys = _touched(plan_id, subject, kind)
        event_service.append(
            plan_id,
            Review(
                id=fact_id,
                at=dt.datetime.now(dt.timezone.utc),
                by=person.id,
                update=data["update"],
                report=data["report"],
                accepted=data["accepted"],
                reason=data["reason"],
            ),
        )
        if keys:
            item_status.recompute(plan_id, keys)
        return fact_serializer.review_dict(fact_id)

    return record_once(context, do, fact_serializer.review_dict, fact_id if data["request_id"] else None)


def _is_corrected(fact_id: str) -> bool:
    wanted = sa.select(sa.literal(1)).where(Event.supersedes == fact_id)
    return model.Session.execute(wanted).first() is not None


def _touched(plan_id: str, subject: str, kind: str) -> set[tuple[str, str]]:
    """The items whose status a review of an update, or of a report, may change."""
    if kind == "update":
        which = Event.id == subject
    else:
        which = sa.and_(Event.plan_id == plan_id, Event.body["report"].astext == subject)
    wanted = sa.select(Event.level, Event.code).where(which).distinct()
    return {(level, code) for level, code in model.Session.execute(wanted) if level and code}
