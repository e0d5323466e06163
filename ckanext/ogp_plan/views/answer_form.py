"""The form of an answer to a reason of an item's light."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.serializers import item_form
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.item_form import ITEM, ItemForm, blueprint, call_action


class AnswerForm(ItemForm):
    """``…/respuesta``: what the responsible answers to a reason of the light; it silences nothing."""

    template = "ogp_plan/report/answer.html"
    names = ("organismo", "reason", "text")

    def initial(self) -> dict[str, Any]:
        reasons = self.reasons
        return {
            "organismo": self.first_organization(),
            "reason": tk.request.args.get("razon") or (reasons[0]["code"] if len(reasons) == 1 else ""),
        }

    @cached_property
    def reasons(self) -> list[dict[str, Any]]:
        """The reasons of the item's light, in words."""
        return item_form.serialize_reasons(self.plan, self.row, self.reader)

    def extra_vars(self) -> dict[str, Any]:
        return {
            "reason_options": [{"value": reason["code"], "title": reason["text"]} for reason in self.reasons]
        }

    def send(self, sent: dict[str, str]) -> str:
        call_action(
            "ogp_plan_answer_create", {**self.subject(sent), **forms.filled(sent, ("reason", "text"))}
        )
        return tk._("Your answer is shown with the light now.")


blueprint.add_url_rule(f"{ITEM}/respuesta", view_func=AnswerForm.as_view("answer"))
