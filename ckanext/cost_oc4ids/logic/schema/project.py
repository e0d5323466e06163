"""What the actions on public projects take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema, Validator, ValidatorFactory

from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.projects.search import FACETS, SORTS

#: Farthest a page may begin: beyond it, narrow the search instead.
FARTHEST = 1_000_000
LONGEST_QUERY = 500
MOST_VALUES = 50
LONGEST_VALUE = 300


def _list_of_text(value: Any) -> list[str]:
    """A list of texts out of a list, or of one text; what is blank does not count."""
    values = [value] if isinstance(value, str | int) else value
    if not isinstance(values, list | tuple):
        raise tk.Invalid(tk._("Must be a text or a list of texts"))
    found = [str(item).strip() for item in values if isinstance(item, str | int)]
    if (
        len(found) != len(values)
        or len(found) > MOST_VALUES
        or any(len(item) > LONGEST_VALUE for item in found)
    ):
        raise tk.Invalid(
            tk._("Must be at most {count} texts of {length} characters").format(
                count=MOST_VALUES, length=LONGEST_VALUE
            )
        )
    return [item for item in found if item]


def _list_of_years(value: Any) -> list[int]:
    """Whole numbers of up to four digits, out of a list or one."""
    values = _list_of_text(value)
    if not all(item.isascii() and item.isdigit() and len(item) <= 4 for item in values):
        raise tk.Invalid(tk._("A year is a whole number, such as 2026"))
    return [int(item) for item in values]


def _no_nul(value: Any) -> Any:
    """The database holds no NUL; nothing that anybody looks for has one."""
    return str(value).replace("\x00", " ")


def _sort(value: Any) -> tuple[str, bool | None]:
    """``title``, or ``title asc``, as (name, descending or None)."""
    name, _, way = str(value).partition(" ")
    if name not in SORTS or way not in ("", "asc", "desc"):
        raise tk.Invalid(
            tk._("Sort by one of {names}, followed by asc or desc if you wish").format(names=", ".join(SORTS))
        )
    return name, {"": None, "asc": False, "desc": True}[way]


def _whole(most: int) -> Validator:
    """A whole number from 0 to ``most``. One validator: CKAN runs the next one even on what this refused."""

    def validate(value: Any) -> int:
        text = str(value).strip()
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if isinstance(value, bool) or not digits or int(text) > most:
            raise tk.Invalid(tk._("Must be a whole number from 0 to {most}").format(most=most))
        return int(text)

    return validate


def _not_longer(most: int) -> Validator:
    def validate(value: str) -> str:
        if len(value) > most:
            raise tk.Invalid(tk._("Must be at most {most} characters").format(most=most))
        return value

    return validate


@tk.validator_args
def paging(default: ValidatorFactory) -> Schema:
    """``limit`` and ``offset``, in projects."""
    return {
        "limit": [default(config.page_size()), _whole(config.LARGEST_PAGE)],
        "offset": [default(0), _whole(FARTHEST)],
    }


@tk.validator_args
def project_list(ignore_missing: Validator, ignore_empty: Validator, boolean_validator: Validator) -> Schema:
    """Schema of ``oc4ids_project_list``."""
    return {**paging(), "all_fields": [ignore_missing, ignore_empty, boolean_validator]}


@tk.validator_args
def project_show(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """Schema of ``oc4ids_project_show``."""
    return {"id": [not_empty, unicode_safe, _no_nul]}


@tk.validator_args
def project_search(
    ignore_missing: Validator,
    ignore_empty: Validator,
    default: ValidatorFactory,
    boolean_validator: Validator,
) -> Schema:
    """Schema of ``oc4ids_project_search``."""
    lists: Schema = {name: [ignore_missing, ignore_empty, _list_of_text] for name in FACETS if name != "year"}
    return {
        **paging(),
        **lists,
        "q": [ignore_missing, ignore_empty, _no_nul, _not_longer(LONGEST_QUERY)],
        "year": [ignore_missing, ignore_empty, _list_of_years],
        "sort": [ignore_missing, ignore_empty, _sort],
        "facets": [default(True), boolean_validator],
    }
