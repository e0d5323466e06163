"""Pages. Each blueprint has a module; the plugin takes them all from here."""

from __future__ import annotations

from flask import Blueprint

from ckanext.cost_common.response_headers import protect
from ckanext.cost_oc4ids.views import bulk, project, report, validator


def get_blueprints() -> list[Blueprint]:
    """Return the blueprints of every page of this plugin."""
    return protect([report.blueprint, validator.blueprint, project.blueprint, bulk.blueprint])
