"""The form of an update: state, progress, measurements, words, evidence; or only "nothing changed"."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.cost_common.values.periods import parse_period
from ckanext.ogp_plan.helpers.light import LIGHTS, ogp_plan_light_icon, ogp_plan_light_name
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.serializers import item_form
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views.evidence_form import EVIDENCE_FIELDS, evidence_given, evidence_kinds
from ckanext.ogp_plan.views.item_form import ITEM, ItemForm, blueprint, call_action
from ckanext.ogp_plan.views.period import period_options

#: Fields of a measurement; an error of no field goes to the first.
MEASURED_FIELDS = ("value", "numerator", "denominator", "comment", "corrects")


def state_options(*, outside: bool) -> list[dict[str, str]]:
    """States that may be declared, in words.

    :param outside: with those that leave the count, which only the coordinator declares.
    """
    helps = {
        Declared.NOT_STARTED: tk._("Nothing has been done yet."),
        Declared.ONGOING: tk._("It was begun."),
        Declared.DONE: tk._("All that was promised is done; it needs evidence."),
        Declared.NOT_APPLICABLE: tk._("It does not have to be done; say why."),
        Declared.SUSPENDED: tk._("It was stopped; say why."),
    }
    return [
        {
            "value": state.value,
            "title": ogp_plan_light_name(state.value),
            "help": text,
            "icon": ogp_plan_light_icon(state.value),
        }
        for state, text in helps.items()
        if outside or state.value in LIGHTS
    ]


def was_measured(sent: Mapping[str, str]) -> bool:
    """Tell whether anything was written of an indicator."""
    return any(sent.get(name) for name in ("value", "numerator", "denominator", "comment"))


def figure(indicator: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what was written of an indicator as the actions take it."""
    return {
        "indicator": indicator,
        **forms.filled(sent, ("value", "numerator", "denominator", "comment")),
    }


class UpdateForm(ItemForm):
    """``…/reportar``: state, progress, measurements, words, evidence; or only "nothing changed"."""

    template = "ogp_plan/report/update.html"
    names = (
        "organismo",
        "periodo",
        "sin_cambios",
        "state",
        "progress",
        "text",
        "obstacles",
        "next_step",
        "at_risk",
        "reason",
        "act",
        "supersedes",
        "request_id",
    )

    def initial(self) -> dict[str, Any]:
        args = tk.request.args
        allowed = [*self.permission.organizations, *([""] if self.permission.whole else [])]
        wanted = args.get("organismo", "")
        organization = wanted if wanted in allowed else self.first_organization()
        fields = {
            "organismo": organization,
            # the state last declared is filled in, so that a report on progress alone is short
            "state": item_form.load_declared_state(self.row, organization),
            "request_id": str(uuid.uuid4()),
            "supersedes": args.get("corrige", ""),
        }
        if self.corrected is None:
            return fields
        return {
            **fields,
            "text": self.corrected["text"],
            "organismo": self.corrected["organization"] or "",
        }

    @cached_property
    def corrected(self) -> dict[str, Any] | None:
        """The update that is corrected, however long ago it was."""
        reference = tk.request.form.get("supersedes") or tk.request.args.get("corrige") or ""
        return item_form.load_update(self.plan, self.row, reference)

    def extra_vars(self) -> dict[str, Any]:
        return {
            "states": state_options(outside=self.permission.whole),
            "whole": self.permission.whole,
            "kinds": evidence_kinds(),
            "periods": self._open_periods(),
            "measured": self.measured,
            "evidence": {name: tk.request.form.get(f"evidence_{name}", "") for name in EVIDENCE_FIELDS},
            "corrected": self.corrected,
        }

    def _open_periods(self) -> list[dict[str, Any]]:
        if not self.plan.start or not self.plan.end:
            return []
        months = record_service.effective_settings(self.plan).cadence.months
        closed = record_service.closed_periods(self.plan.id)
        options = period_options(self.plan.start, self.plan.end, months, closed)
        return [option for option in options if not option["closed"]]

    @cached_property
    def measured(self) -> list[dict[str, Any]]:
        """The indicators of the item, each with what was written for it."""
        indicators = item_form.serialize_indicators(self.plan, self.row, self.reader)
        return [
            {"place": place, "indicator": indicator, "sent": forms.written(f"m{place}_", MEASURED_FIELDS)}
            for place, indicator in enumerate(indicators)
        ]

    def errors(self, rejected: tk.ValidationError) -> forms.Errors:
        """As everywhere; those of a measurement and of the evidence beside their own fields."""
        plain = {
            name: entry
            for name, entry in rejected.error_dict.items()
            if name not in ("measurements", "evidence")
        }
        renamed = {"organization": "organismo", "period": "periodo", "confirms": "sin_cambios"}
        found = forms.errors_of(tk.ValidationError(plain), renamed) if plain else {}
        places = [measure["place"] for measure in self.measured if was_measured(measure["sent"])]
        for place, wrong in zip(places, forms.parts_of(rejected, "measurements"), strict=False):
            forms.nested(found, wrong, f"m{place}_", MEASURED_FIELDS)
        for wrong in forms.parts_of(rejected, "evidence"):
            forms.nested(found, wrong, "evidence_", (*EVIDENCE_FIELDS, "upload"))
        return found

    def send(self, sent: dict[str, str]) -> str:
        data = self.subject(sent)
        data.update(forms.filled(sent, ("request_id", "supersedes")))
        if sent["periodo"]:
            data["period"] = sent["periodo"]
        if sent["sin_cambios"]:
            data["confirms"] = True
            data.update(forms.filled(sent, ("text",)))
            call_action("ogp_plan_update_create", data)
            return str(tk._("Received: nothing changed since the last report."))
        plain = ("state", "progress", "text", "obstacles", "next_step", "reason", "act")
        data.update(forms.filled(sent, plain))
        if sent["at_risk"]:
            data["at_risk"] = True
        measurements = [
            self._measurement(measure, sent) for measure in self.measured if was_measured(measure["sent"])
        ]
        if measurements:
            data["measurements"] = measurements
        evidence = evidence_given("evidence_")
        if evidence:
            data["evidence"] = [evidence]
        call_action("ogp_plan_update_create", data)
        return str(tk._("Your report was received. Below is what the public sees now."))

    def _measurement(self, entry: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
        """One measurement as the action takes it; of the period of the report."""
        made = figure(entry["indicator"]["code"], entry["sent"])
        if sent["periodo"]:
            made["period"] = sent["periodo"]
        if entry["sent"]["corrects"]:
            known = self._known(entry["indicator"], sent)
            if known:
                made["supersedes"] = known
        return made

    def _known(self, indicator: Mapping[str, Any], sent: Mapping[str, str]) -> str | None:
        """What was measured of the same period by the same organismo, for a figure that corrects it."""
        if not sent["periodo"]:
            return None
        try:
            span = parse_period(sent["periodo"])
        except ValueError:
            return None
        wanted = (span.start.isoformat(), span.end.isoformat(), sent["organismo"] or None)
        for entry in indicator.get("periods") or []:
            if (str(entry["start"]), str(entry["end"]), (entry["organization"] or {}).get("name")) == wanted:
                return entry.get("measurement_id")
        return None


blueprint.add_url_rule(f"{ITEM}/reportar", view_func=UpdateForm.as_view("update"))
