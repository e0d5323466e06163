"""The Alembic environment of the plugins: what each one's ``env.py`` calls.

Each plugin has a version table of its own, and autogeneration compares its own tables only.
"""

from __future__ import annotations

import importlib
from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import engine_from_config, pool


def run(plugin: str, table_prefix: str) -> None:
    """Run the revisions of a plugin, or print their SQL in Alembic's offline mode.

    Call it while Alembic runs: it reads ``alembic.context``.

    :param plugin: its name, such as ``ogp_plan``, which is that of its package and of its version table.
    :param table_prefix: the prefix of the names of its tables, such as ``ogp_``.
    """
    config = context.config
    if config.config_file_name:
        # the command that runs Alembic keeps its own loggers
        fileConfig(config.config_file_name, disable_existing_loggers=False)

    def is_own(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
        """Leave tables of CKAN and of other plugins out."""
        return type_ != "table" or bool(name and name.startswith(table_prefix))

    options: dict[str, Any] = {
        "target_metadata": _metadata(plugin),
        "version_table": f"{plugin}_alembic_version",
        "include_object": is_own,
    }
    if context.is_offline_mode():
        context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True, **options)
        _migrate()
        return
    connectable = engine_from_config(
        config.get_section(config.config_ini_section) or {}, prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, **options)
        _migrate()


def _migrate() -> None:
    with context.begin_transaction():
        context.run_migrations()


def _metadata(plugin: str) -> Any:
    """Return CKAN's metadata with the plugin's tables in it."""
    from ckan.model.meta import metadata

    importlib.import_module(f"ckanext.{plugin}.model")
    return metadata
