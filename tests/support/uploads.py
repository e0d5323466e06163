"""Datasets with validated files, made by the ways that people use."""

from __future__ import annotations

import io
import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories

from support import generate

CONFORMS_TO = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)
PASSWORD = "Una-clave-larga-1"
#: What nobody may get to run: as HTML, and as a formula of a spreadsheet.
SCRIPT = "<script>alert('ay')</script>"
FORMULA = '=HYPERLINK("http://x")'


def package(count: int = 1, first: int = 1, seed: int = 5) -> dict[str, Any]:
    """A package that conforms."""
    return generate.package([generate.project(first + n, "small", seed=seed) for n in range(count)])


def broken_package(projects: int = 2, first: int = 40, seed: int = 9) -> dict[str, Any]:
    """A package with the same two mistakes in each project; its values are hostile."""
    broken = package(projects, first=first, seed=seed)
    for project in broken["projects"]:
        project["status"] = SCRIPT
        project["type"] = FORMULA
    return broken


def encoded(content: dict[str, Any]) -> bytes:
    """A package as the bytes of a file."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8")


def person(**more: Any) -> dict[str, Any]:
    """A user who can sign in with :data:`PASSWORD` and has a token."""
    return factories.UserWithToken(password=PASSWORD, **more)


def upload(app: Any, user: dict[str, Any], dataset: dict[str, Any], content: bytes, **fields: Any) -> Any:
    """Upload a file through the API; return the answer."""
    return app.post(
        "/api/action/resource_create",
        headers={"Authorization": user["token"]},
        data={
            "package_id": dataset["id"],
            "name": "proyectos",
            "url": "",
            "format": "JSON",
            "conforms_to": CONFORMS_TO,
            "upload": (io.BytesIO(content), "proyectos.json"),
            **fields,
        },
    )


def uploaded(
    app: Any, user: dict[str, Any], dataset: dict[str, Any], content: bytes, **fields: Any
) -> dict[str, Any]:
    """Upload a file that is accepted, conforming or not; return the resource."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckanext.cost_oc4ids.guard", "warn")
        answer = upload(app, user, dataset, content, **fields)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_json()["result"]
