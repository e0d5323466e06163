"""Beside ckanext-dcat: every dataset is written as DCAT, ours and those that nobody describes to scheming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import rdflib
from ckan.tests import factories, helpers
from support.application import portal
from support.plan_portal import Town
from support.projects import encode
from support.publisher import Publisher
from support.uploads import CONFORMS_TO, package, uploaded

from ckanext.cost_oc4ids.dataset import scheming

DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckan.plugins", [*tk.aslist(tk.config["ckan.plugins"]), "dcat"])
        with portal() as made:
            yield made


def written(app: Any, path: str) -> rdflib.Graph:
    answer = app.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return rdflib.Graph().parse(data=answer.get_data(as_text=True), format="turtle")


def test_a_dataset_of_projects(app: Any) -> None:
    publisher = Publisher.new(app)
    dataset = publisher.dataset()
    resource = uploaded(app, publisher.editor, dataset, encode(package(2)))
    graph = written(app, f"/dataset/{dataset['name']}.ttl")
    assert len(list(graph.subjects(rdflib.RDF.type, DCAT.Dataset))) == 1
    (distribution,) = graph.subjects(rdflib.RDF.type, DCAT.Distribution)
    assert str(distribution).rsplit("/", 1)[1] == resource["id"]
    assert str(graph.value(distribution, DCAT.accessURL)) == resource["url"]
    assert str(graph.value(distribution, DCT.conformsTo)) == CONFORMS_TO


def test_an_ordinary_dataset_and_the_catalogue(app: Any) -> None:
    """Scheming gets our type alone; the portal's own datasets must not vanish from its catalogue."""
    dataset = factories.Dataset(
        owner_org=factories.Organization()["id"],
        resources=[{"url": "https://ejemplo.gov.co/a.csv", "format": "CSV"}],
    )
    graph = written(app, f"/dataset/{dataset['name']}.ttl")
    assert len(list(graph.subjects(rdflib.RDF.type, DCAT.Distribution))) == 1
    assert list(written(app, "/catalog.ttl").subjects(rdflib.RDF.type, DCAT.Catalog))


def test_a_plan(app: Any) -> None:
    town = Town.build(app)
    plan = town.plan("paac")
    title, plan_name = plan.title, plan.name
    name = town.call("owner_admin", "ogp_plan_publish_dataset", plan=plan_name)["dataset"]
    shown = helpers.call_action("package_show", id=name)
    graph = written(app, f"/dataset/{name}.ttl")
    addresses = {str(one) for one in graph.objects(None, DCAT.accessURL)}
    assert addresses == {one["url"] for one in shown["resources"]}
    assert [str(one) for one in graph.objects(None, DCT.title) if str(one) == title]


def test_the_schemas_that_scheming_gets(app: Any) -> None:
    show = tk.get_action("scheming_dataset_schema_show")
    assert show({}, {"type": "dataset"})["dataset_fields"] == []
    assert show({}, {"type": "oc4ids"})["dataset_type"] == "oc4ids"
    with pytest.raises(tk.ObjectNotFound):
        show({}, {"type": "nadie"})
    assert "dataset" not in tk.h.scheming_dataset_schemas(), "its form is CKAN's, as before"


def test_a_description_of_the_portals_own_is_left_alone() -> None:
    own = {"dataset_type": "dataset", "dataset_fields": [{"field_name": "title"}]}
    show = scheming.scheming_dataset_schema_show
    assert show(lambda _context, _data: own, {}, {"type": "dataset"}) is own
