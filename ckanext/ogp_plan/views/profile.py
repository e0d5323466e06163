"""The profile of a user: letters, private calendars, roles in plans, and delegations during a leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from babel import Locale, UnknownLocaleError
from flask import Response
from flask.views import MethodView

from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.plan import blueprint


class ProfilePage(MethodView):
    """``/planes/mis-avisos``: several forms; ``hacer`` says which was sent."""

    def get(self) -> Response:
        """Show what is arranged."""
        forms.require_user()
        return self._page()

    def post(self) -> Any:
        """Do one thing."""
        require_token()
        forms.require_user()
        what = tk.request.form.get("hacer", "")
        if what == "calendario":
            return self._calendar()
        does: dict[str, Callable[[], str]] = {
            "cartas": self._letters,
            "revocar": self._revoke,
            "encargar": self._lend,
            "terminar": self._end,
        }
        if what not in does:
            return tk.abort(400, tk._("The form did not say what to do."))
        try:
            done = does[what]()
        except (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound) as refused:
            return self._refused(what, refused)
        tk.h.flash_success(done)
        return tk.redirect_to(tk.url_for("ogp_plan.mine"))

    def _refused(
        self, what: str, refused: tk.ValidationError | tk.NotAuthorized | tk.ObjectNotFound
    ) -> Response:
        if isinstance(refused, tk.ValidationError):
            return self._page(what, forms.errors_of(refused), 400)
        why = str(refused) or tk._("You may not do this.")
        return self._page(what, {"": [why]}, 404 if isinstance(refused, tk.ObjectNotFound) else 403)

    def _page(
        self,
        what: str = "",
        errors: forms.Errors | None = None,
        status: int = 200,
        made: Mapping[str, Any] | None = None,
    ) -> Response:
        mine = tk.get_action("ogp_plan_profile_show")({}, {})
        leaves = tk.get_action("ogp_plan_delegation_list")({}, {"limit": 1000})["results"]
        titles = {organization["name"]: organization["title"] for organization in mine["organizations"]}
        by_itself = [
            organization for organization in mine["organizations"] if not organization["as_delegate"]
        ]
        extra_vars = {
            "plan": None,
            "mine": mine,
            "calendars": tk.get_action("ogp_plan_token_list")({}, {}),
            "titles": titles,
            "made": made,
            "leaves": leaves,
            "me": tk.current_user.id,
            "what": what,
            "errors": errors or {},
            "sent": tk.request.form if what else {},
            "today": record_service.today().isoformat(),
            "languages": [
                {"value": name, "title": _language_name(name)} for name in mine["letters"]["languages"]
            ],
            "organizations": _options(mine["organizations"]),
            "lent_by_me": _options(by_itself),
            "may_end": {organization["name"] for organization in by_itself},
        }
        return forms.page("ogp_plan/profile.html", extra_vars, status)

    def _letters(self) -> str:
        sent = forms.given("wanted", "language")
        preferences = tk.get_action("ogp_plan_letters_patch")({}, forms.filled(sent))
        if preferences["wanted"]:
            return str(tk._("You will get letters of what is due."))
        return str(tk._("You will get no more letters."))

    def _calendar(self) -> Any:
        """Make one, and show its address in the answer itself: it is kept nowhere."""
        sent = forms.filled(forms.given("organization"))
        try:
            made = tk.get_action("ogp_plan_token_create")({}, sent)
        except (tk.ValidationError, tk.NotAuthorized) as refused:
            return self._refused("calendario", refused)
        return self._page(made=made)

    def _revoke(self) -> str:
        tk.get_action("ogp_plan_token_revoke")({}, forms.given("id"))
        return str(tk._("The calendar was revoked: its address opens nothing any more."))

    def _lend(self) -> str:
        sent = forms.given("organization", "delegate", "since", "until", "reason")
        tk.get_action("ogp_plan_delegation_create")({}, forms.filled(sent))
        return str(tk._("They report in your place on those days."))

    def _end(self) -> str:
        tk.get_action("ogp_plan_delegation_revoke")({}, forms.given("id"))
        return str(tk._("They no longer report in your place."))


def _options(organizations: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"value": organization["name"], "title": organization["title"]} for organization in organizations]


def _language_name(name: str) -> str:
    """A language as those who speak it write it."""
    try:
        found = Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return name
    return str(found.get_display_name() or name).capitalize()


blueprint.add_url_rule("/planes/mis-avisos", view_func=ProfilePage.as_view("mine"))
