"""Which resources of the catalogue are evidence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Event
from ckanext.ogp_plan.services import evidence_dataset


def names(column: str, value: Any) -> Any:
    """Return the SQL condition that a fact of evidence names something.

    :param column: field of the fact: ``resource`` or ``file``.
    :param value: what it names: an id, or a column of one.
    """
    return sa.exists().where(Event.kind == "evidence", Event.body[column].astext == value)


def is_evidence(resource_id: str) -> bool:
    """Return whether a fact names a resource, or a dataset of evidence has it."""
    kept = sa.exists().where(
        model.Resource.id == resource_id,
        model.Package.id == model.Resource.package_id,
        model.Package.name.startswith(evidence_dataset.PREFIX),
    )
    return bool(model.Session.execute(sa.select(sa.or_(names("resource", resource_id), kept))).scalar())
