"""Every page × who asks × the state of the dataset; and nothing private anywhere else.

The pages of a dataset's reports follow CKAN's own rule on who may see the dataset.
Everything that speaks of projects in general speaks of public ones only, whoever asks.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from support import doors, generate, scenes
from support.scenes import CONFORMS_TO

ROLES = ("anonymous", "stranger", "member", "editor", "other_editor", "admin", "sysadmin")
STATES = ("public", "private", "draft", "deleted")
OUTSIDERS = {"anonymous", "stranger", "other_editor"}
MAY_CHANGE = {"editor", "admin", "sysadmin"}


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with doors.portal() as application:
        yield application


@pytest.fixture(scope="module")
def city(app: Any) -> dict[str, Any]:
    """Users of every role, and a dataset with a project in every state."""
    users: dict[str, Any] = {
        role: factories.UserWithToken() for role in ROLES if role not in ("anonymous", "sysadmin")
    }
    users["sysadmin"] = factories.SysadminWithToken()
    organization = factories.Organization(
        users=[{"name": users[role]["name"], "capacity": role} for role in ("member", "editor", "admin")]
    )
    factories.Organization(users=[{"name": users["other_editor"]["name"], "capacity": "editor"}])
    datasets = {
        state: _dataset(app, organization, users["editor"], state, n) for n, state in enumerate(STATES, 1)
    }
    return {"app": app, "users": users, "organization": organization, "datasets": datasets}


def _dataset(
    app: Any, organization: dict[str, Any], editor: dict[str, Any], state: str, number: int
) -> dict[str, Any]:
    project = generate.project(number, "small", seed=77)
    project["title"] = f"Puente {state}ero de la comuna"
    dataset = factories.Dataset(
        type="oc4ids", owner_org=organization["id"], user=editor, private=state == "private", state="active"
    )
    content = scenes.encoded(generate.package([project]))
    resource = scenes.uploaded(app, editor, dataset, content, name="proyectos.json")
    context = {"user": editor["name"], "ignore_auth": True}
    if state == "draft":
        tk.get_action("package_patch")(dict(context), {"id": dataset["id"], "state": "draft"})
    if state == "deleted":
        tk.get_action("package_delete")(dict(context), {"id": dataset["id"]})
    return {
        "id": dataset["id"],
        "name": dataset["name"],
        "resource": resource["id"],
        "project": project["id"],
        "title": project["title"],
    }


def get(city: dict[str, Any], role: str, path: str) -> Any:
    return city["app"].get(path, headers=_headers(city, role), follow_redirects=False)


def _headers(city: dict[str, Any], role: str) -> dict[str, str]:
    return {} if role == "anonymous" else {"Authorization": city["users"][role]["token"]}


def may_see(city: dict[str, Any], role: str, state: str) -> bool:
    """CKAN's own answer: releases differ on who of an organismo sees its drafts and deleted datasets."""
    answer = get(city, role, f"/api/action/package_show?id={city['datasets'][state]['id']}")
    seen = answer.status_code == 200
    assert not (seen and state != "public" and role in OUTSIDERS)
    assert seen or not (state in ("public", "private") and role not in OUTSIDERS)
    return bool(seen)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
class TestReports:
    """A report quotes the file: it is for whoever may see the dataset."""

    def test_report_pages(self, city: dict[str, Any], role: str, state: str) -> None:
        dataset = city["datasets"][state]
        sees = may_see(city, role, state)
        for suffix in ("", ".json", ".csv"):
            answer = get(city, role, f"/dataset/{dataset['name']}/oc4ids/{dataset['resource']}{suffix}")
            assert answer.status_code == (200 if sees else 404), suffix
            if not sees:
                assert dataset["project"] not in answer.get_data(as_text=True)

    def test_report_action(self, city: dict[str, Any], role: str, state: str) -> None:
        dataset = city["datasets"][state]
        answer = get(city, role, f"/api/action/oc4ids_report_show?resource_id={dataset['resource']}")
        assert answer.status_code == 200 if may_see(city, role, state) else answer.status_code in (403, 404)

    def test_validate_action_on_a_resource(self, city: dict[str, Any], role: str, state: str) -> None:
        dataset = city["datasets"][state]
        answer = city["app"].post(
            "/api/action/oc4ids_validate",
            json={"resource_id": dataset["resource"]},
            headers=_headers(city, role),
        )
        assert answer.status_code == 200 if may_see(city, role, state) else answer.status_code in (403, 404)

    def test_only_who_may_change_it_validates_again(self, city: dict[str, Any], role: str, state: str) -> None:
        dataset = city["datasets"][state]
        answer = city["app"].post(
            "/api/action/oc4ids_resource_revalidate",
            json={"resource_id": dataset["resource"]},
            headers=_headers(city, role),
        )
        assert answer.status_code == 200 if role in MAY_CHANGE else answer.status_code in (403, 404)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
