"""Who may do what with plans: the matrix of :mod:`.services.permission`, asked for each action."""

from __future__ import annotations

from ckan.types import AuthFunction

from ckanext.ogp_plan.logic.auth import cut, evidence, import_, item, people, plan, reporting, review, verdict

_MODULES = (plan, item, reporting, evidence, verdict, cut, import_, people, review)


def get_auth_functions() -> dict[str, AuthFunction]:
    """Return every authorisation function of this plugin by name."""
    return {name: function for one in _MODULES for name, function in one.get_auth_functions().items()}
