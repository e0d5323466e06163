"""What the portal's own search knows of projects: words, facets, and their names.

A dataset is found by the titles, ids and places of its projects, and counted under their
sectors, states and years. It is indexed with all projects in it, public or not: who may
find a dataset is decided by the dataset's own permission labels, and nothing of a project
is indexed anywhere else.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import language
from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.projects import claims, registry
from ckanext.cost_oc4ids.validation import declaration

log = logging.getLogger(__name__)

#: What the address of an OC4IDS schema has in it, in whatever field of a dataset.
MARK = "open-contracting.org/infrastructure/"
#: Projects of one dataset whose words are indexed, and characters of them all.
MOST_PROJECTS = 20_000
LONGEST_TEXT = 2_000_000

SECTOR = "vocab_oc4ids_sector"
STATUS = "vocab_oc4ids_status"
YEAR = "vocab_oc4ids_year"
WORDS = "extras_oc4ids_projects"
CODELISTS = {SECTOR: "projectSector", STATUS: "projectStatus"}

#: XML, which Solr is spoken to in, has no such characters.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def facet_titles() -> dict[str, str]:
    """Our facets and their names in the language of the request."""
    return {
        SECTOR: tk._("Project sector"),
        STATUS: tk._("Project stage"),
        YEAR: tk._("Project start year"),
    }


def fields(package_id: str) -> dict[str, Any]:
    """Return what the index holds of a dataset's projects; empty without projects. One query."""
    rows = registry.list_index_rows(package_id, MOST_PROJECTS)
    if not rows:
        return {}
    words = dict.fromkeys(part for row in rows for part in (row.title, row.project_id, row.place) if part)
    return {
        WORDS: _NOT_XML.sub(" ", "\n".join(words))[:LONGEST_TEXT],
        SECTOR: sorted({_NOT_XML.sub(" ", code) for row in rows for code in row.sectors}),
        STATUS: sorted({_NOT_XML.sub(" ", row.status) for row in rows if row.status}),
        YEAR: sorted({str(row.year) for row in rows if row.year}),
    }


class IndexMixin:
    """The plugin's part in search and in the life of datasets. Never makes a save or a search fail."""

    # IPackageController

    def before_dataset_index(self, dataset_dict: dict[str, Any]) -> dict[str, Any]:
        """Add what is known of the dataset's projects; without OC4IDS resources, no query at all."""
        dataset_dict = _next(super(), "before_dataset_index", dataset_dict, dataset_dict)
        try:
            if MARK in (dataset_dict.get("validated_data_dict") or ""):
                dataset_dict.update(fields(dataset_dict["id"]))
        except Exception:
            log.exception("The projects of dataset %s could not be indexed", dataset_dict.get("id"))
        return dataset_dict

    def after_dataset_search(
        self, search_results: dict[str, Any], search_params: dict[str, Any]
    ) -> dict[str, Any]:
        """Give the codes of our facets the names that people read."""
        search_results = _next(super(), "after_dataset_search", search_results, search_results, search_params)
        facets = search_results.get("search_facets") or {}
        for name, codelist in CODELISTS.items():
            for item in facets.get(name, {}).get("items", []):
                item["display_name"] = schema.code_title(codelist, item["name"], language.current())
        return search_results

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """See :meth:`after_dataset_update`."""
        _next(super(), "after_dataset_create", None, context, pkg_dict)
        _note_claims(pkg_dict)

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Note since when the dataset's projects are public, in the transaction of the save."""
        _next(super(), "after_dataset_update", None, context, pkg_dict)
        _note_claims(pkg_dict)

    # IFacets

    def dataset_facets(self, facets_dict: OrderedDict[str, Any], package_type: str) -> OrderedDict[str, Any]:
        """Our facets after those of the portal."""
        facets_dict.update(facet_titles())
        return facets_dict

    def organization_facets(
        self, facets_dict: OrderedDict[str, Any], organization_type: str, package_type: str | None
    ) -> OrderedDict[str, Any]:
        """The same on an organismo's page."""
        facets_dict.update(facet_titles())
        return facets_dict

    def group_facets(
        self, facets_dict: OrderedDict[str, Any], group_type: str, package_type: str | None
    ) -> OrderedDict[str, Any]:
        """The same on a group's page."""
        facets_dict.update(facet_titles())
        return facets_dict


def _note_claims(dataset: dict[str, Any]) -> None:
    if declaration.any_oc4ids(dataset.get("resources")):
        claims.refresh_claims([dataset["id"]])


def _next(parent: Any, name: str, default: Any, *args: Any) -> Any:
    """Call the next class's hook of this name, for other mixins may have one; else return ``default``."""
    hook: Callable[..., Any] | None = getattr(parent, name, None)
    return hook(*args) if hook else default
