"""Letters: who is owed which, that none goes out twice, and that a dead mail server loses none."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from ckan import model, plugins
from ckan.tests import factories
from click.testing import CliRunner
from support.application import portal
from support.plan_portal import Town, due, months

from ckanext.ogp_plan import cli
from ckanext.ogp_plan.mail import delivery as mail_delivery
from ckanext.ogp_plan.mail import reminder as reminder_mail
from ckanext.ogp_plan.mail import smtp
from ckanext.ogp_plan.mail.delivery import DeliveryResult
from ckanext.ogp_plan.model import PlanRow, Reminder, Token
from ckanext.ogp_plan.planning.types import Plan, PlanStatus, Schedule, ScheduleKind
from ckanext.ogp_plan.services import calendar_token

MARCH = dt.date(2026, 3, 31)
#: who reports for obras (the test site's own user, which made the organizations, is not looked at)
READERS: list[str] = []


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture
def plan(town: Town) -> Iterator[PlanRow]:
    """The only plan that is tracked, and no letters yet."""
    model.Session.execute(sa.update(PlanRow).values(status=PlanStatus.CLOSED.value))
    model.Session.execute(sa.delete(Reminder))
    model.Session.commit()
    READERS[:] = [town.ids[who] for who in ("focal_point", "named_focal_point", "delegate")]
    yield town.plan("paac")
    model.Session.rollback()


class Sink:
    """A mail server that keeps what it is given, and may fail in the ways that mail servers do."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.offered = 0
        #: what it answers to each letter, in order; "" takes it, "die" hangs up before answering
        self.answers: list[str] = []
        self.recipient = ""
        self.lock = threading.Lock()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.recipient:
            return self.recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        with self.lock:
            self.offered += 1
            answer = self.answers.pop(0) if self.answers else ""
        if answer == "die":
            # the text is here, and the answer never comes
            self.letters.append(self.read(envelope))
            server.transport.abort()
            return "250 OK"
        if answer == "close after":
            self.letters.append(self.read(envelope))
            server._handle_hooks["QUIT"] = self.hang_up
            return "250 OK"
        if answer:
            return answer
        self.letters.append(self.read(envelope))
        return "250 OK"

    async def hang_up(self, server: Any, session: Any, envelope: Any) -> str:
        server.transport.abort()
        return "221 Bye"

    def read(self, envelope: Any) -> Any:
        return email.message_from_bytes(envelope.content, policy=email.policy.default)

    def to(self) -> Counter[str]:
        return Counter(str(one["To"].addresses[0].addr_spec) for one in self.letters)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    made = Sink()
    controller = Controller(made, hostname="127.0.0.1", port=_free_port())
    controller.start()
    monkeypatch.setitem(tk.config, "smtp.server", f"127.0.0.1:{controller.port}")
    monkeypatch.setitem(tk.config, "smtp.mail_from", "no-responder@cali.gov.co")
    yield made
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def letters(kind: str | None = None) -> list[Reminder]:
    model.Session.rollback()
    model.Session.expire_all()
    wanted = sa.select(Reminder).where(Reminder.user_id.in_(READERS)).order_by(Reminder.key)
    if kind:
        wanted = wanted.where(Reminder.kind == kind)
    return list(model.Session.scalars(wanted))


def states(kind: str | None = "due") -> Counter[str]:
    return Counter(one.state for one in letters(kind))


