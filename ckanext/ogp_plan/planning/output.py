"""A reading as plain values for JSON, and as text for a terminal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from ckanext.ogp_plan.planning.families import Family
from ckanext.ogp_plan.planning.importers.act import Finding, Question, Reading
from ckanext.ogp_plan.planning.types import (
    Assignment,
    Indicator,
    Item,
    OrgGroup,
    Place,
    Plan,
    Schedule,
    ScheduleKind,
    Target,
)
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.render import Renderer

# Marked here: what extracts them does not look inside of f-strings.
_PLAN = N_("Plan")
_PERIOD = N_("Period")
_LAYOUT = N_("Layout")
_ACCEPTED = N_("Accepted")
_TRACKED = N_("%(count)s items tracked")
_NOTHING = N_("nothing")
_ASKED = N_("Asked")
_UNTIL = N_("Until it is answered: %(option)s")
_ANSWER = N_("Answer with")
_UNDECLARED = N_("not declared")
_ACT = N_("Import act")
_WHOLE = N_("whole document")
_INHERITED = N_("Inherited from above")
_FLAGGED = N_("Flagged")
_LEFT_OUT = N_("Left out")


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: decimals as numbers when exact, days as texts."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) < 10**15:
            return int(value)
        return float(value) if Decimal(str(float(value))) == value else str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): plain(element) for name, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return getattr(value, "value", value)


def place_dict(place: Place | None) -> dict[str, Any]:
    """Return a place: ``line``, or ``sheet`` and ``cell``; ``to`` when it goes on."""
    if place is None:
        return {}
    given = {"line": place.line, "sheet": place.sheet, "cell": place.cell, "to": place.to}
    return {name: value for name, value in given.items() if value is not None}


def plan_dict(plan: Plan) -> dict[str, Any]:
    """Return what a plan says of itself, without its items."""
    return {
        "family": plan.family,
        "title": plan.title,
        "start": plain(plan.start),
        "end": plain(plan.end),
        "version": plan.version,
        "form_code": plan.form_code,
        "status": plan.status.value,
        "owner": plan.owner,
        "groups": [_group(group) for group in plan.groups],
        "fields": plain(plan.fields),
    }


def _group(group: OrgGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "size": group.size,
        "members": list(group.members),
        "valid_from": plain(group.valid_from),
        "valid_to": plain(group.valid_to),
        "source": group.source,
    }


def item_dict(item: Item) -> dict[str, Any]:
    """Return one item; ``result`` and ``responsible`` are as printed."""
    return {
        "code": item.code,
        "level": item.level,
        "parent": {"level": item.parent[0], "code": item.parent[1]} if item.parent else None,
        "title": item.title,
        "result": item.fields.get("result"),
        "responsible": item.fields.get("responsible"),
        "code_printed": item.code_printed,
        "order": item.order,
        "trackable": item.trackable,
        "weight": plain(item.weight),
        "conditional": item.conditional,
        "schedule": schedule_dict(item.schedule),
        "assignments": [assignment_dict(assignment) for assignment in item.assignments],
        "fields": {
            name: plain(value) for name, value in item.fields.items() if name not in ("result", "responsible")
        },
        "source": place_dict(item.place),
    }


def schedule_dict(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule; an undeclared one has its kind and nothing else."""
    made: dict[str, Any] = {"kind": schedule.kind.value}
    if schedule.kind is ScheduleKind.UNDECLARED:
        return made
    for name in ("months", "start", "due", "cadence", "times"):
        value = getattr(schedule, name)
        if value not in (None, ()):
            made[name] = plain(value)
    return made | {"precision": schedule.precision.value}


def assignment_dict(assignment: Assignment) -> dict[str, Any]:
    """Return who answers for an item, with only what is known."""
    given = {
        "role": assignment.role.value,
        "organization": assignment.organization,
        "unit": assignment.unit,
        "group": assignment.group,
        "unknown": assignment.unknown,
        "own_target": plain(assignment.own_target),
        "condition": assignment.condition,
    }
    return {name: value for name, value in given.items() if value is not None}


def indicator_dict(item: Item, indicator: Indicator) -> dict[str, Any]:
    """Return one indicator; ``target`` is the first number it promises, None when it promises none."""
    return {
        "item": {"level": item.level, "code": item.code},
        "code": indicator.code,
        "name": indicator.name,
        "measure": indicator.measure.value,
        "unit": indicator.unit,
        "ascending": indicator.ascending,
        "accumulation": indicator.accumulation.value,
        "formula": indicator.formula,
        "numerator": indicator.numerator,
        "denominator": indicator.denominator,
        "baseline": plain(indicator.baseline),
        "baseline_year": indicator.baseline_year,
        "target": plain(indicator.targets[0].value) if indicator.targets else None,
        "target_text": indicator.target_text,
        "targets": [_target(target) for target in indicator.targets],
        "verification": list(indicator.verification),
        "source": place_dict(indicator.place),
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "value": plain(target.value),
        "text": target.text,
        "start": plain(target.start),
        "end": plain(target.end),
        "dimension": dict(target.dimension),
    }


