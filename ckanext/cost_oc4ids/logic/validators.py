"""Validators of the dataset schema ``oc4ids``. None of them makes a harvest fail for want of a value."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.cost_oc4ids.validation import declaration


def oc4ids_conforms_to(value: Any) -> str:
    """Keep what a resource conforms to: one address as text, several as a JSON list, none as empty text.

    Takes what forms, the API, DCAT and harvesters send: a text, a list, a list written as JSON.
    """
    found = list(dict.fromkeys(declaration.uris(None if value is tk.missing else value)))
    if len(found) > 1:
        return json.dumps(found, ensure_ascii=False)
    return found[0] if found else ""


def oc4ids_conforms_to_output(value: Any) -> Any:
    """Show one address as text and several as a list."""
    found = declaration.uris(value)
    return found if len(found) > 1 else "".join(found)


def oc4ids_computed(
    key: FlattenKey, data: FlattenDataDict, _errors: FlattenErrorDict, _context: Context
) -> None:
    """Take nothing from anybody: the field is worked out when the resource is shown."""
    data.pop(key, None)
    raise tk.StopOnError


def oc4ids_default_licence(value: Any) -> Any:
    """Give a dataset without licence the open one that CKAN lists for it."""
    return value if value and value is not tk.missing else "cc-by"


def oc4ids_day(value: Any) -> Any:
    """Keep a calendar day (``2026-11-21``) as it is written; empty stays empty.

    :raises Invalid: it is not a day.
    """
    if value is tk.missing or not value:
        return ""
    try:
        return dt.date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError:
        raise tk.Invalid(tk._("Write the date as year-month-day, for instance 2026-11-21.")) from None
