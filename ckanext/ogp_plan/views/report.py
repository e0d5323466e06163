"""Forms of those who answer, of those who judge, and of those who follow up: one POST, one transaction."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response
from flask.views import MethodView

from ckanext.cost_common import language
from ckanext.cost_common.csrf import require_token
from ckanext.cost_common.values.periods import parse_period, periods_between
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers import plan as words
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.planning.tracking import Completion, EvidenceKind
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.words import phrases
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view

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
            "title": words.ogp_plan_light_name(state.value),
            "help": text,
            "icon": words.ogp_plan_light_icon(state.value),
        }
        for state, text in helps.items()
        if outside or state.value in words.LIGHTS
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
        {"value": grade.value, "title": phrases.completion_words(grade, language.current()), "help": text}
        for grade, text in helps.items()
    ]


class ItemForm(MethodView):
    """A form about one item: who may fill it, what it shows, which action it calls."""

    template = ""
    #: the permission of ``ogp_plan_item_show`` that it needs
    needs = ""
    names: tuple[str, ...] = ()

    def get(self, plan: str, address: str) -> Response:
        """Show the form."""
        shown, item = self._found(plan, address)
        return self._page(shown, item, self.first(item))

    def post(self, plan: str, address: str) -> Any:
        """Take what was sent; on error give the form back with all that was written."""
        require_token()
        shown, item = self._found(plan, address)
        sent = forms.given(*self.names)
        try:
            done = self.send(shown, item, sent)
        except tk.ValidationError as refused:
            return self._page(shown, item, sent, self.errors(refused, item), 400)
        except tk.NotAuthorized:
            return forms.forbidden()
        tk.h.flash_success(done)
        return tk.redirect_to(item["url"])

    def _found(self, plan: str, address: str) -> tuple[dict[str, Any], dict[str, Any]]:
        shown = plan_view.plan_or_404(plan)
        item = plan_view.item_or_404(shown["name"], address)
        forms.require_user()
        if not (item.get("may") or {}).get(self.needs):
            forms.forbidden()
        return shown, item

    def _page(
        self,
        plan: Mapping[str, Any],
        item: Mapping[str, Any],
        sent: Mapping[str, Any],
        errors: forms.Errors | None = None,
        status: int = 200,
    ) -> Response:
        extra_vars = {
            "plan": plan,
            **plan_view.item_vars(plan, item),
            "sent": sent,
            "errors": errors or {},
            "organizations": organizations_of(item),
            **self.shown(plan, item),
        }
        return forms.page(self.template, extra_vars, status)

    def first(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """What the form holds before anybody writes in it."""
        return {}

    def shown(self, plan: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
        """What the template needs beside plan, item and what was sent."""
        return {}

    def errors(self, refused: tk.ValidationError, item: Mapping[str, Any]) -> forms.Errors:
        """What was refused, by the form's fields."""
        return forms.errors_of(refused, {"organization": "organismo", "dataset": "resource"})

    def send(self, plan: Mapping[str, Any], item: Mapping[str, Any], sent: dict[str, str]) -> str:
        """Call the action; return the sentence that says it is done."""
        raise NotImplementedError


def organizations_of(item: Mapping[str, Any]) -> list[dict[str, str]]:
    """The organismos for which this person may report on an item; "" is the item as a whole."""
    may = item.get("may") or {}
    titles = {
        one["organization"]: one["title"] for one in item.get("assignments") or [] if one.get("organization")
    }
    made = [{"value": name, "title": titles.get(name, name)} for name in may.get("report") or []]
    if may.get("report_whole"):
        made.append({"value": "", "title": tk._("The item as a whole")})
    return made


