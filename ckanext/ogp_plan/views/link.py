"""The page on which items of a plan are linked to others: one answer for several plans, what waits for
another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView

from ckanext.cost_common import paging
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.tracking import LinkKind
from ckanext.ogp_plan.serializers import link as link_serializer
from ckanext.ogp_plan.serializers.labels import link_kind_help, link_kind_label
from ckanext.ogp_plan.services import permission, request_fields
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view

#: Links on a page; plans that the form offers at most.
PAGE_SIZE, MAX_PLANS = 50, 1000
#: Kinds in the order of the form: first what changes how people report.
KINDS = (
    LinkKind.COUNTS_FOR,
    LinkKind.DEPENDS,
    LinkKind.CONTRIBUTES,
    LinkKind.SAME_DELIVERABLE,
    LinkKind.SUCCESSOR,
)
_FORM = {
    "item": request_fields.required(request_fields.name),
    "kind": request_fields.required(request_fields.member(LinkKind)),
    "other_plan": request_fields.required(request_fields.name),
    "other": request_fields.required(request_fields.name),
}


class LinksPage(MethodView):
    """``/planes/<plan>/ajustes/vinculos``: the active links, to be removed, and a form for one more."""

    def get(self, plan: str) -> Response:
        """Show the links and the form. ``elemento``: the item to begin with."""
        return self._page(self._plan(plan))

    def post(self, plan: str) -> Any:
        """Make a link, or remove one."""
        require_token()
        plan_dict = self._plan(plan)
        what = tk.request.form.get("hacer", "")
        if what not in ("vincular", "quitar"):
            return tk.abort(400, tk._("The form did not say what to do."))
        try:
            done = self._make(plan_dict) if what == "vincular" else self._remove()
        except tk.ValidationError as refused:
            return self._page(plan_dict, forms.errors_of(refused), 400)
        except tk.ObjectNotFound:
            sentence = tk._("There is no such link: perhaps somebody removed it already.")
            return self._page(plan_dict, {"": [sentence]}, 404)
        except tk.NotAuthorized:
            sentence = tk._("Only whoever coordinates the plan in which the link was made removes it.")
            return self._page(plan_dict, {"": [sentence]}, 403)
        tk.h.flash_success(done)
        return tk.redirect_to(tk.url_for("ogp_plan.links", plan=plan_dict["name"]))

    def _plan(self, name: str) -> dict[str, Any]:
        plan = plan_view.plan_or_404(name)
        forms.require_user()
        if not (plan.get("may") or {}).get("link"):
            forms.forbidden()
        return plan

    def _make(self, plan: Mapping[str, Any]) -> str:
        """Make the link that the form asks for.

        :raises tk.ValidationError: what is wrong with each field, and what to write instead.
        """
        sent = request_fields.validated(_FORM, forms.given(*_FORM))
        person = permission.load_person(tk.current_user)
        errors: forms.Errors = {}
        item = _find_item(lookup.plan(person, plan["name"]), sent["item"], "item", errors)
        other_plan = _find_plan(person, sent["other_plan"], errors)
        other = _find_item(other_plan, sent["other"], "other", errors) if other_plan else None
        if item is None or other_plan is None or other is None:
            raise tk.ValidationError(errors)
        wanted = {
            "plan": plan["name"],
            "item": item.id,
            "kind": sent["kind"].value,
            "other": other.id,
            **({"other_plan": other_plan.name} if other_plan.name != plan["name"] else {}),
        }
        try:
            made = tk.get_action("ogp_plan_link_create")({}, wanted)
        except tk.NotAuthorized as refused:
            sentence = tk._(
                "One answer counts for both items only when you coordinate both plans and neither is closed. "
                "Ask whoever coordinates the other plan, or choose another kind of link."
            )
            raise tk.ValidationError({"other_plan": [sentence]}) from refused
        return str(
            tk._("{item} is linked to {other}, {title}.").format(
                item=item.code, other=other.code, title=made["other_title"]
            )
        )

    def _remove(self) -> str:
        tk.get_action("ogp_plan_link_remove")({}, forms.given("id"))
        return str(tk._("The link was removed. That it was there stays in the story of both items."))

    def _page(
        self, plan: Mapping[str, Any], errors: forms.Errors | None = None, status: int = 200
    ) -> Response:
        present = paging.requested_page()
        found = tk.get_action("ogp_plan_link_list")(
            {}, {"plan": plan["name"], "limit": PAGE_SIZE, "offset": (present - 1) * PAGE_SIZE}
        )
        there = tk.get_action("ogp_plan_list")({}, {"limit": MAX_PLANS})["results"]
        sent = forms.given(*_FORM)
        if tk.request.method == "GET":
            sent["item"] = tk.request.args.get("elemento", "").strip()[: request_fields.NAME]
        extra_vars = {
            "plan": plan,
            "tab": "settings",
            "links": found["results"],
            "count": found["count"],
            "errors": errors or {},
            "sent": sent,
            "kinds": [
                {
                    "value": kind.value,
                    "title": link_kind_label(kind.value),
                    "help": link_kind_help(kind),
                }
                for kind in KINDS
            ],
            "plans": [
                {"value": plan["name"], "title": tk._("This plan: {title}").format(title=plan["title"])},
                *(
                    {"value": listed_plan["name"], "title": listed_plan["title"]}
                    for listed_plan in there
                    if listed_plan["name"] != plan["name"]
                ),
            ],
            "paging": paging.paginate(
                found["count"],
                PAGE_SIZE,
                present,
                lambda n: tk.url_for("ogp_plan.links", plan=plan["name"], **({paging.PAGE: n} if n else {})),
            ),
        }
        return forms.page("ogp_plan/link/list.html", extra_vars, status)


def _find_plan(person: permission.Person, name: str, errors: forms.Errors) -> PlanRow | None:
    """The other plan; one that may not be seen is as one that is not there."""
    try:
        return lookup.plan(person, name)
    except tk.ObjectNotFound:
        errors["other_plan"] = [tk._("There is no such plan. Choose one of the list.")]
        return None


def _find_item(plan: PlanRow, written: str, field: str, errors: forms.Errors) -> Any:
    try:
        return link_serializer.find_item(plan, written)
    except tk.ValidationError as refused:
        errors[field] = forms.errors_of(refused)["item"]
        return None


plan_view.blueprint.add_url_rule("/planes/<plan>/ajustes/vinculos", view_func=LinksPage.as_view("links"))
