"""Our tables. Importing this package registers all of them with CKAN's metadata."""

from __future__ import annotations

from ckanext.cost_oc4ids.model.file_write import FileWrite
from ckanext.cost_oc4ids.model.project import (
    Project,
    ProjectVersion,
    Publication,
    project_count,
    shared_id,
)
from ckanext.cost_oc4ids.model.report import Report, ResourceState
from ckanext.cost_oc4ids.model.withheld_dataset import WithheldDataset

__all__ = [
    "FileWrite",
    "Project",
    "ProjectVersion",
    "Publication",
    "Report",
    "ResourceState",
    "WithheldDataset",
    "project_count",
    "shared_id",
]
