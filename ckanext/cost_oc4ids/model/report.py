"""Results of validation: reports on files, and the present state of each resource."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

#: the file is not declared as OC4IDS, or its kind of content is never validated
NOT_APPLICABLE = "not_applicable"
#: declared as OC4IDS and not validated yet; ``reason`` says what it waits for
PENDING = "pending"
VALID = "valid"
INVALID = "invalid"
#: the validation itself failed; ``reason`` and ``error`` say why
ERROR = "error"
#: validated, but its content, the schema or the checks changed since
STALE = "stale"
STATES = (NOT_APPLICABLE, PENDING, VALID, INVALID, ERROR, STALE)

#: who asked for a validation
UPLOAD, JOB, NIGHTLY, COMMAND = "upload", "job", "nightly", "command"


def now() -> dt.datetime:
    """Return this moment, with its zone (UTC)."""
    return dt.datetime.now(dt.timezone.utc)


class Report(tk.BaseModel):  # type: ignore[misc]
    """One validation of one file of a resource. ``report`` has codes and parameters, no words."""

    __tablename__ = "oc4ids_report"

    id: Mapped[str] = sa.Column(sa.UnicodeText, primary_key=True, default=make_uuid)
    resource_id: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    package_id: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    content_hash: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    content_size: Mapped[int] = sa.Column(sa.BigInteger, nullable=False)
    schema_version: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    checks_version: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    valid: Mapped[bool] = sa.Column(sa.Boolean, nullable=False)
    projects: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    errors: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    warnings: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    notes: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    report: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    origin: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    user_id: Mapped[str | None] = sa.Column(sa.UnicodeText)
    created: Mapped[dt.datetime] = sa.Column(
        sa.DateTime(timezone=True), nullable=False, default=now, server_default=sa.func.now()
    )

    __table_args__ = (
        sa.Index("idx_oc4ids_report_resource", "resource_id", "created"),
        sa.Index("idx_oc4ids_report_package", "package_id"),
    )

    @classmethod
    def get(cls, report_id: str | None) -> Report | None:
        """Return the report of that id, or None."""
        return model.Session.get(cls, report_id) if report_id else None


class ResourceState(tk.BaseModel):  # type: ignore[misc]
    """The present state of a resource: the content that was validated, and by which rules."""

    __tablename__ = "oc4ids_resource"

    resource_id: Mapped[str] = sa.Column(sa.UnicodeText, primary_key=True)
    package_id: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    state: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    #: a code of :mod:`ckanext.cost_oc4ids.validation.reasons` for pending, error and not_applicable
    reason: Mapped[str | None] = sa.Column(sa.UnicodeText)
    content_hash: Mapped[str | None] = sa.Column(sa.UnicodeText)
    content_size: Mapped[int | None] = sa.Column(sa.BigInteger)
    schema_version: Mapped[str | None] = sa.Column(sa.UnicodeText)
    checks_version: Mapped[int | None] = sa.Column(sa.Integer)
    report_id: Mapped[str | None] = sa.Column(sa.UnicodeText)
    #: SHA-256 of the upload that the last committed save left; None until somebody looked. Another one in
    #: the storage was put there by no save
    stored_hash: Mapped[str | None] = sa.Column(sa.UnicodeText)
    #: when its bytes were last read and were those of ``stored_hash``
    last_read: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    #: why they were not at the last look (a code of ``reasons``), and since when that is so
    read_problem: Mapped[str | None] = sa.Column(sa.UnicodeText)
    problem_since: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    #: when the file was first found to be gone, as against not readable
    missing_since: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    #: when the present problem was mailed
    problem_mailed: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    projects: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    attempts: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    #: technical words for the administrator; never shown to visitors
    error: Mapped[str | None] = sa.Column(sa.UnicodeText)
    job_id: Mapped[str | None] = sa.Column(sa.UnicodeText)
    started: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    finished: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    modified: Mapped[dt.datetime] = sa.Column(
        sa.DateTime(timezone=True), nullable=False, default=now, onupdate=now, server_default=sa.func.now()
    )

    __table_args__ = (
        sa.Index("idx_oc4ids_resource_package", "package_id"),
        sa.Index("idx_oc4ids_resource_state", "state"),
    )

    @classmethod
    def get(cls, resource_id: str | None) -> ResourceState | None:
        """Return the state of that resource, or None when it was never declared as OC4IDS."""
        return model.Session.get(cls, resource_id) if resource_id else None

    @classmethod
    def ensure(cls, resource_id: str, package_id: str) -> ResourceState:
        """Return the state of that resource, made (not committed) when there is none."""
        found = cls.get(resource_id)
        if found is None:
            found = cls(resource_id=resource_id, package_id=package_id, state=PENDING)
            model.Session.add(found)
        found.package_id = package_id
        return found

    @classmethod
    def of_resources(cls, resource_ids: Collection[str]) -> dict[str, ResourceState]:
        """Return the states of those resources by resource id, with one query."""
        if not resource_ids:
            return {}
        rows = model.Session.scalars(sa.select(cls).where(cls.resource_id.in_(list(resource_ids))))
        return {row.resource_id: row for row in rows}

    @classmethod
    def lock(cls, resource_id: str) -> ResourceState | None:
        """Return the state as it is in the database now, held until the transaction ends; None without one.

        CKAN's session keeps what it has read beyond a commit.
        """
        query = sa.select(cls).where(cls.resource_id == resource_id).with_for_update()
        return model.Session.scalars(query.execution_options(populate_existing=True)).first()

    @property
    def has_result(self) -> bool:
        """Whether there is a result of validation that a failure to read must not take away."""
        return self.report_id is not None and self.state != NOT_APPLICABLE

    @classmethod
    def counts(cls) -> dict[str, int]:
        """Return how many resources are in each state."""
        rows = model.Session.execute(sa.select(cls.state, sa.func.count()).group_by(cls.state))
        found = dict(map(tuple, rows))
        return {state: found.get(state, 0) for state in STATES}


def delete_of_packages(package_ids: Iterable[str]) -> None:
    """Delete every report and state of those datasets. Never commits."""
    ids = list(package_ids)
    for table in (Report, ResourceState):
        model.Session.execute(sa.delete(table).where(table.package_id.in_(ids)))
