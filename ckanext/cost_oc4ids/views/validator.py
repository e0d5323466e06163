"""The public validator: a file in, its report out, nothing kept."""

from __future__ import annotations

import base64
import json
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response
from flask.views import MethodView
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from ckanext.cost_common.csrf import require_token
from ckanext.cost_common.views.forms import render_private
from ckanext.cost_oc4ids.oc4ids import report_page
from ckanext.cost_oc4ids.views.report import csv_text

blueprint = Blueprint("cost_oc4ids_validator", __name__)

#: Bytes of pasted text that the form takes. The web framework holds 500 000 of a form and refuses more.
LONGEST_TEXT = 480 * 1024
#: Room for the form's other parts around a file of the largest size.
FORM_BYTES = LONGEST_TEXT + 64 * 1024
#: Kinds of findings on the page; nothing is kept, so there is no second page to turn to.
FINDINGS_SHOWN = 100
#: Bytes of a download that the page carries in itself. A longer report is read on the page.
LARGEST_DOWNLOAD = 2 * 1024 * 1024


def _page(status: int = 200, problem: str | None = None, **extra_vars: Any) -> Response:
    """The validator's page. It holds a token of this visitor's session, so nobody else may be given it."""
    defaults: dict[str, Any] = {"problem": problem, "report": None, "text": ""}
    return render_private("cost_oc4ids/validator/page.html", {**defaults, **extra_vars}, status)


def _too_large() -> str:
    return tk._(
        "What you sent is too large. A file may have up to {file} and pasted text up to {text}: "
        "save longer text as a file and choose the file, or split the package."
    ).format(file=tk.h.oc4ids_size(tk.h.oc4ids_largest_upload()), text=tk.h.oc4ids_size(LONGEST_TEXT))


def _data_address(body: str, content_type: str) -> str | None:
    """A download that the page itself contains: the report is stored nowhere."""
    raw = body.encode("utf-8")
    if len(raw) > LARGEST_DOWNLOAD:
        return None
    return f"data:{content_type};charset=utf-8;base64,{base64.b64encode(raw).decode('ascii')}"


def _first_sentence(error_dict: dict[str, Any]) -> str:
    for sentences in error_dict.values():
        for sentence in sentences if isinstance(sentences, list) else [sentences]:
            if isinstance(sentence, str):
                return sentence
    return tk._("The file could not be checked.")


class ValidatorView(MethodView):
    """``/oc4ids/validar``."""

    def get(self) -> Response:
        """Show the form."""
        return _page()

    def post(self) -> Response:
        """Validate the file that was chosen, or else the text that was pasted."""
        limit = tk.h.oc4ids_largest_upload() + FORM_BYTES
        if (tk.request.content_length or 0) > limit:
            return _page(413, _too_large())
        tk.request.max_content_length = limit
        require_token()
        upload = tk.request.files.get("upload")
        text = tk.request.form.get("data", "")
        if upload is not None and upload.filename:
            data, name = {"upload": upload}, upload.filename
        elif text.strip():
            data, name = {"data": text}, tk._("pasted text")
        else:
            return _page(400, tk._("Choose a file or paste the text of one, then press “Check”."))
        if len(text.encode("utf-8")) > LONGEST_TEXT:
            return _page(413, _too_large())
        return self._report(data, name, text)

    def _report(self, data: dict[str, Any], name: str, text: str) -> Response:
        try:
            report = tk.get_action("oc4ids_validate")({}, {**data, "lang": tk.h.lang()})
        except tk.ValidationError as error:
            status = 429 if "rate_limit" in error.error_dict else 400
            return _page(status, _first_sentence(error.error_dict), text=text)
        except tk.NotAuthorized:
            return _page(403, tk._("You may not check files here."), text=text)
        return _page(
            report=report,
            page=report_page.page_of(report, size=FINDINGS_SHOWN),
            name=name,
            text=text,
            as_json=_data_address(json.dumps(report, ensure_ascii=False, indent=2), "application/json"),
            as_csv=_data_address(csv_text(report), "text/csv"),
        )


blueprint.add_url_rule("/oc4ids/validar", view_func=ValidatorView.as_view("page"))


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> Response:
    """Say how large a file may be, in place of the server's bare 413."""
    return _page(413, _too_large())


@blueprint.errorhandler(CSRFError)
def form_expired(_: CSRFError) -> Response:
    """Give the form again, with a token that holds."""
    return _page(
        400, tk._("This form was open for too long or did not come from this page. Please send it again.")
    )
