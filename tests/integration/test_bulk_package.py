"""The bulk package: valid, public, cheap to ask for again, and harmless to the portal's connections."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from support import generate
from support.projects import as_sysadmin, dataset, encode, project, put, unique

from ckanext.cost_oc4ids.projects import bulk as bulk_projects

pytestmark = pytest.mark.usefixtures("with_plugins", "sample")

URL = "/oc4ids/projects.json"
WORKER = Path(__file__).parents[1] / "conformance" / "libcove_worker.py"


@pytest.fixture(scope="module")
def sample(empty_portal: None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    body, other = factories.Organization(), factories.Organization()
    data["body"], data["dataset"], data["other"] = body, dataset(body), dataset(other)
    put(data["dataset"], *(encode(generate.project(number, "medium", 5)) for number in range(12)))
    put(data["other"], encode(generate.project(500, "large", 5)))
    put(dataset(body, private=True), project("oc4ids-zz9999-oculto"))
    return data


@pytest.fixture(autouse=True)
def rolled_back() -> Any:
    """Leave no transaction, nor its lock, to the next test."""
    yield
    model.Session.rollback()


def open_connections() -> int:
    return model.meta.engine.pool.checkedout()


class TestContents:
    def test_all_that_is_public_in_order_and_as_published(self, app: Any) -> None:
        answer = app.get(URL)
        package = json.loads(answer.data)
        ids = [one["id"] for one in package["projects"]]
        assert ids == sorted(ids)
        assert len(ids) == 13
        assert "oc4ids-zz9999-oculto" not in answer.body
        assert encode(generate.project(3, "medium", 5)) in answer.data
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.ckan_config("ckanext.cost_oc4ids.publisher_name", "Alcaldía de «Cali»")
    @pytest.mark.ckan_config("ckanext.cost_oc4ids.publisher_scheme", "CO-RUE")
    @pytest.mark.ckan_config("ckanext.cost_oc4ids.publisher_uid", "890399011")
    @pytest.mark.ckan_config("ckanext.cost_oc4ids.publication_policy", "https://example.org/politica")
    def test_says_who_where_when_and_under_which_licence(self, app: Any) -> None:
        package = app.get(URL).json
        assert package["version"] == "0.9"
        assert package["uri"] == "http://test.ckan.net/oc4ids/projects.json"
        assert package["publishedDate"].endswith("-05:00")
        assert package["publisher"]["name"] == "Alcaldía de «Cali»"
        assert (package["publisher"]["scheme"], package["publisher"]["uid"]) == ("CO-RUE", "890399011")
        assert package["license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert package["publicationPolicy"] == "https://example.org/politica"
        assert app.get("/es" + URL).json["uri"] == package["uri"]

    def test_valid_by_our_own_check_and_by_the_reviewer(
        self, app: Any, reference: Path, tools_python: str
    ) -> None:
        from ckanext.cost_oc4ids.oc4ids import validator
        from ckanext.cost_oc4ids.oc4ids.types import Options

        one = generate.project(3, "medium", 5)["id"]
        for address in (URL, f"/oc4ids/projects/{one}.json"):
            data = app.get(address).data
            report = validator.validate(io.BytesIO(data), Options())
            assert report.valid, [finding.code for finding in report.findings]
            reviewed = review(tools_python, reference, data)
            assert "errors" in reviewed, reviewed
            assert (reviewed["errors"], reviewed["closed"]) == ([], {})

    def test_one_project(self, app: Any) -> None:
        one = generate.project(3, "medium", 5)["id"]
        answer = app.get(f"/oc4ids/projects/{one}.json")
        assert [found["id"] for found in answer.json["projects"]] == [one]
        assert answer.json["uri"] == f"http://test.ckan.net/oc4ids/projects/{one}.json"
        again = app.get(f"/oc4ids/projects/{one}.json", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304

    def test_nothing_published_is_404_in_json(self, app: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(bulk_projects, "last_change", lambda *_: None)
        answer = app.get(URL, status=404)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.json["error"] == "Todavía no se ha publicado ningún proyecto."
        assert open_connections() <= 1


def review(python: str, reference: Path, data: bytes) -> dict[str, Any]:
    """What libcoveoc4ids says of a package, in its own environment."""
    request = json.dumps({"json": data.decode()}) + "\n"
    done = subprocess.run(
        [python, str(WORKER), str(reference)],
        input=request,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


class TestAskingAgain:
    def test_conditional_requests(self, app: Any) -> None:
        first = app.get(URL)
        tag, moment = first.headers["ETag"], first.headers["Last-Modified"]
        for headers in (
            {"If-None-Match": tag},
            {"If-None-Match": f'"x", {tag}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": moment},
        ):
            again = app.get(URL, headers=headers)
            assert (again.status_code, again.data) == (304, b""), headers
            assert again.headers["ETag"] == tag
        for headers in (
            {"If-None-Match": '"other"'},
            {"If-None-Match": '"other"', "If-Modified-Since": moment},
            {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"},
            {"If-Modified-Since": "nonsense"},
        ):
            assert app.get(URL, headers=headers).status_code == 200, headers

    def test_head(self, app: Any) -> None:
        answer = app.flask_app.test_client().head(URL)
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["ETag"] == app.get(URL).headers["ETag"]

    def test_gzip(self, app: Any) -> None:
        plain = app.get(URL)
        assert "Content-Encoding" not in plain.headers
        assert (
            app.get(URL, headers={"Accept-Encoding": "gzip;q=0, br"}).headers.get("Content-Encoding") is None
        )
        zipped = app.get(URL, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in zipped.headers["Vary"]
        assert gzip.decompress(zipped.data) == plain.data
        assert len(zipped.data) < len(plain.data) / 4

    def test_the_date_moves_with_what_is_public_and_only_then(self, app: Any, sample: dict[str, Any]) -> None:
        def date() -> str:
            return app.get(URL).json["publishedDate"]

        before, tag = date(), app.get(URL).headers["ETag"]
        put(sample["other"], encode(generate.project(500, "large", 5)))  # the same again
        assert (date(), app.get(URL).headers["ETag"]) == (before, tag)
        as_sysadmin("package_patch", id=sample["other"]["id"], private=True)
        gone = app.get(URL)
        assert len(gone.json["projects"]) == 12
        assert gone.json["publishedDate"] >= before
        assert gone.headers["ETag"] != tag
        as_sysadmin("package_patch", id=sample["other"]["id"], private=False)
        assert len(app.get(URL).json["projects"]) == 13
        assert date() >= gone.json["publishedDate"]
        assert date() == date()


class TestConnections:
    def test_given_back_when_read_when_left_and_when_not_begun(
        self, app: Any, sample: dict[str, Any]
    ) -> None:
        put(
            sample["other"],
            encode(generate.project(500, "large", 5)),
            *(project(unique(), description="x" * 50_000) for _ in range(60)),
        )
        before = open_connections()
        client = app.flask_app.test_client()
        for chunks in (0, 1, 3, None):
            answer = client.get(URL, buffered=False)
            if chunks is None:
                assert len(answer.data) > 3_000_000
            else:
                stream = answer.iter_encoded()
                for _ in range(chunks):
                    next(stream)
            answer.close()
            model.Session.remove()
            assert open_connections() <= before, chunks
        for headers in ({"If-None-Match": "*"}, {}):
            client.head(URL, headers=headers).close()
        model.Session.remove()
        assert open_connections() <= before
        # the other tests count what is public
        put(sample["other"], encode(generate.project(500, "large", 5)))

    def test_a_database_that_fails_gives_its_connection_back(self, app: Any, monkeypatch: Any) -> None:
        def fail(*_: Any) -> Any:
            raise RuntimeError("out of luck")

        before = open_connections()
        monkeypatch.setattr(bulk_projects, "last_change", fail)
        with pytest.raises(RuntimeError):
            app.get(URL)
        model.Session.remove()
        assert open_connections() <= before
