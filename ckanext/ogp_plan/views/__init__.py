"""Pages. Each blueprint has a module; the plugin takes them all from here."""

from __future__ import annotations

from flask import Blueprint

# these add their pages to the blueprints of the others
from ckanext.ogp_plan.views import (  # noqa: F401
    answer_form,
    change,
    cut,
    evidence_form,
    export,
    feed,
    import_,
    import_act,
    item,
    item_form,
    link,
    obligation,
    organization_link,
    organization_report,
    plan_settings,
    profile,
    review,
    update_form,
    verdict_form,
)
from ckanext.ogp_plan.views import plan as plan_view


def get_blueprints() -> list[Blueprint]:
    """Return the blueprints of every page of this plugin."""
    return [plan_view.blueprint, import_.blueprint, export.blueprint, item_form.blueprint]
