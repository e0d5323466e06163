"""The pages of projects: what stands on them, what never does, and addresses of any id."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from ckan import model
from ckan.tests import factories
from support import generate
from support.projects import dataset, encode, project, put

from ckanext.cost_oc4ids import urls

pytestmark = pytest.mark.usefixtures("with_plugins", "sample")

#: ids that a path, a query, an attribute or a proxy could take for something else
ODD_IDS = [
    "oc4ids-zz9999-a/b", "oc4ids zz 9999", "100%", "%2F", "a%2Fb", "ñandú—工程", "a?b=c&d#e", "x\"'<b>y", "a+b", "a;b=1",
    "..", ".", "a/../b", "/inicio", "fin/", "a//b", "a\\b", " espacio", "espacio ", "a\tb", "proyecto.json", "projects.json",
    "x" * 1500, "{{7*7}}", "javascript:alert(1)",
]  # fmt: skip


class Links(HTMLParser):
    """Every link of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "a":
            self.found.append({name: value or "" for name, value in attrs})


@pytest.fixture(scope="module")
def sample(empty_portal: None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    body = factories.Organization(name="vias", title="Secretaría de Vías <i>")
    data["dataset"] = dataset(body, title="Obras de la ciudad")
    made = [generate.project(number, "medium", 3) for number in range(25)]
    data["rich"] = made[0]
    put(data["dataset"], *map(encode, made))
    odd = dataset(body, title="Raros")
    put(odd, *(project(one, title=f"Raro {place}") for place, one in enumerate(ODD_IDS)))
    hidden = dataset(body, title="Oculto", private=True)
    put(hidden, project("oc4ids-zz9999-oculto", title="Obra oculta"))
    hostile = dataset(body, title="Hostil")
    put(
        hostile,
        project(
            "hostil",
            title="<script>alert('t')</script>",
            description="<img src=x onerror=alert(1)>{{ 7*7 }}",
            status="<b>",
            sector=["<i>x</i>"],
            publicAuthority={"id": "1", "name": "<u>Autoridad</u>"},
            locations=[{"id": "1", "description": "<svg onload=alert(1)>"}],
            parties=[{"id": "1", "name": "<s>", "contactPoint": {"url": "javascript:alert(1)"}}],
            documents=[
                {"id": "1", "title": "Malo", "url": "javascript:alert(1)"},
                {"id": "2", "title": "Datos", "url": "data:text/html,x"},
                {"id": "3", "title": "Bueno", "url": 'https://example.org/?a=1&b="><script>'},
                {"id": "4", "title": "Sin esquema", "url": "//example.org/x"},
            ],
            contractingProcesses=[{"id": "1", "releases": [{"id": "1", "url": "javascript:alert(2)"}]}],
        ),
    )
    return data


@pytest.fixture(autouse=True)
def rolled_back() -> Any:
    """Leave no transaction, nor its lock, to the next test."""
    yield
    model.Session.rollback()


class TestList:
    def test_titles_counts_and_links(self, app: Any) -> None:
        page = app.get("/infraestructura").body
        assert page.count("<h1") == 1
        assert f"{25 + len(ODD_IDS) + 1} proyectos" in page
        assert '<html lang="es"' in page
        assert "<title>Proyectos de infraestructura" in re.sub(r"\s+", " ", page).replace(
            "<title> ", "<title>"
        )
        assert 'rel="alternate" type="application/json"' in page
        assert app.get("/infraestructura/").status_code == 200

    def test_the_address_is_the_state(self, app: Any) -> None:
        page = app.get("/infraestructura?q=raro&sort=title+asc&status=implementation").body
        assert 'value="raro"' in page
        assert re.search(r'value="implementation"[^>]* checked', page)
        assert re.search(r'value="title asc" selected', page)
        following = [link["href"] for link in Links(page).found if link.get("rel") == "next"]
        assert following
        assert "q=raro" in following[0]
        assert "page=2" in following[0]
        assert 'aria-current="page"' in app.get(following[0]).body

    def test_what_finds_nothing_helps(self, app: Any) -> None:
        page = app.get("/infraestructura?q=zzzzzz&status=completion").body
        assert "Ningún proyecto coincide" in page
        assert "Quite uno de los filtros" in page
        assert "No hay tantas páginas" in app.get("/infraestructura?page=40").body

    def test_no_address_breaks_it(self, app: Any) -> None:
        addresses_by_hand = [
            "page=0", "page=-1", "page=x", "page=99999999999999999999", "sort=%00", "year=abc", "status=" + "x" * 400,
            "q=" + "y" * 600, "q=%00", "q='%3B--", "organization=%3Cscript%3E", "&".join(f"status={n}" for n in range(60)),
            "project=%00", "project=..", "q=%F0%9F%8C%89", "sector[]=1", "q=%C3%28",
        ]  # fmt: skip
        for query in addresses_by_hand:
            answer = app.get(f"/infraestructura?{query}", expect_errors=True)
            assert answer.status_code in (200, 404), query
            assert "<script>alert" not in answer.body

    def test_private_projects_are_not_there(self, app: Any) -> None:
        assert "Obra oculta" not in app.get("/infraestructura?q=oculta").body

    def test_an_empty_registry_says_what_to_expect(self, app: Any, monkeypatch: Any) -> None:
        from ckanext.cost_oc4ids.projects import search as project_search

        monkeypatch.setattr(
            project_search,
            "search",
            lambda *_: project_search.SearchResult(facets={n: {} for n in project_search.FACETS}),
        )
        page = app.get("/infraestructura").body
        assert "Todavía no se ha publicado ningún proyecto" in page


class TestPage:
    def test_it_tells_what_where_who_how_much_until_when(self, app: Any, sample: dict[str, Any]) -> None:
        rich = sample["rich"]
        page = app.get(f"/infraestructura/{rich['id']}").body
        for words in (
            "Qué es",
            "Dónde",
            "Entidad responsable",
            "Cuánto cuesta",
            "Hasta cuándo",
            "Contratos",
            "Documentos",
        ):
            assert words in page
        assert page.count("<h1") == 1
        amount = f"{int(rich['budget']['amount']['amount']):,}".replace(",", ".")
        assert amount in page
        assert rich["parties"][0]["name"] in page
        assert f"/oc4ids/projects/{rich['id']}.json" in page
        source = f"/dataset/{sample['dataset']['name']}/resource/{sample['dataset']['resources'][0]['id']}"
        assert page.count(source) >= 4  # each figure says where it comes from

    def test_in_english_too(self, app: Any, sample: dict[str, Any]) -> None:
        page = app.get(f"/en/infraestructura/{sample['rich']['id']}").body
        assert '<html lang="en"' in page
        assert "What it costs" in page

    def test_hidden_and_unknown_are_the_same_404(self, app: Any) -> None:
        bodies = []
        for project_id in ("oc4ids-zz9999-oculto", "oc4ids-zz9999-ninguno"):
            answer = app.get(f"/infraestructura/{project_id}", status=404)
            bodies.append(re.sub(r'content="[^"]*"|value="[^"]*"', "", answer.body).replace(project_id, "ID"))
            assert app.get(f"/oc4ids/projects/{project_id}.json", status=404).json["error"]
        assert bodies[0] == bodies[1]

    def test_hostile_texts_are_only_text(self, app: Any) -> None:
        page = app.get("/infraestructura/hostil").body
        for tag in ("<script>alert", "<img src=x", "<svg onload", "<u>Autoridad", "<i>x</i>", "<s>"):
            assert tag not in page
        assert "{{ 7*7 }}" in page
        outward = [link for link in Links(page).found if link.get("rel", "").startswith("noopener")]
        assert [link["href"] for link in outward] == ['https://example.org/?a=1&b="><script>']
        assert not [
            link
            for link in Links(page).found
            if link.get("href", "").startswith(("javascript:", "data:", "//"))
        ]


class TestAddresses:
    def test_every_id_has_a_page_and_a_package_at_its_links(self, app: Any) -> None:
        for project_id in ODD_IDS:
            with app.flask_app.test_request_context("/"):
                page, package = urls.page_url(project_id), urls.json_url(project_id)
                for address in (urls.page_url, urls.json_url):
                    assert urls.make_url_builder(address)(project_id) == address(project_id, qualified=True)
            assert "//" not in urlsplit(page).path, project_id
            answer = app.get(page, follow_redirects=False)
            assert answer.status_code == 200, project_id
            assert app.get(package, follow_redirects=False).json["projects"][0]["id"] == project_id

    def test_links_on_the_list_lead_to_the_pages(self, app: Any) -> None:
        hrefs: set[str] = set()
        for number in (1, 2, 3):
            page = app.get(f"/infraestructura?sort=title+desc&q=raro&page={number}").body
            hrefs |= {
                link["href"] for link in Links(page).found if "/infraestructura" in link.get("href", "")
            }
        shown = [href for href in hrefs if re.match(r"/infraestructura(/|\?project=)", href)]
        assert len(shown) == len(ODD_IDS)
        assert {unquote(urlsplit(href).path) for href in shown} >= {
            f"/infraestructura/{one}" for one in ("a+b", "100%")
        }