def _about(plan: Mapping[str, Any], item: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    """What every fact of an item names."""
    named: dict[str, Any] = {"plan": plan["name"], "item": item["address"]}
    if sent.get("organismo"):
        named["organization"] = sent["organismo"]
    elif any(not one["value"] for one in organizations_of(item)):
        named["whole"] = True
    return named


def _act(action: str, data: Mapping[str, Any]) -> Any:
    return tk.get_action(action)({}, dict(data))


def periods(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The periods of reporting of a plan that have begun, the present one first."""
    cadence = next((one["value"] for one in plan.get("settings") or [] if one["name"] == "cadence"), "")
    months = calendar.CADENCE_MONTHS.get(str(cadence), 1)
    start, end = plan.get("start"), plan.get("end")
    if not start or not end:
        return []
    last = min(dt.date.fromisoformat(end), record_service.today())
    found = periods_between(dt.date.fromisoformat(start), last, months)
    closed = {one["period"] for one in plan.get("periods") or [] if not one["open"]}
    return [
        {"value": one.id, "title": words.ogp_plan_period(one.id).capitalize(), "closed": one.id in closed}
        for one in reversed(found)
    ]


class UpdateForm(ItemForm):
    """``…/reportar``: state, progress, measurements, words, evidence; or only "nothing changed"."""

    template = "ogp_plan/report/update.html"
    needs = "answer"
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

    def first(self, item: Mapping[str, Any]) -> dict[str, Any]:
        args = tk.request.args
        mine = [one["value"] for one in organizations_of(item)]
        asked = args.get("organismo", "")
        one = asked if asked in mine else mine[0] if mine else ""
        standing = next(
            (each for each in item.get("assignments") or [] if each.get("organization") == one), None
        )
        made = {
            "organismo": one,
            # the state last declared stands there, so that a report on progress alone is short
            "state": (standing or {}).get("state") or item.get("declared"),
            "request_id": str(uuid.uuid4()),
            "supersedes": args.get("corrige", ""),
        }
        corrected = self._corrected(item, made["supersedes"])
        return (
            {**made, "text": corrected["text"], "organismo": corrected["organization"] or ""}
            if corrected
            else made
        )

    def _corrected(self, item: Mapping[str, Any], reference: str) -> Mapping[str, Any] | None:
        """The report that is corrected, out of the item's story, however long ago it was."""
        told = (item.get("story") or []) if reference else []
        read = 0
        while told:
            for one in told:
                if one.get("id") == reference and one["kind"] == "update":
                    return one
            read += len(told)
            if read >= item["story_count"]:
                return None
            further = {"story_limit": config.LARGEST_PAGE, "story_offset": read}
            told = plan_view.item_or_404(item["plan"], item["address"], **further)["story"]
        return None

    def shown(self, plan: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
        whole = any(not one["value"] for one in organizations_of(item))
        reference = tk.request.form.get("supersedes") or tk.request.args.get("corrige") or ""
        return {
            "states": state_options(outside=whole),
            "whole": whole,
            "kinds": evidence_kinds(),
            "periods": [one for one in periods(plan) if not one["closed"]],
            "measured": self._measured(item),
            "evidence": {name: tk.request.form.get(f"evidence_{name}", "") for name in EVIDENCE_FIELDS},
            "corrected": self._corrected(item, reference),
        }

    def _measured(self, item: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The indicators of the item, each with what was written for it."""
        made = []
        for place, indicator in enumerate(item.get("indicators") or []):
            sent = written(f"m{place}_", MEASURED_FIELDS)
            made.append({"place": place, "indicator": indicator, "sent": sent})
        return made

    def errors(self, refused: tk.ValidationError, item: Mapping[str, Any]) -> forms.Errors:
        """As everywhere; those of a measurement and of the evidence beside their own fields."""
        plain = {
            name: one for name, one in refused.error_dict.items() if name not in ("measurements", "evidence")
        }
        renamed = {"organization": "organismo", "period": "periodo", "confirms": "sin_cambios"}
        found = forms.errors_of(tk.ValidationError(plain), renamed) if plain else {}
        places = [one["place"] for one in self._measured(item) if was_measured(one["sent"])]
        for place, wrong in zip(places, parts_of(refused, "measurements"), strict=False):
            nested(found, wrong, f"m{place}_", MEASURED_FIELDS)
        for wrong in parts_of(refused, "evidence"):
            nested(found, wrong, "evidence_", (*EVIDENCE_FIELDS, "upload"))
        return found

    def send(self, plan: Mapping[str, Any], item: Mapping[str, Any], sent: dict[str, str]) -> str:
        data = _about(plan, item, sent)
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
        measurements = [
            self._measurement(one, sent) for one in self._measured(item) if was_measured(one["sent"])
        ]
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
    for wrong_field, said in (wrong if isinstance(wrong, Mapping) else {"": wrong}).items():
        name = "resource" if wrong_field == "dataset" else wrong_field
        field = prefix + (name if name in names else names[0])
        sentences = words.ogp_plan_sentences(said)
        if sentences:
            found.setdefault(field, []).extend(sentences)


def parts_of(refused: tk.ValidationError, name: str) -> list[Any]:
    """Return the errors of a nested list, one a part of it."""
    found = refused.error_dict.get(name) or []
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
    needs = "evidence"
    names = ("organismo", "kind", "title", "url", "resource", "public", "withheld")

    def first(self, item: Mapping[str, Any]) -> dict[str, Any]:
        mine = organizations_of(item)
        return {"organismo": mine[0]["value"] if mine else "", "kind": "enlace", "public": "true"}

    def shown(self, plan: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
        return {"kinds": evidence_kinds()}

    def send(self, plan: Mapping[str, Any], item: Mapping[str, Any], sent: dict[str, str]) -> str:
        evidence = evidence_given("")
        if evidence is None:
            missing = tk._("Give a link, a file of this portal, or upload one.")
            raise tk.ValidationError({"url": [missing]})
        _act("ogp_plan_evidence_create", {**_about(plan, item, sent), **evidence})
        return tk._("The evidence was received.")


class AnswerForm(ItemForm):
    """``…/respuesta``: what the responsible answers to a reason of the light; it silences nothing."""

    template = "ogp_plan/report/answer.html"
    needs = "answer"
    names = ("organismo", "reason", "text")

    def first(self, item: Mapping[str, Any]) -> dict[str, Any]:
        mine = organizations_of(item)
        reasons = item.get("reasons") or []
        return {
            "organismo": mine[0]["value"] if mine else "",
            "reason": tk.request.args.get("razon") or (reasons[0]["code"] if len(reasons) == 1 else ""),
        }

    def shown(self, plan: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
        listed = item.get("reasons") or []
        return {"reason_options": [{"value": one["code"], "title": one["text"]} for one in listed]}

    def send(self, plan: Mapping[str, Any], item: Mapping[str, Any], sent: dict[str, str]) -> str:
        _act("ogp_plan_answer_create", {**_about(plan, item, sent), **forms.filled(sent, ("reason", "text"))})
        return tk._("Your answer stands beside the light now.")


class VerdictForm(ItemForm):
    """``…/concepto``: what Control Interno or the monitor says, beside what is declared."""

    template = "ogp_plan/report/verdict.html"
    needs = "verdict"
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

    def first(self, item: Mapping[str, Any]) -> dict[str, Any]:
        roles = self._roles(item)
        return {"role": roles[0]["value"] if len(roles) == 1 else ""}

    def _roles(self, item: Mapping[str, Any]) -> list[dict[str, str]]:
        """As what this person may judge."""
        names = {"control_interno": "Control Interno", "monitor": tk._("Independent monitor")}
        held = (item.get("may") or {}).get("verdict") or []
        return [{"value": role, "title": names[role]} for role in held]

    def shown(self, plan: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
        cuts = [
            {"value": str(one["day"]), "title": words.ogp_plan_day(one["day"])}
            for one in plan.get("cuts") or []
        ]
        return {"roles": self._roles(item), "grades": completion_options(), "cut_options": cuts}

    def send(self, plan: Mapping[str, Any], item: Mapping[str, Any], sent: dict[str, str]) -> str:
        plain = ("role", "cut", "assigned", "quality", "rationale", "recommendation", "closes")
        data = {"plan": plan["name"], "item": item["address"], **forms.filled(sent, plain)}
        for name in ("agrees", "fulfilled"):
            if sent[name] in ("true", "false"):
                data[name] = sent[name] == "true"
        data["alert"] = bool(sent["alert"])
        _act("ogp_plan_verdict_create", data)
        return tk._("Your verdict stands beside what is declared now.")


_AT = "/planes/<plan>/<address>"
blueprint.add_url_rule(f"{_AT}/reportar", view_func=UpdateForm.as_view("update"))
blueprint.add_url_rule(f"{_AT}/evidencia", view_func=EvidenceForm.as_view("evidence"))
blueprint.add_url_rule(f"{_AT}/respuesta", view_func=AnswerForm.as_view("answer"))
blueprint.add_url_rule(f"{_AT}/concepto", view_func=VerdictForm.as_view("verdict"))
