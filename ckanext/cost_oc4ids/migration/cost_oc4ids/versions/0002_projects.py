"""Projects as they stand, every content they had, and when what is published changed.

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
    op.create_table(
        "oc4ids_project",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_key", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("sectors", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("project_type", sa.Text),
        sa.Column("budget_amount", sa.Numeric),
        sa.Column("budget_currency", sa.Text),
        sa.Column("contract_amount", sa.Numeric),
        sa.Column("contract_currency", sa.Text),
        sa.Column("final_amount", sa.Numeric),
        sa.Column("final_currency", sa.Text),
        sa.Column("start_date", sa.Date),
        sa.Column("end_date", sa.Date),
        sa.Column("actual_end_date", sa.Date),
        sa.Column("published_start", sa.Text),
        sa.Column("published_end", sa.Text),
        sa.Column("updated", sa.DateTime(timezone=True)),
        sa.Column("year", sa.SmallInteger),
        sa.Column("min_lon", sa.Float),
        sa.Column("min_lat", sa.Float),
        sa.Column("max_lon", sa.Float),
        sa.Column("max_lat", sa.Float),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("version_id", sa.Text, nullable=False),
        sa.Column("accepted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "oc4ids_project_resource_project_key",
        "oc4ids_project",
        ["resource_id", sa.text("md5(project_id)")],
        unique=True,
    )
    op.create_index(
        "oc4ids_project_project_id_idx", "oc4ids_project", ["project_id"], postgresql_using="hash"
    )
    op.create_index("oc4ids_project_package_id_idx", "oc4ids_project", ["package_id"])
    op.create_index(
        "oc4ids_project_search_idx",
        "oc4ids_project",
        [sa.text("array_to_tsvector(string_to_array(search_text, ' '))")],
        postgresql_using="gin",
    )

    op.create_table(
        "oc4ids_project_version",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("report_id", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "oc4ids_project_version_project_id_idx",
        "oc4ids_project_version",
        ["project_id"],
        postgresql_using="hash",
    )
    op.create_index("oc4ids_project_version_resource_id_idx", "oc4ids_project_version", ["resource_id"])
    op.create_index("oc4ids_project_version_package_id_idx", "oc4ids_project_version", ["package_id"])

    op.create_table(
        "oc4ids_publication",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("projects", sa.Integer, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("oc4ids_publication")
    op.drop_table("oc4ids_project_version")
    op.drop_table("oc4ids_project")
