"""Every page of ours, and those we add to: looked at by axe, in both languages, wide and narrow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.sample_portal import SamplePortal, sample

pytestmark = pytest.mark.browser


def addresses(sample_portal: SamplePortal) -> dict[str, str]:
    name = sample_portal.published["name"]
    project = json.loads(sample("buenos/secretaria-de-vivienda.json").read_text(encoding="utf-8"))["projects"][0]
    return {
        "informe": sample_portal.report,
        "informe-cumple": f"/dataset/{name}/oc4ids/{sample_portal.good['id']}",
        "validador": "/oc4ids/validar",
        "recurso": f"/dataset/{name}/resource/{sample_portal.good['id']}",
        "recurso-no-cumple": f"/dataset/{name}/resource/{sample_portal.bad['id']}",
        "conjunto": f"/dataset/{name}",
        "busqueda": "/dataset/",
        "organismo": f"/organization/{sample_portal.organization['name']}",
        "proyectos": "/infraestructura",
        "proyecto": f"/infraestructura/{project['id']}",
        "actividad": f"/dataset/activity/{name}",
    }


PAGES = (
    "informe",
    "informe-cumple",
    "validador",
    "recurso",
    "recurso-no-cumple",
    "conjunto",
    "busqueda",
    "organismo",
    "proyectos",
    "proyecto",
    "actividad",
)


@pytest.mark.parametrize("name", PAGES)
def test_page(page: Any, sample_portal: SamplePortal, inspect: Any, name: str) -> None:
    inspect(page, addresses(sample_portal)[name], name)


@pytest.mark.parametrize("name", ["informe", "validador", "proyectos", "proyecto"])
def test_page_in_english(page: Any, sample_portal: SamplePortal, inspect: Any, name: str) -> None:
    inspect(page, "/en" + addresses(sample_portal)[name], f"{name}-en", "en")
    main = page.inner_text("[role=main]")
    for word in ("Qué hacer", "Este archivo", "Ver el informe", "Validar"):
        assert word not in main


def test_report_as_its_editor_sees_it(editor_page: Any, sample_portal: SamplePortal, audit: Any, shot: Any) -> None:
    editor_page.goto(sample_portal.report)
    shot(editor_page, "informe-editora")
    audit(editor_page)
    editor_page.click("form[action$='/revalidate'] button")
    editor_page.wait_for_selector(".flash-messages .alert")
    assert "revisando" in editor_page.inner_text(".flash-messages")


def test_report_filters_without_javascript(plain_page: Any, sample_portal: SamplePortal) -> None:
    plain_page.goto(sample_portal.report)
    plain_page.select_option("#oc4ids-severity", "error")
    plain_page.click(".oc4ids-filter button")
    assert "severity=error" in plain_page.url
    assert plain_page.locator(".oc4ids-kind--error").count() > 0
    assert plain_page.locator(".oc4ids-kind--warning, .oc4ids-kind--note").count() == 0


def test_every_place_opens_without_javascript(plain_page: Any, sample_portal: SamplePortal) -> None:
    plain_page.goto(sample_portal.report)
    closed = plain_page.locator("details.oc4ids-places:not([open]) > summary")
    if closed.count():
        closed.first.click()
    assert plain_page.locator("details.oc4ids-places[open] tbody tr").first.is_visible()


def check(page: Any, path: Any) -> None:
    page.set_input_files("#oc4ids-file", path)
    page.click(".oc4ids-check button[type=submit]")
    page.wait_for_selector(".oc4ids-result, .oc4ids-problem")


def test_validator(page: Any, audit: Any, shot: Any, has_focus: Any) -> None:
    page.goto("/oc4ids/validar")
    check(page, sample("con_errores/moneda_en_minuscula.json"))
    assert "Este archivo no cumple" in page.inner_text(".oc4ids-result")
    has_focus(page, "oc4ids-report")
    shot(page, "validador-no-cumple")
    audit(page)
    with page.expect_download() as download:
        page.click("a[download='oc4ids.csv']")
    assert download.value.suggested_filename == "oc4ids.csv"
    check(page, sample("buenos/dagma.json"))
    assert "Este archivo cumple" in page.inner_text(".oc4ids-result")
    shot(page, "validador-cumple")
    audit(page)


def test_validator_says_what_was_missing(page: Any, audit: Any, shot: Any, has_focus: Any) -> None:
    page.goto("/oc4ids/validar")
    page.click(".oc4ids-check button[type=submit]")
    page.wait_for_selector("#oc4ids-problem")
    has_focus(page, "oc4ids-problem")
    shot(page, "validador-nada-enviado")
    audit(page)


def test_validator_takes_a_dropped_file(page: Any) -> None:
    page.goto("/oc4ids/validar")
    assert page.locator("[data-oc4ids-drop-hint]").is_visible()
    content = sample("con_errores/archivo_vacio.json").read_text(encoding="utf-8")
    page.evaluate(
        """content => {
            const carried = new DataTransfer();
            carried.items.add(new File([content], 'soltado.json', {type: 'application/json'}));
            document.querySelector('[data-oc4ids-drop]').dispatchEvent(
                new DragEvent('drop', {dataTransfer: carried, bubbles: true, cancelable: true}));
        }""",
        content,
    )
    assert page.evaluate("document.getElementById('oc4ids-file').files[0].name") == "soltado.json"
    page.click(".oc4ids-check button[type=submit]")
    page.wait_for_selector(".oc4ids-result")
    assert "soltado.json" in page.inner_text("#oc4ids-report-name")


def test_validator_without_javascript(plain_page: Any) -> None:
    plain_page.goto("/oc4ids/validar")
    assert not plain_page.locator("[data-oc4ids-drop-hint]").is_visible()
    check(plain_page, sample("con_errores/fecha_sin_hora.json"))
    assert "Este archivo no cumple" in plain_page.inner_text(".oc4ids-result")
    plain_page.click(".oc4ids-paste > summary")
    plain_page.fill("#oc4ids-text", sample("buenos/dagma.json").read_text(encoding="utf-8"))
    plain_page.click(".oc4ids-check button[type=submit]")
    assert "Este archivo cumple" in plain_page.inner_text(".oc4ids-result")


def test_list_and_project_without_javascript(plain_page: Any, sample_portal: SamplePortal) -> None:
    plain_page.goto("/infraestructura")
    first = plain_page.locator("[role=main] a[href*='/infraestructura/']").first
    title = first.inner_text()
    first.click()
    assert title in plain_page.inner_text("[role=main]")
