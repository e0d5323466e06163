"""Whatever is sent to the reporting actions: an answer that says what is wrong, never a 500, nothing half-written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support import sampling
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.logic.schema import (
    answer,
    calendar_token,
    evidence,
    measurement,
    profile,
    report,
    review,
    update,
    verdict,
)
from ckanext.ogp_plan.model import Event, PlanRow, Token
from ckanext.ogp_plan.planning.types import PlanStatus

#: What no field of ours can use, and some can.
HOSTILE: list[Any] = [
    "\x00", "a\ud800b", "x" * 70_000, "\u202eevil", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc/passwd", "%s%n{0}",
    -1, 10**400, 1e308, True, [], [[]], [None], {"a": {"b": []}}, [{"a": 1}, 2], "9999-99-99", "2026-W01", "٣",
    "00000000-0000-0000-0000-000000000000", "[" * 5000, "NaN", "Infinity",
]  # fmt: skip

GOOD: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "ogp_plan_update_create": (
        "focal_point", {"item": "1.1.1", "text": "Va", "measurements": [{"value": 1}], "evidence": [{"url": "https://a.co"}]},
        update.update_create(),
    ),
    "ogp_plan_measurement_create": ("focal_point", {"item": "1.1.1", "value": 1}, measurement.measurement_create()),
    "ogp_plan_answer_create": ("focal_point", {"item": "1.1.1", "reason": "R1", "text": "Sí"}, answer.answer_create()),
    "ogp_plan_report_create": (
        "focal_point", {"period": "2026-03", "sections": [{"title": "a", "text": "b"}], "updates": [{"item": "1.1.1", "text": "x"}]},
        report.report_create(),
    ),
    "ogp_plan_report_rows": ("focal_point", {"rows": [{"item": "1.1.1", "text": "x"}]}, report.report_rows()),
    "ogp_plan_review_create": ("leader", {"update": "x", "accepted": True}, review.review_create()),
    "ogp_plan_evidence_create": ("focal_point", {"item": "1.1.1", "url": "https://a.co"}, evidence.evidence_create()),
    "ogp_plan_evidence_retract": ("focal_point", {"id": "x", "reason": "y"}, evidence.evidence_retract()),
    "ogp_plan_evidence_private": ("monitor", {"id": "x"}, {"id": None}),
    "ogp_plan_verdict_create": ("control", {"item": "1.1.1", "agrees": True}, verdict.verdict_create()),
    "ogp_plan_token_create": ("focal_point", {}, calendar_token.token_create()),
    "ogp_plan_token_revoke": ("focal_point", {"id": "x"}, calendar_token.token_revoke()),
    "ogp_plan_letters_patch": ("focal_point", {}, profile.letters_patch()),
}  # fmt: skip


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture
def plan(town: Town, monkeypatch: pytest.MonkeyPatch) -> PlanRow:
    monkeypatch.setitem(tk.config, "ckanext.ogp_plan.check_links", False)
    return town.plan("paac")


def written() -> tuple[int, int]:
    model.Session.rollback()
    return tuple(  # type: ignore[return-value]
        model.Session.execute(sa.select(sa.func.count()).select_from(table)).scalar()
        for table in (Event, Token)
    )


@pytest.mark.parametrize("action", sorted(GOOD))
def test_no_value_of_any_field_breaks_it(town: Town, plan: PlanRow, action: str) -> None:
    who, good, fields = GOOD[action]
    base = {"plan": plan.name, "organization": town.obras, **good}
    base = {name: value for name, value in base.items() if name in fields}
    # a kind is a field: the portal is asked over HTTP, so each is tried with some of the values
    for name in fields:
        for value in sampling.sample(HOSTILE, lambda _, field=name: (action, field), one_in=6):
            before = written()
            answer = town.ask(who, action, **{**base, name: value})
            where = (action, name, str(value)[:60])
            assert answer.status_code in (200, 403, 404, 409), (where, answer.get_data(as_text=True)[:3000])
            if answer.status_code != 200:
                assert written() == before, where
            if answer.status_code == 409:
                error = answer.get_json()["error"]
                assert any(key not in ("__type", "message") for key in error), where


@pytest.mark.parametrize("action", sorted(GOOD))
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b'{"plan": "\\ud800"}'])
def test_no_body_breaks_it(town: Town, plan: PlanRow, action: str, body: bytes) -> None:
    before = written()
    answer = town.app.post(
        f"/api/action/{action}",
        headers={"Authorization": town.tokens[GOOD[action][0]], "Content-Type": "application/json"},
        data=body,
    )
    # an empty request makes a calendar, or says how letters are sent: that is what was asked
    assert answer.status_code < 500, answer.get_data(as_text=True)[:2000]
    if answer.status_code != 200:
        assert written() == before


def test_of_another_plan_nothing_is_taken(town: Town, plan: PlanRow) -> None:
    """Ids of another plan's items, updates, measurements, evidence, verdicts and reports."""
    other = town.plan("paac")
    say: dict[str, Any] = {"plan": other.name, "item": "1.1.1"}
    update = town.call("focal_point", "ogp_plan_update_create", **say, text="x")
    measured = town.call("focal_point", "ogp_plan_measurement_create", **say, value=1)
    proof = town.call("focal_point", "ogp_plan_evidence_create", **say, url="https://a.co")
    verdict_ = town.call("control", "ogp_plan_verdict_create", **say, alert=True, rationale="x")
    report = town.call(
        "focal_point", "ogp_plan_report_create", plan=other.name, organization=town.obras, period="2026-03",
        sections=[{"title": "a", "text": "b"}],
    )  # fmt: skip
    mine: dict[str, Any] = {"plan": plan.name, "item": "1.1.1"}
    before = written()
    for who, action, data in (
        ("focal_point", "ogp_plan_update_create", {**mine, "text": "x", "supersedes": update["id"]}),
        ("focal_point", "ogp_plan_update_create", {**mine, "text": "x", "report": report["reports"][other.name]}),
        ("focal_point", "ogp_plan_update_create", {"plan": plan.name, "item": update["item_id"], "text": "x"}),
        ("focal_point", "ogp_plan_measurement_create", {**mine, "value": 1, "supersedes": measured["id"]}),
        ("focal_point", "ogp_plan_measurement_create", {**mine, "value": 1, "update": update["id"]}),
        ("focal_point", "ogp_plan_evidence_create", {**mine, "url": "https://a.co", "supersedes": proof["id"]}),
        ("focal_point", "ogp_plan_evidence_create", {**mine, "url": "https://a.co", "update": update["id"]}),
        ("control", "ogp_plan_verdict_create", {**mine, "agrees": True, "supersedes": verdict_["id"]}),
        ("control", "ogp_plan_verdict_create", {**mine, "closes": verdict_["id"]}),
        ("focal_point", "ogp_plan_report_create",
         {"plan": plan.name, "organization": town.obras, "period": "2026-03", "sections": [{"text": "b"}],
          "supersedes": report["reports"][other.name]}),
    ):  # fmt: skip
        answer = town.ask(who, action, **data)
        assert answer.status_code in (404, 409), (action, data, answer.get_data(as_text=True)[:1000])
    assert written() == before


def test_what_one_may_not_see_is_not_there(town: Town) -> None:
    draft = town.plan("paac", PlanStatus.DRAFT)
    made = town.ask("focal_point", "ogp_plan_update_create", plan=draft.name, item="1.1.1", text="x")
    absent = town.ask("focal_point", "ogp_plan_update_create", plan="no-hay", item="1.1.1", text="x")
    assert made.status_code == absent.status_code == 404
    assert made.get_json()["error"] == absent.get_json()["error"]
