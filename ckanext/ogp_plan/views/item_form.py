"""Forms about one item: who may send them, what they show, which action they call. One POST, one action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response
from flask.views import MethodView

from ckanext.cost_common.csrf import require_token
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.serializers import item_form
from ckanext.ogp_plan.serializers.plan import Reader
from ckanext.ogp_plan.services import permission as permission_service
from ckanext.ogp_plan.services.permission import Person, ReportPermission
from ckanext.ogp_plan.views import forms

blueprint = Blueprint("ogp_plan_report", __name__)
forms.guard(blueprint)

#: Where an item's forms stand.
ITEM = "/planes/<plan>/<address>"


class ItemForm(MethodView):
    """A form about one item: who may send it, what it shows, which action it calls.

    Whether the person may send it is asked before anything is built; what is shown comes from
    :mod:`ckanext.ogp_plan.serializers.item_form`.
    """

    template = ""
    names: tuple[str, ...] = ()

    plan: PlanRow
    row: PlanItem
    person: Person
    reader: Reader
    permission: ReportPermission
    item: dict[str, Any]

    def get(self, plan: str, address: str) -> Response:
        """Show the form."""
        self._load(plan, address)
        return self._page(self.initial())

    def post(self, plan: str, address: str) -> Any:
        """Call the action; on error return the form with its errors and with all that was written."""
        require_token()
        self._load(plan, address)
        sent = forms.given(*self.names)
        try:
            done = self.send(sent)
        except tk.ValidationError as rejected:
            return self._page(sent, self.errors(rejected), 400)
        except tk.NotAuthorized:
            return forms.forbidden()
        tk.h.flash_success(done)
        return tk.redirect_to(self.item["url"])

    def _load(self, plan: str, address: str) -> None:
        """Find the plan and its item, and check that the person may send the form."""
        self.person = permission_service.load_person(tk.current_user)
        try:
            self.plan = lookup.plan(self.person, plan)
        except (tk.ObjectNotFound, tk.ValidationError):
            tk.abort(404, tk._("There is no public plan at this address"))
        try:
            self.row = lookup.item(self.plan, address)
        except (tk.ObjectNotFound, tk.ValidationError):
            tk.abort(404, tk._("This plan has nothing at this address"))
        forms.require_user()
        if not self.may_send():
            forms.forbidden()
        self.reader = Reader(self.person)
        self.item = item_form.serialize_item(self.plan, self.row, self.reader)

    def may_send(self) -> bool:
        """Tell whether the person may send the form: who reports on the item."""
        self.permission = permission_service.load_report_permission(self.person, self.plan, self.row)
        return bool(self.permission)

    def _page(
        self, sent: Mapping[str, Any], errors: forms.Errors | None = None, status: int = 200
    ) -> Response:
        extra_vars = {
            "plan": self.plan,
            "item": self.item,
            "sent": sent,
            "errors": errors or {},
            "organizations": self.organizations(),
            **self.extra_vars(),
        }
        return forms.page(self.template, extra_vars, status)

    def organizations(self) -> list[dict[str, str]]:
        """The organismos for which this person may report on the item; "" is the item as a whole."""
        options = [
            {"value": name, "title": self.reader.called(name)} for name in self.permission.organizations
        ]
        if self.permission.whole:
            options.append({"value": "", "title": tk._("The item as a whole")})
        return options

    def first_organization(self) -> str:
        """The first of those for which this person may report; "" is the item as a whole."""
        return next(iter(self.permission.organizations), "")

    def initial(self) -> dict[str, Any]:
        """What the form holds before anybody writes in it."""
        return {}

    def extra_vars(self) -> dict[str, Any]:
        """What the template needs beside plan, item and what was sent."""
        return {}

    def errors(self, rejected: tk.ValidationError) -> forms.Errors:
        """The errors of the action, by the form's fields."""
        return forms.errors_of(rejected, {"organization": "organismo", "dataset": "resource"})

    def send(self, sent: dict[str, str]) -> str:
        """Call the action; return the sentence that says it is done."""
        raise NotImplementedError

    def subject(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """What every action on the item names: plan, item, and for whom it is reported."""
        named: dict[str, Any] = {"plan": self.plan.name, "item": self.row.address}
        if sent.get("organismo"):
            named["organization"] = sent["organismo"]
        elif self.permission.whole:
            named["whole"] = True
        return named


def call_action(action: str, data: Mapping[str, Any]) -> Any:
    """Call an action as the person who sends the form."""
    return tk.get_action(action)({}, dict(data))
