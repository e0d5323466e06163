"""The periodic report of an organismo, and many duties at once by workbook."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import io
import uuid
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from flask.views import MethodView
from werkzeug.datastructures import FileStorage

from ckanext.ogp_plan import records
from ckanext.ogp_plan.helpers import plan as words
from ckanext.ogp_plan.planning import calendar
from ckanext.ogp_plan.views import forms, plans
from ckanext.ogp_plan.views.report import blueprint, parts_of, state_options

#: Sections that an empty report offers, and as many as one may have.
SECTIONS, MOST_SECTIONS = 3, 30
#: Duties that the page of a report offers to carry; the rest is reported on the item's page or by workbook.
CARRIED = 40
#: Letters of a file that the page itself carries from the dry run to its application.
LARGEST_CARRIED = 400_000


def part_names() -> dict[str, str]:
    """What a row of a workbook may say, in words (``says`` of ``ogp_plan_report_rows``)."""
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
        forms.require_token()
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
        try:
            found: dict[str, Any] = tk.get_action("ogp_plan_obligations")(
                {}, {"organization": name, "limit": 1000}
            )
        except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
            return tk.abort(404, tk._("There is no organismo at this address"))  # type: ignore[no-any-return]
        if not plans.may_report_for(name, found):
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
        extra_vars = {
            "owed": owed,
            "plan": None,
            "errors": errors or {},
            "sent": tk.request.form,
            "sections": sections,
            "most": MOST_SECTIONS,
            "duties": self._duties(owed),
            "states": state_options(outside=False),
            "periods": self._periods(),
            "tried": tried,
            "part_names": part_names(),
            **{"content": "", "file_name": "", **(kept or {})},
            "request_id": str(uuid.uuid4()),
            "template_url": words.ogp_plan_to("ogp_plan_file.organization_template", id=name),
            "document_url": words.ogp_plan_to("ogp_plan_file.organization_report", id=name),
            "mine_url": words.ogp_plan_to("ogp_plan.mine"),
            "action": tk.url_for("ogp_plan_report.report", id=name),
        }
        return forms.page("ogp_plan/report/organization.html", extra_vars, status)

    def _periods(self) -> list[dict[str, str]]:
        """The months and quarters of the last year, the present ones first."""
        today = records.today()
        first = today - dt.timedelta(days=365)
        found = [one for months in (1, 3) for one in reversed(calendar.periods_between(first, today, months))]
        return [{"value": one.id, "title": words.ogp_plan_period(one.id).capitalize()} for one in found]

    def _sections(self) -> list[dict[str, str]]:
        titles = tk.request.form.getlist("section_title")
        texts = tk.request.form.getlist("section_text")
        return [
            {"title": title.strip(), "text": text.strip()} for title, text in zip(titles, texts, strict=False)
        ][:MOST_SECTIONS]

    def _duties(self, owed: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the report may carry, with what was written of it."""
        open_ = [*(owed.get("this_month") or []), *(owed.get("late") or []), *(owed.get("next") or [])]
        made = []
        for one in open_[:CARRIED]:
            key = f"{one['plan']}/{one['address']}"
            sent = {
                name: tk.request.form.get(f"u_{name}_{key}", "").strip()
                for name in ("state", "progress", "text", "confirms")
            }
            made.append({"item": one, "key": key, "sent": sent})
        return made

    def _updates(self, owed: Mapping[str, Any]) -> list[dict[str, Any]]:
        made = []
        for one in self._duties(owed):
            said = forms.filled(one["sent"])
            if said:
                item = one["item"]
                made.append(
                    {
                        "plan": item["plan"],
                        "item": item["address"],
                        **said,
                        **({"confirms": True} if said.get("confirms") else {}),
                    }
                )
        return made

    def _report(self, name: str, owed: Mapping[str, Any]) -> Any:
        sent = forms.given("period", "title", "plan", "request_id")
        updates = self._updates(owed)
        data = {
            "organization": name,
            **forms.filled(sent),
            "sections": [one for one in self._sections() if one["title"] or one["text"]],
            "updates": updates,
        }
        try:
            tk.get_action("ogp_plan_report_create")({}, data)
        except tk.ValidationError as refused:
            return self._page(name, owed, self._errors(refused, updates), 400)
        tk.h.flash_success(tk._("The report was received, with what it says of each duty."))
        return tk.redirect_to(tk.url_for("ogp_plan.obligations", id=name))

    def _errors(self, refused: tk.ValidationError, updates: list[dict[str, Any]]) -> forms.Errors:
        """Errors of a duty stand beside it."""
        plain = {name: one for name, one in refused.error_dict.items() if name != "updates"}
        found = forms.errors_of(tk.ValidationError(plain)) if plain else {}
        for update, wrong in zip(updates, parts_of(refused, "updates"), strict=False):
            said = words.ogp_plan_sentences(wrong)
            if said:
                found[f"u_{update['plan']}/{update['item']}"] = said
        return found

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
        except tk.ValidationError as refused:
            fates = refused.error_dict.pop("fates", None)
            tried = {"rows": fates, "applied": False, "counts": {}} if isinstance(fates, list) else None
            errors = forms.errors_of(refused)
            return self._page(name, owed, errors, 400, tried=tried, kept=kept)
        except tk.NotAuthorized as refused:
            # which plan it is may be in one row of many: say it, and give the form back
            return self._page(name, owed, {"upload": [str(refused)]}, 403)
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


blueprint.add_url_rule("/organismo/<id>/informe", view_func=OrganizationReport.as_view("report"))
