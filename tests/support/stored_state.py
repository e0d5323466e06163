"""What is stored of a dataset: to compare before and after a request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import uploader

from ckanext.cost_oc4ids.model import Project, ProjectVersion, Report, ResourceState


@dataclass
class StoredState:
    """Resources of a dataset, files of the whole portal, rows of our tables about the dataset."""

    resources: dict[str, Any]
    files: dict[str, bytes]
    projects: list[tuple[str, str, str]]
    versions: int
    reports: int
    states: dict[str, str]


def files_on_disk() -> dict[str, bytes]:
    """Everything in the storage of resources, by its path."""
    root = Path(tk.config["ckan.storage_path"]) / "resources"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def stored_state(package_id: str) -> StoredState:
    """Read what is stored of a dataset, and all files, past every cache."""
    model.Session.rollback()
    model.Session.expire_all()
    resources = model.Session.query(model.Resource).filter_by(package_id=package_id, state="active").all()
    rows = model.Session.query(Project).filter_by(package_id=package_id).all()
    return StoredState(
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


def stored_bytes(resource_id: str) -> bytes:
    """The stored bytes of a resource."""
    upload: Any = uploader.get_resource_uploader({"id": resource_id})
    return Path(upload.get_path(resource_id)).read_bytes()
