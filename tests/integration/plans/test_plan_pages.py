"""The pages of plans: who may open which, what stands on them, and what is done with their forms without JavaScript."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import segno
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from support import plan_portal
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import Visitor, text_of

from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import Event, PlanRole, PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.views import matrix, organization_report
from ckanext.ogp_plan.views import plan as pages

PASSWORD = "Una-clave-larga-1"
HOSTILE = "<script>alert('ay')</script>"
INSIDERS = {"owner_editor", "owner_admin", "leader", "coordinator", "control", "monitor", "sysadmin"}
FOCAL = {"focal_point", "named_focal_point", "delegate"}
MANAGERS = {"coordinator", "owner_admin", "sysadmin"}
#: What anybody reads of a public plan.
READING = (
    "",
    "?vista=tabla",
    "?vista=matriz",
    "?vista=matriz&columnas=corte",
    "/cambios",
    "/1.1",
    "/1.1.1",
    "/1.1.1/imprimir",
)
#: Form → who may fill it, on item 1.1.1, which obras owes and whose component the leader leads.
FORMS = {
    "/1.1.1/reportar": FOCAL | {"coordinator"},
    "/1.1.1/respuesta": FOCAL | {"coordinator"},
    "/1.1.1/evidencia": FOCAL | {"coordinator"},
    "/1.1.1/concepto": {"control", "monitor"},
    "/seguimiento": {"leader", "coordinator"},
    "/ajustes": MANAGERS,
}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def running(town: Town) -> PlanRow:
    return town.plan("paac", name="paac-paginas")


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


def events(plan: PlanRow, kind: str) -> int:
    model.Session.rollback()
    return int(model.Session.query(Event).filter_by(plan_id=plan.id, kind=kind).count())


class TestWhoOpensWhat:
    @pytest.mark.parametrize("who", CAST)
    def test_a_draft_is_there_only_for_who_works_on_it(self, town: Town, who: str) -> None:
        draft = _once(town, "borrador")
        for path in (*READING, *FORMS):
            status = town.get(who, f"/planes/{draft.name}{path}", follow_redirects=False).status_code
            if who not in INSIDERS:
                assert status == 404, path
            elif path in READING:
                assert status == 200, path
        listed = text_of(soup(town.get(who, "/planes")))
        assert (draft.title in listed) == (who in INSIDERS)

    @pytest.mark.parametrize("status", ["consulta", "en_ejecucion", "cerrado"])
    def test_a_public_plan_is_everybodys(self, town: Town, status: str) -> None:
        plan = _once(town, status)
        for who in ("anonymous", "citizen", "other_editor"):
            for path in READING:
                assert town.get(who, f"/planes/{plan.name}{path}").status_code == 200, (who, path)

    @pytest.mark.parametrize("who", CAST)
    def test_forms_are_whose_they_are(self, town: Town, running: PlanRow, who: str) -> None:
        for path, allowed in FORMS.items():
            status = town.get(who, f"/planes/{running.name}{path}", follow_redirects=False).status_code
            expected = 200 if who in allowed else 403 if who != "anonymous" else 302
            assert status == expected or (who == "anonymous" and status in (302, 401)), (path, status)

    @pytest.mark.parametrize("who", CAST)
    def test_an_organismo_reports_for_itself(self, town: Town, running: PlanRow, who: str) -> None:
        assert town.get(who, f"/organismo/{town.obras}/obligaciones").status_code == 200
        status = town.get(who, f"/organismo/{town.obras}/informe", follow_redirects=False).status_code
        if who in FOCAL:
            assert status == 200
        else:
            assert status == 403 or (who == "anonymous" and status in (302, 401)), status

    def test_what_is_not_there(self, town: Town, running: PlanRow) -> None:
        for path in ("/planes/nada", f"/planes/{running.name}/9.9.9", f"/planes/{running.name}/9.9.9/imprimir",
                     f"/planes/{running.name}/9.9.9/reportar", "/organismo/nadie-asi/obligaciones"):  # fmt: skip
            assert town.get("citizen", path).status_code == 404, path


def _once(town: Town, status: str) -> PlanRow:
    """Return the plan of a status, made by whoever asks for it first."""
    name = f"paac-{status.replace('_', '-')}"
    model.Session.expire_all()
    found = PlanRow.get(name)
    if found is None:
        found = town.plan("paac", status, name=name)
        found.title = f"PAAC que está {status}"
        model.Session.commit()
    return found


class TestReading:
    def test_lists_say_what_is_owed_when_nothing_is_there(self, town: Town, running: PlanRow) -> None:
        page = text_of(soup(town.get("anonymous", f"/planes/{running.name}/2.1")))
        for sentence in (
            "El plan no da una fecha",
            "Todavía no hay evidencia. Le corresponde aportarla al responsable",
            "Control Interno todavía no ha dado su concepto",
            "El monitor independiente todavía no ha dado su concepto",
        ):
            assert sentence in page
        assert "Todos los procesos" in page

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ("componente=2", {"2.1", "2.2"}),
            ("mes=9", {"1.1.2", "1.1.2#2"}),
            ("q=boletin", {"1.1.2"}),
            ("q=BOLETÍN", {"1.1.2"}),
            ("q=nada-de-esto", set()),
            ("luz=completado", set()),
        ],
    )
    @pytest.mark.parametrize("view", ["tabla", "arbol", "matriz"])
    def test_filters(self, town: Town, view: str, query: str, codes: set[str]) -> None:
        plan = _once(town, "consulta")
        page = soup(town.get("anonymous", f"/planes/{plan.name}?vista={view}&{query}"))
        shown = {link["href"].rsplit("/", 1)[1].replace("_", "#") for link in page.select("#ogp-items .ogp-leaf-title a, #ogp-items tbody th a")}  # fmt: skip
        assert shown == codes
        # what is shown is in the address, and can be taken away again
        name, value = query.split("=")
        field = page.select_one(f"#ogp-filters [name={name}]")
        assert field is not None
        chosen = (
            field.get("value") if field.name == "input" else field.select_one("option[selected]")["value"]
        )  # type: ignore[index]
        assert chosen == value
        chip = page.select_one(".ogp-chips a")
        assert chip is not None and f"{name}=" not in chip["href"]

    def test_by_organismo(self, town: Town) -> None:
        plan = _once(town, "consulta")
        page = soup(town.get("anonymous", f"/planes/{plan.name}?vista=tabla&organismo={town.obras}"))
        assert {element.get_text() for element in page.select("#ogp-items tbody .ogp-code")} == {
            "1.1.1",
            "1.1.2#2",
            "2.2",
        }

    @pytest.mark.parametrize("query", ["mes=13", "mes=x", "pagina=999", "pagina=-1", "pagina=x", "vista=nada", "luz=azul", "razon=R99", "componente=zz", "q=%00", "q=" + "a" * 2000, "valor=%27%3B--"])  # fmt: skip
    def test_addresses_that_nobody_should_write(self, town: Town, running: PlanRow, query: str) -> None:
        for view in ("", "vista=tabla&", "vista=matriz&"):
            answer = town.get("anonymous", f"/planes/{running.name}?{view}{query}")
            assert answer.status_code == 200
        assert town.get("anonymous", f"/planes?{query}").status_code == 200
        assert town.get("anonymous", f"/organismo/{town.obras}/obligaciones?{query}").status_code in (
            200,
            404,
        )
        assert town.get("anonymous", f"/planes/{running.name}/cambios?desde={query}").status_code == 200

    def test_the_matrix_says_in_words_what_its_colours_say(self, town: Town) -> None:
        plan = _once(town, "consulta")
        page = soup(town.get("anonymous", f"/planes/{plan.name}?vista=matriz"))
        row = next(element for element in page.select("tbody tr") if "Revisar el mapa" in element.get_text())
        words = [text_of(cell) for cell in row.select("td")]
        assert len(words) == 12 and words[2] in ("vencido", "programado", "cumplido")
        assert [n for n, word in enumerate(words) if word] == [2]
        undated = next(element for element in page.select("tbody tr") if "Capacitar" in element.get_text())
        assert "El plan no da una fecha" in undated.get_text()

    def test_the_sheet_leads_to_the_page(self, town: Town, running: PlanRow) -> None:
        page = soup(town.get("anonymous", f"/planes/{running.name}/1.1.1/imprimir"))
        address = tk.config["ckan.site_url"].rstrip("/") + f"/planes/{running.name}/1.1.1"
        assert address in page.get_text()
        drawn = io.BytesIO()
        segno.make(address, error="m", micro=False).save(
            drawn, kind="svg", xmldecl=False, svgns=False, border=2
        )
        path = BeautifulSoup(drawn.getvalue(), "html.parser").select_one("path")
        shown = page.select_one(".ogp-sheet-qr svg path")
        assert path is not None and shown is not None and shown["d"] == path["d"]

    def test_duties_this_month_first(self, town: Town, running: PlanRow) -> None:
        page = soup(town.get("anonymous", f"/organismo/{town.obras}/obligaciones?plan={running.name}"))
        titles = [text_of(element).split(" ")[0] for element in page.select("section.ogp-section > h2")]
        assert titles == ["Este", "Vencido", "Más", "Hecho"]
        assert {element.get_text() for element in page.select(".ogp-leaf .ogp-code")} == {
            "1.1.1",
            "1.1.2#2",
            "2.2",
        }

    def test_what_does_not_apply_is_shown_wherever_lights_are_counted(self, town: Town) -> None:
        """What the bars say adds up to how much is followed: nobody asks where the rest went."""
        plan = town.plan("paac")
        town.call(
            "coordinator", "ogp_plan_update_create",
            plan=plan.name, item="1.1.1", state="no_aplica", reason="No se materializó.",
        )  # fmt: skip
        home = soup(town.get("anonymous", f"/planes/{plan.name}"))
        rows = [text_of(row) for row in home.select("tr") if "no aplica" in text_of(row)]
        assert len(rows) == 2, "its component and its organismo"
        assert home.select_one(".ogp-legend") is not None and "1 no aplica" in text_of(
            home.select_one(".ogp-legend")
        )
        duties = soup(town.get("anonymous", f"/organismo/{town.obras}/obligaciones?plan={plan.name}"))
        counted = [int(element.get_text()) for element in duties.select(".ogp-legend b")]
        assert "1 no aplica" in text_of(duties) and sum(counted) == len(duties.select(".ogp-leaf"))
        component = soup(town.get("anonymous", f"/planes/{plan.name}/1"))
        assert "1 no aplica" in text_of(component)

    def test_everybody_finds_the_cuts(self, town: Town, running: PlanRow) -> None:
        tabs = {
            text_of(element): element["href"]
            for element in soup(town.get("anonymous", f"/planes/{running.name}")).select(".ogp-tabs a")
        }
        assert text_of(soup(town.get("anonymous", tabs["Cortes"])).h1) == "Cortes del plan"

    def test_both_languages(self, town: Town, running: PlanRow) -> None:
        page = town.get("anonymous", f"/en/planes/{running.name}").get_data(as_text=True)
        assert "Status today" in page and "Cómo va hoy" not in page

    def test_the_page_of_an_organismo_in_the_portal(self, town: Town, running: PlanRow) -> None:
        page = soup(town.get("anonymous", f"/organization/{town.obras}"))
        block = page.select_one(".ogp-block")
        assert block is not None and f"/organismo/{town.obras}/obligaciones" in str(block)
        assert soup(town.get("anonymous", f"/organization/{town.otra}")).select_one(".ogp-block") is None

    def test_there_is_a_way_in(self, town: Town) -> None:
        links = soup(town.get("anonymous", "/planes")).select("header a, .main-nav a, nav a")
        assert any(link.get("href") == "/planes" and text_of(link) == "Planes" for link in links)


class TestHostile:
    @pytest.fixture(scope="class")
    def hostile(self, town: Town) -> PlanRow:
        body = plan_portal.paac(town)
        for item in body.items:
            item.title = f"{item.title} {HOSTILE}"
            item.fields = {**item.fields, "goal": HOSTILE} if item.trackable else item.fields
            for indicator in item.indicators:
                indicator.name = indicator.formula = f'"><img src=x onerror=alert(1)>{HOSTILE}'
        body.title = f"PAAC {HOSTILE}"
        plan = town.plan(body=body, name="paac-hostil")
        key, now = ("fila", "1.1.1"), dt.datetime.now(dt.timezone.utc)
        by = {"id": "", "at": now, "by": town.ids["focal_point"], "item": key}
        town.add_fact(plan, tracking.Update(**by, organization=town.obras, state=Declared.ONGOING, text=HOSTILE, obstacles=HOSTILE, at_risk=True, reason=HOSTILE))  # fmt: skip
        town.add_fact(
            plan, tracking.Evidence(**by, organization=town.obras, url="javascript:alert(1)", title=HOSTILE)
        )
        town.add_fact(plan, tracking.Evidence(**by, organization=town.obras, url=f"https://example.org/?{HOSTILE}", title="", public=False, withheld=HOSTILE))  # fmt: skip
        town.add_fact(plan, tracking.Verdict(**by, role=tracking.VerdictRole.CONTROL, agrees=False, rationale=HOSTILE, recommendation=HOSTILE))  # fmt: skip
        town.add_fact(plan, tracking.Answer(**by, organization=town.obras, reason="manual", text=HOSTILE))
        return plan

    def test_nothing_of_it_is_markup(self, town: Town, hostile: PlanRow) -> None:
        paths = [f"/planes/{hostile.name}{path}" for path in (*READING, *FORMS)]
        for who in ("anonymous", "coordinator", "control"):
            for path in [
                *paths,
                "/planes",
                f"/organismo/{town.obras}/obligaciones",
                f"/planes/{hostile.name}?q={HOSTILE}",
            ]:
                page = town.get(who, path).get_data(as_text=True)
                assert HOSTILE not in page and "<img src=x" not in page, (who, path)
                assert 'href="javascript:' not in page, (who, path)

    def test_it_is_read_as_it_was_written(self, town: Town, hostile: PlanRow) -> None:
        page = soup(town.get("anonymous", f"/planes/{hostile.name}/1.1.1"))
        assert page.get_text().count(HOSTILE) > 5
        assert "https://example.org/?" not in str(page), "withheld evidence is not shown to the public"


class TestForms:
    """Each form by a person without JavaScript: what is wrong beside its field, what is right on the page."""

    @pytest.fixture(scope="class")
    def plan(self, town: Town) -> PlanRow:
        return town.plan("paac", name="paac-formularios")

    @pytest.fixture(scope="class")
    def focal(self, town: Town, plan: PlanRow) -> Visitor:
        return signed_in(town, "focal_point")

    @pytest.mark.parametrize("path", [*FORMS, "informe"])
    def test_without_its_token_nothing_is_written(self, town: Town, plan: PlanRow, path: str) -> None:
        who = {"/ajustes": "coordinator", "/seguimiento": "coordinator", "/1.1.1/concepto": "control"}
        visitor = signed_in(town, who.get(path, "focal_point"))
        url = f"/organismo/{town.obras}/informe" if path == "informe" else f"/planes/{plan.name}{path}"
        before = model.Session.query(Event).count()
        answer = visitor.post(url, {"text": "Sin ficha", "state": "en_curso", "_csrf_token": "otra"})
        assert answer.status_code == 400
        assert "estuvo abierto demasiado tiempo" in text_of(soup(answer))
        model.Session.rollback()
        assert model.Session.query(Event).count() == before

    def test_a_report_with_a_figure_and_evidence(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        url = f"/planes/{plan.name}/1.1.2_2/reportar"
        form = focal.page(url).select_one("form[enctype]")
        assert form is not None
        fields = {element["name"]: element.get("value", "") for element in form.select("input[type=hidden]")}
        assert fields["organismo"] == town.obras
        fields.update(state="en_curso", text="Se publicó el primer video.", next_step="Subtítulos", m0_value="1",
                      periodo="2026-01", evidence_kind="enlace", evidence_url="https://example.org/video",
                      evidence_title="El video", evidence_public="true")  # fmt: skip
        kinds = ("update", "measurement", "evidence")
        before = [events(plan, kind) for kind in kinds]
        answer = focal.post(url, fields)
        assert answer.status_code == 302, text_of(soup(answer))
        assert [events(plan, kind) - n for kind, n in zip(kinds, before, strict=True)] == [1, 1, 1]
        # sent twice (a double click, a page loaded again): once is once
        assert focal.post(url, fields).status_code == 302
        assert [events(plan, kind) - n for kind, n in zip(kinds, before, strict=True)] == [1, 1, 1]
        page = focal.page(f"/planes/{plan.name}/1.1.2_2")
        for words in ("Se publicó el primer video.", "Subtítulos", "El video", "En curso"):
            assert words in text_of(page)
        row = next(element for element in page.select("#ogp-ind-1 tbody tr") if "enero" in element.get_text())
        assert text_of(row.select("td")[1]) == "1"

    def test_errors_are_shown_beside_their_fields(self, plan: PlanRow, focal: Visitor) -> None:
        url = f"/planes/{plan.name}/1.1.1/reportar"
        token = focal.token(url)
        before = events(plan, "update")
        sent = {
            **token,
            "state": "completado",
            "progress": "ciento",
            "text": "Ya está hecho.",
            "m0_value": "muchos",
        }
        answer = focal.post(url, sent)
        page = soup(answer)
        assert answer.status_code == 400 and events(plan, "update") == before
        summary = page.select_one("#ogp-problems")
        assert summary is not None and summary.has_attr("autofocus") and summary["tabindex"] == "-1"
        assert summary.select_one("a[href='#ogp-progress']") is not None
        for name in ("progress", "m0_value"):
            field = page.select_one(f"#ogp-{name}")
            assert field is not None and field["aria-invalid"] == "true"
            assert page.select_one("#" + field["aria-describedby"].split()[-1]) is not None
            assert field["value"] in ("ciento", "muchos")
        assert page.select_one("#ogp-text").get_text() == "Ya está hecho."  # type: ignore[union-attr]
        assert page.select_one("input[name=state][value=completado]").has_attr("checked")  # type: ignore[union-attr]
        # completed without evidence: refused in words, at the evidence
        answer = focal.post(url, {**token, "state": "completado", "text": "Ya está hecho."})
        assert answer.status_code == 400 and "evidencia" in text_of(soup(answer).select_one("#ogp-problems"))

    def test_nothing_changed(self, plan: PlanRow, focal: Visitor) -> None:
        url = f"/planes/{plan.name}/1.1.1/reportar"
        before = events(plan, "update")
        assert (
            focal.post(url, {**focal.token(url), "sin_cambios": "true", "state": "no_iniciado"}).status_code
            == 302
        )
        assert events(plan, "update") == before + 1

    def test_a_report_is_corrected(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        written = town.update(
            plan, ("fila", "2.2"), organization=town.obras, state=Declared.ONGOING, text="Con erorres"
        )
        item = f"/planes/{plan.name}/2.2"
        link = focal.page(item).select_one(f"a[href*='corrige={written.id}']")
        assert link is not None
        page = focal.page(link["href"])
        assert page.select_one("#ogp-text").get_text() == "Con erorres"  # type: ignore[union-attr]
        sent = {
            **focal.token(f"{item}/reportar"),
            "supersedes": written.id,
            "organismo": town.obras,
            "state": "en_curso",
            "text": "Sin errores",
        }
        assert focal.post(f"{item}/reportar", sent).status_code == 302
        text = text_of(focal.page(item))
        assert "Sin errores" in text and "corregido después" in text
        # corrected meanwhile by somebody else: shown, and nothing lost
        again = focal.post(f"{item}/reportar", {**sent, "text": "Otra vez"})
        assert again.status_code == 400 and "Otra vez" in again.get_data(as_text=True)

    def test_an_answer_is_shown_beside_its_reason(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        town.update(
            plan, ("fila", "1.1.1"), organization=town.obras, at_risk=True, reason="Falta el contrato"
        )
        url = f"/planes/{plan.name}/1.1.1/respuesta"
        page = focal.page(url)
        options = [element["value"] for element in page.select("input[name=reason]")]
        assert "manual" in options
        answer = focal.post(url, {**focal.token(url), "reason": "", "text": ""})
        assert (
            answer.status_code == 400 and soup(answer).select_one("#ogp-text[aria-invalid=true]") is not None
        )
        sent = {**focal.token(url), "reason": "manual", "text": "Se firma el lunes."}
        assert focal.post(url, sent).status_code == 302
        reason = next(
            element
            for element in focal.page(f"/planes/{plan.name}/1.1.1").select(".ogp-reason")
            if "Se firma el lunes." in element.get_text()
        )
        assert "Falta el contrato" in reason.get_text()

    def test_evidence_that_is_not_public_says_why(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        url = f"/planes/{plan.name}/2.2/evidencia"
        sent = {
            **focal.token(url),
            "kind": "lista_asistencia",
            "title": "Quiénes vinieron",
            "url": "https://example.org/lista",
            "public": "false",
        }
        answer = focal.post(url, sent)
        assert (
            answer.status_code == 400
            and soup(answer).select_one("#ogp-withheld[aria-invalid=true]") is not None
        )
        assert focal.post(url, {**sent, "withheld": "Datos personales (Ley 1581 de 2012)"}).status_code == 302
        public = town.get("anonymous", f"/planes/{plan.name}/2.2").get_data(as_text=True)
        assert (
            "Ley 1581 de 2012" in public
            and "Quiénes vinieron" not in public
            and "example.org/lista" not in public
        )
        assert "Quiénes vinieron" in text_of(focal.page(f"/planes/{plan.name}/2.2"))

    def test_a_verdict_beside_what_is_declared(self, town: Town, plan: PlanRow) -> None:
        control = signed_in(town, "control")
        url = f"/planes/{plan.name}/1.1.1/concepto"
        page = control.page(url)
        assert page.select_one("input[type=hidden][name=role]")["value"] == "control_interno"  # type: ignore[index]
        sent = {
            **control.token(url),
            "role": "control_interno",
            "agrees": "false",
            "assigned": "no_evidence",
            "rationale": "No hay soporte.",
        }
        assert control.post(url, sent).status_code == 302
        shown = soup(town.get("anonymous", f"/planes/{plan.name}/1.1.1"))
        assert shown.select_one(".ogp-gap") is not None
        assert "No hay soporte." in text_of(shown.select_one("#ogp-verdicts").find_parent("section"))  # type: ignore[union-attr]
        assert "en 1 de 5" in text_of(soup(town.get("anonymous", f"/planes/{plan.name}")))
        # as the monitor, whose role it does not hold
        assert control.post(url, {**sent, "role": "monitor"}).status_code in (400, 403)

    def test_monitoring_accepts_and_returns(self, town: Town, plan: PlanRow) -> None:
        written = town.update(
            plan, ("fila", "1.1.2#2"), organization=town.obras, state=Declared.ONGOING, text="Para revisar"
        )
        leader = signed_in(town, "leader")
        url = f"/planes/{plan.name}/seguimiento"
        card = next(
            element
            for element in leader.page(url).select(".ogp-card")
            if "Para revisar" in element.get_text()
        )
        assert card["id"] == f"r-{written.id}"
        token = leader.token(url)
        answer = leader.post(url, {**token, "update": written.id, "accepted": "false", "reason": ""})
        page = soup(answer)
        assert (
            answer.status_code == 400
            and page.select_one(f"#ogp-reason-{written.id}[aria-invalid=true]") is not None
        )
        assert (
            leader.post(
                url, {**token, "update": written.id, "accepted": "false", "reason": "Falta el acta"}
            ).status_code
            == 302
        )
        assert "Para revisar" not in text_of(leader.page(url))
        assert "Falta el acta" in text_of(leader.page(f"{url}?estado=devuelto"))
        assert "devuelto: no cuenta" in text_of(soup(town.get("anonymous", f"/planes/{plan.name}/1.1.2_2")))
        assert leader.post(url, {**token, "update": written.id, "accepted": "true"}).status_code == 302
        assert "Para revisar" in text_of(leader.page(f"{url}?estado=aceptado"))
        # another component is not the leader's
        other = town.update(plan, ("fila", "2.2"), organization=town.obras, text="De otro componente")
        assert "De otro componente" not in text_of(leader.page(f"{url}?estado=todos"))
        assert leader.post(url, {**token, "update": other.id, "accepted": "true"}).status_code == 403

    def test_periods_roles_rules_and_status(self, town: Town, plan: PlanRow) -> None:
        coordinator = signed_in(town, "coordinator")
        url = f"/planes/{plan.name}/ajustes"
        token = coordinator.token(url)

        def send(**fields: str) -> Any:
            return coordinator.post(url, {**token, **fields})

        assert send(hacer="periodo", period="2026-02", cerrar="true").status_code == 302
        assert "Febrero de 2026 Cerrado" in text_of(coordinator.page(url))
        assert send(hacer="periodo", period="2026-02", cerrar="false").status_code == 400, (
            "opened again without a reason"
        )
        assert (
            send(hacer="periodo", period="2026-02", cerrar="false", reason="Llegó tarde").status_code == 302
        )

        answer = send(hacer="rol", user="nadie-asi", role="punto_focal", organization=town.obras)
        assert (
            answer.status_code == 400 and soup(answer).select_one("#ogp-user[aria-invalid=true]") is not None
        )
        assert (
            send(
                hacer="rol", user=town.names["citizen"] or "", role="punto_focal", organization=town.obras
            ).status_code
            == 302
        )
        role = model.Session.query(PlanRole).filter_by(user_id=town.ids["citizen"], plan_id=plan.id).one()
        assert send(hacer="rol", user=town.names["citizen"] or "", role="control_interno").status_code == 403
        assert send(hacer="fin", id=role.id).status_code == 302

        named = next(
            element["value"]
            for element in coordinator.page(url).select("#ogp-name option")
            if "silence" in element["value"]
        )
        assert send(hacer="regla", name=named, value="nada").status_code == 400
        sent = {
            "hacer": "regla",
            "name": named,
            "value": "3",
            "rule_act_name": "Acta 7",
            "rule_reason": "Menos reportes",
        }
        assert send(**sent).status_code == 302
        model.Session.expire_all()
        assert "3" in str(PlanRow.get(plan.name).settings)  # type: ignore[union-attr]
        assert "Menos reportes" in text_of(soup(town.get("anonymous", f"/planes/{plan.name}/cambios")))
        assert (
            send(
                hacer="regla", name=named, value="", rule_act_name="Acta 8", rule_reason="Como antes"
            ).status_code
            == 302
        )

        assert send(hacer="estado", status="").status_code == 400
        assert send(hacer="nada").status_code == 400

    def test_a_report_in_sections_carries_duties(self, town: Town, plan: PlanRow, focal: Visitor) -> None:
        url = f"/organismo/{town.obras}/informe"
        token = focal.token(url)
        page = soup(
            focal.post(url, {**token, "hacer": "mas", "section_title": "Uno", "section_text": "Texto de uno"})
        )
        assert len(page.select("textarea[name=section_text]")) == 2 and "Texto de uno" in page.get_text()
        before, reports = events(plan, "update"), events(plan, "report")
        key = f"{plan.name}/1.1.1"
        sent = {**token, "hacer": "informe", "period": "2026-T3", "title": "Tercer trimestre", "plan": plan.name,
                "section_title": "Lo hecho", "section_text": "Se avanzó.", f"u_{key}_text": "Se revisó la mitad."}  # fmt: skip
        answer = focal.post(url, {**sent, f"u_{key}_progress": "ciento"})
        assert answer.status_code == 400 and events(plan, "update") == before
        assert soup(answer).select_one("details[open] .ogp-error") is not None
        assert focal.post(url, sent).status_code == 302
        assert events(plan, "update") == before + 1 and events(plan, "report") == reports + 1
        assert "Se revisó la mitad." in text_of(soup(town.get("anonymous", f"/planes/{plan.name}/1.1.1")))

    def test_what_was_written_of_a_duty_is_never_dropped(
        self, town: Town, plan: PlanRow, focal: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The list of duties may be another one when the form is sent; and there may be more than it offers."""
        url = f"/organismo/{town.obras}/informe"
        sent = {**focal.token(url), "hacer": "informe", "period": "2026-T3", "title": "T3", "plan": plan.name,
                "section_title": "Lo hecho", "section_text": "Se avanzó."}  # fmt: skip
        before = events(plan, "report"), events(plan, "update")
        answer = focal.post(url, {**sent, f"u_{plan.name}/9.9.9_text": "De algo que no debe"})
        assert answer.status_code == 400 and (events(plan, "report"), events(plan, "update")) == before
        assert f"{plan.name}/9.9.9" in text_of(soup(answer).select_one("#ogp-problems"))
        monkeypatch.setattr(organization_report, "CARRIED", 0)
        answer = focal.post(url, {**sent, f"u_{plan.name}/1.1.1_progress": "ciento"})
        assert answer.status_code == 400 and (events(plan, "report"), events(plan, "update")) == before
        assert focal.post(url, {**sent, f"u_{plan.name}/1.1.1_text": "Otra mitad."}).status_code == 302
        assert events(plan, "update") == before[1] + 1

    def test_a_workbook_is_tried_before_it_is_applied(
        self, town: Town, plan: PlanRow, focal: Visitor
    ) -> None:
        url = f"/organismo/{town.obras}/informe"
        token = focal.token(url)
        answer = focal.post(
            url,
            {**token, "hacer": "ensayar", "upload": (io.BytesIO(b"%PDF-1.7"), "x.xlsx")},
            content_type="multipart/form-data",
        )
        assert (
            answer.status_code == 400
            and soup(answer).select_one("#ogp-upload[aria-invalid=true]") is not None
        )
        answer = focal.post(url, {**token, "hacer": "ensayar"})
        assert answer.status_code == 400
        before = events(plan, "update")
        content = _filled(focal, town, plan)
        answer = focal.post(
            url,
            {**token, "hacer": "ensayar", "upload": (io.BytesIO(content), "reporte.xlsx")},
            content_type="multipart/form-data",
        )
        page = soup(answer)
        assert answer.status_code == 200 and events(plan, "update") == before, "a dry run writes nothing"
        assert "Todas las filas se pueden registrar" in text_of(page)
        assert "Nuevo Qué se hizo" in text_of(page), "what a row says, in words"
        form = next(
            element
            for element in page.select("form")
            if element.select_one("input[name=hacer][value=aplicar]")
        )
        fields = {element["name"]: element.get("value", "") for element in form.select("input[type=hidden]")}
        assert focal.post(url, fields).status_code == 302
        assert events(plan, "update") == before + 1


