"""One project, one organismo: when it is uploaded, when a dataset is published or passed on, and when two come at once.

And what the plugin costs a portal's other datasets: nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model, plugins
from ckan.lib import search
from ckan.tests import factories, helpers
from support import uploads
from support.application import portal
from support.publisher import Publisher, encoded, file, resource_fields, storage
from support.stored_state import stored_state

from ckanext.cost_oc4ids.model import Project, ProjectVersion, Report, ResourceState


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.fixture
def one(app: Any) -> Publisher:
    return Publisher.new(app)


@pytest.fixture
def other(app: Any) -> Publisher:
    return Publisher.new(app)


_numbers = iter(range(200_000, 900_000, 10))


@pytest.fixture
def content() -> bytes:
    return encoded(uploads.package(2, first=next(_numbers)))


def upload(publisher: Publisher, dataset: dict[str, Any], data: bytes) -> Any:
    return publisher.post(
        "resource_create", {"package_id": dataset["id"], **resource_fields(upload=file(data))}
    )


def uploaded(publisher: Publisher, dataset: dict[str, Any], data: bytes) -> str:
    answer = upload(publisher, dataset, data)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_json()["result"]["id"]


class TestConflicts:
    def test_the_same_project_of_another_organismo_is_refused(
        self, one: Publisher, other: Publisher, content: bytes
    ) -> None:
        first = one.dataset(title="Vías de la comuna")
        uploaded(one, first, content)
        second = other.dataset()
        answer = upload(other, second, content)
        assert answer.status_code == 409
        errors = answer.get_json()["error"]
        findings = errors["oc4ids_report"][0]["findings"]
        assert [each["code"] for each in findings[:2]] == ["registry.published_elsewhere"] * 2
        assert "Vías de la comuna" in findings[0]["message"]
        assert findings[0]["places"][0]["path"] == "/projects/0/id"
        after = stored_state(second["id"])
        assert (after.resources, after.projects, after.reports) == ({}, [], 0)

    def test_the_same_organismo_may(self, one: Publisher, content: bytes) -> None:
        uploaded(one, one.dataset(), content)
        uploaded(one, one.dataset(), content)

    def test_a_private_dataset_is_not_revealed(
        self, one: Publisher, other: Publisher, content: bytes
    ) -> None:
        uploaded(one, one.dataset(private=True), content)
        uploaded(other, other.dataset(), content)

    def test_warn_keeps_the_file_and_publishes_nothing(
        self, one: Publisher, other: Publisher, content: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uploaded(one, one.dataset(), content)
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "warn")
        dataset = other.dataset()
        uploaded(other, dataset, content)
        after = stored_state(dataset["id"])
        assert list(after.states.values()) == ["invalid"]
        assert after.projects == []


class TestPublication:
    """A dataset whose projects another organismo publishes cannot become public by any way."""

    @pytest.fixture
    def hidden(self, one: Publisher, other: Publisher, content: bytes) -> dict[str, Any]:
        dataset = one.dataset(private=True)
        uploaded(one, dataset, content)
        uploaded(other, other.dataset(title="El otro"), content)
        return dataset

    @pytest.mark.parametrize("way", ["patch", "update", "revise", "bulk", "partial", "with file"])
    def test_made_public(self, one: Publisher, hidden: dict[str, Any], content: bytes, way: str) -> None:
        before = stored_state(hidden["id"])
        with pytest.raises(tk.ValidationError) as refused:
            if way == "patch":
                one.act("package_patch", id=hidden["id"], private=False)
            elif way == "update":
                one.act("package_update", **{**one.act("package_show", id=hidden["id"]), "private": False})
            elif way == "revise":
                one.act("package_revise", match={"id": hidden["id"]}, update={"private": False})
            elif way == "bulk":
                helpers.call_action(
                    "bulk_update_public",
                    {"user": self.admin(one), "ignore_auth": False},
                    datasets=[hidden["id"]],
                    org_id=one.organization["id"],
                )
            elif way == "partial":
                whole = one.act("package_show", id=hidden["id"])
                whole.pop("resources" if tk.check_ckan_version("2.12") else "nothing", None)
                one.act("package_update", **{**whole, "private": False})
            else:
                whole = one.act("package_show", id=hidden["id"])
                more = resource_fields(upload=storage(encoded(uploads.package(1, first=next(_numbers)))))
                one.act(
                    "package_update", **{**whole, "private": False, "resources": [*whole["resources"], more]}
                )
        model.Session.rollback()
        assert "El otro" in str(refused.value.error_dict)
        assert all(isinstance(each, str) for each in refused.value.error_summary.values())
        assert stored_state(hidden["id"]) == before
        assert model.Package.get(hidden["id"]).private is True

    def admin(self, publisher: Publisher) -> str:
        user = factories.User()
        helpers.call_action(
            "organization_member_create", id=publisher.organization["id"], username=user["name"], role="admin"
        )
        return user["name"]

    def test_passed_on(self, one: Publisher, other: Publisher, app: Any, content: bytes) -> None:
        mine = one.dataset()
        uploaded(one, mine, content)
        uploaded(one, one.dataset(), content)
        third = Publisher.new(app)
        sysadmin = factories.Sysadmin()["name"]
        for action, data in (
            ("package_owner_org_update", {"id": mine["id"], "organization_id": third.organization["id"]}),
            ("package_patch", {"id": mine["id"], "owner_org": third.organization["id"]}),
        ):
            with pytest.raises(tk.ValidationError):
                helpers.call_action(action, {"user": sysadmin, "ignore_auth": False}, **data)
            model.Session.rollback()
            assert model.Package.get(mine["id"]).owner_org == one.organization["id"]

    def test_passed_on_and_no_longer_declared_at_once(self, one: Publisher, app: Any, content: bytes) -> None:
        """On 2.11 such a save commits before its hook is called."""
        mine = one.dataset()
        uploaded(one, mine, content)
        third = Publisher.new(app)
        whole = one.act("package_show", id=mine["id"])
        whole["owner_org"] = third.organization["id"]
        whole["resources"][0]["conforms_to"] = ""
        helpers.call_action(
            "package_update", {"user": factories.Sysadmin()["name"], "ignore_auth": False}, **whole
        )
        after = stored_state(mine["id"])
        assert (after.states, after.projects) == ({}, [])

    def test_who_may_not_publish_learns_nothing(self, hidden: dict[str, Any]) -> None:
        stranger = {"user": factories.User()["name"], "ignore_auth": False}
        whole = helpers.call_action("package_show", id=hidden["id"])
        for action, data in (
            ("package_update", {**whole, "private": False}),
            ("bulk_update_public", {"datasets": [hidden["id"]], "org_id": hidden["owner_org"]}),
            ("package_owner_org_update", {"id": hidden["id"], "organization_id": hidden["owner_org"]}),
        ):
            with pytest.raises(tk.NotAuthorized):
                helpers.call_action(action, dict(stranger), **data)

    def test_undeleted(self, one: Publisher, other: Publisher, content: bytes) -> None:
        mine = one.dataset()
        uploaded(one, mine, content)
        one.act("package_delete", id=mine["id"])
        uploaded(other, other.dataset(), content)
        with pytest.raises(tk.ValidationError):
            one.act("package_patch", id=mine["id"], state="active")
        model.Session.rollback()
        assert model.Package.get(mine["id"]).state == "deleted"

    def test_without_conflict_it_is_published(self, one: Publisher, content: bytes) -> None:
        dataset = one.dataset(private=True)
        uploaded(one, dataset, content)
        one.act("package_patch", id=dataset["id"], private=False)
        project = stored_state(dataset["id"]).projects[0][1]
        assert one.act("oc4ids_project_show", id=project)["id"] == project

    def test_purged_nothing_of_ours_stays(self, one: Publisher, content: bytes) -> None:
        dataset = one.dataset()
        uploaded(one, dataset, content)
        helpers.call_action("dataset_purge", {"user": factories.Sysadmin()["name"]}, id=dataset["id"])
        model.Session.rollback()
        for table in (Project, ProjectVersion, Report, ResourceState):
            assert model.Session.query(table).filter_by(package_id=dataset["id"]).count() == 0, table


class TestAtOnce:
    """Two transactions at the same time, over two connections."""

    def together(self, app: Any, *calls: Any) -> list[int]:
        ready, answers = threading.Barrier(len(calls)), [0] * len(calls)

        def run(position: int, call: Any) -> None:
            ready.wait(timeout=30)
            try:
                answers[position] = call().status_code
            finally:
                model.Session.remove()

        threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=90)
        assert not any(thread.is_alive() for thread in threads), "two uploads wait for each other"
        return sorted(answers)

    def test_two_files_into_one_dataset(self, one: Publisher, app: Any) -> None:
        dataset = one.dataset()
        files = [encoded(uploads.package(1, first=next(_numbers))) for _ in range(2)]
        model.Session.remove()
        assert self.together(app, *(lambda data=data: upload(one, dataset, data) for data in files)) == [
            200,
            200,
        ]
        after = stored_state(dataset["id"])
        assert list(after.states.values()) == ["valid", "valid"]
        assert len(after.projects) == 2
        assert len(after.resources) == 2

    def test_one_project_into_two_organismos(
        self, one: Publisher, other: Publisher, app: Any, content: bytes
    ) -> None:
        datasets = [(one, one.dataset()), (other, other.dataset())]
        model.Session.remove()
        calls = [
            lambda publisher=publisher, dataset=dataset: upload(publisher, dataset, content)
            for publisher, dataset in datasets
        ]
        assert self.together(app, *calls) == [200, 409]
        held = [stored_state(dataset["id"]).projects for _, dataset in datasets]
        assert sorted(map(len, held)) == [0, 2]


class _Counter:
    def __init__(self) -> None:
        self.statements: list[str] = []

    def __enter__(self) -> list[str]:
        sa.event.listen(model.meta.engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: Any) -> None:
        sa.event.remove(model.meta.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)


class TestCost:
    """A dataset without OC4IDS costs no query more than on a portal without this plugin."""

    def saves(self, publisher: Publisher, app: Any) -> dict[str, int]:
        counts: dict[str, int] = {}

        def count(name: str, call: Any) -> Any:
            model.Session.remove()
            with _Counter() as statements:
                result = call()
            assert not [each for each in statements if "oc4ids" in each.lower()], (name, statements)
            counts[name] = len(statements)
            return result

        dataset = publisher.dataset(type="dataset", private=True)
        photo = {"package_id": dataset["id"], "name": "foto", "url": ""}
        made = count(
            "resource_create",
            lambda: publisher.act("resource_create", **photo, upload=storage(b"x", "foto.png")),
        )
        count("resource_patch", lambda: publisher.act("resource_patch", id=made["id"], description="Otra"))
        count(
            "resource_update",
            lambda: publisher.act("resource_update", **{**made, "upload": storage(b"y", "foto.png")}),
        )
        count("package_patch", lambda: publisher.act("package_patch", id=dataset["id"], notes="Otra"))
        count("publish", lambda: publisher.act("package_patch", id=dataset["id"], private=False))
        count("package_show", lambda: publisher.act("package_show", id=dataset["id"]))
        count("resource_delete", lambda: publisher.act("resource_delete", id=made["id"]))
        return counts

    def test_saves(self, one: Publisher, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        # as on every portal, other views are given to new resources
        monkeypatch.setitem(tk.config, "ckan.views.default_views", ["image_view", "oc4ids_view"])
        plugins.load("image_view")
        self.saves(one, app)  # what is asked once a process
        with_us = self.saves(one, app)
        plugins.unload("cost_oc4ids")
        try:
            without_us = self.saves(one, app)
        finally:
            plugins.load("cost_oc4ids")
            plugins.unload("image_view")
        assert with_us == without_us

    def test_the_page(self, one: Publisher, app: Any) -> None:
        dataset = one.dataset(
            type="dataset", resources=[{"url": "https://example.org/x.pdf", "name": "acta"}]
        )
        app.get(f"/dataset/{dataset['name']}")
        with _Counter() as statements:
            app.get(f"/dataset/{dataset['name']}")
        assert not [each for each in statements if "oc4ids" in each.lower()]


def test_the_search_knows_the_verdict(one: Publisher, content: bytes) -> None:
    search.clear_all()
    dataset = one.dataset()
    uploaded(one, dataset, content)
    found = helpers.call_action("package_search", fq=f"id:{dataset['id']}")["results"]
    assert found[0]["resources"][0]["oc4ids_verdict"] == "valid"


def test_the_stream_shows_verdicts(one: Publisher, content: bytes) -> None:
    dataset, hidden = one.dataset(), one.dataset(private=True)
    resource = uploaded(one, dataset, content)
    uploaded(one, hidden, content)
    stream = helpers.call_action("package_activity_list", id=dataset["id"])
    activities = [each for each in stream if each["activity_type"] == "oc4ids verdict"]
    assert [each["data"]["state"] for each in activities] == ["valid"]
    assert activities[0]["data"]["resource"]["id"] == resource
    assert activities[0]["user_id"] == one.editor["id"]
    assert not [
        each
        for each in helpers.call_action("package_activity_list", id=hidden["id"])
        if each["activity_type"] == "oc4ids verdict"
    ]


def test_a_new_resource_has_our_view_once(one: Publisher, content: bytes) -> None:
    dataset = one.dataset()
    resource = uploaded(one, dataset, content)
    assert [each["view_type"] for each in one.act("resource_view_list", id=resource)].count(
        "oc4ids_view"
    ) == 1
    photo = one.act(
        "resource_create", package_id=dataset["id"], url="https://example.org/foto.png", conforms_to=""
    )
    assert "oc4ids_view" not in [each["view_type"] for each in one.act("resource_view_list", id=photo["id"])]


def test_status_names_the_extension(app: Any) -> None:
    status = app.get("/api/action/status_show").get_json()["result"]
    assert status["cost_oc4ids"]["oc4ids_version"] == "0.9.5"
    assert status["cost_oc4ids"]["version"]
