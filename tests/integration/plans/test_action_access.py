"""Who may not do a thing learns so before anything of their request is read: 403 or 404, never 409 or 500."""

from __future__ import annotations

import ast
import datetime as dt
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.model.types import make_uuid
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.model import Delegation, Import, PlanRole, PlanRow
from ckanext.ogp_plan.planning.tracking import Evidence, Link, LinkKind, Update
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import item_status, permission

#: What somebody may do who is nothing in any plan.
OF_ANYBODY_SIGNED_IN = {
    "ogp_plan_token_create",
    "ogp_plan_token_list",
    "ogp_plan_token_revoke",
    "ogp_plan_letters_patch",
    "ogp_plan_profile_show",
    "ogp_plan_delegation_list",
}
#: Actions that name no plan.
OF_NO_PLAN = ("ogp_plan_list", "ogp_plan_report_show")
#: Values of any type that a program may send.
GARBAGE: dict[str, Any] = {
    "nothing": None,
    "list": ["a", 1, None],
    "object": {"a": {"b": []}},
    "number": 10**400,
    "boolean": True,
    "bytes": b"\xff",
    "NUL": "a\x00b",
    "half of a pair": "a\ud800b",
    "overlong": "x" * 100_000,
    "markup": "<script>",
}
#: Every field by which a request says what it is about.
REFERENCES = (
    "plan", "id", "item", "organization", "owner", "update", "report", "role", "user", "kind", "other_plan",
    "state", "whole", "resource_id",
)  # fmt: skip
#: Other fields, of any action.
REST = (
    "day", "period", "reason", "text", "value", "accepted", "answers", "members", "rows", "upload", "printed", "group",
    "delegate", "since", "until", "title", "name", "family", "settings", "status", "other", "url", "evidence", "sections",
)  # fmt: skip


class Unread:
    """A file that nobody may read."""

    filename = "plan.xlsx"

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the file of somebody without rights was read")

    @property
    def stream(self) -> Unread:
        return self


def auth_decorators() -> dict[str, str]:
    """Action of plans → ``check.public`` or ``check.signed_in``, as its authorisation function is marked."""
    found: dict[str, str] = {}
    folder = Path(__file__).resolve().parents[3] / "ckanext" / "ogp_plan" / "logic" / "auth"
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("ogp_plan_"):
                (decorator,) = node.decorator_list
                found[node.name] = ast.unparse(decorator)
    return found


DECORATORS = auth_decorators()
PUBLIC = sorted(name for name, decorator in DECORATORS.items() if decorator == "check.public")
RESTRICTED = sorted(set(DECORATORS) - set(PUBLIC) - OF_ANYBODY_SIGNED_IN)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def plans(town: Town) -> dict[str, PlanRow]:
    found = {status: town.plan("paac", status) for status in ("adoptado", "borrador")}
    for row in found.values():
        item_status.recompute(row.id)
    model.Session.commit()
    return found


