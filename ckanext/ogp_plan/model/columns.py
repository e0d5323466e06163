"""Columns that many of our tables have."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from ckan.model.types import make_uuid


def now() -> dt.datetime:
    """Return this moment, with its zone (UTC)."""
    return dt.datetime.now(dt.timezone.utc)


def identity() -> Any:
    """Return a primary key that is a UUID as text, as CKAN's own are."""
    return sa.Column(sa.UnicodeText, primary_key=True, default=make_uuid)


def text(**options: Any) -> Any:
    """Return a column of text; required unless ``nullable``."""
    return sa.Column(sa.UnicodeText, **{"nullable": False, **options})


def moment(**options: Any) -> Any:
    """Return a column with a moment and its zone; the database's own clock unless given."""
    return sa.Column(
        sa.DateTime(timezone=True),
        **{"nullable": False, "default": now, "server_default": sa.func.clock_timestamp(), **options},
    )
