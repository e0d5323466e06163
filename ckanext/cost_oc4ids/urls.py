"""Where a project is found, whatever its id is made of.

An id is free text: it may hold slashes, spaces, signs and letters of any script. Most are
in the path; the few that browsers and servers would change on the way (dot segments, empty
segments, control characters) are in the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import ckan.plugins.toolkit as tk
from werkzeug.routing import Map, PathConverter

_CONTROL = re.compile("[\x00-\x1f\x7f]")
#: Some servers refuse longer paths.
LONGEST_IN_PATH = 500


def fits_in_path(project_id: str) -> bool:
    """Whether an id comes back the same from a path."""
    segments = project_id.split("/")
    return (
        not any(segment in ("", ".", "..") for segment in segments)
        and not _CONTROL.search(project_id)
        and "\\" not in project_id
        and project_id == project_id.strip()
        and len(project_id) <= LONGEST_IN_PATH
    )


def page_url(project_id: str, qualified: bool = False) -> str:
    """The address of a project's page."""
    if fits_in_path(project_id):
        return tk.url_for("cost_oc4ids_project.read", project_id=project_id, qualified=qualified)
    return tk.url_for("cost_oc4ids_project.index", project=project_id, qualified=qualified)


def json_url(project_id: str, qualified: bool = False) -> str:
    """The address of a project's package, without the language of the page that links it."""
    if fits_in_path(project_id):
        return tk.url_for(
            "cost_oc4ids_bulk.project", project_id=project_id, qualified=qualified, locale="default"
        )
    return tk.url_for("cost_oc4ids_bulk.projects", id=project_id, qualified=qualified, locale="default")


#: placeholder of an id while an address is made once for many
_ANY = "any-project-of-all"
#: as routes quote it
_quoted = PathConverter(Map()).to_url


def make_url_builder(address: Callable[..., str]) -> Callable[[str], str]:
    """Return a function that gives the absolute :func:`page_url` or :func:`json_url` of an id.

    The same addresses; but all that does not depend on the id is found out once, which for a page of
    results takes longer than the search.
    """
    before, _, after = address(_ANY, qualified=True).partition(_ANY)

    def build(project_id: str) -> str:
        if fits_in_path(project_id):
            return before + _quoted(project_id) + after
        return address(project_id, qualified=True)

    return build


def bulk_url() -> str:
    """The absolute address of the bulk package."""
    return tk.url_for("cost_oc4ids_bulk.projects", qualified=True, locale="default")
