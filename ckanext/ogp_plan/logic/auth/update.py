"""Who may report what happened with an item: ``plan``, ``item`` and ``organization``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.cost_common.logic import usable
from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.planning.status_types import OUTSIDE
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services.permission import Person
from ckanext.ogp_plan.services.request_fields import member


@check.signed_in
def ogp_plan_update_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """As for every report; to take the item out of what is counted, the coordinator."""
    state = usable(member(Declared), data.get("state"))
    return check.report(person, data, of_plan=state in OUTSIDE)
