"""Plans, their versions, and what changed from one to the next."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import identity, moment, now, text

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class PlanRow(tk.BaseModel):  # type: ignore[misc]
    """A plan: its address, its status, its present version. ``owner``: name of an organization."""

    __tablename__ = "ogp_plan"

    id: Mapped[str] = identity()
    name: Mapped[str] = text(unique=True)
    family: Mapped[str] = text()
    title: Mapped[str] = text()
    #: a value of :class:`ckanext.ogp_plan.planning.types.PlanStatus`
    status: Mapped[str] = text()
    owner: Mapped[str] = text()
    start: Mapped[dt.date | None] = sa.Column(sa.Date)
    end: Mapped[dt.date | None] = sa.Column(sa.Date)
    version: Mapped[int] = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    #: what the plan sets otherwise than its family: thresholds, cadence, calendar, counting unit
    settings: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False, default=dict, server_default="{}")
    successor_of: Mapped[str | None] = text(nullable=True)
    dataset_id: Mapped[str | None] = text(nullable=True)
    #: nothing in it is true: it shows how a plan is tracked
    demonstration: Mapped[bool] = sa.Column(sa.Boolean, nullable=False, default=False, server_default="false")
    created: Mapped[dt.datetime] = moment()
    modified: Mapped[dt.datetime] = moment(onupdate=now)

    __table_args__ = (sa.Index("idx_ogp_plan_owner", "owner"),)

    @classmethod
    def get(cls, reference: str | None) -> PlanRow | None:
        """Return the plan of that id or name, or None."""
        # PostgreSQL holds no NUL, and an address may bring one
        if not reference or "\x00" in reference:
            return None
        if _UUID.fullmatch(reference) and (found := model.Session.get(cls, reference)):
            return found  # the session may hold it already
        wanted = sa.select(cls).where(sa.or_(cls.id == reference, cls.name == reference))
        return model.Session.scalars(wanted.order_by(cls.id != reference).limit(1)).first()


class PlanVersion(tk.BaseModel):  # type: ignore[misc]
    """The whole plan after an adoption, an import or a change. Append-only."""

    __tablename__ = "ogp_plan_version"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    number: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    #: :func:`ckanext.ogp_plan.planning.store.plan_to_store`
    body: Mapped[dict[str, Any]] = sa.Column(JSONB, nullable=False)
    sha256: Mapped[str] = text()
    act_name: Mapped[str] = text(server_default="", default="")
    reason: Mapped[str] = text(server_default="", default="")
    source_name: Mapped[str] = text(server_default="", default="")
    source_sha256: Mapped[str | None] = text(nullable=True)
    #: what was understood of the source and what was not: codes and parameters, no words
    acta: Mapped[dict[str, Any] | None] = sa.Column(JSONB)
    user_id: Mapped[str | None] = text(nullable=True)
    created: Mapped[dt.datetime] = moment()

    __table_args__ = (sa.UniqueConstraint("plan_id", "number", name="uq_ogp_plan_version"),)

    @classmethod
    def get(cls, plan_id: str, number: int) -> PlanVersion | None:
        """Return one version of a plan, or None."""
        wanted = sa.select(cls).where(cls.plan_id == plan_id, cls.number == number)
        return model.Session.scalars(wanted).first()


class RecordedChange(tk.BaseModel):  # type: ignore[misc]
    """One thing that a version says otherwise than the one before. Append-only."""

    __tablename__ = "ogp_plan_change"

    id: Mapped[str] = identity()
    plan_id: Mapped[str] = text()
    version: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    position: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    #: a value of :class:`ckanext.ogp_plan.planning.types.ChangeKind`
    kind: Mapped[str] = text()
    level: Mapped[str | None] = text(nullable=True)
    code: Mapped[str | None] = text(nullable=True)
    field: Mapped[str | None] = text(nullable=True)
    before: Mapped[Any] = sa.Column(JSONB)
    after: Mapped[Any] = sa.Column(JSONB)
    act_name: Mapped[str] = text(server_default="", default="")
    reason: Mapped[str] = text(server_default="", default="")
    user_id: Mapped[str | None] = text(nullable=True)
    created: Mapped[dt.datetime] = moment()

    __table_args__ = (
        sa.Index("idx_ogp_plan_change_plan", "plan_id", "created"),
        sa.Index("idx_ogp_plan_change_item", "plan_id", "level", "code"),
    )
