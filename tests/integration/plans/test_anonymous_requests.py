"""Who is not signed in is refused what is of anybody signed in, over HTTP too.

A request without a user brings CKAN's anonymous user along, which CKAN takes for somebody; an action that
a test calls by itself brings none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.application import portal

ACTIONS = (
    "ogp_plan_delegation_list",
    "ogp_plan_letters_patch",
    "ogp_plan_profile_show",
    "ogp_plan_token_create",
    "ogp_plan_token_list",
    "ogp_plan_token_revoke",
)
BODIES: tuple[dict[str, Any], ...] = (
    {},
    {"no_field": 1},
    {"id": "x\x00", "user": 1e308, "organization": 5, "limit": []},
)


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    with portal() as application:
        yield application


@pytest.mark.parametrize("body", BODIES, ids=("empty", "unknown field", "nonsense"))
@pytest.mark.parametrize("action", ACTIONS)
def test_an_anonymous_request_is_refused_before_it_is_read(
    app: Any, action: str, body: dict[str, Any]
) -> None:
    response = app.post(f"/api/3/action/{action}", json=body)
    assert response.status_code == 403, response.body
