"""One's own page: letters, private calendars whose key is shown once, roles, and who stands in; each only for its owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from ckan import model
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import Visitor, text_of

from ckanext.ogp_plan.mail import letter as letter_mail
from ckanext.ogp_plan.mail import preference as mail_preference
from ckanext.ogp_plan.model import Delegation, PlanRole, PlanRow, Token
from ckanext.ogp_plan.services import record as record_service

PAGE = "/planes/mis-avisos"
PASSWORD = "Una-clave-larga-1"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def running(town: Town) -> PlanRow:
    return town.plan("paac", name="paac-mio")


@pytest.fixture(scope="module")
def signed(town: Town, running: PlanRow) -> dict[str, Visitor]:
    """A visitor for each who needs one, signed in once: hashing a password is slow."""
    made = {}
    for who in ("citizen", "focal_point", "delegate", "control", "sysadmin"):
        user = model.User.get(town.names[who])
        user.password = PASSWORD
        model.Session.commit()
        made[who] = Visitor(town.app)
        made[who].sign_in(town.names[who] or "", PASSWORD)
    return made


def send(visitor: Visitor, **fields: str) -> Any:
    return visitor.post(PAGE, {**visitor.token(PAGE), **fields})


def soup(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def open_tokens(town: Town, who: str) -> list[Token]:
    model.Session.rollback()
    found: list[Token] = model.Session.query(Token).filter_by(user_id=town.ids[who], revoked=None).all()
    return found


class TestWhoOpensIt:
    @pytest.mark.parametrize("who", CAST)
    def test_everybody_who_is_signed_in(self, town: Town, running: PlanRow, who: str) -> None:
        answer = town.get(who, PAGE, follow_redirects=False)
        if who == "anonymous":
            assert answer.status_code == 302
            assert urlsplit(answer.headers["Location"]).path.endswith("/user/login")
            assert "mis-avisos" in answer.headers["Location"]
        else:
            assert answer.status_code == 200
            assert "no-store" in answer.headers["Cache-Control"]

    def test_nothing_is_done_without_the_token_of_the_form(
        self, town: Town, signed: dict[str, Visitor]
    ) -> None:
        stolen = signed["focal_point"].token(PAGE)
        for fields in ({"hacer": "calendario"}, {"hacer": "cartas", "wanted": "false"}):
            assert signed["citizen"].post(PAGE, fields).status_code == 400
            assert signed["citizen"].post(PAGE, {**stolen, **fields}).status_code == 400
        assert Visitor(town.app).post(PAGE, {"hacer": "calendario"}).status_code == 400
        assert open_tokens(town, "citizen") == []
        assert mail_preference.get_preferences(model.User.get(town.names["citizen"])) == {}

    def test_a_form_that_says_nothing_known(self, signed: dict[str, Visitor]) -> None:
        assert send(signed["citizen"], hacer="otra-cosa").status_code == 400
        assert send(signed["citizen"]).status_code == 400

    def test_the_account_and_the_duties_link_to_it(
        self, town: Town, signed: dict[str, Visitor], running: PlanRow
    ) -> None:
        def ways(visitor: Visitor, path: str) -> list[str]:
            found = visitor.page(path)
            main = found.find(attrs={"role": "main"})
            return [
                "page" if main is not None and link in main.find_all("a") else "account"
                for link in found.find_all("a", href=lambda url: url and url.endswith(PAGE))
            ]

        duties = f"/organismo/{town.obras}/obligaciones"
        assert ways(signed["focal_point"], duties) == ["account", "page"]
        assert ways(signed["citizen"], duties) == ["account"]
        assert ways(Visitor(town.app), duties) == []


class TestLetters:
    def test_off_on_and_in_another_language(self, town: Town, signed: dict[str, Visitor]) -> None:
        visitor = signed["focal_point"]

        def chosen() -> tuple[str, str]:
            page = visitor.page(PAGE)
            radio = page.find("input", attrs={"name": "wanted", "checked": True})
            return radio["value"], page.find("select", id="ogp-language").find("option", selected=True)[
                "value"
            ]

        assert chosen() == ("true", "es")
        assert send(visitor, hacer="cartas", wanted="false", language="en").status_code == 302
        model.Session.rollback()
        user = model.User.get(town.names["focal_point"])
        assert mail_preference.find_skip_reason(user) == "the user wants no letters"
        assert mail_preference.get_language(user) == "en"
        assert chosen() == ("false", "en")
        assert send(visitor, hacer="cartas", wanted="true", language="es").status_code == 302
        model.Session.rollback()
        assert mail_preference.find_skip_reason(model.User.get(town.names["focal_point"])) is None
        assert chosen() == ("true", "es")

    def test_an_unknown_language_is_shown_beside_its_field(self, signed: dict[str, Visitor]) -> None:
        answer = send(signed["focal_point"], hacer="cartas", wanted="true", language="klingon")
        assert answer.status_code == 400
        page = soup(answer)
        assert page.find(id="ogp-language")["aria-invalid"] == "true"
        assert page.find(id="ogp-language-error") is not None

    def test_who_has_no_address_reads_that_no_letters_come(
        self, town: Town, signed: dict[str, Visitor]
    ) -> None:
        user = model.User.get(town.names["control"])
        before, user.email = user.email, None
        model.Session.commit()
        try:
            assert signed["control"].page(PAGE).find("a", href=lambda url: url and "/user/edit" in url and url != "") is not None  # fmt: skip
            assert "no tiene correo" in text_of(signed["control"].page(PAGE).find(class_="ogp-note-box"))
        finally:
            user = model.User.get(town.names["control"])
            user.email = before
            model.Session.commit()

    def test_a_letter_says_where_it_is_turned_off(self, town: Town) -> None:
        duty = letter_mail.Duty("Obras", "PAAC", "1.1", "Algo", "https://example.org", record_service.today())
        for lang in ("es", "en"):
            assert PAGE in letter_mail.write_due_letter("Ana", [duty], record_service.today(), lang).body


class TestCalendars:
    @pytest.fixture(autouse=True)
    def no_tokens(self, town: Town) -> None:
        """Nobody has a calendar's address from a test before."""
        model.Session.query(Token).delete()
        model.Session.commit()

    def test_made_shown_once_read_and_revoked(self, town: Town, signed: dict[str, Visitor]) -> None:
        visitor = signed["focal_point"]
        answer = send(visitor, hacer="calendario", organization=town.obras)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        address = soup(answer).find(id="ogp-made-url")["value"]
        path = urlsplit(address).path
        key = path.rsplit("/", 1)[-1].removesuffix(".ics")
        anybody = Visitor(town.app)
        read = anybody.get(path)
        assert read.status_code == 200
        assert read.get_data(as_text=True).startswith("BEGIN:VCALENDAR")
        page = visitor.page(PAGE)
        assert key not in str(page), "the key is shown once"
        row = next(line for line in page.find_all("tr") if line.find("input", attrs={"name": "id"}))
        assert "Secretaría de Obras" in text_of(row)
        token = row.find("input", attrs={"name": "id"})["value"]
        assert send(visitor, hacer="revocar", id=token).status_code == 302
        assert anybody.get(path).status_code == 404
        assert open_tokens(town, "focal_point") == []
        assert visitor.page(PAGE).find("input", attrs={"value": "revocar"}) is None

    def test_one_of_all_that_one_reports_for(self, town: Town, signed: dict[str, Visitor]) -> None:
        answer = send(signed["delegate"], hacer="calendario", organization="")
        path = urlsplit(soup(answer).find(id="ogp-made-url")["value"]).path
        assert "VTODO" in Visitor(town.app).get(path).get_data(as_text=True)

    def test_nobody_sees_or_revokes_anothers(self, town: Town, signed: dict[str, Visitor]) -> None:
        send(signed["focal_point"], hacer="calendario", organization=town.obras)
        (token,) = open_tokens(town, "focal_point")
        for who in ("citizen", "delegate", "sysadmin"):
            assert token.id not in str(signed[who].page(PAGE)), who
        for id_ in (token.id, "no-hay", ""):
            answer = send(signed["citizen"], hacer="revocar", id=id_)
            assert answer.status_code in (400, 404), id_
            assert soup(answer).find(id="ogp-problems") is not None
        assert [one.id for one in open_tokens(town, "focal_point")] == [token.id]

    def test_not_of_an_organismo_one_does_not_report_for(
        self, town: Town, signed: dict[str, Visitor]
    ) -> None:
        for organization in (town.datic, "no-hay", "x" * 5000):
            answer = send(signed["focal_point"], hacer="calendario", organization=organization)
            assert answer.status_code in (400, 403), organization[:20]
            assert soup(answer).find(id="ogp-made-url") is None

    def test_who_reports_for_nobody_is_offered_none(self, signed: dict[str, Visitor]) -> None:
        page = signed["citizen"].page(PAGE)
        assert page.find("input", attrs={"value": "calendario"}) is None
        assert page.find("input", attrs={"value": "encargar"}) is None


