"""The members of the groups of organismos that a plan names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.responsibles import Directory
from ckanext.ogp_plan.planning.types import OrgGroup, Plan, PlanStatus
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, plan_version
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.organization import filter_known
from ckanext.ogp_plan.services.plan_act import AppliedChange, find_missing_act, validation_error


def find_group(name: str | None, *plans: Plan | None) -> Any:
    if name is None:
        return None
    known = [group for plan in plans if plan for group in plan.groups if group.id == name]
    return known[0] if known else Directory.load().groups.get(name)


def set_members(
    plan: PlanRow,
    group: str,
    members: Collection[str],
    *,
    user_id: str | None = None,
    act_name: str = "",
    reason: str = "",
) -> AppliedChange:
    """Say which organismos a group of a plan is: from now on each of them owes its part by its own name.

    These are all of its members: who is not among them leaves the group. The same ones again, in
    whatever order, write nothing. Fewer than the plan says are taken: the others are still to be named.
    More are refused and not asked to be confirmed, as goals are computed from that number (two each of
    28 are 56, and 29 members would make it 58): where the plan itself counts wrongly, its document says
    so, number and members together.

    :param group: the id of a group that the plan names.
    :param members: names of organizations of the portal, ids of ``schemas/cali/``, or members that the
        group has already.
    :param act_name: the act that changes an adopted plan (needed then).
    :param reason: why it changes (needed then).
    :raises ckan.plugins.toolkit.ValidationError: the plan is closed or has no such group, a member is no
        organismo, there are more than the plan says, or an adopted plan would change without its act.
    """
    event_service.hold(plan.id)
    model.Session.refresh(plan)
    if plan.status == PlanStatus.CLOSED.value:
        raise validation_error("plan", tk._("The plan is closed and is not changed any more."))
    current = record_service.current_plan(plan) if plan.version else Plan(plan.family)
    place = next((n for n, candidate in enumerate(current.groups) if candidate.id == group), None)
    if place is None:
        raise validation_error("group", _no_group_message(current.groups))
    present = current.groups[place]
    named = _order_members(present, members)
    if set(named) == set(present.members):
        return AppliedChange(plan, plan.version, 0)
    errors = find_missing_act(plan, act_name, reason)
    if wrong := _list_member_errors(present, named):
        errors["members"] = wrong
    if errors:
        raise tk.ValidationError(errors)
    current.groups[place] = replace(present, members=named)
    done = plan_version.apply(
        plan, current, user_id=user_id, act_name=act_name.strip(), reason=reason.strip()
    )
    item_status.recompute(plan.id)
    model.Session.flush()
    return AppliedChange(plan, done.version, len(done.changes))


def _no_group_message(groups: Collection[OrgGroup]) -> str:
    if not groups:
        return str(tk._("This plan names no group of organismos."))
    return str(
        tk._("The plan names no such group of organismos. It has: {groups}.").format(
            groups=", ".join(group.id for group in groups)
        )
    )


def _order_members(group: OrgGroup, members: Collection[str]) -> tuple[str, ...]:
    """Return members without repeats, present ones first in their order: a new order is no change."""
    wanted = dict.fromkeys(members)
    stay = [name for name in group.members if name in wanted]
    return (*stay, *(name for name in wanted if name not in group.members))


def _list_member_errors(group: OrgGroup, named: Collection[str]) -> list[str]:
    """Why some organismos cannot be the members of a group, each with its remedy."""
    joining = [name for name in named if name not in group.members]
    known = filter_known(joining)
    wrong = [
        tk._(
            "“{name}” is no organismo of the portal. Correct the name, or ask the administration of the "
            "portal to make its page first."
        ).format(name=name)
        for name in joining
        if name not in known
    ]
    if group.size is not None and len(named) > group.size:
        sentence = tk._(
            "The plan says that they are {size}, and you chose {count}. Take out those that are too many. If "
            "the plan counts wrongly, correct its number in the workbook of the plan: sheet “Grupos”, "
            "column “tamano”."
        )
        wrong.append(sentence.format(size=group.size, count=len(named)))
    return wrong
