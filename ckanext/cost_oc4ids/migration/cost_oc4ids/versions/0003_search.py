"""What makes searching quick: counts of each resource, ids that stand twice, and orders.

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
    for name, columns in (
        ("title_key", ["title_key"]),
        ("moment", [sa.text("coalesce(updated, changed)")]),
        ("budget", ["budget_currency", sa.text("budget_amount DESC NULLS LAST")]),
        ("ends", [sa.text("coalesce(actual_end_date, end_date)")]),
    ):
        op.create_index(f"oc4ids_project_{name}_idx", "oc4ids_project", columns)
    op.execute(
        "INSERT INTO oc4ids_project_count "
        "SELECT resource_id, status, sectors, year, count(*) FROM oc4ids_project GROUP BY 1, 2, 3, 4"
    )
    op.execute(
        "INSERT INTO oc4ids_shared_id "
        "SELECT project_id FROM oc4ids_project GROUP BY project_id HAVING count(*) > 1"
    )


def downgrade() -> None:
    for name in ("title_key", "moment", "budget", "ends"):
        op.drop_index(f"oc4ids_project_{name}_idx", table_name="oc4ids_project")
    op.drop_table("oc4ids_shared_id")
    op.drop_table("oc4ids_project_count")
