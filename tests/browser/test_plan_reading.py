"""Plans as a citizen and a journalist read them: both languages, wide and narrow, by axe, by keyboard, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from support.plan_browser import ORGANISMO, Loaded, addresses, tab_to

pytestmark = pytest.mark.browser

PAGES = (
    "planes", "plan", "plan-tabla", "plan-calendario", "plan-cortes", "plan-nada", "plan-componente", "plan-elemento",
    "plan-elemento-sin-cuota", "plan-hoja", "plan-cambios", "plan-obligaciones", "plan-gobierno-abierto",
    "plan-gobierno-abierto-calendario", "plan-cost", "plan-en-consulta", "plan-en-el-organismo",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_page(page: Any, loaded: Loaded, inspect: Any, name: str) -> None:
    inspect(page, addresses(loaded)[name], name)
    # on a page of CKAN's own, whatever it has (2.11 has two), we add none
    core = name == "plan-en-el-organismo"
    assert page.locator("[class*=ogp-] h1" if core else "h1").count() == (0 if core else 1)


@pytest.mark.parametrize("name", ["planes", "plan", "plan-elemento", "plan-obligaciones"])
def test_page_in_english(page: Any, loaded: Loaded, inspect: Any, name: str) -> None:
    inspect(page, "/en" + addresses(loaded)[name], f"{name}-en", "en")
    main = page.inner_text("[role=main], main")
    for word in ("Responsable", "Cómo va hoy", "Última novedad", "En riesgo", "Vence", "Avance", "Sin cifra"):
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


def test_a_plan_is_read_by_keyboard_alone(page: Any, loaded: Loaded) -> None:
    page.goto("/planes")
    tab_to(page, page.locator(f".ogp-card-title a[href='/planes/{loaded.paac}']"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/planes/{loaded.paac}")
    tab_to(page, page.locator("#ogp-q"))
    page.keyboard.type("diálogo")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=di%C3%A1logo*")
    first = page.locator("#ogp-items .ogp-leaf-title a").first
    tab_to(page, first)
    ring = first.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth")
    assert ring == "solid3px", "who uses the keyboard sees where they are"
    title = first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    assert title in page.inner_text("h1")


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
