"""Alembic's door: runs the revisions of this plugin, in a version table of its own."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if config.config_file_name:
    # the command that calls us has loggers of its own, and wants to keep them
    fileConfig(config.config_file_name, disable_existing_loggers=False)

VERSION_TABLE = "ogp_plan_alembic_version"
TABLE_PREFIX = "ogp_"


def include_object(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
    """Keep autogeneration to our own tables: core's and other plugins' are not ours to change."""
    return type_ != "table" or bool(name and name.startswith(TABLE_PREFIX))


def target_metadata() -> Any:
    """Return the metadata that knows our tables, loaded only where it is compared."""
    from ckan.model.meta import metadata

    from ckanext.ogp_plan import model  # noqa: F401  (registers the tables)

    return metadata


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata(),
        literal_binds=True,
        version_table=VERSION_TABLE,
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run the revisions over one connection."""
    connectable = engine_from_config(
        config.get_section(config.config_ini_section) or {}, prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata(),
            version_table=VERSION_TABLE,
            include_object=include_object,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
