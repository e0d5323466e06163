"""The public actions on projects: what they find, what they refuse, what they cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from support.projects import as_sysadmin, dataset, project, put

from ckanext.cost_oc4ids.projects import search as project_search

pytestmark = pytest.mark.usefixtures("with_plugins", "sample")


@pytest.fixture(scope="module")
def sample(empty_portal: None) -> dict[str, Any]:
    """Two organismos, four public projects and one private, made once for the module."""
    data: dict[str, Any] = {}
    roads, schools = (
        factories.Organization(name="vias", title="Secretaría de Vías"),
        factories.Organization(name="escuelas", title="Secretaría de Educación"),
    )
    data["roads"] = dataset(roads)
    put(
        data["roads"],
        project(
            "oc4ids-aaaaaa-001",
            title="Pavimentación de la Calle Quinta",
            updated="2026-03-01T00:00:00-05:00",
            locations=[{"id": "1", "description": "Siloé, comuna 20"}],
            parties=[{"id": "p", "name": "Constructora Ñandú S.A.S."}],
        ),
        project(
            "oc4ids-aaaaaa-002",
            title="Puente peatonal",
            status="completion",
            updated="2026-05-01T00:00:00-05:00",
            period={"startDate": "2024-01-01T00:00:00Z", "endDate": "2025-12-31T00:00:00Z"},
            completion={
                "endDate": "2026-02-01T00:00:00-05:00",
                "finalValue": {"amount": 0.1, "currency": "COP"},
            },
            budget={"amount": {"amount": 5, "currency": "USD"}},
        ),
    )
    data["schools"] = dataset(schools)
    put(
        data["schools"],
        project(
            "oc4ids-aaaaaa-003",
            title="Ampliación de la escuela de la quinta etapa",
            sector=["education"],
            status="preparation",
            updated="2026-04-01T00:00:00-05:00",
            period=None,
            budget={"amount": {"amount": 2000000, "currency": "COP"}},
        ),
        project("oc4ids-aaaaaa-004", title="Ábaco", sector=None, status=None, updated=None, budget=None),
    )
    data["hidden"] = dataset(schools, private=True)
    put(
        data["hidden"],
        project("oc4ids-aaaaaa-secret", title="Secreto de la Calle Quinta", sector=["energy"]),
    )
    return data


@pytest.fixture(autouse=True)
def rolled_back() -> Any:
    """Leave no transaction, nor its lock, to the next test."""
    yield
    model.Session.rollback()


def act(action: str, **data: Any) -> Any:
    """As anybody: nobody signed in."""
    return tk.get_action(action)({"user": "", "ignore_auth": False}, data)


def found(**data: Any) -> list[str]:
    return [result["id"][-3:] for result in act("oc4ids_project_search", **data)["results"]]


class TestSearch:
    def test_words_accents_case_and_beginnings(self) -> None:
        assert found(q="PAVIMENTACION calle") == ["001"]
        assert found(q="pavim") == ["001"]
        assert found(q="siloe") == ["001"]
        assert found(q="ñandú") == found(q="nandu") == ["001"]
        assert found(q="oc4ids-aaaaaa-002")[0] == "002"
        assert found(q="pavimentación puente") == []

    def test_titles_come_before_texts(self) -> None:
        assert set(found(q="quinta")) == {"001", "003"}

    def test_no_query_breaks_the_database(self) -> None:
        for query in (
            "'",
            "\\",
            "a' | 'b",
            ":*",
            "!!",
            "%",
            "\x00",
            "& | ! ( )",
            "'; DROP TABLE x; --",
            "ʼ”’",
        ):
            act("oc4ids_project_search", q=query)

    def test_filters_narrow_and_values_widen(self, sample: dict[str, Any]) -> None:
        assert set(found(status=["completion", "preparation"])) == {"002", "003"}
        assert found(status="completion", organization="vias") == ["002"]
        assert found(status="completion", organization="escuelas") == []
        assert set(found(sector="education")) == {"003"}
        assert set(found(year="2024")) == {"002"}
        assert set(found(year=[2024, 2025])) == {"001", "002", "004"}
        assert set(found(organization=sample["roads"]["owner_org"])) == {"001", "002"}

    def test_facets_obey_the_other_filters(self) -> None:
        facets = act("oc4ids_project_search", status="completion")["facets"]
        counts = {name: {item["name"]: item["count"] for item in items} for name, items in facets.items()}
        assert counts["status"] == {"implementation": 1, "completion": 1, "preparation": 1}
        assert counts["organization"] == {"vias": 1}
        assert counts["year"] == {"2024": 1}
        assert counts["sector"] == {"transport": 1, "transport.road": 1}
        assert next(item for item in facets["organization"])["display_name"] == "Secretaría de Vías"
        assert {item["display_name"] for item in facets["status"]} >= {"Cierre"}

    def test_orders(self) -> None:
        assert found(sort="title") == ["004", "003", "001", "002"]
        assert found(sort="title desc") == ["002", "001", "003", "004"]
        assert found()[:1] == ["004"]  # no date of its own: it was accepted today
        assert found(sort="updated asc")[:3] == ["001", "003", "002"]
        assert found(sort="budget") == ["003", "001", "002", "004"]
        assert found(sort="end_date") == ["002", "004", "001", "003"]

    def test_pages_and_totals(self) -> None:
        first = act("oc4ids_project_search", sort="title", limit=3)
        rest = act("oc4ids_project_search", sort="title", limit=3, offset=3)
        assert (first["count"], rest["count"]) == (4, 4)
        assert [result["id"][-3:] for result in [*first["results"], *rest["results"]]] == [
            "004",
            "003",
            "001",
            "002",
        ]
        nothing = act("oc4ids_project_search", offset=1000, facets=False)
        assert nothing == {"count": 4, "results": []}

    def test_figures_are_exact_and_say_their_source(self, sample: dict[str, Any]) -> None:
        (result,) = act("oc4ids_project_search", q="puente")["results"]
        assert result["final_value"] == {"amount": Decimal("0.1"), "currency": "COP"}
        assert result["dataset"]["id"] == sample["roads"]["id"]
        assert result["resource"]["name"] == "Proyectos"
        assert result["organization"]["name"] == "vias"
        assert result["url"].endswith("/infraestructura/oc4ids-aaaaaa-002")
        assert result["json_url"].endswith("/oc4ids/projects/oc4ids-aaaaaa-002.json")

    def test_what_cannot_be_asked_names_the_field(self) -> None:
        wrong: list[tuple[str, Any]] = [
            ("limit", -1), ("limit", 10**9), ("offset", "x"), ("offset", 10**12), ("sort", "body"), ("sort", "title; drop"),
            ("year", "dos mil"), ("year", "12345"), ("status", ["x"] * 51), ("status", "x" * 301), ("q", "x" * 501),
        ]  # fmt: skip
        for field, value in wrong:
            with pytest.raises(tk.ValidationError) as refused:
                act("oc4ids_project_search", **{field: value})
            assert field in refused.value.error_dict, (field, value)


class TestPrivacy:
    def test_private_projects_are_nowhere(self) -> None:
        assert found(q="secreto") == []
        facets = act("oc4ids_project_search")["facets"]
        assert "energy" not in {item["name"] for item in facets["sector"]}
        assert "oc4ids-aaaaaa-secret" not in act("oc4ids_project_list")

    def test_not_even_for_who_may_see_the_dataset(self) -> None:
        with pytest.raises(tk.ObjectNotFound):
            as_sysadmin("oc4ids_project_show", id="oc4ids-aaaaaa-secret")

    def test_hidden_and_unknown_give_the_same_answer(self) -> None:
        answers = []
        for project_id in ("oc4ids-aaaaaa-secret", "oc4ids-aaaaaa-none"):
            with pytest.raises(tk.ObjectNotFound) as refused:
                act("oc4ids_project_show", id=project_id)
            answers.append(str(refused.value))
        assert answers[0] == answers[1]


class TestShowAndList:
    def test_show_gives_the_project_as_published(self) -> None:
        shown = act("oc4ids_project_show", id="oc4ids-aaaaaa-002")
        assert shown["project"]["completion"]["finalValue"]["amount"] == Decimal("0.1")
        assert shown["actual_end_date"] == "2026-02-01"
        assert dt.datetime.fromisoformat(shown["accepted"]).tzinfo

    def test_list(self) -> None:
        assert act("oc4ids_project_list") == [f"oc4ids-aaaaaa-00{n}" for n in (1, 2, 3, 4)]
        assert act("oc4ids_project_list", limit=1, offset=1) == ["oc4ids-aaaaaa-002"]
        (one,) = act("oc4ids_project_list", limit=1, all_fields=True)
        assert one["title"] == "Pavimentación de la Calle Quinta"

    def test_over_http_for_anybody(self, app: Any) -> None:
        answer = app.get("/api/3/action/oc4ids_project_search?status=completion&status=preparation&limit=1")
        assert answer.json["result"]["count"] == 2
        assert '"amount": 0.1,' in app.get("/api/3/action/oc4ids_project_show?id=oc4ids-aaaaaa-002").body
        assert app.get("/api/3/action/oc4ids_project_show?id=nada", status=404).json["success"] is False
        assert app.get("/api/3/action/oc4ids_project_search?limit=x", status=409).json["success"] is False
        assert app.get("/api/3/action/oc4ids_project_show", status=409).json["success"] is False


class TestCost:
    def test_a_search_makes_the_same_two_queries_for_one_result_and_for_all(self) -> None:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        engine = model.meta.engine
        model.Session.rollback()
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            counts = []
            for limit in (1, 4):
                statements.clear()
                project_search.search(project_search.Filters(), limit=limit)
                counts.append(len(statements))
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        assert counts == [2, 2]
