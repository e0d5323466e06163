"""The pages of imports, without JavaScript: drop, read, answer, apply."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ckan import model
from openpyxl import load_workbook
from support import plan_files
from support.application import portal
from support.plan_portal import Town
from support.visitor import Visitor, text_of

from ckanext.ogp_plan.model import Import, PlanRow

PASSWORD = "Una-clave-larga-1"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def signed_in(town: Town, who: str) -> Visitor:
    user = model.User.get(town.names[who])
    user.password = PASSWORD
    model.Session.commit()
    visitor = Visitor(town.app)
    visitor.sign_in(user.name, PASSWORD)
    return visitor


@pytest.fixture(scope="module")
def admin(town: Town) -> Visitor:
    return signed_in(town, "owner_admin")


def dropped(visitor: Visitor, url: str, content: bytes, file: str = "plan.xlsx", **fields: str) -> Any:
    token = visitor.token(url)
    return visitor.post(url, {**token, **fields, "upload": (io.BytesIO(content), file)}, content_type="multipart/form-data")


def new_plan(visitor: Visitor, town: Town, name: str, content: bytes, **fields: str) -> str:
    """Drop a document for a new plan; returns the address of its act."""
    answer = dropped(visitor, "/planes/importar", content, family="paac", name=name, owner=town.owner, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return str(answer.headers["Location"]).removeprefix("http://test.ckan.net")


class TestImporting:
    def test_from_the_document_to_the_plan(self, town: Town, admin: Visitor) -> None:
        rows = [*plan_files.ROWS, ("", "", f"Sólo una descripción {HOSTILE}", "", [], "", "", "", "")]
        act = new_plan(admin, town, "por-paginas", plan_files.f014(rows), title="Plan por páginas")
        page = admin.page(act)
        text = text_of(page)
        assert "Plan por páginas" in text
        assert HOSTILE in text
        assert "<script>alert" not in str(page)
        radios = {one["name"] for one in page.find_all("input", type="radio")}
        questions = {one["name"]: one["value"] for one in page.find_all("input", type="hidden") if one["name"].startswith("question-")}
        assert questions
        # it cannot be applied before it is answered
        assert not page.find("button", attrs={"value": "apply"})
        answers = {}
        for name in questions:
            number = name.removeprefix("question-")
            assert f"answer-{number}" in radios
            answers[f"answer-{number}"] = page.find("input", attrs={"name": f"answer-{number}"})["value"]
        answer = admin.post(act, {**admin.token(act), **questions, **answers, "do": "answer"})
        assert answer.status_code == 303
        assert PlanRow.get("por-paginas") is None
        page = admin.page(act)
        assert page.find("button", attrs={"value": "apply"})
        assert admin.post(act, {**admin.token(act), "do": "apply"}).status_code == 303
        plan = PlanRow.get("por-paginas")
        assert plan is not None
        assert (plan.title, plan.status, plan.version) == ("Plan por páginas", "borrador", 1)
        after = text_of(admin.page(act))
        assert "1" in after
        assert admin.page(act).find("a", href=f"/planes/{plan.name}")
        assert not admin.page(act).find("button", attrs={"value": "apply"})

    def test_the_act_as_json_and_workbook(self, town: Town, admin: Visitor) -> None:
        act = new_plan(admin, town, "con-actas", plan_files.f014())
        shown = json.loads(admin.get(f"{act}/acta.json").data)
        assert shown["reading"]["acta"]["accepted"] == 4
        book = load_workbook(io.BytesIO(admin.get(f"{act}/acta.xlsx").data))
        assert book.active.max_row > 3
        admin.post(act, {**admin.token(act), "do": "apply"})
        assert load_workbook(io.BytesIO(admin.get(f"{act}/acta.xlsx").data)).active.max_row == book.active.max_row

    def test_errors_are_shown_beside_their_fields_and_nothing_is_stored(self, town: Town, admin: Visitor) -> None:
        before = model.Session.query(Import).count()
        answer = dropped(admin, "/planes/importar", b"%PDF-1.4", "plan.pdf", family="paac", name="Mal Nombre", owner=town.owner)
        assert answer.status_code == 400
        html = answer.get_data(as_text=True)
        assert "ogp-name-error" in html
        answer = dropped(admin, "/planes/importar", b"%PDF-1.4", "plan.pdf", family="paac", name="buen-nombre", owner=town.owner)
        assert answer.status_code == 400
        html = answer.get_data(as_text=True)
        assert "PDF" in html
        assert 'value="buen-nombre"' in html
        answer = admin.post("/planes/importar", {**admin.token("/planes/importar"), "name": "sin-archivo"})
        assert answer.status_code == 400
        assert model.Session.query(Import).count() == before

    def test_a_correction_of_an_adopted_plan_asks_for_its_act(self, town: Town, admin: Visitor) -> None:
        act = new_plan(admin, town, "adoptado-ya", plan_files.f014())
        admin.post(act, {**admin.token(act), "do": "apply"})
        plan = PlanRow.get("adoptado-ya")
        plan.status = "adoptado"
        model.Session.commit()
        rows = [(*plan_files.ROWS[0][:2], f"Otra descripción {HOSTILE}", *plan_files.ROWS[0][3:]), *plan_files.ROWS[1:3]]
        answer = dropped(admin, "/planes/adoptado-ya/importar", plan_files.f014(rows))
        assert answer.status_code == 303
        act = str(answer.headers["Location"]).removeprefix("http://test.ckan.net")
        page = admin.page(act)
        assert HOSTILE in text_of(page)
        assert "<script>alert" not in str(page)
        assert page.find("input", attrs={"value": "withdraw"})
        questions = {one["name"]: one["value"] for one in page.find_all("input", type="hidden") if one["name"].startswith("question-")}
        number = next(iter(questions)).removeprefix("question-")
        admin.post(act, {**admin.token(act), **questions, f"answer-{number}": "keep", "do": "answer"})
        answer = admin.post(act, {**admin.token(act), "do": "apply"})
        assert answer.status_code == 400
        assert "ogp-act_name-error" in answer.get_data(as_text=True)
        assert admin.post(act, {**admin.token(act), "do": "apply", "act_name": "Acta 1", "reason": "Se corrige."}).status_code == 303
        model.Session.expire_all()
        assert PlanRow.get("adoptado-ya").version == 2

    def test_names_are_answered_on_the_plans_own_page(self, town: Town, admin: Visitor) -> None:
        rows = [(*plan_files.ROWS[0][:8], f"Oficina {HOSTILE}"), *plan_files.ROWS[1:]]
        act = new_plan(admin, town, "con-nombres", plan_files.f014(rows))
        admin.post(act, {**admin.token(act), "do": "apply"})
        url = "/planes/con-nombres/importar"
        page = admin.page(url)
        printed = page.find("input", attrs={"name": "printed"})["value"]
        assert "<script>alert" not in str(page)
        data = {**admin.token(url, "/nombre"), "printed": printed}
        assert admin.post(f"{url}/nombre", {**data, "whose": ""}).status_code == 400
        assert admin.post(f"{url}/nombre", {**data, "whose": f"org:{town.obras}"}).status_code == 303
        assert not admin.page(url).find("input", attrs={"name": "printed"})
        model.Session.expire_all()
        assert PlanRow.get("con-nombres").version == 2

    def test_without_its_token_nothing_is_taken(self, town: Town, admin: Visitor) -> None:
        act = new_plan(admin, town, "sin-ficha", plan_files.f014())
        other = signed_in(town, "owner_admin")
        stolen = other.token("/planes/importar")
        for data in ({}, {"_csrf_token": "x"}, stolen):
            for path, fields in (
                ("/planes/importar", {"family": "paac", "name": "robado", "owner": town.owner, "upload": (io.BytesIO(plan_files.f014()), "a.xlsx")}),
                (act, {"do": "apply"}),
                (act, {"do": "discard"}),
            ):
                answer = admin.post(path, {**data, **fields}, content_type="multipart/form-data")
                assert answer.status_code == 400, path
        assert PlanRow.get("sin-ficha") is None
        assert PlanRow.get("robado") is None
        assert model.Session.get(Import, act.rsplit("/", 1)[-1]).state == "open"

    def test_who_does_not_coordinate_sees_nothing_of_it(self, town: Town, admin: Visitor) -> None:
        act = new_plan(admin, town, "ajeno", plan_files.f014())
        plan = town.plan("paac")
        anonymous, citizen = Visitor(town.app), signed_in(town, "citizen")
        for path in ("/planes/importar", act, f"{act}/acta.json", f"{act}/acta.xlsx", f"/planes/{plan.name}/importar"):
            assert anonymous.get(path).status_code in (302, 401, 403, 404), path
            assert citizen.get(path).status_code in (403, 404), path
