"""Reports of an organismo in sections: read over the API and on their pages, and handed in with figures and evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from support import plan_portal
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import Visitor

from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning.tracking import Report, Review, Update
from ckanext.ogp_plan.planning.types import Indicator, Measure
from ckanext.ogp_plan.services import event as event_service

PASSWORD = "Una-clave-larga-1"
INSIDERS = {"owner_editor", "owner_admin", "leader", "coordinator", "control", "monitor", "sysadmin"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def soup(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def text_of(found: Any) -> str:
    return " ".join(found.get_text(" ").split())


def hand_in(town: Town, plan: PlanRow, **more: Any) -> dict[str, Any]:
    data = {"plan": plan.name, "organization": town.obras, "period": "2026-T1", **more}
    made: dict[str, Any] = town.call("focal_point", "ogp_plan_report_create", **data)
    return made


def count(town: Town, url: str) -> int:
    """How much a page asks the database."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    town.get("anonymous", url)
    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    try:
        assert town.get("anonymous", url).status_code == 200
    finally:
        sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    return len(asked)


class TestReading:
    def test_two_alike_at_one_moment_are_two(self, town: Town) -> None:
        """Only what one request recorded is one report, however alike others are."""
        rows = [town.plan("paac"), town.plan("ogp")]
        alike = {"title": "Iguales", "sections": [{"title": "Gestión", "text": "Lo mismo"}]}
        ids = {row.name: hand_in(town, row, **alike)["reports"][row.name] for row in rows}
        for row in rows:
            found = town.call("anonymous", "ogp_plan_report_show", id=ids[row.name])
            assert (found["id"], [plan["name"] for plan in found["plans"]]) == (ids[row.name], [row.name])

    def test_one_handed_in_to_two_plans_is_one(self, town: Town) -> None:
        row, other = town.plan("paac"), town.plan("ogp")
        made = hand_in(
            town,
            row,
            title="Dos planes",
            sections=[{"title": "Gestión", "text": "Primera línea\nSegunda línea"}],
            updates=[
                {"item": "1.1.1", "text": "Se revisó", "measurements": [{"value": 1}]},
                {"item": "2.2", "measurements": [{"value": 2}]},
                {"plan": other.name, "item": "4.1.H1", "text": "Avanza", "progress": 20,
                 "evidence": [{"url": "https://example.org/acta", "title": "El acta", "kind": "acta"}]},
            ],
        )  # fmt: skip
        listed = town.call("anonymous", "ogp_plan_report_list", plan=row.name)
        assert (listed["count"], len(listed["results"])) == (1, 1)
        one = listed["results"][0]
        assert {plan["name"] for plan in one["plans"]} == {row.name, other.name}
        assert (one["item_count"], one["sections"], one["state"]) == (3, ["Gestión"], "pendiente")
        shown = [town.call("anonymous", "ogp_plan_report_show", id=id_) for id_ in made["reports"].values()]
        assert shown[0] == shown[1], "whichever plan's id it is asked by"
        assert shown[0]["sections"] == [{"title": "Gestión", "text": "Primera línea\nSegunda línea"}]
        carried = {each["item"]["address"]: each for each in shown[0]["entries"]}
        assert list(carried) == ["1.1.1", "2.2", "4.1.H1"]
        measured = carried["1.1.1"]["measurements"][0]
        assert (measured["value"], measured["indicator_name"]) == ("1", "Mapas revisados")
        # a figure without a text is shown with its item
        assert carried["2.2"]["id"] is None and carried["2.2"]["measurements"][0]["value"] == "2"
        assert carried["4.1.H1"]["progress"] == "20"
        assert [proof["title"] for proof in carried["4.1.H1"]["evidence"]] == ["El acta"]
        assert carried["1.1.1"]["item"]["light"] == town.item(row, "1.1.1").light
        again = hand_in(town, row, title="Dos planes", sections=[{"title": "Gestión", "text": "Otra cosa"}])
        newest = town.call("anonymous", "ogp_plan_report_list", plan=row.name)["results"]
        assert [one["id"] for one in newest] == [again["reports"][row.name], shown[0]["id"]]

    def test_lists_and_what_is_carried_are_paged(self, town: Town) -> None:
        row = town.plan(body=plan_portal.many(town, 20))
        addresses = [item.address for item in _owed(town, row)][:6]
        for number in range(3):
            made = hand_in(town, row, title=f"Informe {number}", updates=[{"item": one, "text": f"Va {number}"} for one in addresses])  # fmt: skip
        first = town.call("anonymous", "ogp_plan_report_list", plan=row.name, limit=2)
        rest = town.call("anonymous", "ogp_plan_report_list", plan=row.name, limit=2, offset=2)
        assert (first["count"], rest["count"]) == (3, 3)
        assert [one["title"] for one in (*first["results"], *rest["results"])] == ["Informe 2", "Informe 1", "Informe 0"]
        pages = [
            town.call("anonymous", "ogp_plan_report_show", id=made["reports"][row.name], limit=4, offset=offset)
            for offset in (0, 4)
        ]
        assert [one["count"] for one in pages] == [6, 6]
        assert [each["item"]["address"] for one in pages for each in one["entries"]] == addresses

    def test_nobody_says_of_what(self, town: Town) -> None:
        with pytest.raises(tk.ValidationError) as refused:
            town.call("anonymous", "ogp_plan_report_list")
        assert "organization" in refused.value.error_dict

    @pytest.mark.parametrize("reference", ["", "no-hay", "\x00", "4d3f2c9e-7a8b-4c1d-9e0f-1a2b3c4d5e6f", "x" * 5000])
    def test_what_is_not_there(self, town: Town, reference: str) -> None:
        assert town.ask("anonymous", "ogp_plan_report_show", id=reference).status_code in (404, 409)

    def test_monitoring(self, town: Town) -> None:
        row = town.plan("paac")
        made = hand_in(
            town, row, updates=[{"item": "1.1.1", "text": "Uno", "measurements": [{"value": 1}]}, {"item": "2.2", "text": "Dos"}]
        )  # fmt: skip
        report = made["reports"][row.name]
        ids = {one["item"]: one["id"] for one in made["updates"]}
        town.call("coordinator", "ogp_plan_review_create", update=ids["1.1.1"], accepted=False, reason="Falta el acta")
        town.call("coordinator", "ogp_plan_review_create", update=ids["2.2"], accepted=True)
        result = town.call("anonymous", "ogp_plan_report_show", id=report)
        assert {one["item"]["address"]: one["state"] for one in result["entries"]} == {"1.1.1": "devuelto", "2.2": "aceptado"}
        assert result["entries"][0]["review"]["reason"] == "Falta el acta"
        assert result["entries"][0]["measurements"][0]["state"] == "devuelto"
        assert result["state"] == "pendiente"
        town.call("coordinator", "ogp_plan_review_create", report=report, accepted=False, reason="Todo de nuevo")
        result = town.call("anonymous", "ogp_plan_report_show", id=report)
        # what an accepted update came in was returned whole
        assert (result["state"], {one["state"] for one in result["entries"]}) == ("devuelto", {"devuelto"})
        page = text_of(soup(town.get("anonymous", result["url"])))
        assert "Todo de nuevo" in page and "Falta el acta" in page and "Devuelto en el seguimiento" in page
        listed = town.call("anonymous", "ogp_plan_report_list", plan=row.name)["results"]
        assert [one["state"] for one in listed] == ["devuelto"]

    def test_who_corrects_whom(self, town: Town) -> None:
        row = town.plan("paac")
        old = hand_in(town, row, title="Con un error", sections=[{"title": "A", "text": "Mal"}])["reports"][row.name]
        new = hand_in(town, row, title="Corregido", sections=[{"title": "A", "text": "Bien"}], supersedes=old)["reports"][row.name]
        before, after = (town.call("anonymous", "ogp_plan_report_show", id=one) for one in (old, new))
        assert before["corrected"] and not after["corrected"]
        assert [(one["id"], one["returned"]) for one in before["superseded_by"]] == [(new, False)]
        assert [one["id"] for one in after["supersedes"]] == [old]
        page = soup(town.get("anonymous", before["url"]))
        assert page.select_one(f".ogp-note-box a[href='{after['url']}']") is not None
        assert soup(town.get("anonymous", after["url"])).select_one(f".ogp-note-box a[href='{before['url']}']") is not None
        town.call("coordinator", "ogp_plan_review_create", report=new, accepted=False, reason="No")
        before = town.call("anonymous", "ogp_plan_report_show", id=old)
        assert (before["corrected"], before["superseded_by"][0]["returned"]) == (False, True)

    def test_withheld_evidence_stays_so(self, town: Town) -> None:
        row = town.plan("paac")
        secret = {"url": "https://example.org/nombres", "title": "Lista con nombres", "public": False, "withheld": "Datos personales"}
        report = hand_in(town, row, updates=[{"item": "1.1.1", "text": "Hecho", "evidence": [secret]}])["reports"][row.name]
        for who in ("anonymous", "coordinator"):
            answer = town.ask(who, "ogp_plan_report_show", id=report)
            assert answer.status_code == 200
            html = answer.get_data(as_text=True)
            assert "Datos personales" in html
            assert "Lista con nombres" not in html and "example.org/nombres" not in html


