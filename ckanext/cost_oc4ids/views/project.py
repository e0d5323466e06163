"""The list of infrastructure projects and the page of each. Public, and readable without JavaScript."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint

from ckanext.cost_common import paging
from ckanext.cost_oc4ids import config, urls
from ckanext.cost_oc4ids.logic.schema.project import FARTHEST
from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.oc4ids.overview import overview
from ckanext.cost_oc4ids.projects.search import FACETS

blueprint = Blueprint("cost_oc4ids_project", __name__)

#: What a visitor may choose to sort by: value of the address, in the order of the list.
SORTS = (
    "relevance",
    "updated desc",
    "title asc",
    "budget desc",
    "budget asc",
    "end_date asc",
    "end_date desc",
)

#: Filters whose values are codes.
CODELISTS = {"status": "projectStatus", "sector": "projectSector"}
#: Parameter of the list's address that names the page.
PAGE = "page"


def sort_names() -> dict[str, str]:
    """Orders by value, in words."""
    return {
        "relevance": tk._("Best match"),
        "updated desc": tk._("Last updated"),
        "title asc": tk._("Name, A to Z"),
        "budget desc": tk._("Largest budget"),
        "budget asc": tk._("Smallest budget"),
        "end_date asc": tk._("Ends first"),
        "end_date desc": tk._("Ends last"),
    }


def _search_parameters() -> dict[str, Any]:
    """Parameters of the search in the address, without what is empty or cannot be asked."""
    args = tk.request.args
    parameters: dict[str, Any] = {
        name: values for name in FACETS if (values := [v for v in args.getlist(name) if v])
    }
    query = args.get("q", "").strip()
    if query:
        parameters["q"] = query
    if args.get("sort") in SORTS and not (args.get("sort") == "relevance" and not query):
        parameters["sort"] = args["sort"]
    return parameters


def index() -> Any:
    """The list: its address is all its state. With ``project``, that project's page."""
    if tk.request.args.get("project"):
        return read(tk.request.args["project"])
    parameters, size = _search_parameters(), config.page_size()
    number = paging.requested_page(PAGE, FARTHEST // size)
    problem = None
    try:
        found = tk.get_action("oc4ids_project_search")(
            {}, {**parameters, "limit": size, "offset": (number - 1) * size}
        )
    except tk.NotAuthorized:
        return tk.abort(403, tk._("Not authorized to see this page"))
    except tk.ValidationError as error:
        # an address written by hand: say what is wrong with it and show everything
        problem = "; ".join(str(message) for messages in error.error_dict.values() for message in messages)
        parameters, number = {}, 1
        found = tk.get_action("oc4ids_project_search")({}, {"limit": size, "offset": 0})
    chosen = {name: set(parameters.get(name, [])) for name in FACETS}
    extra_vars = {
        "paging": paging.paginate(
            found["count"], size, number, lambda page: list_url(parameters, **({PAGE: page} if page else {}))
        ),
        "count": found["count"],
        "results": found["results"],
        "facets": {name: _options(name, found["facets"][name], chosen[name]) for name in FACETS},
        "facet_names": facet_names(),
        "chips": _chips(parameters, found["facets"]),
        "parameters": parameters,
        "problem": problem,
        "sort": parameters.get("sort") or ("relevance" if "q" in parameters else "updated desc"),
        "sorts": {
            value: name for value, name in sort_names().items() if value != "relevance" or "q" in parameters
        },
        "bulk_url": urls.bulk_url(),
        "anything_published": bool(found["count"]) or bool(parameters) and _anything_published(),
    }
    return tk.render("cost_oc4ids/project/index.html", extra_vars)


def _anything_published() -> bool:
    return bool(tk.get_action("oc4ids_project_list")({}, {"limit": 1}))


def list_url(parameters: dict[str, Any], **changes: Any) -> str:
    """The list's address for a search, with changes."""
    return tk.url_for("cost_oc4ids_project.index", **{**parameters, **changes})


def facet_names() -> dict[str, str]:
    """Filters by name, in words."""
    return {
        "status": tk._("Stage"),
        "sector": tk._("Sector"),
        "organization": tk._("Public body"),
        "year": tk._("Start year"),
    }


def _label(facet: str, value: str) -> str:
    """A value in words, where the data have nothing under it to say."""
    return schema.code_title(CODELISTS[facet], value, tk.h.lang()) if facet in CODELISTS else value


def _options(facet: str, items: list[dict[str, Any]], chosen: set[str]) -> list[dict[str, Any]]:
    """What one filter offers; what was chosen also where nothing is found under it.

    Stages are in the order of a project's life, years from the last, the rest by how many they have.
    """
    missing = [{"name": name, "display_name": _label(facet, name), "count": 0} for name in sorted(chosen)]
    known = {item["name"]: item for item in [*missing, *items]}
    options = [{**item, "chosen": item["name"] in chosen} for item in known.values()]
    if facet == "year":
        return sorted(options, key=lambda option: option["name"], reverse=True)
    if facet == "status":
        places = {code: place for place, code in enumerate(schema.codelists()["projectStatus"])}
        return sorted(options, key=lambda option: places.get(option["name"], len(places)))
    return sorted(options, key=lambda option: (not option["chosen"], -option["count"]))


def _chips(parameters: dict[str, Any], facets: dict[str, list[dict[str, Any]]]) -> list[dict[str, str]]:
    """What is chosen, each with the address of the list without it."""
    chips = []
    for name in FACETS:
        labels = {item["name"]: item["display_name"] for item in facets[name]}
        for value in parameters.get(name, []):
            rest = {**parameters, name: [other for other in parameters[name] if other != value]}
            chips.append(
                {"facet": name, "label": labels.get(value) or _label(name, value), "url": list_url(rest)}
            )
    return chips


def read(project_id: str) -> Any:
    """The page of one project; 404 alike for what is not there and what is not public."""
    try:
        project = tk.get_action("oc4ids_project_show")({}, {"id": project_id})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no public project at this address"))
    extra_vars = {
        "project": project,
        "overview": overview(project["project"]),
        "page_title": project["title"] or project["id"],
    }
    return tk.render("cost_oc4ids/project/read.html", extra_vars)


blueprint.add_url_rule("/infraestructura", view_func=index, strict_slashes=False)
blueprint.add_url_rule("/infraestructura/<path:project_id>", view_func=read, merge_slashes=False)
