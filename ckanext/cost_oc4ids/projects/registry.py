"""The registry of projects: what is stored of each resource.

Everything here works in the caller's transaction and nothing commits. The order for
whoever accepts a file: take the row lock of the dataset if there is one, then
:func:`lock`, then :func:`.claims.find_conflicts`, then :func:`store`; commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid

from ckanext.cost_oc4ids.model import Project, ProjectVersion, WithheldDataset, project_count, shared_id
from ckanext.cost_oc4ids.oc4ids import summary as summaries
from ckanext.cost_oc4ids.oc4ids.types import PreviousVersion
from ckanext.cost_oc4ids.projects import claims, visibility

if TYPE_CHECKING:
    from ckanext.cost_oc4ids.oc4ids.reading import RawProject

#: Key of the advisory lock: "OC4IDS" in hexadecimal digits of its letters.
LOCK = 0x4F4334494453
#: Rows, and bytes of project JSON, written at once.
BATCH_ROWS = 200
BATCH_BYTES = 4 * 1024 * 1024


def lock() -> None:
    """Let one transaction at a time change the registry, until it ends.

    Two uploads of the same project id would otherwise not see each other.
    """
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def _batches(projects: Iterable[RawProject]) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """(JSON text, parsed project) in batches, each id once; the first of a repeated id is kept."""
    seen: set[str] = set()
    batch: list[tuple[str, dict[str, Any]]] = []
    size = 0
    for project in projects:
        body = str(project.raw, "utf-8")
        parsed = summaries.parse_project(body)
        project_id = summaries.storable(str(parsed["id"]))
        if project_id in seen:
            continue
        seen.add(project_id)
        batch.append((body, parsed))
        size += len(body)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _money(prefix: str, money: summaries.Money | None) -> dict[str, Any]:
    return {
        f"{prefix}_amount": money.amount if money else None,
        f"{prefix}_currency": money.currency if money else None,
    }


def _row(found: summaries.ProjectSummary) -> dict[str, Any]:
    """Columns of ``oc4ids_project`` that come from the project itself."""
    box = found.box
    return {
        "project_id": found.project_id,
        "title": found.title,
        "title_key": found.title_key,
        "description": found.description,
        "status": found.status,
        "sectors": list(found.sectors),
        "project_type": found.project_type,
        **_money("budget", found.budget),
        **_money("contract", found.contract),
        **_money("final", found.final),
        "start_date": found.start_date,
        "end_date": found.end_date,
        "actual_end_date": found.actual_end_date,
        "published_start": found.published_start,
        "published_end": found.published_end,
        "updated": found.updated,
        "year": found.year,
        "min_lon": box.min_lon if box else None,
        "min_lat": box.min_lat if box else None,
        "max_lon": box.max_lon if box else None,
        "max_lat": box.max_lat if box else None,
        "place": found.place,
        "authority": found.authority,
        "search_text": found.search_text,
    }


def _stored_rows(resource_id: str) -> dict[str, Any]:
    """Stored rows of a resource by project id."""
    table = Project.__table__.c
    rows = model.Session.execute(
        sa.select(
            table.project_id,
            table.package_id,
            table.content_hash,
            table.version_id,
            table.changed,
            table.claimed,
        ).where(table.resource_id == resource_id)
    )
    return {row.project_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class _Acceptance:
    """Where, by what and when projects are accepted: the columns that they share."""

    package_id: str
    resource_id: str
    organization_id: str | None
    report_id: str | None
    user_id: str | None
    moment: dt.datetime

    def version(self, version_id: str, project_id: str, content_hash: str, body: str) -> dict[str, Any]:
        """A row of ``oc4ids_project_version``."""
        return {
            "id": version_id,
            "project_id": project_id,
            "resource_id": self.resource_id,
            "package_id": self.package_id,
            "content_hash": content_hash,
            "body": body,
            "report_id": self.report_id,
            "user_id": self.user_id,
            "created": self.moment,
        }

    def project_columns(self, old: Any) -> dict[str, Any]:
        """Columns of ``oc4ids_project`` that are not the project's own. ``old``: the row before, or None."""
        return {
            "id": make_uuid(),
            "resource_id": self.resource_id,
            "package_id": self.package_id,
            "organization_id": self.organization_id,
            "accepted": self.moment,
            "changed": self.moment,
            "claimed": old.claimed if old else None,
        }


