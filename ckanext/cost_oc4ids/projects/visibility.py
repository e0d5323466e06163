"""Which projects are public, and which one of several with the same id is shown.

Who sees a project is decided when it is read: its dataset is active and not private, its
resource active, and no plugin of the portal withholds the dataset from visitors (see
:mod:`.withholding`). Of the same id in two resources of one organismo, the one accepted
last is shown; of two organismos, the one that has published it for longer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.cost_oc4ids.model import Project, WithheldDataset


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
            # few rows or none: hashed once a statement
            self.dataset.c.id.notin_(sa.select(WithheldDataset.__table__.c.package_id)),
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


def _comes_before(other: Published, displayed: Published) -> Any:
    """Condition: of two public rows of one id, ``other`` is to be shown rather than ``shown``."""
    same_claimant = sa.tuple_(other.project.c.accepted, other.project.c.id) > sa.tuple_(
        displayed.project.c.accepted, displayed.project.c.id
    )
    older_claim = sa.tuple_(_claim(other), other.claimant) < sa.tuple_(_claim(displayed), displayed.claimant)
    return sa.case((other.claimant == displayed.claimant, same_claimant), else_=older_claim)


def visible(name: str = "shown") -> tuple[Published, Any]:
    """Return the join of public projects and the condition that leaves one row an id.

    Used as ``select(...).select_from(shown.source).where(condition)``.
    """
    displayed, other = Published(name), Published(f"{name}_other")
    # Whether a namesake is public, and comes first, is asked only of namesakes: ids are rarely shared,
    # and joining every row with its dataset once more would double the work of every search.
    preferred = (
        sa.select(sa.literal(1))
        .select_from(other.dataset.join(other.resource, sa.true()))
        .where(other.is_public, _comes_before(other, displayed))
        .correlate(displayed.project, displayed.dataset, other.project)
    )
    hidden = (
        sa.select(sa.literal(1))
        .select_from(other.project)
        .where(other.has_id_of(displayed), sa.exists(preferred))
        .correlate(displayed.project, displayed.dataset)
    )
    return displayed, ~sa.exists(hidden)


def _array(values: Collection[str]) -> Any:
    return sa.cast(list(values), ARRAY(sa.Text))


def is_any(column: Any, values: Collection[str]) -> Any:
    return column == sa.any_(_array(values))
