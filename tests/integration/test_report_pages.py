"""The page of a verdict, its downloads, the resource's view, badges and the organismo's block."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories
from support import uploads
from support.application import portal
from support.visitor import Visitor, text_of

from ckanext.cost_oc4ids.model import ResourceState


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """The portal, loaded once."""
    with portal() as loaded:
        yield loaded


@pytest.fixture(scope="module")
def scene(app: Any) -> dict[str, Any]:
    """A dataset with a file that conforms and one that does not; another dataset; an editor signed in."""
    editor = uploads.person()
    organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    dataset = factories.Dataset(type="oc4ids", owner_org=organization["id"], user=editor)
    other = factories.Dataset(type="oc4ids", owner_org=organization["id"], user=editor)
    good = uploads.uploaded(app, editor, dataset, uploads.encoded(uploads.package(2)), name="buenos.json")
    bad = uploads.uploaded(app, editor, dataset, uploads.encoded(uploads.broken_package(2)), name="malos.json")
    plain = uploads.uploaded(app, editor, dataset, b"acta", name="acta.txt", conforms_to="", format="TXT")
    signed_in = Visitor(app)
    signed_in.sign_in(editor["name"], uploads.PASSWORD)
    return {
        "app": app,
        "editor": editor,
        "organization": organization,
        "dataset": dataset,
        "other": other,
        "good": good,
        "bad": bad,
        "plain": plain,
        "anonymous": Visitor(app),
        "signed_in": signed_in,
    }


def address(scene: dict[str, Any], which: str = "bad", suffix: str = "") -> str:
    return f"/dataset/{scene['dataset']['name']}/oc4ids/{scene[which]['id']}{suffix}"


class TestPage:
    def test_verdict_comes_first_in_one_sentence(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(address(scene))
        headings = page.find("div", role="main").find_all(["h1", "h2", "h3"])
        assert text_of(headings[0]) == "Este archivo no cumple: 4 errores en 2 proyectos"
        assert headings[0].name == "h1"
        assert len(page.find_all("h1")) <= 2  # the portal's own title may be one

    def test_a_file_that_conforms_says_so(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(address(scene, "good"))
        assert text_of(page.find("div", role="main").find("h1")) == "Este archivo cumple"

    def test_remedy_comes_before_the_message(self, scene: dict[str, Any]) -> None:
        first = scene["anonymous"].page(address(scene)).find(class_="oc4ids-finding")
        paragraphs = first.find_all("p")
        assert text_of(paragraphs[0]).startswith("Qué hacer:")
        assert len(text_of(paragraphs[0])) > len("Qué hacer: ")

    def test_places_have_project_words_pointer_and_value(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(address(scene) + "?severity=error")
        ids = [project["id"] for project in uploads.broken_package(2)["projects"]]
        rows = [text_of(row) for row in page.select(".oc4ids-places tbody tr")]
        for number, project_id in enumerate(ids):
            row = next(row for row in rows if project_id in row and f"/projects/{number}/status" in row)
            assert uploads.SCRIPT in row

    def test_what_was_uploaded_is_text_and_nothing_else(self, scene: dict[str, Any]) -> None:
        answer = scene["anonymous"].get(address(scene)).get_data(as_text=True)
        assert uploads.SCRIPT not in answer
        assert "&lt;script&gt;" in answer

    def test_filter_by_severity(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(address(scene) + "?severity=error")
        classes = {name for each in page.select(".oc4ids-kind") for name in each["class"]}
        assert "oc4ids-kind--error" in classes
        assert not classes & {"oc4ids-kind--warning", "oc4ids-kind--note"}
        assert page.find("option", value="error").has_attr("selected")

    def test_filter_by_project(self, scene: dict[str, Any]) -> None:
        first, second = (project["id"] for project in uploads.broken_package(2)["projects"])
        page = scene["anonymous"].page(f"{address(scene)}?severity=error&project={first}")
        places = text_of(page.find(id="oc4ids-findings"))
        assert first in places
        assert second not in places

    @pytest.mark.parametrize("query", ["?severity=%3Cx%3E", "?page=-1", "?page=zz", "?page=10000", "?project=nada", "?project="])
    def test_queries_written_by_hand_do_no_harm(self, scene: dict[str, Any], query: str) -> None:
        scene["anonymous"].page(address(scene) + query)

    def test_in_english(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page("/en" + address(scene))
        assert text_of(page.find("div", role="main").find("h1")) == "This file does not conform: 4 errors in 2 projects"
        assert "Qué hacer" not in page.get_text()

    @pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
    def test_resource_of_another_dataset_is_not_found(self, scene: dict[str, Any], suffix: str) -> None:
        for visitor in (scene["anonymous"], scene["signed_in"]):
            answer = visitor.get(f"/dataset/{scene['other']['name']}/oc4ids/{scene['bad']['id']}{suffix}")
            assert answer.status_code == 404

    @pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
    def test_no_report_no_page(self, scene: dict[str, Any], suffix: str) -> None:
        assert scene["anonymous"].get(address(scene, "plain", suffix)).status_code == 404
        assert scene["anonymous"].get(f"/dataset/{scene['dataset']['name']}/oc4ids/nada{suffix}").status_code == 404
        assert scene["anonymous"].get(f"/dataset/nada/oc4ids/{scene['bad']['id']}{suffix}").status_code == 404

    def test_only_who_may_change_the_file_gets_the_buttons(self, scene: dict[str, Any]) -> None:
        button = "Validar de nuevo"
        assert button not in scene["anonymous"].page(address(scene)).get_text()
        assert button in scene["signed_in"].page(address(scene)).get_text()


class TestStates:
    @pytest.fixture
    def state(self, scene: dict[str, Any]) -> Any:
        """The row of the bad file, put back afterwards."""
        row = ResourceState.get(scene["bad"]["id"])
        kept = (row.state, row.report_id, row.reason)
        yield row
        model.Session.rollback()
        row = ResourceState.get(scene["bad"]["id"])
        row.state, row.report_id, row.reason = kept
        model.Session.commit()

    @pytest.mark.parametrize(
        ("name", "words"),
        [("pending", "en espera de revisión"), ("error", "no se pudo revisar")],
    )
    def test_without_a_report(self, scene: dict[str, Any], state: Any, name: str, words: str) -> None:
        state.state, state.report_id = name, None
        model.Session.commit()
        page = scene["anonymous"].page(address(scene))
        assert words in text_of(page.find("h1", class_=None) or page.find("div", role="main"))
        assert page.find(class_=f"oc4ids-state--{name}") is not None
        assert scene["anonymous"].get(address(scene, suffix=".csv")).status_code == 404

    def test_stale_shows_the_old_report_and_says_so(self, scene: dict[str, Any], state: Any) -> None:
        state.state = "stale"
        model.Session.commit()
        page = scene["anonymous"].page(address(scene))
        assert page.find(class_="oc4ids-state--stale") is not None
        assert page.find(class_="oc4ids-result") is not None


class TestDownloads:
    def test_json(self, scene: dict[str, Any]) -> None:
        answer = scene["anonymous"].get(address(scene, suffix=".json"))
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert "private" in answer.headers["Cache-Control"]
        report = json.loads(answer.get_data(as_text=True))
        assert report["valid"] is False
        assert report["counts"]["error"] == 4

    def test_csv_opens_in_a_spreadsheet_and_runs_nothing(self, scene: dict[str, Any]) -> None:
        answer = scene["anonymous"].get(address(scene, suffix=".csv"))
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        raw = answer.get_data()
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
        assert list(rows[0])[:2] == ["Gravedad", "Código"]
        errors = [row for row in rows if row["Gravedad"] == "Error"]
        assert len(errors) == 4
        assert any(row["Valor encontrado"] == "'" + uploads.FORMULA for row in errors)
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())

    def test_in_the_readers_language(self, scene: dict[str, Any]) -> None:
        body = scene["anonymous"].get("/en" + address(scene, suffix=".csv")).get_data(as_text=True)
        assert "What to do" in body


class TestWherePeopleLook:
    def test_resource_page_has_verdict_and_projects(self, scene: dict[str, Any]) -> None:
        dataset = scene["dataset"]
        page = scene["anonymous"].page(f"/dataset/{dataset['name']}/resource/{scene['good']['id']}")
        view = page.find(class_="oc4ids-view")
        assert "Este archivo cumple" in text_of(view)
        for project in uploads.package(2)["projects"]:
            assert project["id"] in text_of(view)
        links = [link["href"] for link in view.find_all("a")]
        assert any("/infraestructura/" in link for link in links)
        assert any(link.endswith(address(scene, "good")) for link in links)

    def test_resource_page_of_a_file_that_does_not_conform(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(f"/dataset/{scene['dataset']['name']}/resource/{scene['bad']['id']}")
        assert "Este archivo no cumple" in text_of(page.find(class_="oc4ids-view"))

    @pytest.mark.parametrize("path", ["/dataset/", "/dataset/{name}", "/organization/{organization}"])
    def test_badge_says_it_in_words(self, scene: dict[str, Any], path: str) -> None:
        where = path.format(name=scene["dataset"]["name"], organization=scene["organization"]["name"])
        badge = scene["anonymous"].page(where).find(class_="oc4ids-badge")
        assert text_of(badge) in ("OC4IDS: no cumple", "OC4IDS: cumple", "1 archivo cumple")
        assert badge.find("i")["aria-hidden"] == "true"

    def test_the_dataset_itself_has_a_badge_and_no_empty_rows(self, scene: dict[str, Any]) -> None:
        page = scene["anonymous"].page(f"/dataset/{scene['dataset']['name']}")
        assert text_of(page.find(class_="oc4ids-dataset-status")) == "OC4IDS: no cumple"
        rows = page.find("section", class_="additional-info").select("tbody tr")
        assert rows
        assert all(text_of(row.find("td")) for row in rows)

    def test_a_dataset_without_oc4ids_has_no_badge(self, scene: dict[str, Any]) -> None:
        plain = factories.Dataset(type="oc4ids", owner_org=scene["organization"]["id"], user=scene["editor"])
        page = scene["anonymous"].page(f"/dataset/{plain['name']}")
        assert page.find(class_="oc4ids-badge") is None

    def test_organization_counts_public_things(self, scene: dict[str, Any]) -> None:
        hidden = factories.Dataset(
            type="oc4ids", owner_org=scene["organization"]["id"], user=scene["editor"], private=True
        )
        content = uploads.encoded(uploads.package(1, first=90))
        uploads.uploaded(scene["app"], scene["editor"], hidden, content)
        for visitor in (scene["anonymous"], scene["signed_in"]):
            block = visitor.page(f"/organization/{scene['organization']['name']}").find(class_="oc4ids-organization")
            assert "2 proyectos" in text_of(block)
            assert "1 archivo cumple" in text_of(block)
            assert "1 archivo no cumple" in text_of(block)
            assert f"organization={scene['organization']['name']}" in block.find("a")["href"]

    def test_header_leads_to_projects_and_validator(self, scene: dict[str, Any]) -> None:
        links = {link.get("href") for link in scene["anonymous"].page("/about").find("header").find_all("a")}
        header = scene["anonymous"].page("/about")
        links = {link.get("href") for link in header.find_all("a")}
        assert {"/infraestructura", "/oc4ids/validar"} <= links

    def test_activity_shows_the_verdict(self, scene: dict[str, Any]) -> None:
        page = scene["signed_in"].page(f"/dataset/activity/{scene['dataset']['name']}")
        text = text_of(page.find(class_="activity"))
        assert "no cumple OC4IDS: 4 errores" in text
        assert "cumple OC4IDS: 2 proyectos" in text
        assert any(link["href"].endswith(f"/oc4ids/{scene['bad']['id']}") for link in page.find(class_="activity").find_all("a"))


class TestRefusedUpload:
    """The form of a resource after its file was refused."""

    def refused(self, scene: dict[str, Any], path: str, **fields: Any) -> Any:
        visitor = scene["signed_in"]
        content = uploads.encoded(uploads.broken_package(2))
        form = {
            **visitor.token(path, path),
            "id": "",
            "url_type": "upload",
            "url": "",
            "name": "con cuidado",
            "description": "lo que escribí",
            "format": "JSON",
            "conforms_to": uploads.CONFORMS_TO,
            "upload": (io.BytesIO(content), "malos.json"),
            "save": "go-dataset-complete",
            **fields,
        }
        answer = visitor.post(path, form, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        return BeautifulSoup(answer.get_data(as_text=True), "html.parser")

    @pytest.fixture(scope="class")
    def forms(self, scene: dict[str, Any]) -> dict[str, Any]:
        """The three forms that take a file: of a new resource, of one to be replaced, of a new dataset."""
        dataset = scene["dataset"]
        draft = factories.Dataset(
            type="oc4ids", owner_org=scene["organization"]["id"], user=scene["editor"], state="draft"
        )
        return {
            "new": f"/oc4ids/{dataset['name']}/resource/new",
            "edit": f"/oc4ids/{dataset['name']}/resource/{scene['good']['id']}/edit",
            "draft": f"/oc4ids/{draft['name']}/resource/new",
        }

    @pytest.mark.parametrize("which", ["new", "edit", "draft"])
    def test_short_first_then_the_report_and_the_file_again(
        self, scene: dict[str, Any], forms: dict[str, Any], which: str
    ) -> None:
        page = self.refused(scene, forms[which])
        box = page.find(id="oc4ids-refused")
        assert box["role"] == "alert"
        assert box["tabindex"] == "-1"
        assert box.has_attr("autofocus")
        assert "El archivo no se guardó" in text_of(box)
        assert len(text_of(box)) < 600
        assert box.find("a", href="#field-resource-upload") is not None
        order = [each.get("id") or each["class"][0] for each in page.select("#oc4ids-refused, .oc4ids-section, #field-resource-upload")]
        assert order[0] == "oc4ids-refused"
        assert order[-1] == "field-resource-upload"
        assert "oc4ids-section" in order
        upload = page.find(id="field-resource-upload")
        assert upload["aria-invalid"] == "true"
        described = page.find(id=upload["aria-describedby"])
        assert "Elija el archivo de nuevo." in text_of(described)
        assert page.find(id="resource-url-upload").has_attr("checked")

    @pytest.mark.parametrize("which", ["new", "edit", "draft"])
    def test_what_was_typed_is_still_there(self, scene: dict[str, Any], forms: dict[str, Any], which: str) -> None:
        page = self.refused(scene, forms[which])
        assert page.find("input", attrs={"name": "name"})["value"] == "con cuidado"
        assert "lo que escribí" in page.find("textarea", attrs={"name": "description"}).get_text()

    @pytest.mark.parametrize("which", ["new", "edit", "draft"])
    def test_no_structure_is_printed(self, scene: dict[str, Any], forms: dict[str, Any], which: str) -> None:
        page = self.refused(scene, forms[which])
        words = text_of(page)
        for trace in ("{'", "'code':", "oc4ids_report", "findings'", "None,"):
            assert trace not in words
        assert uploads.SCRIPT in words  # as text
        assert not any("alert('ay')" in (script.string or "") for script in page.find_all("script"))

    def test_nothing_was_changed(self, scene: dict[str, Any], forms: dict[str, Any]) -> None:
        before = tk.get_action("package_show")({"ignore_auth": True}, {"id": scene["dataset"]["id"]})
        self.refused(scene, forms["new"])
        self.refused(scene, forms["edit"])
        after = tk.get_action("package_show")({"ignore_auth": True}, {"id": scene["dataset"]["id"]})
        assert [each["id"] for each in after["resources"]] == [each["id"] for each in before["resources"]]
        assert after["resources"][0]["name"] == before["resources"][0]["name"]

    def test_the_form_of_any_other_dataset_type(self, scene: dict[str, Any]) -> None:
        """A resource of any dataset may declare OC4IDS: then CKAN's own form refuses in the same words."""
        report = json.loads(scene["anonymous"].get(address(scene, suffix=".json")).get_data(as_text=True))
        sentence = "El archivo no cumple."
        with scene["app"].flask_app.test_request_context("/"):
            html = tk.render_snippet(
                "package/snippets/resource_form.html",
                {
                    "data": {"url_type": "", "url": "", "name": "lo que escribí"},
                    "errors": {"upload": [sentence], "oc4ids_report": [report], "format": ["Formato errado"]},
                    "error_summary": {"Archivo": sentence, "Formato": "Formato errado", "Oc4ids report": report},
                    "pkg_name": scene["dataset"]["name"],
                    "dataset_type": "oc4ids",
                    "form_action": "/",
                },
            )
        page = BeautifulSoup(html, "html.parser")
        box = text_of(page.find(id="oc4ids-refused"))
        assert "El archivo no se guardó" in box
        assert "Formato: Formato errado" in box
        assert box.count(sentence) == 1
        assert "{" not in box
        assert page.find(id="field-resource-upload")["aria-invalid"] == "true"
        assert page.find(id="resource-url-upload").has_attr("checked")
        assert page.find(class_="error-explanation") is None

    def test_other_mistakes_are_shown_as_ever(self, scene: dict[str, Any]) -> None:
        with scene["app"].flask_app.test_request_context("/"):
            html = tk.render_snippet(
                "package/snippets/resource_form.html",
                {
                    "data": {},
                    "errors": {"name": ["Falta"]},
                    "error_summary": {"Nombre": "Falta"},
                    "pkg_name": scene["dataset"]["name"],
                    "dataset_type": "oc4ids",
                    "form_action": "/",
                },
            )
        page = BeautifulSoup(html, "html.parser")
        assert page.find(id="oc4ids-refused") is None
        assert "Nombre: Falta" in text_of(page.find(class_="error-explanation"))
