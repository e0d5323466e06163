"""The registry against a real database: who claims what, who sees what, and what is kept."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from support.projects import Raw, as_sysadmin, dataset, encode, project, put, unique

from ckanext.cost_oc4ids.model import Project, ProjectVersion
from ckanext.cost_oc4ids.projects import claims, registry
from ckanext.cost_oc4ids.projects import search as project_search

pytestmark = [
    pytest.mark.ckan_config("ckan.auth.create_unowned_dataset", True),
    pytest.mark.usefixtures("with_plugins", "empty_portal"),
]


@pytest.fixture(autouse=True)
def rolled_back() -> Any:
    """Leave no transaction, nor its lock, to the next test."""
    yield
    model.Session.rollback()


@pytest.fixture
def bodies() -> tuple[dict[str, Any], dict[str, Any]]:
    """Two organismos."""
    return factories.Organization(), factories.Organization()


def shown(project_id: str) -> str | None:
    """Id of the dataset through which a project is public, or None."""
    model.Session.expire_all()
    found = project_search.show(project_id)
    return found[0]["dataset"]["id"] if found else None


def rows(project_id: str) -> list[Project]:
    return model.Session.query(Project).filter(Project.project_id == project_id).all()


def versions(project_id: str) -> list[ProjectVersion]:
    query = model.Session.query(ProjectVersion).filter(ProjectVersion.project_id == project_id)
    return query.order_by(ProjectVersion.created).all()


def behind_our_back(found: dict[str, Any], private: bool) -> None:
    """Publish or hide a dataset as no plugin hears of it."""
    statement = sa.text("UPDATE package SET private = :private WHERE id = :id")
    model.Session.execute(statement, {"private": private, "id": found["id"]})


class TestStoring:
    def test_columns_come_from_the_text_with_every_digit(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        text = encode(project(one)).replace(b"1000000,", b"12345678901234567.89,")
        assert put(found, text) == 1
        (row,) = rows(one)
        assert row.budget_amount == Decimal("12345678901234567.89")
        assert (row.status, row.sectors, row.year) == (
            "implementation",
            ["transport", "transport.road"],
            2025,
        )
        assert versions(one)[0].body == text.decode()

    def test_replacing_takes_away_what_is_gone_and_keeps_its_version(self, bodies: Any) -> None:
        stays, goes = unique(), unique()
        found = dataset(bodies[0])
        put(found, project(stays), project(goes))
        put(found, project(stays))
        assert len(rows(stays)) == 1
        assert rows(goes) == []
        assert len(versions(goes)) == 1

    def test_only_a_new_content_makes_a_version(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one))
        changed = rows(one)[0].changed
        put(found, encode(project(one)).replace(b", ", b" ,\n "))
        assert len(versions(one)) == 1
        assert rows(one)[0].changed == changed
        put(found, project(one, title="Otra"))
        put(found, project(one))
        assert [version.content_hash for version in versions(one)][::2] == [versions(one)[0].content_hash] * 2
        assert len(versions(one)) == 3
        assert rows(one)[0].version_id == versions(one)[-1].id

    def test_the_caller_commits_or_nothing_happened(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one, title="Antes"))
        put(found, project(one, title="Después"), commit=False)
        model.Session.rollback()
        assert rows(one)[0].title == "Antes"
        assert len(versions(one)) == 1

    def test_what_is_no_project_raises_and_rolls_back_whole(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one, title="Antes"))
        with pytest.raises(ValueError, match="object"):
            put(found, project(unique()), b"[1]")
        model.Session.rollback()
        assert rows(one)[0].title == "Antes"

    def test_hostile_texts_are_stored(self, bodies: Any) -> None:
        hostile: list[dict[str, Any]] = [
            {"title": "a\x00b", "sector": ["x" * 5000], "locations": [{"id": "1", "description": "\ud800"}]},
            {"budget": {"amount": {"amount": 10**40, "currency": "COP"}}},
            {"description": "palabra " * 200_000},
            {"title": "'); DROP TABLE oc4ids_project; --", "period": {"startDate": "9999-12-31T23:59:60Z"}},
            {
                "locations": [
                    {"id": "1", "geometry": {"type": "Point", "coordinates": [[[[1e5, "x"], None], 3]]}}
                ]
            },
            {"parties": "x", "contractingProcesses": [1, {"summary": []}], "completion": []},
        ]
        found = dataset(bodies[0])
        for fields in hostile:
            one = unique()
            assert put(found, json.dumps(project(one, **fields)).encode()) == 1
            assert shown(one)

    def test_numbers_that_no_column_holds_are_left_out(self, bodies: Any) -> None:
        found = dataset(bodies[0])
        for number in (b"1e999999", b"1e-999999", b"9" * 5000):
            one = unique()
            assert put(found, encode(project(one)).replace(b"1000000,", number + b",")) == 1
            assert rows(one)[0].budget_amount is None

    def test_an_id_longer_than_an_index_takes(self, bodies: Any) -> None:
        one = unique() + "x" * 9000
        found = dataset(bodies[0])
        put(found, project(one))
        put(found, project(one))
        assert shown(one) == found["id"]
        assert claims.find_conflicts([one], bodies[1]["id"], None, None)[0].project_id == one

    def test_the_first_of_a_repeated_id_is_kept(self, bodies: Any) -> None:
        one = unique()
        assert put(dataset(bodies[0]), project(one, title="Primera"), project(one, title="Segunda")) == 1
        assert rows(one)[0].title == "Primera"

    def test_previous_version_says_dates_as_published(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        resource_id = found["resources"][0]["id"]
        assert registry.previous_version(resource_id) is None
        put(found, project(one))
        previous = registry.previous_version(resource_id)
        assert previous is not None
        assert previous.projects == {
            one: ("implementation", "2025-02-01T00:00:00-05:00", "2027-06-30T00:00:00-05:00")
        }

    def test_many_projects_in_batches(self, bodies: Any) -> None:
        ids = [unique() for _ in range(registry.BATCH_ROWS * 2 + 1)]
        found = dataset(bodies[0])
        assert put(found, *(project(one) for one in ids)) == len(ids)
        stored = sa.select(Project.project_id).where(Project.resource_id == found["resources"][0]["id"])
        assert set(model.Session.scalars(stored)) == set(ids)


class TestVisibility:
    def test_follows_dataset_and_resource_at_once(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one))
        assert shown(one) == found["id"]
        for fields in ({"private": True}, {"state": "draft"}, {"state": "deleted"}):
            as_sysadmin("package_patch", id=found["id"], **fields)
            assert shown(one) is None, fields
            as_sysadmin("package_patch", id=found["id"], private=False, state="active")
            assert shown(one) == found["id"]
        as_sysadmin("resource_delete", id=found["resources"][0]["id"])
        assert shown(one) is None

    def test_of_one_organismo_the_last_accepted(self, bodies: Any) -> None:
        one = unique()
        first, second = dataset(bodies[0]), dataset(bodies[0])
        put(first, project(one))
        put(second, project(one))
        assert shown(one) == second["id"]
        put(first, project(one))
        assert shown(one) == first["id"]
        as_sysadmin("package_patch", id=first["id"], private=True)
        assert shown(one) == second["id"]

    def test_purged_datasets_leave_nothing(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one))
        as_sysadmin("dataset_purge", id=found["id"])
        assert shown(one) is None
        assert rows(one) == []
        assert versions(one) == []

    def test_purged_behind_our_back_nothing_is_shown_and_sweeping_forgets(self, bodies: Any) -> None:
        one, kept = unique(), unique()
        found, other = dataset(bodies[0]), dataset(bodies[0])
        put(found, project(one))
        put(other, project(kept))
        model.Package.get(found["id"]).purge()
        model.Session.commit()
        assert shown(one) is None
        assert registry.delete_orphans() >= 2
        model.Session.commit()
        assert rows(one) == []
        assert shown(kept) == other["id"]

    def test_an_organismo_that_is_renamed_or_deleted(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one))
        as_sysadmin("organization_patch", id=bodies[0]["id"], title="Otro nombre")
        model.Session.expire_all()
        assert project_search.show(one)[0]["organization"]["title"] == "Otro nombre"  # type: ignore[index]
        as_sysadmin("organization_delete", id=bodies[0]["id"])
        assert shown(one) == found["id"]
        assert project_search.show(one)[0]["organization"] is None  # type: ignore[index]


class TestConflicts:
    def test_another_organismo_reads_which_dataset_has_the_id(self, bodies: Any) -> None:
        one = unique()
        found = dataset(bodies[0])
        put(found, project(one))
        (conflict,) = claims.find_conflicts([unique(), one], bodies[1]["id"], None, factories.User()["name"])
        assert conflict == claims.Conflict(one, found["name"], found["title"], bodies[0]["title"])
        assert claims.find_conflicts([one], bodies[0]["id"], None, None) == []

    def test_only_who_may_see_the_dataset_gets_its_name(self, bodies: Any, monkeypatch: Any) -> None:
        one = unique()
        put(dataset(bodies[0]), project(one))
        monkeypatch.setattr(claims, "_may_see", lambda package_id, user: user == "friend")
        (named,) = claims.find_conflicts([one], bodies[1]["id"], None, "friend")
        (unnamed,) = claims.find_conflicts([one], bodies[1]["id"], None, "stranger")
        assert named.dataset_name
        assert unnamed == claims.Conflict(one, None, None, None)

    def test_what_is_not_public_is_not_disclosed(self, bodies: Any) -> None:
        one = unique()
        hidden = dataset(bodies[0])
        put(hidden, project(one))
        sysadmin = factories.Sysadmin()["name"]
        ways: list[dict[str, Any]] = [{"private": True}, {"state": "draft"}, {"state": "deleted"}]
        for fields in ways:
            as_sysadmin("package_patch", id=hidden["id"], **{"private": False, "state": "active", **fields})
            assert claims.find_conflicts([one], bodies[1]["id"], None, sysadmin) == []
        other = dataset(bodies[1])
        put(other, project(one))
        # … and is found when the hidden one is to be published
        (conflict,) = claims.find_publication_conflicts(hidden["id"], bodies[0]["id"], None)
        assert (conflict.project_id, conflict.dataset_name) == (one, other["name"])
        assert shown(one) == other["id"]

    def test_the_older_public_claim_is_shown_whatever_slips_through(self, bodies: Any) -> None:
        one = unique()
        hidden = dataset(bodies[0], private=True)
        put(hidden, project(one))
        public = dataset(bodies[1])
        put(public, project(one))
        # past the guard, noticed by the nightly round
        behind_our_back(hidden, private=False)
        claims.refresh_claims()
        put(hidden, project(one, title="Más nueva"))
        assert shown(one) == public["id"]
        # … and not noticed at all
        behind_our_back(hidden, private=True)
        claims.refresh_claims()
        behind_our_back(hidden, private=False)
        assert shown(one) == public["id"]
        # who leaves loses the claim to who stays
        behind_our_back(public, private=True)
        claims.refresh_claims()
        assert shown(one) == hidden["id"]
        behind_our_back(public, private=False)
        claims.refresh_claims()
        assert shown(one) == hidden["id"]

    def test_one_is_always_shown_however_claims_cross(self, bodies: Any) -> None:
        one = unique()
        first, second, foreign = dataset(bodies[0]), dataset(bodies[0]), dataset(bodies[1])
        for found in (first, foreign, second):
            put(found, project(one))
        # the organismo's own rows disagree: the newer upload has no claim of its own
        model.Session.execute(
            sa.text("UPDATE oc4ids_project SET claimed = NULL WHERE package_id = :id"), {"id": second["id"]}
        )
        model.Session.commit()
        assert shown(one) == second["id"]

    def test_searching_and_showing_follow_one_rule(self, bodies: Any) -> None:
        """The same rows by the statement of the search and by the condition of everything else."""
        crossed, alone, hidden = unique(), unique(), unique()
        first, second, foreign = dataset(bodies[0]), dataset(bodies[0]), dataset(bodies[1])
        for place, found in enumerate((first, foreign, second)):
            put(found, project(crossed), project(f"{alone}-{place}"))
        secret = dataset(bodies[1], private=True)
        put(secret, project(crossed), project(hidden))
        claims = [None, "2020-01-01", "2030-01-01"]
        for mine in claims:
            for theirs in claims:
                for found, claim in ((first, mine), (second, None), (foreign, theirs)):
                    model.Session.execute(
                        sa.text(
                            "UPDATE oc4ids_project SET claimed = CAST(:claim AS timestamptz) WHERE package_id = :id"
                        ),
                        {"claim": claim, "id": found["id"]},
                    )
                everything = project_search.search(project_search.Filters(), limit=1000)
                by_search = {result["id"]: result["dataset"]["id"] for result in everything.results}
                assert sorted(by_search) == sorted(project_search.list_ids(1000, 0))
                assert everything.total == len(by_search)
                assert by_search[crossed] == shown(crossed), (mine, theirs)
                assert hidden not in by_search

    def test_a_dataset_that_changes_hands(self, bodies: Any) -> None:
        one = unique()
        first, second = dataset(bodies[0]), dataset(bodies[0])
        put(first, project(one))
        put(second, project(one))
        assert claims.find_publication_conflicts(second["id"], bodies[0]["id"], None) == []
        (conflict,) = claims.find_publication_conflicts(second["id"], bodies[1]["id"], None)
        assert conflict.dataset_name == first["name"]

    def test_datasets_without_organismo_are_alone(self) -> None:
        one = unique()
        found = factories.Dataset(resources=[{"url": "https://example.org/x.json"}])
        put({**found, "owner_org": None}, project(one))
        assert claims.find_conflicts([one], None, found["id"], None) == []
        assert len(claims.find_conflicts([one], None, "another", None)) == 1


class TestAtOnce:
    def test_of_two_simultaneous_uploads_one_sees_the_other(self, bodies: Any) -> None:
        """Two real connections: both ask before either has committed; the lock puts them in a row."""
        one = unique()
        datasets = [dataset(body) for body in bodies]
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def upload(found: dict[str, Any]) -> None:
            try:
                start.wait(10)
                registry.lock()
                if claims.find_conflicts([one], found["owner_org"], found["id"], None):
                    outcomes.append("refused")
                    model.Session.rollback()
                    return
                registry.store(
                    found["id"],
                    found["resources"][0]["id"],
                    found["owner_org"],
                    None,
                    None,
                    [Raw(encode(project(one)))],
                )
                # hold the transaction open: without the lock the other would have asked by now
                model.Session.execute(sa.text("SELECT pg_sleep(0.5)"))
                model.Session.commit()
                outcomes.append("stored")
            finally:
                model.Session.remove()

        model.Session.commit()
        threads = [threading.Thread(target=upload, args=(found,)) for found in datasets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes) == ["refused", "stored"]
        assert len(rows(one)) == 1