def _owed(town: Town, row: PlanRow) -> list[Any]:
    from ckanext.ogp_plan.model import ItemAssignment, PlanItem

    wanted = (
        sa.select(PlanItem)
        .join(ItemAssignment, ItemAssignment.item_id == PlanItem.id)
        .where(PlanItem.plan_id == row.id, ItemAssignment.organization == town.obras)
        .order_by(PlanItem.position)
    )
    return list(model.Session.scalars(wanted))


class TestAHiddenPlan:
    """Of a plan that somebody may not see a report tells nothing: not its name, items, number."""

    @pytest.fixture(scope="class")
    def scene(self, town: Town) -> dict[str, Any]:
        public, draft = town.plan("paac", name="plan-a-la-vista"), town.plan("ogp", "borrador", name="plan-oculto")
        moment = dt.datetime.now(dt.timezone.utc)
        ids = {}
        for title, plans in (("En los dos", (public, draft)), ("Solo en el oculto", (draft,))):
            for plan in plans:
                common = {"id": "", "at": moment, "by": town.ids["focal_point"]}
                body = {"title": title, "submission": f"of {title}", "sections": (("A", "B"),), "start": dt.date(2026, 1, 1), "end": dt.date(2026, 3, 31)}
                report = event_service.append(plan.id, Report(organization=town.obras, **body, **common))
                ids[title, plan.name] = report.id
                item = ("fila", "1.1.1") if plan is public else ("hito", "4.1.H1")
                update = Update(item=item, organization=town.obras, text=f"De {plan.name}", report=report.id, **common)
                event_service.append(plan.id, update)
                if plan is draft:
                    event_service.append(plan.id, Review(report=report.id, accepted=False, reason="Motivo oculto", **common))
        model.Session.commit()
        return {"public": public.name, "draft": draft.name, "ids": ids}

    @pytest.mark.parametrize("who", CAST)
    def test_each_role_reads_what_it_may(self, town: Town, scene: dict[str, Any], who: str) -> None:
        sees = who in INSIDERS
        listed = town.ask(who, "ogp_plan_report_list", organization=town.obras, limit=1000).get_json()["result"]
        titles = [one["title"] for one in listed["results"]]
        assert listed["count"] == len(titles)
        assert titles.count("En los dos") == 1 and titles.count("Solo en el oculto") == int(sees)
        assert (scene["draft"] in str(listed)) is sees
        for name in (scene["public"], scene["draft"]):
            answer = town.ask(who, "ogp_plan_report_show", id=scene["ids"]["En los dos", name])
            report = answer.get_json()["result"]
            assert report["count"] == (2 if sees else 1)
            for secret in ("plan-oculto", "4.1.H1", "Motivo oculto"):
                assert (secret in str(report)) is sees, secret
            assert report["state"] == ("devuelto" if sees else "pendiente")
        answer = town.ask(who, "ogp_plan_report_show", id=scene["ids"]["Solo en el oculto", scene["draft"]])
        assert answer.status_code == (200 if sees else 404)
        if not sees:
            absent = town.ask(who, "ogp_plan_report_show", id="4d3f2c9e-7a8b-4c1d-9e0f-1a2b3c4d5e6f").get_json()["error"]
            assert answer.get_json()["error"] == absent, "it can be distinguished from what is not there"
        asked = town.ask(who, "ogp_plan_report_list", plan=scene["draft"])
        assert asked.status_code == (200 if sees else 404)
        page = town.get(who, f"/organismo/{town.obras}/informes/{scene['ids']['Solo en el oculto', scene['draft']]}")
        assert page.status_code == (200 if sees else 404)


