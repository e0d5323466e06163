"""Whether a user wants letters, and in which language."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

#: Key of users' preferences in ``plugin_extras``.
EXTRAS = "ogp_plan"


def get_preferences(user: model.User | None) -> dict[str, Any]:
    """Return a user's preferences about letters: ``letters`` (False: none), ``language``."""
    stored = ((user.plugin_extras if user is not None else None) or {}).get(EXTRAS)
    return dict(stored) if isinstance(stored, dict) else {}


def find_skip_reason(user: model.User | None) -> str | None:
    """Return why a user gets no letters, or None."""
    if user is None or user.state != "active":
        return "the account is not active"
    if not user.email:
        return "the account has no e-mail address"
    if get_preferences(user).get("letters") is False:
        return "the user wants no letters"
    return None


def set_preferences(
    user: model.User, *, letters_wanted: bool | None = None, language: str | None = None
) -> None:
    """Store whether a user wants letters, and in which language. The caller commits."""
    preferences = get_preferences(user)
    if letters_wanted is not None:
        preferences["letters"] = letters_wanted
    if language is not None:
        preferences["language"] = language
    user.plugin_extras = {**(user.plugin_extras or {}), EXTRAS: preferences}


def get_language(user: model.User) -> str:
    """Return the language a user chose, or else the portal's."""
    return str(get_preferences(user).get("language") or tk.config.get("ckan.locale_default") or "es")


def list_languages() -> list[str]:
    """Return the languages a letter may be asked for in: those the portal offers."""
    return list(tk.aslist(tk.config.get("ckan.locales_offered"))) or ["es", "en"]
