"""The page on which the administration sees and says which organization each organismo is."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView

from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.plan import blueprint

_CREATE = ("code", "organization", "since", "until")


class OrganizationLinksPage(MethodView):
    """``/planes/organizaciones``: the links, organismos without one, and a form for one more."""

    def get(self) -> Response:
        """Show them."""
        self._require_administration()
        return self._page({})

    def post(self) -> Any:
        """Make a link, or end one."""
        self._require_administration()
        require_token()
        what = tk.request.form.get("hacer", "")
        if what not in ("vincular", "terminar"):
            return tk.abort(400, tk._("The form did not say what to do."))
        try:
            if what == "vincular":
                fields = forms.filled(forms.given(*_CREATE))
                done = tk.get_action("ogp_plan_organization_link_create")({}, fields)
            else:
                done = tk.get_action("ogp_plan_organization_link_end")({}, forms.filled(forms.given("id")))
        except tk.ValidationError as refused:
            return self._page(forms.errors_of(refused), 400)
        except tk.ObjectNotFound:
            return tk.abort(404, tk._("There is no such link."))
        return tk.redirect_to("ogp_plan.organization_links", hecho=what, codigo=done["code"])

    def _require_administration(self) -> None:
        forms.require_user()
        try:
            tk.check_access("ogp_plan_organization_link_list", {}, {})
        except tk.NotAuthorized:
            tk.abort(
                403, tk._("Only the administration of the portal says which organization an organismo is.")
            )

    def _page(self, errors: forms.Errors, status: int = 200) -> Response:
        found = tk.get_action("ogp_plan_organization_link_list")({}, {})
        extra_vars = {
            "plan": None,
            "links": [one for one in found["results"] if one["active"]],
            "ended": [one for one in found["results"] if not one["active"]],
            "unlinked": found["unlinked"],
            "errors": errors,
            "sent": tk.request.form or {"code": tk.request.args.get("codigo", "") if not _done() else ""},
            "done": _done(),
            "done_code": tk.request.args.get("codigo", ""),
        }
        return forms.page("ogp_plan/organization_link/list.html", extra_vars, status)


def _done() -> str:
    return tk.request.args.get("hecho", "")


blueprint.add_url_rule(
    "/planes/organizaciones", view_func=OrganizationLinksPage.as_view("organization_links")
)
