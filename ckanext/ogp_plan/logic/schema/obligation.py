"""Requests about what an organismo owes."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common.logic import InvalidValue, Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.request_fields import name


def obligation_list() -> Schema:
    """Fields of ``ogp_plan_obligation_list``."""
    return {"organization": required(name), "month": optional(_month), "plan": optional(name), **page()}


def _month(value: Any) -> tuple[int, int]:
    """A month of the year (1–12, this year's) or ``2026-11``."""
    text = str(value).strip()
    if re.fullmatch(r"\d{1,2}", text, re.ASCII) and 1 <= int(text) <= 12:
        return record_service.today().year, int(text)
    if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII) and 1 <= int(text[5:]) <= 12:
        return int(text[:4]), int(text[5:])
    raise InvalidValue(tk._("Give a month: 2026-11, or a number from 1 to 12."))
