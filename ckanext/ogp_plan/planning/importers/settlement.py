"""What was read becomes the plan that would be stored, compared with the present plan.

A document says what its form has a place for. What the plan holds beyond that (weights, quotas
set by hand, a name somebody gave) is not taken away by a document that cannot say it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from ckanext.ogp_plan.planning.types import (
    Accumulation,
    Assignment,
    Indicator,
    Item,
    OrgGroup,
    Plan,
    ScheduleKind,
)

#: The title that the document has, where the plan is called otherwise.
DOCUMENT_TITLE = "document_title"
#: Of an indicator: what few forms have a place for, and what it is when nobody says it.
_INDICATOR: dict[str, Any] = {
    "unit": "",
    "ascending": True,
    "accumulation": Accumulation.SUM,
    "numerator": "",
    "denominator": "",
    "baseline": None,
    "baseline_year": None,
}


def keep_title(plan: Plan, title: str, present: Plan | None) -> None:
    """Give a plan the title it has in the portal; the document's own is kept beside it.

    :param title: the title in the portal; "" when the document is to say it.
    """
    printed = plan.title
    plan.title = title or printed
    if printed and printed != plan.title:
        plan.fields[DOCUMENT_TITLE] = printed
    elif present and DOCUMENT_TITLE in present.fields:
        plan.fields[DOCUMENT_TITLE] = present.fields[DOCUMENT_TITLE]


def keep_unstated(plan: Plan, present: Plan) -> None:
    """Keep, of the present plan, what the document does not state of anything at all.

    A field that some row has and others have not was left blank on purpose in those; a field that no
    row has is one the document has no place for.
    """
    for name in ("start", "end", "version", "form_code"):
        if not getattr(plan, name):
            setattr(plan, name, getattr(present, name))
    groups = {group.id: group for group in present.groups}
    plan.groups = [groups.get(group.id, group) for group in plan.groups]
    old = {item.key: item for item in present.items}
    levels: dict[str, list[Item]] = defaultdict(list)
    for item in plan.items:
        levels[item.level].append(item)
    for items in levels.values():
        pairs = [(item, old[item.key]) for item in items if item.key in old]
        _keep_of_items(items, pairs)
        _keep_of_indicators(items, pairs)
        for item, before in pairs:
            item.assignments = _with_quotas(item.assignments, before.assignments)


def _keep_of_items(items: list[Item], pairs: list[tuple[Item, Item]]) -> None:
    fields = {name for item in items for name in item.fields}
    weighed = any(item.weight is not None for item in items)
    scheduled = any(item.schedule.kind is not ScheduleKind.UNDECLARED for item in items)
    assigned = any(item.assignments for item in items)
    for item, before in pairs:
        item.fields |= {name: value for name, value in before.fields.items() if name not in fields}
        if not weighed:
            item.weight = before.weight
        if not scheduled:
            item.schedule = before.schedule
        if not assigned:
            item.assignments = list(before.assignments)


def _keep_of_indicators(items: list[Item], pairs: list[tuple[Item, Item]]) -> None:
    every = [indicator for item in items for indicator in item.indicators]
    absent = {name: default for name, default in _INDICATOR.items() if _none_says(every, name, default)}
    for item, before in pairs:
        known = {indicator.code: indicator for indicator in before.indicators}
        for indicator in item.indicators:
            if indicator.code in known:
                for name in absent:
                    setattr(indicator, name, getattr(known[indicator.code], name))


def _none_says(indicators: Iterable[Indicator], name: str, default: Any) -> bool:
    return all(getattr(indicator, name) == default for indicator in indicators)


def _with_quotas(assignments: list[Assignment], before: list[Assignment]) -> list[Assignment]:
    """Keep a quota that somebody set, where the document gives none to the same organismo."""
    quotas = {_whose(assignment): assignment.own_target for assignment in before}
    return [
        assignment
        if assignment.own_target is not None
        else replace(assignment, own_target=quotas.get(_whose(assignment)))
        for assignment in assignments
    ]


def _whose(assignment: Assignment) -> tuple[object, ...]:
    return (assignment.role, assignment.organization, assignment.unit, assignment.group, assignment.unknown)


def restore_items(plan: Plan, present: Plan, keys: Collection[tuple[str, str]]) -> None:
    """Put items of the present plan into the one that was read, each after the same item as before."""
    wanted = set(keys)
    if not wanted:
        return
    there = {item.key for item in plan.items} | wanted
    after: dict[tuple[str, str] | None, list[Item]] = defaultdict(list)
    last: tuple[str, str] | None = None
    for item in present.items:
        if item.key in wanted:
            after[last].append(item)
        elif item.key in there:
            last = item.key
    plan.items = after[None] + [entry for item in plan.items for entry in (item, *after[item.key])]
    groups = {group.id: group for group in present.groups}
    for item in plan.items:
        for name in (assignment.group for assignment in item.assignments):
            if name in groups:
                add_group(plan, groups[name])


def name_responsible(
    plan: Plan, printed: str, *, organization: str | None = None, group: OrgGroup | None = None
) -> None:
    """Put an organismo, or a group, wherever a plan has that name in words."""
    for item in plan.items:
        if not any(assignment.unknown == printed for assignment in item.assignments):
            continue
        made: list[Assignment] = []
        for assignment in item.assignments:
            named = assignment
            if assignment.unknown == printed:
                named = replace(
                    assignment, unknown=None, organization=organization, group=group.id if group else None
                )
            if named not in made:
                made.append(named)
        item.assignments = made
        if group:
            add_group(plan, group)


def add_group(plan: Plan, group: OrgGroup) -> None:
    """Let a plan name a group, once."""
    if all(known.id != group.id for known in plan.groups):
        plan.groups.append(group)


def number_items(plan: Plan) -> None:
    """Number the items in their order."""
    for order, item in enumerate(plan.items, start=1):
        item.order = order
