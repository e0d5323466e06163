"""One item with everything that is known of it: what its page and the API show. Reading only.

What is withheld stays so: of private evidence only its kind and why, but to who may see it. Persons are never
named: organismos and roles are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_common.values.dates import last_of_month
from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import Event, LightChange, PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning import calendar, history, progress, store
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.history import Entry
from ckanext.ogp_plan.planning.item_facts import evidence_breaks
from ckanext.ogp_plan.planning.json_values import decimal_text
from ckanext.ogp_plan.planning.status_types import REASONS
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Completion,
    Evidence,
    Key,
    LinkKind,
    Measurement,
    Record,
    Report,
    Review,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import ChangeKind, Declared, Indicator, Item, PlanChange, ScheduleKind
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.planning.words.exports import CODED
from ckanext.ogp_plan.serializers import plan as plan_serializer
from ckanext.ogp_plan.serializers.plan import Reader, fraction, moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person

#: Changes of its light and of the plan that the story of an item holds at most.
_MOST = 500
#: Entries of a story that are shown at once, unless others are asked for.
STORY_SHOWN = 100


def shown(
    plan: PlanRow,
    row: PlanItem,
    person: Person,
    *,
    story_limit: int = STORY_SHOWN,
    story_offset: int = 0,
) -> dict[str, Any]:
    """Return an item with everything that somebody may know of it.

    :param plan: its plan, which the person may see.
    :param story_limit: how many entries of its story at most, the newest first.
    :param story_offset: how many of the newest entries to leave out.
    """
    reader = plan_serializer.Reader(person)
    key: Key = (row.level, row.code)
    item = store.item_from_store(row.body)
    record = record_service.load(plan, {key})
    if not record.plan.items:
        # withdrawn from the plan: what happened to it is told still
        record.plan.items = [item]
    facts = Facts(record)
    rows = plan_serializer.item_rows(PlanItem.id == row.id, whole=True)
    below = plan_serializer.item_rows(
        sa.and_(PlanItem.parent_id == row.id, PlanItem.withdrawn.is_(False)), limit=_MOST
    )
    owed = plan_serializer.assignments([row.id, *(one.id for one in below)])
    described = plan_serializer.items([*rows, *below], reader, {plan.id: plan}, owed)
    standing = row.standing or {}
    settings = record_service.effective_settings(plan)
    mine = permission.reports_for(person, plan, row)
    links = _links(plan, key, record, reader)
    changes = _changes(plan, key)
    lights = _lights(row)
    story_count, story = _story(facts, key, plan, changes, lights, reader, story_offset, story_limit)
    return {
        **described[0],
        "plan_status": plan.status,
        "conditional": item.conditional,
        "weight": _text(item.weight),
        "fields": _fields(item, plan, reader),
        "schedule": _schedule(item, plan, reader),
        "assignments": _assignments(rows[0], owed.get(row.id, ()), plan, reader),
        "missing": _missing(standing, reader),
        "indicators": [_indicator(one, item, facts, plan, reader) for one in item.indicators],
        "evidence": _evidence(plan, row, facts, person, reader),
        "verdicts": _verdicts(standing, reader),
        "suggested": standing.get("suggested"),
        "suggested_name": _completion(standing.get("suggested"), reader),
        "answers": [
            {
                "reason": one["reason"],
                "reason_title": phrases.reason_title(one["reason"], reader.lang)
                if one["reason"] in REASONS
                else one["reason"],
                "text": one["text"],
                "organization": reader.organization(one["organization"]) if one["organization"] else None,
                "at": one["at"],
                "active": one["active"],
            }
            for one in standing.get("answers", ())
        ],
        "links": links,
        "story": story,
        "story_count": story_count,
        "changes": plan_serializer.changes(changes[:_MOST], plan, reader),
        "children": described[1:],
        "settings": {"cadence": settings.cadence.id, "cadence_name": reader.text(settings.cadence.name)},
        "may": {
            "report": mine,
            "report_whole": permission.may(person, "report_whole", plan, row),
            "answer": bool(mine) or permission.may(person, "report_whole", plan, row),
            "evidence": bool(mine) or permission.may(person, "report_whole", plan, row),
            "review": permission.may(person, "review", plan, row),
            "verdict": [
                role.value
                for role in VerdictRole
                if permission.may(person, "verdict", plan, row) and person.holds(role.value, plan.id)
            ],
            "link": permission.may(person, "link", plan, row),
        },
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


# --- what was promised


def _fields(item: Item, plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """What the family adds to an item, in the family's order, as people read it."""
    words = reader.words(plan.family)
    made = []
    for spec in record_service.family(plan.family).fields:
        value = item.fields.get(spec.name)
        if item.level in spec.levels and value not in (None, "", [], ()):
            text = change_words.format_value(f"fields.{spec.name}", value, words, reader.names)
            made.append({"name": spec.name, "label": reader.text(spec.label), "value": text})
    return made


