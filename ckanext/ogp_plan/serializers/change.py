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
    wanted = sa.select(PlanItem.level, PlanItem.code, PlanItem.address, PlanItem.title).where(
        PlanItem.plan_id == plan.id,
        sa.tuple_(PlanItem.level, PlanItem.code).in_([(one.level, one.code) for one in rows if one.level]),
    )
    there = {(level, code): (address, title) for level, code, address, title in model.Session.execute(wanted)}
    words = reader.words(plan.family)
    made = []
    for one in rows:
        address, title = there.get((one.level, one.code), (None, ""))
        made.append(
            {
                "at": serialize_moment(one.created),
                "version": one.version,
                "kind": one.kind,
                "level": one.level,
                "level_name": words.names.get(one.level or "", one.level),
                "code": one.code,
                "title": title,
                "address": address,
                "url": urls.url_of_item(plan.name, address) if address else None,
                "field": one.field,
                "field_name": _field_label(one.field, plan, reader),
                "before": one.before,
                "after": one.after,
                "before_text": _value_text(one.field, one.before, plan, reader),
                "after_text": _value_text(one.field, one.after, plan, reader),
                "act_name": one.act_name,
                "reason": one.reason,
            }
        )
    return made


def _field_label(field: str | None, plan: PlanRow, reader: Reader) -> str:
    if field == "status":
        return str(tk._("status"))
    if field and field.startswith("settings."):
        labels = {one["name"]: one["label"] for one in serialize_settings(plan, reader)}
        return labels.get(field.removeprefix("settings."), field)
    return change_words.field_name(field, reader.words(plan.family))


def _value_text(field: str | None, value: Any, plan: PlanRow, reader: Reader) -> str:
    if field == "status" and value:
        return plan_status_label(value)
    return change_words.format_value(field, value, reader.words(plan.family), reader.names)
