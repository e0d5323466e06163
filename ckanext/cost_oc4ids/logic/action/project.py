"""Reading public projects, for anybody and any program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.cost_common import dataset_access, language
from ckanext.cost_common.logic import validated
from ckanext.cost_oc4ids import urls
from ckanext.cost_oc4ids.logic.schema import project as project_schema
from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.oc4ids.summary import parse_project
from ckanext.cost_oc4ids.projects import search as project_search

FACET_CODELISTS = {"status": "projectStatus", "sector": "projectSector"}


def _with_addresses(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    page, package = urls.make_url_builder(urls.page_url), urls.make_url_builder(urls.json_url)
    return [result | {"url": page(result["id"]), "json_url": package(result["id"])} for result in results]


@tk.side_effect_free
def oc4ids_project_list(context: Context, data_dict: DataDict) -> list[Any]:
    """List the public infrastructure projects by id.

    :param limit: how many (default: ``ckanext.cost_oc4ids.page_size``, at most 1000)
    :type limit: int
    :param offset: how many to leave out at the beginning (default: 0)
    :type offset: int
    :param all_fields: the projects and not only their ids, as in
        :func:`oc4ids_project_search` (default: false)
    :type all_fields: bool

    :returns: ids, in the order of their code points
    :rtype: list of strings, or of dicts with ``all_fields``
    """
    tk.check_access("oc4ids_project_list", context, data_dict)
    data = validated(project_schema.project_list(), data_dict, ignore_unknown=True)
    limit, offset = data["limit"], data["offset"]
    if data["all_fields"]:
        return _with_addresses(project_search.list_projects(limit, offset))
    return project_search.list_ids(limit, offset)


@tk.side_effect_free
def oc4ids_project_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show one public infrastructure project.

    :param id: the project's id in OC4IDS
    :type id: string

    :returns: what a search returns of it, and ``project``: its OC4IDS as published
    :rtype: dict
    :raises ckan.plugins.toolkit.ObjectNotFound: there is none, it is not public, or ``package_show``
        refuses its dataset
    """
    tk.check_access("oc4ids_project_show", context, data_dict)
    data = validated(project_schema.project_show(), data_dict, ignore_unknown=True)
    found = project_search.show(data["id"])
    if found is None:
        raise tk.ObjectNotFound(tk._("Project not found"))
    result, body = found
    if not dataset_access.may_see(result["dataset"]["id"], context):
        raise tk.ObjectNotFound(tk._("Project not found"))
    (result,) = _with_addresses([result])
    return result | {"project": parse_project(body)}


@tk.side_effect_free
def oc4ids_project_search(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Search the public infrastructure projects.

    Several values of one filter widen it; filters narrow each other.

    :param q: words of titles, ids, places, organisations, contracts and descriptions; case and
        accents do not count, and the beginning of a word is enough
    :type q: string
    :param status: codes of projectStatus
    :type status: string or list of strings
    :param sector: codes of projectSector
    :type sector: string or list of strings
    :param organization: names or ids of the organismos that publish
    :type organization: string or list of strings
    :param year: years in which projects start
    :type year: int or list of ints
    :param sort: ``relevance`` (default with ``q``), ``updated`` (default without), ``title``, ``budget``
        (by currency, then amount) or ``end_date``, followed by ``asc`` or ``desc`` if you wish
    :type sort: string
    :param limit: how many (default: ``ckanext.cost_oc4ids.page_size``, at most 1000)
    :type limit: int
    :param offset: how many to leave out at the beginning (default: 0)
    :type offset: int
    :param facets: whether to count values (default: true)
    :type facets: bool

    :returns: ``count``, ``results``, and ``facets``: for status, sector, organization and year a list of
        ``{"name", "display_name", "count"}``, counted under the other filters. Amounts are exact decimals.
    :rtype: dict
    """
    tk.check_access("oc4ids_project_search", context, data_dict)
    data = validated(project_schema.project_search(), data_dict, ignore_unknown=True)
    filters = project_search.Filters(
        q=data["q"], **{name: tuple(data[name]) for name in project_search.FACETS}
    )
    sort, descending = data["sort"]
    found = project_search.search(filters, sort, descending, data["limit"], data["offset"], data["facets"])
    answer: dict[str, Any] = {
        "count": found.total,
        "results": _with_addresses(found.results),
    }
    if data["facets"]:
        answer["facets"] = {name: _items(name, values) for name, values in found.facets.items()}
    return answer


def _items(facet: str, values: dict[str, tuple[str | None, int]]) -> list[dict[str, Any]]:
    codelist = FACET_CODELISTS.get(facet)
    return [
        {
            "name": value,
            "display_name": schema.code_title(codelist, value, language.current())
            if codelist
            else (title or value),
            "count": count,
        }
        for value, (title, count) in values.items()
    ]
