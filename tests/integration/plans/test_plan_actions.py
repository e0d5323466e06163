"""Plans and items over the API: what they answer, how they are changed, with how many queries."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import MAKERS, Town, due, many, months

from ckanext.ogp_plan.model import Event, PlanItem, PlanRow, PlanVersion, RecordedChange
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Evidence,
    EvidenceCheck,
    Link,
    LinkKind,
    Measurement,
    Review,
    Update,
    Verdict,
    VerdictRole,
)
from ckanext.ogp_plan.planning.types import Declared, Target
from ckanext.ogp_plan.services import item_status
from ckanext.ogp_plan.services import record as record_service

NOW = dt.datetime(2026, 5, 4, 15, tzinfo=dt.timezone.utc)
TODAY = dt.date(2026, 7, 15)
ACT = {"act_name": "Resolución 7 de 2026", "reason": "Por las lluvias"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(record_service, "today", lambda: TODAY)
    yield
    model.Session.rollback()
    model.Session.remove()


def computed(town: Town, family: str = "paac", *args: Any, **fields: Any) -> PlanRow:
    row = town.plan(family, *args, **fields)
    item_status.recompute(row.id, today=TODAY)
    model.Session.commit()
    return town.fresh(row)


@contextlib.contextmanager
def queries() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    engine = model.meta.engine
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)


def refused(town: Town, who: str, action: str, **data: Any) -> dict[str, Any]:
    """The errors of a request that is refused for what it says."""
    with pytest.raises(tk.ValidationError) as caught:
        town.call(who, action, **data)
    model.Session.rollback()
    found: dict[str, Any] = caught.value.error_dict
    return found


class TestAConstantNumberOfQueries:
    @pytest.fixture(scope="class")
    def plans(self, town: Town) -> dict[int, str]:
        made = {}
        for number in (10, 200):
            row = town.plan(body=many(town, number))
            item_status.recompute(row.id, today=TODAY)
            for code in ("1.1", "1.1#2", "1.1#3"):
                town.update(row, ("fila", code), organization=town.obras, state=Declared.ONGOING)
            made[number] = row.name
        model.Session.commit()
        return made

    @pytest.mark.parametrize("who", ["anonymous", "focal_point"])
    @pytest.mark.parametrize(
        ("action", "data"),
        [
            ("ogp_plan_show", {"id": "NAME"}),
            ("ogp_plan_item_list", {"plan": "NAME", "limit": 1000}),
            ("ogp_plan_item_list", {"plan": "NAME", "tracked": True, "q": "fila", "month": 3, "limit": 1000}),
            ("ogp_plan_item_show", {"plan": "NAME", "id": "1"}),
            ("ogp_plan_item_show", {"plan": "NAME", "id": "1.1"}),
            ("ogp_plan_obligation_list", {"plan": "NAME", "organization": "OBRAS", "limit": 1000}),
            ("ogp_plan_diff", {"plan": "NAME"}),
        ],
    )
    def test_of_items(
        self, town: Town, plans: dict[int, str], who: str, action: str, data: dict[str, Any]
    ) -> None:
        counts = {}
        for number, name in plans.items():
            given = {
                key: {"NAME": name, "OBRAS": town.obras}.get(str(value), value) for key, value in data.items()
            }
            town.call(who, action, **given)
            model.Session.remove()
            with queries() as asked:
                town.call(who, action, **given)
            counts[number] = len(asked)
        assert counts[10] == counts[200]
        assert counts[200] < 40

    def test_of_plans(self, town: Town, plans: dict[int, str]) -> None:
        counts = []
        for limit in (1, 1000):
            model.Session.remove()
            with queries() as asked:
                listed = town.call("citizen", "ogp_plan_list", limit=limit)
            counts.append(len(asked))
        assert len(listed["results"]) > 1
        assert counts[0] == counts[1] < 20

    def test_of_changes(self, town: Town) -> None:
        counts = []
        for number in (1, 4):
            row = computed(town)
            body = record_service.current_plan(row)
            for item in body.items[:number]:
                item.title += " (otra vez)"
            town.change(row, body)
            model.Session.remove()
            with queries() as asked:
                found = town.call("citizen", "ogp_plan_diff", plan=row.name)
            assert found["count"] == number
            counts.append(len(asked))
        assert counts[0] == counts[1] < 20


class TestLists:
    def test_a_plan_in_a_list(self, town: Town) -> None:
        row = computed(town)
        town.add_fact(row, Evidence(id="", at=NOW, item=("fila", "1.1.1"), url="https://example.org/mapa"), NOW)
        town.update(row, ("fila", "1.1.1"), NOW, state=Declared.DONE)
        town.update(row, ("fila", "2.1"), NOW, state=Declared.NOT_APPLICABLE, reason="No hay")
        item_status.recompute(row.id, today=TODAY)
        listed = town.call("anonymous", "ogp_plan_list", family="paac", limit=1000)["results"]
        found = next(one for one in listed if one["name"] == row.name)
        assert found["lights"] == {"no_iniciado": 0, "en_curso": 0, "completado": 1, "en_riesgo": 3}
        assert found["excluded"] == {"no_aplica": 1}
        assert found["tracked"] == 5
        assert found["owner"] == {"name": town.owner, "title": "DADII"}
        assert found["coverage"] == {"with_value": 1, "total": 4}
        assert found["progress"] == 1.0
        assert found["days_since_update"] == 72
        assert found["last_update"] == "2026-05-04T15:00:00.000000Z"
        assert found["next_cut"]["day"] == "2026-04-30"
        assert found["next_cut"]["state"] == "vencido"
        assert found["next_cut"]["days_left"] == -61
        assert found["url"] == f"/planes/{row.name}"

    def test_the_progress_of_a_plan_is_what_the_core_rolls_up(self, town: Town) -> None:
        from ckanext.ogp_plan.planning.rollup import roll_up
        from ckanext.ogp_plan.planning.status import compute_status

        for family in MAKERS:
            row = computed(town, family)
            keys = [
                (one.level, one.code)
                for one in model.Session.query(PlanItem).filter_by(plan_id=row.id, trackable=True)
            ]
            for number, key in enumerate(keys[:3]):
                town.update(row, key, NOW, state=Declared.ONGOING, progress=Decimal(20 * number + 10))
            item_status.recompute(row.id, today=TODAY)
            fresh = town.fresh(row)
            record = record_service.load(fresh)
            rolled = roll_up(compute_status(record, TODAY), record)[None]
            shown = town.call("anonymous", "ogp_plan_show", id=row.name)
            assert shown["progress"] == pytest.approx(float(rolled.rolled.progress), abs=1e-6)
            assert shown["coverage"] == {"with_value": rolled.rolled.with_value, "total": rolled.rolled.total}
            assert shown["tracked"] == rolled.total

    def test_filters_and_pages(self, town: Town) -> None:
        row = computed(town, "cost", "consulta")
        for data, there in (
            ({"family": "cost"}, True),
            ({"family": "ogp"}, False),
            ({"status": "consulta,adoptado"}, True),
            ({"status": "cerrado"}, False),
            ({"organization": town.obras}, True),
            ({"organization": town.owner}, True),
            ({"organization": town.otra}, False),
        ):
            found = town.call("anonymous", "ogp_plan_list", limit=1000, **data)
            assert (row.name in {one["name"] for one in found["results"]}) is there, data
            assert found["count"] == len(found["results"])
        whole = [one["name"] for one in town.call("anonymous", "ogp_plan_list", limit=1000)["results"]]
        paged = [
            town.call("anonymous", "ogp_plan_list", limit=1, offset=place)["results"][0]["name"]
            for place in range(len(whole))
        ]
        assert paged == whole

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"limit": 1001}, "limit"),
            ({"limit": "muchos"}, "limit"),
            ({"offset": -1}, "offset"),
            ({"color": "rojo"}, "color"),
        ],
    )
    def test_what_cannot_be_asked(self, town: Town, data: dict[str, Any], field: str) -> None:
        assert field in refused(town, "anonymous", "ogp_plan_list", **data)


class TestItems:
    @pytest.fixture(scope="class")
    def row(self, town: Town) -> Iterator[str]:
        made = town.plan("paac")
        item_status.recompute(made.id, today=TODAY)
        model.Session.commit()
        return made.name  # type: ignore[return-value]

    @pytest.mark.parametrize(
        ("data", "codes"),
        [
            ({"tracked": True}, ["1.1.1", "1.1.2", "1.1.2#2", "2.1", "2.2"]),
            ({"tracked": False, "parent": "root"}, ["1", "2"]),
            ({"parent": "1.1"}, ["1.1.1", "1.1.2"]),
            ({"component": "2", "tracked": True}, ["2.1", "2.2"]),
            ({"organization": "OBRAS"}, ["1.1.1", "1.1.2#2", "2.2"]),
            ({"organization": "DATIC"}, ["1.1.2", "1.1.2#2", "2.2"]),
            ({"organization": "otra-que-no"}, []),
            ({"light": "en_riesgo"}, ["1.1.1", "1.1.2", "1.1.2#2", "2.1", "2.2"]),
            ({"light": "completado,en_curso"}, []),
            ({"level": "componente"}, ["1", "2"]),
            ({"month": 9}, ["1.1.2", "1.1.2#2"]),
            ({"reason": "R1"}, ["1.1.1"]),
            ({"q": "BOLETÍN trimestre"}, ["1.1.2"]),
            ({"q": "100%_"}, []),
            ({"q": "videos", "month": 1}, ["1.1.2#2"]),
        ],
    )
    def test_filters(self, town: Town, row: str, data: dict[str, Any], codes: list[str]) -> None:
        named = {"OBRAS": town.obras, "DATIC": town.datic}
        given = {key: named.get(str(value), value) for key, value in data.items()}
        found = town.call("anonymous", "ogp_plan_item_list", plan=row, **given)
        assert [one["code"] for one in found["results"]] == codes
        assert found["count"] == len(codes)

    def test_one_in_the_list(self, town: Town, row: str) -> None:
        found = town.call("anonymous", "ogp_plan_item_list", plan=row, q="comunidad")["results"][0]
        assert found["address"] == "2.2"
        assert found["url"] == f"/planes/{row}/2.2"
        assert (found["parent"], found["component"], found["depth"]) == ("actividad-2.2", "2", 2)
        assert found["level_name"] == "Fila"
        assert (found["due"], found["precision"], found["months"]) == ("2026-12-31", "month", [6, 12])
        assert found["group"] == {"id": "organismos", "name": "Todos los organismos", "size": 2}
        assert found["quota"] == {
            "indicator": "2.2", "target": "4", "actual": "0", "capped": "0", "progress": None, "met": 0, "owed": 2,
            "unnamed": 0,
        }  # fmt: skip
        assert [one["name"] for one in found["organizations"]] == [town.obras, town.datic]
        assert found["progress"] is None, "absent is not zero"
        assert {one["code"] for one in found["reasons"]} == {"R3"}
        assert all(one["text"] for one in found["reasons"])

    def test_an_unknown_responsible_is_shown_as_printed(self, town: Town, row: str) -> None:
        found = town.call("anonymous", "ogp_plan_item_list", plan=row, q="atienden")["results"][0]
        assert found["organizations"] == []
        assert found["unknown"] == ["Todos los procesos"]
        assert found["due"] is None
        assert "Sin programación" in found["labels"]

    def test_facets_say_what_each_filter_would_give(self, town: Town, row: str) -> None:
        found = town.call("anonymous", "ogp_plan_item_list", plan=row, month=9)["facets"]
        assert {one["value"]: one["count"] for one in found["month"]} == {
            **dict.fromkeys(range(1, 13), 1), 3: 3, 6: 3, 9: 2, 12: 3,
        }  # fmt: skip
        assert {one["value"]: one["count"] for one in found["organization"]} == {town.obras: 1, town.datic: 2}
        assert found["component"] == [
            {"value": "1", "title": "1 Gestión del riesgo de corrupción", "count": 2}
        ]
        assert found["light"] == [{"value": "en_riesgo", "title": "En riesgo", "count": 2}]
        for name, values in found.items():
            for one in values:
                filters = {"month": 9, "tracked": True, name: one["value"]}
                asked = town.call("anonymous", "ogp_plan_item_list", plan=row, **filters)
                assert asked["count"] == one["count"], (name, one)

    def test_tags(self, town: Town) -> None:
        row = computed(town, "ogp")
        found = town.call("anonymous", "ogp_plan_item_list", plan=row.name, tag="transparencia", tracked=True)
        assert [one["code"] for one in found["results"]] == ["4.1.H1", "4.1.H2"]
        assert found["facets"]["tag"] == [
            {"value": "transparencia", "title": "Transparencia y acceso a la información", "count": 2},
            {"value": "participacion", "title": "Participación ciudadana", "count": 4},
        ]

    def test_a_removed_item_is_not_listed_but_shown(self, town: Town) -> None:
        row = computed(town)
        town.update(row, ("fila", "2.1"), NOW, state=Declared.ONGOING, text="Empezamos")
        body = record_service.current_plan(town.fresh(row))
        body.items = [one for one in body.items if one.key != ("fila", "2.1")]
        town.change(row, body)
        listed = town.call("anonymous", "ogp_plan_item_list", plan=row.name, tracked=True)
        assert [one["code"] for one in listed["results"]] == ["1.1.1", "1.1.2", "1.1.2#2", "2.2"]
        item = town.call("anonymous", "ogp_plan_item_show", plan=row.name, id="2.1")
        assert item["withdrawn"] is True
        assert [one["kind"] for one in item["story"]][:2] == ["change", "update"]
        assert item["changes"][0]["kind"] == "removed"
        assert item["changes"][0]["act_name"] == "Resolución 1"

    def test_the_same_code_at_several_levels(self, town: Town) -> None:
        row = computed(town, "cost")
        titles = {
            address: town.call("anonymous", "ogp_plan_item_show", plan=row.name, id=address)["level"]
            for address in ("goal-1.1", "outcome-1.1", "output-1.1", "activity-1.1")
        }
        assert list(titles.values()) == ["goal", "outcome", "output", "activity"]

    @pytest.mark.parametrize("reference", ["9.9", "no-hay", "../..", "' OR 1=1"])
    def test_what_is_not_there(self, town: Town, row: str, reference: str) -> None:
        assert town.ask("anonymous", "ogp_plan_item_show", plan=row, id=reference).status_code == 404

    def test_an_item_of_another_plan_is_not_there(self, town: Town, row: str) -> None:
        other = town.item(computed(town), "1.1.1")
        assert town.ask("anonymous", "ogp_plan_item_show", plan=row, id=other.id).status_code == 404


class TestTheStoryOfAnItem:
    @pytest.fixture(scope="class")
    def shown(self, town: Town) -> dict[str, Any]:
        row = town.plan("paac")
        key = ("fila", "2.2")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(record_service, "today", lambda: TODAY)
            item_status.recompute(row.id)
            obras, by = town.obras, town.ids["focal_point"]
            day = dt.timedelta(days=1)
            update = town.add_fact(
                row,
                Update(id="", at=NOW, item=key, organization=obras, state=Declared.ONGOING, text="Primera reunión",
                       obstacles="Llovió", next_step="Otra", by=by),
                NOW,
            )  # fmt: skip
            town.add_fact(
                row,
                Measurement(id="", at=NOW, item=key, indicator="2.2", organization=obras, start=dt.date(2026, 6, 1),
                            end=dt.date(2026, 6, 30), value=Decimal(3), comment="Tres", by=by),
                NOW + day,
            )  # fmt: skip
            evidence = town.add_fact(
                row,
                Evidence(id="", at=NOW, item=key, organization=obras, title="Acta", url="https://example.org/acta", by=by),
                NOW + 2 * day,
            )  # fmt: skip
            town.add_fact(
                row,
                EvidenceCheck(id="", at=NOW, evidence=evidence.id, alive=False, status=404),
                NOW + 3 * day,
            )
            town.add_fact(
                row,
                Verdict(id="", at=NOW, item=key, role=VerdictRole.MONITOR, agrees=False, rationale="Falta el acta",
                        recommendation="Publicarla", alert=True),
                NOW + 4 * day,
            )  # fmt: skip
            town.add_fact(
                row,
                Answer(id="", at=NOW, item=key, reason="R7", text="Ya viene", organization=obras),
                NOW + 5 * day,
            )
            town.add_fact(
                row,
                Review(id="", at=NOW, update=update.id, accepted=False, reason="Sin fecha"),
                NOW + 6 * day,
            )
            town.add_fact(
                row,
                Link(id="", at=NOW, item=key, kind=LinkKind.CONTRIBUTES, other=("fila", "1.1.1")),
                NOW + 7 * day,
            )
            made: dict[str, Any] = town.call("focal_point", "ogp_plan_item_show", plan=row.name, id="2.2")
        return made

    def test_is_newest_first_and_names_nobody(self, town: Town, shown: dict[str, Any]) -> None:
        facts = [one for one in shown["story"] if one["kind"] != "light"]
        assert [one["kind"] for one in facts] == [
            "link", "review", "answer", "verdict", "check", "evidence", "measurement", "update",
        ]  # fmt: skip
        assert facts[-1]["text"] == "Primera reunión"
        assert facts[-1]["returned"] is True
        assert {"Llovió", "Otra"} <= {one["value"] for one in facts[-1]["details"]}
        assert facts[-1]["organization_title"] == "Secretaría de Obras"
        assert facts[3]["by_role"]
        assert [one["at"] for one in shown["story"]] == sorted(
            (one["at"] for one in shown["story"]), reverse=True
        )
        for name, user_id in town.ids.items():
            assert user_id not in str(shown), name
            assert str(town.names[name]) not in str(shown["story"]), name

    def test_indicators(self, shown: dict[str, Any]) -> None:
        [indicator] = shown["indicators"]
        assert (indicator["target"], indicator["actual"], indicator["capped"]) == ("4", "3", "2")
        assert indicator["progress"] == 0.5, "what one does beyond its own covers for nobody"
        [period] = indicator["periods"]
        assert (period["label"], period["actual"], period["comment"]) == ("junio de 2026", "3", "Tres")

    def test_who_owes_and_who_is_missing(self, town: Town, shown: dict[str, Any]) -> None:
        mine, other = shown["assignments"]
        assert (mine["organization"], mine["own_target"], mine["actual"], mine["met"]) == (
            town.obras,
            "2",
            "3",
            True,
        )
        assert (other["organization"], other["actual"], other["met"]) == (town.datic, None, False)
        assert [one["name"] for one in shown["missing"]] == [town.datic]

    def test_evidence_verdicts_answers_links(self, shown: dict[str, Any]) -> None:
        [proof] = shown["evidence"]
        assert (proof["state"], proof["url"]) == ("broken", "https://example.org/acta")
        assert proof["state_text"]
        assert shown["verdicts"]["control_interno"] is None
        assert shown["verdicts"]["monitor"]["rationale"] == "Falta el acta"
        assert shown["verdicts"]["monitor"]["alert"] is True
        assert shown["disagrees"] is True
        assert shown["answers"][0]["text"] == "Ya viene"
        assert shown["answers"][0]["active"] is True
        assert [(one["kind"], one["code"], one["inverse"]) for one in shown["links"]] == [
            ("contributes_to", "1.1.1", False)
        ]

    def test_what_one_may(self, town: Town, shown: dict[str, Any]) -> None:
        assert shown["may"] == {
            "report": [town.obras], "report_whole": False, "answer": True, "evidence": True, "review": False,
            "verdict": [], "link": False,
        }  # fmt: skip


class TestObligations:
    def test_overdue_then_this_month_then_the_rest(self, town: Town) -> None:
        row = computed(town)
        found = town.call("anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=row.name)
        assert [one["code"] for one in found["late"]] == ["1.1.1"]
        assert [one["code"] for one in found["this_month"]] == ["1.1.2#2"]
        assert [one["code"] for one in found["next"]] == ["2.2"]
        assert found["done"] == []
        assert found["count"] == 3
        assert found["month"] == "2026-07"
        assert found["next"][0]["own"]["own_target"] == "2"
        assert found["counts"] == {"no_iniciado": 1, "en_curso": 0, "completado": 0, "en_riesgo": 2}
        december = town.call(
            "anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=row.name, month="2026-12"
        )
        assert {one["code"] for one in december["this_month"]} == {"1.1.2#2", "2.2"}

    def test_what_one_has_done_is_done_for_it(self, town: Town) -> None:
        row = computed(town)
        value = Measurement(
            id="",
            at=NOW,
            item=("fila", "2.2"),
            indicator="2.2",
            organization=town.obras,
            start=TODAY,
            end=TODAY,
            value=Decimal(2),
        )
        town.add_fact(row, value, NOW)
        for organization, bucket in ((town.obras, "done"), (town.datic, "next")):
            found = town.call("anonymous", "ogp_plan_obligation_list", organization=organization, plan=row.name)
            assert "2.2" in {one["code"] for one in found[bucket]}, organization

    def test_standings_of_before_there_was_an_own_light(self, town: Town) -> None:
        """They say no light of an organismo: it is not known, and the item's stands in for it in lists and counts."""
        row = computed(town)
        keep = sa.text(
            "UPDATE ogp_item SET status = jsonb_set(status, '{assignments}', (SELECT jsonb_agg(one - 'light') "
            "FROM jsonb_array_elements(status->'assignments') AS one)) "
            "WHERE plan_id = :id AND jsonb_array_length(status->'assignments') > 0"
        )
        assert model.Session.execute(keep, {"id": row.id}).rowcount == 4
        model.Session.commit()
        found = town.ask("anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=row.name)
        assert found.status_code == 200
        result = found.get_json()["result"]
        lights = {
            one["code"]: (one["own"]["light"], one["light"])
            for bucket in ("late", "this_month", "next", "done")
            for one in result[bucket]
        }
        # 2.2 is owed by two: nothing says how one of them stands; 1.1.1 by one alone
        assert lights["2.2"] == (None, "en_riesgo")
        assert lights["1.1.1"] == ("en_riesgo", "en_riesgo")
        of_items = Counter(light for _, light in lights.values())
        assert {light: number for light, number in result["counts"].items() if number} == of_items
        assert town.get("anonymous", f"/organismo/{town.obras}/obligaciones?plan={row.name}").status_code == 200
        item = town.ask("anonymous", "ogp_plan_item_show", plan=row.name, id="2.2").get_json()["result"]
        assert {(one["state"], one["light"], one["light_name"]) for one in item["assignments"]} == {
            ("no_iniciado", None, None)
        }
        assert town.get("anonymous", f"/planes/{row.name}/2.2").status_code == 200

    def test_only_of_plans_under_way(self, town: Town) -> None:
        names = {
            status: computed(town, "ogp", status).name
            for status in ("consulta", "adoptado", "en_ejecucion", "cerrado")
        }
        found = town.call("sysadmin", "ogp_plan_obligation_list", organization=town.datic, limit=1000)
        there = {one["name"] for one in found["plans"]}
        assert {status for status, name in names.items() if name in there} == {"adoptado", "en_ejecucion"}
        assert {one["plan"] for bucket in ("late", "this_month", "next") for one in found[bucket]} <= there

    def test_pages_walk_through_all(self, town: Town) -> None:
        row = computed(town)
        whole = town.call("anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=row.name)
        codes = []
        for offset in range(3):
            page = town.call(
                "anonymous",
                "ogp_plan_obligation_list",
                organization=town.obras,
                plan=row.name,
                limit=1,
                offset=offset,
            )
            assert page["totals"] == whole["totals"]
            codes += [
                one["code"] for bucket in ("late", "this_month", "next", "done") for one in page[bucket]
            ]
        assert codes == ["1.1.1", "1.1.2#2", "2.2"]

    def test_of_an_organismo_nobody_knows(self, town: Town) -> None:
        assert town.ask("anonymous", "ogp_plan_obligation_list", organization="no-hay").status_code == 404

    def test_of_one_without_an_organization_in_the_portal(self, town: Town) -> None:
        found = town.call("anonymous", "ogp_plan_obligation_list", organization="dagma")
        assert found["count"] == 0
        assert "Medio Ambiente" in found["title"]

    @pytest.mark.parametrize("month", ["13", "0", "2026-13", "julio"])
    def test_of_no_month(self, town: Town, month: str) -> None:
        assert "month" in refused(
            town, "anonymous", "ogp_plan_obligation_list", organization=town.obras, month=month
        )


class TestWhatChanged:
    def test_dates_goals_and_rows(self, town: Town) -> None:
        row = computed(town, "ogp")
        body = record_service.current_plan(row)
        commitment, first, second = body.items[0], body.items[1], body.items[2]
        first.schedule = due(dt.date(2026, 8, 14))
        commitment.indicators[0].targets = [Target(Decimal(4), "4")]
        body.items.remove(second)
        town.change(row, body, **ACT)
        found = town.call("anonymous", "ogp_plan_diff", plan=row.name)
        assert found["whole"] == {"moved": 1, "days": 45, "lowered": 1, "percent": 20.0, "removed": 1}
        assert found["drift"] == [{"name": town.obras, "title": "Secretaría de Obras", **found["whole"]}]
        assert {one["act_name"] for one in found["changes"]} == {ACT["act_name"]}
        moved = next(one for one in found["changes"] if one["field"] == "schedule.due")
        assert (moved["before"], moved["after"], moved["address"]) == ("2026-06-30", "2026-08-14", "4.1.H1")
        assert moved["field_name"]
        today = dt.datetime.now(dt.timezone.utc).date()
        for since, until, count in (
            (today - dt.timedelta(days=1), today + dt.timedelta(days=1), found["count"]),
            (today + dt.timedelta(days=2), None, 0),
            (None, today - dt.timedelta(days=2), 0),
        ):
            part = town.call(
                "anonymous", "ogp_plan_diff", plan=row.name, since=str(since or ""), until=str(until or "")
            )
            assert part["count"] == count
        page = town.call("anonymous", "ogp_plan_diff", plan=row.name, limit=1)
        assert len(page["changes"]) == 1
        assert page["whole"] == found["whole"]

    def test_a_goal_raised_or_a_date_brought_forward_is_shown_as_such(self, town: Town) -> None:
        row = computed(town)
        body = record_service.current_plan(row)
        body.items[3].schedule = months(1)
        for item in body.items:
            for indicator in item.indicators:
                indicator.targets = [Target((one.value or 0) + 1, "") for one in indicator.targets]
        town.change(row, body, **ACT)
        whole = town.call("anonymous", "ogp_plan_diff", plan=row.name)["whole"]
        assert (whole["lowered"], whole["percent"]) == (0, None)
        assert whole["days"] < 0


class TestMaking:
    def new(self, town: Town, **more: Any) -> dict[str, Any]:
        number = model.Session.query(PlanRow).count()
        return {
            "name": f"plan-nuevo-{number}",
            "family": "paac",
            "title": "Plan nuevo",
            "owner": town.owner,
            **more,
        }

    def test_a_draft_without_items(self, town: Town) -> None:
        made = town.call(
            "owner_admin", "ogp_plan_create", **self.new(town, start="2027-01-01", end="2027-12-31")
        )
        assert (made["status"], made["version"], made["tracked"]) == ("borrador", 0, 0)
        assert made["progress"] is None
        assert made["cuts"] != []
        assert made["next_cut"] is None
        assert town.call("owner_admin", "ogp_plan_item_list", plan=made["name"])["count"] == 0
        assert town.call("owner_admin", "ogp_plan_diff", plan=made["name"])["changes"] == []

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "Plan Nuevo"}, "name"),
            ({"name": "importar"}, "name"),
            ({"name": "mis-avisos"}, "name"),
            ({"name": "../x"}, "name"),
            ({"name": None}, "name"),
            ({"family": "conpes"}, "family"),
            ({"family": "../../etc"}, "family"),
            ({"title": ""}, "title"),
            ({"title": "x" * 5000}, "title"),
            ({"owner": "no-hay"}, "owner"),
            ({"start": "2027-12-31", "end": "2027-01-01"}, "end"),
            ({"start": "ayer"}, "start"),
            ({"settings": {"thresholds": {"lag_points": "mucho"}}}, "settings"),
            ({"settings": {"color": "rojo"}}, "settings"),
            ({"settings": "{"}, "settings"),
            ({"settings": [1]}, "settings"),
            ({"successor_of": "no-hay"}, "successor_of"),
            ({"status": "adoptado"}, "status"),
        ],
    )
    def test_what_cannot_be_made(self, town: Town, wrong: dict[str, Any], field: str) -> None:
        before = model.Session.query(PlanRow).count()
        errors = refused(town, "sysadmin", "ogp_plan_create", **self.new(town, **wrong))
        assert list(errors) == [field]
        assert all(errors[field])
        assert model.Session.query(PlanRow).count() == before

    def test_a_name_that_is_taken(self, town: Town) -> None:
        row = computed(town)
        assert "name" in refused(town, "sysadmin", "ogp_plan_create", **self.new(town, name=row.name))


