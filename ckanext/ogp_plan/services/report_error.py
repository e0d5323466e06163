"""Errors of the rules of reporting as the validation errors of actions, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import language
from ckanext.ogp_plan.planning import report_error
from ckanext.ogp_plan.planning.report_error import RejectedReport, ReportError
from ckanext.ogp_plan.planning.transitions import Need
from ckanext.ogp_plan.planning.words import phrases


def error_text(error: ReportError) -> str:
    """Return an error in the reader's language."""
    if error.code.startswith("need."):
        return phrases.describe_need(Need(error.code, dict(error.params)), language.current())
    params = {name: _parameter(value) for name, value in error.params.items()}
    text = str(tk._(report_error.MESSAGES[error.code]))
    return text % params if params else text


def _parameter(value: Any) -> str:
    if isinstance(value, Decimal):
        return phrases.format_number(value, language.current())
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(_parameter(part) for part in value)
    return str(value)


def validation_error(rejected: RejectedReport) -> tk.ValidationError:
    """Return what actions raise for a rejected report: field → sentences, nested as what was sent."""
    found: dict[str, Any] = {}
    for error in rejected.errors:
        found.setdefault(error.field, []).append(error_text(error))
    for name, position in reversed(rejected.path):
        found = {name: [*({} for _ in range(position)), found]}
    return tk.ValidationError(found)


@contextmanager
def validation_errors() -> Iterator[None]:
    """Raise what rejects a report as ``tk.ValidationError``."""
    try:
        yield
    except RejectedReport as rejected:
        raise validation_error(rejected) from rejected


def field_error(name: str, *sentences: str) -> tk.ValidationError:
    """Return the validation error of one field."""
    return tk.ValidationError({name: list(sentences)})
