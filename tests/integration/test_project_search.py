"""Datasets found by their projects in the portal's own search, with a real Solr."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.tests import factories
from support.projects import as_sysadmin, dataset, project, put

from ckanext.cost_oc4ids.dataset import index
from ckanext.cost_oc4ids.projects import registry

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

FACETS = json.dumps([index.SECTOR, index.STATUS, index.YEAR])


def find(**data: Any) -> dict[str, Any]:
    """As anybody."""
    return tk.get_action("package_search")(
        {"user": "", "ignore_auth": False}, {"facet.field": FACETS, **data}
    )


def names(**data: Any) -> set[str]:
    return {found["name"] for found in find(**data)["results"]}


def test_found_by_title_id_and_place_and_counted_by_facets(app: Any) -> None:
    body = factories.Organization()
    found, plain = dataset(body, name="obras"), dataset(body, name="otras", resources=[])
    put(
        found,
        project(
            "oc4ids-zz9999-777",
            title="Pavimentación del Río Cañaveralejo",
            locations=[{"id": "1", "description": "Meléndez"}],
        ),
        project("oc4ids-zz9999-778", title="a\x0bb\uffff", status="completion", sector=["health"]),
    )
    search.rebuild(found["id"])
    for query in ("pavimentacion", "Cañaveralejo", "oc4ids-zz9999-777", "melendez"):
        assert names(q=query) == {"obras"}, query
    facets = find()["search_facets"]
    assert {
        (item["name"], item["display_name"], item["count"]) for item in facets[index.STATUS]["items"]
    } == {
        ("implementation", "Ejecución", 1),
        ("completion", "Cierre", 1),
    }
    assert {item["name"] for item in facets[index.SECTOR]["items"]} == {
        "transport",
        "transport.road",
        "health",
    }
    assert {item["name"] for item in facets[index.YEAR]["items"]} == {"2025"}
    assert names(fq=f'{index.STATUS}:"completion"') == {"obras"}
    assert plain["name"] not in names(fq=f"{index.SECTOR}:[* TO *]")
    page = app.get(f"/dataset/?{index.STATUS}=completion").body
    assert "Etapa del proyecto" in page
    assert "Cierre" in page

    # private: gone for anybody, with every trace of it in the counts
    as_sysadmin("package_patch", id=found["id"], private=True)
    assert names(q="pavimentacion") == set()
    assert not any(facet["items"] for facet in find()["search_facets"].values())


def test_a_save_indexes_the_rows_of_its_own_transaction() -> None:
    """2.12 indexes before it commits: what the upload guard stored a moment ago must be there."""
    found = dataset(factories.Organization(), name="obras")
    put(found, project("oc4ids-zz9999-900", title="Intercambiador vial"))
    assert names(q="intercambiador") == set()
    as_sysadmin("package_patch", id=found["id"], notes="tocado")
    assert names(q="intercambiador") == {"obras"}


def test_a_failing_table_fails_no_save(monkeypatch: Any, caplog: Any) -> None:
    found = dataset(factories.Organization(), name="obras")
    put(found, project("oc4ids-zz9999-901"))

    def broken(*_: Any) -> Any:
        connection = model.Session.connection()
        with connection.begin_nested():
            connection.execute(sa.text("SELECT * FROM oc4ids_no_such_table"))

    monkeypatch.setattr(registry, "list_index_rows", broken)
    as_sysadmin("package_patch", id=found["id"], notes="se guarda igual")
    assert as_sysadmin("package_show", id=found["id"])["notes"] == "se guarda igual"
    assert "could not be indexed" in caplog.text
    assert names(q="igual") == {"obras"}


def test_without_oc4ids_resources_not_one_query() -> None:
    found = dataset(factories.Organization(), resources=[{"url": "https://example.org/x.csv", "name": "x"}])
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    try:
        as_sysadmin("package_patch", id=found["id"], notes="sin proyectos")
    finally:
        sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    assert statements
    assert not [one for one in statements if "oc4ids_project" in one]
