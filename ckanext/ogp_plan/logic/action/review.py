"""Monthly monitoring over the API: what was reported and waits for a review, and what became of the rest."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, Context, DataDict

from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.model.people import COORDINATOR
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.report import ACCEPTED, RETURNED, STATES, WAITING
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

_LISTING = {
    "plan": request_fields.required(request_fields.name),
    "state": request_fields.optional(request_fields.choice(STATES)),
    "period": request_fields.optional(request_fields.period),
    "organization": request_fields.optional(request_fields.name),
    "component": request_fields.optional(request_fields.name),
    "limit": request_fields.optional(request_fields.whole(0, config.LARGEST_PAGE)),
    "offset": request_fields.optional(request_fields.whole(0, 10**9), 0),
}


@tk.side_effect_free
def ogp_plan_review_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the updates of a plan that stand, the oldest first, with what became of each in monitoring.

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
    asked = request_fields.take(data_dict, _LISTING)
    person = permission.of(context)
    plan = lookup.plan(person, asked["plan"])
    review = _last_review(plan)
    scope = _scope(plan, person, asked)
    state = sa.case(
        (review.c.subject.is_(None), WAITING), (review.c.accepted == "false", RETURNED), else_=ACCEPTED
    )
    joined = (
        sa.select(Event, PlanItem, review.c.accepted, review.c.reason, review.c.at.label("reviewed"))
        .join(PlanItem, _same_item())
        .outerjoin(review, review.c.subject == Event.id)
        .where(*scope)
    )
    counted = (
        sa.select(state, sa.func.count())
        .select_from(Event)
        .join(PlanItem, _same_item())
        .outerjoin(review, review.c.subject == Event.id)
        .where(*scope)
        .group_by(state)
    )
    counts = {**dict.fromkeys(STATES, 0), **dict(model.Session.execute(counted).all())}
    if asked["state"]:
        joined = joined.where(state == asked["state"])
    limit = config.page_size() if asked["limit"] is None else asked["limit"]
    rows = list(
        model.Session.execute(joined.order_by(Event.at, Event.id).limit(limit).offset(asked["offset"]))
    )
    return {
        "count": counts[asked["state"]] if asked["state"] else sum(counts.values()),
        "counts": counts,
        "results": _described(rows, plan, person),
    }


def _same_item() -> Any:
    return sa.and_(
        PlanItem.plan_id == Event.plan_id, PlanItem.level == Event.level, PlanItem.code == Event.code
    )


def _last_review(plan: PlanRow) -> Any:
    """The last word on each update: a review is a fact like others, and the last one counts."""
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


def _scope(plan: PlanRow, person: Person, asked: dict[str, Any]) -> list[Any]:
    later = sa.orm.aliased(Event)
    corrected = sa.select(later.id).where(later.supersedes == Event.id).exists()
    made = [Event.plan_id == plan.id, Event.kind == "update", ~corrected]
    if not person.holds(COORDINATOR, plan.id):
        made.append(PlanItem.component_id.in_(_roots(plan, person.leads(plan.id))))
    if asked["component"]:
        made.append(PlanItem.component_id.in_(_roots(plan, {asked["component"]})))
    if asked["organization"]:
        made.append(Event.organization == asked["organization"])
    if asked["period"]:
        span = parse_period(asked["period"])
        zone = config.timezone()
        after = span.end + dt.timedelta(days=1)
        made += [
            Event.at >= dt.datetime.combine(span.start, dt.time(), zone),
            Event.at < dt.datetime.combine(after, dt.time(), zone),
        ]
    return made


def _roots(plan: PlanRow, found: Any) -> Any:
    root = sa.orm.aliased(PlanItem)
    return sa.select(root.id).where(root.plan_id == plan.id, root.address.in_(list(found)))


def _described(rows: Sequence[Any], plan: PlanRow, person: Person) -> list[dict[str, Any]]:
    reader = plan_serializer.Reader(person)
    given = _given_with(plan, [one.Event.id for one in rows])
    settings = record_service.effective_settings(plan)
    made = []
    for one in rows:
        event, item = one.Event, one.PlanItem
        body = event.body
        state = WAITING if one.accepted is None else RETURNED if one.accepted == "false" else ACCEPTED
        made.append(
            {
                "id": event.id,
                "at": plan_serializer.moment(event.at),
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
                "measurements": given[event.id]["measurement"],
                "evidence": len(given[event.id]["evidence"]),
                "review": None
                if one.accepted is None
                else {
                    "accepted": one.accepted != "false",
                    "reason": one.reason or "",
                    "at": plan_serializer.moment(one.reviewed),
                },
                "own": event.user_id == person.id,
            }
        )
    return made


def _given_with(plan: PlanRow, ids: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """What was measured and given as evidence with updates; one query."""
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"measurement": [], "evidence": []})
    if not ids:
        return found
    update = sa.func.coalesce(Event.body["update"].astext, Event.subject)
    wanted = sa.select(Event.kind, Event.body, update).where(
        Event.plan_id == plan.id, Event.kind.in_(("measurement", "evidence")), update.in_(list(ids))
    )
    for kind, body, about in model.Session.execute(wanted):
        shown = {
            name: body.get(name)
            for name in ("indicator", "start", "end", "value", "numerator", "denominator")
        }
        found[about][kind].append(shown)
    return found


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {"ogp_plan_review_list": ogp_plan_review_list}