def _schedule(item: Item, plan: PlanRow, reader: Reader) -> dict[str, Any]:
    schedule = item.schedule
    words = reader.words(plan.family)
    whole = record_service.head(plan)
    due = calendar.due_of(schedule, whole)
    made = {
        "kind": schedule.kind.value,
        "kind_name": change_words.format_value("schedule.kind", schedule.kind.value, words),
        "months": [
            {"year": year, "month": month, "name": reader.month(month)}
            for year, month in calendar.scheduled_months(schedule, whole)
        ],
        "start": plan_serializer.day(schedule.start),
        "due": plan_serializer.day(due),
        "precision": schedule.precision.value,
        "cadence": schedule.cadence,
        "times": schedule.times,
    }
    undeclared = schedule.kind is ScheduleKind.UNDECLARED
    made["due_text"] = _due_words(due, schedule.precision.value, reader) if due and not undeclared else ""
    return made


def _due_words(due: dt.date, precision: str, reader: Reader) -> str:
    """A day as exactly as it is known: a month's end is only its month."""
    if precision == "day":
        return phrases.format_day(due, reader.lang)
    if precision == "year":
        return str(due.year)
    return reader.period(due.replace(day=1), last_of_month(due.year, due.month))


def _assignments(one: Any, owed: Sequence[Any], plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    settings = record_service.effective_settings(plan)
    held = (one.standing or {}).get("assignments", ())
    # the first word on each counts
    standing = {each["organization"]: each for each in reversed(held)}
    targets = {each.organization: each.own_target for each in reversed(owed) if each.own_target}
    # a group whose organismos nobody listed stands there by its own name
    nameless = any(each.group_id and not each.organization for each in owed)
    heads = plan_serializer.heads([plan]) if nameless else {}
    groups = {group["id"]: group["name"] for head in heads.values() for group in head["groups"] or ()}
    made = []
    for each in owed:
        entry: dict[str, Any] = {
            "organization": each.organization,
            "title": reader.called(each.organization)
            if each.organization
            else each.unknown or groups.get(each.group_id, each.group_id),
            "unknown": each.unknown,
            "unit": reader.called(each.unit) if each.unit else None,
            "group": each.group_id,
            "role": each.role,
            "role_name": plan_serializer.role_name(each.role),
            "own_target": _text(each.own_target),
            "actual": None,
            "met": None,
            "state": None,
            "state_name": None,
            "light": None,
            "light_name": None,
            "last_news": None,
        }
        if each.organization and each.role == "lider":
            own = plan_serializer.own(
                one,
                mine=standing.get(each.organization),
                among=len(held),
                own_target=targets.get(each.organization),
            )
            entry |= own
            entry["own_target"] = own["own_target"] or entry["own_target"]
            entry["state_name"] = reader.light(own["state"], settings)
            entry["light_name"] = reader.light(own["light"], settings)
        made.append(entry)
    return made


def _missing(standing: Mapping[str, Any], reader: Reader) -> list[dict[str, str]]:
    """Who still owes: of a shared goal who did not reach its part, else who did not say it is done."""
    quota, held = standing.get("quota"), standing.get("assignments", ())
    if quota:
        return [reader.organization(name) for name in quota["missing"]]
    if len(held) < 2:
        return []
    return [
        reader.organization(one["organization"])
        for one in held
        if not one["excluded"] and one["declared"] != Declared.DONE.value
    ]


# --- what was measured


def _indicator(one: Indicator, item: Item, facts: Facts, plan: PlanRow, reader: Reader) -> dict[str, Any]:
    measurements = [each for each in facts.measurements.get(item.key, ()) if each.indicator == one.code]
    quota = progress.compute_quota(facts, item)
    shared = quota if quota and quota.indicator == one.code else None
    words = reader.words(plan.family)
    actual = shared.actual if shared else progress.actual_value(one, measurements)
    return {
        "code": one.code,
        "name": one.name,
        "measure": one.measure.value,
        "measure_name": change_words.format_value("measure", one.measure.value, words),
        "unit": one.unit,
        "ascending": one.ascending,
        "baseline": _text(one.baseline),
        "baseline_year": one.baseline_year,
        "target": _text(shared.target if shared else progress.target_value(one)),
        "target_text": one.target_text,
        "actual": _text(actual),
        "capped": _text(shared.capped) if shared else None,
        "progress": fraction(
            shared.progress if shared else progress.compute_indicator_progress(one, measurements)
        ),
        "formula": one.formula,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "accumulation": one.accumulation.value,
        "accumulation_name": change_words.format_value("accumulation", one.accumulation.value, words),
        "verification": list(one.verification),
        "periods": _periods(one, measurements, reader),
    }


def _periods(one: Indicator, measurements: Sequence[Measurement], reader: Reader) -> list[dict[str, Any]]:
    """What was measured in each period beside what was to be reached in it, in order."""
    targets = {(each.start, each.end): each for each in one.targets if each.start and each.end}
    used = set()
    made = []
    for each in sorted(measurements, key=lambda each: (each.end, each.start, each.at, each.id)):
        target = targets.get((each.start, each.end))
        used.add((each.start, each.end))
        made.append(
            {
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "label": reader.period(each.start, each.end),
                "target": _text(target.value) if target else None,
                "actual": _text(progress.measured_value(each)),
                "numerator": _text(each.numerator),
                "denominator": _text(each.denominator),
                "dimension": dict(each.dimension),
                "comment": each.comment,
                "method": each.method,
                "organization": reader.organization(each.organization) if each.organization else None,
                "measurement_id": each.id,
            }
        )
    for (start, end), target in targets.items():
        if (start, end) not in used and start and end:
            made.append(
                {
                    "start": start.isoformat(), "end": end.isoformat(), "label": reader.period(start, end),
                    "target": _text(target.value), "actual": None, "numerator": None, "denominator": None,
                    "dimension": dict(target.dimension), "comment": target.text, "method": None,
                    "organization": None, "measurement_id": None,
                }
            )  # fmt: skip
    return sorted(made, key=lambda each: (each["end"], each["start"]))


# --- what proves it


def _evidence(
    plan: PlanRow, row: PlanItem, facts: Facts, person: Person, reader: Reader
) -> list[dict[str, Any]]:
    """The evidence that stands, the newest first. ``private``: it is withheld from the public."""
    allowed: dict[str | None, bool] = {}
    made = []
    for one in reversed(facts.record.standing_evidence()):
        if one.item != (row.level, row.code):
            continue
        if one.organization not in allowed and not one.public:
            allowed[one.organization] = permission.may(
                person, "private_evidence", plan, row, one.organization
            )
        made.append(_proof(one, facts, one.public or allowed[one.organization], reader))
    return made


def _proof(one: Evidence, facts: Facts, visible: bool, reader: Reader) -> dict[str, Any]:
    check = facts.checks.get(one.id)
    broken = evidence_breaks(one, check)
    known = CODED.get(one.kind.value)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "kind_name": phrases.translate(known, reader.lang) if known else one.kind.value,
        "title": one.title if visible else "",
        "url": (one.url or _address(one)) if visible else "",
        "resource": one.resource if visible else None,
        "dataset": one.dataset if visible else None,
        "sha256": one.sha256 if visible else None,
        "size": one.size if visible else None,
        "public": one.public,
        "withheld": "" if one.public else one.withheld,
        "visible": visible,
        "captured": moment(one.captured),
        "state": "broken" if broken else "unchecked" if check is None else "valid",
        "state_text": phrases.join_texts(
            [phrases.describe_break(code, reader.lang) for code in broken], reader.lang
        )
        if broken
        else "",
        "checked": moment(check.at) if check else None,
        "organization": reader.organization(one.organization) if one.organization else None,
        "update": one.update,
        "measurement": one.measurement,
        "at": moment(one.at),
    }


