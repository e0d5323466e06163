"""The pages of cuts, without JavaScript: freeze, publish, check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import Town
from support.visitor import Visitor, text_of

from ckanext.ogp_plan.model import Cut, Publication
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services import record as record_service

PASSWORD = "Una-clave-larga-1"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def signed_in(town: Town, who: str) -> Visitor:
    user = model.User.get(town.names[who])
    user.password = PASSWORD
    model.Session.commit()
    visitor = Visitor(town.app)
    visitor.sign_in(user.name, PASSWORD)
    return visitor


@pytest.fixture(scope="module")
def admin(town: Town) -> Visitor:
    return signed_in(town, "owner_admin")


class TestCuts:
    @pytest.fixture(autouse=True)
    def in_may(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))

    def test_control_interno_freezes_and_publishes(self, town: Town) -> None:
        plan = town.plan("paac")
        town.update(plan, ("fila", "1.1.1"), organization=town.obras, state=Declared.DONE, period="2026-03", text=HOSTILE)
        url = f"/planes/{plan.name}/cortes"
        control = signed_in(town, "control")
        assert control.page(url).find("button", attrs={"value": "freeze"})
        assert not control.page(url).find("button", attrs={"value": "publish"})
        assert control.post(url, {"do": "freeze", "day": "2026-04-30"}).status_code == 400
        answer = control.post(url, {**control.token(url), "do": "freeze", "day": "2026-04-30"})
        assert answer.status_code in (302, 303)
        answer = control.post(url, {**control.token(url), "do": "freeze", "day": "2026-04-30"})
        assert answer.status_code == 400
        answer = control.post(url, {**control.token(url), "do": "publish", "day": "2026-04-30"})
        assert answer.status_code in (302, 303)
        assert model.Session.query(Cut).filter_by(plan_id=plan.id).count() == 1
        assert model.Session.query(Publication).filter_by(plan_id=plan.id).count() == 1
        anonymous = Visitor(town.app)
        assert not anonymous.page(url).find("button", attrs={"value": "freeze"})
        assert anonymous.post(url, {**anonymous.token("/user/login"), "do": "freeze", "day": "2026-04-30"}).status_code in (302, 401, 403)

    def test_the_page_says_it_all(self, town: Town) -> None:
        plan = town.plan("paac")
        url = f"/planes/{plan.name}/corte/2026-04-30"
        anonymous = Visitor(town.app)
        assert anonymous.page(url)  # not frozen yet, and says so
        update = town.update(plan, ("fila", "1.1.1"), organization=town.obras, state=Declared.ONGOING, period="2026-03", text="Va.")
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        town.update(plan, ("fila", "1.1.1"), organization=town.obras, state=Declared.DONE, period="2026-03", text=HOSTILE, supersedes=update.id)
        page = anonymous.page(url)
        text = text_of(page)
        cut = model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).one()
        assert cut.sha256 in text
        assert "DATIC" in text  # it owed 1.1.2 and reported nothing
        assert "1.1.1" in text
        assert "<script>alert" not in str(page)
        rows = page.find("tfoot").find_all("td")
        assert [text_of(one) for one in rows[:2]] == ["3", "0"]
        checked = anonymous.page(f"{url}?verificar=1")
        assert checked.find(id="verificar").find(attrs={"role": "status"})
        late = anonymous.page(f"{url}?estado=late")
        assert late.find("a", href=f"/planes/{plan.name}/1.1.1")
        assert anonymous.get(f"{url}?estado=nada&pagina=99").status_code == 200
        for wrong in ("2026-04-29", "ayer", "2026-13-01"):
            assert anonymous.get(f"/planes/{plan.name}/corte/{wrong}").status_code == 404

    def test_of_a_draft_there_is_nothing(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        for path in ("cortes", "corte/2026-04-30", "corte/2026-04-30/corte.json"):
            assert Visitor(town.app).get(f"/planes/{plan.name}/{path}").status_code == 404
