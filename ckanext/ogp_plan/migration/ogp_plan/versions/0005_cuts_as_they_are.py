"""Keep what cuts froze as it is: decompressing megabytes was a third of what reading them took.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-21
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Store new cuts uncompressed. Those that are there stay as they are, and are read as before."""
    op.execute("ALTER TABLE ogp_cut ALTER COLUMN body SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Compress new cuts again."""
    op.execute("ALTER TABLE ogp_cut ALTER COLUMN body SET STORAGE EXTENDED")
