"""Headers of the plugins' own pages, and of no others."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.exceptions import CkanConfigurationException
from ckan.tests import factories
from flask import Response
from support.application import portal
from support.plan_portal import Town

from ckanext.cost_common import config, response_headers

CSP, REPORTED = "Content-Security-Policy", "Content-Security-Policy-Report-Only"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture
def pages(town: Town) -> list[str]:
    """One page of each blueprint, in both languages, and pages that are not there."""
    name = town.plan("paac").name
    own = ["/planes", f"/planes/{name}", f"/planes/{name}/1.1.1", "/infraestructura", "/oc4ids/validar"]
    return [*own, *(f"/en{page}" for page in own), "/planes/no-hay", "/infraestructura/no-hay"]


def policy(response: Any, header: str = CSP) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers[header].split(";"))
    return {name: sources for name, *sources in parts}


def test_every_page_of_ours(town: Town, pages: list[str]) -> None:
    for page in pages:
        response = town.app.get(page)
        headers = response.headers
        assert headers["X-Frame-Options"] == "SAMEORIGIN", page
        assert headers["X-Content-Type-Options"] == "nosniff", page
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin", page
        found = policy(response)
        assert found["object-src"] == ["'none'"], page
        assert found["frame-ancestors"] == ["'self'"], page
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & {*found["script-src"], *found["style-src"]}, (
            page
        )
        assert 'name="htmx-config"' in response.get_data(as_text=True), page


def test_signed_in_and_forms(town: Town) -> None:
    name = town.plan("paac").name
    for page in ("/planes/mis-avisos", f"/planes/{name}/1.1.1/reportar", f"/planes/{name}/1.1.1/evidencia"):
        response = town.get("focal_point", page)
        assert response.status_code == 200, page
        assert policy(response)["form-action"][0] == "'self'"


def test_files_have_no_policy_but_are_what_they_say(town: Town) -> None:
    name = town.plan("paac").name
    response = town.app.get(f"/planes/{name}/archivo/plan.json")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert CSP not in response.headers


def test_pages_of_the_portal_are_as_they_were(town: Town) -> None:
    dataset = factories.Dataset(owner_org=town.obras)
    for page in (
        "/",
        "/dataset/",
        f"/dataset/{dataset['name']}",
        f"/organization/{town.obras}",
        "/about",
        "/no-hay",
    ):
        response = town.app.get(page)
        assert {CSP, REPORTED, "Referrer-Policy"}.isdisjoint(response.headers), page
        assert "htmx-config" not in response.get_data(as_text=True), page


def test_every_blueprint_is_protected() -> None:
    from ckanext.cost_oc4ids import views as oc4ids_views
    from ckanext.ogp_plan import views as plan_views

    for blueprint in (*oc4ids_views.get_blueprints(), *plan_views.get_blueprints()):
        assert blueprint.after_request_funcs[None].count(response_headers.set_headers) == 1, blueprint.name


@pytest.mark.parametrize(
    "css", [".masthead { color: #123456 }", "\r\n  .a { color: red }\r\n  .b > .c {}\r\n"]
)
def test_the_style_of_the_administration_is_allowed_by_its_hash(
    town: Town, monkeypatch: pytest.MonkeyPatch, css: str
) -> None:
    from ckan.lib import app_globals

    monkeypatch.setattr(app_globals.app_globals, "site_custom_css", css, raising=False)
    response = town.app.get("/planes")
    (inline,) = re.findall(r"<style>(.*?)</style>", response.get_data(as_text=True), re.DOTALL)
    assert css.strip() in inline
    digest = hashlib.sha256(inline.replace("\r\n", "\n").encode()).digest()
    assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy(response)["style-src"]


def test_report_only_and_off(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, config.CSP, "report-only")
    response = town.app.get("/planes")
    assert CSP not in response.headers
    assert policy(response, REPORTED)["object-src"] == ["'none'"]
    monkeypatch.setitem(tk.config, config.CSP, "off")
    response = town.app.get("/planes")
    assert {CSP, REPORTED}.isdisjoint(response.headers)
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_sources_of_the_portal(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        tk.config,
        config.CSP_SOURCES,
        "script-src https://stats.example.org; img-src https://*.tiles.example.org data:",
    )
    found = policy(town.app.get("/planes"))
    assert found["script-src"][-1] == "https://stats.example.org"
    assert "https://*.tiles.example.org" in found["img-src"]
    assert "https://stats.example.org" not in found["img-src"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (config.CSP, "severe"),
        (config.CSP, ""),
        (config.CSP_SOURCES, "script-src"),
        (config.CSP_SOURCES, "script-src 'unsafe-inline'"),
        (config.CSP_SOURCES, "script-src 'unsafe-eval'"),
        (config.CSP_SOURCES, "script-src *"),
        (config.CSP_SOURCES, "object-src https://example.org"),
        (config.CSP_SOURCES, "script-src https://example.org\r\nSet-Cookie:a"),
        (config.CSP_SOURCES, "https://example.org"),
    ],
)
def test_options_that_cannot_be_used(
    town: Town, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setitem(tk.config, key, value)
    with pytest.raises(CkanConfigurationException, match=key):
        config.require_valid()


def test_every_option_has_a_reader(town: Town) -> None:
    from ckan.common import config_declaration

    declared = {str(key) for key in config_declaration.iter_options() if str(key).startswith(config.PREFIX)}
    assert declared == set(config.READERS)


def test_a_view_that_may_stand_in_a_frame(town: Town) -> None:
    with town.app.flask_app.test_request_context("/planes"):
        view = response_headers.allow_frames(lambda: Response("<p>", content_type="text/html"))
        response = response_headers.set_headers(view())
    assert "X-Frame-Options" not in response.headers
    assert "frame-ancestors" not in policy(response)


def test_what_a_view_has_set_stays(town: Town) -> None:
    with town.app.flask_app.test_request_context("/planes"):
        response = Response("<p>", content_type="text/html", headers={CSP: "sandbox"})
        assert response_headers.set_headers(response).headers[CSP] == "sandbox"


@pytest.mark.parametrize("blueprint", ["cost_oc4ids_project", "ogp_plan"])
def test_no_page_has_what_xml_forbids(town: Town, blueprint: str) -> None:
    """One rule for the pages of both plugins, wherever the characters come from."""
    with town.app.flask_app.test_request_context("/"):
        page = Response("<p>a\x0b\x07b\x1f\ufffe\ud7ff\n\té</p>", mimetype="text/html")
        response_headers.set_headers(page)
        assert page.get_data(as_text=True) == "<p>a\ufffd\ufffdb\ufffd\ufffd\ud7ff\n\té</p>"
        data = Response("a\x0b", mimetype="application/json")
        response_headers.set_headers(data)
        assert data.get_data(as_text=True) == "a\x0b"
    assert blueprint in response_headers._protected
