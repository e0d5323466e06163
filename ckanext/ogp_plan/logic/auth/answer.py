"""Who may record answers: ``plan``, ``item`` and ``organization``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.types import AuthResult

from ckanext.ogp_plan.logic.auth import check
from ckanext.ogp_plan.services.permission import Person


@check.signed_in
def ogp_plan_answer_create(person: Person, data: Mapping[str, Any]) -> AuthResult:
    """As for every report."""
    return check.report(person, data)
