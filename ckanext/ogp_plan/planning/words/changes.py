"""Changes of a plan in words: what a dotted name of :mod:`.difference` is called, how its values read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.cost_common.values.dates import Precision
from ckanext.ogp_plan.planning.types import Accumulation, Measure, Role, ScheduleKind
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.render import Renderer

_INDICATOR = re.compile(r"indicators\[(?P<code>.*)\]\.(?P<name>\w+)", re.S)
_GROUP = re.compile(r"groups\[(?P<id>.*)\]", re.S)
_SECTION = re.compile(r"sections\[(?P<number>\d+)\]")

#: What a plan, an item and an indicator have, whatever their family.
_NAMES: dict[str, str] = {
    "family": N_("family"),
    "title": N_("title"),
    "start": N_("first day"),
    "end": N_("last day"),
    "version": N_("version of the form"),
    "form_code": N_("code of the form"),
    "owner": N_("organization that owns the plan"),
    "parent": N_("item it hangs from"),
    "code_printed": N_("code as printed"),
    "weight": N_("weight"),
    "conditional": N_("condition"),
    "assignments": N_("who answers for it"),
    "schedule.kind": N_("kind of schedule"),
    "schedule.months": N_("months"),
    "schedule.start": N_("beginning"),
    "schedule.due": N_("due day"),
    "schedule.cadence": N_("how often"),
    "schedule.times": N_("how many times"),
    "schedule.precision": N_("precision of the date"),
    "fields.document_title": N_("title as printed"),
    "name": N_("name"),
    "measure": N_("kind of measure"),
    "unit": N_("unit"),
    "ascending": N_("more is better"),
    "accumulation": N_("how periods add up"),
    "formula": N_("formula"),
    "numerator": N_("numerator"),
    "denominator": N_("denominator"),
    "baseline": N_("baseline"),
    "baseline_year": N_("year of the baseline"),
    "target_text": N_("target as printed"),
    "verification": N_("means of verification"),
    "targets": N_("targets"),
}
_OF_INDICATOR = N_("indicator %(code)s, %(what)s")
_THE_GROUP = N_('group of organismos "%(name)s"')
_THE_SECTION = N_("section %(number)s")
_UNKNOWN = N_("%(name)s (not identified)")
_EACH = N_("%(name)s, %(number)s each")
_MEMBERS = N_("%(name)s: %(count)s organismos")
_WHO_THEY_ARE = N_("%(name)s: %(count)s organismos; named: %(who)s")
_YES, _NO, _NOTHING = N_("Yes"), N_("No"), N_("nothing")
_MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"),
    N_("July"), N_("August"), N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip
#: Values that are codes.
_VALUES: dict[str, str] = {
    ScheduleKind.MONTHS.value: N_("by months"),
    ScheduleKind.RANGE.value: N_("from one day to another"),
    ScheduleKind.DATE.value: N_("one day"),
    ScheduleKind.RECURRING.value: N_("again and again"),
    ScheduleKind.UNDECLARED.value: N_("not declared"),
    Precision.DAY.value: N_("the day"),
    Precision.MONTH.value: N_("the month"),
    Precision.QUARTER.value: N_("the quarter"),
    Precision.YEAR.value: N_("the year"),
    Measure.UNIT.value: N_("number"),
    Measure.PERCENTAGE.value: N_("percentage"),
    Measure.ORDINAL.value: N_("scale"),
    Measure.BOOLEAN.value: N_("yes or no"),
    Measure.QUALITATIVE.value: N_("in words"),
    Accumulation.SUM.value: N_("they are added"),
    Accumulation.LAST.value: N_("the last one counts"),
    Accumulation.MAXIMUM.value: N_("the highest one counts"),
    Accumulation.MEAN.value: N_("their mean counts"),
    Accumulation.ALL_MEET.value: N_("share of those that reach the target"),
    Role.LEAD.value: N_("leads"),
    Role.SUPPORT.value: N_("supports"),
    Role.ALLY.value: N_("ally"),
    Role.MONITOR.value: N_("monitors"),
}
_CODED = ("schedule.kind", "schedule.precision", "measure", "accumulation")


def field_name(field: str | None, words: Renderer) -> str:
    """Return what a changed thing is called; "" for a whole item.

    :param field: the dotted name, as :class:`~.types.PlanChange` has it.
    """
    if not field:
        return ""
    if match := _INDICATOR.fullmatch(field):
        return words.translate(
            _OF_INDICATOR, {"code": match["code"], "what": field_name(match["name"], words)}
        )
    if match := _GROUP.fullmatch(field):
        return words.translate(_THE_GROUP) % {"name": match["id"]}
    if match := _SECTION.fullmatch(field):
        return words.translate(_THE_SECTION, {"number": match["number"]})
    if field in _NAMES:
        return words.translate(_NAMES[field])
    return words.parameter("field", field.removeprefix("fields."))


def format_value(
    field: str | None, value: Any, words: Renderer, names: Mapping[str, str] | None = None
) -> str:
    """Return a value before or after a change as people read it; "" when there was none.

    :param names: organismo → how it is called; what is not there shows by its id.
    """
    called = names or {}
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return words.translate(_YES if value else _NO)
    name = field or ""
    if match := _INDICATOR.fullmatch(name):
        name = match["name"]
    if name == "assignments" and isinstance(value, list):
        return "; ".join(_assignment(element, words, called) for element in value)
    if name == "targets" and isinstance(value, list):
        return "; ".join(str(element[1] or element[0]) for element in value)
    if _GROUP.fullmatch(name) and isinstance(value, list):
        who = ", ".join(called.get(element, element) for element in value[2])
        text = words.translate(_WHO_THEY_ARE if who else _MEMBERS)
        return text % {"name": value[0], "count": value[1] or len(value[2]), "who": who}
    if name == "schedule.months":
        return ", ".join(words.translate(_MONTHS[month - 1]) for month in value if 1 <= month <= 12)
    if name == "owner":
        return called.get(str(value), str(value))
    if name in _CODED:
        return words.translate(_VALUES[value]) if value in _VALUES else str(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(element)}" for name, element in value.items())
    if isinstance(value, (list, tuple)):
        return " · ".join(_plain(element) for element in value if element not in (None, ""))
    return str(value)


def _assignment(entry: Mapping[str, Any], words: Renderer, called: Mapping[str, str]) -> str:
    if entry.get("unknown"):
        name = words.translate(_UNKNOWN) % {"name": entry["unknown"]}
    else:
        parts = [str(entry[part]) for part in ("organization", "unit", "group") if entry.get(part)]
        name = " / ".join(called.get(part, part) for part in parts)
    role = entry.get("role")
    if role and role != Role.LEAD.value and role in _VALUES:
        name = f"{name} ({words.translate(_VALUES[role])})"
    if entry.get("own_target") is not None:
        name = words.translate(_EACH) % {"name": name, "number": entry["own_target"]}
    return name