@pytest.fixture(scope="module")
def correct(town: Town, plans: dict[str, PlanRow]) -> dict[str, dict[str, Any]]:
    """For actions about one thing, its id, in each plan; the others name the plan and the item."""
    references: dict[str, dict[str, Any]] = {}
    for status, row in plans.items():

        def fact(kind: Any, of: PlanRow = row, /, **fields: Any) -> str:
            moment = dt.datetime.now(dt.timezone.utc)
            by = town.ids["focal_point"]
            made = kind(id="", at=moment, by=by, item=("fila", "1.1.1"), **fields)
            return str(event_service.append(of.id, made).id)

        def stored(table: Any, /, **fields: Any) -> str:
            made = table(**fields)
            model.Session.add(made)
            model.Session.flush()
            return str(made.id)

        evidence = fact(Evidence, organization=town.obras, public=False)
        opened = stored(
            Import, plan_id=row.id, family="paac", file_name="x.csv", size=1, sha256="0", content=b"x",
            user_id=town.ids["coordinator"],
        )  # fmt: skip
        references[status] = {
            "ogp_plan_evidence_retract": {"id": evidence},
            "ogp_plan_evidence_private": {"id": evidence},
            "ogp_plan_review_create": {"update": fact(Update, organization=town.obras)},
            "ogp_plan_link_remove": {"id": fact(Link, kind=LinkKind.DEPENDS, other=("fila", "2.2"))},
            "ogp_plan_role_end": {
                "id": stored(
                    PlanRole, user_id=town.ids["other_editor"], role="lider_componente", plan_id=row.id, component="1"
                )
            },
            "ogp_plan_delegation_revoke": {
                "id": stored(
                    Delegation, user_id=town.ids["focal_point"], delegate_id=town.ids["delegate"],
                    organization=town.obras, since=dt.date(2020, 1, 1), until=dt.date(2020, 1, 2),
                )
            },
            "ogp_plan_delegation_create": {"organization": town.obras},
            "ogp_plan_create": {"owner": town.owner},
            "ogp_plan_patch": {"id": row.name},
            "ogp_plan_show": {"id": row.name},
            "ogp_plan_item_show": {"plan": row.name, "id": "1.1.1"},
            **{f"ogp_plan_import_{verb}": {"id": opened} for verb in ("show", "answer", "apply", "discard")},
        }  # fmt: skip
    model.Session.commit()
    return references


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who somebody is, looked up once: nobody changes while one action is asked for by all."""
    monkeypatch.setattr(permission, "load_person", functools.lru_cache(maxsize=64)(permission.load_person))


def status_of(town: Town, who: str, action: str, data_dict: Any) -> int:
    """Return the HTTP status that an action would end with."""
    context: Any = {"user": town.names[who] or ""}
    try:
        tk.get_action(action)(context, data_dict)
    except tk.NotAuthorized:
        return 403
    except tk.ObjectNotFound:
        return 404
    except tk.ValidationError:
        return 409
    finally:
        model.Session.rollback()
    return 200


def body_of(action: str, row: PlanRow, correct: dict[str, Any]) -> dict[str, Any]:
    return dict(correct.get(action, {"plan": row.name, "item": "1.1.1"}))


def test_every_action_is_of_a_kind() -> None:
    assert len(RESTRICTED) > 25 and len(PUBLIC) > 10
    assert set(DECORATORS) >= OF_ANYBODY_SIGNED_IN


@pytest.mark.parametrize("who", ["anonymous", "citizen"])
@pytest.mark.parametrize("action", [*RESTRICTED, "oc4ids_resource_revalidate"])
class TestStrangers:
    def test_an_empty_request_is_not_even_read(self, town: Town, action: str, who: str) -> None:
        assert status_of(town, who, action, {}) in (403, 404)

    def test_no_more_is_one_of_nonsense(self, town: Town, known: None, action: str, who: str) -> None:
        for kind, value in GARBAGE.items():
            body = dict.fromkeys((*REFERENCES, *REST), value)
            assert status_of(town, who, action, body) in (403, 404), kind

    def test_nor_a_correct_one(
        self,
        town: Town,
        known: None,
        plans: dict[str, PlanRow],
        correct: dict[str, Any],
        action: str,
        who: str,
    ) -> None:
        for status, row in plans.items():
            body = body_of(action, row, correct[status])
            # what else is wrong in it, and the file, are not looked at
            rest = dict.fromkeys(REST, "\x00") | {
                "upload": Unread(),
                "rows": [{"item": "\x00"}],
                "no_field": 1,
            }
            for each in (body, {**rest, **body}):
                found = status_of(town, who, action, each)
                assert found in (403, 404), (status, each)
                if who == "citizen" and status == "borrador" and "plan" in body and action.startswith("ogp"):
                    assert found == 404, "that the draft is there was revealed"


@pytest.mark.parametrize("action", [name for name in PUBLIC if name not in OF_NO_PLAN])
@pytest.mark.parametrize("who", ["anonymous", "citizen"])
def test_a_draft_is_not_there_whatever_else_is_wrong(
    town: Town, plans: dict[str, PlanRow], correct: dict[str, Any], action: str, who: str
) -> None:
    body = body_of(action, plans["borrador"], correct["borrador"])
    assert status_of(town, who, action, {**body, "day": "\x00", "limit": [], "organization": [1]}) == 404


@pytest.mark.parametrize("action", sorted(DECORATORS))
def test_who_may_learns_what_is_wrong(
    town: Town, known: None, plans: dict[str, PlanRow], action: str
) -> None:
    """With rights the same nonsense ends in 409, or in 404 where it names nothing; never in a failure."""
    for who in ("coordinator", "sysadmin"):
        for kind, value in GARBAGE.items():
            body = dict.fromkeys((*REFERENCES, *REST), value) | {"no_field": 1}
            assert status_of(town, who, action, body) in (403, 404, 409), kind


@pytest.mark.parametrize("data_dict", [[], "x", [1], 7])
def test_a_request_that_is_no_object(town: Town, data_dict: Any) -> None:
    assert status_of(town, "citizen", "ogp_plan_update_create", data_dict) == 403
    assert status_of(town, "coordinator", "ogp_plan_update_create", data_dict) == 409


def test_an_id_that_is_nobodys(town: Town) -> None:
    for action in ("ogp_plan_link_remove", "ogp_plan_evidence_retract", "ogp_plan_role_end"):
        assert status_of(town, "citizen", action, {"id": make_uuid()}) == 404
