"""The view of OC4IDS resources: its name, and giving it to those that CKAN would leave without."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

VIEW_TYPE = "oc4ids_view"


def ensure_view(resource_id: str) -> None:
    """Give a resource our view unless it has one. Never commits.

    CKAN does so when a resource is made; one that becomes OC4IDS later would have none.
    """
    view = model.ResourceView
    has_one, last = model.Session.execute(
        sa.select(
            sa.func.coalesce(sa.func.bool_or(view.view_type == VIEW_TYPE), sa.false()),
            sa.func.coalesce(sa.func.max(view.order), 0),
        ).where(view.resource_id == resource_id)
    ).one()
    if not has_one:
        model.Session.add(
            view(
                resource_id=resource_id,
                title=view_title(),
                description="",
                view_type=VIEW_TYPE,
                order=last + 1,
            )
        )
        model.Session.flush()


def view_title() -> str:
    """Return what the view is called on the resource's page."""
    return tk._("Validation result and projects")
