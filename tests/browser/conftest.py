"""A served portal with people, datasets and files; a browser for each of them; and what every page is held to."""

from __future__ import annotations

import configparser
import datetime as dt
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from support import application, demo_plans, uploads
from support.application import portal
from support.plan_browser import ORGANISMO, PEOPLE, Loaded, sign_in
from support.sample_portal import SamplePortal, sample

from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.services import cut as cut_service

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
WIDTHS = (1280, 390)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
#: Rules of these tags on the whole page. Only violations are listed element by element: a list of all that passes has
#: thousands of them and takes more time than the rules.
AXE_RUN = """async tags => {
    const found = await axe.run({runOnly: tags, resultTypes: ['violations'], preload: false});
    return {passes: found.passes.length, violations: found.violations};
}"""
#: CKAN's own markup, on pages of its own that we only add to: links of its facets, headings of its resource
#: lists and its account bar carry an aria-label that does not repeat their visible text (a rule that axe
#: counts as experimental). Ours are never excused: an element of ours has a class or an id beginning with oc4ids or ogp.
CORE_ONLY = {"label-content-name-mismatch"}
OF_OURS = re.compile(r'<[^>]*\s(?:class|id)="[^"]*(?:oc4ids|ogp)')
SECONDS = 30


def until(what: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Wait for what a worker does; return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.3)
    pytest.fail(f"waited {seconds} s in vain")


@pytest.fixture(scope="session")
def sample_portal(live_portal: Any) -> SamplePortal:
    """People and datasets, made through the portal's API: one file that conforms, one that does not."""
    with portal():
        editor = uploads.person(name="editora", fullname="Editora de Vivienda", email="editora@example.org")
        organization = factories.Organization(
            name="secretaria-de-vivienda",
            title="Secretaría de Vivienda Social y Hábitat",
            description="Vivienda, mejoramiento de barrios y espacio público.",
            users=[{"name": editor["name"], "capacity": "editor"}],
        )
    made = SamplePortal(live_portal.url, editor, organization, {}, "", {}, {})
    made.published = made.call(
        "package_create",
        type="oc4ids",
        name="obras-de-vivienda",
        title="Obras de vivienda y hábitat",
        notes="Proyectos de infraestructura de la Secretaría (datos de demostración).",
        owner_org=organization["id"],
    )
    made.good = _resource(
        made, "Proyectos 2026", sample("buenos/secretaria-de-vivienda.json"), conforms_to=uploads.CONFORMS_TO
    )
    # accepted as any file, and replaced behind the portal's back: the worker validates what it finds
    made.bad = _bad_resource(made, live_portal)
    made.report = f"/dataset/{made.published['name']}/oc4ids/{made.bad['id']}"
    return made


def _resource(made: SamplePortal, name: str, path: Path, **fields: str) -> dict[str, Any]:
    with path.open("rb") as content:
        return made.call(
            "resource_create",
            {"upload": (path.name, content, "application/json")},
            package_id=made.published["id"],
            name=name,
            format="JSON",
            **fields,
        )


