"""Our forms refuse a POST without the token of its own session, on every CKAN, whoever asks.

CKAN lets requests without a session pass its own guard, and remembers that of the view for everybody
in the same process: so each refusal is tried after anonymous reads of the same page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ckan.tests import factories
from support import uploads
from support.application import portal
from support.visitor import Visitor

from ckanext.cost_oc4ids.model import Report

VALIDATOR = "/oc4ids/validar"

@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """The portal, loaded once."""
    with portal() as loaded:
        yield loaded


@pytest.fixture(scope="module")
def scene(app: Any) -> dict[str, Any]:
    """An editor, signed in, and a validated file."""
    editor = uploads.person()
    organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    dataset = factories.Dataset(type="oc4ids", owner_org=organization["id"], user=editor)
    resource = uploads.uploaded(app, editor, dataset, uploads.encoded(uploads.package(1)))
    signed_in = Visitor(app)
    signed_in.sign_in(editor["name"], uploads.PASSWORD)
    report = f"/dataset/{dataset['name']}/oc4ids/{resource['id']}"
    return {"app": app, "signed_in": signed_in, "report": report, "resource": resource, "editor": editor}


@pytest.fixture
def opened(scene: dict[str, Any]) -> None:
    """Everything that could open our views to a POST without token: anonymous reads and writes, and tokens."""
    anonymous = Visitor(scene["app"])
    token = {"Authorization": scene["editor"]["token"]}
    for path in (VALIDATOR, scene["report"]):
        assert anonymous.get(path).status_code == 200
        assert scene["app"].get(path, headers=token).status_code == 200
    for path in (VALIDATOR, f"{scene['report']}/revalidate"):
        anonymous.post(path)
        scene["app"].post(path, headers=token, follow_redirects=False)


def reports(scene: dict[str, Any]) -> int:
    from ckan import model

    model.Session.rollback()
    return model.Session.query(Report).filter(Report.resource_id == scene["resource"]["id"]).count()


@pytest.mark.usefixtures("opened")
class TestRevalidate:
    def path(self, scene: dict[str, Any]) -> str:
        return f"{scene['report']}/revalidate"

    @pytest.mark.parametrize("token", [{}, {"_csrf_token": ""}, {"_csrf_token": "x"}])
    def test_without_the_token(self, scene: dict[str, Any], token: dict[str, str]) -> None:
        assert scene["signed_in"].post(self.path(scene), token).status_code == 400

    def test_with_the_token_of_somebody_else(self, scene: dict[str, Any]) -> None:
        theirs = Visitor(scene["app"]).token(VALIDATOR, VALIDATOR)
        assert scene["signed_in"].post(self.path(scene), theirs).status_code == 400

    def test_with_its_own_token(self, scene: dict[str, Any]) -> None:
        visitor = scene["signed_in"]
        token = visitor.token(scene["report"], "/revalidate")
        answer = visitor.post(self.path(scene), token)
        assert answer.status_code in (302, 303)
        assert answer.headers["Location"].endswith(scene["report"])

    def test_never_by_reading(self, scene: dict[str, Any]) -> None:
        before = reports(scene)
        assert scene["signed_in"].get(self.path(scene)).status_code in (404, 405)
        assert reports(scene) == before

    def test_a_token_does_not_replace_permission(self, scene: dict[str, Any]) -> None:
        stranger = Visitor(scene["app"])
        user = uploads.person()
        stranger.sign_in(user["name"], uploads.PASSWORD)
        token = stranger.token(VALIDATOR, VALIDATOR)
        assert stranger.post(self.path(scene), token).status_code in (403, 404)


@pytest.mark.usefixtures("opened")
class TestValidator:
    @pytest.fixture(params=["anonymous", "signed_in"])
    def visitor(self, request: pytest.FixtureRequest, scene: dict[str, Any]) -> Visitor:
        """With and without an account."""
        return Visitor(scene["app"]) if request.param == "anonymous" else scene["signed_in"]

    @pytest.mark.parametrize("token", [{}, {"_csrf_token": ""}, {"_csrf_token": "x"}])
    def test_without_the_token(self, visitor: Visitor, token: dict[str, str]) -> None:
        visitor.get(VALIDATOR)
        answer = visitor.post(VALIDATOR, {**token, "data": "{}"})
        assert answer.status_code == 400
        body = answer.get_data(as_text=True)
        assert "envíelo de nuevo" in body
        assert "oc4ids-result" not in body

    def test_with_the_token_of_somebody_else(self, scene: dict[str, Any], visitor: Visitor) -> None:
        theirs = Visitor(scene["app"]).token(VALIDATOR, VALIDATOR)
        visitor.get(VALIDATOR)
        assert visitor.post(VALIDATOR, {**theirs, "data": "{}"}).status_code == 400

    def test_with_its_own_token(self, visitor: Visitor) -> None:
        token = visitor.token(VALIDATOR, VALIDATOR)
        answer = visitor.post(VALIDATOR, {**token, "data": "{}"})
        assert answer.status_code == 200
        assert "oc4ids-result" in answer.get_data(as_text=True)

    def test_the_refusal_gives_a_token_that_holds(self, visitor: Visitor) -> None:
        refused = visitor.post(VALIDATOR, {"data": "{}"})
        assert refused.status_code == 400
        token = visitor.token(VALIDATOR, VALIDATOR)
        assert visitor.post(VALIDATOR, {**token, "data": "{}"}).status_code == 200