def _address(one: Evidence) -> str:
    if one.resource and one.dataset:
        return str(tk.url_for("resource.read", id=one.dataset, resource_id=one.resource))
    return str(tk.url_for("dataset.read", id=one.dataset)) if one.dataset else ""


# --- what others say


def _verdicts(standing: Mapping[str, Any], reader: Reader) -> dict[str, dict[str, Any] | None]:
    made: dict[str, dict[str, Any] | None] = {role.value: None for role in VerdictRole}
    for one in standing.get("verdicts", ()):
        made[one["role"]] = {
            "id": one["id"],
            "role": one["role"],
            "role_name": phrases.verdict_role_name(VerdictRole(one["role"]), reader.lang),
            "assigned": one["assigned"],
            "assigned_name": _completion(one["assigned"], reader),
            "suggested": one["suggested"],
            "suggested_name": _completion(one["suggested"], reader),
            "agrees": one["agrees"],
            "disagrees": one["disagrees"],
            "fulfilled": one["fulfilled"],
            "quality": one["quality"],
            "rationale": one["rationale"],
            "recommendation": one["recommendation"],
            "alert": one["alert"],
            "cut": one["cut"],
            "at": one["at"],
        }
    return made


def _completion(value: str | None, reader: Reader) -> str | None:
    return phrases.completion_name(Completion(value), reader.lang) if value else None