class TestDays:
    @pytest.mark.parametrize(
        ("due_day", "count", "expected"),
        [
            # 31 March 2026 is the Tuesday of Holy Week; the 23rd is a holiday
            (dt.date(2026, 3, 31), 0, dt.date(2026, 3, 31)),
            (dt.date(2026, 3, 31), 3, dt.date(2026, 3, 26)),
            (dt.date(2026, 3, 31), 10, dt.date(2026, 3, 16)),
            # a Saturday: what can be done in time is done by Friday
            (dt.date(2026, 2, 28), 0, dt.date(2026, 2, 27)),
            (dt.date(2026, 2, 28), 3, dt.date(2026, 2, 24)),
            # New Year's Eve, with Christmas between
            (dt.date(2026, 12, 31), 10, dt.date(2026, 12, 16)),
        ],
    )
    def test_business_days_before(self, due_day: dt.date, count: int, expected: dt.date) -> None:
        assert reminder_mail._reminder_day(due_day, count) == expected

    def test_of_missed_runs_only_the_last_letter_counts(self) -> None:
        days = (10, 3, 0)
        steps = {day: reminder_mail.find_due_step(MARCH, dt.date(2026, 3, day), days) for day in range(1, 32)}
        assert steps[15] is None
        assert {steps[day] for day in range(16, 26)} == {10}
        assert {steps[day] for day in range(26, 31)} == {3}
        assert steps[31] == 0
        assert reminder_mail.find_due_step(MARCH, dt.date(2026, 4, 1), days) is None

    def test_occasions(self) -> None:
        plan = Plan("paac", start=dt.date(2026, 1, 1), end=dt.date(2026, 12, 31))
        quarter = reminder_mail.list_occasions(months(3, 6), plan)
        assert [(one.since, one.due) for one in quarter] == [
            (dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
            (dt.date(2026, 4, 1), dt.date(2026, 6, 30)),
        ]
        assert [one.due for one in reminder_mail.list_occasions(due(dt.date(2026, 5, 5)), plan)] == [
            dt.date(2026, 5, 5)
        ]
        assert reminder_mail.list_occasions(Schedule(ScheduleKind.UNDECLARED), plan) == []


class TestOwing:
    def test_who_reports_gets_one_letter_a_step(self, town: Town, plan: PlanRow) -> None:
        assert reminder_mail.queue_reminders(dt.date(2026, 3, 15)) > 0
        assert letters("due") == []
        reminder_mail.queue_reminders(dt.date(2026, 3, 16))
        # 1.1.1 and 1.1.2#2 are of obras in March; the datic has nobody
        recipients = Counter(one.user_id for one in letters("due"))
        readers = {town.ids[who] for who in ("focal_point", "named_focal_point", "delegate")}
        assert recipients == Counter(dict.fromkeys(readers, 2))
        assert reminder_mail.queue_reminders(dt.date(2026, 3, 16)) == 0
        assert reminder_mail.queue_reminders(dt.date(2026, 3, 17)) == 0
        assert {one.body["days"] for one in letters("due")} == {10}
        reminder_mail.queue_reminders(dt.date(2026, 3, 27))
        assert Counter(one.body["days"] for one in letters("due")) == {10: 6, 3: 6}

    def test_what_is_done_or_reported_is_not_owed(self, town: Town, plan: PlanRow) -> None:
        town.update(
            plan,
            ("fila", "1.1.2#2"),
            organization=town.obras,
            text="Marzo",
            at=dt.datetime(2026, 3, 10, 15, tzinfo=dt.timezone.utc),
        )
        town.update(
            plan,
            ("fila", "1.1.1"),
            organization=town.obras,
            text="Va",
            at=dt.datetime(2026, 3, 10, 15, tzinfo=dt.timezone.utc),
        )
        reminder_mail.queue_reminders(dt.date(2026, 3, 16))
        items = {one.body["item"] for one in letters("due")}
        # the monthly one was reported; the one with a single day is not done by a report
        assert items == {town.item(plan, "1.1.1").id}

    def test_plans_that_are_not_tracked_send_nothing(self, town: Town, plan: PlanRow) -> None:
        plan.status = PlanStatus.CLOSED.value
        model.Session.commit()
        assert reminder_mail.queue_reminders(dt.date(2026, 3, 16)) == 0

    def test_two_at_once_owe_each_once(self, town: Town, plan: PlanRow) -> None:
        made: list[int] = []

        def run() -> None:
            made.append(reminder_mail.queue_reminders(dt.date(2026, 3, 16)))
            model.Session.remove()

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        assert sum(made) == model.Session.execute(sa.select(sa.func.count()).select_from(Reminder)).scalar()
        assert len(letters()) == 9


def owe(day: dt.date = dt.date(2026, 3, 16)) -> None:
    """Note the letters of a day; what is due only, and only that of who reports for obras."""
    reminder_mail.queue_reminders(day)
    others = sa.or_(Reminder.kind == "digest", Reminder.user_id.not_in(READERS))
    model.Session.execute(sa.delete(Reminder).where(others))
    model.Session.commit()


def run() -> DeliveryResult:
    owe()
    return mail_delivery.deliver()


class TestSending:
    def test_one_letter_a_reader(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        went = mail_delivery.deliver()
        assert went.stopped == ""
        assert states() == {"sent": 6}
        due_letters = [
            one for one in sink.letters if "obligaciones" in one["Subject"] and "semana" not in one["Subject"]
        ]
        assert len(due_letters) == 3
        text = due_letters[0].get_content()
        assert "31 de marzo de 2026" in text
        assert "Revisar el mapa de riesgos" in text
        assert f"/planes/{plan.name}/1.1.1" in text
        assert "Secretaría de Obras" in text
        before = len(sink.letters)
        mail_delivery.deliver()
        assert len(sink.letters) == before

    def test_in_the_reader_s_language(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        town.call("focal_point", "ogp_plan_letters_patch", language="en")
        try:
            run()
            mine = model.User.get(town.ids["focal_point"]).email
            english = [one for one in sink.letters if one["To"].addresses[0].addr_spec == mine]
            assert any("March 31, 2026" in one.get_content() for one in english)
            assert not any("marzo" in one.get_content() for one in english)
        finally:
            town.call("focal_point", "ogp_plan_letters_patch", language="es")

    def test_who_wants_none_or_has_no_address_is_skipped(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        town.call("focal_point", "ogp_plan_letters_patch", wanted=False)
        nobody = model.User.get(town.ids["named_focal_point"])
        address, nobody.email = nobody.email, None
        model.Session.commit()
        try:
            run()
            assert states() == {"sent": 2, "skipped": 4}
            assert set(sink.to()) == {model.User.get(town.ids["delegate"]).email}
        finally:
            model.User.get(town.ids["named_focal_point"]).email = address
            model.Session.commit()
            assert town.call("focal_point", "ogp_plan_letters_patch", wanted=True)["wanted"] is True

    def test_what_was_done_meanwhile_is_not_sent(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        for address in ("1.1.1", "1.1.2_2"):
            town.item(plan, address).light = "completado"
            model.Session.commit()
        mail_delivery.deliver()
        assert states() == {"not_needed": 6}
        assert not any("31 de marzo" in one["Subject"] for one in sink.letters)

    def test_the_digest_lists_what_is_late(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        mail_delivery.send_reminders(dt.date(2026, 11, 20))
        digest = next(one for one in sink.letters if "semana" in one["Subject"])
        assert "Revisar el mapa de riesgos" in digest.get_content()
        assert f"/organismo/{town.obras}/obligaciones" in digest.get_content()
        before = len(letters("digest"))
        reminder_mail.queue_reminders(dt.date(2026, 11, 21))
        assert len(letters("digest")) == before
        reminder_mail.queue_reminders(dt.date(2026, 11, 23))
        assert len(letters("digest")) == 2 * before

    def test_turned_off(self, town: Town, plan: PlanRow, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.ogp_plan.reminders", False)
        went = run()
        assert went.stopped
        assert states() == {"pending": 6}
        assert sink.letters == []

    def test_titles_make_no_headers(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        town.item(plan, "1.1.1").title = "Mapa\r\nBcc: otro@example.com\r\n\r\nHola"
        model.Session.commit()
        town.item(plan, "1.1.2_2").light = "completado"
        model.Session.commit()
        run()
        assert states()["sent"] == 3
        assert all(one["Bcc"] is None for one in sink.letters)
        assert "otro@example.com" not in sink.to()


class TestTrouble:
    def test_a_server_that_is_down_loses_none(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tk.config, "smtp.server", f"127.0.0.1:{_free_port()}")
        monkeypatch.setitem(tk.config, "smtp.mail_from", "no-responder@cali.gov.co")
        went = run()
        assert went.stopped
        assert states(None) == {"pending": 6}
        # only one reader was tried, and is not worse off for it
        assert sorted(one.attempts for one in letters("due")) == [0, 0, 0, 0, 1, 1]
        made = Sink()
        controller = Controller(made, hostname="127.0.0.1", port=_free_port())
        controller.start()
        try:
            monkeypatch.setitem(tk.config, "smtp.server", f"127.0.0.1:{controller.port}")
            monkeypatch.setitem(tk.config, "smtp.mail_from", "no-responder@cali.gov.co")
            mail_delivery.deliver()
        finally:
            controller.stop()
        assert states() == {"sent": 6}
        assert set(made.to().values()) == {1}

    def test_no_server_at_all(self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "smtp.server", "")
        assert run().stopped
        assert states() == {"pending": 6}

    def test_a_server_that_dies_with_the_letter_in_its_hands(
        self, town: Town, plan: PlanRow, sink: Sink
    ) -> None:
        """Nobody knows whether it went out: it is not sent again, and recorded as failed."""
        owe()
        sink.answers = ["die"]
        mail_delivery.deliver()
        assert states() == {"sent": 4, "failed": 2}
        assert {one.error.split(":")[0] for one in letters("due") if one.state == "failed"} == {
            "it is not known whether it went out"
        }
        mail_delivery.deliver()
        assert max(sink.to().values()) == 1

    def test_a_server_that_dies_when_all_is_done(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        """It took the letter and did not say goodbye: it is sent."""
        owe()
        sink.answers = ["close after"] * 6
        mail_delivery.deliver()
        assert states() == {"sent": 6}
        mail_delivery.deliver()
        assert max(sink.to().values()) == 1

    def test_a_server_that_dies_before_the_text(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        """It has nothing yet: the letter stays owed."""
        owe()
        sink.recipient = "421 Bye"
        mail_delivery.deliver()
        assert states() == {"pending": 6}
        sink.recipient = ""
        mail_delivery.deliver()
        assert states() == {"sent": 6}

    @pytest.mark.parametrize(
        ("answer", "state"), [("452 Full", "pending"), ("451 Later", "pending"), ("554 Spam", "failed")]
    )
    def test_one_letter_that_is_not_taken(
        self, town: Town, plan: PlanRow, sink: Sink, answer: str, state: str
    ) -> None:
        owe()
        sink.answers = [answer]
        mail_delivery.deliver()
        assert states() == {"sent": 4, state: 2}

    def test_a_recipient_that_does_not_exist(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        sink.recipient = "550 No such user"
        mail_delivery.deliver()
        assert states() == {"failed": 6}

    def test_a_sender_that_died(
        self, town: Town, plan: PlanRow, sink: Sink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owe()

        def die(*_args: Any) -> Any:
            # it is in the database before the server hears of it
            assert states() == {"pending": 4, "sending": 2}
            raise SystemExit

        monkeypatch.setattr(smtp, "send_message", die)
        with pytest.raises(SystemExit):
            mail_delivery.deliver()
        monkeypatch.undo()
        assert states()["sending"] == 2

    def test_what_a_dead_sender_had_in_its_hands_is_not_sent_again(
        self, town: Town, plan: PlanRow, sink: Sink
    ) -> None:
        owe()
        one = letters("due")[0]
        one.state, one.sent = "sending", dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=5)
        model.Session.commit()
        mail_delivery.deliver()
        assert states() == {"sent": 5, "sending": 1}
        one = next(each for each in letters("due") if each.state == "sending")
        one.sent = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=2)
        model.Session.commit()
        mail_delivery.deliver()
        assert states() == {"sent": 5, "failed": 1}

    def test_two_senders_at_once_send_each_once(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        users = [factories.User() for _ in range(6)]
        READERS[:] = [user["id"] for user in users]
        model.Session.add_all(
            Reminder(
                key=f"due/x/{user['id']}/{n}", user_id=user["id"], kind="due", due=MARCH,
                body={"plan": plan.id, "item": town.item(plan, "1.1.1").id, "organization": town.obras,
                      "due": "2026-03-31", "days": n},
            )
            for user in users for n in (10, 3)
        )  # fmt: skip
        model.Session.commit()
        gate = threading.Barrier(4)

        def run() -> None:
            gate.wait()
            mail_delivery.deliver()
            model.Session.remove()

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert states() == {"sent": 12}
        assert sum(sink.to().values()) <= 12
        assert len(sink.to()) == 6
        assert {one.attempts for one in letters("due")} == {1}


class TestResending:
    """What failed is tried again when somebody says so; what was sent, or may have been, is not."""

    def resend(self, town: Town, *words: str) -> Any:
        model.Session.commit()
        with town.app.flask_app.test_request_context():
            return CliRunner().invoke(cli.ogp_plan, ["reminders", "resend", *words])

    def test_what_failed_goes_out_and_what_was_sent_does_not(
        self, town: Town, plan: PlanRow, sink: Sink
    ) -> None:
        owe()
        sink.answers = ["554 Spam"]
        mail_delivery.deliver()
        assert states() == {"sent": 4, "failed": 2}
        done = self.resend(town)
        assert done.exit_code == 0, done.output
        assert "tried 2: sent 2 in 1 letters, failed again 0" in done.output
        assert states() == {"sent": 6}
        assert {one.error for one in letters("due")} == {None}
        assert len(sink.to()) == 3 and max(sink.to().values()) == 1
        again = self.resend(town)
        assert (again.exit_code, again.output.strip()) == (0, "tried 0: sent 0 in 0 letters, failed again 0")
        assert max(sink.to().values()) == 1

    def test_what_fails_again_stays_failed(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        sink.recipient = "550 No such user"
        mail_delivery.deliver()
        done = self.resend(town)
        assert done.exit_code == cli.OPEN
        assert "tried 6: sent 0 in 0 letters, failed again 6" in done.output
        assert states() == {"failed": 6}
        assert {one.attempts for one in letters("due")} == {2}

    def test_what_may_have_gone_out_waits_for_a_word(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        sink.answers = ["die", "554 Spam"]
        mail_delivery.deliver()
        one = next(each for each in letters("due") if each.state == "sent")
        one.state, one.sent = "sending", dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=2)
        model.Session.commit()
        assert states() == {"sent": 1, "sending": 1, "failed": 4}
        done = self.resend(town)
        assert done.exit_code == 0, done.output
        assert "tried 2: sent 2 in 1 letters, failed again 0" in done.output
        assert "left 3 that may have gone out" in done.output
        assert states() == {"sent": 3, "failed": 3}
        assert max(sink.to().values()) == 1
        result = self.resend(town, "--doubtful")
        assert "tried 3: sent 3 in 2 letters, failed again 0" in result.output
        assert "left" not in result.output
        assert states() == {"sent": 6}

    def test_no_server_leaves_the_rest_as_they_were(
        self, town: Town, plan: PlanRow, sink: Sink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owe()
        sink.recipient = "550 No such user"
        mail_delivery.deliver()
        monkeypatch.setitem(tk.config, "smtp.server", f"127.0.0.1:{_free_port()}")
        done = self.resend(town)
        assert done.exit_code == cli.OPEN
        assert "tried 2: sent 0 in 0 letters, failed again 0" in done.output
        assert "2 not taken now" in done.output
        assert states() == {"failed": 4, "pending": 2}

    def test_what_was_done_meanwhile_is_settled(self, town: Town, plan: PlanRow, sink: Sink) -> None:
        owe()
        sink.recipient = "550 No such user"
        mail_delivery.deliver()
        sink.recipient = ""
        plan.status = PlanStatus.CLOSED.value
        done = self.resend(town)
        assert "tried 6: sent 0 in 0 letters, failed again 0" in done.output
        assert "6 done meanwhile" in done.output
        assert states() == {"not_needed": 6}
        assert sink.letters == []

    def test_turned_off(self, town: Town, plan: PlanRow, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
        owe()
        sink.recipient = "550 No such user"
        mail_delivery.deliver()
        monkeypatch.setitem(tk.config, "ckanext.ogp_plan.reminders", False)
        done = self.resend(town)
        assert done.exit_code == cli.OPEN
        assert states() == {"failed": 6}


class TestConfiguration:
    """An option of CKAN's mailer that is missing is named with its remedy; nothing is tried, nothing counts as sent."""

    MISSING: ClassVar[dict[str, dict[str, str | None]]] = {
        "smtp.server": {"smtp.server": ""},
        "smtp.mail_from": {"smtp.mail_from": None},
        "smtp.password": {"smtp.user": "cartas", "smtp.password": None},
    }

    @pytest.fixture(params=sorted(MISSING))
    def missing(
        self, request: pytest.FixtureRequest, sink: Sink, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[str]:
        for option, value in self.MISSING[request.param].items():
            monkeypatch.setitem(tk.config, option, value)
        yield request.param
        assert sink.offered == 0

    def run(self, town: Town, *words: str) -> Any:
        model.Session.commit()
        with town.app.flask_app.test_request_context():
            return CliRunner().invoke(cli.ogp_plan, ["reminders", *words])

    def assert_named(self, outcome: Any, option: str) -> None:
        assert outcome.exit_code == cli.OPEN, outcome.output
        assert f"set {option} in the portal's configuration" in outcome.output
        assert "Error" not in outcome.output
        assert "NoneType" not in outcome.output

    def test_send(self, town: Town, plan: PlanRow, missing: str) -> None:
        owe()
        outcome = self.run(town, "send")
        self.assert_named(outcome, missing)
        assert outcome.output.startswith("0 letters")
        # what is owed today is noted as well
        assert set(states(None)) == {"pending"}
        assert states()["pending"] >= 6
        assert {(one.attempts, one.error) for one in letters("due")} == {(0, None)}

    @pytest.mark.parametrize("words", [("resend",), ("resend", "--doubtful")])
    def test_resend(self, town: Town, plan: PlanRow, missing: str, words: tuple[str, ...]) -> None:
        owe()
        model.Session.execute(sa.update(Reminder).values(state="failed", error="SMTPDataError: 554 Spam"))
        outcome = self.run(town, *words)
        self.assert_named(outcome, missing)
        assert "tried 0: sent 0 in 0 letters, failed again 0" in outcome.output
        assert states() == {"failed": 6}

    def test_no_other_module_sends_mail(self) -> None:
        """Each that mails looks at the configuration first."""
        packages = Path(cli.__file__).resolve().parents[1]
        sending = re.compile(
            r"^\s*(import smtplib|from smtplib|from ckan\.lib(\.mailer)? import .*mail|import ckan\.lib\.mailer)|mail_(user|recipient)\(",
            re.M,
        )
        found = {
            str(path.relative_to(packages))
            for path in packages.rglob("*.py")
            if sending.search(path.read_text(encoding="utf-8"))
        }
        assert found == {"ogp_plan/mail/smtp.py", "cost_oc4ids/validation/alerts.py"}
        assert all("find_missing_option()" in (packages / name).read_text(encoding="utf-8") for name in found)

    def test_one_letter(self, town: Town, plan: PlanRow, missing: str) -> None:
        """What sends a letter in another way than the commands learns it too."""
        outcome, error = smtp.send_message(model.User.get(READERS[0]), "Asunto", "Texto")
        assert outcome is smtp.Outcome.UNAVAILABLE
        assert f"set {missing} in the portal's configuration" in error

    @pytest.mark.skipif(not hasattr(plugins, "INotifier"), reason="CKAN 2.11 sends by mail only")
    def test_another_plugin_that_sends_needs_no_mail_server(
        self, town: Town, plan: PlanRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notified: list[str] = []

        class Notifier:
            def notify_recipient(self, already: bool, name: str, address: str, *_: Any) -> bool:
                notified.append(address)
                return True

        monkeypatch.setattr(plugins, "PluginImplementations", lambda _interface: [Notifier()])
        monkeypatch.setitem(tk.config, "smtp.server", "")
        monkeypatch.setitem(tk.config, "smtp.mail_from", None)
        owe()
        assert mail_delivery.deliver().stopped == ""
        assert states() == {"sent": 6}
        assert len(notified) == 3


class TestPrivateCalendars:
    def test_only_the_hash_is_kept_and_it_is_revoked(self, town: Town) -> None:
        made = town.call("focal_point", "ogp_plan_token_create", organization=town.obras)
        assert made["url"].endswith(f"/calendario/{made['key']}.ics")
        row = model.Session.get(Token, made["id"])
        assert made["key"] not in str(vars(row))
        found = calendar_token.find(made["key"])
        assert found is not None
        assert (found.user_id, found.organization) == (town.ids["focal_point"], town.obras)
        calendar_token.record_use(found)
        assert found.used is not None
        listed = town.call("focal_point", "ogp_plan_token_list")
        assert [one["id"] for one in listed] == [made["id"]]
        assert "key" not in listed[0]
        with pytest.raises(tk.ObjectNotFound):
            town.call("other_editor", "ogp_plan_token_revoke", id=made["id"])
        town.call("focal_point", "ogp_plan_token_revoke", id=made["id"])
        assert calendar_token.find(made["key"]) is None
        assert town.call("focal_point", "ogp_plan_token_list") == []

    def test_keys_that_open_nothing(self, town: Town) -> None:
        for key in ("", "x", "../../etc/passwd", "a" * 43, "\x00" * 43, "á" * 43, "a" * 10_000):
            assert calendar_token.find(key) is None

    def test_only_of_one_s_own_organismos(self, town: Town) -> None:
        with pytest.raises(tk.NotAuthorized):
            town.call("other_editor", "ogp_plan_token_create", organization=town.obras)
        with pytest.raises(tk.NotAuthorized):
            town.call("anonymous", "ogp_plan_token_create")

    def test_of_a_user_that_is_gone(self, town: Town) -> None:
        user = factories.User()
        _, key = calendar_token.create(user["id"], None)
        model.Session.commit()
        assert calendar_token.find(key) is not None
        model.User.get(user["id"]).state = "deleted"
        model.Session.commit()
        assert calendar_token.find(key) is None
