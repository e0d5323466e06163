"""Reports, the present state of each resource, projects with their versions, and what searches count.

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

TABLES = (
    "oc4ids_file_write",
    "oc4ids_project",
    "oc4ids_project_count",
    "oc4ids_project_version",
    "oc4ids_publication",
    "oc4ids_report",
    "oc4ids_resource",
    "oc4ids_shared_id",
    "oc4ids_withheld_dataset",
)


def upgrade() -> None:
    _create_report_tables()
    _create_project_tables()
    _create_search_tables()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _create_report_tables() -> None:
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
        sa.Column("stored_hash", sa.UnicodeText),
        sa.Column("last_read", sa.DateTime(timezone=True)),
        sa.Column("read_problem", sa.UnicodeText),
        sa.Column("problem_since", sa.DateTime(timezone=True)),
        sa.Column("missing_since", sa.DateTime(timezone=True)),
        sa.Column("problem_mailed", sa.DateTime(timezone=True)),
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

    op.create_table(
        "oc4ids_file_write",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("resource_id", sa.UnicodeText, nullable=False),
        sa.Column("package_id", sa.UnicodeText, nullable=False),
        sa.Column("previous_hash", sa.UnicodeText, nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("idx_oc4ids_file_write_resource", "oc4ids_file_write", ["resource_id"])


def _create_project_tables() -> None:
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

    # the orders of searches: a page is read from the index
    for name, columns in (
        ("title_key", ["title_key"]),
        ("moment", [sa.text("coalesce(updated, changed)")]),
        ("budget", ["budget_currency", sa.text("budget_amount DESC NULLS LAST")]),
        ("ends", [sa.text("coalesce(actual_end_date, end_date)")]),
    ):
        op.create_index(f"oc4ids_project_{name}_idx", "oc4ids_project", columns)

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
        "oc4ids_withheld_dataset",
        sa.Column("package_id", sa.UnicodeText, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )

    op.create_table(
        "oc4ids_publication",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("projects", sa.Integer, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )


def _create_search_tables() -> None:
    op.create_table(
        "oc4ids_project_count",
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("sectors", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("year", sa.SmallInteger),
        sa.Column("projects", sa.Integer, nullable=False),
    )
    op.create_index("oc4ids_project_count_resource_id_idx", "oc4ids_project_count", ["resource_id"])
    op.create_table("oc4ids_shared_id", sa.Column("project_id", sa.Text, nullable=False))
    op.create_index(
        "oc4ids_shared_id_project_id_idx", "oc4ids_shared_id", ["project_id"], postgresql_using="hash"
    )
