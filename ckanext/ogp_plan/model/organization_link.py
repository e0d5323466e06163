"""Which organization of the portal an organismo of the plans is."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text

#: Who made a link: an import or change of a plan that named the organismo for the first time; a person.
BY_PLAN, BY_PERSON = "plan", "person"


class OrganizationLink(tk.BaseModel):  # type: ignore[misc]
    """An organismo (the code that plans, facts and cuts keep) is an organization, from one moment to another.

    The organization is known by its id: one that is renamed stays what it was, one that is made again with an
    old name is another. Ended by ``until``, never deleted. One organization may be several organismos.
    """

    __tablename__ = "ogp_organization_link"

    id: Mapped[str] = identity()
    code: Mapped[str] = text()
    organization_id: Mapped[str] = text()
    #: what the organization was called when it was linked: it may be purged later
    organization_name: Mapped[str] = text()
    since: Mapped[dt.datetime] = moment()
    until: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    origin: Mapped[str] = text()
    linked_by: Mapped[str | None] = text(nullable=True)
    ended_by: Mapped[str | None] = text(nullable=True)

    __table_args__ = (
        sa.Index("idx_ogp_organization_link_code", "code", "since"),
        sa.Index("idx_ogp_organization_link_organization", "organization_id"),
        sa.Index(
            "uq_ogp_organization_link_open", "code", unique=True, postgresql_where=sa.text("until IS NULL")
        ),
    )
