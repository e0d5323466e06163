"""An organismo that publishes, with its editor, and files as forms and actions take them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from ckan.tests import factories, helpers

from support.uploads import CONFORMS_TO


@dataclass
class Publisher:
    """An organismo with an editor, and CKAN's application."""

    app: Any
    editor: dict[str, Any]
    organization: dict[str, Any]

    @classmethod
    def new(cls, app: Any) -> Publisher:
        """An organismo of its own for a test."""
        editor = factories.UserWithToken()
        organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
        return cls(app, editor, organization)

    def dataset(self, **fields: Any) -> dict[str, Any]:
        """A dataset of the organismo, without resources."""
        fields.setdefault("type", "oc4ids")
        return factories.Dataset(owner_org=self.organization["id"], user=self.editor, **fields)

    def post(self, action: str, data: dict[str, Any]) -> Any:
        """Call an action as the editor, as a form with files."""
        return self.app.post(
            f"/api/action/{action}", headers={"Authorization": self.editor["token"]}, data=data
        )

    def call(self, action: str, **data: Any) -> Any:
        """Call an action as the editor, in JSON; return the answer's result."""
        answer = self.app.post(
            f"/api/action/{action}", headers={"Authorization": self.editor["token"]}, json=data
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)[:3000]
        return answer.get_json()["result"]

    def act(self, action: str, **data: Any) -> Any:
        """Call an action in this process, as the editor and with authorisation, as a plugin or a form would."""
        return helpers.call_action(action, {"user": self.editor["name"], "ignore_auth": False}, **data)


def file(content: bytes, name: str = "proyectos.json") -> tuple[io.BytesIO, str]:
    """A file for a form."""
    return io.BytesIO(content), name


def storage(content: bytes, name: str = "proyectos.json") -> Any:
    """A file as CKAN's actions are given it."""
    from werkzeug.datastructures import FileStorage

    return FileStorage(io.BytesIO(content), name)


def encoded(value: Any) -> bytes:
    """JSON as bytes."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def resource_fields(**more: Any) -> dict[str, Any]:
    """Fields of an OC4IDS resource as the API takes them."""
    return {"name": "proyectos", "format": "JSON", "url": "", "conforms_to": CONFORMS_TO, **more}
