"""Roles in plans, and who holds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import PlanItem, PlanRole
from ckanext.ogp_plan.model.role import COMPONENT_LEADER, FOCAL_POINT
from ckanext.ogp_plan.serializers.labels import role_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service


def roles(rows: Sequence[PlanRole], person: permission.Person) -> list[dict[str, Any]]:
    """Return roles as the API has them."""
    reader = Reader(person)
    people = users({row.user_id for row in rows})
    plans = record_service.plans_by_id(row.plan_id for row in rows if row.plan_id)
    components = _components({(row.plan_id, row.component) for row in rows if row.component and row.plan_id})
    results = []
    for row in rows:
        plan = plans.get(row.plan_id or "")
        granted_by_managers = row.plan_id is not None and row.role in (COMPONENT_LEADER, FOCAL_POINT)
        results.append(
            {
                "id": row.id,
                "user": people.get(row.user_id),
                "role": row.role,
                "role_name": role_label(row.role),
                "plan": plan.name if plan else None,
                "plan_title": plan.title if plan else None,
                "organization": reader.organization(row.organization) if row.organization else None,
                "component": components.get((row.plan_id, row.component)) if row.component else None,
                "since": serialize_moment(row.since),
                "until": serialize_moment(row.until),
                "may_end": row.until is None
                and permission.is_allowed(person, "roles" if granted_by_managers else "grant", plan),
            }
        )
    return results


def users(ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return users by their ids: ``id``, ``name``, ``fullname``."""
    wanted = sa.select(model.User.id, model.User.name, model.User.fullname).where(model.User.id.in_(ids))
    return {
        id_: {"id": id_, "name": name, "fullname": fullname or name}
        for id_, name, fullname in model.Session.execute(wanted)
    }


def _components(pairs: set[tuple[str, str]]) -> dict[tuple[str | None, str], dict[str, str]]:
    wanted = sa.select(PlanItem.plan_id, PlanItem.address, PlanItem.code, PlanItem.title).where(
        sa.tuple_(PlanItem.plan_id, PlanItem.address).in_(sorted(pairs))
    )
    return {
        (plan_id, address): {"address": address, "code": code, "title": title}
        for plan_id, address, code, title in model.Session.execute(wanted)
    }
