"""Forms about an item: built from a few queries, however long the story of the item is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan import config
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning.types import Declared

#: Form → who opens it, and how many statements it takes at most, those of the page's frame included.
FORMS = {
    "reportar": ("focal_point", 40),
    "reportar?corrige=": ("focal_point", 40),
    "evidencia": ("focal_point", 40),
    "respuesta": ("focal_point", 40),
    "concepto": ("control", 40),
}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def no_links_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, config.CHECK_LINKS, False)


@pytest.fixture(scope="module")
def plan(town: Town) -> PlanRow:
    return town.plan("paac", name="paac-formularios")


@pytest.fixture(scope="module")
def first(town: Town, plan: PlanRow) -> str:
    """The first of several updates of an item, with all that a story may have."""
    key = ("fila", "1.1.1")
    made = town.update(plan, key, organization=town.obras, state=Declared.ONGOING, text="El primero")
    first_id = made.id
    town.update(plan, key, organization=town.obras, at_risk=True, reason="Falta el contrato", text="Otro")
    link = {"url": "https://example.org/acta", "title": "El acta", "kind": "acta"}
    town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Con cifra",
              measurements=[{"value": 1, "period": "2026-01"}], evidence=[link])  # fmt: skip
    town.call("control", "ogp_plan_verdict_create", plan=plan.name, item="1.1.1", alert=True, rationale="Sin soporte")
    return str(first_id)


def statements(town: Town, who: str, url: str) -> tuple[list[str], str]:
    """The statements of a page and its text, once what is remembered of a process is warm."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    town.get(who, url)
    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    try:
        response = town.get(who, url)
    finally:
        sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    assert response.status_code == 200
    return asked, response.get_data(as_text=True)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_takes_few_statements(town: Town, plan: PlanRow, first: str, form: str) -> None:
    who, most = FORMS[form]
    url = f"/planes/{plan.name}/1.1.1/{form}" + (first if form.endswith("=") else "")
    asked, page = statements(town, who, url)
    assert "1.1.1" in page
    assert len(asked) <= most, "\n".join(asked)


def test_a_longer_story_takes_no_more_statements(town: Town, plan: PlanRow, first: str) -> None:
    url = f"/planes/{plan.name}/1.1.1/reportar?corrige={first}"
    before, _ = statements(town, "focal_point", url)
    for number in range(5):
        town.update(plan, ("fila", "1.1.1"), organization=town.obras, text=f"Otro {number}")
    after, page = statements(town, "focal_point", url)
    assert len(after) == len(before)
    assert "El primero" in page


@pytest.mark.parametrize("form", FORMS)
def test_who_may_not_send_a_form_is_refused_before_anything_is_built(
    town: Town, plan: PlanRow, first: str, form: str
) -> None:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    try:
        response = town.get("citizen", f"/planes/{plan.name}/1.1.1/{form}{first if form.endswith('=') else ''}")
    finally:
        sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    assert response.status_code == 403
    assert not any("ogp_event" in statement for statement in asked)
