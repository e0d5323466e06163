"""Which resources of the catalogue are evidence."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.services import evidence_dataset


def is_evidence(resource_id: str) -> bool:
    """Return whether a fact names a resource, or a dataset of evidence has it."""
    named = sa.exists().where(Event.kind == "evidence", Event.body["resource"].astext == resource_id)
    kept = sa.exists().where(
        model.Resource.id == resource_id,
        model.Package.id == model.Resource.package_id,
        model.Package.name.startswith(evidence_dataset.PREFIX),
    )
    return bool(model.Session.execute(sa.select(sa.or_(named, kept))).scalar())
