"""Who reports for a focal point during leave."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text


class Delegation(tk.BaseModel):  # type: ignore[misc]
    """During leave somebody reports for another, for one organismo, between two days (both included)."""

    __tablename__ = "ogp_delegation"

    id: Mapped[str] = identity()
    user_id: Mapped[str] = text()
    delegate_id: Mapped[str] = text()
    organization: Mapped[str] = text()
    since: Mapped[dt.date] = sa.Column(sa.Date, nullable=False)
    until: Mapped[dt.date] = sa.Column(sa.Date, nullable=False)
    reason: Mapped[str] = text(default="", server_default="")
    revoked: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    created: Mapped[dt.datetime] = moment()

    __table_args__ = (sa.Index("idx_ogp_delegation_delegate", "delegate_id"),)