def _accept(
    batch: list[tuple[str, dict[str, Any]]], before: dict[str, Any], by: _Acceptance
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of projects, and rows of versions for those whose content is new."""
    rows: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    for body, parsed in batch:
        columns = _row(summaries.summarise(parsed))
        content_hash = summaries.content_hash(parsed)
        old = before.get(columns["project_id"])
        row = columns | by.project_columns(old) | {"content_hash": content_hash}
        if old and old.content_hash == content_hash and old.package_id == by.package_id:
            row |= {"version_id": old.version_id, "changed": old.changed}
        else:
            row["version_id"] = make_uuid()
            versions.append(by.version(row["version_id"], columns["project_id"], content_hash, body))
        rows.append(row)
    return rows, versions


def store(
    package_id: str,
    resource_id: str,
    organization_id: str | None,
    report_id: str | None,
    user_id: str | None,
    projects: Iterable[RawProject],
) -> int:
    """Replace the projects of a resource by ``projects``; return how many.

    Only of a file that is valid. ``projects`` is read once, a batch in memory at a
    time. A project whose content is new, or differs from what was stored, gets a version; versions of one
    that is gone stay. Raises ValueError or KeyError on something that is no
    project: the caller rolls back.
    """
    now: dt.datetime = model.Session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    by = _Acceptance(package_id, resource_id, organization_id, report_id, user_id, now)
    before = _stored_rows(resource_id)
    _delete_projects([resource_id])
    stored = 0
    for batch in _batches(projects):
        rows, versions = _accept(batch, before, by)
        if versions:
            model.Session.execute(sa.insert(ProjectVersion.__table__), versions)
        model.Session.execute(sa.insert(Project.__table__), rows)
        stored += len(rows)
    _count([resource_id])
    _note_shared(resource_id)
    claims.refresh_claims([package_id])
    return stored


def remove(resource_ids: Collection[str]) -> int:
    """Delete the projects of resources, keeping their versions; return how many."""
    if not resource_ids:
        return 0
    gone = _delete_projects(resource_ids)
    if gone:
        _count(resource_ids)
    return gone


def _delete_projects(resource_ids: Collection[str]) -> int:
    table = Project.__table__
    return model.Session.execute(
        sa.delete(table).where(visibility.is_any(table.c.resource_id, resource_ids))
    ).rowcount


def _count(resource_ids: Collection[str] | None = None) -> None:
    """Count the projects of resources (None: of all) anew, for searches without words."""
    table = Project.__table__.c
    kind = (table.resource_id, table.status, table.sectors, table.year)
    old = sa.delete(project_count)
    new = sa.select(*kind, sa.func.count()).group_by(*kind)
    if resource_ids is not None:
        old = old.where(visibility.is_any(project_count.c.resource_id, resource_ids))
        new = new.where(visibility.is_any(table.resource_id, resource_ids))
    model.Session.execute(old)
    model.Session.execute(
        sa.insert(project_count).from_select([column.name for column in project_count.c], new)
    )


def _note_shared(resource_id: str) -> None:
    """Note which ids of a resource are in others too. The caller holds :func:`lock`."""
    mine, other = Project.__table__.alias("mine"), Project.__table__.alias("other")
    known = sa.exists().where(shared_id.c.project_id == mine.c.project_id)
    twice = (
        sa.select(mine.c.project_id)
        .distinct()
        .select_from(mine.join(other, other.c.project_id == mine.c.project_id))
        .where(mine.c.resource_id == resource_id, other.c.resource_id != resource_id, ~known)
    )
    model.Session.execute(sa.insert(shared_id).from_select(["project_id"], twice))


def purge(package_ids: Collection[str]) -> None:
    """Delete projects and versions of datasets."""
    if not package_ids:
        return
    table = Project.__table__.c
    held = sa.select(table.resource_id).distinct().where(visibility.is_any(table.package_id, package_ids))
    remove(model.Session.execute(held).scalars().all())
    for table in (Project.__table__, ProjectVersion.__table__, WithheldDataset.__table__):
        model.Session.execute(sa.delete(table).where(visibility.is_any(table.c.package_id, package_ids)))


def delete_orphans() -> int:
    """Delete projects and versions whose dataset is no longer in the portal; return how many rows.

    A dataset can be purged by ways that no plugin hears of.
    """
    lock()
    dataset = model.Package.__table__
    gone = 0
    for table in (Project.__table__, ProjectVersion.__table__, WithheldDataset.__table__):
        exists = sa.exists(sa.select(sa.literal(1)).where(dataset.c.id == table.c.package_id))
        gone += model.Session.execute(sa.delete(table).where(~exists)).rowcount
    _count()
    column = Project.__table__.c.project_id
    twice = sa.select(column).group_by(column).having(sa.func.count() > 1)
    model.Session.execute(sa.delete(shared_id))
    model.Session.execute(sa.insert(shared_id).from_select(["project_id"], twice))
    claims.refresh_claims()
    return gone


# -- reading, for callers that have checked that the dataset may be seen ---


def previous_version(resource_id: str) -> PreviousVersion | None:
    """Return what the last accepted content of a resource stated, or None when it has no projects."""
    table = Project.__table__.c
    rows = model.Session.execute(
        sa.select(table.project_id, table.status, table.published_start, table.published_end).where(
            table.resource_id == resource_id
        )
    ).all()
    if not rows:
        return None
    return PreviousVersion(
        {row.project_id: (row.status, row.published_start, row.published_end) for row in rows}
    )


def list_index_rows(package_id: str, longest: int) -> list[Any]:
    """Rows of (project_id, title, place, status, sectors, year) of a dataset, public or not.

    For the dataset's own index. Read behind a savepoint: a failure leaves the caller's
    transaction as it was. It is one of the connection and not of the session, whose own fires
    ``before_commit``, in which CKAN 2.11 indexes: it would come back here without end.
    """
    table = Project.__table__.c
    query = (
        sa.select(table.project_id, table.title, table.place, table.status, table.sectors, table.year)
        .where(table.package_id == package_id)
        .order_by(table.title_key, table.project_id)
        .limit(longest)
    )
    connection = model.Session.connection()
    with connection.begin_nested():
        return list(connection.execute(query))
