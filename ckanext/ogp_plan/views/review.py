"""Monthly monitoring: each report is accepted, or returned with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView

from ckanext.cost_common import paging
from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan import config
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view
from ckanext.ogp_plan.views.item_form import blueprint
from ckanext.ogp_plan.views.period import periods


class MonitoringPage(MethodView):
    """``/planes/<plan>/seguimiento``: each report of the month is accepted, or returned with a reason."""

    def get(self, plan: str) -> Response:
        """Show what waits."""
        self._require_reviewer(plan)
        return self._page(plan_view.plan_or_404(plan))

    def post(self, plan: str) -> Any:
        """Accept or return one report."""
        require_token()
        name = self._require_reviewer(plan)
        sent = forms.given("update", "accepted", "reason")
        try:
            tk.get_action("ogp_plan_review_create")({}, forms.filled(sent))
        except tk.ValidationError as error:
            return self._page(plan_view.plan_or_404(name), sent, forms.errors_of(error), 400)
        except (tk.NotAuthorized, tk.ObjectNotFound) as error:
            return self._page(plan_view.plan_or_404(name), sent, {"": [str(error)]}, 403)
        accepted = sent["accepted"] == "true"
        tk.h.flash_success(
            tk._("The report was accepted.")
            if accepted
            else tk._("The report was returned: it counts no more until it is corrected.")
        )
        return tk.redirect_to(self._url(name, self._asked()))

    def _require_reviewer(self, reference: str) -> str:
        """Check that the person reviews reports of the plan; return the plan's name."""
        person = permission.load_person(tk.current_user)
        try:
            plan = lookup.plan(person, reference)
        except (tk.ObjectNotFound, tk.ValidationError):
            tk.abort(404, tk._("There is no public plan at this address"))
        forms.require_user()
        if not permission.is_allowed(person, "review", plan):
            forms.forbidden()
        return str(plan.name)

    def _asked(self) -> dict[str, str]:
        given = tk.request.values
        names = ("estado", "periodo", "organismo", "componente")
        return {name: value for name in names if (value := given.get(name, "").strip())}

    def _url(self, plan: str, asked: Mapping[str, str], **changes: Any) -> str:
        state = {name: value for name, value in {**asked, **changes}.items() if value}
        return str(tk.url_for("ogp_plan_report.monitoring", plan=plan, **state))

    def _page(
        self,
        plan: Mapping[str, Any],
        sent: Mapping[str, str] | None = None,
        errors: forms.Errors | None = None,
        status: int = 200,
    ) -> Response:
        asked, present, size = self._asked(), paging.requested_page(), min(config.page_size(), 50)
        fields = {"periodo": "period", "organismo": "organization", "componente": "component"}
        state = asked.get("estado", "pendiente")
        wanted = {fields[name]: value for name, value in asked.items() if name in fields}
        if state != "todos":
            wanted["state"] = state
        problem = None
        try:
            found = self._listed(plan, wanted, size, present)
        except tk.ValidationError as error:
            problem, asked, state, present = plan_view.first_error(error), {}, "pendiente", 1
            found = self._listed(plan, {"state": state}, size, present)
        extra_vars = {
            "plan": plan,
            "tab": "monitoring",
            "asked": asked,
            "state": state,
            "states": self._states(plan["name"], asked, state, found["counts"]),
            "found": found,
            "periods": periods(plan),
            "component_options": [
                {"value": entry["address"], "title": f"{entry['code']} {entry['title']}"}
                for entry in plan["components"]
            ],
            "organization_options": [
                {"value": entry["name"], "title": entry["title"]} for entry in plan["organizations"]
            ],
            "sent": sent or {},
            "errors": errors or {},
            "problem": problem,
            "action": self._url(plan["name"], asked),
            "silent_url": tk.url_for("ogp_plan.read", plan=plan["name"], vista="tabla", razon="R4"),
            "paging": paging.paginate(
                found["count"], size, present, lambda n: self._url(plan["name"], asked, pagina=n)
            ),
        }
        return forms.page("ogp_plan/report/monitoring.html", extra_vars, status)

    def _listed(
        self, plan: Mapping[str, Any], wanted: Mapping[str, Any], size: int, present: int
    ) -> dict[str, Any]:
        asked = {"plan": plan["name"], **wanted, "limit": size, "offset": (present - 1) * size}
        found: dict[str, Any] = tk.get_action("ogp_plan_review_list")({}, asked)
        return found

    def _states(
        self, plan: str, asked: Mapping[str, str], state: str, counts: Mapping[str, int]
    ) -> list[dict[str, Any]]:
        names = {
            "pendiente": tk._("Waiting"),
            "aceptado": tk._("Accepted"),
            "devuelto": tk._("Returned"),
            "todos": tk._("All"),
        }
        return [
            {
                "title": title,
                "count": counts.get(name) if name != "todos" else sum(counts.values()),
                "current": name == state,
                "url": self._url(plan, asked, estado=name if name != "pendiente" else None),
            }
            for name, title in names.items()
        ]


blueprint.add_url_rule("/planes/<plan>/seguimiento", view_func=MonitoringPage.as_view("monitoring"))
