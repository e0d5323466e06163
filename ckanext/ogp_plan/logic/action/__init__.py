"""The API of this plugin, one module a subject."""

from __future__ import annotations

from ckan.types import Action

from ckanext.ogp_plan import status


def get_actions() -> dict[str, Action]:
    """Return every action of this plugin by name."""
    return {"status_show": status.status_show}
