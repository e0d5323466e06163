"""What a careful reader notices in a plan that was read without trouble.

Each check says, none changes: goals and results in different units, formulas that are none,
texts copied from elsewhere, another year's dates, names written in several ways, quotas.
Patterns and words are data of the layout (``checks:``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.text import bare, fold, significant_words
from ckanext.ogp_plan.planning.importers.common import Context
from ckanext.ogp_plan.planning.types import Item, Place

_SEPARATOR_ODD = re.compile(r"\w/\s|\s/\w|\w\.\s+[A-ZÁÉÍÓÚÑ]|/\s*\Z")
_LAW_YEAR = re.compile(
    r"\b(?:ley|decreto|resolucion|acuerdo|circular|norma|ntc|conpes)\b[^.;]{0,60}?\b(?:19|20)\d\d\b", re.ASCII
)
_YEAR = re.compile(r"(?<![\d/])(20[12]\d)(?![\d])", re.ASCII)
_GENERIC = re.compile(
    r"^(?:numero(?: total)?|total|cantidad|porcentaje|sumatoria)\s+(?:de\s+(?:la\s+|las\s+|los\s+)?)?"
)


def check_plan(context: Context) -> None:
    """Look at every item the layout's checks ask for."""
    rules = context.layout.data.get("checks", {})
    tracked = [level.id for level in context.family.levels if level.trackable]
    items = [item for item in context.plan.items if item.level in tracked]
    for item in items:
        _conditional(context, item, rules)
        _quota(context, item, rules)
        _goal_and_result(context, item, rules)
        _formula(context, item, rules)
        _numbers(context, item)
        _responsible_text(context, item)
        _years(context, item)
    _copied(context, items, rules)
    _responsible_variants(context, items)
    spelling(context, rules)
    _mixed(context, rules)


def _conditional(context: Context, item: Item, rules: dict[str, Any]) -> None:
    """A duty that holds only sometimes needs the state "no aplica" with its reason."""
    for pattern in rules.get("conditional", ()):
        for text in _texts(item):
            match = re.search(pattern, fold(text))
            if match:
                if item.conditional is None:
                    item.conditional = (
                        text[match.start() : match.end()] if len(fold(text)) == len(text) else text
                    )
                    context.act.flag("row.conditional", _place(item), text, code=item.code)
                return


def _texts(item: Item) -> list[str]:
    given = [value for name, value in item.fields.items() if isinstance(value, str) and name != "merged_with"]
    return [item.title, *given]


def _quota(context: Context, item: Item, rules: dict[str, Any]) -> None:
    """ "Two by each organismo" and a total of 56: each of the 28 owes two."""
    goal, pattern = item.fields.get("goal", ""), rules.get("per_each")
    sizes = {group.id: group.size for group in context.plan.groups}
    groups = [org_group for org_group in item.assignments if org_group.group]
    per_each = bool(pattern and re.search(pattern, fold(goal)))
    result = _target(item)
    quota = numbers.first_quantity(goal) if per_each else None
    if per_each and not groups and quota and result and quota.value != result and not _is_percentage(item):
        context.act.flag(
            "quota.without_group",
            _place(item),
            goal,
            code=item.code,
            each=_text(quota.value),
            total=_text(result),
        )
    for org_group in groups:
        size = sizes.get(org_group.group or "")
        if not quota or not size or result is None or _is_percentage(item):
            continue
        if quota.value * size == result:
            org_group.own_target = quota.value
        else:
            context.act.flag(
                "quota.mismatch",
                _place(item),
                goal,
                code=item.code,
                each=_text(quota.value),
                size=size,
                total=_text(result),
            )


def _goal_and_result(context: Context, item: Item, rules: dict[str, Any]) -> None:
    goal, result = item.fields.get("goal", ""), _target(item)
    if not goal or result is None or not item.indicators:
        return
    found = numbers.find_quantities(goal)
    if not found:
        context.act.flag(
            "goal.no_number", _place(item), goal, code=item.code, result=item.indicators[0].target_text
        )
        return
    per_each = rules.get("per_each")
    ratio = "/" in item.indicators[0].formula
    if (per_each and re.search(per_each, fold(goal))) or ratio:
        return
    alike = [number for number in found if number.percent == _is_percentage(item)]
    if (
        len(found) > 1
        and sum(number.value for number in found) == result
        and all(number in alike for number in found)
    ):
        context.act.flag(
            "goal.compound", _place(item), goal, code=item.code, parts=len(found), total=_text(result)
        )
    elif all(number.value != result for number in alike):
        context.act.flag(
            "goal.unit", _place(item), goal, code=item.code, result=item.indicators[0].target_text
        )


def _formula(context: Context, item: Item, rules: dict[str, Any]) -> None:
    few = rules.get("formula_words")
    for indicator in item.indicators:
        formula = indicator.formula
        if not formula:
            continue
        if few and "/" not in formula and len(formula.split()) <= few:
            context.act.flag("formula.none", _place(item), formula, code=item.code)
        if "/" in formula and _is_percentage(item) and "100" not in formula:
            context.act.flag("formula.no_scale", _place(item), formula, code=item.code)


