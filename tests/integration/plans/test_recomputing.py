"""What is computed: the same whoever computes it, however often, in whatever order; and nobody is lost on the way."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.logic import _actions
from support import plan_files
from support.application import portal
from support.plan_portal import Town, many, paac
from support.publisher import storage

from ckanext.ogp_plan.model import Event, LightChange, PlanItem, PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.facts import Facts
from ckanext.ogp_plan.planning.rollup import roll_up
from ckanext.ogp_plan.planning.status import compute_status
from ckanext.ogp_plan.planning.status_types import item_status_dict, roll_up_dict
from ckanext.ogp_plan.planning.tracking import Key, Link, LinkKind, Measurement, Update
from ckanext.ogp_plan.planning.types import Declared, OrgGroup
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status
from ckanext.ogp_plan.services import record as record_service

DAY = dt.date(2026, 7, 15)
NOW = dt.datetime(2026, 7, 15, 12, tzinfo=dt.timezone.utc)
ROWS: list[Key] = [("fila", code) for code in ("1.1.1", "1.1.2", "1.1.2#2", "2.1", "2.2")]


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    yield
    model.Session.rollback()
    model.Session.remove()


def stored(plan_id: str) -> dict[str, tuple[Any, ...]]:
    """What is computed of each item, as the tables have it."""
    wanted = sa.select(
        PlanItem.address, PlanItem.declared, PlanItem.light, PlanItem.reasons, PlanItem.progress,
        PlanItem.last_update, PlanItem.disagrees, PlanItem.status,
    ).where(PlanItem.plan_id == plan_id)  # fmt: skip
    return {row[0]: tuple(row[1:]) for row in model.Session.execute(wanted)}


def random_fact(rng: random.Random, town: Town, key: Key, day: dt.date) -> tracking.Event:
    organization = rng.choice([None, town.obras, town.datic])
    if rng.random() < 0.3:
        value = Decimal(rng.randint(0, 5))
        return Measurement(
            id="",
            at=NOW,
            item=key,
            indicator=key[1],
            start=day,
            end=day,
            organization=organization,
            value=value,
        )
    if rng.random() < 0.3:
        return tracking.Evidence(
            id="", at=NOW, item=key, organization=organization, url="https://example.org/acta"
        )
    if rng.random() < 0.2:
        role = rng.choice(list(tracking.VerdictRole))
        return tracking.Verdict(
            id="", at=NOW, item=key, role=role, agrees=rng.random() < 0.5, alert=rng.random() < 0.5
        )
    return Update(
        id="", at=NOW, item=key, organization=organization, state=rng.choice([*Declared, None]),
        progress=rng.choice([None, Decimal(rng.randint(0, 100))]), reason="Porque sí", at_risk=rng.random() < 0.2,
    )  # fmt: skip


class TestTheSameEitherWay:
    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("weights", ["rows", "explicit"])
    def test_some_items_at_a_time_or_all_of_them(self, town: Town, seed: int, weights: str) -> None:
        rng = random.Random(seed)  # noqa: S311
        row = town.plan("paac", settings={"weights": weights})
        item_status.recompute(row.id, today=DAY)
        link = Link(id="", at=NOW, item=ROWS[0], kind=LinkKind.DEPENDS, other=ROWS[1])
        event_service.append(row.id, link)
        item_status.recompute(row.id, {ROWS[0]}, today=DAY)
        for step in range(12):
            keys = rng.sample(ROWS, rng.randint(1, 2))
            for key in keys:
                event_service.append(row.id, random_fact(rng, town, key, DAY - dt.timedelta(days=step)))
            item_status.recompute(row.id, keys, today=DAY)
        model.Session.commit()
        before = stored(row.id)
        again = item_status.recompute(row.id, today=DAY)
        assert again.written == 0
        assert again.lights == []
        assert stored(row.id) == before

    def test_it_is_what_the_core_computes(self, town: Town) -> None:
        rng = random.Random(7)  # noqa: S311
        row = town.plan("paac")
        for key in ROWS * 3:
            event_service.append(row.id, random_fact(rng, town, key, DAY))
        item_status.recompute(row.id, today=DAY)
        record = record_service.load(row)
        made = compute_status(record, DAY, settings=record_service.effective_settings(row))
        for item in model.Session.query(PlanItem).filter_by(plan_id=row.id, trackable=True):
            standing = made[item.level, item.code]
            reported = list(Facts(record).reported_months((item.level, item.code)))
            assert item.status == {**item_status_dict(standing), "reported": reported}
            assert (item.declared, item.light) == (standing.declared.value, standing.light)
            assert item.reasons == [reason.code for reason in standing.reasons]
        rolled = roll_up(made, record, record_service.effective_settings(row))
        for item in model.Session.query(PlanItem).filter_by(plan_id=row.id, trackable=False):
            assert item.light is None
            of_core = roll_up_dict(rolled[item.level, item.code])
            assert item.status["rolled"]["counts"] == of_core["counts"]
            assert item.status["rolled"]["rolled"]["with_value"] == of_core["rolled"]["with_value"]

    def test_nothing_new_writes_nothing(self, town: Town) -> None:
        row = town.plan("ogp")
        assert item_status.recompute(row.id, today=DAY).written == 6
        model.Session.commit()
        assert item_status.recompute(row.id, today=DAY).written == 0
        assert item_status.recompute(row.id, {("hito", "4.1.H1")}, today=DAY).written == 0
        assert item_status.recompute(row.id, set(), today=DAY).written == 0

    def test_in_batches(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        row = town.plan(body=many(town, 30))
        item_status.recompute(row.id, today=DAY)
        whole = stored(row.id)
        model.Session.rollback()
        monkeypatch.setattr(item_status, "BATCH", 4)
        item_status.recompute(row.id, today=DAY)
        assert stored(row.id) == whole
        assert len([one for one in whole.values() if one[1]]) == 30

    def test_part_by_part(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """A night holds the facts of a part of the plan at once, and writes what the whole would give."""
        row = town.plan(body=many(town, 30))
        for item in model.Session.query(PlanItem).filter_by(plan_id=row.id, trackable=True).limit(9):
            key = (item.level, item.code)
            event_service.append(row.id, Update(id="", at=NOW, item=key, state=Declared.ONGOING))
        model.Session.commit()
        item_status.recompute(row.id, today=DAY)
        whole = stored(row.id)
        model.Session.rollback()
        held = []
        load = record_service.load

        def counting(plan: Any, keys: Any = None, *more: Any) -> Any:
            held.append(len(keys))
            return load(plan, keys, *more)

        monkeypatch.setattr(record_service, "load", counting)
        monkeypatch.setattr(item_status, "PART", 4)
        assert item_status.recompute(row.id, today=DAY).written == len(whole)
        assert stored(row.id) == whole
        assert held == [4] * 7 + [2]
        assert item_status.recompute(row.id, today=DAY).written == 0

    def test_what_the_session_holds_is_read_again(self, town: Town) -> None:
        row = town.plan("paac")
        item_status.recompute(row.id, today=DAY)
        item = town.item(row, "1.1.1")
        assert item.declared == "no_iniciado"
        event_service.append(row.id, Update(id="", at=NOW, item=ROWS[0], state=Declared.ONGOING))
        item_status.recompute(row.id, {ROWS[0]}, today=DAY)
        assert item.declared == "en_curso"


class TestDependents:
    def test_of_the_same_plan(self, town: Town) -> None:
        row = town.plan("paac")
        item_status.recompute(row.id, today=DAY)
        event_service.append(row.id, Link(id="", at=NOW, item=ROWS[3], kind=LinkKind.DEPENDS, other=ROWS[0]))
        item_status.recompute(row.id, {ROWS[3]}, today=DAY)
        assert "R6" in town.item(row, "2.1").reasons
        event_service.append(row.id, Update(id="", at=NOW, item=ROWS[0], state=Declared.DONE))
        item_status.recompute(row.id, {ROWS[0]}, today=DAY)
        assert "R6" not in town.item(row, "2.1").reasons

    @pytest.mark.parametrize("turn", [False, True], ids=["first", "after"])
    def test_of_another_plan_but_of_no_draft(self, town: Town, turn: bool) -> None:
        row, other, draft = town.plan("paac"), town.plan("ogp"), town.plan("ogp", "borrador")
        # plans are computed in the order of their ids: whichever of the two comes first
        while (row.id < other.id) is turn:
            other = town.plan("ogp")
        for plan in (row, other, draft):
            item_status.recompute(plan.id, today=DAY)
        key = ("hito", "4.1.H1")  # due on 30 June
        for place, plan in ((ROWS[3], other), (ROWS[4], draft)):
            event_service.append(
                row.id, Link(id="", at=NOW, item=place, kind=LinkKind.DEPENDS, other=key, plan=plan.id)
            )
        item_status.recompute(row.id, {ROWS[3], ROWS[4]}, today=DAY)
        assert "R6" in town.item(row, "2.1").reasons
        assert "R6" not in town.item(row, "2.2").reasons
        event_service.append(other.id, Update(id="", at=NOW, item=key, state=Declared.DONE))
        item_status.recompute(other.id, {key}, today=DAY)
        assert "R6" not in town.item(row, "2.1").reasons
        event_service.append(
            row.id,
            Link(id="", at=NOW, item=ROWS[3], kind=LinkKind.DEPENDS, other=key, plan=other.id, removed=True),
        )
        event_service.append(
            other.id, Update(id="", at=NOW, item=key, state=Declared.ONGOING, reason="Reabierto")
        )
        item_status.recompute(other.id, {key}, today=DAY)
        assert "R6" not in town.item(row, "2.1").reasons


class TestLightsThatChanged:
    def changes(self, plan_id: str) -> list[tuple[str | None, str | None]]:
        rows = model.Session.query(LightChange).filter_by(plan_id=plan_id).order_by(LightChange.at)
        return [(row.before, row.after) for row in rows]

    def test_are_kept_with_their_reasons(self, town: Town) -> None:
        row = town.plan("paac")
        item_status.recompute(row.id, {ROWS[3]}, today=dt.date(2026, 1, 10))
        assert self.changes(row.id) == []  # its first light is no change
        done = item_status.recompute(row.id, {ROWS[3]}, today=DAY)
        assert self.changes(row.id) == [("no_iniciado", "en_riesgo")]
        assert [one[1:] for one in done.lights] == [("no_iniciado", "en_riesgo")]
        kept = model.Session.query(LightChange).filter_by(plan_id=row.id).one()
        assert kept.reasons[0]["code"] == "R4"
        assert kept.reasons[0]["params"]["days"] > 45
        item_status.recompute(row.id, {ROWS[3]}, today=DAY)
        assert len(self.changes(row.id)) == 1

    @pytest.mark.parametrize("status", ["borrador", "consulta", "cerrado"])
    def test_not_of_a_plan_that_is_not_tracked(self, town: Town, status: str) -> None:
        row = town.plan("paac", status)
        item_status.recompute(row.id, today=dt.date(2026, 1, 10))
        item_status.recompute(row.id, today=DAY)
        assert self.changes(row.id) == []

    def test_every_night_of_the_plans_under_way(self, town: Town) -> None:
        rows = {
            status: town.plan("paac", status)
            for status in ("borrador", "consulta", "adoptado", "en_ejecucion", "cerrado")
        }
        names = {row.name: status for status, row in rows.items()}
        done = {names[name] for name, _ in item_status.nightly(DAY) if name in names}
        assert done == {"adoptado", "en_ejecucion"}
        assert town.item(rows["adoptado"], "1.1.1").light == "en_riesgo"
        assert town.item(rows["cerrado"], "1.1.1").light is None
        again = {name: one for name, one in item_status.nightly(DAY) if name in names}
        assert all(one.written == 0 for one in again.values())


#: Actions that write nothing from which a light, a progress or a label follows: people and their letters, what is
#: published, and a plan that has no items yet.
OF_NO_ITEM = {
    "create",
    "delegation_create",
    "delegation_revoke",
    "letters_patch",
    "publish_dataset",
    "role_end",
    "role_grant",
    "token_create",
    "token_revoke",
}


class TestEveryWrite:
    """Each action that writes computes what follows in its own transaction: nothing is left to a queue."""

    def assert_computed(self, town: Town, plans: list[PlanRow], after: str) -> None:
        model.Session.expire_all()
        stale = {
            plan.name: computed for plan in plans if (computed := item_status.recompute(plan.id).written)
        }
        model.Session.rollback()
        assert stale == {}, f"after {after}, something is stored that does not follow from the facts"

    def test_leaves_nothing_to_compute(self, town: Town) -> None:
        body = paac(town)
        body.groups = [OrgGroup("organismos", "Todos los organismos", 3, (town.obras, town.datic))]
        plan, before, other = town.plan(body=body), town.plan("ogp", "borrador"), town.plan("ptep")
        plans = [plan, before, other]
        for one in plans:
            item_status.recompute(one.id)
        model.Session.commit()
        done = set()

        def call(who: str, action: str, **data: Any) -> Any:
            made = town.call(who, f"ogp_plan_{action}", **data)
            self.assert_computed(town, plans, action)
            done.add(action)
            return made

        row = {"plan": plan.name, "item": "1.1.1", "organization": town.obras}
        # 2.1 waits for a milestone of another plan, which is changed below
        call(
            "coordinator",
            "link_create",
            plan=plan.name,
            item="2.1",
            kind="depends_on",
            other_plan=before.name,
            other="4.1.H1",
        )
        counts = call(
            "coordinator",
            "link_create",
            plan=plan.name,
            item="1.1.1",
            kind="counts_for",
            other_plan=other.name,
            other="1.1.1",
        )
        update = call("focal_point", "update_create", **row, state="en_curso", progress=40, text="Va bien")
        call("focal_point", "measurement_create", **row, indicator="1.1.1", period="2026-03", value=1)
        evidence = call("focal_point", "evidence_create", **row, url="https://example.org/acta.pdf")
        call("focal_point", "evidence_retract", id=evidence["id"], reason="No era")
        verdict = call(
            "monitor",
            "verdict_create",
            plan=plan.name,
            item="1.1.1",
            alert=True,
            rationale="Falta",
            role="monitor",
        )
        call("focal_point", "answer_create", **row, reason="R7", text="Ya va")
        call(
            "monitor",
            "verdict_create",
            plan=plan.name,
            item="1.1.1",
            closes=verdict["id"],
            rationale="Listo",
            role="monitor",
        )
        report = call(
            "focal_point",
            "report_create",
            organization=town.obras,
            plan=plan.name,
            period="2026-03",
            title="Marzo",
            sections=[{"title": "Todo", "text": "Bien"}],
            updates=[{"plan": plan.name, "item": "1.1.2_2", "state": "en_curso", "progress": 10}],
        )
        call(
            "focal_point",
            "report_rows",
            plan=plan.name,
            organization=town.obras,
            period="2026-06",
            dry_run=False,
            rows=[{"item": "1.1.2_2", "value": 2, "text": "Dos videos"}],
        )
        call("coordinator", "review_create", update=update["id"], accepted=False, reason="Falta el acta")
        call(
            "coordinator",
            "review_create",
            report=report["reports"][plan.name],
            accepted=False,
            reason="Sin firma",
        )
        call("coordinator", "period_open", plan=plan.name, period="2026-T1")
        call("coordinator", "period_close", plan=plan.name, period="2026-T1")
        call(
            "coordinator",
            "group_patch",
            plan=plan.name,
            group="organismos",
            members=[town.obras, town.datic, town.otra],
            act_name="Acta 1",
            reason="Lista",
        )
        call("control", "cut_create", plan=plan.name, day="2026-04-30")
        call("control", "cut_publish", plan=plan.name, day="2026-04-30")
        document = plan_files.f014(
            [(*plan_files.ROWS[0][:8], "Oficina de los Vecinos"), *plan_files.ROWS[1:]]
        )
        opened = call("owner_admin", "import", plan=plan.name, upload=storage(document, "plan.xlsx"))
        call("owner_admin", "import_discard", id=opened["id"])
        opened = call("owner_admin", "import", plan=plan.name, upload=storage(document, "plan.xlsx"))
        answers = {}
        for question in opened["reading"]["acta"]["asked"]:
            values = [option["value"] for option in question["options"]]
            answers[question["id"]] = "withdraw" if "withdraw" in values else values[0]
        call("owner_admin", "import_answer", id=opened["id"], answers=answers)
        call("owner_admin", "import_apply", id=opened["id"], act_name="Acta 2", reason="Ajuste")
        call(
            "coordinator",
            "name_answer",
            plan=plan.name,
            printed="Oficina de los Vecinos",
            organization=town.obras,
        )
        call("coordinator", "patch", id=before.name, status="adoptado")
        call("owner_admin", "patch", id=plan.name, settings={"thresholds": {"due_soon_days": 300}})
        call("coordinator", "link_remove", id=counts["id"])
        writes = {
            name.removeprefix("ogp_plan_")
            for name in _actions
            if name.startswith("ogp_plan_") and not getattr(_actions[name], "side_effect_free", False)
        }
        assert done == writes - OF_NO_ITEM


def at_once(number: int, work: Callable[[int], None]) -> None:
    """Do something so many times at once, each in a session of its own; nobody may fail."""
    start = threading.Barrier(number, timeout=60)
    failures: list[BaseException] = []

    def one(place: int) -> None:
        try:
            start.wait()
            work(place)
            model.Session.commit()
        except BaseException as error:
            failures.append(error)
            model.Session.rollback()
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    assert failures == []


class TestManyAtOnce:
    """Real connections, real locks: twenty people report in the same moment."""

    def prepared(self, town: Town) -> str:
        row = town.plan("paac")
        item_status.recompute(row.id)
        model.Session.commit()
        plan_id = str(row.id)
        model.Session.remove()
        return plan_id

    def assert_nothing_is_lost(self, plan_id: str, updates: int) -> None:
        assert model.Session.query(Event).filter_by(plan_id=plan_id, kind="update").count() == updates
        before = stored(plan_id)
        assert item_status.recompute(plan_id).written == 0, "what stands is not what follows from the facts"
        assert stored(plan_id) == before

    def test_on_one_item(self, town: Town) -> None:
        plan_id = self.prepared(town)
        key = ("fila", "2.2")

        def work(place: int) -> None:
            organization = town.obras if place % 2 else town.datic
            at = dt.datetime.now(dt.timezone.utc)
            event_service.append(
                plan_id, Update(id="", at=at, item=key, organization=organization, state=Declared.ONGOING)
            )
            value = Measurement(
                id="", at=at, item=key, indicator="2.2", organization=organization, start=DAY, end=DAY,
                value=Decimal("0.1"),
            )  # fmt: skip
            event_service.append(plan_id, value)
            item_status.recompute(plan_id, {key})

        at_once(20, work)
        self.assert_nothing_is_lost(plan_id, 20)
        item = PlanItem.at(plan_id, "2.2")
        assert item is not None
        assert item.status["quota"]["actual"] == "2"
        last = model.Session.query(sa.func.max(Event.at)).filter_by(plan_id=plan_id).scalar()
        assert item.last_update == last

    def test_on_items_side_by_side_in_any_order(self, town: Town) -> None:
        plan_id = self.prepared(town)

        def work(place: int) -> None:
            keys = random.Random(place).sample(ROWS, 3)  # noqa: S311
            for key in keys:
                at = dt.datetime.now(dt.timezone.utc)
                event_service.append(
                    plan_id, Update(id="", at=at, item=key, state=Declared.ONGOING, progress=Decimal(place))
                )
            item_status.recompute(plan_id, keys)

        at_once(20, work)
        self.assert_nothing_is_lost(plan_id, 60)

    def test_on_two_plans_that_wait_for_each_other(self, town: Town) -> None:
        first, second = self.prepared(town), self.prepared(town)
        for one, other in ((first, second), (second, first)):
            at = dt.datetime.now(dt.timezone.utc)
            link = Link(id="", at=at, item=ROWS[0], kind=LinkKind.DEPENDS, other=ROWS[1], plan=other)
            event_service.append(one, link)
        model.Session.commit()
        model.Session.remove()

        def work(place: int) -> None:
            plans = [first, second] if place % 2 else [second, first]
            for plan_id in plans:
                at = dt.datetime.now(dt.timezone.utc)
                event_service.append(plan_id, Update(id="", at=at, item=ROWS[1], state=Declared.ONGOING))
            item_status.recompute_many({plan_id: {ROWS[1]} for plan_id in plans})

        at_once(16, work)
        for plan_id in (first, second):
            self.assert_nothing_is_lost(plan_id, 16)

    def test_while_the_night_computes_all(self, town: Town) -> None:
        plan_id = self.prepared(town)

        def work(place: int) -> None:
            if place % 5 == 0:
                item_status.recompute(plan_id)
                return
            at = dt.datetime.now(dt.timezone.utc)
            key = ROWS[place % len(ROWS)]
            event_service.append(plan_id, Update(id="", at=at, item=key, state=Declared.ONGOING))
            item_status.recompute(plan_id, {key})

        at_once(15, work)
        self.assert_nothing_is_lost(plan_id, 12)

    def test_over_the_api(self, town: Town) -> None:
        plan_id = self.prepared(town)
        name = model.Session.get(PlanRow, plan_id).name
        # CKAN gathers its actions and authorisation functions at the first call, and not for two at once
        town.call("focal_point", "ogp_plan_show", id=name)
        model.Session.remove()

        def work(place: int) -> None:
            who = ("focal_point", "named_focal_point", "delegate")[place % 3]
            town.call(
                who, "ogp_plan_update_create", plan=name, item="1.1.1", organization=town.obras,
                state="en_curso", progress=place, text=f"Reporte {place}",
            )  # fmt: skip

        at_once(20, work)
        self.assert_nothing_is_lost(plan_id, 20)
        texts = {
            row.body["text"] for row in model.Session.query(Event).filter_by(plan_id=plan_id, kind="update")
        }
        assert texts == {f"Reporte {place}" for place in range(20)}
        item = PlanItem.at(plan_id, "1.1.1")
        assert item is not None
        last = (
            model.Session.query(Event)
            .filter_by(plan_id=plan_id, kind="update")
            .order_by(Event.at.desc())
            .first()
        )
        assert item.progress == Decimal(last.body["progress"]) / 100
