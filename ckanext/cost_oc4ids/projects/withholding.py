"""Which datasets the portal withholds from visitors: asked, and noted where SQL can read it.

Nothing commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.cost_common import dataset_access
from ckanext.cost_oc4ids.model import Project, WithheldDataset
from ckanext.cost_oc4ids.projects import claims, registry


@dataclass(slots=True)
class Changes:
    """Ids of datasets, by what was found."""

    withheld: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    #: nothing is known of these, so they are as they were
    unknown: list[str] = field(default_factory=list)

    def add(self, other: Changes) -> None:
        """Add what another call found."""
        self.withheld += other.withheld
        self.released += other.released
        self.unknown += other.unknown


def list_datasets() -> Iterator[str]:
    """Give the ids of the datasets that have projects, or are withheld."""
    query = sa.union(sa.select(Project.__table__.c.package_id), sa.select(WithheldDataset.package_id))
    yield from model.Session.scalars(query).all()


def refresh(package_ids: Iterable[str]) -> Changes:
    """Ask of each dataset whether a visitor may see it, and note what has changed.

    What is private, draft or deleted is not asked about: its own columns withhold it.

    :param package_ids: of datasets.
    :returns: what has changed, and what is not known.
    """
    changes = Changes()
    for package_id in package_ids:
        _refresh(package_id, changes)
    changed = [*changes.withheld, *changes.released]
    if changed:
        registry.lock()
        claims.refresh_claims(changed)
    return changes


def _refresh(package_id: str, changes: Changes) -> None:
    package = model.Session.get(model.Package, package_id)
    if package is not None and package.state == "active" and not package.private:
        seen = dataset_access.may_visitor_see(package_id)
    else:
        seen = True
    table = WithheldDataset.__table__
    if seen is None:
        changes.unknown.append(package_id)
    elif seen:
        gone = model.Session.execute(sa.delete(table).where(table.c.package_id == package_id))
        if gone.rowcount:
            changes.released.append(package_id)
    else:
        note = insert(table).values(package_id=package_id).on_conflict_do_nothing()
        if model.Session.execute(note).rowcount:
            changes.withheld.append(package_id)
