"""Which organismo publishes a project id, and since when: conflicts between organismos.

Nothing commits; the caller holds :func:`.registry.lock`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cost_oc4ids.model import Project
from ckanext.cost_oc4ids.oc4ids import summary as summaries
from ckanext.cost_oc4ids.projects import visibility

#: Conflicts returned at most; the first is enough and the list of a whole package would not be read.
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


def find_conflicts(
    project_ids: Collection[str], organization_id: str | None, package_id: str | None, user: str | None
) -> list[Conflict]:
    """Return which of ``project_ids`` another organismo publishes.

    ``organization_id`` and ``package_id``: where they are to be published; a dataset
    without organismo conflicts with every other. ``user``: name of the user who sees the result.
    A dataset that is private, draft or deleted never takes part: its existence would be disclosed.
    At most :data:`MOST_CONFLICTS` are returned, in the order of the ids.
    """
    wanted = [summaries.storable(project_id) for project_id in project_ids]
    if not wanted:
        return []
    return _conflicts(
        lambda held: visibility.is_any(held.project.c.project_id, wanted), organization_id, package_id, user
    )


def find_publication_conflicts(
    package_id: str, organization_id: str | None, user: str | None
) -> list[Conflict]:
    """Return what :func:`find_conflicts` would of all projects of a dataset.

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
    held = visibility.Published("held")
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


def refresh_claims(package_ids: Collection[str] | None = None) -> None:
    """Store since when datasets (None: all) publish their projects; clear it of what is not public.

    An organismo that already publishes an id keeps the older date. Changes nothing that is right.
    """
    table = Project.__table__
    public, sibling = visibility.Published("public"), visibility.Published("sibling")
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
        update = update.where(visibility.is_any(table.c.package_id, package_ids))
    model.Session.execute(update)