class TestPages:
    def test_the_report_and_where_it_leads(self, town: Town) -> None:
        row = town.plan("paac")
        hostile = "<script>alert(1)</script>\nSegunda línea"
        evidence = [{"url": "https://example.org/a", "title": "<b>Acta</b>"}]
        report = hand_in(
            town, row, period="2026-T4", title="<i>Cuarto</i> trimestre", sections=[{"title": "<b>Logros</b>", "text": hostile}, {"title": "", "text": "Sin título"}],
            updates=[{"item": "1.1.1", "text": hostile, "obstacles": "<img src=x>", "evidence": evidence, "measurements": [{"value": 1, "comment": "<u>nota</u>"}]}],
        )["reports"][row.name]  # fmt: skip
        answer = town.get("anonymous", f"/organismo/{town.obras}/informes/{report}")
        page = soup(answer)
        main = page.select_one("[role=main]")
        assert main is not None and not main.select("script, b:not(.ogp b), i, u, img")
        assert [text_of(one) for one in page.select("h1")] == ["<i>Cuarto</i> trimestre"]
        section = page.select_one("section[aria-labelledby=ogp-says] .ogp-text")
        assert section is not None and section.get_text() == hostile, "its lines are kept"
        card = page.select_one("section[aria-labelledby=ogp-entries] .ogp-card")
        assert card is not None and card.select_one(f"a[href='/planes/{row.name}/1.1.1']") is not None
        light = card.select_one(".ogp-light")
        assert light is not None and light.select_one("svg") is not None and text_of(light)
        assert "Aún sin revisar" in text_of(card)
        link = page.select_one("a[href*='informe.docx']")
        assert link is not None and "hasta=2026-12-31" in str(link["href"])
        assert town.get("anonymous", str(link["href"])).status_code == 200
        # and back: the duty's page leads to the report, the duties' page to all of them
        story = soup(town.get("anonymous", f"/planes/{row.name}/1.1.1")).select_one(f".ogp-story a[href$='/informes/{report}']")
        assert story is not None
        duties = soup(town.get("anonymous", f"/organismo/{town.obras}/obligaciones"))
        assert duties.select_one(f"a[href='/organismo/{town.obras}/informes']") is not None
        listed = soup(town.get("anonymous", f"/organismo/{town.obras}/informes"))
        assert listed.select_one(f".ogp-card a[href$='/informes/{report}']") is not None

    def test_of_a_time_before_the_plan_no_document_is_offered(self, town: Town) -> None:
        row = town.plan("paac")
        report = hand_in(town, row, start="2020-01-01", end="2020-03-31", period=None, sections=[{"title": "A", "text": "B"}])["reports"][row.name]
        page = soup(town.get("anonymous", f"/organismo/{town.obras}/informes/{report}"))
        assert page.select_one("a[href*='informe.docx']") is None

    def test_nothing_handed_in(self, town: Town) -> None:
        town.plan("paac")
        page = soup(town.get("anonymous", f"/organismo/{town.datic}/informes"))
        empty = page.select_one(".ogp-empty")
        assert empty is not None and "DATIC tiene " in text_of(empty) and "todavía no ha entregado un informe por secciones" in text_of(empty)
        page = soup(town.get("anonymous", f"/organismo/{town.otra}/informes"))
        assert "Ningún plan público incluye a este organismo" in text_of(page.select_one(".ogp-empty"))

    def test_addresses_of_nothing(self, town: Town) -> None:
        row = town.plan("paac")
        report = hand_in(town, row, sections=[{"title": "A", "text": "B"}])["reports"][row.name]
        assert town.get("anonymous", "/organismo/no-hay/informes").status_code == 404
        assert town.get("anonymous", f"/organismo/{town.datic}/informes/{report}").status_code == 404
        assert town.get("anonymous", f"/organismo/{town.obras}/informes/no-hay").status_code == 404
        assert town.get("anonymous", f"/organismo/{town.obras}/informes?pagina=900").status_code == 200

    def test_whatever_it_carries_as_many_queries(self, town: Town) -> None:
        row = town.plan(body=plan_portal.many(town, 40))
        addresses = [item.address for item in _owed(town, row)]
        one, many = (
            hand_in(town, row, title=f"De {n}", updates=[{"item": each, "text": "Va", "measurements": [{"value": 1, "period": f"2026-0{n % 9 + 1}"}],
                    "evidence": [{"url": f"https://example.org/{n}/{each}"}]} for each in addresses[:n]])["reports"][row.name]
            for n in (1, 18)
        )  # fmt: skip
        base = f"/organismo/{town.obras}/informes"
        assert count(town, f"{base}/{one}") == count(town, f"{base}/{many}") < 60
        few = count(town, base)
        for number in range(4):
            hand_in(town, row, title=f"Más {number}", sections=[{"title": "A", "text": "B"}])
        assert count(town, base) == few < 60


