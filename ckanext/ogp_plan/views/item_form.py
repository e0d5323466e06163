"""Forms about one item: an update, evidence, an answer to its light, a verdict. One POST, one transaction."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response
from flask.views import MethodView

from ckanext.cost_common import language
from ckanext.cost_common.csrf import require_token
from ckanext.cost_common.values.periods import parse_period, periods_between
from ckanext.ogp_plan.helpers.date import ogp_plan_day, ogp_plan_period
from ckanext.ogp_plan.helpers.error import ogp_plan_sentences
from ckanext.ogp_plan.helpers.light import LIGHTS, ogp_plan_light_icon, ogp_plan_light_name
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.model import PlanItem, PlanRow
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.tracking import Completion, EvidenceKind
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.serializers import item_form
from ckanext.ogp_plan.serializers.plan import Reader
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import permission as permission_service
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.services.permission import Person, ReportPermission
from ckanext.ogp_plan.views import forms

blueprint = Blueprint("ogp_plan_report", __name__)
forms.guard(blueprint)

#: Fields of a piece of evidence, and of a measurement; an error of no field goes to the first.
EVIDENCE_FIELDS = ("url", "kind", "title", "resource", "public", "withheld")
MEASURED_FIELDS = ("value", "numerator", "denominator", "comment", "corrects")


def evidence_kinds() -> list[dict[str, str]]:
    """Kinds of evidence, in words."""
    names = {
        EvidenceKind.DOCUMENT: tk._("Document"),
        EvidenceKind.MINUTES: tk._("Minutes of a meeting"),
        EvidenceKind.PHOTO: tk._("Photograph"),
        EvidenceKind.ATTENDANCE: tk._("Attendance list"),
        EvidenceKind.LINK: tk._("Link to a page"),
        EvidenceKind.DATASET: tk._("Dataset of this portal"),
        EvidenceKind.RESOURCE: tk._("File of this portal"),
        EvidenceKind.VIDEO: tk._("Video recording"),
    }
    return [{"value": kind.value, "title": title} for kind, title in names.items()]


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


def _act(action: str, data: Mapping[str, Any]) -> Any:
    return tk.get_action(action)({}, dict(data))


def periods(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The periods of reporting of a plan that have begun, the present one first.

    :param plan: the result of ``ogp_plan_show``.
    """
    cadence = next((one["value"] for one in plan.get("settings") or [] if one["name"] == "cadence"), "")
    start, end = plan.get("start"), plan.get("end")
    if not start or not end:
        return []
    return _period_options(
        dt.date.fromisoformat(start),
        dt.date.fromisoformat(end),
        calendar.CADENCE_MONTHS.get(str(cadence), 1),
        {one["period"] for one in plan.get("periods") or [] if not one["open"]},
    )


