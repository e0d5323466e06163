"""Tables whose trigger refuses DELETE, emptied between tests with the trigger put aside: only tests do that."""

from __future__ import annotations

APPEND_ONLY = (
    "ogp_plan_version",
    "ogp_plan_change",
    "ogp_event",
    "ogp_light_change",
    "ogp_cut",
    "ogp_publication",
)


def empty_append_only() -> None:
    """Delete every row of the append-only tables that there are."""
    import sqlalchemy as sa
    from ckan import model

    model.Session.remove()
    there = set(sa.inspect(model.Session.connection()).get_table_names())
    for table in APPEND_ONLY:
        if table in there:
            for statement in ("DISABLE TRIGGER USER", None, "ENABLE TRIGGER USER"):
                sql = f"ALTER TABLE {table} {statement}" if statement else f"DELETE FROM {table}"  # noqa: S608
                model.Session.execute(sa.text(sql))
    model.Session.commit()
    model.Session.remove()
