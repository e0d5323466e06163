"""Reporting: what is reported of an item, validated against the facts, all or nothing, once for each request."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.model import Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.types import PlanStatus

LINK = {"url": "https://www.cali.gov.co/acta.pdf", "title": "Acta"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """No link leaves the machine; looking at links has its own tests."""
    monkeypatch.setitem(tk.config, "ckanext.ogp_plan.check_links", False)


@pytest.fixture
def plan(town: Town) -> PlanRow:
    return town.plan("paac")


def events_of(plan: PlanRow, kind: str | None = None) -> list[Event]:
    model.Session.rollback()
    wanted = sa.select(Event).where(Event.plan_id == plan.id).order_by(Event.seq)
    if kind:
        wanted = wanted.where(Event.kind == kind)
    return list(model.Session.scalars(wanted))


def refused(town: Town, who: str, action: str, **data: Any) -> dict[str, Any]:
    """The errors of an action that must refuse, and must write nothing."""
    before = model.Session.execute(sa.select(sa.func.count()).select_from(Event)).scalar()
    with pytest.raises(tk.ValidationError) as error:
        town.call(who, action, **data)
    model.Session.rollback()
    assert model.Session.execute(sa.select(sa.func.count()).select_from(Event)).scalar() == before
    found: dict[str, Any] = error.value.error_dict
    assert error.value.error_summary is not None
    return found


class TestUpdates:
    def test_the_first_report_begins_an_item(self, town: Town, plan: PlanRow) -> None:
        made = town.call(
            "focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Se convocó."
        )
        assert made["state"] == "en_curso"
        assert made["organization"] == town.obras
        item = town.item(plan, "1.1.1")
        assert (item.declared, made["light"]) == ("en_curso", item.light)
        assert item.last_update is not None

    def test_no_changes_begins_nothing(self, town: Town, plan: PlanRow) -> None:
        made = town.call(
            "focal_point", "ogp_plan_evidence_create", plan=plan.name, item="1.1.1", confirms=True
        )
        assert (made["state"], made["confirms"]) == (None, True)
        assert town.item(plan, "1.1.1").declared == "no_iniciado"

    def test_done_needs_evidence_and_targets(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "state": "completado"}
        wrong = refused(town, "focal_point", "ogp_plan_update_create", **say)
        assert set(wrong) == {"evidence", "reason"}
        wrong = refused(town, "focal_point", "ogp_plan_update_create", **say, evidence=[LINK])
        assert set(wrong) == {"reason"}
        made = town.call(
            "focal_point",
            "ogp_plan_update_create",
            **say,
            evidence=[LINK],
            measurements=[{"value": 1, "period": "2026-03"}],
        )
        assert made["light"] == "completado"
        assert len(made["evidence"]) == len(made["measurements"]) == 1
        by_update = {one.body["update"] for one in events_of(plan) if one.kind in ("evidence", "measurement")}
        assert by_update == {made["id"]}

    def test_done_by_a_written_exception(self, town: Town, plan: PlanRow) -> None:
        made = town.call(
            "focal_point",
            "ogp_plan_update_create",
            plan=plan.name,
            item="1.1.1",
            state="completado",
            reason="El mapa se fusionó con otro.",
            evidence=[LINK],
        )
        assert made["light"] == "completado"

    def test_open_again_needs_a_reason(self, town: Town, plan: PlanRow) -> None:
        self.test_done_by_a_written_exception(town, plan)
        again = {"plan": plan.name, "item": "1.1.1", "state": "en_curso"}
        assert set(refused(town, "focal_point", "ogp_plan_update_create", **again)) == {"reason"}
        made = town.call("focal_point", "ogp_plan_update_create", **again, reason="Faltaba un proceso.")
        assert made["declared"] == "en_curso"

    def test_the_only_evidence_withdrawn_opens_it_again(self, town: Town, plan: PlanRow) -> None:
        self.test_done_by_a_written_exception(town, plan)
        evidence = events_of(plan, "evidence")[0].id
        made = town.call("focal_point", "ogp_plan_evidence_retract", id=evidence, reason="Era otra acta.")
        assert made["retracted"] == "Era otra acta."
        assert made["light"] == "en_riesgo"
        assert "R5" in made["reasons"]
        assert set(
            refused(town, "focal_point", "ogp_plan_evidence_retract", id=evidence, reason="Otra vez")
        ) == {"id"}

    @pytest.mark.parametrize("state", ["no_aplica", "suspendido", "retirado"])
    def test_only_the_coordinator_takes_it_out(self, town: Town, plan: PlanRow, state: str) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "state": state, "reason": "No se materializó."}
        with pytest.raises(tk.NotAuthorized):
            town.call("focal_point", "ogp_plan_update_create", **say)
        assert "reason" in refused(town, "coordinator", "ogp_plan_update_create", **{**say, "reason": ""})
        if state == "retirado":
            assert set(refused(town, "coordinator", "ogp_plan_update_create", **say)) == {"act"}
            say["act"] = "Resolución 7 de 2026"
        made = town.call("coordinator", "ogp_plan_update_create", **say)
        assert made["light"] == state
        # and back again, by nobody else either
        back = {
            "plan": plan.name,
            "item": "1.1.1",
            "state": "en_curso",
            "reason": "Sí aplica.",
            "act": "Resolución 8",
        }
        assert "state" in refused(town, "focal_point", "ogp_plan_update_create", **back)
        assert town.call("coordinator", "ogp_plan_update_create", **back)["declared"] == "en_curso"

    def test_the_coordinator_takes_one_organismo_out_of_a_group(self, town: Town, plan: PlanRow) -> None:
        made = town.call(
            "coordinator",
            "ogp_plan_update_create",
            plan=plan.name,
            item="2.2",
            organization=town.obras,
            state="no_aplica",
            reason="Sin comunidad a cargo.",
        )
        assert made["organization"] == town.obras
        standing = town.item(plan, "2.2").status
        assert {one["organization"]: one["declared"] for one in standing["assignments"]}[
            town.obras
        ] == "no_aplica"

    def test_each_of_a_group_reports_for_itself(self, town: Town, plan: PlanRow) -> None:
        first = town.call(
            "focal_point",
            "ogp_plan_update_create",
            plan=plan.name,
            item="2.2",
            state="completado",
            measurements=[{"value": 2, "period": "2026-06"}],
            evidence=[LINK],
        )
        assert first["declared"] == "en_curso"
        quota = town.item(plan, "2.2").status["quota"]
        assert (list(quota["met"]), list(quota["missing"])) == ([town.obras], [town.datic])

    def test_who_supports_declares_no_state(self, town: Town, plan: PlanRow) -> None:
        editor = town.names["other_editor"]
        tk.get_action("organization_member_create")(
            {"user": town.names["sysadmin"]}, {"id": town.datic, "username": editor, "role": "editor"}
        )
        say = {"plan": plan.name, "item": "1.1.2_2"}
        try:
            assert set(refused(town, "other_editor", "ogp_plan_update_create", **say, state="en_curso")) == {
                "state"
            }
            made = town.call(
                "other_editor", "ogp_plan_update_create", **say, text="Grabamos dos.", state="no_iniciado"
            )
            assert (made["organization"], made["state"]) == (town.datic, None)
        finally:
            tk.get_action("organization_member_delete")(
                {"user": town.names["sysadmin"]}, {"id": town.datic, "username": editor}
            )

    def test_a_correction_replaces_and_two_do_not(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        first = town.call("focal_point", "ogp_plan_update_create", **say, text="Uno", progress=10)
        second = town.call(
            "focal_point",
            "ogp_plan_update_create",
            **say,
            text="Dos",
            progress="22,5",
            supersedes=first["id"],
        )
        assert second["progress"] == 22.5
        wrong = refused(
            town, "focal_point", "ogp_plan_update_create", **say, text="Tres", supersedes=first["id"]
        )
        assert set(wrong) == {"supersedes"}
        wrong = refused(
            town, "focal_point", "ogp_plan_update_create", **say, text="Tres", supersedes=str(uuid.uuid4())
        )
        assert set(wrong) == {"supersedes"}

    def test_what_contradicts_itself(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        for given, field in (
            ({}, "text"),
            ({"confirms": True, "progress": 10}, "confirms"),
            ({"at_risk": True}, "reason"),
            ({"state": "completado", "progress": 50, "evidence": [LINK], "reason": "x"}, "progress"),
            ({"state": "no_iniciado", "progress": 50}, "progress"),
            ({"state": "hecho"}, "state"),
            ({"progress": 101}, "progress"),
            ({"progress": -1}, "progress"),
            ({"period": "2027-01", "text": "x"}, "period"),
            ({"period": "marzo", "text": "x"}, "period"),
            ({"report": str(uuid.uuid4()), "text": "x"}, "report"),
            ({"estado": "en_curso"}, "estado"),
        ):
            assert field in refused(town, "focal_point", "ogp_plan_update_create", **say, **given), given

    def test_a_closed_period_takes_nothing(self, town: Town, plan: PlanRow) -> None:
        now = dt.datetime.now(dt.timezone.utc)
        town.add_fact(plan, tracking.PeriodEvent(id="", at=now, period="2026-03", opened=False))
        say = {"plan": plan.name, "item": "1.1.1", "period": "2026-03"}
        assert set(refused(town, "focal_point", "ogp_plan_update_create", **say, text="x")) == {"period"}
        assert set(refused(town, "focal_point", "ogp_plan_measurement_create", **say, value=1)) == {"period"}
        town.add_fact(plan, tracking.PeriodEvent(id="", at=now, period="2026-03", opened=True))
        town.call("focal_point", "ogp_plan_update_create", **say, text="x")

    @pytest.mark.parametrize("status", [PlanStatus.DRAFT, PlanStatus.CONSULTATION, PlanStatus.CLOSED])
    def test_only_of_a_plan_that_is_tracked(self, town: Town, status: PlanStatus) -> None:
        plan = town.plan("paac", status)
        for who, action, more in (
            ("focal_point", "ogp_plan_update_create", {"text": "x"}),
            ("coordinator", "ogp_plan_update_create", {"text": "x"}),
            ("focal_point", "ogp_plan_measurement_create", {"value": 1}),
            ("focal_point", "ogp_plan_evidence_create", LINK),
        ):
            with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
                town.call(who, action, plan=plan.name, item="1.1.1", **more)
        assert events_of(plan) == []

    def test_not_of_a_level_above_nor_of_what_is_withdrawn(self, town: Town, plan: PlanRow) -> None:
        assert set(
            refused(town, "coordinator", "ogp_plan_update_create", plan=plan.name, item="1.1", text="x")
        ) == {"item"}
        item = PlanItem.at(plan.id, "1.1.1")
        item.withdrawn = True
        model.Session.commit()
        assert set(
            refused(town, "coordinator", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="x")
        ) == {"item"}


class TestMeasurements:
    def test_one_a_period_and_corrections(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.2_2", "period": "2026-02"}
        first = town.call("focal_point", "ogp_plan_measurement_create", **say, value=3)
        assert (first["start"], first["end"], first["value"]) == ("2026-02-01", "2026-02-28", 3)
        wrong = refused(town, "focal_point", "ogp_plan_measurement_create", **say, value=4)
        assert first["id"] in wrong["period"][0]
        second = town.call(
            "focal_point", "ogp_plan_measurement_create", **say, value=4, supersedes=first["id"]
        )
        assert float(town.item(plan, "1.1.2_2").progress) == pytest.approx(4 / 12, abs=1e-4)
        gone = town.call(
            "focal_point", "ogp_plan_measurement_create", plan=plan.name, item="1.1.2_2",
            supersedes=second["id"], retracted="Se contó dos veces.",
        )  # fmt: skip
        assert gone["retracted"]
        assert town.item(plan, "1.1.2_2").progress in (None, 0)
        town.call("focal_point", "ogp_plan_measurement_create", **say, value=5)

    def test_an_update_measures_all_or_nothing(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "text": "Listo"}
        wrong = refused(
            town, "focal_point", "ogp_plan_update_create", **say,
            measurements=[{"value": 1, "period": "2026-01"}, {"value": 1, "period": "2026-01"}],
        )  # fmt: skip
        assert list(wrong) == ["measurements"]
        assert wrong["measurements"][0] == {}
        assert set(wrong["measurements"][1]) == {"period"}

    def test_values_that_cannot_be(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        for given, field in (
            ({}, "value"),
            ({"value": "muchos"}, "value"),
            ({"value": "1e309"}, "value"),
            ({"value": 10**30}, "value"),
            ({"value": [1]}, "value"),
            ({"numerator": 1, "denominator": 2}, "numerator"),
            ({"value": 1, "indicator": "otro"}, "indicator"),
            ({"value": 1, "start": "2026-05-01"}, "end"),
            ({"value": 1, "start": "2026-05-02", "end": "2026-05-01"}, "end"),
            ({"value": 1, "start": "2027-05-02", "end": "2027-05-01"}, "end"),
            ({"value": 1, "start": "2026-12-24", "end": "2026-12-31"}, "start"),
            ({"value": 1, "start": "1999-01-01", "end": "2026-05-01"}, "end"),
            ({"value": 1, "period": "2026-01", "start": "2026-01-01"}, "period"),
            ({"retracted": "x"}, "supersedes"),
            ({"value": 1, "update": str(uuid.uuid4())}, "update"),
            ({"value": 1, "dimension": {"a": {"b": 1}}}, "dimension"),
        ):
            assert field in refused(town, "focal_point", "ogp_plan_measurement_create", **say, **given), given


class TestRequests:
    def test_the_same_request_answers_the_same(self, town: Town, plan: PlanRow) -> None:
        for action, more in (
            ("ogp_plan_update_create", {"text": "Hola", "evidence": [LINK]}),
            ("ogp_plan_measurement_create", {"value": 1, "period": "2026-01"}),
            ("ogp_plan_evidence_create", {"url": "https://www.cali.gov.co/otra.pdf"}),
        ):
            say = {"plan": plan.name, "item": "1.1.1", "request_id": "una vez", **more}
            first = town.call("focal_point", action, **say)
            before = len(events_of(plan))
            second = town.call("focal_point", action, **say)
            assert second["id"] == first["id"]
            assert len(events_of(plan)) == before
            assert {**second, "repeated": 0} == {**first, "repeated": 0}

    def test_of_another_person_it_is_another(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "request_id": "x", "text": "Hola"}
        first = town.call("focal_point", "ogp_plan_update_create", **say)
        second = town.call("named_focal_point", "ogp_plan_update_create", **say)
        assert first["id"] != second["id"]

    def test_twenty_at_once_are_one(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "request_id": "veinte", "text": "Hola", "evidence": [LINK],
               "measurements": [{"value": 1, "period": "2026-01"}]}  # fmt: skip
        answers = at_once(town, 20, lambda _: ("ogp_plan_update_create", say))
        assert {status for status, _ in answers} == {200}
        assert len({body["result"]["id"] for _, body in answers}) == 1
        assert [one.kind for one in events_of(plan)] == ["measurement", "evidence", "update"]


def at_once(town: Town, number: int, asked: Any) -> list[tuple[int, Any]]:
    """So many requests of the focal point at the same moment, over HTTP."""
    answers: list[tuple[int, Any]] = []
    gate = threading.Barrier(number)

    def run(n: int) -> None:
        action, data = asked(n)
        gate.wait()
        client = town.app.flask_app.test_client()
        answer = client.post(
            f"/api/action/{action}", headers={"Authorization": town.tokens["focal_point"]}, json=data
        )
        answers.append(
            (answer.status_code, answer.get_json(silent=True) or answer.get_data(as_text=True)[:2000])
        )

    threads = [threading.Thread(target=run, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


class TestAtOnce:
    def test_no_update_is_lost(self, town: Town, plan: PlanRow) -> None:
        answers = at_once(
            town,
            20,
            lambda n: (
                "ogp_plan_update_create",
                {"plan": plan.name, "item": "1.1.2_2", "text": f"Aviso {n}", "progress": n,
                 "measurements": [{"value": 1, "start": f"2026-01-{n + 1:02}", "end": f"2026-01-{n + 1:02}"}]},
            ),
        )  # fmt: skip
        assert [status for status, _ in answers] == [200] * 20, [
            body for status, body in answers if status != 200
        ][:1]
        found = events_of(plan, "update")
        assert {one.body["text"] for one in found} == {f"Aviso {n}" for n in range(20)}
        # the item stands by all of them
        item = town.item(plan, "1.1.2_2")
        assert item.progress == 1
        assert item.last_update >= max(one.at for one in found)

    def test_of_two_of_one_period_one_is_refused(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1", "value": 1, "period": "2026-01"}
        answers = at_once(town, 8, lambda _: ("ogp_plan_measurement_create", say))
        assert sorted(status for status, _ in answers) == [200] + [409] * 7
        assert len(events_of(plan, "measurement")) == 1

    def test_of_two_corrections_one_is_refused(self, town: Town, plan: PlanRow) -> None:
        first = town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Uno")
        say = {"plan": plan.name, "item": "1.1.1", "text": "Dos", "supersedes": first["id"]}
        answers = at_once(town, 8, lambda _: ("ogp_plan_update_create", say))
        assert sorted(status for status, _ in answers) == [200] + [409] * 7
        wrong = next(body for status, body in answers if status == 409)
        assert "supersedes" in wrong["error"]


class TestLinks:
    @pytest.fixture
    def two(self, town: Town) -> tuple[PlanRow, PlanRow]:
        first, second = town.plan("paac"), town.plan("ogp")
        town.add_fact(
            first,
            tracking.Link(
                id="", at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"),
                kind=tracking.LinkKind.COUNTS_FOR, other=("hito", "4.1.H1"), plan=second.id,
            ),
        )  # fmt: skip
        return first, second

    def test_one_answer_counts_for_both(self, town: Town, two: tuple[PlanRow, PlanRow]) -> None:
        first, second = two
        made = town.call(
            "focal_point", "ogp_plan_update_create", plan=first.name, item="1.1.1", text="Hecho", progress=100,
            state="completado", reason="Sin meta", evidence=[LINK], request_id="enlace",
        )  # fmt: skip
        assert [(one["plan"], one["item"], one["state_kept"]) for one in made["repeated"]] == [
            (second.name, "4.1.H1", True)
        ]
        twin = town.item(second, "4.1.H1")
        assert twin.light == "completado"
        assert [one.kind for one in events_of(second)] == ["evidence", "update"]
        assert events_of(second, "update")[0].body["origin"] == made["id"]
        again = town.call(
            "focal_point", "ogp_plan_update_create", plan=first.name, item="1.1.1", text="Hecho", progress=100,
            state="completado", reason="Sin meta", evidence=[LINK], request_id="enlace",
        )  # fmt: skip
        assert again["repeated"] == made["repeated"]
        assert len(events_of(second)) == 2

    def test_it_works_from_the_other_side_and_a_correction_follows(
        self, town: Town, two: tuple[PlanRow, PlanRow]
    ) -> None:
        first, second = two
        say = {"plan": second.name, "item": "4.1.H1"}
        made = town.call("focal_point", "ogp_plan_update_create", **say, text="Va", progress=30)
        assert town.item(first, "1.1.1").declared == "en_curso"
        town.call(
            "focal_point",
            "ogp_plan_update_create",
            **say,
            text="Va mejor",
            progress=40,
            supersedes=made["id"],
        )
        texts = [(one.body["text"], one.supersedes is not None) for one in events_of(first, "update")]
        assert texts == [("Va", False), ("Va mejor", True)]

    def test_the_state_goes_only_where_it_may(self, town: Town, two: tuple[PlanRow, PlanRow]) -> None:
        """The milestone has no target; the row of the PAAC has one, and no exception is written."""
        first, second = two
        made = town.call(
            "focal_point", "ogp_plan_update_create", plan=second.name, item="4.1.H1", state="completado", evidence=[LINK]
        )  # fmt: skip
        assert made["light"] == "completado"
        assert made["repeated"][0]["state_kept"] is False
        assert town.item(first, "1.1.1").declared == "en_curso"

    def test_a_closed_plan_is_left_out(self, town: Town, two: tuple[PlanRow, PlanRow]) -> None:
        first, second = two
        second.status = "cerrado"
        model.Session.commit()
        made = town.call("focal_point", "ogp_plan_update_create", plan=first.name, item="1.1.1", text="Hecho")
        assert made["repeated"][0]["id"] is None
        assert made["repeated"][0]["why_not"]
        assert events_of(second) == []


class TestAnswers:
    def test_an_answer_changes_no_status_and_no_reason(self, town: Town, plan: PlanRow) -> None:
        town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Va")
        item = town.item(plan, "1.1.1")
        assert "R1" in item.reasons
        made = town.call(
            "focal_point",
            "ogp_plan_answer_create",
            plan=plan.name,
            item="1.1.1",
            reason="R1",
            text="Faltó personal.",
        )
        assert "R1" in made["reasons"]
        assert [one["text"] for one in town.item(plan, "1.1.1").status["answers"]] == ["Faltó personal."]
        wrong = refused(
            town, "focal_point", "ogp_plan_answer_create", plan=plan.name, item="1.1.1", reason="R7", text="x"
        )
        assert set(wrong) == {"reason"}


class TestReviews:
    def test_returned_counts_no_more(self, town: Town, plan: PlanRow) -> None:
        made = town.call(
            "focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Va", progress=50
        )
        assert set(refused(town, "leader", "ogp_plan_review_create", update=made["id"], accepted=False)) == {
            "reason"
        }
        town.call(
            "leader", "ogp_plan_review_create", update=made["id"], accepted=False, reason="Falta el acta."
        )
        assert town.item(plan, "1.1.1").declared == "no_iniciado"
        town.call("leader", "ogp_plan_review_create", update=made["id"], accepted=True)
        assert town.item(plan, "1.1.1").declared == "en_curso"
        with pytest.raises(tk.NotAuthorized):
            town.call("focal_point", "ogp_plan_review_create", update=made["id"], accepted=True)
        own = town.call(
            "coordinator", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Del plan"
        )
        with pytest.raises(tk.NotAuthorized):
            town.call("coordinator", "ogp_plan_review_create", update=own["id"], accepted=True)
        fixed = town.call(
            "focal_point",
            "ogp_plan_update_create",
            plan=plan.name,
            item="1.1.1",
            text="Va bien",
            supersedes=made["id"],
        )
        assert set(refused(town, "leader", "ogp_plan_review_create", update=made["id"], accepted=True)) == {
            "update"
        }
        town.call("leader", "ogp_plan_review_create", update=fixed["id"], accepted=True)


class TestReports:
    def test_a_report_carries_updates_of_two_plans(self, town: Town, plan: PlanRow) -> None:
        other = town.plan("ogp")
        say = {
            "plan": plan.name,
            "organization": town.obras,
            "period": "2026-T3",
            "title": "Informe del tercer trimestre",
            "sections": [{"title": "Gestión", "text": "Se hicieron tres reuniones."}],
            "updates": [
                {"item": "1.1.1", "text": "Revisado", "measurements": [{"value": 1, "period": "2026-08"}]},
                {"plan": other.name, "item": "4.1.H1", "text": "Avanza", "progress": 20, "evidence": [LINK]},
            ],
            "request_id": "informe",
        }
        made = town.call("focal_point", "ogp_plan_report_create", **say)
        assert set(made["reports"]) == {plan.name, other.name}
        assert {(one["plan"], one["item"]) for one in made["updates"]} == {
            (plan.name, "1.1.1"),
            (other.name, "4.1.H1"),
        }
        assert town.call("focal_point", "ogp_plan_report_create", **say) == made
        carried = [one for one in events_of(plan) if one.kind in ("update", "measurement")]
        assert {one.body["report"] for one in carried} == {made["reports"][plan.name]}
        # returned as a whole, nothing of it counts
        town.call(
            "coordinator",
            "ogp_plan_review_create",
            report=made["reports"][plan.name],
            accepted=False,
            reason="Falta",
        )
        assert town.item(plan, "1.1.1").declared == "no_iniciado"

    def test_all_or_nothing(self, town: Town, plan: PlanRow) -> None:
        wrong = refused(
            town, "focal_point", "ogp_plan_report_create", plan=plan.name, organization=town.obras, period="2026-03",
            updates=[{"item": "1.1.1", "text": "Bien"}, {"item": "1.1.2_2", "state": "completado"}],
        )  # fmt: skip
        assert wrong["updates"][0] == {}
        assert set(wrong["updates"][1]) == {"evidence", "reason"}

    def test_only_what_the_organismo_owes(self, town: Town, plan: PlanRow) -> None:
        with pytest.raises(tk.NotAuthorized):
            town.call(
                "focal_point", "ogp_plan_report_create", plan=plan.name, organization=town.obras, period="2026-03",
                updates=[{"item": "1.1.2", "text": "De otro"}],
            )  # fmt: skip
        assert events_of(plan) == []


class TestVerdicts:
    def test_the_suggested_verdict_is_kept_beside_the_assigned(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        # what the rules suggest is decided by a person, who says why
        wrong = refused(town, "monitor", "ogp_plan_verdict_create", **say, assigned="not_started", agrees=True)
        assert set(wrong) == {"rationale"}
        say["rationale"] = "Nadie ha reportado nada."
        made = town.call("monitor", "ogp_plan_verdict_create", **say, assigned="not_started", agrees=True)
        del say["rationale"]
        assert (made["role"], made["suggested"], made["assigned"]) == (
            "monitor",
            "not_started",
            "not_started",
        )
        wrong = refused(town, "monitor", "ogp_plan_verdict_create", **say, assigned="complete")
        assert set(wrong) == {"rationale"}
        made = town.call(
            "monitor", "ogp_plan_verdict_create", **say, assigned="limited", rationale="Hubo una reunión."
        )
        assert made["disagrees"] is True

    def test_disagreeing_opens_it_again(self, town: Town, plan: PlanRow) -> None:
        TestUpdates().test_done_by_a_written_exception(town, plan)
        made = town.call(
            "control", "ogp_plan_verdict_create", plan=plan.name, item="1.1.1", cut="2026-04-30", agrees=False,
            fulfilled=False, rationale="El acta no está firmada.",
        )  # fmt: skip
        assert made["light"] != "completado"
        assert made["role"] == "control_interno"

    def test_an_alert_is_open_until_closed(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        alert = town.call("control", "ogp_plan_verdict_create", **say, alert=True, rationale="Sin contrato.")
        assert "R7" in alert["reasons"]
        other = town.call("monitor", "ogp_plan_verdict_create", **say, agrees=True)
        assert "R7" in other["reasons"]
        assert set(refused(town, "monitor", "ogp_plan_verdict_create", **say, closes=alert["id"])) == {
            "closes"
        }
        closed = town.call(
            "control", "ogp_plan_verdict_create", **say, closes=alert["id"], rationale="Se firmó."
        )
        assert "R7" not in closed["reasons"]
        assert set(refused(town, "control", "ogp_plan_verdict_create", **say, closes=alert["id"])) == {
            "closes"
        }

    def test_wrong_verdicts(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "item": "1.1.1"}
        for given, field in (
            ({}, "assigned"),
            ({"cut": "2026-05-01", "agrees": True}, "cut"),
            ({"assigned": "so so"}, "assigned"),
            ({"alert": True, "closes": str(uuid.uuid4()), "rationale": "x"}, "closes"),
            ({"supersedes": str(uuid.uuid4()), "agrees": True}, "supersedes"),
            ({"role": "coordinador", "agrees": True}, "role"),
        ):
            assert field in refused(town, "control", "ogp_plan_verdict_create", **say, **given), given

    @pytest.mark.parametrize("who", ["sysadmin", "coordinator", "focal_point", "owner_admin", "anonymous"])
    def test_of_nobody_else(self, town: Town, plan: PlanRow, who: str) -> None:
        with pytest.raises(tk.NotAuthorized):
            town.call(who, "ogp_plan_verdict_create", plan=plan.name, item="1.1.1", agrees=True)
