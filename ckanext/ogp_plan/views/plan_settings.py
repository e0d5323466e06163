"""A plan's settings: its status, its periods of reporting, its people, how it is tracked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView

from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.helpers.date import ogp_plan_period
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.model.role import COMPONENT_LEADER, FOCAL_POINT
from ckanext.ogp_plan.serializers.labels import plan_role_labels
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view
from ckanext.ogp_plan.views.period import periods


class SettingsPage(MethodView):
    """``/planes/<plan>/ajustes``: several forms; ``hacer`` says which was sent."""

    def get(self, plan: str) -> Response:
        """Show the forms."""
        return self._page(self._plan(plan))

    def post(self, plan: str) -> Any:
        """Do one thing."""
        require_token()
        plan_dict = self._plan(plan)
        what = tk.request.form.get("hacer", "")
        does: dict[str, Callable[[str], str]] = {
            "estado": self._status,
            "periodo": self._period,
            "rol": self._grant,
            "fin": self._end,
            "regla": self._rule,
            "conjunto": self._dataset,
        }
        if what not in does:
            return tk.abort(400, tk._("The form did not say what to do."))
        try:
            done = does[what](plan_dict["name"])
        except tk.ValidationError as refused:
            return self._page(plan_dict, what, forms.errors_of(refused), 400)
        except (tk.NotAuthorized, tk.ObjectNotFound) as refused:
            return self._page(plan_dict, what, {"": [str(refused) or tk._("You may not do this.")]}, 403)
        tk.h.flash_success(done)
        return tk.redirect_to(tk.url_for("ogp_plan.settings", plan=plan_dict["name"]))

    def _plan(self, name: str) -> dict[str, Any]:
        plan = plan_view.plan_or_404(name)
        forms.require_user()
        may = plan.get("may") or {}
        if not any(may.get(right) for right in ("settings", "roles", "period", "grant", "publish_dataset")):
            forms.forbidden()
        return plan

    def _page(
        self, plan: Mapping[str, Any], what: str = "", errors: forms.Errors | None = None, status: int = 200
    ) -> Response:
        may = plan.get("may") or {}
        roles = sorted(plan_role_labels().items())
        extra_vars = {
            "plan": plan,
            "tab": "settings",
            "may": may,
            "what": what,
            "errors": errors or {},
            "sent": tk.request.form,
            "roles": self._roles(plan),
            "role_names": plan_role_labels(),
            "role_options": [
                {"value": role, "title": title}
                for role, title in roles
                if may.get("grant") or role in (COMPONENT_LEADER, FOCAL_POINT)
            ],
            "components": [
                {"value": component["address"], "title": f"{component['code']} {component['title']}"}
                for component in plan["components"]
            ],
            "organizations": [
                {"value": organization["name"], "title": organization["title"]}
                for organization in plan["organizations"]
            ],
            "periods": self._periods(plan),
            "link_count": self._link_count(plan) if may.get("link") else 0,
            "catalogued": dataset_export.get_status(_plan_row(plan)) if _may_manage_dataset(may) else None,
            # what is written as a table of its own is changed over the API
            "rules": [setting for setting in plan["settings"] if not isinstance(setting["value"], dict)],
        }
        return forms.page("ogp_plan/plan/settings.html", extra_vars, status)

    def _roles(self, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            found = tk.get_action("ogp_plan_role_list")({}, {"plan": plan["name"]})
        except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
            return []
        return list(found["results"] if isinstance(found, dict) else found)

    def _link_count(self, plan: Mapping[str, Any]) -> int:
        return int(tk.get_action("ogp_plan_link_list")({}, {"plan": plan["name"], "limit": 0})["count"])

    def _periods(self, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
        stored = {period["period"]: period for period in plan.get("periods") or []}
        return [{**period, "stored": stored.get(period["value"])} for period in periods(plan)]

    def _status(self, plan: str) -> str:
        sent = forms.given("status", "act_name", "reason")
        if not sent["status"]:
            raise tk.ValidationError({"status": [tk._("Choose what the plan becomes.")]})
        tk.get_action("ogp_plan_patch")({}, {"id": plan, **forms.filled(sent)})
        return str(tk._("The status of the plan changed."))

    def _dataset(self, plan: str) -> str:
        done = tk.get_action("ogp_plan_publish_dataset")({}, {"plan": plan})
        return str(tk._("The plan is in the catalogue, at {url}.").format(url=done["url"]))

    def _period(self, plan: str) -> str:
        sent = forms.given("period", "reason")
        closes = tk.request.form.get("cerrar") == "true"
        action = "ogp_plan_period_close" if closes else "ogp_plan_period_open"
        tk.get_action(action)({}, {"plan": plan, **forms.filled(sent)})
        named = ogp_plan_period(sent["period"])
        if closes:
            return str(tk._("{period} is closed: nothing more is reported to it.").format(period=named))
        return str(tk._("{period} is open again.").format(period=named))

    def _grant(self, plan: str) -> str:
        sent = forms.given("user", "role", "organization", "component")
        wanted = {"plan": plan, **forms.filled(sent, ("user", "role"))}
        if sent["role"] == FOCAL_POINT:
            wanted.update(forms.filled(sent, ("organization",)))
        if sent["role"] == COMPONENT_LEADER:
            wanted.update(forms.filled(sent, ("component",)))
        tk.get_action("ogp_plan_role_grant")({}, wanted)
        return str(tk._("The role was granted."))

    def _end(self, plan: str) -> str:
        tk.get_action("ogp_plan_role_end")({}, forms.given("id"))
        return str(tk._("The role has ended."))

    def _rule(self, plan: str) -> str:
        """Change one setting; the rest of what the plan sets otherwise than its family stays."""
        plan_dict = tk.get_action("ogp_plan_show")({}, {"id": plan})
        sent = forms.given("name", "value", "rule_act_name", "rule_reason")
        own: dict[str, Any] = {}
        for setting in plan_dict["settings"]:
            if setting.get("own"):
                _set_setting(own, setting["name"], setting["value"])
        known = {setting["name"]: setting for setting in plan_dict["settings"]}
        if sent["name"] not in known:
            raise tk.ValidationError({"name": [tk._("Choose which rule.")]})
        if sent["value"]:
            _set_setting(own, sent["name"], _parse_setting(sent["value"], known[sent["name"]]["value"]))
        else:
            _remove_setting(own, sent["name"])
        reasons = {"act_name": sent["rule_act_name"], "reason": sent["rule_reason"]}
        tk.get_action("ogp_plan_patch")({}, {"id": plan, "settings": own, **forms.filled(reasons)})
        return str(tk._("The rule changed; the lights were computed again."))


def _may_manage_dataset(may: Mapping[str, Any]) -> bool:
    """Whether somebody publishes the plan as a dataset, or will once it is no draft."""
    return bool(may.get("publish_dataset") or may.get("settings"))


def _plan_row(plan: Mapping[str, Any]) -> PlanRow:
    found = PlanRow.get(plan["id"])
    return found if found is not None else tk.abort(404)  # type: ignore[no-any-return]


def _set_setting(settings: dict[str, Any], name: str, value: Any) -> None:
    block, _, inner = name.partition(".")
    if inner:
        settings.setdefault(block, {})[inner] = value
    else:
        settings[block] = value


def _remove_setting(settings: dict[str, Any], name: str) -> None:
    block, _, inner = name.partition(".")
    if inner:
        settings.get(block, {}).pop(inner, None)
        if not settings.get(block, True):
            settings.pop(block)
    else:
        settings.pop(block, None)


def _parse_setting(text: str, like: Any) -> Any:
    """A setting as it was written, of the kind it has: a number, a word, or a list with commas."""
    if isinstance(like, list):
        return [
            _parse_setting(part.strip(), like[0] if like else "") for part in text.split(",") if part.strip()
        ]
    if isinstance(like, int):
        try:
            return int(text)
        except ValueError as error:
            raise tk.ValidationError({"value": [tk._("Write a whole number.")]}) from error
    return text.replace(",", ".") if _is_number(like) else text


def _is_number(value: Any) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


plan_view.blueprint.add_url_rule("/planes/<plan>/ajustes", view_func=SettingsPage.as_view("settings"))
