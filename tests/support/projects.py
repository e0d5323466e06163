"""Datasets with projects in them, put straight into the registry: for tests that are not about uploads."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

CONFORMS_TO = (
    "https://standard.open-contracting.org/infrastructure/schema/0__9__5/project-package-schema.json"
)


@dataclass(frozen=True)
class Raw:
    """A project's text, as the reader hands it on."""

    raw: bytes
    index: int = 0
    pointer: str = ""


def encode(value: Any) -> bytes:
    """JSON, UTF-8, Decimal as it is written."""

    def plain(item: Any) -> Any:
        if isinstance(item, Decimal):
            return int(item) if item == item.to_integral_value() else float(item)
        raise TypeError(type(item))

    return json.dumps(value, ensure_ascii=False, default=plain).encode("utf-8")


def project(project_id: str, **fields: Any) -> dict[str, Any]:
    """A small project, in Cali, in implementation."""
    made = {
        "id": project_id,
        "title": f"Obra {project_id}",
        "status": "implementation",
        "sector": ["transport", "transport.road"],
        "type": "construction",
        "period": {"startDate": "2025-02-01T00:00:00-05:00", "endDate": "2027-06-30T00:00:00-05:00"},
        "budget": {"amount": {"amount": 1000000, "currency": "COP"}},
    }
    return {name: value for name, value in {**made, **fields}.items() if value is not None}


def unique(prefix: str = "oc4ids-zz9999-") -> str:
    """An id that no other test has."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"


def dataset(organization: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A dataset of an organismo with one resource declared as OC4IDS."""
    from ckan.tests import factories

    resource = {
        "name": "Proyectos",
        "url": "https://example.org/proyectos.json",
        "format": "JSON",
        "conforms_to": CONFORMS_TO,
    }
    return factories.Dataset(owner_org=organization["id"], **{"resources": [resource], **fields})


def put(
    found: dict[str, Any], *projects: dict[str, Any] | bytes, resource: int = 0, commit: bool = True
) -> int:
    """Store projects in a resource of a dataset, as the upload guard does."""
    from ckan import model

    from ckanext.cost_oc4ids.projects import registry

    registry.lock()
    raws = [Raw(one if isinstance(one, bytes) else encode(one), index) for index, one in enumerate(projects)]
    stored = registry.store(
        found["id"], found["resources"][resource]["id"], found["owner_org"], None, None, raws
    )
    if commit:
        model.Session.commit()
    return stored


def as_sysadmin(action: str, **data: Any) -> Any:
    """Call an action as the portal itself, authorisation and all."""
    import ckan.plugins.toolkit as tk

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action(action)({"user": user, "ignore_auth": False}, data)
