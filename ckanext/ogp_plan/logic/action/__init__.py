"""The API of this plugin, one module a subject."""

from __future__ import annotations

from ckan.types import Action

from ckanext.ogp_plan import status
from ckanext.ogp_plan.logic.action import (
    calendars,
    change,
    cut,
    evidence,
    exports,
    imports,
    item,
    mine,
    monitoring,
    obligations,
    people,
    plan,
    reporting,
    reports,
    verdict,
)

_MODULES = (
    imports,
    cut,
    exports,
    plan,
    change,
    obligations,
    item,
    people,
    reporting,
    reports,
    evidence,
    verdict,
    calendars,
    mine,
    monitoring,
)


def get_actions() -> dict[str, Action]:
    """Return every action of this plugin by name."""
    found = {"status_show": status.status_show}
    for one in _MODULES:
        found.update(one.get_actions())
    return found