class TestWhatOneIs:
    def test_organismos_and_roles(self, town: Town, running: PlanRow) -> None:
        def mine(who: str) -> dict[str, Any]:
            found: dict[str, Any] = town.call(who, "ogp_plan_profile_show")
            return found

        focal = mine("focal_point")
        assert [(organization["name"], organization["as_delegate"]) for organization in focal["organizations"]] == [(town.obras, False)]
        assert focal["organizations"][0]["owed"] == 3
        assert focal["roles"] == []
        assert [organization["as_delegate"] for organization in mine("delegate")["organizations"]] == [True]
        assert [role["role"] for role in mine("control")["roles"]] == ["control_interno"]
        assert mine("citizen")["organizations"] == []
        named = mine("named_focal_point")
        assert [(role["role"], role["plan"]) for role in named["roles"]] == [("punto_focal", running.name)]

    @pytest.fixture
    def draft(self, town: Town) -> Iterator[PlanRow]:
        """A draft in which the cast has its roles as long as the test lasts: others list all the roles of somebody."""
        made = town.plan("ogp", "borrador", name="borrador-mio")
        yield made
        model.Session.rollback()
        model.Session.query(PlanRole).filter_by(plan_id=made.id).delete()
        model.Session.commit()

    def test_a_role_does_not_tell_of_a_draft(self, town: Town, running: PlanRow, draft: PlanRow) -> None:
        for who, sees in (("named_focal_point", False), ("control", True), ("leader", True)):
            found = town.call(who, "ogp_plan_profile_show")
            assert (draft.name in {role["plan"] for role in found["roles"]}) is sees, who
            assert (draft.title in text_of(soup(town.get(who, PAGE)))) is sees, who

    def test_it_is_on_the_page(self, town: Town, signed: dict[str, Visitor]) -> None:
        page = signed["control"].page(PAGE)
        assert "Control interno" in text_of(page) or "Control Interno" in text_of(page)
        assert page.find("a", href="/planes/paac-mio") is not None


