"""Imports under way, and names of responsibles that nobody knows yet."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, moment, now, text


class Import(tk.BaseModel):  # type: ignore[misc]
    """A document between its dry run and its application. ``plan_id`` None: it would make a new plan.

    ``state``: ``open``, ``applied``, ``discarded``. The content is kept until then, and removed after.
    """

    __tablename__ = "ogp_import"

    id: Mapped[str] = identity()
    plan_id: Mapped[str | None] = text(nullable=True)
    #: of the plan it would make: name, title, owner
    wanted: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False, default=dict, server_default="{}")
    family: Mapped[str] = text()
    layout: Mapped[str | None] = text(nullable=True)
    file_name: Mapped[str] = text()
    content: Mapped[bytes | None] = sa.Column(sa.LargeBinary)
    size: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    sha256: Mapped[str] = text()
    answers: Mapped[dict[str, str]] = sa.Column(JSONB, nullable=False, default=dict, server_default="{}")
    #: version of the plan that the dry run was compared with
    base_version: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    state: Mapped[str] = text(default="open", server_default="open")
    applied_version: Mapped[int | None] = sa.Column(sa.Integer)
    user_id: Mapped[str | None] = text(nullable=True)
    created: Mapped[dt.datetime] = moment()
    modified: Mapped[dt.datetime] = moment(onupdate=now)

    __table_args__ = (
        sa.Index("idx_ogp_import_plan", "plan_id"),
        sa.Index("idx_ogp_import_user", "user_id", "state"),
    )


class UnknownName(tk.BaseModel):  # type: ignore[misc]
    """A responsible's name that nobody knows yet, as printed, until somebody answers it."""

    __tablename__ = "ogp_unknown_name"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    printed: Mapped[str] = text()
    #: the organization (name) or group (id) that somebody answered it is
    organization: Mapped[str | None] = text(nullable=True)
    group_id: Mapped[str | None] = text(nullable=True)
    answered_by: Mapped[str | None] = text(nullable=True)
    answered: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    created: Mapped[dt.datetime] = moment()

    __table_args__ = (sa.UniqueConstraint("plan_id", "printed", name="uq_ogp_unknown_name_printed"),)
