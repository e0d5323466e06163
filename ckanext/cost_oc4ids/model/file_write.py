"""Files that a save is replacing: what has to be undone when it never ends."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan.model.types import make_uuid
from sqlalchemy.orm import Mapped

from ckanext.cost_oc4ids.model.report import now


class FileWrite(tk.BaseModel):  # type: ignore[misc]
    """A file that CKAN is about to write, noted before it does, in a transaction of its own.

    The save deletes the row in its own transaction. So a row that is there when nobody holds the dataset's
    row is of a save that was not committed, and the file is as it left it.
    """

    __tablename__ = "oc4ids_file_write"

    id: Mapped[str] = sa.Column(sa.UnicodeText, primary_key=True, default=make_uuid)
    resource_id: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    package_id: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    #: SHA-256 of the file before; empty when there was none
    previous_hash: Mapped[str] = sa.Column(sa.UnicodeText, nullable=False)
    started: Mapped[dt.datetime] = sa.Column(
        sa.DateTime(timezone=True), nullable=False, default=now, server_default=sa.func.now()
    )

    __table_args__ = (sa.Index("idx_oc4ids_file_write_resource", "resource_id"),)
