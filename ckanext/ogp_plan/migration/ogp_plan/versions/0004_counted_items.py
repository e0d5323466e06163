"""Indexes for what every page of a plan counts: without reading the wide rows of items.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes; that of the assignments of a plan takes the place of a narrower one."""
    op.create_index(
        "idx_ogp_item_counted",
        "ogp_item",
        ["plan_id", "withdrawn", "trackable"],
        postgresql_include=["id", "light", "component_id", "months", "disagrees", "last_news"],
    )
    op.create_index("idx_ogp_item_root", "ogp_item", ["plan_id"], postgresql_where=sa.text("depth = 0"))
    op.create_index("idx_ogp_item_tagged", "ogp_item", ["plan_id"], postgresql_where=sa.text("tags <> '{}'"))
    op.drop_index("idx_ogp_assignment_plan", "ogp_assignment")
    op.create_index(
        "idx_ogp_assignment_plan",
        "ogp_assignment",
        ["plan_id"],
        postgresql_include=["item_id", "organization", "role"],
    )
    op.create_index(
        "idx_ogp_assignment_unknown",
        "ogp_assignment",
        ["plan_id"],
        postgresql_where=sa.text("unknown IS NOT NULL"),
    )


def downgrade() -> None:
    """Take the indexes away."""
    op.drop_index("idx_ogp_assignment_unknown", "ogp_assignment")
    op.drop_index("idx_ogp_assignment_plan", "ogp_assignment")
    op.create_index("idx_ogp_assignment_plan", "ogp_assignment", ["plan_id"])
    op.drop_index("idx_ogp_item_tagged", "ogp_item")
    op.drop_index("idx_ogp_item_root", "ogp_item")
    op.drop_index("idx_ogp_item_counted", "ogp_item")
