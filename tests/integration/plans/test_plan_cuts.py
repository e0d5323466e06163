"""Cuts: frozen with everything that was committed before, computed again at any time, published in time or late."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.model import Cut, PlanRow, Publication
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.cuts import frozen
from ckanext.ogp_plan.planning.cuts.frozen import canonical, digest
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import plan_version
from ckanext.ogp_plan.services import record as record_service

APRIL, AUGUST, DECEMBER = dt.date(2026, 4, 30), dt.date(2026, 8, 31), dt.date(2026, 12, 31)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Another day than today, for what asks for the day. Moments are the database's all the same."""

    def on(day: dt.date) -> None:
        monkeypatch.setattr(record_service, "today", lambda: day)

    return on


def report(town: Town, plan: PlanRow, code: str = "1.1.1", **fields: Any) -> Any:
    fields.setdefault("state", Declared.ONGOING)
    return town.update(plan, ("fila", code), organization=town.obras, text="Se hizo.", **fields)


def measure(town: Town, plan: PlanRow, code: str = "1.1.1", value: int = 1, **more: Any) -> Any:
    made = tracking.Measurement(
        id="", at=dt.datetime.now(dt.timezone.utc), by=town.ids["focal_point"], item=("fila", code), indicator=code,
        start=dt.date(2026, 1, 1), end=dt.date(2026, 3, 31), organization=town.obras, value=Decimal(value), **more,
    )  # fmt: skip
    return town.add_fact(plan, made)


def prove(town: Town, plan: PlanRow, code: str = "1.1.1", update: str | None = None, **more: Any) -> Any:
    made = tracking.Evidence(
        id="", at=dt.datetime.now(dt.timezone.utc), by=town.ids["focal_point"], item=("fila", code), update=update,
        organization=town.obras, title="Acta firmada", url="https://ejemplo.gov.co/acta.pdf", **more,
    )  # fmt: skip
    return town.add_fact(plan, made)


