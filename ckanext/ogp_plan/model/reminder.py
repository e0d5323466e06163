"""Letters that remind somebody of what is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text


class Reminder(tk.BaseModel):  # type: ignore[misc]
    """One letter; its ``key`` is unique, so it is sent once.

    ``state``: one of those that :mod:`ckanext.ogp_plan.mail.reminder` lists.
    """

    __tablename__ = "ogp_reminder"

    id: Mapped[str] = identity()
    key: Mapped[str] = text(unique=True)
    user_id: Mapped[str] = text()
    kind: Mapped[str] = text()
    body: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    state: Mapped[str] = text(default="pending", server_default="pending")
    attempts: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    error: Mapped[str | None] = text(nullable=True)
    due: Mapped[dt.date] = sa.Column(sa.Date, nullable=False)
    created: Mapped[dt.datetime] = moment()
    sent: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))

    __table_args__ = (sa.Index("idx_ogp_reminder_state", "state", "due"),)
