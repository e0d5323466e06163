"""Reports over the API: what is returned, and to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories, helpers
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields
from support.stored_state import files_on_disk, stored_state

from ckanext.cost_oc4ids.model import Report, ResourceState

ROLES = ("anonymous", "stranger", "other editor", "member", "editor", "admin", "sysadmin")
STATES = ("public", "private", "draft", "deleted")


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture(scope="module")
def sample(app: Any) -> dict[str, Any]:
    """Users of every role and a validated file in a dataset of every state."""
    publisher = Publisher.new(app)
    users: dict[str, Any] = {"anonymous": None, "editor": publisher.editor}
    users["stranger"] = factories.UserWithToken()
    users["sysadmin"] = factories.SysadminWithToken()
    for role in ("member", "admin"):
        users[role] = factories.UserWithToken()
        helpers.call_action(
            "organization_member_create",
            id=publisher.organization["id"],
            username=users[role]["name"],
            role=role,
        )
    users["other editor"] = Publisher.new(app).editor
    resources: dict[str, str] = {}
    datasets: dict[str, dict[str, Any]] = {}
    for number, state in enumerate(STATES):
        dataset = publisher.dataset(private=state == "private")
        answer = publisher.post(
            "resource_create",
            {
                "package_id": dataset["id"],
                **resource_fields(upload=file(encoded(uploads.package(1, first=5000 + 10 * number)))),
            },
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        resources[state], datasets[state] = answer.get_json()["result"]["id"], dataset
        if state in ("draft", "deleted"):
            publisher.act("package_patch", id=dataset["id"], state=state)
    return {"publisher": publisher, "users": users, "resources": resources, "datasets": datasets}


def ask(sample: dict[str, Any], role: str, action: str, **data: Any) -> Any:
    user = sample["users"][role]
    headers = {"Authorization": user["token"]} if user else {}
    return sample["publisher"].app.post(f"/api/action/{action}", headers=headers, json=data)


def may(sample: dict[str, Any], role: str, action: str, resource: str) -> bool:
    """What core says."""
    user = sample["users"][role]
    context: Any = {"user": user["name"] if user else "", "model": model}
    try:
        tk.check_access(action, context, {"id": resource})
    except tk.NotAuthorized:
        return False
    return True


class TestWhoMay:
    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("state", STATES)
    def test_every_role_on_every_dataset(self, sample: dict[str, Any], role: str, state: str) -> None:
        resource = sample["resources"][state]
        sees, changes = (
            may(sample, role, "resource_show", resource),
            may(sample, role, "resource_update", resource),
        )
        insider = role in ("member", "editor", "admin", "sysadmin")
        if state in ("public", "private"):
            # the table is written down, not only taken from core
            assert sees == (state == "public" or insider)
        assert changes == (role in ("editor", "admin", "sysadmin"))

        shown = ask(sample, role, "oc4ids_report_show", resource_id=resource)
        validated = ask(sample, role, "oc4ids_validate", resource_id=resource)
        assert shown.status_code == validated.status_code == (200 if sees else 404)
        if sees:
            assert shown.get_json()["result"]["state"] == "valid"
        else:
            missing = ask(sample, role, "oc4ids_report_show", resource_id="no-such-resource")
            assert missing.status_code == 404
            assert missing.get_json()["error"] == shown.get_json()["error"], (
                "it can be distinguished from one that is not there"
            )
        again = ask(sample, role, "oc4ids_resource_revalidate", resource_id=resource)
        assert again.status_code == (200 if changes else 403 if sees else 404)

    @pytest.mark.parametrize("role", ROLES)
    def test_what_is_not_there(self, sample: dict[str, Any], role: str) -> None:
        for action in ("oc4ids_report_show", "oc4ids_validate", "oc4ids_resource_revalidate"):
            assert ask(sample, role, action, resource_id="no-such-resource").status_code == 404

    def test_the_resource_must_be_of_the_dataset(self, sample: dict[str, Any]) -> None:
        resource, dataset = sample["resources"]["public"], sample["datasets"]["public"]
        for wanted in (dataset["id"], dataset["name"]):
            assert (
                ask(
                    sample, "editor", "oc4ids_report_show", resource_id=resource, package_id=wanted
                ).status_code
                == 200
            )
        strange = sample["datasets"]["private"]["id"]
        for action in ("oc4ids_report_show", "oc4ids_resource_revalidate"):
            assert ask(sample, "editor", action, resource_id=resource, package_id=strange).status_code == 404

    def test_a_deleted_resource_is_not_there(self, sample: dict[str, Any]) -> None:
        publisher = sample["publisher"]
        dataset = publisher.dataset()
        made = publisher.act(
            "resource_create", package_id=dataset["id"], **resource_fields(url="https://example.org/a")
        )
        publisher.act("resource_delete", id=made["id"])
        for role in ("anonymous", "editor", "sysadmin"):
            assert ask(sample, role, "oc4ids_report_show", resource_id=made["id"]).status_code == 404


class TestReport:
    def test_its_shape(self, sample: dict[str, Any]) -> None:
        answer = ask(
            sample, "anonymous", "oc4ids_report_show", resource_id=sample["resources"]["public"], lang="es"
        )
        shown = answer.get_json()["result"]
        assert shown["package_id"] == sample["datasets"]["public"]["id"]
        assert (shown["origin"], shown["schema_version"]) == ("upload", "0.9.5")
        assert shown["created"].endswith("+00:00")
        assert shown["report"]["valid"] is True
        assert set(shown["report"]["counts"]) == {"error", "warning", "note"}

    def test_by_get_too(self, sample: dict[str, Any]) -> None:
        address = f"/api/action/oc4ids_report_show?resource_id={sample['resources']['public']}"
        assert sample["publisher"].app.get(address).status_code == 200

    def test_of_what_is_no_oc4ids(self, sample: dict[str, Any]) -> None:
        publisher = sample["publisher"]
        dataset = publisher.dataset(type="dataset", resources=[{"url": "https://example.org/foto.png"}])
        shown = publisher.call("oc4ids_report_show", resource_id=dataset["resources"][0]["id"])
        assert (shown["state"], shown["report"]) == ("not_applicable", None)

    def test_without_an_id(self, sample: dict[str, Any]) -> None:
        assert ask(sample, "editor", "oc4ids_report_show").status_code == 409


class TestValidate:
    @pytest.fixture(autouse=True)
    def new_hour(self) -> None:
        redis = connect_to_redis()
        for key in redis.scan_iter("cost_oc4ids:*:validate:*"):
            redis.delete(key)

    def test_a_file(self, sample: dict[str, Any]) -> None:
        before = {table: model.Session.query(table).count() for table in (Report, ResourceState)}
        files = files_on_disk()
        answer = sample["publisher"].app.post(
            "/api/action/oc4ids_validate",
            data={"upload": file(encoded(uploads.broken_package())), "lang": "en"},
        )
        report = answer.get_json()["result"]
        assert report["valid"] is False
        assert report["projects"] == 2
        assert files_on_disk() == files
        assert {table: model.Session.query(table).count() for table in before} == before

    @pytest.mark.parametrize("as_text", [True, False])
    def test_pasted(self, sample: dict[str, Any], as_text: bool) -> None:
        whole = uploads.package(1)
        data = json.dumps(whole) if as_text else whole
        answer = ask(sample, "anonymous", "oc4ids_validate", data=data)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.get_json()["result"]["valid"] is True

    @pytest.mark.parametrize("data", ["{", "NaN", "\ud800", "[]", " ", 7, True, ["x"], {"a": 1}])
    def test_nonsense(self, sample: dict[str, Any], data: Any) -> None:
        answer = ask(sample, "anonymous", "oc4ids_validate", data=data)
        assert answer.status_code in (200, 409)
        if answer.status_code == 200:
            assert answer.get_json()["result"]["valid"] is False

    @pytest.mark.parametrize("data", [{}, {"data": "{}", "resource_id": "x"}])
    def test_nothing_or_too_much(self, sample: dict[str, Any], data: dict[str, Any]) -> None:
        answer = ask(sample, "sysadmin", "oc4ids_validate", **data)
        assert answer.status_code in (404, 409)

    def test_too_large(self, sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.inline_max_bytes", 1000)
        answer = ask(sample, "anonymous", "oc4ids_validate", data=" " * 1001)
        assert answer.status_code == 409
        assert "MB" in answer.get_json()["error"]["upload"][0]

    def test_so_many_an_hour(self, sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.anonymous_validations_per_hour", 2)
        codes = [ask(sample, "anonymous", "oc4ids_validate", data="{}").status_code for _ in range(3)]
        assert codes == [200, 200, 409]
        refused = ask(sample, "anonymous", "oc4ids_validate", data="{}").get_json()["error"]
        assert "2" in refused["rate_limit"][0]
        assert ask(sample, "stranger", "oc4ids_validate", data="{}").status_code == 200
        elsewhere = sample["publisher"].app.post(
            "/api/action/oc4ids_validate", json={"data": "{}"}, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}
        )
        assert elsewhere.status_code == 200


class TestRevalidate:
    def test_it_is_queued_once(self, sample: dict[str, Any]) -> None:
        resource = sample["resources"]["public"]
        first, second = (
            ask(sample, "editor", "oc4ids_resource_revalidate", resource_id=resource).get_json()["result"]
            for _ in range(2)
        )
        assert first["job_id"] == second["job_id"] == f"cost_oc4ids-validate-{resource}"
        assert first["state"] == "valid", "the verdict stands until there is another"
        assert stored_state(sample["datasets"]["public"]["id"]).projects

    def test_what_cannot_be_validated(self, sample: dict[str, Any]) -> None:
        publisher = sample["publisher"]
        dataset = publisher.dataset(
            resources=[
                resource_fields(url="https://example.org/a.json"),
                resource_fields(url="https://example.org/b.json", conforms_to=""),
            ]
        )
        for resource in dataset["resources"]:
            assert (
                ask(sample, "editor", "oc4ids_resource_revalidate", resource_id=resource["id"]).status_code
                == 409
            )
