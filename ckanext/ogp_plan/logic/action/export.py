"""What leaves the portal: a plan as a dataset of the catalogue, its files."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.cost_common.logic import validated
from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.schema import export as export_schema
from ckanext.ogp_plan.services import permission


def ogp_plan_publish_dataset(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Publish a plan as a dataset whose resources are the addresses of its files, or bring it up to date.

    What people added to the dataset (tags, groups, resources of their own) stays.

    :param plan: id or name of the plan

    :returns: ``plan, dataset`` (id), ``name`` and ``url`` of the dataset
    :rtype: dict
    """
    tk.check_access("ogp_plan_publish_dataset", context, data_dict)
    data = validated(export_schema.publish_dataset(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    name = plan.name
    try:
        dataset_id = dataset_export.publish(plan, context)
    except dataset_export.NotPublic as error:
        raise tk.ValidationError(
            {"plan": [tk._("A draft is in no catalogue. Publish the plan first.")]}
        ) from error
    dataset = tk.get_action("package_show")({"ignore_auth": True}, {"id": dataset_id})
    url = tk.url_for("dataset.read", id=dataset["name"], _external=True)
    return {"plan": name, "dataset": dataset_id, "name": dataset["name"], "url": url}


@tk.side_effect_free
def ogp_plan_file_list(context: Context, data_dict: DataDict) -> list[dict[str, str]]:
    """List the files of a plan: each is made when it is asked for.

    :param plan: id or name of the plan
    :param limit: how many at most (default and most: 1000)
    :param offset: how many to leave out at the beginning (default: 0)

    :returns: ``name, title, format, url``
    :rtype: list of dicts
    """
    tk.check_access("ogp_plan_file_list", context, data_dict)
    data = validated(export_schema.file_list(), data_dict)
    plan = lookup.plan(permission.get_person(context), data["plan"])
    first = data["offset"]
    return [
        {
            "name": file.name,
            "title": tk._(file.title),
            "format": file.format,
            "url": tk.url_for("ogp_plan_file.file", plan=plan.name, name=file.name, _external=True),
        }
        for file in plan_files.list_files(plan)[first : first + data["limit"]]
    ]
