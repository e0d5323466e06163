"""The registry of projects: what stands in each resource, and who sees it.

Everything here works in the caller's transaction and nothing commits. The order for
whoever accepts a file: take the row lock of the dataset if there is one, then
:func:`lock`, then :func:`conflicts`, then :func:`store`; commit.

Who sees a project is decided when it is read: its dataset is active and not private,
its resource active. Of the same id in two resources of one organismo, the one accepted
last is shown; of two organismos, the one that has published it for longer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.cost_oc4ids.model import Project, ProjectVersion, project_count, shared_id
from ckanext.cost_oc4ids.oc4ids import summary as summaries
from ckanext.cost_oc4ids.oc4ids.types import PreviousVersion

if TYPE_CHECKING:
    from ckanext.cost_oc4ids.oc4ids.reading import RawProject

#: Key of the advisory lock: "OC4IDS" in hexadecimal digits of its letters.
LOCK = 0x4F4334494453
#: Rows, and bytes of project JSON, written at once.
BATCH_ROWS = 200
BATCH_BYTES = 4 * 1024 * 1024
#: Conflicts told at most; the first says enough and the list of a whole package would not be read.
MOST_CONFLICTS = 50


@dataclass(frozen=True, slots=True)
class Conflict:
    """A project id that another organismo already publishes.

    The names are None when the user may not see the dataset that holds it.
    """

    project_id: str
    dataset_name: str | None
    dataset_title: str | None
    organization_title: str | None


class Published:
    """The join that makes a project public, under a name of its own in a statement."""

    def __init__(self, name: str) -> None:
        self.project = Project.__table__.alias(name)
        self.dataset = model.Package.__table__.alias(f"{name}_dataset")
        self.resource = model.Resource.__table__.alias(f"{name}_resource")
        in_dataset = sa.and_(
            self.dataset.c.id == self.project.c.package_id,
            self.dataset.c.state == "active",
            self.dataset.c.private.isnot(True),
        )
        # the resource's package_id says the same again, and misleads the planner about how many there are
        in_resource = sa.and_(
            self.resource.c.id == self.project.c.resource_id, self.resource.c.state == "active"
        )
        self.source = self.project.join(self.dataset, in_dataset).join(self.resource, in_resource)
        #: the same as a condition, where the three tables are already there
        self.is_public = sa.and_(in_dataset, in_resource)
        #: who claims the id: the dataset's organismo, or the dataset itself when it has none
        self.claimant = sa.func.coalesce(sa.func.nullif(self.dataset.c.owner_org, ""), self.dataset.c.id)

    def has_id_of(self, other: Published) -> Any:
        """Condition: the same project id in another row."""
        return sa.and_(
            self.project.c.project_id == other.project.c.project_id, self.project.c.id != other.project.c.id
        )


def _claim(of: Published) -> Any:
    """Scalar: since when the claimant of a row has published its project id; infinity when not known."""
    claim = Published("claim")
    forever = sa.cast(sa.literal("infinity"), sa.DateTime(timezone=True))
    return (
        sa.select(sa.func.coalesce(sa.func.min(claim.project.c.claimed), forever))
        .select_from(claim.source)
        .where(claim.project.c.project_id == of.project.c.project_id, claim.claimant == of.claimant)
        .correlate(of.project, of.dataset)
        .scalar_subquery()
    )


def _comes_before(other: Published, shown: Published) -> Any:
    """Condition: of two public rows of one id, ``other`` is to be shown rather than ``shown``."""
    same_claimant = sa.tuple_(other.project.c.accepted, other.project.c.id) > sa.tuple_(
        shown.project.c.accepted, shown.project.c.id
    )
    older_claim = sa.tuple_(_claim(other), other.claimant) < sa.tuple_(_claim(shown), shown.claimant)
    return sa.case((other.claimant == shown.claimant, same_claimant), else_=older_claim)


def visible(name: str = "shown") -> tuple[Published, Any]:
    """Return the join of public projects and the condition that leaves one row an id.

    Used as ``select(...).select_from(shown.source).where(condition)``.
    """
    shown, other = Published(name), Published(f"{name}_other")
    # Whether a namesake is public, and comes first, is asked only of namesakes: ids are rarely shared,
    # and joining every row with its dataset once more would double the work of every search.
    preferred = (
        sa.select(sa.literal(1))
        .select_from(other.dataset.join(other.resource, sa.true()))
        .where(other.is_public, _comes_before(other, shown))
        .correlate(shown.project, shown.dataset, other.project)
    )
    hidden = (
        sa.select(sa.literal(1))
        .select_from(other.project)
        .where(other.has_id_of(shown), sa.exists(preferred))
        .correlate(shown.project, shown.dataset)
    )
    return shown, ~sa.exists(hidden)


def _array(values: Collection[str]) -> Any:
    return sa.cast(list(values), ARRAY(sa.Text))


def _any(column: Any, values: Collection[str]) -> Any:
    return column == sa.any_(_array(values))


# -- the door --------------------------------------------------------------------------------------


def lock() -> None:
    """Let one transaction at a time change the registry, until it ends.

    Two uploads of the same project id would otherwise not see each other.
    """
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def conflicts(
    project_ids: Collection[str], organization_id: str | None, package_id: str | None, user: str | None
) -> list[Conflict]:
    """Return which of ``project_ids`` another organismo publishes.

    ``organization_id`` and ``package_id``: where they are about to stand; a dataset
    without organismo is alone with itself. ``user``: name of who is told.
    A dataset that is private, draft or deleted never takes part: it would be betrayed.
    At most :data:`MOST_CONFLICTS` are returned, in the order of the ids.
    """
    wanted = [summaries.storable(project_id) for project_id in project_ids]
    if not wanted:
        return []
    return _conflicts(lambda held: _any(held.project.c.project_id, wanted), organization_id, package_id, user)


def publication_conflicts(package_id: str, organization_id: str | None, user: str | None) -> list[Conflict]:
    """Return what :func:`conflicts` would of all that stands in a dataset.

    For when it is made public, undeleted, or passed to another organismo (``organization_id``).
    """
    mine = Project.__table__.alias("mine")
    return _conflicts(
        lambda held: held.project.c.project_id.in_(
            sa.select(mine.c.project_id).where(mine.c.package_id == package_id)
        ),
        organization_id,
        package_id,
        user,
    )


def _conflicts(
    which: Any, organization_id: str | None, package_id: str | None, user: str | None
) -> list[Conflict]:
    held = Published("held")
    organization = model.Group.__table__.alias("organization")
    query = (
        sa.select(
            held.project.c.project_id,
            held.dataset.c.id.label("package_id"),
            held.dataset.c.name,
            held.dataset.c.title,
            sa.func.coalesce(organization.c.title, organization.c.name).label("organization_title"),
        )
        .select_from(held.source.outerjoin(organization, organization.c.id == held.dataset.c.owner_org))
        .where(which(held), held.claimant != (organization_id or package_id or ""))
        .order_by(held.project.c.project_id, held.dataset.c.name)
        .limit(MOST_CONFLICTS)
    )
    if package_id:
        query = query.where(held.dataset.c.id != package_id)
    rows = model.Session.execute(query).all()
    may_see = {row.package_id: _may_see(row.package_id, user) for row in rows}
    return [
        Conflict(row.project_id, row.name, row.title or row.name, row.organization_title)
        if may_see[row.package_id]
        else Conflict(row.project_id, None, None, None)
        for row in rows
    ]


def _may_see(package_id: str, user: str | None) -> bool:
    """Whether ``user`` may see a dataset: another plugin may be stricter than its being public."""
    try:
        tk.check_access("package_show", {"user": user or "", "auth_user_obj": None}, {"id": package_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True


# -- writing ---------------------------------------------------------------------------------------


def _batches(projects: Iterable[RawProject]) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """(JSON text, parsed project) in batches, each id once; the first of a repeated id stands."""
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


def _standing(resource_id: str) -> dict[str, Any]:
    """Rows of a resource by project id, as they stand."""
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

    def standing(self, old: Any) -> dict[str, Any]:
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
        row = columns | by.standing(old) | {"content_hash": content_hash}
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
    """Put ``projects`` in the place of what stood in the resource; return how many.

    Only of a file that is valid. ``projects`` is read once, a batch in memory at a
    time. A project whose content is new, or is not what stood there, gets a version; one
    that is gone leaves its versions. Raises ValueError or KeyError on something that is no
    project: the caller rolls back.
    """
    now: dt.datetime = model.Session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    by = _Acceptance(package_id, resource_id, organization_id, report_id, user_id, now)
    before = _standing(resource_id)
    _take_away([resource_id])
    stored = 0
    for batch in _batches(projects):
        rows, versions = _accept(batch, before, by)
        if versions:
            model.Session.execute(sa.insert(ProjectVersion.__table__), versions)
        model.Session.execute(sa.insert(Project.__table__), rows)
        stored += len(rows)
    _count([resource_id])
    _note_shared(resource_id)
    refresh_claims([package_id])
    return stored


def remove(resource_ids: Collection[str]) -> int:
    """Take the projects of resources away, keeping their versions; return how many went."""
    if not resource_ids:
        return 0
    gone = _take_away(resource_ids)
    if gone:
        _count(resource_ids)
    return gone


def _take_away(resource_ids: Collection[str]) -> int:
    table = Project.__table__
    return model.Session.execute(sa.delete(table).where(_any(table.c.resource_id, resource_ids))).rowcount


def _count(resource_ids: Collection[str] | None = None) -> None:
    """Count the projects of resources (None: of all) anew, for searches without words."""
    table = Project.__table__.c
    kind = (table.resource_id, table.status, table.sectors, table.year)
    old = sa.delete(project_count)
    new = sa.select(*kind, sa.func.count()).group_by(*kind)
    if resource_ids is not None:
        old = old.where(_any(project_count.c.resource_id, resource_ids))
        new = new.where(_any(table.resource_id, resource_ids))
    model.Session.execute(old)
    model.Session.execute(
        sa.insert(project_count).from_select([column.name for column in project_count.c], new)
    )


def _note_shared(resource_id: str) -> None:
    """Note which ids of a resource stand in others too. The caller holds :func:`lock`."""
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
    """Forget datasets: projects and versions."""
    if not package_ids:
        return
    table = Project.__table__.c
    held = sa.select(table.resource_id).distinct().where(_any(table.package_id, package_ids))
    remove(model.Session.execute(held).scalars().all())
    for table in (Project.__table__, ProjectVersion.__table__):
        model.Session.execute(sa.delete(table).where(_any(table.c.package_id, package_ids)))


def delete_orphans() -> int:
    """Delete projects and versions whose dataset is no longer in the portal; return how many rows.

    A dataset can be purged by ways that no plugin hears of.
    """
    lock()
    dataset = model.Package.__table__
    gone = 0
    for table in (Project.__table__, ProjectVersion.__table__):
        exists = sa.exists(sa.select(sa.literal(1)).where(dataset.c.id == table.c.package_id))
        gone += model.Session.execute(sa.delete(table).where(~exists)).rowcount
    _count()
    column = Project.__table__.c.project_id
    twice = sa.select(column).group_by(column).having(sa.func.count() > 1)
    model.Session.execute(sa.delete(shared_id))
    model.Session.execute(sa.insert(shared_id).from_select(["project_id"], twice))
    refresh_claims()
    return gone


def refresh_claims(package_ids: Collection[str] | None = None) -> None:
    """Note since when datasets (None: all) publish their projects; forget it of what is not public.

    An organismo that already publishes an id keeps the older date. Changes nothing that is right.
    """
    table = Project.__table__
    public, sibling = Published("public"), Published("sibling")
    is_public = sa.exists(
        sa.select(sa.literal(1))
        .select_from(public.source)
        .where(public.project.c.id == table.c.id)
        .correlate(table)
    )
    owner = model.Package.__table__.alias("owner")
    claimant = (
        sa.select(sa.func.coalesce(sa.func.nullif(owner.c.owner_org, ""), owner.c.id))
        .where(owner.c.id == table.c.package_id)
        .correlate(table)
        .scalar_subquery()
    )
    already = (
        sa.select(sa.func.min(sibling.project.c.claimed))
        .select_from(sibling.source)
        .where(sibling.project.c.project_id == table.c.project_id, sibling.claimant == claimant)
        .correlate(table)
        .scalar_subquery()
    )
    since = sa.case(
        (is_public, sa.func.coalesce(already, sa.func.clock_timestamp())),
        else_=sa.null(),
    )
    update = sa.update(table).values(claimed=since).where(table.c.claimed.is_(None) == is_public)
    if package_ids is not None:
        update = update.where(_any(table.c.package_id, package_ids))
    model.Session.execute(update)


# -- reading, for whoever has checked that the dataset may be seen ---------------------------------


def previous_version(resource_id: str) -> PreviousVersion | None:
    """Return what the last accepted content of a resource said, or None when it has no projects."""
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


def of_resource(resource_id: str, limit: int = 20, offset: int = 0) -> tuple[int, list[dict[str, Any]]]:
    """Return how many projects stand in a resource, and a page of them by title.

    Public or not: the caller has checked that the resource may be seen.
    """
    total = model.Session.execute(
        sa.select(sa.func.count()).select_from(Project.__table__).where(Project.resource_id == resource_id)
    ).scalar_one()
    page = (
        sa.select(Project)
        .where(Project.resource_id == resource_id)
        .order_by(Project.title_key, Project.project_id)
        .limit(limit)
        .offset(offset)
    )
    return total, [project.dictize() for project in model.Session.execute(page).scalars()]


def index_words(package_id: str, longest: int) -> list[Any]:
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
