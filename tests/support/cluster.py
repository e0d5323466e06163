"""Statements for the PostgreSQL of this checkout, as the owner of the cluster."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev"))


def sql(statement: str) -> str:
    """Run a statement and return its rows as text."""
    from stack import services

    return services.sql(statement)
