"""Roles in plans, beside those of CKAN's organizations."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .columns import identity, moment, text

COORDINATOR = "coordinador"
COMPONENT_LEADER = "lider_componente"
CONTROL = "control_interno"
MONITOR = "monitor"
FOCAL_POINT = "punto_focal"
ROLES = (COORDINATOR, COMPONENT_LEADER, CONTROL, MONITOR, FOCAL_POINT)


class PlanRole(tk.BaseModel):  # type: ignore[misc]
    """Somebody is something, in one plan or in all (``plan_id`` None). Ended by ``until``, never deleted."""

    __tablename__ = "ogp_role"

    id: Mapped[str] = identity()
    user_id: Mapped[str] = text()
    role: Mapped[str] = text()
    plan_id: Mapped[str | None] = text(nullable=True)
    #: for ``punto_focal``: of which organismo
    organization: Mapped[str | None] = text(nullable=True)
    #: for ``lider_componente``: the code of the component
    component: Mapped[str | None] = text(nullable=True)
    since: Mapped[dt.datetime] = moment()
    until: Mapped[dt.datetime | None] = sa.Column(sa.DateTime(timezone=True))
    granted_by: Mapped[str | None] = text(nullable=True)

    __table_args__ = (sa.Index("idx_ogp_role_user", "user_id"), sa.Index("idx_ogp_role_plan", "plan_id"))
