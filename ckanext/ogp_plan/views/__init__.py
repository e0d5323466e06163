"""Pages. Each blueprint stands in its own module; the plugin takes them all from here."""

from __future__ import annotations

from flask import Blueprint

# these add their pages to the blueprints of the others
from ckanext.ogp_plan.views import (  # noqa: F401
    cut,
    feeds,
    files,
    handing_in,
    importing,
    links,
    mine,
    monitoring,
    people,
    plans,
    report,
    reports,
)


def get_blueprints() -> list[Blueprint]:
    """Return the blueprints of every page of this plugin."""
    return [plans.blueprint, importing.blueprint, files.blueprint, report.blueprint]
