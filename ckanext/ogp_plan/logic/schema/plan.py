"""Requests about plans."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common.logic import InvalidValue, Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import page
from ckanext.ogp_plan.planning.types import PlanStatus
from ckanext.ogp_plan.services.request_fields import day, line, member, name, text, yes_or_no


def of_plan() -> Schema:
    """``plan``: its name or id."""
    return {"plan": required(name)}


def plan_list() -> Schema:
    """Fields of ``ogp_plan_list``."""
    return {
        "family": optional(name),
        "status": optional(name),
        "organization": optional(name),
        **page(),
    }


def plan_show() -> Schema:
    """Fields of ``ogp_plan_show``."""
    return {"id": required(name)}


def plan_diff() -> Schema:
    """Fields of ``ogp_plan_diff``."""
    return {
        **of_plan(),
        "since": optional(day),
        "until": optional(day),
        "level": optional(name),
        "code": optional(name),
        **page(),
    }


def plan_create() -> Schema:
    """Fields of ``ogp_plan_create``."""
    return {
        "name": required(name),
        "family": required(name),
        "title": required(line()),
        "owner": required(name),
        "start": optional(day),
        "end": optional(day),
        "settings": optional(_settings, {}),
        "successor_of": optional(name),
        "demonstration": optional(yes_or_no, False),
    }


def plan_patch() -> Schema:
    """Fields of ``ogp_plan_patch``."""
    return {
        "id": required(name),
        "title": optional(line()),
        "status": optional(member(PlanStatus)),
        "settings": optional(_settings),
        "owner": optional(name),
        "start": optional(day),
        "end": optional(day),
        "successor_of": optional(name),
        "demonstration": optional(yes_or_no),
        "act_name": optional(line(), ""),
        "reason": optional(text(), ""),
    }


def _settings(value: Any) -> dict[str, Any]:
    """Settings as an object, or as its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise InvalidValue(tk._("Give the settings as an object: the name of each and its value."))
    return value
