"""The language of a text: that of the request, or else the portal's."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.lib.i18n import get_lang
from flask import has_request_context


def current() -> str:
    """Return the language of the request, or else the portal's: a tag such as ``es`` or ``es_CO``."""
    lang = get_lang() if has_request_context() else None
    return str(lang or tk.config.get("ckan.locale_default") or "es")
