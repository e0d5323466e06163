"""Keys of private calendars."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text


class Token(tk.BaseModel):  # type: ignore[misc]
    """A private calendar's key: only its hash is kept. Revoked, it opens nothing."""

    __tablename__ = "ogp_token"

    id: Mapped[str] = identity()
    user_id: Mapped[str] = text()
    organization: Mapped[str | None] = text(nullable=True)
    sha256: Mapped[str] = text(unique=True)
    created: Mapped[dt.datetime] = moment()
    used: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    revoked: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))

    __table_args__ = (sa.Index("idx_ogp_token_user", "user_id"),)
