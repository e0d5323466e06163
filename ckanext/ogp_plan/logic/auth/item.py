"""Who may see items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.public
def ogp_plan_item_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan; without a plan everybody, over the plans they may see."""
    return check.see(person, data)


@check.public
def ogp_plan_item_show(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Who may see the plan."""
    return check.see(person, data)
