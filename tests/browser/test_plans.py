"""Plans as a citizen, a journalist, a focal point, a leader and Control Interno see them: both languages, wide and
narrow, by axe, by keyboard, without JavaScript."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from openpyxl import load_workbook
from support import application, demo_plans, uploads
from support.sample_portal import SamplePortal

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.services import cut as cut_service

pytestmark = pytest.mark.browser

#: People of these tests: name in the sample → what they are.
PEOPLE = {
    "plan-coordinadora": "Coordinadora de planes",
    "lider-transparencia": "Líder de transparencia",
    "control-interno-auditora": "Auditora de Control Interno",
    "vivienda-editor": "Punto focal de Vivienda",
}
ORGANISMO = "secretaria-de-vivienda"


@dataclass
class Loaded:
    """The demonstration plans in the served portal. ``paac``: the name of the plan that most tests look at."""

    paac: str
    plans: dict[str, str]
    states: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def loaded(sample_portal: SamplePortal) -> Iterator[Loaded]:
    """Plans and their year, beside the sample data; after it, as it empties the database first."""
    app = application.client()
    with app.flask_app.test_request_context("/"):
        ids = {
            name: factories.User(name=name, fullname=title, password=uploads.PASSWORD, email=f"{name}@example.org")["id"]
            for name, title in PEOPLE.items()
        }
        made = demo_plans.load(ids)
        paac = made.plans["paac"]
        demo_plans.role(ids["plan-coordinadora"], "coordinador")
        demo_plans.role(ids["lider-transparencia"], "lider_componente", paac, component="3")
        demo_plans.role(ids["control-interno-auditora"], "control_interno")
        demo_plans.role(ids["vivienda-editor"], "punto_focal", organization=ORGANISMO)
        row = PlanRow.get(paac)
        for day in (dt.date(2026, 4, 30), dt.date(2026, 8, 31)):
            cut = cut_service.create(row, day, user_id=None)
            cut_service.publish(row, cut, user_id=None)
        model.Session.commit()
    yield Loaded(paac, made.plans)
    model.Session.remove()


@pytest.fixture
def as_(page: Any, loaded: Loaded, chromium: Any, sample_portal: SamplePortal) -> Callable[[str], Any]:
    """Sign a page in as one of the people; with CKAN's form, once each."""

    def sign(name: str, on: Any = None) -> Any:
        if name not in loaded.states:
            context = chromium.new_context(base_url=sample_portal.url)
            other = context.new_page()
            other.goto("/user/login")
            other.fill("#field-login", name)
            other.fill("#field-password", uploads.PASSWORD)
            other.press("#field-password", "Enter")
            other.wait_for_url(lambda url: "/login" not in url)
            loaded.states[name] = context.cookies()
            context.close()
        target = on or page
        target.context.add_cookies(loaded.states[name])
        return target

    return sign


def addresses(loaded: Loaded) -> dict[str, str]:
    plan = f"/planes/{loaded.paac}"
    return {
        "planes": "/planes",
        "plan": plan,
        "plan-tabla": f"{plan}?vista=tabla&luz=en_riesgo",
        "plan-calendario": f"{plan}?vista=matriz&componente=3",
        "plan-cortes": f"{plan}?vista=matriz&columnas=corte&componente=2",
        "plan-nada": f"{plan}?q=palabras+que+nadie+dijo",
        "plan-componente": f"{plan}/3",
        "plan-elemento": f"{plan}/3.1.1",
        "plan-elemento-sin-cuota": f"{plan}/1.3.1",
        "plan-hoja": f"{plan}/3.1.1/imprimir",
        "plan-cambios": f"{plan}/cambios",
        "plan-obligaciones": f"/organismo/{ORGANISMO}/obligaciones",
        "plan-gobierno-abierto": f"/planes/{loaded.plans['ogp']}",
        "plan-gobierno-abierto-calendario": f"/planes/{loaded.plans['ogp']}?vista=matriz",
        "plan-cost": f"/planes/{loaded.plans['cost']}",
        "plan-en-consulta": f"/planes/{loaded.plans['ptep']}",
        "plan-en-el-organismo": f"/organization/{ORGANISMO}",
    }


