"""What happened: facts of tracking, and lights that changed. Append-only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text


class Event(tk.BaseModel):  # type: ignore[misc]
    """One fact. ``kind`` names the class of :mod:`ckanext.ogp_plan.planning.tracking`; ``body``: its fields.

    ``subject``: the id of the event it is about (the evidence of a check, the update of a review).
    """

    __tablename__ = "ogp_event"

    id: Mapped[str] = identity()
    seq: Mapped[int] = sa.Column(
        sa.BigInteger,
        sa.Sequence("ogp_event_seq_seq"),
        nullable=False,
        server_default=sa.text("nextval('ogp_event_seq_seq')"),
    )
    plan_id: Mapped[str] = text()
    kind: Mapped[str] = text()
    level: Mapped[str | None] = text(nullable=True)
    code: Mapped[str | None] = text(nullable=True)
    organization: Mapped[str | None] = text(nullable=True)
    subject: Mapped[str | None] = text(nullable=True)
    supersedes: Mapped[str | None] = text(nullable=True)
    body: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    user_id: Mapped[str | None] = text(nullable=True)
    at: Mapped[dt.datetime] = moment()

    __table_args__ = (
        sa.Index("idx_ogp_event_plan", "plan_id", "at"),
        sa.Index("idx_ogp_event_item", "plan_id", "level", "code"),
        sa.Index("idx_ogp_event_organization", "organization", "at"),
        # two corrections of the same fact: the second is refused, and not silently lost
        sa.Index(
            "uq_ogp_event_supersedes",
            "supersedes",
            unique=True,
            postgresql_where=sa.text("supersedes IS NOT NULL"),
        ),
        sa.Index("idx_ogp_event_seq", "plan_id", "seq"),
        # every download of a resource asks whether it is evidence
        sa.Index(
            "idx_ogp_event_resource",
            sa.text("(body ->> 'resource')"),
            postgresql_where=sa.text("kind = 'evidence'"),
        ),
        # few among very many, and every report asks which items answer for which
        sa.Index("idx_ogp_event_link", "plan_id", postgresql_where=sa.text("kind = 'link'")),
        # likewise, and every page of a plan says which periods are open
        sa.Index("idx_ogp_event_whole", "plan_id", postgresql_where=sa.text("kind IN ('period', 'report')")),
        # what is about another fact is of no item by itself, and is asked for with each of them
        sa.Index("idx_ogp_event_about", "subject", postgresql_where=sa.text("kind IN ('review', 'check')")),
    )


class LightChange(tk.BaseModel):  # type: ignore[misc]
    """The light of an item changed, and why."""

    __tablename__ = "ogp_light_change"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    item_id: Mapped[str] = text()
    before: Mapped[str | None] = text(nullable=True)
    after: Mapped[str | None] = text(nullable=True)
    #: the reasons with their numbers, as plain values
    reasons: Mapped[list[Any]] = sa.Column(JSONB, nullable=False)
    at: Mapped[dt.datetime] = moment()

    __table_args__ = (
        sa.Index("idx_ogp_light_change_plan", "plan_id", "at"),
        sa.Index("idx_ogp_light_change_item", "item_id", "at"),
    )