def _numbers(context: Context, item: Item) -> None:
    """Say which numbers of a goal had to be interpreted, and how."""
    goal = item.fields.get("goal", "")
    for kind in ("zeros", "thousands", "ungrouped"):
        found = [quantity for quantity in numbers.find_quantities(goal) if kind in quantity.how]
        if found:
            context.act.flag(f"number.{kind}", _place(item), goal, value=_text(found[0].value))
    if re.search(r"[a-záéíóúñ]{3,}\s*\(\s*\d", goal, re.I) and re.search(
        r"\btreinta|\bveint|\bmil\b", fold(goal)
    ):
        context.act.flag(
            "number.words_ignored", _place(item), goal, value=_text(numbers.find_quantities(goal)[-1].value)
        )


def _responsible_text(context: Context, item: Item) -> None:
    printed = item.fields.get("responsible", "")
    if printed and _SEPARATOR_ODD.search(printed.rstrip(".")):
        context.act.flag("responsible.separators", _place(item), printed, code=item.code)


def _responsible_variants(context: Context, items: list[Item]) -> None:
    spelled: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        printed = item.fields.get("responsible", "")
        if printed:
            known = ",".join(
                f"{assignment.organization}/{assignment.unit}/{assignment.group}/{assignment.unknown}"
                for assignment in item.assignments
            )
            spelled[known].setdefault(printed, item)
    for variants in spelled.values():
        if len(variants) > 1:
            first, *others = variants
            for printed in others:
                context.act.flag("responsible.variant", _place(variants[printed]), printed, other=first)


def _years(context: Context, item: Item) -> None:
    """Last year's texts stay in this year's plan; what is due after its end cannot be followed in it."""
    start, end = context.plan.start, context.plan.end
    if not start or not end:
        return
    code, number = item.parent[1] if item.parent else "", item.code
    texts = _texts(item)
    parent = context.find(*item.parent) if item.parent else None
    if parent and code == number:
        texts.append(parent.title)
    for text in texts:
        plain = _LAW_YEAR.sub(" ", re.sub(r"https?://\S+", " ", fold(text)))
        years = sorted({int(year) for year in _YEAR.findall(plain)})
        before, after = [y for y in years if y < start.year], [y for y in years if y > end.year]
        if before:
            context.act.flag(
                "text.old_year", _place(item), text, code=item.code, years=before, period=start.year
            )
        if after:
            context.act.flag(
                "text.later_year", _place(item), text, code=item.code, years=after, period=end.year
            )


def _copied(context: Context, items: list[Item], rules: dict[str, Any]) -> None:
    """The same long text under two numbers, and a formula kept from the row above."""
    enough = rules.get("copied_letters")
    if not enough:
        return
    for name in ("title", "product"):
        _copied_field(context, items, name, enough)
    for above, item in zip(items, items[1:], strict=False):
        _copied_formula(context, above, item)


def _copied_field(context: Context, items: list[Item], name: str, enough: int) -> None:
    heads: dict[str, Item] = {}
    for item in items:
        text = bare(item.title if name == "title" else item.fields.get(name, ""))
        if len(text) < enough:
            continue
        head = text if name == "product" else text[: enough * 3]
        other = heads.setdefault(head, item)
        if other is not item and other.parent != item.parent:
            displayed = item.title if name == "title" else item.fields[name]
            context.act.flag("text.copied", _place(item), displayed, code=item.code, other=other.code)


def _copied_formula(context: Context, above: Item, item: Item) -> None:
    if not above.indicators or not item.indicators:
        return
    formula = item.indicators[0].formula
    if len(formula.split()) <= 2 or bare(formula) != bare(above.indicators[0].formula):
        return
    counted = significant_words(_GENERIC.sub("", fold(formula)))
    own = significant_words(
        " ".join([item.title, item.fields.get("goal", ""), item.fields.get("product", "")])
    )
    if counted and not counted & {word[:6] for word in own} and not _stems(counted) & _stems(own):
        context.act.flag("formula.copied", _place(item), formula, code=item.code, other=above.code)


def _stems(found: frozenset[str]) -> set[str]:
    return {word[:4] for word in found}


def spelling(context: Context, rules: dict[str, Any]) -> None:
    """Words that are known to be misspelt: reported with their place, never changed."""
    for rule in rules.get("spelling", ()):
        written = fold(rule["written"])
        for _, row in context.source.rows():
            text = row.joined()
            if written not in fold(text):
                continue
            slip = next((word for word in re.findall(r"\w+", text) if fold(word).startswith(written)), None)
            if slip:
                context.act.flag("term.spelling", row.place, slip, meant=rule["meant"])


def _mixed(context: Context, rules: dict[str, Any]) -> None:
    for names in rules.get("mixed", ()):
        seen: dict[str, Place] = {}
        for _, row in context.source.rows():
            folded = fold(row.joined())
            for name in names:
                if name not in seen and re.search(rf"\b{name}\b", folded):
                    seen[name] = row.place
        if len(seen) > 1:
            for name, place in seen.items():
                context.act.flag("term.mixed", place, name, names=list(seen))


def _target(item: Item) -> Decimal | None:
    return item.indicators[0].targets[0].value if item.indicators and item.indicators[0].targets else None


def _is_percentage(item: Item) -> bool:
    return bool(item.indicators and "%" in item.indicators[0].target_text)


def _text(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place(item: Item) -> Place:
    return item.place or Place()
