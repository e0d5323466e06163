"""Infrastructure projects with their current content, and every content they ever had.

No foreign keys to core tables. Who may see a row is decided by its dataset when it is
read, never by what is stored here.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.model.types import make_uuid
from sqlalchemy import (
    ARRAY,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)


def _value(amount: Decimal | None, currency: str | None) -> dict[str, Any] | None:
    return None if amount is None else {"amount": amount, "currency": currency}


def _iso(moment: dt.date | dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


class Project(tk.BaseModel):  # type: ignore[misc]
    """One project as one resource has it now."""

    __tablename__ = "oc4ids_project"

    id = Column(Text, primary_key=True, default=make_uuid)
    project_id = Column(Text, nullable=False)
    resource_id = Column(Text, nullable=False)
    package_id = Column(Text, nullable=False)
    #: organismo that the dataset was of when the project was accepted; readers go by the dataset's own
    organization_id = Column(Text)
    title = Column(Text, nullable=False, default="")
    title_key = Column(Text, nullable=False, default="")
    description = Column(Text, nullable=False, default="")
    status = Column(Text)
    sectors = Column(ARRAY(Text), nullable=False, default=list)
    project_type = Column(Text)
    budget_amount = Column(Numeric)
    budget_currency = Column(Text)
    contract_amount = Column(Numeric)
    contract_currency = Column(Text)
    final_amount = Column(Numeric)
    final_currency = Column(Text)
    #: calendar days as published
    start_date = Column(Date)
    end_date = Column(Date)
    actual_end_date = Column(Date)
    #: planned period letter by letter, for comparing with what is published next
    published_start = Column(Text)
    published_end = Column(Text)
    updated = Column(DateTime(timezone=True))
    year = Column(SmallInteger)
    min_lon = Column(Float)
    min_lat = Column(Float)
    max_lon = Column(Float)
    max_lat = Column(Float)
    place = Column(Text, nullable=False, default="")
    authority = Column(Text, nullable=False, default="")
    search_text = Column(Text, nullable=False, default="")
    content_hash = Column(Text, nullable=False)
    version_id = Column(Text, nullable=False)
    #: when the upload that it comes from was accepted
    accepted = Column(DateTime(timezone=True), nullable=False)
    #: when its present content was accepted
    changed = Column(DateTime(timezone=True), nullable=False)
    #: since when its organismo has published it; only settles which of two organismos came first
    claimed = Column(DateTime(timezone=True))

    def dictize(self) -> dict[str, Any]:
        """Return the project's summary as plain data: amounts as Decimal, dates as ISO 8601 text."""
        return {
            "id": self.project_id,
            "title": self.title,
            "description": self.description,
            "status": self.status,
            "sectors": list(self.sectors),
            "type": self.project_type,
            "budget": _value(self.budget_amount, self.budget_currency),
            "contract_value": _value(self.contract_amount, self.contract_currency),
            "final_value": _value(self.final_amount, self.final_currency),
            "start_date": _iso(self.start_date),
            "end_date": _iso(self.end_date),
            "actual_end_date": _iso(self.actual_end_date),
            "updated": _iso(self.updated),
            "year": self.year,
            "bbox": None
            if self.min_lon is None
            else [self.min_lon, self.min_lat, self.max_lon, self.max_lat],
            "place": self.place,
            "public_authority": self.authority,
            "content_hash": self.content_hash,
            "version_id": self.version_id,
            "accepted": _iso(self.accepted),
            "changed": _iso(self.changed),
            "published_since": _iso(self.claimed),
        }

    __table_args__ = (
        # an id may be longer than a B-tree takes
        Index("oc4ids_project_resource_project_key", "resource_id", func.md5(project_id), unique=True),
        Index("oc4ids_project_project_id_idx", "project_id", postgresql_using="hash"),
        Index("oc4ids_project_package_id_idx", "package_id"),
        Index(
            "oc4ids_project_search_idx",
            text("array_to_tsvector(string_to_array(search_text, ' '))"),
            postgresql_using="gin",
        ),
        # the orders that searches are asked in: a page is read off the index
        Index("oc4ids_project_title_key_idx", "title_key"),
        Index("oc4ids_project_moment_idx", text("coalesce(updated, changed)")),
        Index("oc4ids_project_budget_idx", "budget_currency", text("budget_amount DESC NULLS LAST")),
        Index("oc4ids_project_ends_idx", text("coalesce(actual_end_date, end_date)")),
    )


#: How many projects of a resource are of one status, sectors and year, public or not: what a search
#: without words counts. Written by :mod:`..registry` with the projects, in one transaction.
project_count = Table(
    "oc4ids_project_count",
    tk.BaseModel.metadata,
    Column("resource_id", Text, nullable=False),
    Column("status", Text),
    Column("sectors", ARRAY(Text), nullable=False),
    Column("year", SmallInteger),
    Column("projects", Integer, nullable=False),
    Index("oc4ids_project_count_resource_id_idx", "resource_id"),
)

#: Project ids that are in more than one resource, or once were: only of these has anybody to find out
#: which one is shown. One too many costs a moment; one too few would show a project twice.
shared_id = Table(
    "oc4ids_shared_id",
    tk.BaseModel.metadata,
    Column("project_id", Text, nullable=False),
    Index("oc4ids_shared_id_project_id_idx", "project_id", postgresql_using="hash"),
)


class ProjectVersion(tk.BaseModel):  # type: ignore[misc]
    """A content that a project had in a resource, from the moment it was accepted."""

    __tablename__ = "oc4ids_project_version"

    id = Column(Text, primary_key=True, default=make_uuid)
    project_id = Column(Text, nullable=False)
    resource_id = Column(Text, nullable=False)
    package_id = Column(Text, nullable=False)
    content_hash = Column(Text, nullable=False)
    #: the project's JSON as published; text, for JSONB keeps neither its form nor its numbers' digits
    body = Column(Text, nullable=False)
    report_id = Column(Text)
    user_id = Column(Text)
    created = Column(DateTime(timezone=True), nullable=False)

    __table_args__ = (
        Index("oc4ids_project_version_project_id_idx", "project_id", postgresql_using="hash"),
        Index("oc4ids_project_version_resource_id_idx", "resource_id"),
        Index("oc4ids_project_version_package_id_idx", "package_id"),
    )

    def dictize(self) -> dict[str, Any]:
        """Return the version as plain data, without its body."""
        return {
            "id": self.id,
            "project_id": self.project_id,
            "resource_id": self.resource_id,
            "package_id": self.package_id,
            "content_hash": self.content_hash,
            "report_id": self.report_id,
            "created": self.created.isoformat(),
        }


class Publication(tk.BaseModel):  # type: ignore[misc]
    """When what is published under a name was last seen to change."""

    __tablename__ = "oc4ids_publication"

    name = Column(Text, primary_key=True)
    #: of everything published under the name
    digest = Column(Text, nullable=False)
    projects = Column(Integer, nullable=False)
    changed = Column(DateTime(timezone=True), nullable=False)
