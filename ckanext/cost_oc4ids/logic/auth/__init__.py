"""Who may do what, one function an action."""

from __future__ import annotations

from ckan.types import AuthFunction

from ckanext.cost_oc4ids.logic.auth import project, report


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return every authorisation function of this plugin by name."""
    return {**report.get_auth_functions(), **project.get_auth_functions()}