class TestFreezing:
    def test_it_is_canonical_json_with_its_hash(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        update = report(town, plan, period="2026-03", state=Declared.DONE)
        measure(town, plan)
        prove(town, plan, update=update.id)
        today(dt.date(2026, 5, 4))
        done = town.call("control", "ogp_plan_cut_create", plan=plan.name, day=APRIL.isoformat())
        cut = model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).one()
        assert done["sha256"] == cut.sha256 == hashlib.sha256(cut.body.encode()).hexdigest()
        assert canonical(json.loads(cut.body)).decode() == cut.body
        assert (cut.day, cut.due, cut.version) == (APRIL, dt.date(2026, 5, 15), 1)
        whole = json.loads(cut.body)["compliance"]["whole"]
        # 1.1.1, 1.1.2 and its second row are scheduled by April; 2.1 has no months, 2.2 begins in June
        assert (whole["scheduled"], whole["fulfilled"]) == (3, 1)
        assert cut.totals["whole"] == whole
        assert "focal" not in cut.body
        assert town.ids["focal_point"] not in cut.body

    def test_what_may_be_cut(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        for day in ("2026-04-29", "2026-08-31", "2027-04-30", "mañana"):
            with pytest.raises(tk.ValidationError) as refused:
                town.call("control", "ogp_plan_cut_create", plan=plan.name, day=day)
            assert "day" in refused.value.error_dict, day
        assert model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).first() is None

    def test_who_may(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        for who in ("citizen", "focal_point", "owner_admin", "coordinator", "leader", "monitor"):
            with pytest.raises(tk.NotAuthorized):
                town.call(who, "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        town.call("sysadmin", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        for who in ("citizen", "sysadmin", "coordinator", "monitor"):
            with pytest.raises(tk.NotAuthorized):
                town.call(who, "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")

    def test_a_second_one_supersedes_the_first_with_a_reason(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        first = town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        report(town, plan, period="2026-04")
        with pytest.raises(tk.ValidationError) as refused:
            town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        assert set(refused.value.error_dict) == {"reason"}
        again = town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30", reason="Faltaba un reporte.")
        assert again["sha256"] != first["sha256"]
        assert [cut["sha256"] for cut in again["earlier"]] == [first["sha256"]]
        rows = list(model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id).order_by(Cut.as_of)))
        assert [row.supersedes for row in rows] == [None, rows[0].id]
        # the first is still there to be seen, and still true
        old = town.call("anonymous", "ogp_plan_cut_show", plan=plan.name, day="2026-04-30", sha256=first["sha256"])
        assert old["sha256"] == first["sha256"]
        for sha256 in (first["sha256"], again["sha256"]):
            assert town.call("anonymous", "ogp_plan_cut_verify", plan=plan.name, day="2026-04-30", sha256=sha256)["same"]


class TestComputedAgain:
    def test_it_is_the_same_after_everything_that_came_later(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        update = report(town, plan, period="2026-03")
        evidence = prove(town, plan, update=update.id)
        measure(town, plan)
        today(dt.date(2026, 5, 4))
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        report(town, plan, state=Declared.DONE, period="2026-04", supersedes=update.id)
        report(town, plan, "1.1.2#2", period="2026-04")
        measure(town, plan, "1.1.2#2", 4)
        prove(town, plan, supersedes=evidence.id, retracted="Era otra acta.")
        town.add_fact(plan, tracking.Review(id="", at=dt.datetime.now(dt.timezone.utc), update=update.id, accepted=False, reason="Falta el acta."))
        town.add_fact(plan, tracking.Verdict(id="", at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"), role=tracking.VerdictRole.CONTROL, cut=APRIL, fulfilled=False, rationale="No hay acta."))
        changed = record_service.current_plan(plan)
        changed.items = [item for item in changed.items if item.code != "1.1.2#2"]
        changed.items[-1].title = "Reunirse con todos"
        plan_version.apply(plan, changed, user_id=None, act_name="Acta 2", reason="Se retira.")
        plan.settings = {"count_unit": "activity"}
        plan.title = "Otro título"
        model.Session.commit()
        found = town.call("anonymous", "ogp_plan_cut_verify", plan=plan.name, day="2026-04-30")
        assert found["differences"] == []
        assert found["same"]
        assert found["sha256_now"] == found["sha256"]
        shown = town.call("anonymous", "ogp_plan_cut_show", plan=plan.name, day="2026-04-30")
        assert shown["plan_changed_after"] == 1
        edited = {(event["code"], event["kind"]) for event in shown["edited_after"]}
        assert {("1.1.1", "update"), ("1.1.1", "verdict")} <= edited

    def test_a_cut_that_was_tampered_with_is_found(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        cut = model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).one()
        body = json.loads(cut.body)
        body["compliance"]["whole"]["fulfilled"] = 3
        content = canonical(body)
        model.Session.execute(sa.text("ALTER TABLE ogp_cut DISABLE TRIGGER USER"))
        model.Session.execute(sa.text("UPDATE ogp_cut SET body = :body, sha256 = :sha WHERE id = :id"), {"body": content.decode(), "sha": digest(content), "id": cut.id})
        model.Session.execute(sa.text("ALTER TABLE ogp_cut ENABLE TRIGGER USER"))
        model.Session.commit()
        found = town.call("anonymous", "ogp_plan_cut_verify", plan=plan.name, day="2026-04-30")
        assert not found["same"]
        assert found["differences"] == [{"path": "/compliance/whole/fulfilled", "frozen": 3, "computed": 0}]

    def test_a_cut_made_by_other_rules_says_so(self, town: Town, today: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        monkeypatch.setattr(frozen, "RULES", 99)
        monkeypatch.setattr(cut_service, "RULES", 99)
        found = town.call("anonymous", "ogp_plan_cut_verify", plan=plan.name, day="2026-04-30")
        assert (found["same"], found["rules"], found["sha256_now"]) == (False, 1, None)


class TestPublishing:
    @pytest.mark.parametrize(
        ("published", "state", "late"),
        [("2026-05-15", "publicado_a_tiempo", 0), ("2026-05-19", "publicado_tarde", 1), ("2026-05-22", "publicado_tarde", 4)],
    )
    def test_in_time_or_business_days_late(self, town: Town, today: Any, monkeypatch: pytest.MonkeyPatch, published: str, state: str, late: int) -> None:
        plan = town.plan("paac")
        day = dt.date.fromisoformat(published)
        today(dt.date(2026, 5, 4))
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        today(day)
        moment = dt.datetime.combine(day, dt.time(15), tzinfo=dt.timezone.utc)
        monkeypatch.setattr(event_service, "clock", lambda: moment)
        done = town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        assert (done["state"], done["late_days"]) == (state, late)
        assert model.Session.scalars(sa.select(Publication.late_days).where(Publication.plan_id == plan.id)).all() == [late]
        again = town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        assert again["published_at"] == done["published_at"]
        assert len(model.Session.scalars(sa.select(Publication).where(Publication.plan_id == plan.id)).all()) == 1

    def test_the_state_of_each_cut(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        for day, states in (
            (dt.date(2026, 4, 30), ["abierto", "abierto", "abierto"]),
            (dt.date(2026, 5, 1), ["en_plazo", "abierto", "abierto"]),
            (dt.date(2026, 5, 15), ["en_plazo", "abierto", "abierto"]),
            (dt.date(2026, 5, 19), ["vencido", "abierto", "abierto"]),
            (dt.date(2027, 1, 18), ["vencido", "vencido", "en_plazo"]),
        ):
            today(day)
            found = town.call("anonymous", "ogp_plan_cut_list", plan=plan.name)
            assert [one["state"] for one in found] == states, day
        assert [one["due"] for one in found] == ["2026-05-15", "2026-09-14", "2027-01-18"]

    def test_nothing_is_published_that_is_not_frozen(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        with pytest.raises(tk.ValidationError):
            town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        with pytest.raises(tk.ObjectNotFound):
            town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-29")


class TestManyAtOnce:
    def test_whoever_writes_during_a_cut_is_in_it_or_after_it(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        plan_id, stop = plan.id, threading.Event()
        failed: list[BaseException] = []

        def write() -> None:
            try:
                while not stop.is_set():
                    event_service.append(
                        plan_id,
                        tracking.Update(id="", at=dt.datetime.now(dt.timezone.utc), item=("fila", "1.1.1"), organization=town.obras, text="Otro.", period="2026-04"),
                    )
                    model.Session.commit()
            except BaseException as error:
                failed.append(error)
            finally:
                model.Session.remove()

        writers = [threading.Thread(target=write) for _ in range(6)]
        for one in writers:
            one.start()
        try:
            made = []
            for number in range(6):
                row = PlanRow.get(plan_id)
                cut = cut_service.create(row, APRIL, user_id=None, reason=f"Vez {number}")
                model.Session.commit()
                made.append((cut.id, cut.as_of))
        finally:
            stop.set()
            for one in writers:
                one.join()
        assert not failed
        row = PlanRow.get(plan_id)
        sizes = []
        for cut_id, _ in made:
            cut = model.Session.get(Cut, cut_id)
            assert cut_service.verify(row, cut).same
            record = record_service.load(row, as_of=cut.as_of)
            sizes.append(len(record.updates))
        assert sizes == sorted(sizes)
        assert sizes[-1] > sizes[0]

    def test_two_at_once_do_not_make_two_first_ones(self, town: Town, today: Any) -> None:
        plan = town.plan("paac")
        today(dt.date(2026, 5, 4))
        plan_id, outcomes = plan.id, []

        def freeze() -> None:
            try:
                cut_service.create(PlanRow.get(plan_id), APRIL, user_id=None)
                model.Session.commit()
                outcomes.append("made")
            except tk.ValidationError:
                model.Session.rollback()
                outcomes.append("refused")
            finally:
                model.Session.remove()

        both = [threading.Thread(target=freeze) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(outcomes) == ["made", "refused"]
