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
    plans = _list_visible_plans(entries, plan, reader)
    superseded = _list_superseded(facts.record)
    returned = facts.record.returned()
    reports = {one.id: one for one in facts.record.reports}
    told = [one for one in entries if one.kind != "link" or (one.params.get("plan") or plan.id) in plans]
    page = told[offset : offset + limit]
    return len(told), [_serialize_entry(one, plan, superseded, returned, reports, reader) for one in page]


def _list_visible_plans(entries: Iterable[Entry], plan: PlanRow, reader: Reader) -> set[str]:
    named = {one.params["plan"] for one in entries if one.kind == "link" and one.params.get("plan")}
    named -= {plan.id}
    if not named:
        return {plan.id}
    wanted = sa.select(PlanRow.id).where(PlanRow.id.in_(named), permission.visible_plans(reader.person))
    return {plan.id, *model.Session.scalars(wanted)}


def _list_superseded(record: Record) -> set[str]:
    lists = (
        record.updates, record.measurements, record.evidence, record.verdicts, record.answers
    )  # fmt: skip
    return {one.supersedes for group in lists for one in group if one.supersedes}  # type: ignore[attr-defined]


def _serialize_entry(
    one: Entry,
    plan: PlanRow,
    superseded: set[str],
    returned: set[str],
    reports: Mapping[str, Report],
    reader: Reader,
) -> dict[str, Any]:
    event = one.event
    said = _describe_entry(one, plan, reader)
    of_report = getattr(event, "report", None)
    return {
        "at": serialize_moment(one.at),
        "kind": one.kind,
        "kind_name": story_kind_label(one.kind),
        "title": said["title"],
        "text": said["text"],
        "organization": one.organization,
        "organization_title": reader.called(one.organization) if one.organization else None,
        "by_role": _role_label(one, plan, reader),
        "details": said["details"],
        "returned": event is not None and bool({event.id, of_report} & returned),
        "superseded": event is not None and event.id in superseded,
        "retracted": bool(getattr(event, "retracted", "")),
        "counts": one.counts,
        "report": of_report if isinstance(event, Update | Measurement) else None,
        "report_of": _serialize_report_reference(reports.get(of_report or ""), reader),
        "id": event.id if event is not None else None,
    }


def _serialize_report_reference(report: Report | None, reader: Reader) -> dict[str, Any] | None:
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


def _role_label(one: Entry, plan: PlanRow, reader: Reader) -> str | None:
    if one.role is None:
        return None
    if one.role in {role.value for role in VerdictRole}:
        return phrases.verdict_role_name(VerdictRole(one.role), reader.lang)
    names = record_service.effective_settings(plan).roles.get(one.role)
    return reader.text(names) if names else str(tk._("Component leader"))


def _describe_entry(one: Entry, plan: PlanRow, reader: Reader) -> dict[str, Any]:
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
