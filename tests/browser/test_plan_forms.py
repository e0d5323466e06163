"""Forms of plans as a focal point, a leader, a coordinator and Control Interno use them: both languages, wide and narrow,
by axe, by keyboard."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from support.plan_browser import ORGANISMO, Loaded, forms, tab_to

pytestmark = pytest.mark.browser

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


def test_a_private_calendar_is_shown_once(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("vivienda-editor")
    page.goto("/planes/mis-avisos")
    page.get_by_label("Organismo", exact=True).select_option(ORGANISMO)
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
    tab_to(page, link)
    page.keyboard.press("Enter")
    page.wait_for_url("**/3.3.2/reportar*")
    tab_to(page, page.locator("#ogp-text"))
    page.keyboard.type("Se publicó el informe del segundo diálogo.")
    tab_to(page, page.locator("#ogp-evidence_url"))
    page.keyboard.type("https://www.example.org/informe")
    tab_to(page, page.locator("form[enctype] button[type=submit]"))
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
    tab_to(page, page.locator("form:has(#ogp-upload) button[type=submit]"))
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
    assert "no se puede registrar" in tried and "3.3.2" in tried
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
    assert "Todas las filas se pueden registrar" in preview and "Qué se hizo" in preview
    shot(page, "plan-informe-ensayo")
    audit(page)
    assert "Se respondió lo que faltaba." not in page.request.get(f"/planes/{loaded.paac}/3.1.1").text()
    tab_to(page, page.locator("#ogp-tried button[type=submit]"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/obligaciones")
    assert "Se respondió lo que faltaba." in page.request.get(f"/planes/{loaded.paac}/3.1.1").text()


def test_items_are_linked_by_keyboard(as_: Any, loaded: Loaded, audit: Any, shot: Any, has_focus: Any) -> None:
    page = as_("plan-coordinadora")
    page.goto(f"/planes/{loaded.paac}/3.1.1")
    tab_to(page, page.locator("a[href*='/ajustes/vinculos']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/ajustes/vinculos*")
    assert page.input_value("#ogp-item") == "3.1.1"
    before = page.locator("tbody tr").count()
    tab_to(page, page.locator("input[name=kind]").first)
    page.keyboard.press("Space")
    tab_to(page, page.locator("#ogp-other"))
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
    tab_to(page, remove)
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert page.locator("tbody tr").count() == before


def test_a_plan_is_published_as_a_dataset(as_: Any, loaded: Loaded, audit: Any, shot: Any) -> None:
    page = as_("plan-coordinadora")
    page.goto(f"/planes/{loaded.plans['cost']}/ajustes")
    section = page.locator("[aria-labelledby=ogp-dataset-title]")
    assert "No está publicado todavía" in section.inner_text()
    tab_to(page, section.locator("button"))
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert "Publicado y al día" in section.inner_text()
    shot(page, "plan-ajustes-publicado")
    audit(page)
    section.locator("a").click()
    page.wait_for_url("**/dataset/*")
    assert loaded.plans["cost"] in page.url