class TestProjects:
    """What is not public is nowhere, not even for those who may see its dataset."""

    def test_pages(self, city: dict[str, Any], role: str, state: str) -> None:
        project = quote(city["datasets"][state]["project"])
        expected = 200 if state == "public" else 404
        for path in (f"/infraestructura/{project}", f"/oc4ids/projects/{project}.json"):
            assert get(city, role, path).status_code == expected, path
        assert get(city, role, f"/api/action/oc4ids_project_show?id={project}").status_code == expected

    def test_lists_counts_and_exports(self, city: dict[str, Any], role: str, state: str) -> None:
        dataset = city["datasets"][state]
        for path in (
            "/infraestructura",
            f"/infraestructura?q={quote(dataset['title'])}",
            "/oc4ids/projects.json",
            "/api/action/oc4ids_project_list",
            "/api/action/oc4ids_project_search",
            f"/api/action/oc4ids_project_search?q={quote(dataset['project'])}",
        ):
            answer = get(city, role, path)
            assert answer.status_code == 200, path
            found = dataset["project"] in answer.get_data(as_text=True)
            assert found is (state == "public") or (state == "public" and "?q=" not in path), path


class TestNowhereElse:
    """Search, feeds, the organismo's page: a stranger finds the public dataset only, and counts one."""

    @pytest.mark.parametrize("state", STATES)
    def test_search_and_feeds(self, city: dict[str, Any], state: str) -> None:
        dataset = city["datasets"][state]
        for path in (
            f"/dataset/?q={quote(dataset['project'])}",
            f"/api/action/package_search?q={quote(dataset['project'])}",
            f"/feeds/custom.atom?q={quote(dataset['project'])}",
            f"/organization/{city['organization']['name']}",
        ):
            body = get(city, "stranger", path).get_data(as_text=True)
            assert (dataset["name"] in body) is (state == "public"), path
            if state != "public":
                assert dataset["title"] not in body, path

    def test_counts(self, city: dict[str, Any]) -> None:
        for role in ROLES:
            assert get(city, role, "/api/action/oc4ids_project_search").get_json()["result"]["count"] == 1
        facets = json.dumps(
            get(
                city, "stranger", '/api/action/package_search?rows=0&facet.field=["vocab_oc4ids_status"]'
            ).get_json()
        )
        assert facets.count('"count": 1') >= 1

    @pytest.mark.parametrize("state", ["private", "draft", "deleted"])
    def test_conflicts_do_not_betray(self, city: dict[str, Any], state: str) -> None:
        """Another organismo may use the id; the answer is that of an id that nobody has."""
        other = factories.Organization(
            users=[{"name": city["users"]["other_editor"]["name"], "capacity": "editor"}]
        )
        mine = factories.Dataset(type="oc4ids", owner_org=other["id"], private=True)
        project = generate.project(STATES.index(state) + 1, "small", seed=77)
        assert project["id"] == city["datasets"][state]["project"]
        answer = city["app"].post(
            "/api/action/resource_create",
            headers=_headers(city, "other_editor"),
            data={
                "package_id": mine["id"],
                "name": "los mismos",
                "url": "",
                "conforms_to": CONFORMS_TO,
                "upload": (io.BytesIO(generate.encode(generate.package([project]))), "p.json"),
            },
        )
        body = answer.get_data(as_text=True)
        assert answer.status_code == 200, body[:2000]
        assert city["datasets"][state]["name"] not in body
        model.Session.rollback()
