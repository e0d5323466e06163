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
from support import generate, uploads
from support.application import portal
from support.uploads import CONFORMS_TO

ROLES = ("anonymous", "stranger", "member", "editor", "other_editor", "admin", "sysadmin")
STATES = ("public", "private", "draft", "deleted")
OUTSIDERS = {"anonymous", "stranger", "other_editor"}
MAY_CHANGE = {"editor", "admin", "sysadmin"}


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture(scope="module")
def sample(app: Any) -> dict[str, Any]:
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
    content = uploads.encoded(generate.package([project]))
    resource = uploads.uploaded(app, editor, dataset, content, name="proyectos.json")
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


def get(sample: dict[str, Any], role: str, path: str) -> Any:
    return sample["app"].get(path, headers=_headers(sample, role), follow_redirects=False)


def _headers(sample: dict[str, Any], role: str) -> dict[str, str]:
    return {} if role == "anonymous" else {"Authorization": sample["users"][role]["token"]}


def may_see(sample: dict[str, Any], role: str, state: str) -> bool:
    """CKAN's own answer: releases differ on who of an organismo sees its drafts and deleted datasets."""
    answer = get(sample, role, f"/api/action/package_show?id={sample['datasets'][state]['id']}")
    seen = answer.status_code == 200
    assert not (seen and state != "public" and role in OUTSIDERS)
    assert seen or not (state in ("public", "private") and role not in OUTSIDERS)
    return bool(seen)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
class TestReports:
    """A report quotes the file: it is for whoever may see the dataset."""

    def test_report_pages(self, sample: dict[str, Any], role: str, state: str) -> None:
        dataset = sample["datasets"][state]
        sees = may_see(sample, role, state)
        for suffix in ("", ".json", ".csv"):
            answer = get(sample, role, f"/dataset/{dataset['name']}/oc4ids/{dataset['resource']}{suffix}")
            assert answer.status_code == (200 if sees else 404), suffix
            if not sees:
                assert dataset["project"] not in answer.get_data(as_text=True)

    def test_report_action(self, sample: dict[str, Any], role: str, state: str) -> None:
        dataset = sample["datasets"][state]
        answer = get(sample, role, f"/api/action/oc4ids_report_show?resource_id={dataset['resource']}")
        assert answer.status_code == 200 if may_see(sample, role, state) else answer.status_code in (403, 404)

    def test_validate_action_on_a_resource(self, sample: dict[str, Any], role: str, state: str) -> None:
        dataset = sample["datasets"][state]
        answer = sample["app"].post(
            "/api/action/oc4ids_validate",
            json={"resource_id": dataset["resource"]},
            headers=_headers(sample, role),
        )
        assert answer.status_code == 200 if may_see(sample, role, state) else answer.status_code in (403, 404)

    def test_only_who_may_change_it_validates_again(
        self, sample: dict[str, Any], role: str, state: str
    ) -> None:
        dataset = sample["datasets"][state]
        answer = sample["app"].post(
            "/api/action/oc4ids_resource_revalidate",
            json={"resource_id": dataset["resource"]},
            headers=_headers(sample, role),
        )
        assert answer.status_code == 200 if role in MAY_CHANGE else answer.status_code in (403, 404)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
class TestProjects:
    """What is not public is nowhere, not even for those who may see its dataset."""

    def test_pages(self, sample: dict[str, Any], role: str, state: str) -> None:
        project = quote(sample["datasets"][state]["project"])
        expected = 200 if state == "public" else 404
        for path in (f"/infraestructura/{project}", f"/oc4ids/projects/{project}.json"):
            assert get(sample, role, path).status_code == expected, path
        assert get(sample, role, f"/api/action/oc4ids_project_show?id={project}").status_code == expected

    def test_lists_counts_and_exports(self, sample: dict[str, Any], role: str, state: str) -> None:
        dataset = sample["datasets"][state]
        for path in (
            "/infraestructura",
            f"/infraestructura?q={quote(dataset['title'])}",
            "/oc4ids/projects.json",
            "/api/action/oc4ids_project_list",
            "/api/action/oc4ids_project_search",
            f"/api/action/oc4ids_project_search?q={quote(dataset['project'])}",
        ):
            answer = get(sample, role, path)
            assert answer.status_code == 200, path
            found = dataset["project"] in answer.get_data(as_text=True)
            assert found is (state == "public") or (state == "public" and "?q=" not in path), path


class TestNowhereElse:
    """Search, feeds, the organismo's page: a stranger finds the public dataset only, and counts one."""

    @pytest.mark.parametrize("state", STATES)
    def test_search_and_feeds(self, sample: dict[str, Any], state: str) -> None:
        dataset = sample["datasets"][state]
        for path in (
            f"/dataset/?q={quote(dataset['project'])}",
            f"/api/action/package_search?q={quote(dataset['project'])}",
            f"/feeds/custom.atom?q={quote(dataset['project'])}",
            f"/organization/{sample['organization']['name']}",
        ):
            body = get(sample, "stranger", path).get_data(as_text=True)
            assert (dataset["name"] in body) is (state == "public"), path
            if state != "public":
                assert dataset["title"] not in body, path

    def test_counts(self, sample: dict[str, Any]) -> None:
        for role in ROLES:
            assert get(sample, role, "/api/action/oc4ids_project_search").get_json()["result"]["count"] == 1
        facets = json.dumps(
            get(
                sample, "stranger", '/api/action/package_search?rows=0&facet.field=["vocab_oc4ids_status"]'
            ).get_json()
        )
        assert facets.count('"count": 1') >= 1

    @pytest.mark.parametrize("state", ["private", "draft", "deleted"])
    def test_conflicts_do_not_reveal_it(self, sample: dict[str, Any], state: str) -> None:
        """Another organismo may use the id; the answer is that of an id that nobody has."""
        other = factories.Organization(
            users=[{"name": sample["users"]["other_editor"]["name"], "capacity": "editor"}]
        )
        mine = factories.Dataset(type="oc4ids", owner_org=other["id"], private=True)
        project = generate.project(STATES.index(state) + 1, "small", seed=77)
        assert project["id"] == sample["datasets"][state]["project"]
        answer = sample["app"].post(
            "/api/action/resource_create",
            headers=_headers(sample, "other_editor"),
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
        assert sample["datasets"][state]["name"] not in body
        model.Session.rollback()