class TestHandingIn:
    """The form carries, for each duty, a figure of its only indicator and a link."""

    @pytest.fixture(scope="class")
    def town(self, town: Town) -> Town:
        """Another town: the page offers forty duties, and the other tests made more than that."""
        return Town.build(town.app)

    @pytest.fixture(scope="class")
    def focal(self, town: Town) -> Visitor:
        user = model.User.get(town.names["focal_point"])
        user.password = PASSWORD
        model.Session.commit()
        visitor = Visitor(town.app)
        visitor.sign_in(user.name, PASSWORD)
        return visitor

    @pytest.fixture
    def plan(self, town: Town) -> PlanRow:
        body = plan_portal.paac(town)
        rows = {item.code: item for item in body.items if item.level == "fila"}
        rows["1.1.1"].indicators = [
            Indicator("P", "Cobertura", Measure.PERCENTAGE, "%", numerator="Mapas hechos", denominator="Mapas que debe haber")
        ]
        rows["1.1.2#2"].indicators.append(plan_portal.counted("otro", "Otra cosa", 3))
        return town.plan(body=body)

    def fields(self, town: Town, plan: PlanRow, focal: Visitor, **values: str) -> dict[str, str]:
        sent = {name.replace("D1", f"u_{plan.name}/1.1.1").replace("D2", f"u_{plan.name}/2.2"): value for name, value in values.items()}
        return {**focal.token(f"/organismo/{town.obras}/informe"), "hacer": "informe", "period": "2026-T1", "plan": plan.name,
                "section_title": "Lo hecho", "section_text": f"Se avanzó en {plan.name}.", **sent}  # fmt: skip

    def test_figures_and_links(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        url = f"/organismo/{town.obras}/informe"
        form = focal.page(url)
        key = f"u_{plan.name}/"
        assert form.find(attrs={"name": f"{key}1.1.1_numerator"}) is not None
        assert form.find(attrs={"name": f"{key}1.1.1_denominator"}) is not None
        assert "Mapas que debe haber" in form.get_text()
        assert form.find(attrs={"name": f"{key}2.2_value"}) is not None
        assert form.find(attrs={"name": f"{key}2.2_numerator"}) is None
        # of two indicators its own page asks
        assert form.find(attrs={"name": f"{key}1.1.2_2_value"}) is None
        assert form.find(attrs={"name": f"{key}1.1.2_2_url"}) is not None
        sent = self.fields(town, plan, focal, D1_numerator="3", D1_denominator="4", D1_text="Van tres", D2_value="2",
                           D2_url="https://example.org/acta", D2_title="Acta de la reunión", D2_text="Hubo dos")  # fmt: skip
        answer = focal.post(url, sent)
        assert answer.status_code == 302 and "/informes/" in answer.headers["Location"]
        found = {(one.kind, one.code): one.body for one in model.Session.query(Event).filter_by(plan_id=plan.id)}
        measured = found["measurement", "1.1.1"]
        assert [Decimal(measured[name]) for name in ("numerator", "denominator")] == [3, 4]
        assert (measured["indicator"], measured["start"], measured["end"]) == ("P", "2026-01-01", "2026-03-31")
        assert Decimal(found["measurement", "2.2"]["value"]) == 2
        assert (found["evidence", "2.2"]["url"], found["evidence", "2.2"]["title"]) == ("https://example.org/acta", "Acta de la reunión")
        page = text_of(soup(town.get("anonymous", answer.headers["Location"])))
        assert "3 de 4 (75 %)" in page.replace("\xa0", " ") and "Acta de la reunión" in page

    def test_only_a_figure(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        sent = self.fields(town, plan, focal, D2_value="0", D2_url="https://example.org/lista")
        answer = focal.post(f"/organismo/{town.obras}/informe", sent)
        assert answer.status_code == 302
        row = model.Session.query(Event).filter_by(plan_id=plan.id, kind="measurement").one()
        assert Decimal(row.body["value"]) == 0, "a zero says zero"
        # the link proves the figure, and the report tells of both
        report = answer.headers["Location"].rsplit("/", 1)[-1]
        [one] = town.call("anonymous", "ogp_plan_report_show", id=report)["entries"]
        assert (one["id"], one["measurements"][0]["value"]) == (None, "0")
        assert [proof["url"] for proof in one["evidence"]] == ["https://example.org/lista"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"D1_numerator": "muchos", "D1_denominator": "4"}, "D1_numerator"),
            ({"D1_numerator": "3", "D1_denominator": "-4"}, "D1_denominator"),
            ({"D2_value": "como dos"}, "D2_value"),
            ({"D2_url": "no es dirección"}, "D2_url"),
            ({"D2_title": "Sin dirección"}, "D2_url"),
            ({"D1_progress": "ciento"}, "D1_progress"),
            ({"D2_state": "completado"}, "D2_url"),
        ],
    )
    def test_errors_are_shown_beside_their_fields_and_nothing_is_lost(
        self, town: Town, plan: PlanRow, focal: Visitor, wrong: dict[str, str], field: str
    ) -> None:
        values = {"D1_text": "Van tres", "D2_text": "Hubo dos", **wrong}
        sent = self.fields(town, plan, focal, **values)
        answer = focal.post(f"/organismo/{town.obras}/informe", sent)
        assert answer.status_code == 400
        assert model.Session.query(Event).filter_by(plan_id=plan.id).count() == 0, "all or nothing"
        page = soup(answer)
        name = field.replace("D1", f"u_{plan.name}/1.1.1").replace("D2", f"u_{plan.name}/2.2")
        box = page.find(attrs={"name": name})
        assert box is not None and box.get("aria-invalid") == "true"
        assert page.find(id=f"ogp-{name}-error") is not None
        assert box.find_parent("details").has_attr("open")
        assert page.select_one(f"#ogp-problems a[href='#ogp-{name}']") is not None
        for key, value in sent.items():
            if key.startswith("u_"):
                kept = page.find(attrs={"name": key})
                shown = kept.get_text().strip("\n") if kept.name == "textarea" else kept.get("value")
                if kept.name == "select":
                    shown = kept.select_one("option[selected]")["value"]
                assert shown == value, key