# --- what it relates to


def link_name(kind: str, *, inverse: bool = False) -> str:
    """Return how an item relates to another, said from the one or (``inverse``) from the other."""
    names = {
        LinkKind.CONTRIBUTES: (tk._("Contributes to"), tk._("Receives the contribution of")),
        LinkKind.DEPENDS: (tk._("Depends on"), tk._("Is waited for by")),
        LinkKind.SAME_DELIVERABLE: (tk._("Has the same deliverable as"), tk._("Has the same deliverable as")),
        LinkKind.SUCCESSOR: (tk._("Follows"), tk._("Is followed by")),
        LinkKind.COUNTS_FOR: (tk._("What is reported here counts for"), tk._("Counts what is reported in")),
    }
    return str(names[LinkKind(kind)][inverse])


def _links(plan: PlanRow, key: Key, record: Record, reader: Reader) -> list[dict[str, Any]]:
    """Links from and to an item that stand; those of plans that the reader may not see are not told."""
    standing = _standing_links(plan, key)
    wanted = {(plan_id, *other) for _, _, plan_id, other, _ in standing}
    other_item = sa.select(
        PlanItem.plan_id, PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title, PlanItem.light,
        PlanRow.name, PlanRow.title.label("plan_title"), PlanRow.family, PlanRow.settings,
    ).join(PlanRow, PlanRow.id == PlanItem.plan_id)  # fmt: skip
    other_item = other_item.where(
        sa.tuple_(PlanItem.plan_id, PlanItem.level, PlanItem.code).in_(sorted(wanted)),
        permission.visible(reader.person),
    )
    there = {(one.plan_id, one.level, one.code): one for one in model.Session.execute(other_item)}
    made = []
    for id_, kind, plan_id, other, inverse in standing:
        one = there.get((plan_id, *other))
        if one is None:
            continue
        made.append(
            {
                "id": id_,
                "kind": kind,
                "kind_name": link_name(kind, inverse=inverse),
                "inverse": inverse,
                "plan": one.name,
                "plan_title": one.plan_title,
                "level": one.level,
                "code": one.code,
                "title": one.title,
                "url": urls.url_of_item(one.name, one.address),
                "light": one.light,
                "light_name": phrases.light_name(one.light, reader.lang) if one.light else None,
            }
        )
    return made


