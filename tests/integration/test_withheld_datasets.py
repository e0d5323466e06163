"""What another plugin of the portal withholds from visitors is shown nowhere: by labels, or by ``package_show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import logic, model, plugins
from ckan.tests import factories
from click.testing import CliRunner, Result
from support.application import portal
from support.projects import as_sysadmin, dataset, project, put, unique

from ckanext.cost_oc4ids import cli
from ckanext.cost_oc4ids.model import WithheldDataset
from ckanext.cost_oc4ids.projects import bulk, search, withholding

#: CKAN's own example: only the author and administrators see datasets whose description begins so
HIDDEN = "Proposed: "


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        plugins.load("example_ipermissionlabels")
        try:
            yield application
        finally:
            plugins.unload("example_ipermissionlabels")


@pytest.fixture
def published(app: Any) -> tuple[dict[str, Any], str]:
    """A public dataset, and the id of the project in it."""
    made, project_id = dataset(factories.Organization(), notes="Obras"), unique()
    put(made, project(project_id))
    return made, project_id


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of datasets that a chained ``package_show`` refuses to visitors."""
    refused: set[str] = set()
    original = logic.get_action("package_show")

    def package_show(context: Any, data_dict: Any) -> Any:
        shown = original(context, data_dict)
        if shown["id"] in refused and not context.get("user"):
            raise tk.NotAuthorized("not for visitors")
        return shown

    monkeypatch.setitem(logic._actions, "package_show", package_show)
    return refused


def places(app: Any, project_id: str) -> dict[str, bool]:
    """Where a visitor finds a project, by the name of the place."""
    model.Session.remove()
    with_words = search.search(search.Filters(q=project_id), "relevance", True, 10, 0, True)
    whole = search.search(search.Filters(), "updated", True, 1000, 0, True)
    snapshot = bulk.open_snapshot()
    bodies = [json.loads(body)["id"] for body in snapshot.bodies()]
    path = f"/oc4ids/projects/{project_id}.json"
    return {
        "search": project_id in [found["id"] for found in with_words.results],
        "search count": bool(with_words.total),
        "list": project_id in [found["id"] for found in whole.results],
        "ids": project_id in search.list_ids(1000, 0),
        "all fields": project_id in [found["id"] for found in search.list_projects(1000, 0)],
        "bulk package": project_id in bodies,
        "page": app.get(f"/infraestructura/{project_id}", expect_errors=True).status_code == 200,
        "json": app.get(path, expect_errors=True).status_code == 200,
    }


def nowhere(found: dict[str, bool]) -> bool:
    return not any(found.values())


def run(*words: str) -> Result:
    model.Session.rollback()
    return CliRunner().invoke(cli.cost_oc4ids, list(words))


def counted() -> int:
    return search.search(search.Filters(), "updated", True, 0, 0, True).total


class TestLabels:
    def test_a_save_withholds_and_the_next_one_shows_again(self, app: Any, published: Any) -> None:
        made, project_id = published
        assert all(places(app, project_id).values())
        before = counted()
        as_sysadmin("package_patch", id=made["id"], notes=f"{HIDDEN}obras")
        assert nowhere(places(app, project_id))
        assert counted() == before - 1
        as_sysadmin("package_patch", id=made["id"], notes="Obras")
        assert all(places(app, project_id).values())

    def test_a_withheld_dataset_does_not_hold_an_id(self, app: Any, published: Any) -> None:
        made, project_id = published
        as_sysadmin("package_patch", id=made["id"], notes=f"{HIDDEN}obras")
        other = dataset(factories.Organization())
        put(other, project(project_id, title="De otro organismo"))
        assert search.show(project_id)[0]["title"] == "De otro organismo"  # type: ignore[index]

    def test_what_is_private_has_no_note_and_gets_one_when_it_is_published_in_bulk(
        self, app: Any, published: Any
    ) -> None:
        made, project_id = published
        as_sysadmin("package_patch", id=made["id"], notes=f"{HIDDEN}obras", private=True)
        assert model.Session.get(WithheldDataset, made["id"]) is None
        as_sysadmin("bulk_update_public", datasets=[made["id"]], org_id=made["owner_org"])
        assert model.Session.get(WithheldDataset, made["id"]) is not None
        assert nowhere(places(app, project_id))

    def test_purging_deletes_the_note(self, app: Any, published: Any) -> None:
        made, _ = published
        as_sysadmin("package_patch", id=made["id"], notes=f"{HIDDEN}obras")
        as_sysadmin("dataset_purge", id=made["id"])
        assert model.Session.get(WithheldDataset, made["id"]) is None


class TestChainedPackageShow:
    def test_one_project_is_refused_at_once_and_lists_after_the_command(
        self, app: Any, published: Any, refusing: set[str]
    ) -> None:
        made, project_id = published
        refusing.add(made["id"])
        at_once = places(app, project_id)
        assert (at_once["page"], at_once["json"]) == (False, False)
        answer = app.get(f"/api/3/action/oc4ids_project_show?id={project_id}", expect_errors=True)
        assert answer.status_code == 404

        outcome = run("visibility")
        assert outcome.exit_code == 0, outcome.output
        assert f"dataset {made['id']} withheld" in outcome.output
        assert nowhere(places(app, project_id))

        refusing.clear()
        outcome = run("visibility")
        assert f"dataset {made['id']} released" in outcome.output
        assert all(places(app, project_id).values())
        assert run("visibility").output == ""

    def test_the_nightly_command_asks_too(self, app: Any, published: Any, refusing: set[str]) -> None:
        made, project_id = published
        refusing.add(made["id"])
        run("revalidate", "--stale")
        assert nowhere(places(app, project_id))

    def test_a_plugin_that_fails_changes_nothing_and_is_reported(
        self, app: Any, published: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made, project_id = published
        other, hidden_id = dataset(factories.Organization(), notes=f"{HIDDEN}obras"), unique()
        put(other, project(hidden_id))
        withholding.refresh([other["id"]])
        model.Session.commit()
        with monkeypatch.context() as failing:

            def package_show(_context: Any, _data_dict: Any) -> Any:
                raise RuntimeError("the plugin's service does not answer")

            failing.setitem(logic._actions, "package_show", package_show)
            outcome = run("visibility")
        assert outcome.exit_code == 1
        assert f"dataset {made['id']} unknown" in outcome.output
        assert all(places(app, project_id).values())
        assert nowhere(places(app, hidden_id))


def test_a_save_without_oc4ids_asks_nothing(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = dataset(
        factories.Organization(), resources=[{"url": "https://example.org/a.csv", "format": "CSV"}]
    )
    asked: list[Any] = []
    monkeypatch.setattr("ckanext.cost_common.dataset_access.may_visitor_see", asked.append)
    as_sysadmin("package_patch", id=plain["id"], title="Otro")
    assert asked == []


def test_notes_of_datasets_that_are_gone_are_deleted(app: Any) -> None:
    model.Session.add(WithheldDataset(package_id="gone"))
    model.Session.commit()
    run("revalidate", "--stale")
    model.Session.remove()
    assert model.Session.get(WithheldDataset, "gone") is None
