"""Datasets that the portal withholds from visitors by rules that no column holds."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.cost_oc4ids.model.report import now


class WithheldDataset(tk.BaseModel):  # type: ignore[misc]
    """A dataset that is active and not private, and that a visitor may not see all the same.

    Another plugin's labels or its ``package_show`` say so. The row only takes away: a dataset without one
    is shown when its own columns allow it.
    """

    __tablename__ = "oc4ids_withheld_dataset"

    package_id: Mapped[str] = sa.Column(sa.UnicodeText, primary_key=True)
    since: Mapped[dt.datetime] = sa.Column(
        sa.DateTime(timezone=True), nullable=False, default=now, server_default=sa.func.now()
    )