PAGES = (
    "planes", "plan", "plan-tabla", "plan-calendario", "plan-cortes", "plan-nada", "plan-componente", "plan-elemento",
    "plan-elemento-sin-cuota", "plan-hoja", "plan-cambios", "plan-obligaciones", "plan-gobierno-abierto",
    "plan-gobierno-abierto-calendario", "plan-cost", "plan-en-consulta", "plan-en-el-organismo",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_page(page: Any, loaded: Loaded, audit: Any, shot: Any, name: str) -> None:
    answer = page.goto(addresses(loaded)[name])
    assert answer.status == 200
    assert page.get_attribute("html", "lang").startswith("es")
    # on a page of CKAN's own, whatever it has (2.11 has two), we add none
    core = name == "plan-en-el-organismo"
    assert page.locator("[class*=ogp-] h1" if core else "h1").count() == (0 if core else 1)
    shot(page, name)
    audit(page)


@pytest.mark.parametrize("name", ["planes", "plan", "plan-elemento", "plan-obligaciones"])
def test_page_in_english(page: Any, loaded: Loaded, audit: Any, shot: Any, name: str) -> None:
    assert page.goto("/en" + addresses(loaded)[name]).status == 200
    assert page.get_attribute("html", "lang") == "en"
    shot(page, f"{name}-en")
    audit(page)
    main = page.inner_text("[role=main], main")
    for word in ("Quién responde", "Cómo va hoy", "Última noticia", "En riesgo", "Vence", "Avance", "Sin cifra"):
        assert word not in main


@pytest.mark.parametrize("language", ["", "/en"])
def test_reports_of_an_organismo(page: Any, loaded: Loaded, audit: Any, shot: Any, language: str) -> None:
    """From its duties to its reports, to one of them, to a duty that it tells of, and back."""
    mark = "-en" if language else ""
    page.goto(f"{language}/organismo/secretaria-de-gobierno/obligaciones")
    page.locator("a[href$='/informes']").click()
    shot(page, f"plan-informes{mark}")
    audit(page)
    page.locator(".ogp-card a").first.click()
    assert page.locator("h1").count() == 1 and page.locator("section[aria-labelledby=ogp-says] .ogp-text").count()
    assert page.locator(".ogp-card .ogp-light svg").count() == page.locator(".ogp-card").count() > 0
    shot(page, f"plan-informe-leido{mark}")
    audit(page)
    main = page.inner_text("[role=main]")
    for word in ("Its light today", "Not reviewed") if not language else ("Su luz hoy", "Qué dice", "Aún sin revisar"):
        assert word not in main
    address = page.url
    page.locator("section[aria-labelledby=ogp-entries] .ogp-card-title a").first.click()
    page.locator(f".ogp-story a[href$='{address.rsplit('/', 1)[-1]}']").first.wait_for(state="attached")
    # who handed in none reads what it owes
    page.goto(f"{language}/organismo/{ORGANISMO}/informes")
    assert page.locator(".ogp-empty a").count()
    shot(page, f"plan-informes-nada{mark}")
    audit(page)


def test_a_report_in_sections_says_what_is_wrong_beside_it(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("vivienda-editor")
    page.goto(forms(loaded)["plan-informe"][1])
    duty = page.locator("form details").first
    duty.locator("summary").click()
    duty.locator("textarea").fill("Se avanzó.")
    duty.locator("input[name$=_value]").first.fill("muchas")
    duty.locator("input[name$=_url]").fill("sin dirección")
    page.locator("button[value=informe]").click()
    page.wait_for_selector("#ogp-problems")
    has_focus(page, "ogp-problems")
    duty = page.locator("form details[open]").first
    assert duty.locator("[aria-invalid=true]").count() and duty.locator("textarea").input_value() == "Se avanzó."
    shot(page, "plan-informe-con-errores")
    audit(page)


def forms(loaded: Loaded) -> dict[str, tuple[str, str]]:
    plan = f"/planes/{loaded.paac}"
    return {
        "plan-reportar": ("vivienda-editor", f"{plan}/3.1.1/reportar"),
        "plan-respuesta": ("vivienda-editor", f"{plan}/3.1.1/respuesta"),
        "plan-evidencia": ("vivienda-editor", f"{plan}/3.1.1/evidencia"),
        "plan-informe": ("vivienda-editor", f"/organismo/{ORGANISMO}/informe"),
        "plan-obligaciones-enlace": ("vivienda-editor", f"/organismo/{ORGANISMO}/obligaciones"),
        "plan-elemento-enlace": ("vivienda-editor", f"{plan}/3.1.1"),
        "plan-seguimiento": ("lider-transparencia", f"{plan}/seguimiento?estado=todos&periodo=2026-10"),
        "plan-ajustes": ("plan-coordinadora", f"{plan}/ajustes"),
        "plan-elemento-coordinado": ("plan-coordinadora", f"{plan}/3.1.1"),
        "plan-vinculos": ("plan-coordinadora", f"{plan}/ajustes/vinculos?elemento=3.1.1"),
        "plan-concepto": ("control-interno-auditora", f"{plan}/3.1.1/concepto"),
        "plan-mis-avisos": ("vivienda-editor", "/planes/mis-avisos"),
    }


FORMS = (
    "plan-reportar", "plan-respuesta", "plan-evidencia", "plan-informe", "plan-obligaciones-enlace",
    "plan-elemento-enlace", "plan-elemento-coordinado", "plan-seguimiento", "plan-ajustes", "plan-vinculos", "plan-concepto",
    "plan-mis-avisos",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_form(as_: Any, loaded: Loaded, audit: Any, shot: Any, name: str) -> None:
    who, address = forms(loaded)[name]
    page = as_(who)
    assert page.goto(address).status == 200
    assert page.locator("h1").count() == 1
    shot(page, name)
    audit(page)


@pytest.mark.parametrize("name", ["plan-reportar", "plan-mis-avisos", "plan-ajustes", "plan-vinculos"])
def test_form_in_english(as_: Any, loaded: Loaded, audit: Any, name: str) -> None:
    who, address = forms(loaded)[name]
    page = as_(who)
    assert page.goto("/en" + address).status == 200
    audit(page)
    main = page.inner_text("[role=main]")
    for word in ("Qué se hizo", "obligatorio", "Enviar", "Período", "Estado", "Vínculo", "Vincular", "Catálogo", "Publicarlo"):
        assert word not in main


def test_a_private_calendar_is_shown_once(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("vivienda-editor")
    page.goto("/planes/mis-avisos")
    page.get_by_label("De quién").select_option(ORGANISMO)
    page.get_by_role("button", name="Crear un calendario privado").click()
    has_focus(page, "ogp-made")
    shot(page, "plan-mis-avisos-calendario")
    audit(page)
    address = page.get_by_label("Dirección del calendario").input_value()
    assert page.request.get(address).text().startswith("BEGIN:VCALENDAR")
    page.goto("/planes/mis-avisos")
    assert address not in page.content()
    page.get_by_role("button", name="Revocar").first.click()
    assert page.request.get(address).status == 404


def test_a_report_that_is_wrong_leads_to_what_is_wrong(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("vivienda-editor")
    page.goto(forms(loaded)["plan-reportar"][1])
    page.fill("#ogp-progress", "casi todo")
    page.fill("#ogp-text", "Se publicó la segunda respuesta.")
    page.click("form[enctype] button[type=submit]")
    page.wait_for_selector("#ogp-problems")
    has_focus(page, "ogp-problems")
    shot(page, "plan-reportar-con-errores")
    audit(page)
    # the sentence is a link to its field, and what was written is still there
    page.focus("#ogp-problems a[href='#ogp-progress']")
    page.keyboard.press("Enter")
    has_focus(page, "ogp-progress")
    assert page.input_value("#ogp-progress") == "casi todo"
    assert page.input_value("#ogp-text") == "Se publicó la segunda respuesta."


def test_a_report_by_keyboard_alone(as_: Any, loaded: Loaded, shot: Any) -> None:
    page = as_("vivienda-editor")
    page.goto(f"/organismo/{ORGANISMO}/obligaciones")
    link = page.locator(f"a[href*='{loaded.paac}/3.3.2/reportar']")
    _tab_to(page, link)
    page.keyboard.press("Enter")
    page.wait_for_url("**/3.3.2/reportar*")
    _tab_to(page, page.locator("#ogp-text"))
    page.keyboard.type("Se publicó el informe del segundo diálogo.")
    _tab_to(page, page.locator("#ogp-evidence_url"))
    page.keyboard.type("https://www.example.org/informe")
    _tab_to(page, page.locator("form[enctype] button[type=submit]"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{loaded.paac}/3.3.2")
    assert "Se publicó el informe del segundo diálogo." in page.inner_text("[role=main]")
    shot(page, "plan-elemento-reportado")


def _workbook(page: Any, cells: dict[str, tuple[str, str]]) -> bytes:
    """The portal's own workbook of duties, with something written in some rows.

    :param cells: code of a duty of the PAAC → heading of the column, and what is written.
    """
    book = load_workbook(io.BytesIO(page.request.get(f"/organismo/{ORGANISMO}/plantilla.xlsx").body()))
    sheet = next(one for one in book.worksheets if _heading(one))
    head = _heading(sheet)
    column = {str(cell.value): cell.column for cell in head if cell.value}
    left = dict(cells)
    for row in sheet.iter_rows(min_row=head[0].row + 1):
        code = str(row[column["Código"] - 1].value)
        if code in left and "paac" in str(row[column["Plan"] - 1].value):
            heading, written = left.pop(code)
            sheet.cell(row[0].row, column[heading], written)
    assert not left, "the workbook has a row of each duty"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _heading(sheet: Any) -> Any:
    return next((row for row in sheet.iter_rows() if "Qué se hizo" in {cell.value for cell in row}), None)


def _try(page: Any, content: bytes) -> None:
    """Hand a workbook in, to be tried, by keyboard."""
    page.set_input_files("#ogp-upload", {"name": "reporte.xlsx", "mimeType": "application/octet-stream", "buffer": content})
    _tab_to(page, page.locator("form:has(#ogp-upload) button[type=submit]"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#ogp-tried")


def test_a_workbook_is_tried_and_sent(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    """What becomes of each row, in both languages, before anything is written; then sent by keyboard."""
    page = as_("vivienda-editor")
    url = f"/organismo/{ORGANISMO}/informe"
    bad = _workbook(page, {"3.1.1": ("Qué se hizo", "Se respondió lo que faltaba."), "3.3.2": ("Avance (%)", "casi todo")})
    page.goto(url)
    _try(page, bad)
    tried = page.inner_text("#ogp-tried")
    assert "no se puede tomar" in tried and "3.3.2" in tried
    assert page.locator("#ogp-tried form").count() == 0, "nothing is sent while a row is wrong"
    assert page.get_attribute("html", "lang").startswith("es") and page.locator("h1").count() == 1
    shot(page, "plan-informe-ensayo-con-errores")
    audit(page)

    good = _workbook(page, {"3.1.1": ("Qué se hizo", "Se respondió lo que faltaba.")})
    page.goto("/en" + url)
    _try(page, good)
    has_focus(page, "ogp-tried")
    assert page.get_attribute("html", "lang") == "en"
    preview = page.inner_text("#ogp-tried")
    for word in ("Fila", "fila", "Obligación", "Nuevo", "Enviar", "tomar", "Qué se hizo"):
        assert word not in preview
    assert "What was done" in preview
    shot(page, "plan-informe-ensayo-en")
    audit(page)

    page.goto(url)
    _try(page, good)
    has_focus(page, "ogp-tried")
    preview = page.inner_text("#ogp-tried")
    assert "Todas las filas se pueden tomar" in preview and "Qué se hizo" in preview
    shot(page, "plan-informe-ensayo")
    audit(page)
    assert "Se respondió lo que faltaba." not in page.request.get(f"/planes/{loaded.paac}/3.1.1").text()
    _tab_to(page, page.locator("#ogp-tried button[type=submit]"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/obligaciones")
    assert "Se respondió lo que faltaba." in page.request.get(f"/planes/{loaded.paac}/3.1.1").text()


def test_items_are_linked_by_keyboard(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("plan-coordinadora")
    page.goto(f"/planes/{loaded.paac}/3.1.1")
    _tab_to(page, page.locator("a[href*='/ajustes/vinculos']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/ajustes/vinculos*")
    assert page.input_value("#ogp-item") == "3.1.1"
    before = page.locator("tbody tr").count()
    _tab_to(page, page.locator("input[name=kind]").first)
    page.keyboard.press("Space")
    _tab_to(page, page.locator("#ogp-other"))
    page.keyboard.type("99.99")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ogp-problems")
    has_focus(page, "ogp-problems")
    shot(page, "plan-vinculos-con-errores")
    audit(page)
    page.focus("#ogp-problems a[href='#ogp-other']")
    page.keyboard.press("Enter")
    has_focus(page, "ogp-other")
    page.select_option("#ogp-other_plan", loaded.plans["ogp"])
    tracked = page.request.get(f"/api/action/ogp_plan_item_list?plan={loaded.plans['ogp']}&tracked=true&limit=3").json()
    other = tracked["result"]["results"][-1]["address"]
    page.fill("#ogp-other", other)
    page.press("#ogp-other", "Enter")
    page.wait_for_selector(".alert-success")
    assert page.locator("tbody tr").count() == before + 1
    shot(page, "plan-vinculos-hecho")
    audit(page)
    page.goto(f"/planes/{loaded.plans['ogp']}/{other}")
    assert page.locator("[aria-labelledby=ogp-links] a[href$='/3.1.1']").count() == 1
    page.goto(f"/planes/{loaded.paac}/ajustes/vinculos")
    remove = page.locator("tbody tr", has=page.locator(f"a[href$='/{other}']")).locator("button")
    _tab_to(page, remove)
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert page.locator("tbody tr").count() == before


def test_a_plan_is_published_as_a_dataset(as_: Any, loaded: Loaded, audit: Any, shot: Any) -> None:
    page = as_("plan-coordinadora")
    page.goto(f"/planes/{loaded.plans['cost']}/ajustes")
    section = page.locator("[aria-labelledby=ogp-dataset-title]")
    assert "No está publicado todavía" in section.inner_text()
    _tab_to(page, section.locator("button"))
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert "Publicado y al día" in section.inner_text()
    shot(page, "plan-ajustes-publicado")
    audit(page)
    section.locator("a").click()
    page.wait_for_url("**/dataset/*")
    assert loaded.plans["cost"] in page.url


def test_a_plan_is_read_by_keyboard_alone(page: Any, loaded: Loaded) -> None:
    page.goto("/planes")
    _tab_to(page, page.locator(f".ogp-card-title a[href='/planes/{loaded.paac}']"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/planes/{loaded.paac}")
    _tab_to(page, page.locator("#ogp-q"))
    page.keyboard.type("diálogo")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=di%C3%A1logo*")
    first = page.locator("#ogp-items .ogp-leaf-title a").first
    _tab_to(page, first)
    ring = first.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth")
    assert ring == "solid3px", "who uses the keyboard sees where they are"
    title = first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    assert title in page.inner_text("h1")


def _tab_to(page: Any, target: Any, limit: int = 400) -> None:
    """Press Tab until something has the focus; what cannot be reached so cannot be used by everybody."""
    handle = target.element_handle()
    for _ in range(limit):
        if page.evaluate("e => document.activeElement === e", handle):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{page.url}: not reached with the keyboard")


def test_filters_on_a_telephone_without_javascript(plain_page: Any, loaded: Loaded) -> None:
    plain_page.set_viewport_size({"width": 390, "height": 844})
    plain_page.goto(f"/planes/{loaded.paac}")
    assert not plain_page.locator("#ogp-q").is_visible()
    plain_page.click(".ogp-filters-open")
    assert plain_page.locator("#ogp-q").is_visible()
    plain_page.select_option("#ogp-f-luz", "en_riesgo")
    # the address changes before the page is there, and counting waits for nothing
    with plain_page.expect_navigation():
        plain_page.click("#ogp-filters button[type=submit]")
    assert "luz=en_riesgo" in plain_page.url
    lights = plain_page.locator("#ogp-items .ogp-light")
    assert lights.count() > 0
    assert lights.count() == plain_page.locator("#ogp-items .ogp-light--en_riesgo").count()
    with plain_page.expect_navigation():
        plain_page.locator(".ogp-chips a").first.click()
    assert "luz=" not in plain_page.url


def test_no_light_is_shown_by_its_colour_alone(page: Any, loaded: Loaded) -> None:
    page.goto(f"/planes/{loaded.paac}?vista=tabla")
    lights = page.evaluate(
        """() => [...document.querySelectorAll('.ogp-light')].map(
            e => [e.innerText.trim(), e.querySelector('use').getAttribute('href')])"""
    )
    assert lights and all(word and shape.startswith("#ogp-i-") for word, shape in lights)
    assert len({shape for _, shape in lights}) == len({word for word, _ in lights}) > 2, "one shape a word"
    fills = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.ogp-bar > span')].map(
            e => [e.className, getComputedStyle(e).backgroundImage]))"""
    )
    assert len(set(fills.values())) == len(fills), "each fill has a pattern of its own"


def test_the_sheet_prints_on_one_page(page: Any, loaded: Loaded) -> None:
    page.goto(addresses(loaded)["plan-hoja"])
    page.emulate_media(media="print")
    content = page.pdf(prefer_css_page_size=True)
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") <= 2
    assert not page.locator(".ogp-sheet-screen").is_visible()
