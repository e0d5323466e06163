"""Requests about imports, the names that nobody knows yet, and groups of organismos."""

from __future__ import annotations

import json
import re
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common.logic import InvalidValue, Schema, anything, optional, required
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema.paging import whole_list
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.services.request_fields import SHORT, line, name, text, yes_or_no


def import_create() -> Schema:
    """Fields of ``ogp_plan_import``."""
    return {
        "upload": required(anything),
        "family": optional(name),
        "layout": optional(name),
        "plan": optional(name),
        "name": optional(name),
        "title": optional(line()),
        "owner": optional(name),
    }


def import_show() -> Schema:
    """Fields of ``ogp_plan_import_show`` and ``ogp_plan_import_discard``."""
    return {"id": required(name)}


def import_answer() -> Schema:
    """Fields of ``ogp_plan_import_answer``."""
    return {
        **import_show(),
        "answers": optional(_answers, {}),
        "compare_again": optional(yes_or_no, False),
    }


def import_apply() -> Schema:
    """Fields of ``ogp_plan_import_apply``."""
    return {**import_show(), "act_name": optional(line(), ""), "reason": optional(text(), "")}


def name_list() -> Schema:
    """Fields of ``ogp_plan_name_list``."""
    return {**of_plan(), **whole_list()}


def name_answer() -> Schema:
    """Fields of ``ogp_plan_name_answer``."""
    return {
        **of_plan(),
        "printed": required(text()),
        "organization": optional(name),
        "group": optional(name),
        "act_name": optional(line(), ""),
    }


def group_patch() -> Schema:
    """Fields of ``ogp_plan_group_patch``."""
    return {
        **of_plan(),
        "group": required(name),
        "members": optional(_members, []),
        "act_name": optional(line(), ""),
        "reason": optional(text(), ""),
    }


def _answers(value: Any) -> dict[str, str]:
    """Answers: question → value of the option, as an object or as its JSON; empty takes an answer back."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise InvalidValue(
            tk._("Give the answers as an object: the id of each question and the value chosen.")
        )
    read = line(SHORT)
    return {
        read(str(question)): "" if option in (None, "") else read(str(option))
        for question, option in value.items()
    }


def _members(value: Any) -> list[str]:
    """Names of organismos: a list, or a text with one on each line or separated by commas."""
    references = re.split(r"[,;\n]", value) if isinstance(value, str) else value
    if not isinstance(references, list):
        raise InvalidValue(tk._("Give the organismos as a list of their names."))
    if len(references) > config.LARGEST_PAGE:
        raise InvalidValue(
            tk._("There are too many: %(count)s; send %(limit)s at most.")
            % {"count": len(references), "limit": config.LARGEST_PAGE}
        )
    return lookup.organizations([read for value in references if (read := name(value))])
