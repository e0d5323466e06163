"""Frozen cuts, and when each was published. Append-only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text


class Cut(tk.BaseModel):  # type: ignore[misc]
    """A plan with what was recorded by ``as_of``, for the cut of ``day``: canonical JSON and its SHA-256.

    A second freezing of the same day says which it ``supersedes`` and why.
    """

    __tablename__ = "ogp_cut"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    day: Mapped[dt.date] = sa.Column(sa.Date, nullable=False)
    as_of: Mapped[dt.datetime] = sa.Column(sa.DateTime(timezone=True), nullable=False)
    version: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    #: number of the rules the cut was computed by (:data:`ckanext.ogp_plan.planning.cuts.frozen.RULES`)
    rules: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    body: Mapped[str] = text()
    sha256: Mapped[str] = text()
    #: the chain of the plan's facts at ``as_of``: how many they were, and the hash of the last
    chain_position: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    chain_sha256: Mapped[str] = text()
    totals: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    due: Mapped[dt.date] = sa.Column(sa.Date, nullable=False)
    reason: Mapped[str] = text(default="", server_default="")
    supersedes: Mapped[str | None] = text(nullable=True, unique=True)
    user_id: Mapped[str | None] = text(nullable=True)
    created: Mapped[dt.datetime] = moment()

    __table_args__ = (
        sa.Index("idx_ogp_cut_plan", "plan_id", "day"),
        # one first freezing a day: two people at once do not make two
        sa.Index(
            "uq_ogp_cut_first", "plan_id", "day", unique=True, postgresql_where=sa.text("supersedes IS NULL")
        ),
    )


class Publication(tk.BaseModel):  # type: ignore[misc]
    """A cut was published. ``late_days``: business days after it was due, 0 when in time."""

    __tablename__ = "ogp_publication"

    id: Mapped[str] = identity()
    cut_id: Mapped[str] = text(unique=True)
    plan_id: Mapped[str] = text()
    late_days: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    user_id: Mapped[str | None] = text(nullable=True)
    at: Mapped[dt.datetime] = moment()
