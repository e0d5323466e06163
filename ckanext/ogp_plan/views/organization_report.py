"""The periodic reports of an organismo: those handed in, and the form of a new one or of many rows."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import io
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView
from werkzeug.datastructures import FileStorage

from ckanext.cost_common import paging
from ckanext.cost_common.csrf import require_token
from ckanext.cost_common.values.periods import periods_between
from ckanext.ogp_plan import config
from ckanext.ogp_plan.helpers.date import ogp_plan_period
from ckanext.ogp_plan.helpers.error import ogp_plan_sentences
from ckanext.ogp_plan.helpers.url import ogp_plan_to
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.planning import progress
from ckanext.ogp_plan.planning.types import Indicator
from ckanext.ogp_plan.serializers import item as item_serializer
from ckanext.ogp_plan.services import permission
from ckanext.ogp_plan.services import record as record_service
from ckanext.ogp_plan.views import forms
from ckanext.ogp_plan.views import plan as plan_view
from ckanext.ogp_plan.views.evidence_form import evidence_given
from ckanext.ogp_plan.views.item_form import blueprint
from ckanext.ogp_plan.views.update_form import figure, state_options, was_measured

#: Sections that an empty report offers, and as many as one may have.
SECTIONS, MOST_SECTIONS = 3, 30
#: Duties that the page of a report offers to carry; the rest is reported on the item's page or by workbook.
CARRIED = 40
#: What the page asks of a duty, of its figure and of its evidence; each field is "u_<plan>/<address>_<name>".
UPDATE_FIELDS = ("state", "progress", "text", "confirms")
VALUE_FIELDS = ("value", "numerator", "denominator")
EVIDENCE_FIELDS = ("url", "title")
#: Letters of a file that the page itself carries from the dry run to its application.
LARGEST_CARRIED = 400_000


def part_names() -> dict[str, str]:
    """Names of the parts of a report that a row of a workbook may have (``ogp_plan_report_rows``)."""
    return {
        "state": tk._("State"),
        "progress": tk._("Progress"),
        "text": tk._("What was done"),
        "obstacles": tk._("Obstacles"),
        "next_step": tk._("Next step"),
        "reason": tk._("Reason"),
        "confirms": tk._("Nothing changed since the last report"),
        "measurements": tk._("Measurements"),
        "evidence": tk._("Evidence"),
    }


class OrganizationReport(MethodView):
    """``/organismo/<id>/informe``: a report in sections that carries updates, and rows by workbook."""

    def get(self, id: str) -> Response:
        """Show both forms."""
        return self._page(id, self._owed(id))

    def post(self, id: str) -> Any:
        """Take the report, a workbook to be tried, or one to be applied."""
        require_token()
        owed = self._owed(id)
        what = tk.request.form.get("hacer", "")
        try:
            if what == "informe":
                return self._report(id, owed)
            if what in ("ensayar", "aplicar"):
                return self._rows(id, owed, applied=what == "aplicar")
        except tk.NotAuthorized:
            return forms.forbidden()
        # "one more section": nothing is sent yet
        return self._page(id, owed, more=what == "mas")

    def _owed(self, name: str) -> dict[str, Any]:
        forms.require_user()
        allowed = _may_report(name)
        try:
            found: dict[str, Any] = tk.get_action("ogp_plan_obligation_list")(
                {}, {"organization": name, "limit": 1000 if allowed else 1}
            )
        except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
            return tk.abort(404, tk._("There is no organismo at this address"))  # type: ignore[no-any-return]
        if not allowed:
            forms.forbidden()
        return found

    def _page(
        self,
        name: str,
        owed: Mapping[str, Any],
        errors: forms.Errors | None = None,
        status: int = 200,
        *,
        more: bool = False,
        tried: Mapping[str, Any] | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> Response:
        sections = self._sections()
        wanted = max(len(sections) + (1 if more else 0), SECTIONS if not sections else 1)
        sections += [{"title": "", "text": ""}] * (min(wanted, MOST_SECTIONS) - len(sections))
        duties = self._duties(owed)
        extra_vars = {
            "owed": owed,
            "plan": None,
            "errors": errors or {},
            "sent": tk.request.form,
            "sections": sections,
            "most": MOST_SECTIONS,
            "duties": duties,
            "duty_names": _labels(duties),
            "states": state_options(outside=False),
            "periods": self._periods(),
            "tried": tried,
            "part_names": part_names(),
            **{"content": "", "file_name": "", **(kept or {})},
            "request_id": str(uuid.uuid4()),
            "template_url": ogp_plan_to("ogp_plan_file.organization_template", id=name),
            "document_url": ogp_plan_to("ogp_plan_file.organization_report", id=name),
            "mine_url": ogp_plan_to("ogp_plan.mine"),
            "action": tk.url_for("ogp_plan_report.report", id=name),
        }
        return forms.page("ogp_plan/report/organization.html", extra_vars, status)

    def _periods(self) -> list[dict[str, str]]:
        """The months and quarters of the last year, the present ones first."""
        today = record_service.today()
        first = today - dt.timedelta(days=365)
        found = [entry for months in (1, 3) for entry in reversed(periods_between(first, today, months))]
        return [{"value": entry.id, "title": ogp_plan_period(entry.id).capitalize()} for entry in found]

    def _sections(self) -> list[dict[str, str]]:
        titles = tk.request.form.getlist("section_title")
        texts = tk.request.form.getlist("section_text")
        return [
            {"title": title.strip(), "text": text.strip()} for title, text in zip(titles, texts, strict=False)
        ][:MOST_SECTIONS]

    def _duties(self, owed: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the report may carry, with what was written of it.

        Beside the first of them, each that something was written of: the list may have changed since the
        page was opened.
        """
        open_ = [duty for name in ("this_month", "late", "next") for duty in owed.get(name) or []]
        written = self._written_keys()
        displayed = open_[:CARRIED]
        others = [*open_[CARRIED:], *(owed.get("done") or [])]
        displayed += [duty for duty in others if f"{duty['plan']}/{duty['address']}" in written]
        indicators = item_serializer.load_indicators([entry["id"] for entry in displayed])
        made = []
        for entry in displayed:
            key = f"{entry['plan']}/{entry['address']}"
            prefix = f"u_{key}_"
            sent = forms.written(prefix, (*UPDATE_FIELDS, *VALUE_FIELDS, *EVIDENCE_FIELDS))
            # of several indicators the item's own page asks
            only = indicators.get(entry["id"]) or []
            made.append(
                {
                    "item": entry,
                    "key": key,
                    "prefix": prefix,
                    "sent": sent,
                    "indicator": _indicator(only[0]) if len(only) == 1 else None,
                }
            )
        return made

    def _written_keys(self) -> set[str]:
        """The duties that something was written of: ``<plan>/<address>``."""
        names = "|".join((*UPDATE_FIELDS, *VALUE_FIELDS, *EVIDENCE_FIELDS))
        filled_in = (name for name, value in tk.request.form.items() if value.strip())
        found = (re.fullmatch(rf"u_(.+)_({names})", name) for name in filled_in)
        return {match[1] for match in found if match}

    def _updates(self, duties: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
        """The duties that something was written of, each with what the action takes of it."""
        made = []
        for duty in duties:
            update: dict[str, Any] = forms.filled(duty["sent"], UPDATE_FIELDS)
            if update.get("confirms"):
                update["confirms"] = True
            if duty["indicator"] and was_measured(duty["sent"]):
                update["measurements"] = [figure(duty["indicator"]["code"], duty["sent"])]
            evidence = evidence_given(duty["prefix"])
            if evidence:
                update["evidence"] = [evidence]
            if update:
                item = duty["item"]
                made.append((duty, {"plan": item["plan"], "item": item["address"], **update}))
        return made

    def _report(self, name: str, owed: Mapping[str, Any]) -> Any:
        sent = forms.given("period", "title", "plan", "request_id")
        duties = self._duties(owed)
        unknown = self._written_keys() - {duty["key"] for duty in duties}
        if unknown:
            message = tk._("You wrote of %(items)s, which this organismo does not owe: nothing was stored.")
            items = ", ".join(sorted(unknown))
            return self._page(name, owed, {"sections": [message % {"items": items}]}, 400)
        carried = self._updates(duties)
        data = {
            "organization": name,
            **forms.filled(sent),
            "sections": [section for section in self._sections() if section["title"] or section["text"]],
            "updates": [update for _, update in carried],
        }
        try:
            done = tk.get_action("ogp_plan_report_create")({}, data)
        except tk.ValidationError as error:
            return self._page(name, owed, self._errors(error, [duty for duty, _ in carried]), 400)
        tk.h.flash_success(tk._("The report was received, with what it says of each duty."))
        report = min(done["reports"].values())
        return tk.redirect_to(
            tk.url_for("ogp_plan.organization_report", id=owed["organization"], report=report)
        )

    def _errors(self, error: tk.ValidationError, duties: Sequence[Mapping[str, Any]]) -> forms.Errors:
        """Errors of a duty are beside its fields; what is of no field, first in the duty."""
        plain = {name: entry for name, entry in error.error_dict.items() if name != "updates"}
        found = forms.errors_of(tk.ValidationError(plain)) if plain else {}
        for duty, wrong in zip(duties, forms.parts_of(error, "updates"), strict=False):
            self._of_duty(found, duty, wrong if isinstance(wrong, Mapping) else {"": wrong})
        return found

    def _of_duty(self, found: forms.Errors, duty: Mapping[str, Any], wrong: Mapping[str, Any]) -> None:
        prefix = duty["prefix"]
        of_parts = {"measurements": VALUE_FIELDS, "evidence": EVIDENCE_FIELDS}
        for name, messages in wrong.items():
            if name in of_parts:
                for part in messages if isinstance(messages, list) else [messages]:
                    forms.nested(found, part, prefix, of_parts[name])
            elif name in UPDATE_FIELDS:
                forms.nested(found, {name: messages}, prefix, UPDATE_FIELDS)
            else:
                found.setdefault(f"u_{duty['key']}", []).extend(ogp_plan_sentences(messages))

    def _rows(self, name: str, owed: Mapping[str, Any], *, applied: bool) -> Any:
        raw, file_name = self._file()
        if not raw:
            missing = tk._("Choose the workbook, filled.")
            return self._page(name, owed, {"upload": [missing]}, 400)
        data = {
            "organization": name,
            "upload": FileStorage(io.BytesIO(raw), file_name),
            "dry_run": not applied,
            **forms.filled(forms.given("request_id")),
        }
        carried = base64.b64encode(raw).decode("ascii")
        kept = {"content": carried if len(carried) <= LARGEST_CARRIED else "", "file_name": file_name}
        try:
            done = tk.get_action("ogp_plan_report_rows")({}, data)
        except tk.ValidationError as error:
            outcomes = error.error_dict.pop("outcomes", None)
            tried = {"rows": outcomes, "applied": False, "counts": {}} if isinstance(outcomes, list) else None
            errors = forms.errors_of(error)
            return self._page(name, owed, errors, 400, tried=tried, kept=kept)
        except tk.NotAuthorized as error:
            # which plan it is may be in one row of many: say it, and give the form back
            return self._page(name, owed, {"upload": [str(error)]}, 403)
        if not applied:
            return self._page(name, owed, tried=done, kept=kept)
        tk.h.flash_success(tk._("The rows were received."))
        return tk.redirect_to(tk.url_for("ogp_plan.obligations", id=name))

    def _file(self) -> tuple[bytes, str]:
        """The workbook: chosen now, or carried by the page from its dry run."""
        upload = tk.request.files.get("upload")
        if upload is not None and upload.filename:
            return upload.read(), upload.filename
        try:
            raw = base64.b64decode(tk.request.form.get("content", ""), validate=True)
        except (binascii.Error, ValueError):
            return b"", ""
        return raw, tk.request.form.get("file_name", "") or "reporte.xlsx"


def _indicator(indicator: Indicator) -> dict[str, Any]:
    """An indicator as the fields of its figure show it."""
    return {
        "code": indicator.code,
        "name": indicator.name,
        "measure": indicator.measure.value,
        "unit": indicator.unit,
        "target": progress.target_value(indicator),
        "target_text": indicator.target_text,
        "numerator": indicator.numerator,
        "denominator": indicator.denominator,
    }


def _labels(duties: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Labels of the fields of each duty in the list of errors, with the code of the duty."""
    names = {
        "": "",
        "state": tk._("State"),
        "progress": tk._("Progress, in percent"),
        "text": tk._("What was done"),
        "confirms": tk._("Nothing changed"),
        "value": tk._("Figure of the period"),
        "numerator": tk._("How many meet it"),
        "denominator": tk._("Out of how many"),
        "url": tk._("Address of the evidence"),
        "title": tk._("Name of the evidence"),
    }
    return {
        f"u_{duty['key']}" + (f"_{name}" if name else ""): f"{duty['item']['code_printed']} {title}".strip()
        for duty in duties
        for name, title in names.items()
    }


def _may_report(name: str) -> bool:
    """Tell whether who opens the page reports for an organismo now."""
    if not tk.current_user.is_authenticated:
        return False
    person = permission.load_person(tk.current_user)
    return permission.is_reporter_of(person, lookup.organization(name))


# --- reports that were handed in


def organization_reports(id: str) -> Any:
    """``/organismo/<id>/informes``: the newest first."""
    present, size = paging.requested_page(), config.page_size()
    try:
        found = tk.get_action("ogp_plan_report_list")(
            {}, {"organization": id, "limit": size, "offset": (present - 1) * size}
        )
        # what it owes is shown of who handed in nothing, and needed by who may hand in more
        owed = (
            tk.get_action("ogp_plan_obligation_list")({}, {"organization": id, "limit": 1})
            if not found["count"] or found["may"]["report"]
            else {}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        return tk.abort(404, tk._("There is no organismo at this address"))

    def url(number: int | None) -> str:
        turned = {paging.PAGE: number} if number else {}
        return str(tk.url_for("ogp_plan.organization_reports", id=id, **turned))

    extra_vars = {
        "found": found,
        "owed": owed,
        "plain_url": url(None),
        "report_url": ogp_plan_to("ogp_plan_report.report", id=id) if _may_report(id) else None,
        "paging": paging.paginate(found["count"], size, present, url),
    }
    return tk.render("ogp_plan/report/list.html", extra_vars)


def organization_report(id: str, report: str) -> Any:
    """``/organismo/<id>/informes/<report>``: its sections, and what it reports of each item."""
    present, size = paging.requested_page(), config.page_size()
    try:
        found = tk.get_action("ogp_plan_report_show")(
            {}, {"id": report, "limit": size, "offset": (present - 1) * size}
        )
    except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
        found = None
    if found is None or found["organization"]["name"] != lookup.organization(id):
        return tk.abort(404, tk._("There is no report at this address"))

    def url(number: int | None) -> str:
        turned = {paging.PAGE: number} if number else {}
        return str(tk.url_for("ogp_plan.organization_report", id=id, report=report, **turned))

    extra_vars = {"report": found, "paging": paging.paginate(found["count"], size, present, url)}
    return tk.render("ogp_plan/report/read.html", extra_vars)


blueprint.add_url_rule("/organismo/<id>/informe", view_func=OrganizationReport.as_view("report"))
plan_view.blueprint.add_url_rule("/organismo/<id>/informes", view_func=organization_reports)
plan_view.blueprint.add_url_rule("/organismo/<id>/informes/<report>", view_func=organization_report)
