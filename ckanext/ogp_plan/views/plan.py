"""What was promised and where it stands: the plans, one plan, one item, its sheet, the changes, the duties.

Public, and readable without JavaScript. What a page shows is in its address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint

from ckanext.cost_common import paging
from ckanext.ogp_plan import config, urls
from ckanext.ogp_plan.helpers import plan as words
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import record as record_service

blueprint = Blueprint("ogp_plan", __name__)

VIEWS = ("arbol", "tabla", "matriz")
#: Filter of the address → parameter of the action.
FILTERS = {
    "organismo": "organization",
    "componente": "component",
    "luz": "light",
    "mes": "month",
    "valor": "tag",
    "razon": "reason",
    "q": "q",
}
#: Codes of the reasons of a light, in the order of the filter.
REASONS = ("R1", "R2", "R3", "R4", "R4b", "R5", "R6", "R7", "R9", "manual")
#: Columns of the matrix at most: a plan of two years has 24 months, a longer one is shown by its cuts.
MOST_MONTHS = 24
MOST_CUTS = 9
#: Entries of the story of an item on one page.
STORY_PAGE = 100


def reason_names() -> dict[str, str]:
    """Reasons of a light by code, in few words."""
    return {
        "R1": tk._("Overdue"),
        "R2": tk._("Due soon, with little progress"),
        "R3": tk._("Behind what was expected by now"),
        "R4": tk._("Silence: nobody reports"),
        "R4b": tk._("Several reports without changes"),
        "R5": tk._("No evidence"),
        "R6": tk._("Waits for something overdue"),
        "R7": tk._("Alert by who watches it"),
        "R9": tk._("Goal out of reach at this pace"),
        "manual": tk._("The responsible says so"),
    }


def filter_names() -> dict[str, str]:
    """Filters by name, in words."""
    return {
        "organismo": tk._("Who answers for it"),
        "componente": tk._("Part of the plan"),
        "luz": tk._("Light"),
        "mes": tk._("Month"),
        "valor": tk._("Value of open government"),
        "razon": tk._("Why it is at risk"),
        "q": tk._("Words"),
    }


def plan_or_404(name: str) -> dict[str, Any]:
    """Return a plan; 404 alike for one that is not there and one that is not public yet."""
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no public plan at this address"))  # type: ignore[no-any-return]
    return found


def item_or_404(plan: str, address: str, **story: int) -> dict[str, Any]:
    """Return an item with its story; 404 when the plan has none at this address, or is not public.

    :param story: ``story_limit``, ``story_offset``: which part of it.
    """
    wanted = {"plan": plan, "id": address, **story}
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_item_show")({}, wanted)
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("This plan has nothing at this address"))  # type: ignore[no-any-return]
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
        problem, asked, present = first_of(refused), {}, 1
        found = tk.get_action("ogp_plan_list")({}, {"limit": size, "offset": 0})
    return tk.render(
        "ogp_plan/index.html",
        {
            "plans": found["results"],
            "count": found["count"],
            "asked": asked,
            "problem": problem,
            "may_create": _may_create(),
            "import_url": words.ogp_plan_to("ogp_plan_import.start"),
            "paging": paging.paginate(
                found["count"],
                size,
                present,
                lambda n: tk.url_for("ogp_plan.index", **asked, **({paging.PAGE: n} if n else {})),
            ),
        },
    )


def _may_create() -> bool:
    try:
        tk.check_access("ogp_plan_create", {}, {})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError, ValueError):
        return False
    return bool(tk.current_user.is_authenticated)


def first_of(refused: tk.ValidationError) -> str:
    """Return the first sentence of an error."""
    for said in refused.error_dict.values():
        for sentence in said if isinstance(said, list) else [said]:
            return str(sentence)
    return ""


# --- one plan


def read(plan: str) -> Any:
    """One plan: as a tree, a table or a matrix, whole or narrowed."""
    shown = plan_or_404(plan)
    view = tk.request.args.get("vista", "")
    view = view if view in VIEWS else VIEWS[0]
    asked = {name: value for name in FILTERS if (value := tk.request.args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    problem = None
    try:
        found = _items(shown["name"], asked, view, size, present)
    except tk.ValidationError as refused:
        problem, asked, present = first_of(refused), {}, 1
        found = _items(shown["name"], asked, view, size, present)

    def url(**changes: Any) -> str:
        state: dict[str, Any] = {**({"vista": view} if view != VIEWS[0] else {}), **asked, **changes}
        kept = {name: value for name, value in state.items() if value not in (None, "")}
        return str(tk.url_for("ogp_plan.read", plan=shown["name"], **kept))

    components = {one["address"]: one for one in shown["components"]}
    extra_vars = {
        "plan": shown,
        "tab": "items",
        "view": view,
        "views": _views(view, url),
        "asked": asked,
        "problem": problem,
        "filters": _filters(asked, found.get("facets") or {}, components),
        "chips": _chips(asked, found.get("facets") or {}, components, url),
        "filter_names": filter_names(),
        "count": found["count"],
        "items": found["results"],
        "components": components,
        "overview": not asked and present == 1 and view == VIEWS[0],
        "light_url": lambda light: url(luz=light, pagina=None),
        "component_url": lambda address: url(componente=address, pagina=None),
        "plain_url": tk.url_for("ogp_plan.read", plan=shown["name"]),
        "files": _files(shown) if not asked and view == VIEWS[0] else [],
        "paging": paging.paginate(found["count"], size, present, lambda n: url(pagina=n)),
        **_shape(shown, view, found["results"], url),
    }
    return tk.render("ogp_plan/plan/read.html", extra_vars)


def _items(plan: str, asked: Mapping[str, str], view: str, size: int, present: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {"plan": plan, "limit": size, "offset": (present - 1) * size}
    wanted.update({FILTERS[name]: value for name, value in asked.items()})
    if view != "arbol" or asked:
        # what is searched for is what is followed up; the headings above it come with each
        wanted["tracked"] = True
    found: dict[str, Any] = tk.get_action("ogp_plan_item_list")({}, wanted)
    return found


def _shape(
    plan: Mapping[str, Any], view: str, items: list[dict[str, Any]], url: Callable[..., str]
) -> dict[str, Any]:
    if view == "arbol":
        return {"tree": nest(items)}
    if view == "tabla":
        return {}
    by_cut = tk.request.args.get("columnas") == "corte" or not plan_months(plan)
    made = cut_matrix(plan, items) if by_cut else month_matrix(plan, items)
    return {
        "matrix": made,
        "by_cut": by_cut,
        "months_url": url(columnas=None) if plan_months(plan) else None,
        "cuts_url": url(columnas="corte"),
    }


def _views(view: str, url: Callable[..., str]) -> list[dict[str, Any]]:
    names = {"arbol": tk._("Tree"), "tabla": tk._("Table"), "matriz": tk._("Calendar")}
    return [
        {"title": names[one], "current": one == view, "url": url(vista=one if one != VIEWS[0] else None)}
        for one in VIEWS
    ]


def nest(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return items, which come in the plan's order, as a tree.

    One whose parent is not among them (it stands on another page, or was not asked for) is a root here.
    ``only``: what is followed up, where an item stands for that alone (an activity of one row).
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


def _options(
    name: str, facets: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What one filter offers, as the action counts it; reasons are those there can be."""
    if name == "razon":
        return [{"value": code, "title": title, "count": None} for code, title in reason_names().items()]
    found = [dict(one) for one in facets.get(FILTERS[name], [])]
    for one in found:
        one["title"] = _title(name, one, components)
    return found