def to_dict(reading: Reading, lang: str = "es", family: Family | None = None) -> dict[str, Any]:
    """Return a reading as the command prints it in JSON.

    :param lang: the language of the reasons.
    :param family: the family, for the names of its levels and fields.
    """
    words = Renderer(lang, family)
    plan, act = reading.plan, reading.act
    return {
        "plan": plan_dict(plan) | {"layout": reading.layout},
        "items": [item_dict(item) for item in plan.items],
        "indicators": [
            indicator_dict(item, indicator) for item in plan.items for indicator in item.indicators
        ],
        "acta": {
            "accepted": act.accepted,
            "inherited": [finding_dict(finding, words) for finding in act.inherited],
            "flagged": [finding_dict(finding, words) for finding in act.flagged],
            "dropped": [finding_dict(finding, words) for finding in act.dropped],
            "asked": [question_dict(question, words) for question in act.asked],
            "answered": [
                question_dict(question, words) | {"answer": answer} for question, answer in act.answered
            ],
        },
    }


def finding_dict(finding: Finding, words: Renderer) -> dict[str, Any]:
    """Return a finding with its place, its source's text and why it is reported."""
    return {
        "kind": finding.kind,
        "place": place_dict(finding.place),
        "text": finding.text,
        "title": words.title(finding.kind),
        "why": words.why(finding),
        "params": plain(finding.params),
    }


def question_dict(question: Question, words: Renderer) -> dict[str, Any]:
    """Return a question with its options; ``assumed`` applies until it is answered."""
    return {
        "id": question.id,
        "kind": question.kind,
        "place": place_dict(question.place),
        "text": question.text,
        "title": words.title(question.kind),
        "why": words.why(question),
        "options": [{"value": option.value, "label": words.option(option)} for option in question.options],
        "assumed": question.assumed,
        "places": [place_dict(place) for place in question.places],
        "params": plain(question.params),
    }


def to_text(reading: Reading, lang: str = "es", family: Family | None = None) -> str:
    """Return a reading for people at a terminal: the plan, then the act, grouped by kind of finding."""
    words = Renderer(lang, family)
    plan, act = reading.plan, reading.act
    period = f"{plan.start} – {plan.end}" if plan.start and plan.end else words.translate(_UNDECLARED)
    counts: dict[str, int] = defaultdict(int)
    for item in plan.items:
        counts[item.level] += 1
    lines = [
        f"{words.translate(_PLAN)}: {plan.title or plan.family}",
        f"{words.translate(_PERIOD)}: {period}",
        f"{words.translate(_LAYOUT)}: {reading.layout}",
        *(f"  {words.names.get(level, level)}: {count}" for level, count in counts.items()),
        "",
        words.translate(_ACT),
        f"{words.translate(_ACCEPTED)}: {words.translate(_TRACKED, {'count': act.accepted})}",
    ]
    for title, found in (
        (_INHERITED, act.inherited),
        (_FLAGGED, act.flagged),
        (_LEFT_OUT, act.dropped),
    ):
        lines += [
            "",
            f"{words.translate(title)}: {len(found) or words.translate(_NOTHING)}",
            *_grouped(found, words),
        ]
    lines += ["", f"{words.translate(_ASKED)}: {len(act.asked) or words.translate(_NOTHING)}"]
    for question in act.asked:
        lines += _question(question, words)
    return "\n".join(lines) + "\n"


def _grouped(found: list[Finding], words: Renderer) -> list[str]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for entry in found:
        groups[entry.kind].append(entry)
    lines = []
    for kind, findings in groups.items():
        lines.append(f"  {words.title(kind)} [{kind}] ({len(findings)})")
        for entry in findings:
            where = words.place(entry.place) or words.translate(_WHOLE)
            lines.append(f"    {where}: {_short(entry.text)} — {words.why(entry)}")
    return lines


def _question(question: Question, words: Renderer) -> list[str]:
    assumed = next(words.option(option) for option in question.options if option.value == question.assumed)
    return [
        f"  {words.title(question.kind)} [{question.id}]",
        f"    {words.place(question.place)}: {_short(question.text)}",
        f"    {words.why(question)}",
        *(f"      {option.value}: {words.option(option)}" for option in question.options),
        f"    {words.translate(_UNTIL, {'option': assumed})}",
        f'    {words.translate(_ANSWER)}: {{"{question.id}": "…"}}',
    ]


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"
