"""Plans, their versions and items; what is reported of them; cuts; who may do what.

Tables of recorded events are append-only: a trigger refuses UPDATE, DELETE and TRUNCATE.

Revision ID: 0001
Revises:
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "ogp_plan_version",
    "ogp_plan_change",
    "ogp_event",
    "ogp_light_change",
    "ogp_cut",
    "ogp_publication",
)
TABLES = (
    "ogp_assignment",
    "ogp_cut",
    "ogp_delegation",
    "ogp_event",
    "ogp_import",
    "ogp_item",
    "ogp_light_change",
    "ogp_plan",
    "ogp_plan_change",
    "ogp_plan_version",
    "ogp_publication",
    "ogp_unknown_name",
    "ogp_reminder",
    "ogp_role",
    "ogp_token",
)

_REFUSE = """
CREATE OR REPLACE FUNCTION ogp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what is recorded is corrected by a new row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE IF NOT EXISTS ogp_event_seq_seq")
    _create_tables()
    op.execute(_REFUSE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ogp_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ogp_append_only()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION IF EXISTS ogp_append_only()")
    op.execute("DROP SEQUENCE IF EXISTS ogp_event_seq_seq")


def _create_tables() -> None:
    op.create_table(
        "ogp_assignment",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("item_id", sa.UnicodeText(), nullable=False),
        sa.Column("organization", sa.UnicodeText(), nullable=True),
        sa.Column("unit", sa.UnicodeText(), nullable=True),
        sa.Column("group_id", sa.UnicodeText(), nullable=True),
        sa.Column("role", sa.UnicodeText(), nullable=False),
        sa.Column("own_target", sa.Numeric(), nullable=True),
        sa.Column("unknown", sa.UnicodeText(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_assignment_item", "ogp_assignment", ["item_id"], unique=False)
    op.create_index(
        "idx_ogp_assignment_organization", "ogp_assignment", ["organization", "plan_id"], unique=False
    )
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
    op.create_table(
        "ogp_cut",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("body", sa.UnicodeText(), nullable=False),
        sa.Column("sha256", sa.UnicodeText(), nullable=False),
        sa.Column("totals", JSONB(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("reason", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("supersedes", sa.UnicodeText(), nullable=True),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("supersedes"),
    )
    op.create_index("idx_ogp_cut_plan", "ogp_cut", ["plan_id", "day"], unique=False)
    op.create_index(
        "uq_ogp_cut_first",
        "ogp_cut",
        ["plan_id", "day"],
        unique=True,
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    # cuts are stored as they are: decompressing megabytes was a third of the time of reading them
    op.execute("ALTER TABLE ogp_cut ALTER COLUMN body SET STORAGE EXTERNAL")
    op.create_table(
        "ogp_delegation",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=False),
        sa.Column("delegate_id", sa.UnicodeText(), nullable=False),
        sa.Column("organization", sa.UnicodeText(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_delegation_delegate", "ogp_delegation", ["delegate_id"], unique=False)
    op.create_table(
        "ogp_event",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), server_default=sa.text("nextval('ogp_event_seq_seq')"), nullable=False
        ),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("kind", sa.UnicodeText(), nullable=False),
        sa.Column("level", sa.UnicodeText(), nullable=True),
        sa.Column("code", sa.UnicodeText(), nullable=True),
        sa.Column("organization", sa.UnicodeText(), nullable=True),
        sa.Column("subject", sa.UnicodeText(), nullable=True),
        sa.Column("supersedes", sa.UnicodeText(), nullable=True),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_event_item", "ogp_event", ["plan_id", "level", "code"], unique=False)
    op.create_index("idx_ogp_event_organization", "ogp_event", ["organization", "at"], unique=False)
    op.create_index("idx_ogp_event_plan", "ogp_event", ["plan_id", "at"], unique=False)
    op.create_index("idx_ogp_event_seq", "ogp_event", ["plan_id", "seq"], unique=False)
    op.create_index(
        "idx_ogp_event_resource",
        "ogp_event",
        [sa.text("(body ->> 'resource')")],
        unique=False,
        postgresql_where=sa.text("kind = 'evidence'"),
    )
    op.create_index(
        "idx_ogp_event_link",
        "ogp_event",
        ["plan_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'link'"),
    )
    op.create_index(
        "uq_ogp_event_supersedes",
        "ogp_event",
        ["supersedes"],
        unique=True,
        postgresql_where=sa.text("supersedes IS NOT NULL"),
    )
    # the few events that are of the whole plan are found without reading all events of it
    op.create_index(
        "idx_ogp_event_whole",
        "ogp_event",
        ["plan_id"],
        postgresql_where=sa.text("kind IN ('period', 'report')"),
    )
    op.create_index(
        "idx_ogp_event_about",
        "ogp_event",
        ["subject"],
        postgresql_where=sa.text("kind IN ('review', 'check')"),
    )
    op.create_table(
        "ogp_import",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=True),
        sa.Column("wanted", JSONB(), server_default="{}", nullable=False),
        sa.Column("family", sa.UnicodeText(), nullable=False),
        sa.Column("layout", sa.UnicodeText(), nullable=True),
        sa.Column("file_name", sa.UnicodeText(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.UnicodeText(), nullable=False),
        sa.Column("answers", JSONB(), server_default="{}", nullable=False),
        sa.Column("base_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.UnicodeText(), server_default="open", nullable=False),
        sa.Column("applied_version", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "modified",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_import_plan", "ogp_import", ["plan_id"], unique=False)
    op.create_index("idx_ogp_import_user", "ogp_import", ["user_id", "state"], unique=False)
    op.create_table(
        "ogp_item",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("level", sa.UnicodeText(), nullable=False),
        sa.Column("code", sa.UnicodeText(), nullable=False),
        sa.Column("address", sa.UnicodeText(), nullable=False),
        sa.Column("parent_id", sa.UnicodeText(), nullable=True),
        sa.Column("component_id", sa.UnicodeText(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("trackable", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("title", sa.UnicodeText(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("months", ARRAY(sa.SmallInteger()), server_default="{}", nullable=False),
        sa.Column("tags", ARRAY(sa.UnicodeText()), server_default="{}", nullable=False),
        sa.Column("search_text", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("declared", sa.UnicodeText(), nullable=True),
        sa.Column("light", sa.UnicodeText(), nullable=True),
        sa.Column("reasons", ARRAY(sa.UnicodeText()), server_default="{}", nullable=False),
        sa.Column("progress", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("disagrees", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", JSONB(), nullable=True),
        sa.Column("computed", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "address", name="uq_ogp_item_address"),
        sa.UniqueConstraint("plan_id", "level", "code", name="uq_ogp_item_code"),
    )
    op.create_index("idx_ogp_item_light", "ogp_item", ["plan_id", "light"], unique=False)
    op.create_index("idx_ogp_item_position", "ogp_item", ["plan_id", "position"], unique=False)
    # what every page of a plan counts, without reading the wide rows of items
    op.create_index(
        "idx_ogp_item_counted",
        "ogp_item",
        ["plan_id", "withdrawn", "trackable"],
        postgresql_include=["id", "light", "component_id", "months", "disagrees", "last_update"],
    )
    op.create_index("idx_ogp_item_root", "ogp_item", ["plan_id"], postgresql_where=sa.text("depth = 0"))
    op.create_index("idx_ogp_item_tagged", "ogp_item", ["plan_id"], postgresql_where=sa.text("tags <> '{}'"))
    op.create_table(
        "ogp_light_change",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("item_id", sa.UnicodeText(), nullable=False),
        sa.Column("before", sa.UnicodeText(), nullable=True),
        sa.Column("after", sa.UnicodeText(), nullable=True),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_light_change_item", "ogp_light_change", ["item_id", "at"], unique=False)
    op.create_index("idx_ogp_light_change_plan", "ogp_light_change", ["plan_id", "at"], unique=False)
    op.create_table(
        "ogp_plan",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("name", sa.UnicodeText(), nullable=False),
        sa.Column("family", sa.UnicodeText(), nullable=False),
        sa.Column("title", sa.UnicodeText(), nullable=False),
        sa.Column("status", sa.UnicodeText(), nullable=False),
        sa.Column("owner", sa.UnicodeText(), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settings", JSONB(), server_default="{}", nullable=False),
        sa.Column("successor_of", sa.UnicodeText(), nullable=True),
        sa.Column("dataset_id", sa.UnicodeText(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "modified",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("idx_ogp_plan_owner", "ogp_plan", ["owner"], unique=False)
    op.create_table(
        "ogp_plan_change",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.UnicodeText(), nullable=False),
        sa.Column("level", sa.UnicodeText(), nullable=True),
        sa.Column("code", sa.UnicodeText(), nullable=True),
        sa.Column("field", sa.UnicodeText(), nullable=True),
        sa.Column("before", JSONB(), nullable=True),
        sa.Column("after", JSONB(), nullable=True),
        sa.Column("act_name", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("reason", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_plan_change_item", "ogp_plan_change", ["plan_id", "level", "code"], unique=False)
    op.create_index("idx_ogp_plan_change_plan", "ogp_plan_change", ["plan_id", "created"], unique=False)
    op.create_table(
        "ogp_plan_version",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("sha256", sa.UnicodeText(), nullable=False),
        sa.Column("act_name", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("reason", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("source_name", sa.UnicodeText(), server_default="", nullable=False),
        sa.Column("source_sha256", sa.UnicodeText(), nullable=True),
        sa.Column("acta", JSONB(), nullable=True),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "number", name="uq_ogp_plan_version"),
    )
    op.create_table(
        "ogp_publication",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("cut_id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cut_id"),
    )
    op.create_table(
        "ogp_unknown_name",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=False),
        sa.Column("printed", sa.UnicodeText(), nullable=False),
        sa.Column("organization", sa.UnicodeText(), nullable=True),
        sa.Column("group_id", sa.UnicodeText(), nullable=True),
        sa.Column("answered_by", sa.UnicodeText(), nullable=True),
        sa.Column("answered", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "printed", name="uq_ogp_unknown_name_printed"),
    )
    op.create_table(
        "ogp_reminder",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("key", sa.UnicodeText(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=False),
        sa.Column("kind", sa.UnicodeText(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("state", sa.UnicodeText(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.UnicodeText(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("idx_ogp_reminder_state", "ogp_reminder", ["state", "due"], unique=False)
    op.create_table(
        "ogp_role",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=False),
        sa.Column("role", sa.UnicodeText(), nullable=False),
        sa.Column("plan_id", sa.UnicodeText(), nullable=True),
        sa.Column("organization", sa.UnicodeText(), nullable=True),
        sa.Column("component", sa.UnicodeText(), nullable=True),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.UnicodeText(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("idx_ogp_role_plan", "ogp_role", ["plan_id"], unique=False)
    op.create_index("idx_ogp_role_user", "ogp_role", ["user_id"], unique=False)
    op.create_table(
        "ogp_token",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=False),
        sa.Column("organization", sa.UnicodeText(), nullable=True),
        sa.Column("sha256", sa.UnicodeText(), nullable=False),
        sa.Column(
            "created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("idx_ogp_token_user", "ogp_token", ["user_id"], unique=False)
