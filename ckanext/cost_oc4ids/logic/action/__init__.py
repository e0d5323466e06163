"""The API of this plugin, one module a subject."""

from __future__ import annotations

from ckan.types import Action

from ckanext.cost_oc4ids.logic.action import project, report


def get_actions() -> dict[str, Action]:
    """Return every action of this plugin by name."""
    return {**report.get_actions(), **project.get_actions()}
