"""Names of responsibles that nobody knows yet, and their answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
import sqlalchemy.orm
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import insert

from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow, UnknownName
from ckanext.ogp_plan.planning.importers import settlement
from ckanext.ogp_plan.planning.types import Plan, PlanStatus
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, plan_version
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.group import find_group
from ckanext.ogp_plan.services.organization import filter_known
from ckanext.ogp_plan.services.plan_act import AppliedChange, validation_error


def list_unknown_names(plan: Plan) -> tuple[str, ...]:
    """Return the names of responsibles nobody knows, each once, in the plan's order."""
    return tuple(
        dict.fromkeys(
            assignment.unknown for item in plan.items for assignment in item.assignments if assignment.unknown
        )
    )


def load_unknown_names(plan: PlanRow) -> list[UnknownName]:
    wanted = sa.select(UnknownName).where(UnknownName.plan_id == plan.id).order_by(UnknownName.created)
    return list(model.Session.scalars(wanted))


def store_unknown_names(plan: PlanRow, names: Iterable[str]) -> None:
    rows = [
        {"id": make_uuid(), "plan_id": plan.id, "printed": name, "created": event_service.clock()}
        for name in names
    ]
    if rows:
        model.Session.execute(
            insert(UnknownName.__table__).on_conflict_do_nothing(constraint="uq_ogp_unknown_name_printed"),
            rows,
        )


@dataclass(frozen=True, slots=True)
class WaitingName:
    """A name that nobody knows yet, and the items it is printed at: (address, code, title)."""

    id: str
    printed: str
    created: dt.datetime
    items: tuple[tuple[str, str, str], ...]


def list_waiting_names(plan: PlanRow, *, limit: int | None = None, offset: int = 0) -> list[WaitingName]:
    """Return the names of a plan that wait for a person to say whose they are, the oldest first.

    :param limit: how many names at most (default: all).
    :param offset: how many names to leave out at the beginning.
    """
    printed_somewhere = sa.exists().where(
        ItemAssignment.plan_id == UnknownName.plan_id, ItemAssignment.unknown == UnknownName.printed
    )
    page = (
        sa.select(UnknownName.id)
        .where(UnknownName.plan_id == plan.id, UnknownName.answered.is_(None), printed_somewhere)
        .order_by(UnknownName.created, UnknownName.printed)
        .limit(limit)
        .offset(offset)
    )
    query = (
        sa.select(UnknownName.id, UnknownName.printed, UnknownName.created)
        .add_columns(PlanItem.address, PlanItem.code, PlanItem.title)
        .join(
            ItemAssignment,
            sa.and_(
                ItemAssignment.plan_id == UnknownName.plan_id, ItemAssignment.unknown == UnknownName.printed
            ),
        )
        .join(PlanItem, PlanItem.id == ItemAssignment.item_id)
        .where(UnknownName.id.in_(page))
        .order_by(UnknownName.created, UnknownName.printed, PlanItem.position)
    )
    found: dict[str, WaitingName] = {}
    for id_, printed, created, *item in model.Session.execute(query):
        name = found.get(id_) or WaitingName(id_, printed, created, ())
        found[id_] = replace(name, items=(*name.items, tuple(item)))
    return list(found.values())


def answer_name(
    plan: PlanRow,
    printed: str,
    *,
    organization: str | None = None,
    group: str | None = None,
    user_id: str | None = None,
    act_name: str = "",
) -> AppliedChange:
    """Say whose a name is: everywhere in the plan it is that organismo, or that group, from now on.

    :param organization: the name of an organization of the portal, or an id of ``schemas/cali/``.
    :param group: the id of a group that the plan, or ``schemas/cali/``, names.
    """
    if bool(organization) == bool(group):
        raise validation_error("organization", tk._("Choose one: the organismo, or the group of organismos."))
    wanted = sa.select(UnknownName).where(UnknownName.plan_id == plan.id, UnknownName.printed == printed)
    row = model.Session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise validation_error("printed", tk._("No responsible of this plan waits under that name."))
    if row.answered is not None:
        raise validation_error("printed", tk._("Somebody answered already whose this name is."))
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    if plan.status == PlanStatus.CLOSED.value:
        raise validation_error("plan", tk._("The plan is closed and is not changed any more."))
    current = record_service.current_plan(plan)
    known_group = find_group(group, current) if group else None
    if group and known_group is None:
        raise validation_error("group", tk._("There is no such group of organismos."))
    if organization and organization not in filter_known([organization]):
        raise validation_error(
            "organization", tk._("There is no such organismo. Its page must exist in the portal first.")
        )
    settlement.name_responsible(current, printed, organization=organization, group=known_group)
    whose = known_group.name if known_group else organization
    done = plan_version.apply(
        plan,
        current,
        user_id=user_id,
        act_name=act_name.strip(),
        reason=tk._("Responsible identified: “{printed}” is {whose}.").format(printed=printed, whose=whose),
    )
    row.organization, row.group_id = organization or None, group or None
    row.answered_by, row.answered = user_id, event_service.clock()
    if done.changes:
        item_status.recompute(plan.id)
    model.Session.flush()
    return AppliedChange(plan, done.version, len(done.changes))
