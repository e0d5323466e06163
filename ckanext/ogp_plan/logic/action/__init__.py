"""The API of this plugin, one module a subject."""

from __future__ import annotations

from ckan.types import Action

from ckanext.ogp_plan import status
from ckanext.ogp_plan.logic.action import (
    calendar_token,
    cut,
    evidence,
    export,
    import_,
    item,
    obligation,
    people,
    plan,
    plan_change,
    profile,
    reporting,
    reports,
    review,
    verdict,
)

_MODULES = (
    import_,
    cut,
    export,
    plan,
    plan_change,
    obligation,
    item,
    people,
    reporting,
    reports,
    evidence,
    verdict,
    calendar_token,
    profile,
    review,
)


def get_actions() -> dict[str, Action]:
    """Return every action of this plugin by name."""
    found = {"status_show": status.status_show}
    for one in _MODULES:
        found.update(one.get_actions())
    return found