def _filled(focal: Visitor, town: Town, plan: PlanRow) -> bytes:
    """The portal's own workbook with one duty filled."""
    from openpyxl import load_workbook

    answer = focal.get(f"/organismo/{town.obras}/plantilla.xlsx?plan={plan.name}")
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.get_data()))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            names = {str(cell.value).strip().lower(): cell.column for cell in row if cell.value}
            column = next(
                (
                    names[name]
                    for name in names
                    if name.startswith(("qué se hizo", "texto", "text", "avances"))
                ),
                None,
            )
            if column and len(names) > 5:
                for below in sheet.iter_rows(min_row=row[0].row + 1):
                    values = {str(cell.value) for cell in below}
                    if plan.name in values and values & {"1.1.2#2", "1.1.2_2"}:
                        sheet.cell(below[0].row, column, "Por el libro")
                        out = io.BytesIO()
                        book.save(out)
                        return out.getvalue()
    raise AssertionError("the workbook has no row of the duty")


class TestQueries:
    """What a page asks the database does not grow with the plan."""

    def count(self, town: Town, url: str) -> int:
        asked: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            asked.append(statement)

        town.get("anonymous", url)
        engine = model.meta.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            assert town.get("anonymous", url).status_code == 200
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    def test_pages_of_ten_and_of_two_hundred(self, town: Town) -> None:
        small = town.plan(body=plan_portal.many(town, 10), name="paac-diez")
        large = town.plan(body=plan_portal.many(town, 200), name="paac-doscientas")
        for path in ("", "?vista=tabla", "?vista=matriz", "/cambios", "/1", "?q=fila&luz=no_iniciado"):
            few, many = (self.count(town, f"/planes/{plan.name}{path}") for plan in (small, large))
            assert few == many, path
            assert many < 60, path
        page = soup(town.get("anonymous", f"/planes/{large.name}?vista=tabla"))
        assert len(page.select("tbody tr")) <= config.page_size() + 20
        assert "pagina=2" in str(page.select_one(".cost-pages"))


