"""Results of validation in the activity stream of a dataset, where the portal has one."""

from __future__ import annotations

import ckan.plugins as p
from ckan import model
from ckan.lib.plugins import get_permission_labels

from ckanext.cost_oc4ids.model import Report

#: shown by ``templates/snippets/activities/oc4ids_verdict.html``
TYPE = "oc4ids verdict"


def add(package: model.Package, resource: model.Resource, report: Report) -> None:
    """Add a result to the stream, in the transaction that stores it. Refused uploads have none.

    ``data`` of the activity: ``package`` and ``resource`` (id, name or title), ``state`` (``valid`` or
    ``invalid``), ``origin`` and how many projects, errors and warnings.
    """
    if not p.plugin_loaded("activity") or package.private or package.state != "active":
        return
    from ckanext.activity.model import Activity

    model.Session.add(
        Activity(
            report.user_id or "not logged in",
            package.id,
            TYPE,
            {
                "package": {
                    "id": package.id,
                    "name": package.name,
                    "title": package.title,
                    "type": package.type,
                },
                "resource": {"id": resource.id, "name": resource.name or resource.url},
                "state": "valid" if report.valid else "invalid",
                "origin": report.origin,
                "projects": report.projects,
                "errors": report.errors,
                "warnings": report.warnings,
            },
            get_permission_labels().get_dataset_labels(package),
        )
    )
