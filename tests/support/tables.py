"""The tables of CKAN and of the plugins: made once a process, emptied as often as tests want."""

from __future__ import annotations

import importlib.resources
from typing import Any

import sqlalchemy as sa
from ckan import model, plugins
from ckan.cli.db import _run_migrations
from ckan.tests import factories, helpers

#: Tables whose trigger refuses DELETE: emptied with the trigger put aside, which only tests do.
APPEND_ONLY = (
    "ogp_plan_version",
    "ogp_plan_change",
    "ogp_event",
    "ogp_light_change",
    "ogp_chain_entry",
    "ogp_cut",
    "ogp_publication",
)


def empty() -> None:
    """Empty every table; make first those that are missing."""
    _use_what_is_there()
    empty_append_only()
    factories.fake.unique.clear()
    helpers.reset_db()
    _migrate()


def _use_what_is_there() -> None:
    """Let CKAN keep the tables that ``ckan db upgrade`` made, which it would drop once a process and make anew."""
    if not model.repo.tables_created_and_initialised:
        model.Session.remove()
        found = sa.inspect(model.Session.connection())
        model.repo.tables_created_and_initialised = found.has_table("alembic_version")
        model.Session.remove()


def empty_append_only() -> None:
    """Delete every row of the append-only tables that there are."""
    model.Session.remove()
    there = set(sa.inspect(model.Session.connection()).get_table_names())
    for table in APPEND_ONLY:
        if table in there:
            for statement in ("DISABLE TRIGGER USER", None, "ENABLE TRIGGER USER"):
                sql = f"ALTER TABLE {table} {statement}" if statement else f"DELETE FROM {table}"  # noqa: S608
                model.Session.execute(sa.text(sql))
    model.Session.commit()
    model.Session.remove()


def _migrate() -> None:
    """Bring the plugins' tables to what the migrations of this checkout say."""
    inspector = sa.inspect(model.Session.connection())
    missing = [name for name in _with_tables() if not _is_migrated(inspector, name)]
    model.Session.remove()
    for plugin in missing:
        _run_migrations(plugin)


def _with_tables() -> list[str]:
    """Return the loaded plugins that have migrations."""
    return [name for name in plugins.core._PLUGINS if _versions(name) is not None]


def _versions(plugin: str) -> list[str] | None:
    """Return the file names of a plugin's migrations, None when it has none."""
    try:
        folder: Any = importlib.resources.files(f"ckanext.{plugin}") / "migration" / plugin / "versions"
    except ModuleNotFoundError:
        return None
    return [each.name for each in folder.iterdir() if each.name.endswith(".py")] if folder.is_dir() else None


def _is_migrated(inspector: Any, plugin: str) -> bool:
    table = f"{plugin}_alembic_version"
    if not inspector.has_table(table):
        return False
    done = model.Session.execute(sa.text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608
    written = _versions(plugin)
    return not written or max(written).startswith(str(done)) or not max(written)[:4].isdigit()
