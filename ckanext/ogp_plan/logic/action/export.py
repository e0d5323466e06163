"""Plans out of the portal over the API: as a dataset of the catalogue, as files."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.ogp_plan.exports import dataset as dataset_export
from ckanext.ogp_plan.logic import lookup
from ckanext.ogp_plan.logic.action.plan import WHOLE_LIST
from ckanext.ogp_plan.services import export_view, permission, request_fields

_OF_PLAN = {"plan": request_fields.required(request_fields.name)}


def ogp_plan_publish_dataset(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Publish a plan as a dataset whose resources are the addresses of its files, or bring it up to date.

    What people added to the dataset (tags, groups, resources of their own) stays.

    :param plan: id or name of the plan

    :returns: ``plan, dataset`` (id), ``name`` and ``url`` of the dataset
    :rtype: dict
    """
    data = request_fields.take(data_dict, _OF_PLAN)
    tk.check_access("ogp_plan_publish_dataset", context, data)
    plan = lookup.plan(permission.of(context), data["plan"])
    name = plan.name
    try:
        dataset_id = dataset_export.publish(plan, context)
    except dataset_export.NotPublic as error:
        raise tk.ValidationError(
            {"plan": [tk._("A draft is in no catalogue. Publish the plan first.")]}
        ) from error
    shown = tk.get_action("package_show")({"ignore_auth": True}, {"id": dataset_id})
    url = tk.url_for("dataset.read", id=shown["name"], _external=True)
    return {"plan": name, "dataset": dataset_id, "name": shown["name"], "url": url}


@tk.side_effect_free
def ogp_plan_file_list(context: Context, data_dict: DataDict) -> list[dict[str, str]]:
    """List the files of a plan: each is made when it is asked for.

    :param plan: id or name of the plan
    :param limit: how many at most (default and most: 1000)
    :param offset: how many to leave out at the beginning (default: 0)

    :returns: ``name, title, format, url``
    :rtype: list of dicts
    """
    data = request_fields.take(data_dict, {**_OF_PLAN, **WHOLE_LIST})
    tk.check_access("ogp_plan_file_list", context, data)
    plan = lookup.plan(permission.of(context), data["plan"])
    first = data["offset"]
    return [
        {
            "name": one.name,
            "title": tk._(one.title),
            "format": one.format,
            "url": tk.url_for("ogp_plan_file.file", plan=plan.name, name=one.name, _external=True),
        }
        for one in export_view.files_of(plan)[first : first + data["limit"]]
    ]


def get_actions() -> dict[str, Action]:
    """Return the actions of this module by name."""
    return {
        "ogp_plan_publish_dataset": ogp_plan_publish_dataset,
        "ogp_plan_file_list": ogp_plan_file_list,
    }
