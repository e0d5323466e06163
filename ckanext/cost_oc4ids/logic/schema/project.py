"""Fields of the requests about public projects."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common.logic import Field, InvalidValue, Reader, Schema, optional, required
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
        raise InvalidValue(tk._("Must be a text or a list of texts"))
    found = [str(item).strip() for item in values if isinstance(item, str | int)]
    if (
        len(found) != len(values)
        or len(found) > MOST_VALUES
        or any(len(item) > LONGEST_VALUE for item in found)
    ):
        raise InvalidValue(
            tk._("Must be at most {count} texts of {length} characters").format(
                count=MOST_VALUES, length=LONGEST_VALUE
            )
        )
    return [item for item in found if item]


def _list_of_years(value: Any) -> list[int]:
    """Whole numbers of up to four digits, out of a list or one."""
    values = _list_of_text(value)
    if not all(item.isascii() and item.isdigit() and len(item) <= 4 for item in values):
        raise InvalidValue(tk._("A year is a whole number, such as 2026"))
    return [int(item) for item in values]


def _without_nul(value: Any) -> str:
    """The database holds no NUL; nothing that anybody looks for has one."""
    return str(value).replace("\x00", " ")


def _query(value: Any) -> str:
    query = _without_nul(value)
    if len(query) > LONGEST_QUERY:
        raise InvalidValue(tk._("Must be at most {most} characters").format(most=LONGEST_QUERY))
    return query


def _boolean(value: Any) -> bool:
    """As CKAN's ``boolean_validator``: what is not true is false."""
    if isinstance(value, bool | int):
        return bool(value)
    return isinstance(value, str) and value.lower() in ("true", "yes", "t", "y", "1")


def _sort(value: Any) -> tuple[str, bool | None]:
    """``title``, or ``title asc``, as (name, descending or None)."""
    name, _, way = str(value).partition(" ")
    if name not in SORTS or way not in ("", "asc", "desc"):
        raise InvalidValue(
            tk._("Sort by one of {names}, followed by asc or desc if you wish").format(names=", ".join(SORTS))
        )
    return name, {"": None, "asc": False, "desc": True}[way]


def _whole(most: int) -> Reader:
    """Return the reader of a whole number from 0 to ``most``."""

    def read(value: Any) -> int:
        text = str(value).strip()
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if isinstance(value, bool) or not digits or int(text) > most:
            raise InvalidValue(tk._("Must be a whole number from 0 to {most}").format(most=most))
        return int(text)

    return read


def paging() -> Schema:
    """``limit`` and ``offset``, in projects."""
    return {
        "limit": Field(_whole(config.LARGEST_PAGE), default=config.page_size(), keep_blank=True),
        "offset": Field(_whole(FARTHEST), default=0, keep_blank=True),
    }


def project_list() -> Schema:
    """Fields of ``oc4ids_project_list``."""
    return {**paging(), "all_fields": optional(_boolean, False)}


def project_show() -> Schema:
    """Fields of ``oc4ids_project_show``."""
    return {"id": required(_without_nul)}


def project_search() -> Schema:
    """Fields of ``oc4ids_project_search``."""
    return {
        **paging(),
        **{name: optional(_list_of_text, []) for name in FACETS if name != "year"},
        "year": optional(_list_of_years, []),
        "q": optional(_query, ""),
        "sort": optional(_sort, ("", None)),
        "facets": Field(_boolean, default=True, keep_blank=True),
    }
