"""Who may do what with plans."""

from __future__ import annotations

from ckan.types import AuthFunction


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return every authorisation function of this plugin by name."""
    return {}
