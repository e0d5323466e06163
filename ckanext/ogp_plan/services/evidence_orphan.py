"""What was stored as evidence and is of none: left by killed processes, outages, plans that were removed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.services import evidence_dataset, evidence_file, evidence_resource

#: Files asked of the database at once.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something stored that no fact names.

    ``kind``: ``file``, of evidence that is not public; ``resource``, in a dataset of evidence. A resource may
    have been put there by somebody on purpose, and is not ours to delete.
    """

    kind: str
    name: str
    remove: Callable[[], None] | None = None

    @property
    def deletable(self) -> bool:
        """Whether :meth:`delete` may be called."""
        return self.remove is not None

    def delete(self) -> None:
        """Delete it."""
        if self.remove is not None:
            self.remove()


def find(age: float) -> Iterator[Orphan]:
    """Return what is stored and named by no fact.

    :param age: seconds since it was stored; what is younger may be of a request that still runs.
    """
    yield from _files(age)
    yield from _resources(age)


def _files(age: float) -> Iterator[Orphan]:
    try:
        found = list(evidence_file.folder().list_files(age))
    except evidence_file.NoFolder:
        return
    named: set[str] = set()
    for start in range(0, len(found), _BATCH):
        named |= evidence_file.select_named([file_id for file_id, _ in found[start : start + _BATCH]])
    for file_id, path in found:
        # with an ending: one whose writing was cut short
        if file_id not in named or path.suffix:
            yield Orphan("file", str(path), path.unlink)


def _resources(age: float) -> Iterator[Orphan]:
    resource, package = model.Resource.__table__, model.Package.__table__
    latest = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None) - dt.timedelta(seconds=age)
    named = evidence_resource.names("resource", resource.c.id)
    query = (
        sa.select(resource.c.id, package.c.name)
        .join(package, package.c.id == resource.c.package_id)
        .where(resource.c.state == "active", package.c.state == "active", resource.c.url_type == "upload")
        .where(package.c.name.startswith(evidence_dataset.PREFIX), resource.c.created < latest, ~named)
        .order_by(package.c.name, resource.c.id)
    )
    for resource_id, dataset in model.Session.execute(query):
        yield Orphan("resource", f"{dataset}/{resource_id}")
