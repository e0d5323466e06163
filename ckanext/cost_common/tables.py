"""The check of a plugin's tables when the portal starts: code may be there before its migration was run."""

from __future__ import annotations

import logging
from collections import defaultdict

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

log = logging.getLogger(__name__)

#: Only catalogues are read: what SQLAlchemy's inspector asks waits for a table that somebody else holds, and
#: no start of the portal nor of a worker may wait for that.
_COLUMNS = sa.text(
    """
    SELECT relation.relname, attribute.attname
    FROM pg_class AS relation JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
    WHERE relation.relkind IN ('r', 'p') AND pg_table_is_visible(relation.oid)
      AND relation.relname LIKE :names AND attribute.attnum > 0 AND NOT attribute.attisdropped
    """
)


def find_missing(prefix: str) -> list[str]:
    """Return the tables of a plugin, or their columns, that its models have and the database has not.

    :param prefix: of the names of the plugin's tables, such as ``ogp_``.
    :returns: names such as ``ogp_plan`` and ``ogp_item.status``, sorted.
    :raises sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    present: dict[str, set[str]] = defaultdict(set)
    with model.meta.engine.connect() as connection:
        for table, column in connection.execute(_COLUMNS, {"names": prefix.replace("_", r"\_") + "%"}):
            present[table].add(column)
    missing: list[str] = []
    for name, table in tk.BaseModel.metadata.tables.items():
        if not name.startswith(prefix):
            continue
        if name not in present:
            missing.append(name)
            continue
        missing += [f"{name}.{column.name}" for column in table.columns if column.name not in present[name]]
    return sorted(missing)


def log_missing(plugin: str, prefix: str) -> None:
    """Log which tables of a plugin are missing, and the command that makes them. Never makes the start fail.

    :param plugin: its name, such as ``ogp_plan``.
    :param prefix: of the names of its tables.
    """
    try:
        missing = find_missing(prefix) if model.meta.engine is not None else []
    except Exception:
        log.exception("The tables of the plugin %s could not be looked for", plugin)
        return
    if missing:
        log.error(
            "The database lacks what the plugin %s needs (%s). Run: ckan db upgrade -p %s",
            plugin,
            ", ".join(missing),
            plugin,
        )
