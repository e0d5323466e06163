"""The check of a form's token, whatever the portal's own check does.

CKAN's own check lets requests pass that carry no session, and one such request can exempt the same view
for everybody (see the security notes in ``docs/operar.md``). A page of ours that takes a POST calls
:func:`require_token` first, for visitors with and without an account.
"""

from __future__ import annotations

from flask import current_app, request
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms import ValidationError


def require_token() -> None:
    """Refuse a request that does not carry the token of its own session.

    The token comes in the form's field or in one of the headers that Flask-WTF reads. Call it inside of
    a request.

    :raises flask_wtf.csrf.CSRFError: no token, an old one, or that of another session (HTTP 400).
    """
    token = request.form.get(current_app.config["WTF_CSRF_FIELD_NAME"])
    for header in current_app.config["WTF_CSRF_HEADERS"]:
        token = token or request.headers.get(header)
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise CSRFError(str(error)) from error
