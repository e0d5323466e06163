"""The story of an item: all that happened to it, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import LightChange, PlanRow, RecordedChange
from ckanext.ogp_plan.planning import history
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.history import Entry
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Evidence,
    Key,
    Measurement,
    Record,
    Report,
    Review,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import ChangeKind, PlanChange
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers.labels import story_kind_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.values import serialize_moment
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service


def serialize_story(
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
                change.created,
                change.version,
                PlanChange(
                    ChangeKind(change.kind),
                    change.level,
                    change.code,
                    change.field,
                    change.before,
                    change.after,
                ),
                change.act_name,
                change.reason,
            )
            for change in changes
        ],
        [
            history.LightChange(
                light.at, light.before, light.after or "", tuple(reason["code"] for reason in light.reasons)
            )
            for light in lights
        ],
    )
    plans = _list_visible_plans(entries, plan, reader)
    superseded = _list_superseded(facts.record)
    returned = facts.record.returned()
    reports = {report.id: report for report in facts.record.reports}
    visible = [
        entry for entry in entries if entry.kind != "link" or (entry.params.get("plan") or plan.id) in plans
    ]
    page = visible[offset : offset + limit]
    return len(visible), [
        _serialize_entry(entry, plan, superseded, returned, reports, reader) for entry in page
    ]


def _list_visible_plans(entries: Iterable[Entry], plan: PlanRow, reader: Reader) -> set[str]:
    named = {entry.params["plan"] for entry in entries if entry.kind == "link" and entry.params.get("plan")}
    named -= {plan.id}
    if not named:
        return {plan.id}
    wanted = sa.select(PlanRow.id).where(PlanRow.id.in_(named), permission.visible_plans(reader.person))
    return {plan.id, *model.Session.scalars(wanted)}


def _list_superseded(record: Record) -> set[str]:
    lists = (
        record.updates, record.measurements, record.evidence, record.verdicts, record.answers
    )  # fmt: skip
    return {fact.supersedes for group in lists for fact in group if fact.supersedes}  # type: ignore[attr-defined]


def _serialize_entry(
    entry: Entry,
    plan: PlanRow,
    superseded: set[str],
    returned: set[str],
    reports: Mapping[str, Report],
    reader: Reader,
) -> dict[str, Any]:
    event = entry.event
    description = _describe_entry(entry, plan, reader)
    of_report = getattr(event, "report", None)
    return {
        "at": serialize_moment(entry.at),
        "kind": entry.kind,
        "kind_name": story_kind_label(entry.kind),
        "title": description["title"],
        "text": description["text"],
        "organization": entry.organization,
        "organization_title": reader.called(entry.organization) if entry.organization else None,
        "by_role": _role_label(entry, plan, reader),
        "details": description["details"],
        "returned": event is not None and bool({event.id, of_report} & returned),
        "superseded": event is not None and event.id in superseded,
        "retracted": bool(getattr(event, "retracted", "")),
        "counts": entry.counts,
        "report": of_report if isinstance(event, Update | Measurement) else None,
        "report_of": _serialize_report_reference(reports.get(of_report or ""), reader),
        "id": event.id if event is not None else None,
    }


def _serialize_report_reference(report: Report | None, reader: Reader) -> dict[str, Any] | None:
    """The periodic report that an entry is part of, and the address of the whole report."""
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


def _role_label(entry: Entry, plan: PlanRow, reader: Reader) -> str | None:
    if entry.role is None:
        return None
    if entry.role in {role.value for role in VerdictRole}:
        return phrases.verdict_role_name(VerdictRole(entry.role), reader.lang)
    names = record_service.effective_settings(plan).roles.get(entry.role)
    return reader.text(names) if names else str(tk._("Component leader"))


def _describe_entry(entry: Entry, plan: PlanRow, reader: Reader) -> dict[str, Any]:
    """The words of one entry: in a few, what was written, and the rest by its name."""
    title = phrases.describe_entry(entry, reader.lang)
    text = ""
    details: list[tuple[str, Any]] = []
    event = entry.event
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
    elif entry.kind == "change":
        title = _change_title(entry, plan, reader) or title
        details = [(tk._("Act"), entry.params.get("act")), (tk._("Reason"), entry.params.get("reason"))]
    elif entry.kind == "light":
        titles = [phrases.reason_title(code, reader.lang) for code in entry.params.get("reasons", ())]
        details = [(tk._("Why"), "; ".join(titles))]
    return {
        "title": title,
        "text": text,
        "details": [{"label": str(label), "value": str(value)} for label, value in details if value],
    }


def _change_title(entry: Entry, plan: PlanRow, reader: Reader) -> str:
    """A changed field with its values before and after."""
    field = entry.params.get("field")
    if not field:
        return ""
    words = reader.words(plan.family)
    name = change_words.field_name(field, words)
    before, after = (
        change_words.format_value(field, entry.params.get(side), words, reader.names) or str(tk._("nothing"))
        for side in ("before", "after")
    )
    return str(tk._("{name}: from “{before}” to “{after}”")).format(
        name=name[:1].upper() + name[1:], before=before, after=after
    )
