"""The chain of facts in the tables: written with each transaction, verified, printed on cuts."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from click.testing import CliRunner, Result
from support.application import portal
from support.chain import extend
from support.plan_portal import Town

from ckanext.ogp_plan import cli
from ckanext.ogp_plan.mail import chain_alert
from ckanext.ogp_plan.model import ChainCheck, ChainEntry, Cut, Event, PlanRow
from ckanext.ogp_plan.planning import chain, tracking
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services import chain as chain_service
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import record as record_service

APRIL = dt.date(2026, 4, 30)
ROW = ("fila", "1.1.1")
ROLE = "ogp_test_application"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def in_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))


def run(town: Town, *words: str) -> Result:
    with town.app.flask_app.test_request_context():
        return CliRunner().invoke(cli.ogp_plan, list(words))


def update(town: Town, plan: PlanRow, text: str = "Se hizo.", **fields: Any) -> Any:
    return town.update(plan, ROW, organization=town.obras, text=text, state=Declared.ONGOING, **fields)


def filled(town: Town, facts: int = 5) -> PlanRow:
    plan = town.plan("paac")
    for number in range(facts):
        update(town, plan, f"Se hizo {number}.")
    return plan


def entries(plan_id: str) -> list[ChainEntry]:
    model.Session.expire_all()
    wanted = sa.select(ChainEntry).where(ChainEntry.plan_id == plan_id).order_by(ChainEntry.position)
    return list(model.Session.scalars(wanted))


@contextlib.contextmanager
def behind_the_back(*tables: str) -> Iterator[Callable[..., Any]]:
    """Edit tables as somebody who owns them can: with their triggers put aside."""
    for table in tables:
        model.Session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    yield lambda sql, **values: model.Session.execute(sa.text(sql), values)
    for table in tables:
        model.Session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    model.Session.commit()


def found(plan: PlanRow) -> list[tuple[str, int, str | None]]:
    findings = chain_service.verify(PlanRow.get(plan.id)).findings
    return [(one.kind.value, one.position, one.fact) for one in findings]


def copy_of(fact_id: str, new_id: str, at: dt.datetime) -> None:
    """Insert a fact as the program would write it, without the program."""
    row = model.Session.get(Event, fact_id)
    values = {column.name: getattr(row, column.name) for column in Event.__table__.c if column.name != "seq"}
    model.Session.execute(sa.insert(Event.__table__).values({**values, "id": new_id, "at": at, "supersedes": None}))
    model.Session.commit()


class TestWriting:
    def test_each_fact_has_its_place_in_the_order_of_commits(self, town: Town) -> None:
        plan = filled(town, 4)
        chained = entries(plan.id)
        facts = [row.id for row in event_service.of_plan(plan.id)]
        assert [entry.position for entry in chained] == [1, 2, 3, 4]
        assert [entry.event_id for entry in chained] == facts
        assert chained[0].previous == chain.first_hash(plan.id)
        assert [entry.previous for entry in chained[1:]] == [entry.sha256 for entry in chained[:-1]]
        assert len({entry.salt for entry in chained}) == 4
        assert found(plan) == []

    def test_what_is_rolled_back_leaves_no_place(self, town: Town) -> None:
        plan = filled(town, 1)
        event_service.append(plan.id, tracking.Update(id="", at=dt.datetime.now(dt.timezone.utc), item=ROW))
        model.Session.rollback()
        assert update(town, plan) and [entry.position for entry in entries(plan.id)] == [1, 2]

    def test_nor_does_what_a_savepoint_took_back(self, town: Town) -> None:
        plan = filled(town, 1)
        plan_id, now = plan.id, dt.datetime.now(dt.timezone.utc)
        event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text="queda"))
        point = model.Session.begin_nested()
        event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text="no queda"))
        point.rollback()
        inner = model.Session.begin_nested()
        event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text="queda también"))
        inner.commit()
        assert len(entries(plan_id)) == 1, "the end of a savepoint locks no chain"
        model.Session.commit()
        assert len(entries(plan_id)) == 3 and found(plan) == []

    def test_the_tables_refuse_change(self, town: Town) -> None:
        plan = filled(town, 1)
        for statement in ("UPDATE ogp_chain_entry SET salt = 'x'", "DELETE FROM ogp_chain_entry", "TRUNCATE ogp_chain_entry"):
            with pytest.raises(sa.exc.IntegrityError):
                model.Session.execute(sa.text(statement))
            model.Session.rollback()
        assert len(entries(plan.id)) == 1

    def test_twenty_writers_at_once_make_one_chain(self, town: Town) -> None:
        first, second = town.plan("paac"), town.plan("paac")
        ids, failed = [first.id, second.id], []
        model.Session.remove()

        def write(number: int) -> None:
            try:
                for _ in range(3):
                    # half of them write to both plans, in either order
                    for plan_id in ids if number % 4 == 0 else ids[::-1] if number % 4 == 1 else [ids[number % 2]]:
                        now = dt.datetime.now(dt.timezone.utc)
                        event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text=str(number)))
                    model.Session.commit()
            except BaseException as error:
                failed.append(error)
            finally:
                model.Session.remove()

        writers = [threading.Thread(target=write, args=(number,)) for number in range(20)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        assert failed == []
        for plan_id in ids:
            chained = entries(plan_id)
            assert len(chained) == 45 and [entry.position for entry in chained] == list(range(1, 46))
            assert found(PlanRow.get(plan_id)) == []


class TestWhatIsDoneBehindTheProgramsBack:
    def test_a_backdated_update_that_is_not_the_last(self, town: Town) -> None:
        plan = filled(town)
        cut = cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        assert cut_service.verify(plan, cut).same
        second, third = entries(plan.id)[1:3]
        at = model.Session.get(Event, second.event_id).at + dt.timedelta(microseconds=1)
        copy_of(second.event_id, "a-false-update", at)
        assert found(plan) == [("inserted", second.position, "a-false-update")]
        verified = cut_service.verify(plan, cut)
        assert not verified.same
        assert ("/chain/2", "a-false-update", "inserted") in [(one.path, one.frozen, one.computed) for one in verified.differences]
        done = run(town, "verify", plan.name)
        assert done.exit_code == cli.OPEN
        assert f"{plan.name}: 1 facts NOT as recorded" in done.output and "2 inserted a-false-update" in done.output
        assert third.event_id not in done.output

    def test_after_the_cut_it_does_not_touch_the_cut(self, town: Town) -> None:
        plan = filled(town)
        cut = cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        copy_of(entries(plan.id)[-1].event_id, "a-later-one", cut.as_of + dt.timedelta(seconds=1))
        assert found(plan) == [("inserted", 5, "a-later-one")]
        assert cut_service.verify(plan, cut).same

    def test_one_that_is_put_at_the_end_of_the_chain_too(self, town: Town) -> None:
        plan = filled(town)
        cut = cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        plan_id, now = plan.id, dt.datetime.now(dt.timezone.utc)
        fact = event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text="Falso"), at=cut.as_of - dt.timedelta(seconds=1))
        model.Session.commit()
        assert found(plan) == [("backdated", 6, fact.id)]
        assert not cut_service.verify(plan, cut).same

    @pytest.mark.parametrize(
        "change",
        [
            """body = jsonb_set(body, '{text}', '"Otra cosa"')""", "at = at - interval '1 microsecond'", "user_id = 'somebody'",
            "organization = 'otra'", "code = '1.1.2'", "kind = 'answer'", "supersedes = 'x'", "subject = 'x'", "seq = seq + 1000000",
        ],
    )  # fmt: skip
    def test_a_change(self, town: Town, change: str) -> None:
        plan = filled(town)
        third = entries(plan.id)[2].event_id
        with behind_the_back("ogp_event") as execute:
            execute(f"UPDATE ogp_event SET {change} WHERE id = :id", id=third)  # noqa: S608
        assert found(plan) == [("changed", 3, third)]

    def test_a_deletion(self, town: Town) -> None:
        plan = filled(town)
        third = entries(plan.id)[2].event_id
        with behind_the_back("ogp_event") as execute:
            execute("DELETE FROM ogp_event WHERE id = :id", id=third)
        assert found(plan) == [("deleted", 3, third)]

    def test_a_deletion_with_its_entry(self, town: Town) -> None:
        plan = filled(town)
        third = entries(plan.id)[2].event_id
        with behind_the_back("ogp_event", "ogp_chain_entry") as execute:
            execute("DELETE FROM ogp_event WHERE id = :id", id=third)
            execute("DELETE FROM ogp_chain_entry WHERE event_id = :id", id=third)
        assert found(plan) == [("deleted", 3, None)]

    def test_the_last_one_deleted_with_its_entry_is_known_by_the_night_before(self, town: Town) -> None:
        plan = filled(town)
        assert chain_service.verify_and_store(plan)[0].findings == []
        model.Session.commit()
        last = entries(plan.id)[-1].event_id
        with behind_the_back("ogp_event", "ogp_chain_entry") as execute:
            execute("DELETE FROM ogp_event WHERE id = :id", id=last)
            execute("DELETE FROM ogp_chain_entry WHERE event_id = :id", id=last)
        (finding,) = chain_service.verify(PlanRow.get(plan.id)).findings
        assert (finding.kind.value, finding.position, finding.known_by) == ("deleted", 5, chain_service.LAST_CHECK)

    def test_two_exchanged(self, town: Town) -> None:
        plan = filled(town)
        second, third = (entry.event_id for entry in entries(plan.id)[1:3])
        with behind_the_back("ogp_chain_entry") as execute:
            for old, new in ((2, 100), (3, 2), (100, 3)):
                execute("UPDATE ogp_chain_entry SET position = :new WHERE plan_id = :plan AND position = :old", new=new, old=old, plan=plan.id)
        assert found(plan) == [("moved", 2, third), ("moved", 3, second)]

    def test_two_moments_exchanged(self, town: Town) -> None:
        plan = filled(town)
        second, third = (model.Session.get(Event, entry.event_id) for entry in entries(plan.id)[1:3])
        ids, moments = (second.id, third.id), (second.at, third.at)
        with behind_the_back("ogp_event") as execute:
            for id_, at in zip(ids, moments[::-1], strict=True):
                execute("UPDATE ogp_event SET at = :at WHERE id = :id", at=at, id=id_)
        assert found(plan) == [("changed", 2, ids[0]), ("changed", 3, ids[1])]

    def test_the_whole_chain_made_again_is_known_by_the_cut(self, town: Town) -> None:
        plan = filled(town)
        cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        pairs = list(chain_service.iterate(plan.id))
        with behind_the_back("ogp_event", "ogp_chain_entry") as execute:
            execute("UPDATE ogp_event SET user_id = 'somebody' WHERE id = :id", id=pairs[1][0].fact)
            facts = [fact for _, fact in chain_service.iterate(plan.id) if fact is not None]
            execute("DELETE FROM ogp_chain_entry WHERE plan_id = :plan", plan=plan.id)
            start = chain.Head(0, chain.first_hash(plan.id))
            for entry in extend(start, [(fact, "salt") for fact in facts]):
                values = dataclasses.asdict(entry)
                model.Session.execute(sa.insert(ChainEntry.__table__).values(plan_id=plan.id, event_id=values.pop("fact"), **values))
        (finding,) = chain_service.verify(PlanRow.get(plan.id)).findings
        assert (finding.kind.value, finding.position, finding.known_by) == ("rewritten", 5, "cut of 2026-04-30")

    def test_a_fact_moved_to_another_plan(self, town: Town) -> None:
        plan, other = filled(town), filled(town, 1)
        third = entries(plan.id)[2].event_id
        with behind_the_back("ogp_event") as execute:
            execute("UPDATE ogp_event SET plan_id = :plan WHERE id = :id", plan=other.id, id=third)
        assert found(plan) == [("changed", 3, third)]


class TestOnCuts:
    def test_page_answer_and_file_have_the_head(self, town: Town) -> None:
        plan = filled(town, 3)
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day=APRIL.isoformat())
        head = entries(plan.id)[-1]
        expected = {"position": 3, "sha256": head.sha256}
        (cut,) = model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).all()
        assert json.loads(cut.body)["chain"] == expected == {"position": cut.chain_position, "sha256": cut.chain_sha256}
        shown = town.call("anonymous", "ogp_plan_cut_show", plan=plan.name, day=APRIL.isoformat())
        listed = town.call("anonymous", "ogp_plan_cut_list", plan=plan.name)
        assert shown["chain"] == expected == listed[0]["chain"]
        assert listed[1]["chain"] is None
        for page in (f"/planes/{plan.name}/corte/{APRIL}", f"/planes/{plan.name}/cortes"):
            assert head.sha256 in town.get("anonymous", page).get_data(as_text=True), page
        file = town.get("anonymous", f"/planes/{plan.name}/corte/{APRIL}/corte.json").get_json()
        assert file["chain"] == expected

    def test_a_cut_made_with_facts_of_its_own_transaction_covers_them(self, town: Town) -> None:
        plan = filled(town, 1)
        now = dt.datetime.now(dt.timezone.utc)
        event_service.append(plan.id, tracking.Update(id="", at=now, item=ROW, text="En la misma"))
        cut = cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        assert cut.chain_position == 2 and cut_service.verify(plan, cut).same


class TestThePublicFile:
    def test_anybody_computes_the_chain_from_it(self, town: Town) -> None:
        plan = filled(town, 2)
        secret = {"title": "Expediente 77", "url": "https://interno.gov.co/77", "public": False, "withheld": "Reserva"}
        now = dt.datetime.now(dt.timezone.utc)
        hidden = town.say(plan, tracking.Evidence(id="", at=now, item=ROW, by=town.ids["focal_point"], **secret))
        town.say(plan, tracking.EvidenceCheck(id="", at=now, evidence=hidden.id, detail="https://interno.gov.co/77"))
        answer = town.get("anonymous", f"/planes/{plan.name}/archivo/hechos.json")
        text = answer.get_data(as_text=True)
        for unsaid in (town.ids["focal_point"], "Expediente 77", "interno.gov.co", *(one.salt for one in entries(plan.id))):
            assert unsaid not in text
        document = json.loads(text)

        def sha(value: Any) -> str:
            written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            return hashlib.sha256(written.encode()).hexdigest()

        previous = sha({"plan": document["plan"]})
        assert previous == document["first"]
        for number, one in enumerate(document["facts"], 1):
            for name, field in one["values"].items():
                assert one["fact"]["fields"][name] == sha({"field": name, **field})
            previous = sha({"fact": sha(one["fact"]), "position": number, "previous": previous})
            assert previous == one["sha256"]
        assert document["head"] == {"position": 4, "sha256": previous}
        assert document["facts"][0]["values"]["text"]["value"] == "Se hizo 0."
        assert set(document["facts"][2]["values"]) == {"public", "withheld"} and document["facts"][3]["values"] == {}

    def test_of_a_draft_only_who_sees_it(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        address = f"/planes/{plan.name}/archivo/hechos.json"
        assert town.get("citizen", address).status_code == 404
        assert town.get("coordinator", address).status_code == 200


class TestByNight:
    def test_the_result_is_kept_shown_and_mailed_once(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[tuple[str, str, str]] = []

        def send(user: Any, subject: str, body: str) -> Any:
            sent.append((user.name, subject, body))
            return chain_alert.Outcome.SENT, ""

        monkeypatch.setattr(chain_alert.smtp, "send_message", send)
        plan = filled(town)
        # what other tests did to their plans is known after this
        run(town, "nightly")
        sent.clear()
        before = tk.get_action("status_show")({"ignore_auth": True}, {})["ogp_plan"]["facts"]
        assert before["verified"] and before["plans"] >= 1
        row = model.Session.get(ChainCheck, plan.id)
        assert (row.position, row.findings) == (5, [])
        third = entries(plan.id)[2].event_id
        with behind_the_back("ogp_event") as execute:
            execute("UPDATE ogp_event SET user_id = 'somebody' WHERE id = :id", id=third)
        done = run(town, "nightly")
        assert done.exit_code == cli.OPEN and f"3 changed {third}" in done.output
        model.Session.expire_all()
        row = model.Session.get(ChainCheck, plan.id)
        assert row.findings == [{"kind": "changed", "position": 3, "fact": third, "known_by": ""}] and row.position == 5
        after = tk.get_action("status_show")({"ignore_auth": True}, {})["ogp_plan"]["facts"]
        assert after["wrong"] == before["wrong"] + 1
        assert town.names["sysadmin"] in {name for name, _, _ in sent}
        assert all(plan.name in body and third in body and "ckan ogp-plan verify" in body for _, _, body in sent)
        sent.clear()
        assert run(town, "nightly").exit_code == cli.OPEN and sent == [], "what was mailed already is not mailed again"


class TestPurging:
    def test_a_plan_is_deleted_with_its_chain_and_the_others_stay(self, town: Town) -> None:
        plan, other = filled(town, 2), filled(town, 2)
        cut_service.create(plan, APRIL, user_id=None)
        model.Session.commit()
        name, plan_id = plan.name, plan.id
        dry = run(town, "purge", name)
        assert dry.exit_code == 0 and "ogp_chain_entry: 2" in dry.output and PlanRow.get(name) is not None
        done = run(town, "purge", name, "--yes")
        assert done.exit_code == 0, done.output
        model.Session.expire_all()
        assert PlanRow.get(name) is None and entries(plan_id) == []
        assert run(town, "verify", other.name).exit_code == 0
        with pytest.raises(sa.exc.IntegrityError):
            model.Session.execute(sa.text("DELETE FROM ogp_event"))
        model.Session.rollback()


class TestARoleThatOwnsNothing:
    """The SQL that ``docs/operar.md`` gives for the role of the application."""

    @pytest.fixture(autouse=True)
    def role(self) -> Iterator[None]:
        """A role that the owner of the tables may become."""
        from support.cluster import sql

        owner = model.Session.execute(sa.text("SELECT current_user")).scalar()
        sql(f"CREATE ROLE {ROLE}")
        try:
            sql(f'GRANT {ROLE} TO "{owner}"')
            yield
        finally:
            model.Session.remove()
            sql(f"DROP ROLE {ROLE}")

    def test_it_records_and_cannot_touch_what_is_recorded(self, town: Town) -> None:
        plan = filled(town, 2)
        plan_id = plan.id
        block = _sql_of_docs().replace("ckan_app", ROLE)
        statements = [one for one in block.split(";") if one.strip()]
        assert statements[0].strip().startswith("CREATE ROLE")
        try:
            for statement in statements[1:]:
                model.Session.execute(sa.text(statement))
            model.Session.execute(sa.text(f"SET LOCAL ROLE {ROLE}"))
            now = dt.datetime.now(dt.timezone.utc)
            event_service.append(plan_id, tracking.Update(id="", at=now, item=ROW, text="Con otro papel"))
            chain_service.link_pending()
            assert chain_service.get_head(plan_id).position == 3
            for forbidden in (
                "ALTER TABLE ogp_event DISABLE TRIGGER USER", "UPDATE ogp_event SET user_id = NULL", "DELETE FROM ogp_chain_entry",
                "TRUNCATE ogp_cut", "DROP TRIGGER ogp_event_no_change ON ogp_event", "SET session_replication_role = replica",
            ):  # fmt: skip
                point = model.Session.begin_nested()
                with pytest.raises(sa.exc.ProgrammingError, match="must be owner|permission denied"):
                    model.Session.execute(sa.text(forbidden))
                point.rollback()
        finally:
            # what the role was given and what it wrote go with the transaction
            model.Session.rollback()
            model.Session.remove()


def _sql_of_docs() -> str:
    from pathlib import Path

    text = (Path(__file__).parents[3] / "docs" / "operar.md").read_text(encoding="utf-8")
    return text.split("```sql\n", 1)[1].split("```", 1)[0]
