"""Items of the present version of a plan, with the status computed for each; and who owes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, text


class PlanItem(tk.BaseModel):  # type: ignore[misc]
    """One item. Its row stays when a later version has it no more (``withdrawn``): its address lives on.

    The columns from ``declared`` on are computed (:mod:`ckanext.ogp_plan.services.item_status`) and can be
    deleted: they are computed from the events.
    """

    __tablename__ = "ogp_item"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    level: Mapped[str] = text()
    code: Mapped[str] = text()
    #: the part of the item's address after the plan's name; set once, never changed
    address: Mapped[str] = text()
    parent_id: Mapped[str | None] = text(nullable=True)
    #: the root above it; itself for a root
    component_id: Mapped[str] = text()
    position: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    depth: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    trackable: Mapped[bool] = sa.Column(sa.Boolean, nullable=False)
    withdrawn: Mapped[bool] = sa.Column(sa.Boolean, nullable=False, default=False, server_default="false")
    title: Mapped[str] = text()
    #: the item in store form: :mod:`ckanext.ogp_plan.planning.store`
    body: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    due: Mapped[dt.date | None] = sa.Column(sa.Date)
    months: Mapped[list[int]] = sa.Column(
        ARRAY(sa.SmallInteger), nullable=False, default=list, server_default="{}"
    )
    #: OGP values, where the family has them
    tags: Mapped[list[str]] = sa.Column(
        ARRAY(sa.UnicodeText), nullable=False, default=list, server_default="{}"
    )
    #: without accents or capitals
    search_text: Mapped[str] = text(default="", server_default="")

    declared: Mapped[str | None] = text(nullable=True)
    light: Mapped[str | None] = text(nullable=True)
    #: codes of the reasons of its light
    reasons: Mapped[list[str]] = sa.Column(
        ARRAY(sa.UnicodeText), nullable=False, default=list, server_default="{}"
    )
    #: from 0 to 1
    progress: Mapped[Decimal | None] = sa.Column(sa.Numeric(12, 6))
    disagrees: Mapped[bool] = sa.Column(sa.Boolean, nullable=False, default=False, server_default="false")
    last_update: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    #: everything computed, as :func:`ckanext.ogp_plan.planning.status_types.item_status_dict` gives it
    status: Mapped[dict[str, Any] | None] = sa.Column(JSONB)
    computed: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.UniqueConstraint("plan_id", "level", "code", name="uq_ogp_item_code"),
        sa.UniqueConstraint("plan_id", "address", name="uq_ogp_item_address"),
        sa.Index("idx_ogp_item_position", "plan_id", "position"),
        sa.Index("idx_ogp_item_light", "plan_id", "light"),
        # what every page of a plan counts, without the wide rows
        sa.Index(
            "idx_ogp_item_counted",
            "plan_id",
            "withdrawn",
            "trackable",
            postgresql_include=["id", "light", "component_id", "months", "disagrees", "last_update"],
        ),
        sa.Index("idx_ogp_item_root", "plan_id", postgresql_where=sa.text("depth = 0")),
        sa.Index("idx_ogp_item_tagged", "plan_id", postgresql_where=sa.text("tags <> '{}'")),
    )

    @classmethod
    def at(cls, plan_id: str, address: str) -> PlanItem | None:
        """Return the item of a plan at that address, or None."""
        if "\x00" in address:
            return None
        wanted = sa.select(cls).where(cls.plan_id == plan_id, cls.address == address)
        return model.Session.scalars(wanted).first()

    @classmethod
    def of(cls, plan_id: str, level: str, code: str) -> PlanItem | None:
        """Return the item of a plan with that level and code, or None."""
        wanted = sa.select(cls).where(cls.plan_id == plan_id, cls.level == level, cls.code == code)
        return model.Session.scalars(wanted).first()


class ItemAssignment(tk.BaseModel):  # type: ignore[misc]
    """One organismo that owes an item. A group whose members are known is one row a member.

    ``organization`` is a CKAN organization's name where there is one, an id of ``schemas/cali/``
    otherwise; None while only the group or a name in words is known.
    """

    __tablename__ = "ogp_assignment"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    item_id: Mapped[str] = text()
    organization: Mapped[str | None] = text(nullable=True)
    unit: Mapped[str | None] = text(nullable=True)
    group_id: Mapped[str | None] = text(nullable=True)
    #: a value of :class:`ckanext.ogp_plan.planning.types.Role`
    role: Mapped[str] = text()
    own_target: Mapped[Decimal | None] = sa.Column(sa.Numeric)
    unknown: Mapped[str | None] = text(nullable=True)
    position: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")

    __table_args__ = (
        sa.Index("idx_ogp_assignment_item", "item_id"),
        sa.Index("idx_ogp_assignment_organization", "organization", "plan_id"),
        sa.Index(
            "idx_ogp_assignment_plan",
            "plan_id",
            postgresql_include=["item_id", "organization", "role"],
        ),
        sa.Index("idx_ogp_assignment_unknown", "plan_id", postgresql_where=sa.text("unknown IS NOT NULL")),
    )
