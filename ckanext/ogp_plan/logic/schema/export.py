"""Requests about what leaves the portal: files of plans, their datasets."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema
from ckanext.ogp_plan.logic.schema.paging import whole_list
from ckanext.ogp_plan.logic.schema.plan import of_plan


def publish_dataset() -> Schema:
    """Fields of ``ogp_plan_publish_dataset``."""
    return of_plan()


def file_list() -> Schema:
    """Fields of ``ogp_plan_file_list``."""
    return {**of_plan(), **whole_list()}
