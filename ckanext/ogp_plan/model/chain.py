"""The chain of a plan's facts (append-only), and the last verification of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .columns import moment, text


class ChainEntry(tk.BaseModel):  # type: ignore[misc]
    """A fact in its place. Hashes: :mod:`ckanext.ogp_plan.planning.chain`. Append-only.

    The primary key is what keeps a chain from forking: two facts have no place in common.
    """

    __tablename__ = "ogp_chain_entry"

    plan_id: Mapped[str] = text(primary_key=True)
    position: Mapped[int] = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = text(unique=True)
    #: random, never published: only the salts of single fields are, which come out of it
    salt: Mapped[str] = text()
    fact_sha256: Mapped[str] = text()
    previous: Mapped[str] = text()
    sha256: Mapped[str] = text()


class ChainCheck(tk.BaseModel):  # type: ignore[misc]
    """The last verification of a plan's chain. One row a plan.

    ``position`` and ``sha256``: the head that was last found right; it stays when something is found wrong.
    """

    __tablename__ = "ogp_chain_check"

    plan_id: Mapped[str] = text(primary_key=True)
    position: Mapped[int] = sa.Column(sa.Integer, nullable=False)
    sha256: Mapped[str] = text()
    #: what is wrong now: kind, position, fact, known_by
    findings: Mapped[list[Any]] = sa.Column(JSONB, nullable=False, default=list, server_default="[]")
    checked: Mapped[dt.datetime] = moment()
