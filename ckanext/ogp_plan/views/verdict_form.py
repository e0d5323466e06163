"""The form of a verdict of Control Interno or of the monitor."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common import language
from ckanext.ogp_plan.helpers.date import ogp_plan_day
from ckanext.ogp_plan.planning.tracking import Completion
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers import item_form
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import permission as permission_service
from ckanext.ogp_plan.services.permission import ReportPermission
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.item_form import ITEM, ItemForm, blueprint, call_action


def completion_options() -> list[dict[str, str]]:
    """Grades of completion, in words."""
    helps = {
        Completion.NO_EVIDENCE: tk._("Something is declared and nothing proves it."),
        Completion.NOT_STARTED: tk._("Nothing was done."),
        Completion.LIMITED: tk._("Something was done, less than half."),
        Completion.SUBSTANTIAL: tk._("Half or more, and the main product exists."),
        Completion.COMPLETE: tk._("All was done, and the evidence was looked at."),
    }
    return [
        {"value": grade.value, "title": phrases.completion_name(grade, language.current()), "help": text}
        for grade, text in helps.items()
    ]


class VerdictForm(ItemForm):
    """``…/concepto``: the verdict of Control Interno or of the monitor, beside what is declared."""

    template = "ogp_plan/report/verdict.html"
    names = (
        "role",
        "cut",
        "assigned",
        "agrees",
        "fulfilled",
        "quality",
        "rationale",
        "recommendation",
        "alert",
        "closes",
    )

    def may_send(self) -> bool:
        """Tell whether the person may give a verdict."""
        self.permission = ReportPermission()
        self.held = permission_service.list_verdict_roles(self.person, self.plan, self.row)
        return bool(self.held)

    def initial(self) -> dict[str, Any]:
        return {"role": self.held[0] if len(self.held) == 1 else ""}

    def extra_vars(self) -> dict[str, Any]:
        names = {"control_interno": "Control Interno", "monitor": tk._("Independent monitor")}
        days = cut_service.list_days(self.plan)
        return {
            "item": {
                **self.item,
                **item_form.serialize_verdicts(self.row, self.reader),
                "evidence_count": item_form.count_evidence(self.plan, self.row),
            },
            "roles": [{"value": role, "title": names[role]} for role in self.held],
            "grades": completion_options(),
            "cut_options": [{"value": str(cut.day), "title": ogp_plan_day(cut.day)} for cut in days],
        }

    def send(self, sent: dict[str, str]) -> str:
        plain = ("role", "cut", "assigned", "quality", "rationale", "recommendation", "closes")
        data = {"plan": self.plan.name, "item": self.row.address, **forms.filled(sent, plain)}
        for name in ("agrees", "fulfilled"):
            if sent[name] in ("true", "false"):
                data[name] = sent[name] == "true"
        data["alert"] = bool(sent["alert"])
        call_action("ogp_plan_verdict_create", data)
        return tk._("Your verdict is shown with what is declared now.")


blueprint.add_url_rule(f"{ITEM}/concepto", view_func=VerdictForm.as_view("verdict"))
