"""The plans, and one plan: as a tree, a table or a matrix, whole or filtered.
Public, and readable without JavaScript. What a page shows is in its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint

from ckanext.cost_common import paging
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers.url import ogp_plan_to
from ckanext.ogp_plan.serializers.labels import item_filter_labels
from ckanext.ogp_plan.views.matrix import build_cut_matrix, build_month_matrix, list_plan_months
from ckanext.ogp_plan.views.plan_filter import FILTERS, build_chips, build_filters

blueprint = Blueprint("ogp_plan", __name__)

VIEWS = ("arbol", "tabla", "matriz")


def plan_or_404(name: str) -> dict[str, Any]:
    """Return a plan; 404 alike for one that is not there and one that is not public yet."""
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no public plan at this address"))  # type: ignore[no-any-return]
    return found


# --- the plans


def index() -> Any:
    """All plans, as cards."""
    args = tk.request.args
    fields = {"familia": "family", "estado": "status", "organismo": "organization"}
    asked = {name: value for name in fields if (value := args.get(name, "").strip())}
    present, size = paging.requested_page(), min(config.page_size(), 50)
    wanted = {fields[name]: value for name, value in asked.items()}
    problem = None
    try:
        found = tk.get_action("ogp_plan_list")({}, {**wanted, "limit": size, "offset": (present - 1) * size})
    except tk.ValidationError as refused:
        # an address written by hand: say what is wrong with it and show everything
        problem, asked, present = first_error(refused), {}, 1
        found = tk.get_action("ogp_plan_list")({}, {"limit": size, "offset": 0})
    return tk.render(
        "ogp_plan/plan/index.html",
        {
            "plans": found["results"],
            "count": found["count"],
            "asked": asked,
            "problem": problem,
            "may_create": _may_create(),
            "import_url": ogp_plan_to("ogp_plan_import.start"),
            "organizations_url": _organizations_url(),
            "paging": paging.paginate(
                found["count"],
                size,
                present,
                lambda n: tk.url_for("ogp_plan.index", **asked, **({paging.PAGE: n} if n else {})),
            ),
        },
    )


def _organizations_url() -> str | None:
    """The page of which organization each organismo is, for who may see it."""
    try:
        tk.check_access("ogp_plan_organization_link_list", {}, {})
    except tk.NotAuthorized:
        return None
    return ogp_plan_to("ogp_plan.organization_links")


def _may_create() -> bool:
    try:
        tk.check_access("ogp_plan_create", {}, {})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError, ValueError):
        return False
    return bool(tk.current_user.is_authenticated)


def first_error(refused: tk.ValidationError) -> str:
    """Return the first sentence of an error."""
    for sentences in refused.error_dict.values():
        for sentence in sentences if isinstance(sentences, list) else [sentences]:
            return str(sentence)
    return ""


# --- one plan


def read(plan: str) -> Any:
    """One plan: as a tree, a table or a matrix, whole or narrowed."""
    plan_dict = plan_or_404(plan)
    view = tk.request.args.get("vista", "")
    view = view if view in VIEWS else VIEWS[0]
    asked = {name: value for name in FILTERS if (value := tk.request.args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    problem = None
    try:
        found = _list_items(plan_dict["name"], asked, view, size, present)
    except tk.ValidationError as refused:
        problem, asked, present = first_error(refused), {}, 1
        found = _list_items(plan_dict["name"], asked, view, size, present)

    def url(**changes: Any) -> str:
        state: dict[str, Any] = {**({"vista": view} if view != VIEWS[0] else {}), **asked, **changes}
        kept = {name: value for name, value in state.items() if value not in (None, "")}
        return str(tk.url_for("ogp_plan.read", plan=plan_dict["name"], **kept))

    components = {component["address"]: component for component in plan_dict["components"]}
    extra_vars = {
        "plan": plan_dict,
        "tab": "items",
        "view": view,
        "views": _build_view_links(view, url),
        "asked": asked,
        "problem": problem,
        "filters": build_filters(asked, found.get("facets") or {}, components),
        "chips": build_chips(asked, found.get("facets") or {}, components, url),
        "filter_names": item_filter_labels(),
        "count": found["count"],
        "items": found["results"],
        "components": components,
        "overview": not asked and present == 1 and view == VIEWS[0],
        "light_url": lambda light: url(luz=light, pagina=None),
        "component_url": lambda address: url(componente=address, pagina=None),
        "plain_url": tk.url_for("ogp_plan.read", plan=plan_dict["name"]),
        "files": _list_files(plan_dict) if not asked and view == VIEWS[0] else [],
        "paging": paging.paginate(found["count"], size, present, lambda n: url(pagina=n)),
        **_build_layout(plan_dict, view, found["results"], url),
    }
    return tk.render("ogp_plan/plan/read.html", extra_vars)


def _list_items(plan: str, asked: Mapping[str, str], view: str, size: int, present: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {"plan": plan, "limit": size, "offset": (present - 1) * size}
    wanted.update({FILTERS[name]: value for name, value in asked.items()})
    if view != "arbol" or asked:
        # what is searched for is what is followed up; the headings above it come with each
        wanted["tracked"] = True
    found: dict[str, Any] = tk.get_action("ogp_plan_item_list")({}, wanted)
    return found


def _build_layout(
    plan: Mapping[str, Any], view: str, items: list[dict[str, Any]], url: Callable[..., str]
) -> dict[str, Any]:
    if view == "arbol":
        return {"tree": build_tree(items)}
    if view == "tabla":
        return {}
    by_cut = tk.request.args.get("columnas") == "corte" or not list_plan_months(plan)
    made = build_cut_matrix(plan, items) if by_cut else build_month_matrix(plan, items)
    return {
        "matrix": made,
        "by_cut": by_cut,
        "months_url": url(columnas=None) if list_plan_months(plan) else None,
        "cuts_url": url(columnas="corte"),
    }


def _build_view_links(view: str, url: Callable[..., str]) -> list[dict[str, Any]]:
    names = {"arbol": tk._("Tree"), "tabla": tk._("Table"), "matriz": tk._("Calendar")}
    return [
        {
            "title": names[view_name],
            "current": view_name == view,
            "url": url(vista=view_name if view_name != VIEWS[0] else None),
        }
        for view_name in VIEWS
    ]


def build_tree(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return items, which come in the plan's order, as a tree.

    One whose parent is not among them (it is on another page, or was not requested) is a root here.
    ``only``: what is followed up, where an item has nothing else (an activity of one row).
    """
    roots: list[dict[str, Any]] = []
    nodes: dict[str, dict[str, Any]] = {}
    for item in items:
        node: dict[str, Any] = {"item": item, "children": [], "only": None}
        nodes[item["address"]] = node
        above = nodes.get(item.get("parent") or "")
        (above["children"] if above else roots).append(node)
    for node in nodes.values():
        below = node["children"]
        if node["item"].get("parent") and not node["item"]["trackable"] and len(below) == 1:
            alone = below[0]["item"]["trackable"] and not below[0]["children"]
            node["only"] = below[0]["item"] if alone else None
    return roots


# --- files


def _list_files(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """What can be taken away of a plan, where this portal has it."""
    try:
        listed = tk.get_action("ogp_plan_file_list")({}, {"plan": plan["name"]})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        listed = []
    made = [{"title": file["title"], "format": file["format"], "url": file["url"]} for file in listed]
    feeds = [
        ("ogp_plan_file.plan_feed", tk._("News of the plan"), "Atom"),
        ("ogp_plan_file.lights_feed", tk._("Lights that changed"), "Atom"),
        ("ogp_plan_file.plan_calendar", tk._("Calendar of due days and cuts"), "iCal"),
    ]
    for endpoint, title, kind in feeds:
        url = ogp_plan_to(endpoint, plan=plan["name"])
        if url:
            made.append({"title": title, "format": kind, "url": url})
    return made


blueprint.add_url_rule("/planes", view_func=index, strict_slashes=False)
blueprint.add_url_rule("/planes/<plan>", view_func=read, strict_slashes=False)
