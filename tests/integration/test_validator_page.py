"""The public validator as somebody without JavaScript meets it."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from support import uploads
from support.application import portal
from support.visitor import Visitor, text_of

from ckanext.cost_oc4ids.model import Project, ProjectVersion, Report, ResourceState

PATH = "/oc4ids/validar"

@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """The portal, without anything in it."""
    with portal() as loaded:
        yield loaded


@pytest.fixture
def visitor(app: Any, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Somebody without an account who has asked for nothing yet."""
    from ckan.lib.redis import connect_to_redis

    for key in connect_to_redis().scan_iter("*oc4ids*"):
        connect_to_redis().delete(key)
    return Visitor(app)


def send(visitor: Visitor, status: int = 200, lang: str = "", **fields: Any) -> BeautifulSoup:
    path = lang + PATH
    token = visitor.token(path, PATH)
    answer = visitor.post(path, {**token, **fields}, content_type="multipart/form-data")
    assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def file(content: bytes, name: str = "proyectos.json") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def problem(page: BeautifulSoup) -> str:
    box = page.find(id="oc4ids-problem")
    assert box["role"] == "alert"
    return text_of(box)


class TestReport:
    def test_a_file_that_conforms(self, visitor: Visitor) -> None:
        page = send(visitor, upload=file(uploads.encoded(uploads.package(2))))
        assert text_of(page.find(class_="oc4ids-result__sentence")) == "Este archivo cumple"
        assert "proyectos.json" in text_of(page.find(id="oc4ids-report-name"))

    def test_a_file_that_does_not(self, visitor: Visitor) -> None:
        page = send(visitor, upload=file(uploads.encoded(uploads.broken_package(2))))
        sentence = text_of(page.find(class_="oc4ids-result__sentence"))
        assert sentence == "Este archivo no cumple: 4 errores en 2 proyectos"
        assert page.find(class_="oc4ids-kind--error") is not None

    def test_pasted_text_comes_back_to_be_corrected(self, visitor: Visitor) -> None:
        text = uploads.encoded(uploads.broken_package(1)).decode()
        page = send(visitor, data=text)
        assert "no cumple" in text_of(page.find(class_="oc4ids-result__sentence"))
        assert json.loads(page.find("textarea").get_text()) == json.loads(text)

    def test_gzip(self, visitor: Visitor) -> None:
        page = send(visitor, upload=file(gzip.compress(uploads.encoded(uploads.package(1))), "p.json.gz"))
        assert text_of(page.find(class_="oc4ids-result__sentence")) == "Este archivo cumple"

    @pytest.mark.parametrize("content", [b"", b"hola", b"%PDF-1.7", b"<html>", b"\xff\xfe\x00", b"[" * 5000, b"null", b"[1]"])
    def test_a_file_that_cannot_be_read_gets_a_reason(self, visitor: Visitor, content: bytes) -> None:
        page = send(visitor, upload=file(content))
        assert page.find(class_="oc4ids-result--invalid") is not None
        assert page.find(class_="oc4ids-finding__remedy") is not None

    def test_downloads_are_in_the_page_itself(self, visitor: Visitor) -> None:
        page = send(visitor, upload=file(uploads.encoded(uploads.broken_package(1))))
        links = {link["download"]: link["href"] for link in page.find_all("a", download=True)}
        assert set(links) == {"oc4ids.csv", "oc4ids.json"}
        kind, content = links["oc4ids.json"].split(",", 1)
        assert kind == "data:application/json;charset=utf-8;base64"
        assert json.loads(base64.b64decode(content))["valid"] is False
        assert base64.b64decode(links["oc4ids.csv"].split(",", 1)[1]).startswith(b"\xef\xbb\xbf")

    def test_what_was_sent_is_text_and_nothing_else(self, visitor: Visitor) -> None:
        name = "<img src=x onerror=alert(1)>.json"
        page = send(visitor, upload=file(uploads.encoded(uploads.broken_package(1)), name))
        assert not page.find_all("img", onerror=True)
        assert not any("alert('ay')" in (script.string or "") for script in page.find_all("script"))

    def test_in_english(self, visitor: Visitor) -> None:
        page = send(visitor, lang="/en", upload=file(uploads.encoded(uploads.broken_package(1))))
        assert "This file does not conform" in text_of(page.find(class_="oc4ids-result__sentence"))

    def test_nothing_is_kept(self, visitor: Visitor) -> None:
        def kept() -> list[int]:
            model.Session.rollback()
            files = sum(path.is_file() for path in Path(tk.config["ckan.storage_path"]).rglob("*"))
            return [model.Session.query(table).count() for table in (Report, ResourceState, Project, ProjectVersion)] + [files]

        before = kept()
        send(visitor, upload=file(uploads.encoded(uploads.package(1))))
        assert kept() == before


class TestRefused:
    def test_nothing_was_sent(self, visitor: Visitor) -> None:
        assert "Elija un archivo" in problem(send(visitor, 400))
        assert "Elija un archivo" in problem(send(visitor, 400, data="   ", upload=file(b"", "")))

    def test_text_too_long(self, visitor: Visitor) -> None:
        assert "demasiado grande" in problem(send(visitor, 413, data="x" * 499_000))

    def test_text_longer_than_the_server_reads(self, visitor: Visitor) -> None:
        assert "demasiado grande" in problem(send(visitor, 413, data="x" * 900_000))

    def test_file_too_large(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.inline_max_bytes", 20_000)
        token = visitor.token(PATH, PATH)
        monkeypatch.setattr("ckanext.cost_oc4ids.views.validator.FORM_BYTES", 10_000)
        answer = visitor.post(PATH, {**token, "upload": file(b" " * 100_000)}, content_type="multipart/form-data")
        assert answer.status_code == 413
        assert "demasiado grande" in problem(BeautifulSoup(answer.get_data(as_text=True), "html.parser"))

    def test_too_many_in_an_hour(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.cost_oc4ids.anonymous_validations_per_hour", 2)
        for _ in range(2):
            send(visitor, data="{}")
        page = send(visitor, 429, data='{"a": 1}')
        assert "2" in problem(page)  # how many an hour
        assert page.find("textarea").get_text() == '{"a": 1}'


class TestPage:
    def test_no_shared_cache_may_keep_it(self, visitor: Visitor) -> None:
        """It holds a token: kept for others, it would lock them out."""
        header = visitor.get(PATH).headers["Cache-Control"]
        assert "no-store" in header
        assert "public" not in header

    def test_works_without_javascript(self, visitor: Visitor) -> None:
        form = visitor.page(PATH).find("form", attrs={"enctype": "multipart/form-data"})
        assert form["method"] == "post"
        assert form.find("input", type="file").has_attr("name")
        assert form.find("textarea").has_attr("name")
        assert form.find("button", type="submit") is not None
        for field in form.find_all(["input", "textarea"]):
            if field.get("type") != "hidden":
                assert form.find("label", attrs={"for": field["id"]}) is not None
