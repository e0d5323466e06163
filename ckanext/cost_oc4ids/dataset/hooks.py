"""The plugin's part in the life of datasets and resources, and its resource view."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig

from ckanext.cost_oc4ids.dataset import save
from ckanext.cost_oc4ids.dataset.resource_view import VIEW_TYPE, view_title
from ckanext.cost_oc4ids.model import ResourceState
from ckanext.cost_oc4ids.validation import declaration, intent

_DEFAULT_VIEWS = "ckan.views.default_views"


def register_default_view(config: CKANConfig) -> None:
    """Make our view one of those that CKAN gives to new resources. It only ever fits OC4IDS resources."""
    configured = config.get(_DEFAULT_VIEWS)
    views = configured.split() if isinstance(configured, str) else list(configured or [])
    if VIEW_TYPE not in views:
        views.append(VIEW_TYPE)
    config[_DEFAULT_VIEWS] = " ".join(views) if isinstance(configured, str) else views


class ResourceViewMixin:
    """IResourceView: validation result and projects on the resource's own page."""

    def info(self) -> dict[str, Any]:
        """Describe the view."""
        return {
            "name": VIEW_TYPE,
            "title": tk._("OC4IDS validation result and projects"),
            "default_title": view_title(),
            "icon": "building",
            "iframed": False,
            "preview_enabled": False,
            "always_available": False,
            "filterable": False,
            "requires_datastore": False,
        }

    def can_view(self, data_dict: dict[str, Any]) -> bool:
        """Whether the resource declares OC4IDS."""
        return declaration.is_oc4ids(data_dict["resource"])

    def setup_template_variables(self, _context: Any, _data_dict: dict[str, Any]) -> dict[str, Any]:
        """The template asks for what it shows."""
        return {}

    def view_template(self, _context: Any, _data_dict: dict[str, Any]) -> str:
        """The template of the view."""
        return "cost_oc4ids/view/oc4ids_view.html"

    def form_template(self, _context: Any, _data_dict: dict[str, Any]) -> str:
        """There is nothing to set: the form of the view has no fields of ours."""
        return "cost_oc4ids/view/oc4ids_view_form.html"


class DatasetMixin:
    """IPackageController: what a save stores in our tables, and the computed fields of resources."""

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Note what a new dataset declares, in its transaction."""
        save.store_save(context, pkg_dict)

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Store states, reports and projects in the transaction of the save."""
        save.store_save(context, pkg_dict)

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Give OC4IDS resources their version and state; one query, and none without such resources."""
        intent.note_shown(context, pkg_dict)
        resources = pkg_dict.get("resources") or []
        versions = {
            resource["id"]: declaration.version(resource) for resource in resources if resource.get("id")
        }
        states = ResourceState.of_resources(
            [resource_id for resource_id, version in versions.items() if version]
        )
        if states:
            save.recover_files(list(states))
        declaration.drop_computed(resources)
        for resource in resources:
            version = versions.get(resource.get("id"))
            if version:
                state = states.get(resource["id"])
                resource["oc4ids_version"] = version
                resource["oc4ids_verdict"] = state.state if state else "pending"
