"""Plans say whether they are a demonstration.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; no plan that there is has it."""
    op.add_column(
        "ogp_plan", sa.Column("demonstration", sa.Boolean(), server_default="false", nullable=False)
    )


def downgrade() -> None:
    """Take the mark away."""
    op.drop_column("ogp_plan", "demonstration")
