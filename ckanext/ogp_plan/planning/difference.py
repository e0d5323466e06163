"""What changes from one plan to another: by an import, or in ways that are easily missed.

Items are known by (level, code), indicators by their code inside their item. The place
of a thing in a source is no part of a plan: a row that moved a line has not changed.
"""

from __future__ import annotations

from typing import Any

from ckanext.ogp_plan.planning.output import assignment_dict, plain, schedule_dict
from ckanext.ogp_plan.planning.types import ChangeKind, Indicator, Item, OrgGroup, Plan, PlanChange

_PLAN = ("family", "title", "start", "end", "version", "form_code", "owner")
_INDICATOR = (
    "name",
    "measure",
    "unit",
    "ascending",
    "accumulation",
    "formula",
    "numerator",
    "denominator",
    "baseline",
    "baseline_year",
    "target_text",
    "verification",
)


def difference(before: Plan, after: Plan) -> list[PlanChange]:
    """Return what one plan has and the other has not, or has otherwise.

    :param before: the present plan.
    :param after: the plan as read now.
    :returns: no change when both say the same; changes of the plan itself, then of items in the order
        of ``after``, then items that are gone, in the order of ``before``.
    """
    changes = _changed(None, None, _of_plan(before), _of_plan(after))
    old = {item.key: item for item in before.items}
    for item in after.items:
        if item.key in old:
            changes += _changed(item.level, item.code, of_item(old[item.key]), of_item(item))
        else:
            changes.append(PlanChange(ChangeKind.ADDED, item.level, item.code, None, None, item.title))
    kept = {item.key for item in after.items}
    gone = [item for item in before.items if item.key not in kept]
    return changes + [
        PlanChange(ChangeKind.REMOVED, item.level, item.code, None, item.title, None) for item in gone
    ]


def _changed(
    level: str | None, code: str | None, old: dict[str, Any], new: dict[str, Any]
) -> list[PlanChange]:
    names = list(dict.fromkeys([*old, *new]))
    return [
        PlanChange(ChangeKind.CHANGED, level, code, name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _of_plan(plan: Plan) -> dict[str, Any]:
    made = {name: plain(getattr(plan, name)) for name in _PLAN}
    made |= {f"fields.{name}": plain(value) for name, value in plan.fields.items() if name != "sections"}
    sections = plan.fields.get("sections", [])
    made |= {
        f"sections[{n}]": [section["title"], section["text"]] for n, section in enumerate(sections, start=1)
    }
    return made | {f"groups[{group.id}]": _of_group(group) for group in plan.groups}


def _of_group(group: OrgGroup) -> list[Any]:
    return [
        group.name,
        group.size,
        list(group.members),
        plain(group.valid_from),
        plain(group.valid_to),
        group.source,
    ]


def of_item(item: Item) -> dict[str, Any]:
    """Return what an item says, by dotted name; its place and its order are not part of it."""
    made: dict[str, Any] = {
        "title": item.title,
        "parent": list(item.parent) if item.parent else None,
        "code_printed": item.code_printed,
        "weight": plain(item.weight),
        "conditional": item.conditional,
    }
    made |= {f"schedule.{name}": value for name, value in schedule_dict(item.schedule).items()}
    made |= {f"fields.{name}": plain(value) for name, value in item.fields.items()}
    made["assignments"] = sorted(
        (assignment_dict(assignment) for assignment in item.assignments),
        key=lambda entry: sorted(entry.items(), key=str).__repr__(),
    )
    for indicator in item.indicators:
        made |= _of_indicator(indicator)
    return made


def _of_indicator(indicator: Indicator) -> dict[str, Any]:
    head = f"indicators[{indicator.code}]"
    made = {f"{head}.{name}": plain(getattr(indicator, name)) for name in _INDICATOR}
    targets = [
        [plain(target.value), target.text, plain(target.start), plain(target.end), dict(target.dimension)]
        for target in indicator.targets
    ]
    return made | {f"{head}.targets": targets}
