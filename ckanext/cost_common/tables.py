"""The check of a plugin's tables when the portal starts: code may be there before its migration was run."""

from __future__ import annotations

import logging

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

log = logging.getLogger(__name__)


def find_missing(prefix: str) -> list[str]:
    """Return the tables of a plugin, or their columns, that its models have and the database has not.

    :param prefix: of the names of the plugin's tables, such as ``ogp_``.
    :returns: names such as ``ogp_plan`` and ``ogp_item.status``, sorted.
    :raises sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    inspector = sa.inspect(model.meta.engine)
    present = set(inspector.get_table_names())
    missing: list[str] = []
    for name, table in tk.BaseModel.metadata.tables.items():
        if not name.startswith(prefix):
            continue
        if name not in present:
            missing.append(name)
            continue
        columns = {column["name"] for column in inspector.get_columns(name)}
        missing += [f"{name}.{column.name}" for column in table.columns if column.name not in columns]
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