def _standing_links(plan: PlanRow, key: Key) -> list[tuple[str, str, str, Key, bool]]:
    """(id, kind, plan, item, inverse) of each link of an item that stands; the last word on each counts."""
    own = sa.and_(Event.plan_id == plan.id, Event.level == key[0], Event.code == key[1])
    to_it = sa.and_(
        Event.body["other"] == sa.cast(list(key), sa.dialects.postgresql.JSONB),
        sa.or_(
            Event.body["plan"].astext == plan.id,
            sa.and_(Event.plan_id == plan.id, Event.body["plan"].astext.is_(None)),
        ),
    )
    wanted = (
        sa.select(Event.id, Event.plan_id, Event.level, Event.code, Event.body)
        .where(Event.kind == "link", sa.or_(own, to_it))
        .order_by(Event.at, Event.id)
    )
    last: dict[tuple[Any, ...], tuple[str, bool]] = {}
    for id_, plan_id, level, code, body in model.Session.execute(wanted):
        other = (body.get("plan") or plan_id, tuple(body["other"]))
        last[plan_id, (level, code), body["kind"], other] = (id_, bool(body.get("removed")))
    made = []
    for (from_plan, item, kind, (to_plan, other)), (id_, removed) in last.items():
        if removed:
            continue
        if (from_plan, item) == (plan.id, key):
            made.append((id_, kind, to_plan, other, False))
        else:
            made.append((id_, kind, from_plan, item, True))
    return made


# --- what happened


def _changes(plan: PlanRow, key: Key) -> list[RecordedChange]:
    wanted = (
        sa.select(RecordedChange)
        .where(RecordedChange.plan_id == plan.id)
        .where(RecordedChange.level == key[0], RecordedChange.code == key[1])
        .order_by(RecordedChange.created.desc(), RecordedChange.position)
        .limit(_MOST)
    )
    return list(model.Session.scalars(wanted))


def _lights(row: PlanItem) -> list[LightChange]:
    wanted = (
        sa.select(LightChange)
        .where(LightChange.item_id == row.id)
        .order_by(LightChange.at.desc())
        .limit(_MOST)
    )
    return list(model.Session.scalars(wanted))


def _story(
    facts: Facts,
    key: Key,
    plan: PlanRow,
    changes: Iterable[RecordedChange],
    lights: Iterable[LightChange],
    reader: Reader,
    offset: int,
    limit: int,
) -> tuple[int, list[dict[str, Any]]]:
    """How many things happened to an item, and a page of them, the newest first."""
    entries = history.build_story(
        facts,
        key,
        [
            history.Change(
                one.created,
                one.version,
                PlanChange(ChangeKind(one.kind), one.level, one.code, one.field, one.before, one.after),
                one.act_name,
                one.reason,
            )
            for one in changes
        ],
        [
            history.LightChange(
                one.at, one.before, one.after or "", tuple(each["code"] for each in one.reasons)
            )
            for one in lights
        ],
    )
    plans = _linked_plans(entries, plan, reader)
    superseded = _superseded(facts.record)
    returned = facts.record.returned()
    reports = {one.id: one for one in facts.record.reports}
    told = [one for one in entries if one.kind != "link" or (one.params.get("plan") or plan.id) in plans]
    page = told[offset : offset + limit]
    return len(told), [_entry(one, plan, superseded, returned, reports, reader) for one in page]


def _linked_plans(entries: Iterable[Entry], plan: PlanRow, reader: Reader) -> set[str]:
    named = {one.params["plan"] for one in entries if one.kind == "link" and one.params.get("plan")}
    named -= {plan.id}
    if not named:
        return {plan.id}
    wanted = sa.select(PlanRow.id).where(PlanRow.id.in_(named), permission.visible(reader.person))
    return {plan.id, *model.Session.scalars(wanted)}


def _superseded(record: Record) -> set[str]:
    lists = (
        record.updates, record.measurements, record.evidence, record.verdicts, record.answers
    )  # fmt: skip
    return {one.supersedes for group in lists for one in group if one.supersedes}  # type: ignore[attr-defined]


def kind_name(kind: str) -> str:
    """Return what a kind of entry of the story is called."""
    return str(
        {
            "update": tk._("Report"),
            "measurement": tk._("Measurement"),
            "evidence": tk._("Evidence"),
            "check": tk._("Check of evidence"),
            "verdict": tk._("Verdict"),
            "answer": tk._("Answer"),
            "review": tk._("Monitoring"),
            "link": tk._("Link"),
            "change": tk._("Change of the plan"),
            "light": tk._("Change of light"),
        }.get(kind, kind)
    )


