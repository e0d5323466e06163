"""Pages with a form: no copies kept of them, and responses to an old token and to too large a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, make_response
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

#: The portal's own page of errors.
ERROR_PAGE = "error_document_template.html"


def render_private(template: str, extra_vars: Mapping[str, Any], status: int = 200) -> Response:
    """Return a page that holds a token of this visitor's session, so that no cache gives it to others.

    :param template: the template's name.
    :param extra_vars: its variables.
    :param status: the HTTP status of the response.
    """
    response = make_response(tk.render(template, dict(extra_vars)), status)
    tk.request.environ["__no_cache__"] = True
    response.headers["Cache-Control"] = "private, no-store"
    return response


def register_form_errors(blueprint: Blueprint, template: str = ERROR_PAGE) -> None:
    """Give the pages of a blueprint their responses to an old or foreign token and to too large a request.

    :param blueprint: the blueprint.
    :param template: shows ``content``, a sentence; has ``code`` and ``name`` too, as CKAN's own page of
        errors takes them.
    """

    def render_error(error: HTTPException, status: int, sentence: str) -> Response:
        extra_vars = {"code": status, "name": error.name, "content": sentence}
        return render_private(template, extra_vars, status)

    @blueprint.errorhandler(CSRFError)
    def render_expired(error: CSRFError) -> Response:
        sentence = tk._(
            "This form was open for too long or did not come from this page. "
            "Go back, load the page again and send it once more: nothing was saved."
        )
        return render_error(error, 400, sentence)

    @blueprint.errorhandler(RequestEntityTooLarge)
    def render_too_large(error: RequestEntityTooLarge) -> Response:
        sentence = tk._("What you sent is too large for this portal. Send a smaller file, or its link.")
        return render_error(error, 413, sentence)