def _bad_resource(made: SamplePortal, live_portal: Any) -> dict[str, Any]:
    """A file that conformed when it was uploaded, changed in the storage since, as an administrator accepted it."""
    source = sample("buenos/secretaria-de-infraestructura.json")
    resource = _resource(made, "Proyectos por corregir", source, conforms_to=uploads.CONFORMS_TO)
    content = json.loads(source.read_text(encoding="utf-8"))
    for project in content["projects"]:
        project["updated"] = "2026-01-15"
        project["titulo"] = project["title"]
        for contract in project.get("contractingProcesses", []):
            value = contract.get("summary", {}).get("contractValue")
            if value:
                value["currency"] = "cop"
    content["projects"][0]["status"] = "en ejecución"
    parser = configparser.RawConfigParser()
    parser.read(live_portal.ini, encoding="utf-8")
    storage = Path(parser.get("app:main", "ckan.storage_path"))
    stored = next(path for path in storage.rglob(resource["id"][6:]) if path.is_file())
    stored.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    ckan = Path(sys.executable).with_name("ckan")
    words = ("cost-oc4ids", "revalidate", "--resource", resource["id"], "--accept-content")
    command = [ckan, "-c", live_portal.ini, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "invalid" in done.stdout, done.stdout + done.stderr
    until(lambda: made.call("oc4ids_report_show", resource_id=resource["id"])["state"] == "invalid")
    return resource


@pytest.fixture(scope="session")
def editor_state(sample_portal: SamplePortal, chromium: Any) -> list[Any]:
    """Cookies of the editor, who signed in once with CKAN's form."""
    return _cookies_of(chromium, sample_portal, sample_portal.editor["name"])


def _cookies_of(chromium: Any, sample_portal: SamplePortal, name: str) -> list[Any]:
    """Return the cookies of somebody after signing in."""
    context = chromium.new_context(base_url=sample_portal.url)
    sign_in(context.new_page(), name, uploads.PASSWORD)
    cookies: list[Any] = context.cookies()
    context.close()
    return cookies


@pytest.fixture(scope="session")
def contexts(chromium: Any, sample_portal: SamplePortal) -> Iterator[Callable[..., Any]]:
    """Give the browser's context of a name: one for the whole run, so that scripts and styles are loaded once."""
    made: dict[str, Any] = {}

    def get(name: str, **options: Any) -> Any:
        if name not in made:
            made[name] = chromium.new_context(base_url=sample_portal.url, locale="es-CO", **options)
        return made[name]

    yield get
    for context in made.values():
        context.close()


def _page(context: Any, cookies: Iterable[Any] = ()) -> Iterator[Any]:
    """Open a page of a context that knows nothing of the one before but what is in the cache of files."""
    context.clear_cookies()
    context.add_cookies(list(cookies))
    page = context.new_page()
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.set_default_timeout(SECONDS * 1000)
    # switches dialogues off from the start: doing so when one is expected comes too late for a key press
    page.on("filechooser", lambda _: None)
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    # what the policy of the page stops, and what it only reports
    page.on(
        "console",
        lambda message: mistakes.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    page.close()
    assert not mistakes, f"scripts failed, or the policy stopped something: {mistakes}"


@pytest.fixture
def page(contexts: Callable[..., Any]) -> Iterator[Any]:
    """A visitor's page."""
    yield from _page(contexts("visitor"))


@pytest.fixture
def plain_page(contexts: Callable[..., Any]) -> Iterator[Any]:
    """A visitor's page without JavaScript."""
    yield from _page(contexts("plain", java_script_enabled=False))


@pytest.fixture
def editor_page(contexts: Callable[..., Any], editor_state: list[Any]) -> Iterator[Any]:
    """The editor's page."""
    yield from _page(contexts("editor"), editor_state)


@pytest.fixture(scope="session")
def loaded(sample_portal: SamplePortal) -> Iterator[Loaded]:
    """Plans and their year, beside the sample data; after it, as it empties the database first."""
    app = application.client()
    with app.flask_app.test_request_context("/"):
        ids = {
            name: factories.User(
                name=name, fullname=title, password=uploads.PASSWORD, email=f"{name}@example.org"
            )["id"]
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
            loaded.states[name] = _cookies_of(chromium, sample_portal, name)
        target = on or page
        target.context.add_cookies(loaded.states[name])
        return target

    return sign


@pytest.fixture
def has_focus() -> Callable[..., None]:
    """Wait until an element has the focus; fail when it never gets it."""

    def wait(page: Any, element_id: str) -> None:
        page.wait_for_function("id => document.activeElement.id === id", arg=element_id, timeout=5000)

    return wait


@pytest.fixture
def shot() -> Callable[..., None]:
    """Take pictures of a page at both widths, for people to look at, where ``make screenshots`` asks for them."""

    def take(page: Any, name: str) -> None:
        if not os.environ.get("OC4IDS_SCREENSHOTS"):
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    return take


@pytest.fixture
def audit(axe_source: str) -> Callable[..., None]:
    """Hold a page to WCAG 2.1 AA, wide and narrow, and to standing in its window."""

    def check(page: Any) -> None:
        page.evaluate(axe_source)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate(AXE_RUN, WCAG)
            assert found["passes"], "axe looked at nothing"
            broken = _ours(found["violations"])
            assert not broken, (
                f"{page.url} at {width} px:\n{json.dumps(broken, indent=1, ensure_ascii=False)}"
            )
            _check_width(page, width)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    return check


@pytest.fixture
def inspect(shot: Callable[..., None], audit: Callable[..., None]) -> Callable[..., None]:
    """Open a page in a language, take its picture and audit it."""

    def check(page: Any, address: str, name: str, lang: str = "es") -> None:
        assert page.goto(address).status == 200
        assert page.get_attribute("html", "lang") == lang
        shot(page, name)
        audit(page)

    return check


def _ours(violations: list[dict[str, Any]]) -> list[Any]:
    """Violations, without those that CKAN's own elements have of the kinds in :data:`CORE_ONLY`."""
    violated = []
    for violation in violations:
        for node in violation["nodes"]:
            if violation["id"] in CORE_ONLY and not OF_OURS.match(node["html"]):
                continue
            violated.append([violation["id"], node["target"], node["html"][:300], node["failureSummary"]])
    return violated


def _check_width(page: Any, width: int) -> None:
    """Nothing of ours sticks out sideways, other than inside of what scrolls by itself.

    CKAN's own grid overhangs a narrow window by half a gutter (6 px), on every page.
    """
    out = page.evaluate(
        """width => [...document.querySelectorAll('[class*="oc4ids"], [class*="ogp"]')]
            .filter(e => !e.closest('.oc4ids-scroll, .ogp-scroll, .ogp-tabs'))
            .filter(e => e.getBoundingClientRect().right > width + 8)
            .map(e => e.className)""",
        width,
    )
    assert not out, f"{page.url} at {width} px: wider than the window: {out}"
