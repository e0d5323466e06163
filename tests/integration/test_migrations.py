"""The one revision of each plugin makes the tables that its models describe, and removes all that it made."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.cost_common import tables

PLUGINS = {"cost_oc4ids": "oc4ids_", "ogp_plan": "ogp_"}
SCHEMA = "migrations_of_a_test"


@pytest.fixture
def engine() -> Iterator[Any]:
    """An engine whose connections see an empty schema only."""
    url = tk.config["sqlalchemy.url"]
    whole = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with whole.connect() as connection:
        connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
    made = sa.create_engine(url, connect_args={"options": f"-csearch_path={SCHEMA}"})
    try:
        yield made
    finally:
        made.dispose()
        with whole.connect() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {SCHEMA} CASCADE"))
        whole.dispose()


def configuration(plugin: str) -> Config:
    """The Alembic configuration of a plugin, for the schema of the test."""
    folder = importlib.resources.files(f"ckanext.{plugin}") / "migration" / plugin
    config = Config()
    config.set_main_option("script_location", str(folder))
    url = f"{tk.config['sqlalchemy.url']}?options=-csearch_path%3D{SCHEMA}"
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def objects(engine: Any) -> set[tuple[str, str]]:
    """The relations, functions, triggers and types of the schema of the test, but for Alembic's own tables."""
    statement = sa.text(
        "SELECT 'relation', relname::text FROM pg_class WHERE relnamespace = CAST(:schema AS regnamespace)"
        " UNION ALL SELECT 'function', proname::text FROM pg_proc WHERE pronamespace = CAST(:schema AS regnamespace)"
        " UNION ALL SELECT 'type', typname::text FROM pg_type WHERE typnamespace = CAST(:schema AS regnamespace)"
        " UNION ALL SELECT 'trigger', tgname::text FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
        " WHERE relnamespace = CAST(:schema AS regnamespace)"
    )
    with engine.connect() as connection:
        found = connection.execute(statement, {"schema": SCHEMA}).all()
    return {(kind, name) for kind, name in found if "alembic_version" not in name}


def is_other_default(
    _context: Any, _column: Any, _model: Any, stored: str | None, _default: Any, wanted: str | None
) -> bool | None:
    """Compare what a sequence gives by its name: the Alembic beside CKAN 2.11 calls it twice and finds two numbers."""
    if not stored or "nextval" not in stored:
        return None
    names = [re.sub(rf"::regclass|{SCHEMA}\.|[()' ]", "", text or "") for text in (stored, wanted)]
    return names[0] != names[1]


def differences(engine: Any, plugin: str) -> list[Any]:
    """What Alembic would change to make the schema of the test what the models of a plugin say."""
    importlib.import_module(f"ckanext.{plugin}.model")

    def ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
        return type_ != "table" or bool(name and name.startswith(PLUGINS[plugin]))

    with engine.connect() as connection:
        options = {
            "include_object": ours,
            "version_table": f"{plugin}_alembic_version",
            "compare_type": True,
            "compare_server_default": is_other_default,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tk.BaseModel.metadata))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_upgrade_makes_what_the_models_say(engine: Any, plugin: str) -> None:
    command.upgrade(configuration(plugin), "head")
    assert differences(engine, plugin) == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_columns_are_in_the_order_of_the_models(engine: Any, plugin: str) -> None:
    command.upgrade(configuration(plugin), "head")
    inspector = sa.inspect(engine)
    for table in inspector.get_table_names():
        if table.startswith(PLUGINS[plugin]) and "alembic" not in table:
            columns = [column["name"] for column in inspector.get_columns(table)]
            assert columns == [column.name for column in tk.BaseModel.metadata.tables[table].columns], table


@pytest.mark.parametrize("plugin", PLUGINS)
def test_downgrade_removes_all_that_upgrade_made(engine: Any, plugin: str) -> None:
    config = configuration(plugin)
    command.upgrade(config, "head")
    made = objects(engine)
    assert {kind for kind, _ in made} >= {"relation", "type"}
    command.downgrade(config, "base")
    assert objects(engine) == set()
    command.upgrade(config, "head")
    assert objects(engine) == made


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_start_without_the_tables_names_them_and_the_command(
    engine: Any, plugin: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    importlib.import_module(f"ckanext.{plugin}.model")
    monkeypatch.setattr(model.meta, "engine", engine)
    prefix = PLUGINS[plugin]
    tables.log_missing(plugin, prefix)
    assert f"Run: ckan db upgrade -p {plugin}" in caplog.text
    assert all(name in caplog.text for name in tk.BaseModel.metadata.tables if name.startswith(prefix))

    caplog.clear()
    command.upgrade(configuration(plugin), "head")
    caplog.clear()
    tables.log_missing(plugin, prefix)
    assert caplog.text == ""

    table = {"cost_oc4ids": "oc4ids_project", "ogp_plan": "ogp_item"}[plugin]
    with engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN status CASCADE"))
    assert tables.find_missing(prefix) == [f"{table}.status"]


def test_a_table_that_somebody_holds_does_not_stop_the_start(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.upgrade(configuration("ogp_plan"), "head")
    impatient = sa.create_engine(
        engine.url, connect_args={"options": f"-csearch_path={SCHEMA} -cstatement_timeout=5000"}
    )
    monkeypatch.setattr(model.meta, "engine", impatient)
    with engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE ogp_item, ogp_event, ogp_cut IN ACCESS EXCLUSIVE MODE"))
        assert tables.find_missing("ogp_") == []
    impatient.dispose()


def test_a_database_that_does_not_answer_does_not_end_the_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(model.meta, "engine", sa.create_engine("postgresql://nobody@127.0.0.1:1/none"))
    tables.log_missing("ogp_plan", "ogp_")
    assert "could not be looked for" in caplog.text