def _entry(
    one: Entry,
    plan: PlanRow,
    superseded: set[str],
    returned: set[str],
    reports: Mapping[str, Report],
    reader: Reader,
) -> dict[str, Any]:
    event = one.event
    said = _said(one, plan, reader)
    of_report = getattr(event, "report", None)
    return {
        "at": moment(one.at),
        "kind": one.kind,
        "kind_name": kind_name(one.kind),
        "title": said["title"],
        "text": said["text"],
        "organization": one.organization,
        "organization_title": reader.called(one.organization) if one.organization else None,
        "by_role": _role(one, plan, reader),
        "details": said["details"],
        "returned": event is not None and bool({event.id, of_report} & returned),
        "superseded": event is not None and event.id in superseded,
        "retracted": bool(getattr(event, "retracted", "")),
        "counts": one.counts,
        "report": of_report if isinstance(event, Update | Measurement) else None,
        "report_of": _report_of(reports.get(of_report or ""), reader),
        "id": event.id if event is not None else None,
    }


def _report_of(report: Report | None, reader: Reader) -> dict[str, Any] | None:
    """The periodic report that carried an entry, and where it can be read whole."""
    if report is None:
        return None
    return {
        "title": report.title,
        "period": reader.period(report.start, report.end),
        "start": report.start.isoformat(),
        "end": report.end.isoformat(),
        "organization": reader.organization(report.organization),
        "url": urls.url_of_report(report.organization, report.id),
    }


def _role(one: Entry, plan: PlanRow, reader: Reader) -> str | None:
    if one.role is None:
        return None
    if one.role in {role.value for role in VerdictRole}:
        return phrases.verdict_role_name(VerdictRole(one.role), reader.lang)
    names = record_service.effective_settings(plan).roles.get(one.role)
    return reader.text(names) if names else str(tk._("Component leader"))


def _said(one: Entry, plan: PlanRow, reader: Reader) -> dict[str, Any]:
    """The words of one entry: in a few, what was written, and the rest by its name."""
    title = phrases.describe_entry(one, reader.lang)
    text = ""
    details: list[tuple[str, Any]] = []
    event = one.event
    if isinstance(event, Update):
        text = event.text
        details = [
            (tk._("Obstacles"), event.obstacles),
            (tk._("Next step"), event.next_step),
            (tk._("Reason"), event.reason),
            (tk._("Period of the report"), event.period),
        ]
    elif isinstance(event, Measurement):
        text = event.comment
        details = [
            (tk._("Indicator"), event.indicator),
            (tk._("Period of the report"), reader.period(event.start, event.end)),
        ]
        details.append((tk._("Why it is withdrawn"), event.retracted))
    elif isinstance(event, Evidence):
        if not event.public:
            details = [(tk._("Why it is withheld"), event.withheld)]
        details.append((tk._("Why it is withdrawn"), event.retracted))
    elif isinstance(event, Verdict):
        text = event.rationale
        details = [
            (tk._("Quality of the evidence"), event.quality),
            (tk._("Recommendation"), event.recommendation),
        ]
    elif isinstance(event, Answer):
        text = event.text
    elif isinstance(event, Review):
        text = event.reason
    elif one.kind == "change":
        title = _change_title(one, plan, reader) or title
        details = [(tk._("Act"), one.params.get("act")), (tk._("Reason"), one.params.get("reason"))]
    elif one.kind == "light":
        titles = [phrases.reason_title(code, reader.lang) for code in one.params.get("reasons", ())]
        details = [(tk._("Why"), "; ".join(titles))]
    return {
        "title": title,
        "text": text,
        "details": [{"label": str(label), "value": str(value)} for label, value in details if value],
    }


def _change_title(one: Entry, plan: PlanRow, reader: Reader) -> str:
    """A changed field with what it said before and what it says now."""
    field = one.params.get("field")
    if not field:
        return ""
    words = reader.words(plan.family)
    name = change_words.field_name(field, words)
    before, after = (
        change_words.format_value(field, one.params.get(each), words, reader.names) or str(tk._("nothing"))
        for each in ("before", "after")
    )
    return str(tk._("{name}: from “{before}” to “{after}”")).format(
        name=name[:1].upper() + name[1:], before=before, after=after
    )