def _period_options(
    start: dt.date, end: dt.date, months: int, closed: Collection[str]
) -> list[dict[str, Any]]:
    found = periods_between(start, min(end, record_service.today()), months)
    return [
        {
            "value": period.id,
            "title": ogp_plan_period(period.id).capitalize(),
            "closed": period.id in closed,
        }
        for period in reversed(found)
    ]


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
        options = _period_options(self.plan.start, self.plan.end, months, closed)
        return [option for option in options if not option["closed"]]

    @cached_property
    def measured(self) -> list[dict[str, Any]]:
        """The indicators of the item, each with what was written for it."""
        indicators = item_form.serialize_indicators(self.plan, self.row, self.reader)
        return [
            {"place": place, "indicator": indicator, "sent": written(f"m{place}_", MEASURED_FIELDS)}
            for place, indicator in enumerate(indicators)
        ]

    def errors(self, rejected: tk.ValidationError) -> forms.Errors:
        """As everywhere; those of a measurement and of the evidence beside their own fields."""
        plain = {
            name: one for name, one in rejected.error_dict.items() if name not in ("measurements", "evidence")
        }
        renamed = {"organization": "organismo", "period": "periodo", "confirms": "sin_cambios"}
        found = forms.errors_of(tk.ValidationError(plain), renamed) if plain else {}
        places = [one["place"] for one in self.measured if was_measured(one["sent"])]
        for place, wrong in zip(places, parts_of(rejected, "measurements"), strict=False):
            nested(found, wrong, f"m{place}_", MEASURED_FIELDS)
        for wrong in parts_of(rejected, "evidence"):
            nested(found, wrong, "evidence_", (*EVIDENCE_FIELDS, "upload"))
        return found

    def send(self, sent: dict[str, str]) -> str:
        data = self.subject(sent)
        data.update(forms.filled(sent, ("request_id", "supersedes")))
        if sent["periodo"]:
            data["period"] = sent["periodo"]
        if sent["sin_cambios"]:
            data["confirms"] = True
            data.update(forms.filled(sent, ("text",)))
            _act("ogp_plan_update_create", data)
            return str(tk._("Received: nothing changed since the last report."))
        plain = ("state", "progress", "text", "obstacles", "next_step", "reason", "act")
        data.update(forms.filled(sent, plain))
        if sent["at_risk"]:
            data["at_risk"] = True
        measurements = [self._measurement(one, sent) for one in self.measured if was_measured(one["sent"])]
        if measurements:
            data["measurements"] = measurements
        evidence = evidence_given("evidence_")
        if evidence:
            data["evidence"] = [evidence]
        _act("ogp_plan_update_create", data)
        return str(tk._("Your report was received. Below is what the public sees now."))

    def _measurement(self, one: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
        """One measurement as the action takes it; of the period of the report."""
        made = figure(one["indicator"]["code"], one["sent"])
        if sent["periodo"]:
            made["period"] = sent["periodo"]
        if one["sent"]["corrects"]:
            known = self._known(one["indicator"], sent)
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
        for one in indicator.get("periods") or []:
            if (str(one["start"]), str(one["end"]), (one["organization"] or {}).get("name")) == wanted:
                return one.get("measurement_id")
        return None


def written(prefix: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return what was written in the fields that begin with a prefix, by what follows it."""
    return {name: tk.request.form.get(prefix + name, "").strip() for name in names}


def was_measured(sent: Mapping[str, str]) -> bool:
    """Tell whether anything was written of an indicator."""
    return any(sent.get(name) for name in ("value", "numerator", "denominator", "comment"))


def figure(indicator: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what was written of an indicator as the actions take it."""
    return {
        "indicator": indicator,
        **forms.filled(sent, ("value", "numerator", "denominator", "comment")),
    }


def nested(found: forms.Errors, wrong: Any, prefix: str, names: tuple[str, ...]) -> None:
    """Put the errors of a part beside its fields; those of no field of the form beside the first.

    :param prefix: with which the fields of the part begin.
    """
    for wrong_field, messages in (wrong if isinstance(wrong, Mapping) else {"": wrong}).items():
        name = "resource" if wrong_field == "dataset" else wrong_field
        field = prefix + (name if name in names else names[0])
        sentences = ogp_plan_sentences(messages)
        if sentences:
            found.setdefault(field, []).extend(sentences)


def parts_of(error: tk.ValidationError, name: str) -> list[Any]:
    """Return the errors of a nested list, one a part of it."""
    found = error.error_dict.get(name) or []
    return found if isinstance(found, list) else [found]


def evidence_given(prefix: str) -> dict[str, Any] | None:
    """Return one piece of evidence as the form gives it; None when nothing was given."""
    sent = written(prefix, EVIDENCE_FIELDS)
    upload = tk.request.files.get(prefix + "upload")
    given: dict[str, Any] = forms.filled(sent, ("title", "url", "resource", "withheld"))
    if upload is not None and upload.filename:
        given["upload"] = upload
    if not given:
        return None
    given.update(_of_portal(given.pop("resource", "")))
    given["kind"] = sent["kind"] or EvidenceKind.LINK.value
    given["public"] = sent["public"] != "false"
    return given


def _of_portal(reference: str) -> dict[str, str]:
    """A file or dataset of this portal, by its page's address or by its id."""
    found = re.search(r"/resource/([0-9a-f-]{36})", reference)
    if found:
        return {"resource": found[1]}
    found = re.search(r"/dataset/([a-z0-9_-]+)", reference)
    if found:
        return {"dataset": found[1]}
    return {"resource": reference} if reference else {}


class EvidenceForm(ItemForm):
    """``…/evidencia``: a link, a file of the catalogue, or an upload."""

    template = "ogp_plan/report/evidence.html"
    names = ("organismo", "kind", "title", "url", "resource", "public", "withheld")

    def initial(self) -> dict[str, Any]:
        return {"organismo": self.first_organization(), "kind": "enlace", "public": "true"}

    def extra_vars(self) -> dict[str, Any]:
        return {"kinds": evidence_kinds()}

    def send(self, sent: dict[str, str]) -> str:
        evidence = evidence_given("")
        if evidence is None:
            missing = tk._("Give a link, a file of this portal, or upload one.")
            raise tk.ValidationError({"url": [missing]})
        _act("ogp_plan_evidence_create", {**self.subject(sent), **evidence})
        return tk._("The evidence was received.")


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
        _act("ogp_plan_answer_create", {**self.subject(sent), **forms.filled(sent, ("reason", "text"))})
        return tk._("Your answer is shown with the light now.")


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
        _act("ogp_plan_verdict_create", data)
        return tk._("Your verdict is shown with what is declared now.")


_AT = "/planes/<plan>/<address>"
blueprint.add_url_rule(f"{_AT}/reportar", view_func=UpdateForm.as_view("update"))
blueprint.add_url_rule(f"{_AT}/evidencia", view_func=EvidenceForm.as_view("evidence"))
blueprint.add_url_rule(f"{_AT}/respuesta", view_func=AnswerForm.as_view("answer"))
blueprint.add_url_rule(f"{_AT}/concepto", view_func=VerdictForm.as_view("verdict"))
