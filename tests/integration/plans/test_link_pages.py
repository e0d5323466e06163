"""The page of links and the button of the catalogue: who opens them, what they tell, what their forms do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import helpers
from support import sampling
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import Visitor, text_of

from ckanext.ogp_plan import config
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning.types import Declared

PASSWORD = "Una-clave-larga-1"
MANAGERS = {"coordinator", "owner_admin", "sysadmin"}
INSIDERS = {"owner_editor", "owner_admin", "leader", "coordinator", "control", "monitor", "sysadmin"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def no_links_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, config.CHECK_LINKS, False)


def signed_in(town: Town, who: str) -> Visitor:
    user = model.User.get(town.names[who])
    user.password = PASSWORD
    model.Session.commit()
    visitor = Visitor(town.app)
    visitor.sign_in(user.name, PASSWORD)
    return visitor


def soup(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def page_of(plan: PlanRow | str) -> str:
    return f"/planes/{plan if isinstance(plan, str) else plan.name}/ajustes/vinculos"


def links(plan_id: str) -> int:
    model.Session.rollback()
    return int(model.Session.query(Event).filter_by(plan_id=plan_id, kind="link").count())


def wrong(answer: Any) -> dict[str, str]:
    """Field → error shown beside it."""
    page = soup(answer)
    assert page.select_one("#ogp-problems[role=alert]") is not None
    return {
        one["id"].removeprefix("ogp-").removesuffix("-error"): text_of(one)
        for one in page.select(".ogp-form .ogp-error")
    }


def people(status: str) -> list[str]:
    """Return whom a page is asked as: one of each kind of person at least."""
    return sampling.sample(
        CAST, lambda who: (status, who in MANAGERS, who in INSIDERS, who == "anonymous"), one_in=8
    )


class TestWhoOpensIt:
    @pytest.mark.parametrize("status", ["borrador", "consulta", "en_ejecucion", "cerrado"])
    def test_who_links(self, town: Town, status: str) -> None:
        plan = town.plan("paac", status)
        for who in people(status):
            found = town.get(who, page_of(plan), follow_redirects=False).status_code
            if status == "borrador" and who not in INSIDERS:
                assert found == 404, who
            elif who == "anonymous":
                assert found in (302, 401)
            else:
                assert found == (200 if who in MANAGERS and status != "cerrado" else 403), (who, status)

    @pytest.mark.parametrize("status", ["borrador", "consulta", "en_ejecucion", "cerrado"])
    def test_the_settings_of_a_plan_hold_its_dataset_whatever_its_status(
        self, town: Town, status: str
    ) -> None:
        plan = town.plan("paac", status)
        for who in people(status):
            answer = town.get(who, f"/planes/{plan.name}/ajustes", follow_redirects=False)
            if who in MANAGERS:
                assert answer.status_code == 200, who
                page = soup(answer)
                assert page.select_one("#ogp-dataset-title") is not None
                button = page.select_one("input[name=hacer][value=conjunto]")
                assert (button is not None) is (status != "borrador"), (who, status)
                assert (page.select_one(f"a[href='{page_of(plan)}']") is not None) is (status != "cerrado")
            else:
                assert answer.status_code in (302, 401, 403, 404), who

    def test_an_item_leads_there(self, town: Town) -> None:
        plan = town.plan("paac")
        wanted = f"a[href='{page_of(plan)}?elemento=1.1.1']"
        for who in people("en_ejecucion"):
            there = soup(town.get(who, f"/planes/{plan.name}/1.1.1")).select_one(wanted)
            assert (there is not None) is (who in MANAGERS), who
        coordinator = signed_in(town, "coordinator")
        field = coordinator.page(f"{page_of(plan)}?elemento=1.1.1").select_one("#ogp-item")
        assert field is not None and field["value"] == "1.1.1"


class TestLinking:
    @pytest.fixture
    def coordinator(self, town: Town) -> Visitor:
        """A session of its own for each test: the next page of a session shows what the last form answered."""
        return signed_in(town, "coordinator")

    @pytest.fixture
    def plan(self, town: Town) -> PlanRow:
        return town.plan("paac")

    @pytest.fixture
    def other(self, town: Town) -> PlanRow:
        return town.plan("ogp")

    def test_one_answer_for_two_plans(
        self, town: Town, coordinator: Visitor, plan: PlanRow, other: PlanRow
    ) -> None:
        url = page_of(plan)
        assert "Ningún elemento de este plan está vinculado" in text_of(coordinator.page(url))
        sent = {**coordinator.token(url), "hacer": "vincular", "item": "1.1.1", "kind": "counts_for",
                "other_plan": other.name, "other": "4.1.H1"}  # fmt: skip
        assert coordinator.post(url, sent).status_code == 302
        shown = coordinator.page(url)
        rows = shown.select("tbody tr")
        assert len(rows) == 1
        assert {"1.1.1", "4.1.H1", other.title} <= {text_of(one) for one in rows[0].select("span, a")}
        town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", organization=town.obras,
                  text="Se hizo la mitad", period="2026-03")  # fmt: skip
        assert "Se hizo la mitad" in text_of(soup(town.get("anonymous", f"/planes/{other.name}/4.1.H1")))
        # both items tell it, to everybody
        for name, address, there in ((plan.name, "1.1.1", "4.1.H1"), (other.name, "4.1.H1", "1.1.1")):
            section = soup(town.get("anonymous", f"/planes/{name}/{address}")).select_one(
                "[aria-labelledby=ogp-links]"
            )
            assert section is not None and there in text_of(section)
        # the other side shows it too, and removed by who may
        theirs = coordinator.page(page_of(other))
        row = theirs.select_one("tbody tr")
        assert row is not None and "Cuenta lo que se reporta en" in text_of(row)
        fields = {one["name"]: one["value"] for one in row.select("input[type=hidden]")}
        assert coordinator.post(page_of(other), fields).status_code == 302
        assert coordinator.page(url).select("tbody tr") == []
        assert links(plan.id) == 2, "that it was there is kept"
        assert coordinator.post(page_of(other), fields).status_code == 302, "asked twice, removed once"
        assert links(plan.id) == 2

    def test_without_its_token_nothing_is_written(
        self, coordinator: Visitor, plan: PlanRow, other: PlanRow
    ) -> None:
        sent = {
            "hacer": "vincular",
            "item": "1.1.1",
            "kind": "depends_on",
            "other_plan": other.name,
            "other": "4.1.H1",
        }
        for token in ({}, {"_csrf_token": "de-otro"}):
            assert coordinator.post(page_of(plan), {**token, **sent}).status_code == 400
        assert links(plan.id) == 0
        settings = f"/planes/{plan.name}/ajustes"
        assert coordinator.post(settings, {"hacer": "conjunto"}).status_code == 400
        model.Session.expire_all()
        assert PlanRow.get(plan.id).dataset_id is None  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("given", "field", "words"),
        [
            ({"item": ""}, "item", "Falta"),
            ({"item": "9.9"}, "item", "no tiene ningún elemento 9.9"),
            ({"item": "1.1\x00"}, "item", "marca"),
            ({"item": "x" * 300}, "item", "larg"),
            ({"other": "9.9"}, "other", "no tiene ningún elemento 9.9"),
            ({"other": "1.1.1"}, "other", "consigo mismo"),
            ({"other": "1", "kind": "counts_for"}, "other", "con seguimiento"),
            ({"kind": ""}, "kind", "Falta"),
            ({"kind": "ama"}, "kind", "depends_on"),
            ({"other_plan": "no-hay"}, "other_plan", "Elija uno de la lista"),
            ({"other_plan": ""}, "other_plan", "Falta"),
        ],
    )
    def test_errors_are_shown_beside_their_fields(
        self, coordinator: Visitor, plan: PlanRow, given: dict[str, str], field: str, words: str
    ) -> None:
        url = page_of(plan)
        sent = {**coordinator.token(url), "hacer": "vincular", "item": "1.1.1", "kind": "depends_on",
                "other_plan": plan.name, "other": "1.1.2", **given}  # fmt: skip
        answer = coordinator.post(url, sent)
        assert answer.status_code == 400
        errors = wrong(answer)
        assert list(errors) == [field], errors
        assert words in errors[field]
        if field in ("item", "other") and "\x00" not in sent[field]:
            # what was written is still there
            assert soup(answer).select_one(f"#ogp-{field}")["value"] == sent[field]  # type: ignore[index]
        assert links(plan.id) == 0

    def test_several_mistakes_at_once(self, coordinator: Visitor, plan: PlanRow) -> None:
        url = page_of(plan)
        sent = {
            **coordinator.token(url),
            "hacer": "vincular",
            "item": "8.8",
            "kind": "depends_on",
            "other_plan": plan.name,
            "other": "9.9",
        }
        assert set(wrong(coordinator.post(url, sent))) == {"item", "other"}

    def test_a_code_that_several_have(self, town: Town, coordinator: Visitor, plan: PlanRow) -> None:
        cost = town.plan("cost")
        url = page_of(plan)
        sent = {
            **coordinator.token(url),
            "hacer": "vincular",
            "item": "1.1.1",
            "kind": "depends_on",
            "other_plan": cost.name,
            "other": "1.1",
        }
        addresses = [one.address for one in _items(cost)]
        assert len(addresses) > 2 and "1.1" not in addresses
        answer = coordinator.post(url, sent)
        assert all(one in wrong(answer)["other"] for one in addresses)
        assert coordinator.post(url, {**sent, "other": addresses[0]}).status_code == 302

    def test_a_printed_code(self, town: Town, coordinator: Visitor, plan: PlanRow, other: PlanRow) -> None:
        """“1.1.2” is two rows of the form: the first has the address; the milestones of each commitment are H1, H2."""
        url = page_of(plan)
        sent = {
            **coordinator.token(url),
            "hacer": "vincular",
            "item": "1.1.1.",
            "kind": "depends_on",
            "other_plan": other.name,
            "other": "H1",
        }
        error = wrong(coordinator.post(url, sent))["other"]
        assert "4.1.H1, 4.2.H1" in error
        assert coordinator.post(url, {**sent, "other": "4.2.H1"}).status_code == 302

    def test_a_ring(self, coordinator: Visitor, plan: PlanRow) -> None:
        url = page_of(plan)
        sent = {**coordinator.token(url), "hacer": "vincular", "kind": "depends_on", "other_plan": plan.name}
        assert coordinator.post(url, {**sent, "item": "1.1.1", "other": "1.1.2"}).status_code == 302
        answer = coordinator.post(url, {**sent, "item": "1.1.2", "other": "1.1.1"})
        assert list(wrong(answer)) == ["other"]

    def test_another_s_plan(self, town: Town, coordinator: Visitor, plan: PlanRow) -> None:
        """It may be linked to, and not be made to count; what was made there is removed there."""
        theirs = town.plan("ogp", roles=False, owner=town.otra)
        url = page_of(plan)
        sent = {
            **coordinator.token(url),
            "hacer": "vincular",
            "item": "1.1.1",
            "other_plan": theirs.name,
            "other": "4.1.H1",
        }
        errors = wrong(coordinator.post(url, {**sent, "kind": "counts_for"}))
        assert list(errors) == ["other_plan"] and "coordina ambos planes" in errors["other_plan"]
        made = town.call("sysadmin", "ogp_plan_link_create", plan=theirs.name, item="4.2.H1", kind="contributes_to",
                         other_plan=plan.name, other="1.1.2")  # fmt: skip
        row = coordinator.page(url).select_one("tbody tr")
        assert row is not None and row.select_one("form") is None
        assert "quien coordina ese" in text_of(row)
        answer = coordinator.post(url, {**coordinator.token(url), "hacer": "quitar", "id": made["id"]})
        assert answer.status_code == 403 and "Solo quien coordina" in text_of(soup(answer))
        for id_ in ("no-hay", "", "\x00"):
            answer = coordinator.post(url, {**coordinator.token(url), "hacer": "quitar", "id": id_})
            assert answer.status_code in (400, 404), id_
        assert links(theirs.id) == 1
        assert coordinator.post(url, {**coordinator.token(url), "hacer": "nada"}).status_code == 400

    def test_a_draft_of_others_is_as_one_that_is_not_there(
        self, town: Town, coordinator: Visitor, plan: PlanRow
    ) -> None:
        draft = town.plan("ogp", "borrador", roles=False, owner=town.otra, name=f"secreto-{plan.name}")
        for item, other in (("1.1.1", "4.1.H1"),):
            town.call("sysadmin", "ogp_plan_link_create", plan=plan.name, item=item, kind="depends_on",
                      other_plan=draft.name, other=other)  # fmt: skip
            town.call("sysadmin", "ogp_plan_link_create", plan=draft.name, item="4.2.H1", kind="contributes_to",
                      other_plan=plan.name, other="1.1.2")  # fmt: skip
        url = page_of(plan)
        shown = coordinator.page(url)
        assert shown.select("tbody tr") == [] and shown.select_one("#ogp-links-title .ogp-count") is None
        for secret in (draft.name, "4.1.H1", "4.2.H1", draft.id):
            assert secret not in str(shown)
        sent = {**coordinator.token(url), "hacer": "vincular", "item": "1.1.1", "kind": "depends_on"}
        answers = {
            name: coordinator.post(url, {**sent, "other_plan": name, "other": other})
            for name in (draft.name, "no-hay-asi")
            for other in ("4.1.H1", "9.9")
        }
        assert {one.status_code for one in answers.values()} == {400}
        assert len({tuple(wrong(one).items()) for one in answers.values()}) == 1
        assert "Vínculos" in text_of(coordinator.page(f"/planes/{plan.name}/ajustes"))
        # who sees the draft has it in the list
        assert len(signed_in(town, "sysadmin").page(url).select("tbody tr")) == 2

    def test_pages_and_queries(
        self, town: Town, coordinator: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from support.plan_portal import many

        from ckanext.ogp_plan.views import link as page

        monkeypatch.setattr(page, "PAGE_SIZE", 3)
        plan = town.plan(body=many(town, 10))
        items = [one.address for one in _items(plan) if one.trackable]

        def link(*pairs: tuple[str, str]) -> None:
            for item, other in pairs:
                town.call(
                    "sysadmin",
                    "ogp_plan_link_create",
                    plan=plan.name,
                    item=item,
                    kind="same_deliverable",
                    other=other,
                )

        link((items[0], items[1]))
        few = _count(lambda: coordinator.page(page_of(plan)))
        link(*((items[n], items[n + 1]) for n in range(1, 8)))
        assert _count(lambda: coordinator.page(page_of(plan))) == few
        assert len(coordinator.page(page_of(plan)).select("tbody tr")) == 3
        assert len(coordinator.page(f"{page_of(plan)}?pagina=3").select("tbody tr")) == 2
        assert "No hay más vínculos" in text_of(coordinator.page(f"{page_of(plan)}?pagina=99"))

    def test_hostile_titles_are_text(self, town: Town, coordinator: Visitor) -> None:
        from support.plan_portal import paac

        body = paac(town)
        for item in body.items:
            item.title = "<script>alert('ay')</script>" + item.title
        plan = town.plan(body=body)
        town.call(
            "coordinator",
            "ogp_plan_link_create",
            plan=plan.name,
            item="1.1.1",
            kind="depends_on",
            other="1.1.2",
        )
        shown = coordinator.page(page_of(plan))
        assert not [one for one in shown.select("script") if "ay" in one.get_text()]
        assert "<script>alert" in shown.select("tbody tr")[0].get_text()

    def test_in_english(self, coordinator: Visitor, plan: PlanRow) -> None:
        shown = text_of(coordinator.page("/en" + page_of(plan)))
        for words in ("Active links", "Link an item", "One answer for both", "Plan of the other item"):
            assert words in shown


def _items(plan: PlanRow) -> list[Any]:
    from ckanext.ogp_plan.model import PlanItem

    model.Session.rollback()
    return list(
        model.Session.scalars(
            sa.select(PlanItem).where(PlanItem.plan_id == plan.id).order_by(PlanItem.position)
        )
    )


def _count(do: Any) -> int:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    do()
    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    return len(asked)


class TestTheCatalogue:
    """The button on the settings page: what will be made, where, and how it stands."""

    def section(self, visitor: Visitor, plan: PlanRow) -> str:
        found = visitor.page(f"/planes/{plan.name}/ajustes").select_one("[aria-labelledby=ogp-dataset-title]")
        assert found is not None
        return text_of(found)

    def push(self, visitor: Visitor, plan: PlanRow) -> Any:
        url = f"/planes/{plan.name}/ajustes"
        return visitor.post(url, {**visitor.token(url), "hacer": "conjunto"})

    def test_published_followed_and_deleted(self, town: Town) -> None:
        plan = town.plan("paac")
        coordinator = signed_in(town, "coordinator")
        before = self.section(coordinator, plan)
        assert "No está publicado" in before and f"/dataset/plan-{plan.name}" in before
        assert "DADII" in before and "XLSX" in before
        assert self.push(coordinator, plan).status_code == 302
        model.Session.expire_all()
        dataset = PlanRow.get(plan.id).dataset_id  # type: ignore[union-attr]
        shown = helpers.call_action("package_show", id=dataset)
        assert (shown["title"], shown["private"]) == (plan.title, False)
        assert "Publicado y al día" in self.section(coordinator, plan)
        page = coordinator.page(f"/planes/{plan.name}/ajustes")
        assert page.select_one(f"a[href='/dataset/{shown['name']}']") is not None
        # something happens: its record waits until the night, or the button
        town.update(
            plan,
            ("fila", "1.1.1"),
            organization=town.obras,
            state=Declared.ONGOING,
            period="2026-03",
            text="Va.",
        )
        _older(dataset)
        assert "espera" in self.section(coordinator, plan)
        assert self.push(coordinator, plan).status_code == 302
        assert "Publicado y al día" in self.section(coordinator, plan)
        model.Session.expire_all()
        assert PlanRow.get(plan.id).dataset_id == dataset  # type: ignore[union-attr]
        admin: Any = {"user": town.names["sysadmin"]}
        helpers.call_action("package_patch", admin, id=dataset, private=True)
        assert "privado" in self.section(coordinator, plan)
        helpers.call_action("package_delete", admin, id=dataset)
        assert "se borró" in self.section(coordinator, plan)
        assert self.push(coordinator, plan).status_code == 302
        assert "Publicado y al día" in self.section(coordinator, plan)

    def test_a_draft_is_refused_kindly(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        coordinator = signed_in(town, "coordinator")
        assert "Un borrador no está en ningún catálogo" in self.section(coordinator, plan)
        answer = self.push(coordinator, plan)
        assert answer.status_code == 403
        problems = soup(answer).select_one("#ogp-problems")
        assert problems is not None and "Un borrador no va en el catálogo" in text_of(problems)
        model.Session.expire_all()
        assert PlanRow.get(plan.id).dataset_id is None  # type: ignore[union-attr]

    def test_a_plan_that_is_a_draft_again_takes_its_dataset_along(self, town: Town) -> None:
        plan = town.plan("paac", "consulta")
        coordinator = signed_in(town, "coordinator")
        assert self.push(coordinator, plan).status_code == 302
        model.Session.expire_all()
        dataset = str(PlanRow.get(plan.id).dataset_id)  # type: ignore[union-attr]
        assert town.get("anonymous", f"/dataset/{dataset}").status_code == 200
        town.call("coordinator", "ogp_plan_patch", id=plan.name, status="borrador")
        assert town.ask("citizen", "package_show", id=dataset).status_code in (403, 404)
        found = town.ask("citizen", "package_search", q=f"name:plan-{plan.name}").get_json()["result"]
        assert found["count"] == 0
        section = self.section(coordinator, plan)
        assert "el plan es un borrador" in section and "Se publicó antes" in section
        dataset_export.refresh_all()
        assert model.Package.get(dataset).private
        town.call("coordinator", "ogp_plan_patch", id=plan.name, status="consulta")
        shown = town.ask("citizen", "package_show", id=dataset).get_json()["result"]
        assert shown["private"] is False and "ogp_plan_hidden" not in {one["key"] for one in shown["extras"]}
        # what people made private stays so, whatever becomes of the plan
        helpers.call_action("package_patch", {"user": town.names["sysadmin"]}, id=dataset, private=True)
        for status in ("borrador", "consulta"):
            town.call("coordinator", "ogp_plan_patch", id=plan.name, status=status)
        assert town.ask("citizen", "package_show", id=dataset).status_code in (403, 404)

    def test_who_may_not_is_refused(self, town: Town) -> None:
        plan = town.plan("paac")
        for who in ("citizen", "focal_point", "owner_editor", "leader", "control", "monitor", "other_editor"):
            visitor = signed_in(town, who)
            token = visitor.token("/planes/mis-avisos")
            answer = visitor.post(f"/planes/{plan.name}/ajustes", {**token, "hacer": "conjunto"})
            assert answer.status_code == 403, who
        model.Session.expire_all()
        assert PlanRow.get(plan.id).dataset_id is None  # type: ignore[union-attr]

    def test_an_owner_that_is_no_organization(self, town: Town) -> None:
        plan = town.plan("paac", owner="organismo-de-papel")
        admin = signed_in(town, "coordinator")
        assert "no hay dónde publicarlo" in self.section(admin, plan)
        answer = self.push(admin, plan)
        assert answer.status_code == 400
        assert "El organismo responsable del plan no existe en este portal" in text_of(soup(answer))


def _older(dataset: str) -> None:
    """The record as it was a day before: a second is too short to tell."""
    statement = "UPDATE package_extra SET value = '2026-01-01T00:00:00+00:00' WHERE package_id = :id AND key = 'modified'"
    if not sa.inspect(model.Session.connection()).has_table("package_extra"):
        statement = "UPDATE package SET extras = jsonb_set(extras, '{modified}', '\"2026-01-01T00:00:00+00:00\"') WHERE id = :id"
    assert model.Session.execute(sa.text(statement), {"id": dataset}).rowcount == 1
    model.Session.commit()
