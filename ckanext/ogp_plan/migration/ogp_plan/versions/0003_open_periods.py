"""The few facts that open and close periods are found without looking at all facts of a plan.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "idx_ogp_event_period", "ogp_event", ["plan_id"], postgresql_where=sa.text("kind = 'period'")
    )


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("idx_ogp_event_period", "ogp_event")