class TestShapes:
    """Small pure things behind the pages."""

    def test_items_nest(self) -> None:
        def item(address: str, parent: str | None, trackable: bool) -> dict[str, Any]:
            return {"address": address, "parent": parent, "trackable": trackable}

        tree = pages.build_tree(
            [
                item("1", None, False),
                item("1.1", "1", False),
                item("1.1-f", "1.1", True),
                item("9.1", "9", True),
            ]
        )
        assert [node["item"]["address"] for node in tree] == ["1", "9.1"], (
            "an item whose parent is elsewhere is a root"
        )
        assert tree[0]["children"][0]["only"]["address"] == "1.1-f"

    def test_a_month_is_late_only_when_it_was_the_last(self) -> None:
        today = dt.date(2026, 5, 10)
        item = {"due": "2026-04-30", "months": [2, 4], "schedule_kind": "months", "light": "en_riesgo"}
        assert [matrix.month_cell(item, (2026, month), today) for month in (1, 2, 4, 6)] == [
            None,
            "due",
            "late",
            None,
        ]
        assert matrix.month_cell({**item, "light": "completado"}, (2026, 2), today) == "done"
        assert matrix.month_cell({**item, "light": "no_aplica"}, (2026, 4), today) == "due"
        # what somebody reported on, and the months that went by in silence
        reported = {
            **item,
            "due": "2026-12-31",
            "months": [2, 3, 5, 6],
            "light": "en_curso",
            "reported": ["2026-03"],
        }
        cells = [matrix.month_cell(reported, (2026, month), today) for month in (2, 3, 5, 6)]
        assert cells == ["silent", "reported", "due", "due"]
        assert matrix.month_cell({**reported, "reported": ["2026-05"]}, (2026, 5), today) == "reported"
        assert matrix.month_cell({**reported, "light": "suspendido"}, (2026, 2), today) == "due", (
            "nobody owes it meanwhile"
        )
        # a day of next year is not due in the same month of this one
        day = {"due": "2027-06-30", "months": [6], "schedule_kind": "date", "light": "en_curso"}
        assert [matrix.month_cell(day, (year, 6), today) for year in (2026, 2027)] == [None, "due"]
        assert matrix.month_cell({"due": None, "months": [], "light": None}, (2026, 4), today) is None

    def test_numbers_are_written_as_in_colombia(self, town: Town) -> None:
        with town.app.flask_app.test_request_context("/"):
            h = tk.h
            assert h.ogp_plan_number(Decimal("5000.5")) == "5.000,5"
            assert h.ogp_plan_percent(0.9999) == "99\u00a0%", "what is not whole is never shown as whole"
            assert h.ogp_plan_percent(None) == "" and h.ogp_plan_value(None) == ""
            assert h.ogp_plan_value("0") == "0", "zero is a value"
            assert h.ogp_plan_period("2026-03") == "marzo de 2026"
            assert h.ogp_plan_span("2026-01-01", "2027-12-31") == "2026–2027"
            assert h.ogp_plan_due("2026-09-30", "month") == "septiembre de 2026"
            assert h.ogp_plan_link("javascript:alert(1)") == "" and h.ogp_plan_link("//example.org/x") == ""
            assert h.ogp_plan_link("/dataset/x") == "/dataset/x"
