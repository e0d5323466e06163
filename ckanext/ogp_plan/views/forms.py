"""What pages with a form share: their token, their errors beside the fields, and no copies kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, abort, request

from ckanext.cost_common.views.forms import register_form_errors
from ckanext.cost_common.views.forms import render_private as page  # noqa: F401  views call it from here
from ckanext.ogp_plan.helpers.error import ogp_plan_sentences

#: field → sentences, as the templates read them; "" for what is of no field.
Errors = dict[str, list[str]]


def given(*names: str) -> dict[str, str]:
    """Return the fields of the form that was sent, by name, without the spaces around them."""
    return {name: request.form.get(name, "").strip() for name in names}


def filled(fields: Mapping[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the fields that are filled."""
    return {
        name: value
        for name, value in fields.items()
        if value not in ("", None) and (names is None or name in names)
    }


def written(prefix: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return what was written in the fields that begin with a prefix, by what follows it."""
    return {name: request.form.get(prefix + name, "").strip() for name in names}


def errors_of(error: tk.ValidationError, rename: Mapping[str, str] | None = None) -> Errors:
    """Return the errors of an action, field by field.

    :param rename: field of the action → field of the form, where they differ.
    """
    found: Errors = {}
    for name, messages in error.error_dict.items():
        # "__before", "__after" and the like are of no field
        field = "" if name.startswith("__") else (rename or {}).get(name, name)
        found.setdefault(field, []).extend(ogp_plan_sentences(messages))
    return found


def nested(found: Errors, wrong: Any, prefix: str, names: tuple[str, ...]) -> None:
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


def forbidden() -> Any:
    """End with 403: signed in, and not who may do this."""
    return tk.abort(
        403, tk._("You may not do this. Whoever coordinates the plan can give you the role for it.")
    )


def require_user() -> None:
    """Send who has not signed in to do so, and back here afterwards."""
    if not tk.current_user.is_authenticated:
        way = request.full_path if request.method == "GET" and request.query_string else request.path
        abort(tk.redirect_to("user.login", next=way))


def guard(blueprint: Blueprint) -> None:
    """Give the forms of a blueprint their responses to an old token and to too large a file."""
    register_form_errors(blueprint, "ogp_plan/refused.html")
