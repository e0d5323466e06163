"""Who may see what an organismo owes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.public
def ogp_plan_obligation_list(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """Everybody; what they may not see is in no list and no count."""
    return check.see(person, data)
