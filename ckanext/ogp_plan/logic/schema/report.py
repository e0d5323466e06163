"""Requests about reports of organismos."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.logic.schema.update import declared
from ckanext.ogp_plan.services import report_batch
from ckanext.ogp_plan.services.request_fields import (
    day,
    file,
    identity,
    line,
    many,
    name,
    period,
    text,
    yes_or_no,
)

#: Fields of an update that a report sets for all that it carries.
_OF_REPORT = ("report", "supersedes")


def report_list() -> Schema:
    """Fields of ``ogp_plan_report_list``."""
    return {"organization": optional(name), "plan": optional(name), **page()}


def report_show() -> Schema:
    """Fields of ``ogp_plan_report_show``."""
    return {"id": required(name), **page()}


def report_create() -> Schema:
    """Fields of ``ogp_plan_report_create``."""
    section = {"title": optional(line(500), ""), "text": optional(text(60_000), "")}
    update = {
        "plan": optional(name),
        "item": required(name),
        **{field: reader for field, reader in declared().items() if field not in _OF_REPORT},
    }
    return {
        "plan": optional(name),
        "organization": required(name),
        "period": optional(period),
        "start": optional(day),
        "end": optional(day),
        "title": optional(line(500), ""),
        "sections": optional(many(section, 100), []),
        "updates": optional(many(update, 1_000), []),
        "supersedes": optional(identity),
        "request_id": optional(line(200)),
    }


def report_rows() -> Schema:
    """Fields of ``ogp_plan_report_rows``."""
    return {
        "plan": optional(name),
        "organization": optional(name),
        "upload": optional(file),
        "rows": optional(report_batch.read_list),
        "period": optional(period),
        "dry_run": optional(yes_or_no, True),
        "request_id": optional(line(200)),
    }