def _title(name: str, one: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]) -> str:
    value = str(one["value"])
    if name == "luz":
        return words.ogp_plan_light_name(value)
    if name == "componente" and value in components:
        found = components[value]
        return f"{found['code']} {found['title']}"
    if name == "mes":
        if value.isdigit() and 1 <= int(value) <= 12:
            return words.ogp_plan_month(int(value)).capitalize()
        return words.ogp_plan_period(value).capitalize()
    return str(one.get("title") or value)


def _filters(
    asked: Mapping[str, str], facets: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    made = []
    for name, title in filter_names().items():
        if name == "q":
            continue
        options = _options(name, facets, components)
        chosen = asked.get(name)
        if chosen and not any(str(one["value"]) == chosen for one in options):
            one = {"value": chosen, "title": None, "count": 0}
            options.insert(0, {**one, "title": _title(name, one, components)})
        if options:
            made.append({"name": name, "title": title, "chosen": chosen, "options": options})
    return made


def _chips(
    asked: Mapping[str, str],
    facets: Mapping[str, Any],
    components: Mapping[str, Mapping[str, Any]],
    url: Callable[..., str],
) -> list[dict[str, str]]:
    """What is chosen, each with the address of the plan without it."""
    made = []
    for name, value in asked.items():
        if name == "q":
            label = f"“{value}”"
        else:
            known = {str(one["value"]): one["title"] for one in _options(name, facets, components)}
            label = known.get(value) or _title(name, {"value": value}, components)
        made.append({"filter": name, "label": label, "url": url(**{name: None})})
    return made


# --- the matrix


def plan_months(plan: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the (year, month) of a plan; none when its time is not known or too long for columns."""
    start, end = _date(plan.get("start")), _date(plan.get("end"))
    if start is None or end is None or end < start:
        return []
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    if count > MOST_MONTHS:
        return []
    first = start.year * 12 + start.month - 1
    return [(n // 12, n % 12 + 1) for n in range(first, first + count)]


def _date(value: Any) -> dt.date | None:
    if isinstance(value, dt.date) or value is None:
        return value
    return dt.date.fromisoformat(str(value)[:10])


def month_matrix(plan: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return items by the months of a plan, with what was to be done in each and whether it was.

    A month in which something is scheduled is *done* when the item is completed, and *late* when it is
    the last one, has passed, and the item is not completed. Of the others somebody reported (*told*),
    or, when they have passed, nobody did (*silent*); what is still to come is *due*.
    """
    today = record_service.today()
    months = plan_months(plan)
    several = len({year for year, _ in months}) > 1
    columns = [
        {
            "title": words.ogp_plan_month(month, "abbreviated"),
            "note": str(year) if several else "",
            "long": words.ogp_plan_period(f"{year:04}-{month:02}"),
            "now": (year, month) == (today.year, today.month),
        }
        for year, month in months
    ]
    rows = [{"item": item, "cells": [_month(item, one, today) for one in months]} for item in items]
    return {"columns": columns, "rows": rows}


def _month(item: Mapping[str, Any], month: tuple[int, int], today: dt.date) -> str | None:
    due = _date(item.get("due"))
    last = (due.year, due.month) if due else None
    # months are those of each year of the plan; a day has only its own
    monthly = item.get("schedule_kind") == "months"
    scheduled = monthly and month[1] in (item.get("months") or ()) and (last is None or month <= last)
    if not scheduled and month != last:
        return None
    if item.get("light") == "completado":
        return "done"
    followed, reported = item.get("light") in words.LIGHTS, item.get("reported")
    if followed and month == last and due is not None and due < today:
        return "late"
    if reported is not None and f"{month[0]:04}-{month[1]:02}" in reported:
        return "told"
    passed = month < (today.year, today.month)
    return "silent" if followed and passed and reported is not None else "due"


def cut_matrix(plan: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return items by the cuts of a plan, with the light each had in those that are frozen, and has today."""
    cuts = list(plan.get("cuts") or [])[:MOST_CUTS]
    kept = cut_service.load_lights(plan["id"], [cut["sha256"] for cut in cuts if cut.get("sha256")])
    columns, lights = [], []
    for cut in cuts:
        frozen = kept.get(cut.get("sha256"))
        columns.append(
            {
                "title": words.ogp_plan_day(cut["day"], "medium"),
                "note": cut.get("state_name") or "",
                "long": words.ogp_plan_day(cut["day"]),
                "url": cut.get("url") if frozen is not None else None,
                "now": False,
            }
        )
        lights.append(frozen or {})
    columns.append({"title": tk._("Today"), "note": "", "long": tk._("Today"), "url": None, "now": True})
    rows = [
        {
            "item": item,
            "cells": [
                *(found.get((item["level"], item["code"])) for found in lights),
                item.get("light"),
            ],
        }
        for item in items
    ]
    return {"columns": columns, "rows": rows}


# --- files


def _files(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """What can be taken away of a plan, where this portal has it."""
    try:
        listed = tk.get_action("ogp_plan_file_list")({}, {"plan": plan["name"]})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        listed = []
    made = [{"title": one["title"], "format": one["format"], "url": one["url"]} for one in listed]
    feeds = [
        ("ogp_plan_file.plan_feed", tk._("News of the plan"), "Atom"),
        ("ogp_plan_file.lights_feed", tk._("Lights that changed"), "Atom"),
        ("ogp_plan_file.plan_calendar", tk._("Calendar of due days and cuts"), "iCal"),
    ]
    for endpoint, title, kind in feeds:
        url = words.ogp_plan_to(endpoint, plan=plan["name"])
        if url:
            made.append({"title": title, "format": kind, "url": url})
    return made


# --- one item


def item(plan: str, address: str) -> Any:
    """One item: what was promised, where it stands, why, and all that happened to it."""
    shown = plan_or_404(plan)
    present = paging.requested_page()
    first = (present - 1) * STORY_PAGE
    found = item_or_404(shown["name"], address, story_limit=STORY_PAGE, story_offset=first)
    if found["address"] != address:
        return tk.redirect_to(found["url"])

    def url(number: int | None) -> str:
        page = {paging.PAGE: number} if number else {}
        return str(tk.url_for("ogp_plan.item", plan=shown["name"], address=address, **page)) + "#ogp-story"

    extra_vars = {
        "plan": shown,
        "tab": "items",
        "story_first": first + 1,
        "paging": paging.paginate(found["story_count"], STORY_PAGE, present, url),
        **item_vars(shown, found),
    }
    return tk.render("ogp_plan/plan/item.html", extra_vars)


def item_vars(plan: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of an item need beside it."""
    component = next((one for one in plan["components"] if one["address"] == found.get("component")), None)
    answered = {one["reason"] for one in found.get("answers") or []}
    codes = [one["code"] for one in found.get("reasons") or []]
    return {
        "item": found,
        "component": component if component and component["address"] != found["address"] else None,
        "answers_of": {
            code: [one for one in found.get("answers") or [] if one["reason"] == code] for code in codes
        },
        "old_answers": [one for one in found.get("answers") or [] if one["reason"] not in codes],
        "unanswered": [code for code in codes if code not in answered],
        "reason_names": reason_names(),
        "may": found.get("may") or {},
        "feed_url": words.ogp_plan_to("ogp_plan_file.item_feed", plan=plan["name"], address=found["address"]),
    }


def sheet(plan: str, address: str) -> Any:
    """One item on one A4, with a QR to its page."""
    shown = plan_or_404(plan)
    found = item_or_404(shown["name"], address, story_limit=0)
    extra_vars = {
        "plan": shown,
        "today": record_service.today(),
        "address": urls.url_of_item(shown["name"], found["address"], absolute=True),
        **item_vars(shown, found),
    }
    return tk.render("ogp_plan/plan/sheet.html", extra_vars)


# --- changes


def changes(plan: str) -> Any:
    """What the plan says otherwise than it did: moved dates, lowered goals, removed rows."""
    shown = plan_or_404(plan)
    asked = {name: value for name in ("desde", "hasta") if (value := tk.request.args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    problem = None
    try:
        found = _diff(shown["name"], asked, size, present)
    except tk.ValidationError as refused:
        problem, asked, present = first_of(refused), {}, 1
        found = _diff(shown["name"], asked, size, present)

    def url(number: int | None) -> str:
        return str(
            tk.url_for(
                "ogp_plan.changes", plan=shown["name"], **asked, **({paging.PAGE: number} if number else {})
            )
        )

    extra_vars = {
        "plan": shown,
        "tab": "changes",
        "asked": asked,
        "problem": problem,
        "count": found["count"],
        "versions": _by_version(found["changes"]),
        "drift": found["drift"],
        "paging": paging.paginate(found["count"], size, present, url),
    }
    return tk.render("ogp_plan/plan/changes.html", extra_vars)


def _diff(plan: str, asked: Mapping[str, str], size: int, present: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {"plan": plan, "limit": size, "offset": (present - 1) * size}
    if "desde" in asked:
        wanted["since"] = asked["desde"]
    if "hasta" in asked:
        wanted["until"] = asked["hasta"]
    found: dict[str, Any] = tk.get_action("ogp_plan_diff")({}, wanted)
    return found


def _by_version(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Changes in the order they come, those made at once together under their act."""
    made: list[dict[str, Any]] = []
    for change in listed:
        head = {name: change.get(name) for name in ("version", "at", "act_name", "reason")}
        if not made or any(made[-1][name] != value for name, value in head.items()):
            made.append({**head, "changes": []})
        made[-1]["changes"].append(change)
    return made


# --- duties of an organismo


def obligations(id: str) -> Any:
    """What an organismo owes, over all plans: this month first."""
    args = tk.request.args
    asked = {name: value for name in ("mes", "plan") if (value := args.get(name, "").strip())}
    present, size = paging.requested_page(), config.page_size()
    wanted: dict[str, Any] = {"organization": id, "limit": size, "offset": (present - 1) * size}
    if "mes" in asked:
        wanted["month"] = asked["mes"]
    if "plan" in asked:
        wanted["plan"] = asked["plan"]
    problem = None
    try:
        found = tk.get_action("ogp_plan_obligation_list")({}, wanted)
    except tk.ValidationError as refused:
        problem, asked, present = first_of(refused), {}, 1
        found = _obligations_or_404(id, size)
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("There is no organismo at this address"))

    def url(**changes: Any) -> str:
        state = {name: value for name, value in {**asked, **changes}.items() if value not in (None, "")}
        return str(tk.url_for("ogp_plan.obligations", id=id, **state))

    extra_vars = {
        "owed": found,
        "organization_page": _organization_page(id),
        "asked": asked,
        "problem": problem,
        "sections": _sections(found),
        "plan_url": lambda name: url(plan=name, pagina=None),
        "plain_url": tk.url_for("ogp_plan.obligations", id=id),
        "report_url": words.ogp_plan_to("ogp_plan_report.report", id=id)
        if may_report_for(id, found)
        else None,
        "calendar_url": words.ogp_plan_to("ogp_plan_file.organization_calendar", id=id),
        # none of who owes nothing: there is no such document
        "document_url": words.ogp_plan_to("ogp_plan_file.organization_report", id=id)
        if found["plans"]
        else None,
        "feed_url": words.ogp_plan_to("ogp_plan_file.organization_feed", id=id),
        "template_url": words.ogp_plan_to("ogp_plan_file.organization_template", id=id),
        "paging": paging.paginate(found["count"], size, present, lambda n: url(pagina=n)),
    }
    return tk.render("ogp_plan/obligations.html", extra_vars)


def _obligations_or_404(organization: str, size: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_obligation_list")(
            {}, {"organization": organization, "limit": size, "offset": 0}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no organismo at this address"))  # type: ignore[no-any-return]
    return found


def _sections(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    named = [
        ("late", tk._("Overdue"), tk._("Nothing is overdue.")),
        ("this_month", tk._("This month"), tk._("Nothing is due this month.")),
        ("next", tk._("Later"), tk._("Nothing else is due later.")),
        ("done", tk._("Done"), tk._("Nothing has been completed yet.")),
    ]
    return [
        {"name": name, "title": title, "empty": empty, "items": found.get(name) or []}
        for name, title, empty in sorted(named, key=lambda one: one[0] != "this_month")
    ]


#: What of an organization is not read for a link to it.
_ONLY_ITSELF = dict.fromkeys(
    (
        "include_datasets",
        "include_dataset_count",
        "include_users",
        "include_groups",
        "include_tags",
        "include_followers",
    ),
    False,
)


def _organization_page(name: str) -> str | None:
    """The organismo's page in this portal, where it has one."""
    try:
        shown = tk.get_action("organization_show")({}, {"id": name, **_ONLY_ITSELF})
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return None
    return str(tk.url_for("organization.read", id=shown["name"]))


def may_report_for(name: str, owed: Mapping[str, Any]) -> bool:
    """Tell whether who asks reports for an organismo in any of the plans in which it owes something."""
    if not tk.current_user.is_authenticated:
        return False
    return any(_may_report(name, one["name"]) for one in owed.get("plans") or [])


def _may_report(name: str, plan: str) -> bool:
    try:
        tk.check_access("ogp_plan_report_create", {}, {"organization": name, "plan": plan})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return False
    return True


blueprint.add_url_rule("/planes", view_func=index, strict_slashes=False)
blueprint.add_url_rule("/planes/<plan>", view_func=read, strict_slashes=False)
blueprint.add_url_rule("/planes/<plan>/cambios", view_func=changes)
blueprint.add_url_rule("/planes/<plan>/<address>", view_func=item)
blueprint.add_url_rule("/planes/<plan>/<address>/imprimir", endpoint="print", view_func=sheet)
blueprint.add_url_rule("/organismo/<id>/obligaciones", view_func=obligations)
