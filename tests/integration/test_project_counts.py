"""What a search counts and shows is what is public at that moment, whatever happened to the datasets."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from support.projects import as_sysadmin, dataset, project, put, unique

from ckanext.cost_oc4ids.model import Project, project_count, shared_id
from ckanext.cost_oc4ids.projects import registry, visibility
from ckanext.cost_oc4ids.projects import search as project_search

pytestmark = pytest.mark.usefixtures("with_plugins", "empty_portal")

STATUSES = ("identification", "implementation", "completion")
SECTORS = ("health", "education", "transport.road")


@pytest.fixture(autouse=True)
def rolled_back() -> Any:
    yield
    model.Session.rollback()


def search(**filters: Any) -> project_search.SearchResult:
    model.Session.rollback()
    return project_search.search(project_search.Filters(**filters), limit=1000)


def shown() -> list[Any]:
    """Every public project by the rule of all other readers, and the name of its organismo."""
    published, first = visibility.visible()
    organization = model.Group.__table__.alias("organization")
    query = (
        sa.select(published.project, organization.c.name.label("organization"))
        .select_from(
            published.source.outerjoin(organization, organization.c.id == published.dataset.c.owner_org)
        )
        .where(first)
    )
    return model.Session.execute(query).all()


def counted(rows: list[Any]) -> dict[str, dict[str, int]]:
    return {
        "status": dict(Counter(row.status for row in rows if row.status)),
        "organization": dict(Counter(row.organization for row in rows if row.organization)),
        "year": dict(Counter(str(row.year) for row in rows if row.year)),
        "sector": dict(Counter(sector for row in rows for sector in row.sectors)),
    }


def agrees() -> None:
    """Totals, counts and results of several searches are those of the rows that are public."""
    rows = shown()
    for filters in (
        {},
        {"status": STATUSES[:2], "sector": (SECTORS[0],)},
        {"q": "obra", "sector": (SECTORS[1],)},
    ):
        found = search(**filters)

        def passes(row: Any, but: str = "", asked: Any = filters) -> bool:
            status = but == "status" or not asked.get("status") or row.status in asked["status"]
            sector = but == "sector" or not asked.get("sector") or set(asked["sector"]) & set(row.sectors)
            word = asked.get("q", "")
            matches = any(each.startswith(word) for each in row.search_text.split())
            return bool(status and sector and matches)

        expected = [row for row in rows if passes(row)]
        assert found.total == len(expected), filters
        assert {each["id"] for each in found.results} == {row.project_id for row in expected}, filters
        for name, values in found.facets.items():
            others = counted([row for row in rows if passes(row, name)])[name]
            assert {value: count for value, (_, count) in values.items()} == others, (filters, name)


def test_counts_follow_whatever_happens() -> None:
    """A long way of saves, removals and publications, at random; after each everything is counted by hand."""
    chance = random.Random(20261121)  # noqa: S311 - no secret
    bodies = [factories.Organization() for _ in range(3)]
    found = [dataset(chance.choice(bodies)) for _ in range(5)]
    ids = [unique() for _ in range(12)]

    def projects() -> list[dict[str, Any]]:
        return [
            project(
                each,
                title=f"Obra {each}",
                status=chance.choice((*STATUSES, None)),
                sector=chance.sample(SECTORS, chance.randint(1, 3)),
                period={"startDate": f"{chance.randint(2023, 2026)}-02-01T00:00:00Z"},
            )
            for each in chance.sample(ids, chance.randint(1, 6))
        ]

    def by_hand(statement: str, **values: Any) -> None:
        model.Session.execute(sa.text(statement), values)
        model.Session.commit()

    steps = {
        "put": lambda one: put(one, *projects()),
        "remove": lambda one: (registry.remove([one["resources"][0]["id"]]), model.Session.commit()),
        "private": lambda one: by_hand(
            "UPDATE package SET private = NOT private WHERE id = :id", id=one["id"]
        ),
        "state": lambda one: by_hand(
            "UPDATE package SET state = CASE state WHEN 'active' THEN 'deleted' ELSE 'active' END WHERE id = :id",
            id=one["id"],
        ),
        "hands": lambda one: by_hand(
            "UPDATE package SET owner_org = :body WHERE id = :id",
            id=one["id"],
            body=chance.choice(bodies)["id"],
        ),
        "night": lambda _: (registry.delete_orphans(), model.Session.commit()),
    }
    names = ["put"] * 4 + list(steps)
    twice = False
    for _ in range(30):
        steps[chance.choice(names)](chance.choice(found))
        agrees()
        rows = model.Session.execute(sa.select(Project.project_id)).scalars().all()
        several = {each for each, times in Counter(rows).items() if times > 1}
        noted = model.Session.execute(sa.select(shared_id.c.project_id)).scalars().all()
        assert several <= set(noted)
        assert len(noted) == len(set(noted))
        twice |= bool(several)
    assert twice


class TestVanishing:
    """One public dataset; whatever takes it from sight takes it from everything in the same moment."""

    @pytest.fixture
    def public(self) -> dict[str, Any]:
        found = dataset(factories.Organization())
        put(found, project(unique(), title="Xylofonía", sector=["energy"]))
        assert search(q="xylofonia").total >= 1
        assert search(sector=("energy",)).total >= 1
        return found

    def gone(self) -> None:
        for filters in ({"q": "xylofonia"}, {"sector": ("energy",)}):
            answer = search(**filters)
            assert (answer.total, answer.results) == (0, [])
        assert "energy" not in search().facets["sector"]
        answer = tk.get_action("oc4ids_project_search")({"user": "", "ignore_auth": False}, {})
        assert "energy" not in {each["name"] for each in answer["facets"]["sector"]}
        agrees()

    def test_private(self, public: dict[str, Any]) -> None:
        as_sysadmin("package_patch", id=public["id"], private=True)
        self.gone()
        as_sysadmin("package_patch", id=public["id"], private=False)
        assert search(sector=("energy",)).total == 1
        as_sysadmin("package_delete", id=public["id"])

    def test_deleted_and_purged(self, public: dict[str, Any]) -> None:
        as_sysadmin("package_delete", id=public["id"])
        self.gone()
        as_sysadmin("package_patch", id=public["id"], state="active")
        assert search(sector=("energy",)).total == 1
        as_sysadmin("dataset_purge", id=public["id"])
        self.gone()
        resource_id = public["resources"][0]["id"]
        left = sa.select(sa.func.count()).where(project_count.c.resource_id == resource_id)
        assert model.Session.execute(left).scalar_one() == 0

    def test_resource_deleted(self, public: dict[str, Any]) -> None:
        as_sysadmin("resource_delete", id=public["resources"][0]["id"])
        self.gone()

    def test_resource_replaced(self, public: dict[str, Any]) -> None:
        put(public, project(unique(), title="Otra cosa", sector=["health"]))
        self.gone()

    def test_rolled_back(self, public: dict[str, Any]) -> None:
        put(public, project(unique(), sector=["health"]), commit=False)
        assert search(sector=("energy",)).total == 1  # search() rolls back, as a failed save does
        as_sysadmin("package_delete", id=public["id"])

    def test_another_organismo(self, public: dict[str, Any]) -> None:
        other = factories.Organization()
        as_sysadmin("package_owner_org_update", id=public["id"], organization_id=other["id"])
        assert set(search(sector=("energy",)).facets["organization"]) == {other["name"]}
        as_sysadmin("package_delete", id=public["id"])

    def test_by_another_process(self, public: dict[str, Any]) -> None:
        """What one process commits, another sees at its next question: nothing is kept in between."""
        url = model.meta.engine.url.render_as_string(hide_password=False)
        change = (
            "import sys, sqlalchemy as sa\n"
            "with sa.create_engine(sys.argv[1]).begin() as connection:\n"
            "    connection.execute(sa.text('UPDATE package SET private = true WHERE id = :id'),"
            " {'id': sys.argv[2]})\n"
        )
        subprocess.run([sys.executable, "-c", change, url, public["id"]], check=True, timeout=60)
        self.gone()
