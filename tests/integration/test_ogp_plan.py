"""The second plugin loads alone or beside the first, and its facts cannot be changed afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.logic import get_action

from ckanext.ogp_plan.model import APPEND_ONLY, TABLES, Event, LightChange, PlanVersion


@pytest.mark.ckan_config("ckan.plugins", "ogp_plan cost_common")
@pytest.mark.usefixtures("with_plugins")
def test_it_loads_alone() -> None:
    assert p.plugin_loaded("ogp_plan")
    assert not p.plugin_loaded("cost_oc4ids")
    assert {"ogp", "paac", "ptep", "cost"} <= set(get_action("status_show")()["ogp_plan"]["families"])


@pytest.mark.usefixtures("with_plugins", "clean_db")
class TestTables:
    def test_the_migration_makes_what_the_model_says(self) -> None:
        inspector = sa.inspect(model.Session.connection())
        for table in (one.__table__ for one in TABLES):
            there = {column["name"]: column for column in inspector.get_columns(table.name)}
            assert set(there) == {column.name for column in table.columns}
            for column in table.columns:
                assert there[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
            # the inspector of CKAN 2.11's SQLAlchemy leaves indexes on expressions out
            wanted = sa.text("SELECT indexname FROM pg_indexes WHERE tablename = :table")
            indexes = set(model.Session.execute(wanted, {"table": table.name}).scalars())
            assert {index.name for index in table.indexes} <= indexes

    @pytest.mark.parametrize("table", [one.__tablename__ for one in APPEND_ONLY])
    def test_facts_cannot_be_truncated(self, table: str) -> None:
        with pytest.raises(sa.exc.IntegrityError, match="is refused"):
            model.Session.execute(sa.text(f"TRUNCATE {table}"))
        model.Session.rollback()

    @pytest.mark.parametrize("statement", ["UPDATE {0} SET plan_id = 'other'", "DELETE FROM {0}"])
    @pytest.mark.parametrize(
        "row",
        [
            Event(plan_id="p", kind="update", body={}),
            LightChange(plan_id="p", item_id="i", reasons=[]),
            PlanVersion(plan_id="p", number=1, body={}, sha256="0"),
        ],
        ids=lambda row: row.__tablename__,
    )
    def test_facts_cannot_be_changed(self, row: object, statement: str) -> None:
        model.Session.add(type(row)(**{k: v for k, v in vars(row).items() if not k.startswith("_")}))
        model.Session.commit()
        with pytest.raises(sa.exc.IntegrityError, match="is refused"):
            model.Session.execute(sa.text(statement.format(row.__tablename__)))
        model.Session.rollback()
