"""The ways by which a file reaches a dataset, and what stands in the portal before and after."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import search, uploader
from ckan.tests import factories, helpers

from ckanext.cost_oc4ids.model import Project, ProjectVersion, Report, ResourceState
from support import application, tables
from support.scenes import CONFORMS_TO


@contextlib.contextmanager
def portal() -> Iterator[Any]:
    """CKAN with its plugins, an empty database and index, for a module of tests; gives the application.

    The tests of a module share what is in it and keep apart by organismos and projects of their own.
    Options are changed with ``monkeypatch.setitem(tk.config, …)``. See :mod:`support.application`.
    """
    with application.loaded():
        tables.empty()
        search.clear_all()
        yield application.client()
        model.Session.remove()


@dataclass
class Scene:
    """An organismo with an editor, and CKAN's application."""

    app: Any
    editor: dict[str, Any]
    organization: dict[str, Any]

    @classmethod
    def new(cls, app: Any) -> Scene:
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


@dataclass
class Standing:
    """What there is: of a dataset its resources, of the portal its files, of our tables their rows."""

    resources: dict[str, Any]
    files: dict[str, bytes]
    projects: list[tuple[str, str, str]]
    versions: int
    reports: int
    states: dict[str, str]


def files_on_disk() -> dict[str, bytes]:
    """Everything in the storage of resources, by its path."""
    from pathlib import Path

    root = Path(tk.config["ckan.storage_path"]) / "resources"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def standing(package_id: str) -> Standing:
    """Look at a dataset and at the whole storage, past every cache."""
    model.Session.rollback()
    model.Session.expire_all()
    resources = model.Session.query(model.Resource).filter_by(package_id=package_id, state="active").all()
    rows = model.Session.query(Project).filter_by(package_id=package_id).all()
    return Standing(
        resources={
            each.id: (each.url, each.url_type, each.size, dict(each.extras or {})) for each in resources
        },
        files=files_on_disk(),
        projects=sorted((each.resource_id, each.project_id, each.content_hash) for each in rows),
        versions=model.Session.query(ProjectVersion).filter_by(package_id=package_id).count(),
        reports=model.Session.query(Report).filter_by(package_id=package_id).count(),
        states={
            each.resource_id: each.state
            for each in model.Session.query(ResourceState).filter_by(package_id=package_id)
        },
    )


def bytes_of(resource_id: str) -> bytes:
    """The stored bytes of a resource."""
    from pathlib import Path

    upload: Any = uploader.get_resource_uploader({"id": resource_id})
    return Path(upload.get_path(resource_id)).read_bytes()


def resource_fields(**more: Any) -> dict[str, Any]:
    """Fields of an OC4IDS resource as the API takes them."""
    return {"name": "proyectos", "format": "JSON", "url": "", "conforms_to": CONFORMS_TO, **more}