class TestChanging:
    def test_every_transition(self, town: Town) -> None:
        allowed = {
            "borrador": {"borrador", "consulta", "adoptado"},
            "consulta": {"consulta", "borrador", "adoptado"},
            "adoptado": {"adoptado", "en_ejecucion", "cerrado"},
            "en_ejecucion": {"en_ejecucion", "cerrado"},
        }
        for before, after in allowed.items():
            for status in ("borrador", "consulta", "adoptado", "en_ejecucion", "cerrado"):
                row = town.plan("ogp", before)
                if status in after:
                    made = town.call("coordinator", "ogp_plan_patch", id=row.name, status=status)
                    assert made["status"] == status
                else:
                    errors = refused(town, "coordinator", "ogp_plan_patch", id=row.name, status=status)
                    assert list(errors) == ["status"]
                    assert town.fresh(row).status == before

    def test_what_has_no_items_is_not_adopted(self, town: Town) -> None:
        made = town.call(
            "sysadmin",
            "ogp_plan_create",
            name="sin-filas",
            family="paac",
            title="Sin filas",
            owner=town.owner,
        )
        for status in ("consulta", "adoptado"):
            assert list(refused(town, "sysadmin", "ogp_plan_patch", id=made["name"], status=status)) == [
                "status"
            ]

    def test_a_status_is_published_among_the_changes(self, town: Town) -> None:
        row = computed(town)
        town.call("coordinator", "ogp_plan_patch", id=row.name, status="cerrado", **ACT)
        [change] = town.ask("anonymous", "ogp_plan_diff", plan=row.name).get_json()["result"]["changes"]
        assert (change["field"], change["before"], change["after"]) == ("status", "en_ejecucion", "cerrado")
        assert (change["before_text"], change["after_text"]) == ("En ejecución", "Cerrado")
        assert change["act_name"] == ACT["act_name"]
        assert town.call("anonymous", "ogp_plan_show", id=row.name)["versions"][0]["changes"] == 0
        with pytest.raises(tk.NotAuthorized):
            town.call("coordinator", "ogp_plan_patch", id=row.name, title="Otro")
        with pytest.raises(tk.NotAuthorized):
            town.call("sysadmin", "ogp_plan_patch", id=row.name, status="en_ejecucion")

    def test_settings_change_the_lights_and_are_published(self, town: Town) -> None:
        row = computed(town)
        assert "R3" in town.item(row, "1.1.2").reasons
        settings = {"thresholds": {"lag_points": 90}, "count_unit": "activity"}
        made = town.call("coordinator", "ogp_plan_patch", id=row.name, settings=settings)
        own = {one["name"]: one["value"] for one in made["settings"] if one["own"]}
        assert own == {"count_unit": "activity", "thresholds.lag_points": "90"}
        assert "R3" not in town.item(row, "1.1.2").reasons
        changes = town.call("anonymous", "ogp_plan_diff", plan=row.name)["changes"]
        assert {one["field"] for one in changes} == {"settings.count_unit", "settings.thresholds.lag_points"}
        assert all(one["field_name"] for one in changes)
        made = town.call("coordinator", "ogp_plan_patch", id=row.name, settings={})
        assert not any(one["own"] for one in made["settings"])
        assert "R3" in town.item(row, "1.1.2").reasons

    def test_the_title_of_an_adopted_plan_needs_an_act(self, town: Town) -> None:
        row = computed(town)
        adopted = row.title
        errors = refused(town, "coordinator", "ogp_plan_patch", id=row.name, title="Otro título")
        assert set(errors) == {"act_name", "reason"}
        made = town.call("coordinator", "ogp_plan_patch", id=row.name, title="Otro título", **ACT)
        assert (made["title"], made["version"]) == ("Otro título", 2)
        [change] = town.call("anonymous", "ogp_plan_diff", plan=row.name)["changes"]
        assert (change["field"], change["after"], change["reason"]) == ("title", "Otro título", ACT["reason"])
        kept = model.Session.query(PlanVersion).filter_by(plan_id=row.id, number=1).one()
        assert kept.body["title"] == adopted, "what was adopted is kept"

    def test_nothing_asked_changes_nothing(self, town: Town) -> None:
        row = computed(town)
        made = town.call("coordinator", "ogp_plan_patch", id=row.name, title=row.title, status=row.status)
        assert made["version"] == 1
        assert model.Session.query(RecordedChange).filter_by(plan_id=row.id).count() == 0

    def test_all_or_nothing(self, town: Town) -> None:
        row = computed(town)
        refused(town, "coordinator", "ogp_plan_patch", id=row.name, status="cerrado", settings={"color": 1})
        assert town.fresh(row).status == "en_ejecucion"

    def test_another_owner(self, town: Town) -> None:
        row = computed(town)
        made = town.call("sysadmin", "ogp_plan_patch", id=row.name, owner=town.otra, **ACT)
        assert made["owner"]["name"] == town.otra
        with pytest.raises(tk.NotAuthorized):
            town.call("owner_admin", "ogp_plan_patch", id=row.name, title="Mío")

    def test_it_does_not_follow_itself(self, town: Town) -> None:
        row, before = computed(town), computed(town)
        assert "successor_of" in refused(
            town, "coordinator", "ogp_plan_patch", id=row.name, successor_of=row.name
        )
        made = town.call(
            "coordinator", "ogp_plan_patch", id=row.name, successor_of=before.name, demonstration=True
        )
        assert made["successor_of"]["name"] == before.name
        assert made["demonstration"] is True

    def test_a_caller_that_commits_itself(self, town: Town) -> None:
        row = computed(town, "paac", "borrador")
        context = {"user": town.names["coordinator"], "defer_commit": True}
        tk.get_action("ogp_plan_patch")(context, {"id": row.name, "status": "consulta"})
        model.Session.rollback()
        assert town.fresh(row).status == "borrador"
        assert model.Session.query(Event).filter_by(plan_id=row.id).count() == 0
