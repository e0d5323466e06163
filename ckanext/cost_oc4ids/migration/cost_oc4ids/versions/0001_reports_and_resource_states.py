"""Reports, and the present state of each resource.

Revision ID: 0001
Revises:
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oc4ids_report",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("resource_id", sa.UnicodeText, nullable=False),
        sa.Column("package_id", sa.UnicodeText, nullable=False),
        sa.Column("content_hash", sa.UnicodeText, nullable=False),
        sa.Column("content_size", sa.BigInteger, nullable=False),
        sa.Column("schema_version", sa.UnicodeText, nullable=False),
        sa.Column("checks_version", sa.Integer, nullable=False),
        sa.Column("valid", sa.Boolean, nullable=False),
        sa.Column("projects", sa.Integer, nullable=False, server_default="0"),
        sa.Column("errors", sa.Integer, nullable=False, server_default="0"),
        sa.Column("warnings", sa.Integer, nullable=False, server_default="0"),
        sa.Column("notes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("report", JSONB, nullable=False),
        sa.Column("origin", sa.UnicodeText, nullable=False),
        sa.Column("user_id", sa.UnicodeText),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("idx_oc4ids_report_resource", "oc4ids_report", ["resource_id", "created"])
    op.create_index("idx_oc4ids_report_package", "oc4ids_report", ["package_id"])

    op.create_table(
        "oc4ids_resource",
        sa.Column("resource_id", sa.UnicodeText, primary_key=True),
        sa.Column("package_id", sa.UnicodeText, nullable=False),
        sa.Column("state", sa.UnicodeText, nullable=False),
        sa.Column("reason", sa.UnicodeText),
        sa.Column("content_hash", sa.UnicodeText),
        sa.Column("content_size", sa.BigInteger),
        sa.Column("schema_version", sa.UnicodeText),
        sa.Column("checks_version", sa.Integer),
        sa.Column("report_id", sa.UnicodeText),
        sa.Column("projects", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.UnicodeText),
        sa.Column("job_id", sa.UnicodeText),
        sa.Column("started", sa.DateTime(timezone=True)),
        sa.Column("finished", sa.DateTime(timezone=True)),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("idx_oc4ids_resource_package", "oc4ids_resource", ["package_id"])
    op.create_index("idx_oc4ids_resource_state", "oc4ids_resource", ["state"])


def downgrade() -> None:
    op.drop_table("oc4ids_resource")
    op.drop_table("oc4ids_report")
