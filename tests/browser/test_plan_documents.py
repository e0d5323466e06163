"""Importing a plan and freezing a cut, as an official and Control Interno do: with the keyboard, axe, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ckan import model
from support import application, plan_browser, plan_files
from support.plan_portal import Town, paac
from support.sample_portal import SamplePortal

from ckanext.ogp_plan.planning.types import Declared

pytestmark = pytest.mark.browser

PASSWORD = "Una-clave-larga-1"
ROWS = [
    *plan_files.ROWS,
    ("", "", "Publicar las listas de asistencia", "", [], "", "", "", ""),
    ("2.2", "Oír a los vecinos", "Hacer encuentros en los barrios", "Cuatro (4) encuentros", [3, 6, 9, 12], "Encuentros hechos", "Número de encuentros", 4, "Oficina de los Vecinos"),
]


@pytest.fixture(scope="module")
def town(sample_portal: SamplePortal) -> Iterator[Town]:
    """Organismos and people of plans, beside the sample data; after it, as it empties the database first."""
    made = Town.build(application.client())
    for who in ("owner_admin", "control"):
        model.User.get(made.names[who]).password = PASSWORD
    model.Session.commit()
    yield made
    model.Session.remove()


def sign_in(page: Any, town: Town, who: str) -> None:
    plan_browser.sign_in(page, str(town.names[who]), PASSWORD)


def seen(page: Any, audit: Any, shot: Any, name: str) -> None:
    assert page.get_attribute("html", "lang").startswith("es")
    assert page.locator("h1").count() == 1
    shot(page, name)
    audit(page)


def test_an_official_imports_a_plan_and_corrects_it(plain_page: Any, town: Town, audit: Any, shot: Any, page: Any) -> None:
    """Without JavaScript; the pages are audited with it, on the same addresses."""
    sign_in(plain_page, town, "owner_admin")
    page.context.add_cookies(plain_page.context.cookies())
    plain_page.goto("/planes/importar")
    plain_page.set_input_files("#ogp-upload", {"name": "paac.xlsx", "mimeType": "application/octet-stream", "buffer": plan_files.f014(ROWS)})
    plain_page.select_option("#ogp-family", "paac")
    plain_page.select_option("#ogp-owner", town.owner)
    plain_page.fill("#ogp-name", "plan-del-navegador")
    plain_page.fill("#ogp-title", "Plan anticorrupción del navegador")
    plain_page.press("#ogp-title", "Enter")
    plain_page.wait_for_url("**/planes/importar/*-*")
    act = plain_page.url
    page.goto("/planes/importar")
    seen(page, audit, shot, "planes-importar")
    page.goto(act)
    seen(page, audit, shot, "planes-importar-acta")
    for question in plain_page.locator("fieldset.ogp-box").all():
        question.locator("input[type=radio]").first.check()
    plain_page.click("button[value=answer]")
    plain_page.click("button[value=apply]")
    plain_page.wait_for_selector(".ogp-done")
    page.goto(act)
    seen(page, audit, shot, "planes-importar-aplicada")
    page.goto("/planes/plan-del-navegador/importar")
    assert page.locator("text=Oficina de los Vecinos").count()
    seen(page, audit, shot, "planes-importar-corregir")


def test_the_keyboard_is_enough_to_answer(page: Any, town: Town) -> None:
    sign_in(page, town, "owner_admin")
    page.goto("/planes/importar")
    page.set_input_files("#ogp-upload", {"name": "paac.xlsx", "mimeType": "application/octet-stream", "buffer": plan_files.f014(ROWS)})
    page.select_option("#ogp-family", "paac")
    page.select_option("#ogp-owner", town.owner)
    page.fill("#ogp-name", "plan-del-teclado")
    page.press("#ogp-name", "Enter")
    page.wait_for_url("**/planes/importar/*-*")
    for number in range(1, page.locator("fieldset.ogp-box").count() + 1):
        page.locator(f"input[type=radio][name=answer-{number}]").first.focus()
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value=apply]")
    page.locator("button[value=apply]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".ogp-done")


def test_who_a_group_is_is_marked_and_saved(plain_page: Any, town: Town, audit: Any, shot: Any, page: Any, has_focus: Any) -> None:
    """With the keyboard and without JavaScript; in Spanish and English, wide and narrow, with an error and without."""
    body = paac(town)
    body.groups = [replace(body.groups[0], size=3, members=())]
    plan = town.plan("paac", "adoptado", body=body)
    sign_in(plain_page, town, "owner_admin")
    page.context.add_cookies(plain_page.context.cookies())
    url = f"/planes/{plan.name}/importar"
    page.goto(url)
    seen(page, audit, shot, "planes-grupo")
    assert page.goto(f"/en{url}?grupo=organismos").status == 200
    assert page.get_attribute("html", "lang") == "en"
    assert page.locator("#grupo legend").inner_text() == "Organismos of this group"
    audit(page)
    # with the keyboard only: too many, so it comes back with what was marked
    page.goto(url)
    boxes = page.locator("#ogp-members input[type=checkbox]")
    boxes.first.focus()
    for _ in range(4):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.fill("#ogp-act_name", "Acta 7 de 2026")
    page.fill("#ogp-reason", "La lista del decreto")
    page.press("#ogp-act_name", "Enter")
    page.wait_for_selector("#ogp-members-error")
    has_focus(page, "ogp-problems")
    assert page.locator("#ogp-members input:checked").count() == 4
    assert page.input_value("#ogp-reason") == "La lista del decreto"
    seen(page, audit, shot, "planes-grupo-error")
    page.locator("#ogp-members input:checked").first.focus()
    page.keyboard.press("Space")
    page.press("#ogp-act_name", "Enter")
    page.wait_for_selector(".ogp-done")
    assert page.locator("#grupos article").inner_text().count("Identificados: 3 de 3") == 1
    seen(page, audit, shot, "planes-grupo-guardado")
    # without JavaScript, as anybody
    plain_page.goto(url)
    plain_page.click("#grupos article a.btn")
    plain_page.locator("#ogp-members input:checked").first.uncheck()
    plain_page.fill("#ogp-act_name", "Acta 8 de 2026")
    plain_page.fill("#ogp-reason", "Uno no hace parte")
    plain_page.click("#grupo button[type=submit]")
    plain_page.wait_for_selector(".ogp-done")
    assert "Identificados: 2 de 3" in plain_page.locator("#grupos").inner_text()


def test_control_interno_freezes_and_publishes(page: Any, town: Town, audit: Any, shot: Any) -> None:
    plan = town.plan("paac")
    town.update(plan, ("fila", "1.1.1"), organization=town.obras, state=Declared.ONGOING, period="2026-03", text="Se revisó la mitad.")
    sign_in(page, town, "control")
    cuts_url = f"/planes/{plan.name}/cortes"
    page.goto(cuts_url)
    seen(page, audit, shot, "planes-cortes")
    page.locator("button[value=freeze]").first.click()
    page.wait_for_selector(".ogp-done")
    page.locator("button[value=publish]").first.click()
    page.wait_for_selector(".ogp-done")
    seen(page, audit, shot, "planes-cortes-publicado")
    town.update(plan, ("fila", "1.1.1"), organization=town.obras, state=Declared.DONE, period="2026-04", text="Quedó listo después.")
    page.goto(f"/planes/{plan.name}/corte/2026-04-30?verificar=1")
    assert page.locator("#verificar .ogp-done").count() == 1
    seen(page, audit, shot, "planes-corte")
    page.goto(f"/planes/{plan.name}/corte/2026-12-31")
    seen(page, audit, shot, "planes-corte-abierto")
    assert page.goto(f"/en/planes/{plan.name}/corte/2026-04-30").status == 200
    assert page.get_attribute("html", "lang") == "en"
    shot(page, "planes-corte-en")
    audit(page)
