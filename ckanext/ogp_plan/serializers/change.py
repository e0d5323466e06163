"""Recorded changes of a plan, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan import urls
from ckanext.ogp_plan.model import PlanItem, PlanRow, RecordedChange
from ckanext.ogp_plan.planning.words import changes as change_words
from ckanext.ogp_plan.serializers.labels import plan_status_label
from ckanext.ogp_plan.serializers.reader import Reader
from ckanext.ogp_plan.serializers.settings import serialize_settings
from ckanext.ogp_plan.serializers.values import serialize_moment


def serialize_changes(rows: Sequence[RecordedChange], plan: PlanRow, reader: Reader) -> list[dict[str, Any]]:
    """Return recorded changes in words; one query, whatever their number."""
    query = sa.select(PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title).where(
        PlanItem.plan_id == plan.id,
        sa.tuple_(PlanItem.level, PlanItem.code).in_(
            [(change.level, change.code) for change in rows if change.level]
        ),
    )
    there = {(level, code): (address, title) for level, code, address, title in model.Session.execute(query)}
    words = reader.words(plan.family)
    results = []
    for change in rows:
        address, title = there.get((change.level, change.code), (None, ""))
        results.append(
            {
                "at": serialize_moment(change.created),
                "version": change.version,
                "kind": change.kind,
                "level": change.level,
                "level_name": words.names.get(change.level or "", change.level),
                "code": change.code,
                "title": title,
                "address": address,
                "url": urls.url_of_item(plan.name, address) if address else None,
                "field": change.field,
                "field_name": _field_label(change.field, plan, reader),
                "before": change.before,
                "after": change.after,
                "before_text": _value_text(change.field, change.before, plan, reader),
                "after_text": _value_text(change.field, change.after, plan, reader),
                "act_name": change.act_name,
                "reason": change.reason,
            }
        )
    return results


def _field_label(field: str | None, plan: PlanRow, reader: Reader) -> str:
    if field == "status":
        return str(tk._("status"))
    if field and field.startswith("settings."):
        labels = {setting["name"]: setting["label"] for setting in serialize_settings(plan, reader)}
        return labels.get(field.removeprefix("settings."), field)
    return change_words.field_name(field, reader.words(plan.family))


def _value_text(field: str | None, value: Any, plan: PlanRow, reader: Reader) -> str:
    if field == "status" and value:
        return plan_status_label(value)
    return change_words.format_value(field, value, reader.words(plan.family), reader.names)
