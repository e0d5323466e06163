"""Who may have the files of a plan, and publish it as a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.public
def ogp_plan_file_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)


@check.signed_in
def ogp_plan_publish_dataset(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who manages the plan, once it is public."""
    return check.in_plan(person, "publish_dataset", data)
