"""Plans with what happened to them, out of the tables: what the pure core computes from.

Reading only: nothing here writes or commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from functools import lru_cache

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanItem, PlanRow, PlanVersion
from ckanext.ogp_plan.planning import families, store
from ckanext.ogp_plan.planning import settings as plan_settings
from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.settings import Settings
from ckanext.ogp_plan.planning.tracking import Key, Record
from ckanext.ogp_plan.planning.types import Plan
from ckanext.ogp_plan.services import event as event_service


class NoSuchVersion(LookupError):
    """A plan had no version yet at that moment."""


def today() -> dt.date:
    """Return the day it is in the portal's zone."""
    return dt.datetime.now(config.timezone()).date()


@lru_cache(maxsize=64)
def family(name: str) -> Family:
    """Return a family of plans by its name; read once a process, as its file is part of the release."""
    return families.load(name)


def plans_by_id(ids: Iterable[str]) -> dict[str, PlanRow]:
    """Return plans by their ids, whoever may see them; one query."""
    wanted = sa.select(PlanRow).where(PlanRow.id.in_(sorted(set(ids))))
    return {row.id: row for row in model.Session.scalars(wanted)}


def effective_settings(plan: PlanRow) -> Settings:
    """Return what holds for a plan: its family's settings, and its own over them."""
    return plan_settings.build_settings(family(plan.family), plan.settings or {})


def version(plan: PlanRow, number: int) -> Plan:
    """Return a plan as it was in one of its versions.

    :raises NoSuchVersion: there is none of that number.
    """
    found = PlanVersion.get(plan.id, number)
    if found is None:
        raise NoSuchVersion(f"{plan.name} {number}")
    return store.plan_from_store(found.body)


def current_plan(plan: PlanRow, keys: Collection[Key] | None = None) -> Plan:
    """Return the present version of a plan.

    :param keys: with only these items, read from their own rows.
    """
    if keys is None:
        return version(plan, plan.version)
    made = Plan(plan.family, title=plan.title, start=plan.start, end=plan.end, owner=plan.owner)
    if keys:
        key = event_service.key_rows(keys)
        wanted = (
            sa.select(PlanItem.body)
            .join(key, sa.and_(PlanItem.level == key.c.level, PlanItem.code == key.c.code))
            .where(PlanItem.plan_id == plan.id, PlanItem.withdrawn.is_(False))
            .order_by(PlanItem.position)
        )
        made.items = [store.item_from_store(body) for body in model.Session.scalars(wanted)]
        made.groups = [store.group_from_store(group) for group in _groups(plan)]
    return made


def _groups(plan: PlanRow) -> list[dict]:  # type: ignore[type-arg]
    body = PlanVersion.__table__.c.body
    wanted = sa.select(body["groups"]).where(
        PlanVersion.plan_id == plan.id, PlanVersion.number == plan.version
    )
    return model.Session.execute(wanted).scalar() or []


def number_at(plan: PlanRow, moment: dt.datetime) -> int:
    """Return the number of the version in force at a moment.

    :raises NoSuchVersion: the plan had none yet.
    """
    wanted = sa.select(sa.func.max(PlanVersion.number)).where(
        PlanVersion.plan_id == plan.id, PlanVersion.created <= moment
    )
    number: int | None = model.Session.execute(wanted).scalar()
    if number is None:
        raise NoSuchVersion(f"{plan.name} {moment.isoformat()}")
    return number


def load(
    plan: PlanRow,
    keys: Collection[Key] | None = None,
    as_of: dt.datetime | None = None,
    version_number: int | None = None,
) -> Record:
    """Return a plan with its facts.

    :param keys: only these items and what concerns them; all when None.
    :param as_of: as it was at that moment: the version and the facts of then.
    :param version_number: with another version than the present one, or than that of ``as_of``.
    :raises NoSuchVersion: there was no version yet.
    """
    number = version_number or (number_at(plan, as_of) if as_of else plan.version)
    body = current_plan(plan, keys) if keys is not None and number == plan.version else version(plan, number)
    if keys is not None:
        wanted = set(keys)
        body.items = [item for item in body.items if item.key in wanted]
    record = Record(body, version=number, settings=dict(plan.settings or {}))
    return event_service.into(record, event_service.of_plan(plan.id, keys, as_of))


def head(plan: PlanRow) -> Plan:
    """Return a plan without its items: what its row says of it, for what needs its period only."""
    return Plan(plan.family, title=plan.title, start=plan.start, end=plan.end, owner=plan.owner)


def closed_periods(plan_id: str) -> set[str]:
    """Return the names of a plan's periods of reporting that are closed; the last event of each counts."""
    query = (
        sa.select(Event.body)
        .where(Event.plan_id == plan_id, Event.kind == "period")
        .order_by(Event.at, Event.id)
    )
    opened = {body["period"]: body.get("opened", True) for body in model.Session.scalars(query)}
    return {name for name, is_open in opened.items() if not is_open}
