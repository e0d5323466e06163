"""Pages of cuts: the plan as it was on a day, and the list in which Control Interno freezes and publishes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.cost_common import paging
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.serializers.labels import cut_row_state_labels
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view
from ckanext.ogp_plan.views.plan import blueprint

forms.guard(blueprint)

#: Items, and edits, on one page of a cut.
ITEMS_LIMIT = 100
EDITS_LIMIT = 50


# --- one cut ---------------------------------------------------------------------------------------------


def cut(plan: str, day: str) -> Any:
    """``/planes/<plan>/corte/<day>``: the plan as it was, its totals, who was late, what changed after."""
    plan_dict = plan_view.plan_or_404(plan)
    present = paging.requested_page()
    state = tk.request.args.get("estado", "")
    state = state if state in cut_row_state_labels() else ""
    found = _cut_or_404(plan_dict["name"], day, state, present)
    wanted = {
        "plan": plan_dict,
        "tab": "cuts",
        "cut": found,
        "items": found.get("items", []),
        "row_states": cut_row_state_labels(),
        "asked_state": state,
        "edits": found.get("edited_after", [])[:EDITS_LIMIT],
        "paging": paging.paginate(
            found.get("count", 0),
            ITEMS_LIMIT,
            present,
            lambda n: tk.url_for(
                "ogp_plan.cut",
                plan=plan_dict["name"],
                day=found["day"],
                **({"estado": state} if state else {}),
                **({paging.PAGE: n} if n else {}),
            ),
        ),
        "verified": _verify(plan_dict["name"], found) if "verificar" in tk.request.args else None,
        "verify_url": tk.url_for("ogp_plan.cut", plan=plan_dict["name"], day=found["day"], verificar="1")
        + "#verificar",
    }
    return tk.render("ogp_plan/cut/read.html", wanted)


def _cut_or_404(plan: str, day: str, state: str, page: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "plan": plan,
        "day": day,
        "limit": ITEMS_LIMIT,
        "offset": (page - 1) * ITEMS_LIMIT,
    }
    if state:
        wanted["state"] = state
    if tk.request.args.get("sha256"):
        wanted["sha256"] = tk.request.args["sha256"]
    try:
        found: dict[str, Any] = tk.get_action("ogp_plan_cut_show")({}, wanted)
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("The plan has no cut on that day."))  # type: ignore[no-any-return]
    return found


def _verify(plan: str, found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found.get("frozen"):
        return None
    wanted = {"plan": plan, "day": found["day"], "sha256": found["sha256"]}
    answer: dict[str, Any] = tk.get_action("ogp_plan_cut_verify")({}, wanted)
    return answer


# --- the list ----------------------------------------------------------------------------------------------


def cuts(plan: str) -> Any:
    """``/planes/<plan>/cortes``: every cut with its state; freeze and publish, for Control Interno."""
    plan_dict = plan_view.plan_or_404(plan)
    if tk.request.method == "GET":
        return _list_page(plan_dict, {})
    forms.require_user()
    require_token()
    fields = forms.given("do", "day", "reason")
    actions = {"freeze": "ogp_plan_cut_create", "publish": "ogp_plan_cut_publish"}
    if fields["do"] not in actions:
        return _list_page(plan_dict, {"": [tk._("The form was not complete. Please send it again.")]})
    wanted = {"plan": plan_dict["name"], **forms.filled(fields, ("day", "reason"))}
    if fields["do"] == "publish":
        wanted.pop("reason", None)
    try:
        tk.get_action(actions[fields["do"]])({}, wanted)
    except tk.ValidationError as refused:
        model.Session.rollback()
        return _list_page(plan_dict, forms.errors_of(refused), fields["day"])
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return forms.forbidden()
    done = "congelado" if fields["do"] == "freeze" else "publicado"
    return tk.redirect_to("ogp_plan.cuts", plan=plan_dict["name"], hecho=done, dia=fields["day"])


def _list_page(plan: Mapping[str, Any], errors: forms.Errors, day: str = "") -> Any:
    wanted = {
        "plan": plan,
        "tab": "cuts",
        "cuts": tk.get_action("ogp_plan_cut_list")({}, {"plan": plan["name"]}),
        "errors": errors,
        "error_day": day,
        "may_freeze": _may("ogp_plan_cut_create", plan["name"]),
        "may_publish": _may("ogp_plan_cut_publish", plan["name"]),
        "done": tk.request.args.get("hecho", ""),
        "done_day": _parse_day(tk.request.args.get("dia", "")),
        "form_url": tk.url_for("ogp_plan_file.file", plan=plan["name"], name="seguimiento.xlsx"),
    }
    return forms.page("ogp_plan/cut/list.html", wanted, 400 if errors else 200)


def _may(action: str, plan: str) -> bool:
    try:
        tk.check_access(action, {}, {"plan": plan})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True


def _parse_day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


blueprint.add_url_rule("/planes/<plan>/corte/<day>", view_func=cut)
blueprint.add_url_rule("/planes/<plan>/cortes", view_func=cuts, methods=["GET", "POST"])