class TestLeave:
    def test_arranged_and_ended(self, town: Town, signed: dict[str, Visitor]) -> None:
        visitor = signed["focal_point"]
        today = record_service.today()
        until = (today + dt.timedelta(days=9)).isoformat()
        delegation = {
            "organization": town.obras,
            "delegate": town.names["citizen"] or "",
            "since": today.isoformat(),
        }
        answer = send(visitor, hacer="encargar", until=(today - dt.timedelta(days=1)).isoformat(), **delegation)
        assert answer.status_code == 400
        page = soup(answer)
        assert page.find(id="ogp-until")["aria-invalid"] == "true"
        assert page.find(id="ogp-delegate")["value"] == town.names["citizen"]
        assert send(visitor, hacer="encargar", until=until, reason="Vacaciones", **delegation).status_code == 302
        model.Session.rollback()
        made = model.Session.query(Delegation.id).filter_by(delegate_id=town.ids["citizen"]).one()
        lent = signed["citizen"].page(PAGE)
        assert "Vacaciones" in text_of(lent)
        assert lent.find("input", attrs={"value": "terminar"}) is None, "who stands in does not end it"
        assert send(signed["citizen"], hacer="terminar", id=made.id).status_code == 403
        assert send(visitor, hacer="terminar", id=made.id).status_code == 302
        model.Session.rollback()
        assert model.Session.get(Delegation, made.id).revoked is not None
        assert "Vacaciones" not in text_of(signed["citizen"].page(PAGE))

    def test_words_of_others_stay_words(self, town: Town, signed: dict[str, Visitor]) -> None:
        today = record_service.today().isoformat()
        hostile = "<script>alert('ay')</script>"
        answer = send(
            signed["focal_point"], hacer="encargar", organization=town.obras, delegate=hostile, since=today,
            until=today, reason=hostile,
        )  # fmt: skip
        assert answer.status_code == 400
        assert hostile not in answer.get_data(as_text=True)
