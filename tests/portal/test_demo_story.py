"""The demonstration's plans in a portal: a year loaded once, whose cuts anybody can compute again."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "dev"))
    import demo_plans

    yield demo_plans
    for name in [name for name in sys.modules if name == "demo_plans" or name.split(".")[0] == "sample"]:
        del sys.modules[name]


def people_and_organismos() -> None:
    people = yaml.safe_load((ROOT / "dev" / "people.yaml").read_text(encoding="utf-8"))["people"]
    for person in people:
        factories.User(name=person["name"], sysadmin=bool(person.get("sysadmin")))
    organismos = yaml.safe_load((ROOT / "dev/sample/planes/organismos.yaml").read_text(encoding="utf-8"))
    for one in organismos["organismos"]:
        factories.Organization(name=one["name"], title=one["title"])


@pytest.mark.slow
@pytest.mark.one_release("what it adds to tests/integration is the data of the sample, which no release changes")
@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")
class TestStory:
    def test_the_year_is_loaded_once(self, demo: Any) -> None:
        from ckanext.ogp_plan.model import (
            Cut,
            Event,
            LightChange,
            PlanItem,
            PlanRow,
            PlanVersion,
            Publication,
        )
        from ckanext.ogp_plan.services import cut as cut_service
        from ckanext.ogp_plan.services import permission
        from ckanext.ogp_plan.services import record as record_service

        people_and_organismos()
        assert demo.fill() is True
        counted = model.Session.query(Event).count()
        assert demo.fill() is False and model.Session.query(Event).count() == counted > 3000

        plans = {row.name: row for row in model.Session.query(PlanRow)}
        assert {name: row.status for name, row in plans.items()} == {
            "demostracion-paac-2026": "en_ejecucion",
            "demostracion-gobierno-abierto-2026": "en_ejecucion",
            "demostracion-cost-2026": "en_ejecucion",
            "demostracion-ptep-2027": "consulta",
        }
        assert all(row.demonstration and "emostración" in row.title for row in plans.values())
        paac = plans["demostracion-paac-2026"]
        assert plans["demostracion-ptep-2027"].successor_of == paac.id

        lights = Counter(
            one.light for one in model.Session.query(PlanItem).filter_by(plan_id=paac.id, trackable=True)
        )
        assert sum(lights.values()) == 87 and {"completado", "en_curso", "en_riesgo"} <= set(lights)
        assert model.Session.query(LightChange).filter_by(plan_id=paac.id).count() > 100

        versions = (
            model.Session.query(PlanVersion).filter_by(plan_id=paac.id).order_by(PlanVersion.number).all()
        )
        assert [one.created.month for one in versions] == [1, 1, 7]
        assert "Resolución" in versions[-1].act_name

        cuts = model.Session.query(Cut).filter_by(plan_id=paac.id).order_by(Cut.day).all()
        assert [(one.day, one.version) for one in cuts] == [
            (dt.date(2026, 4, 30), 2),
            (dt.date(2026, 8, 31), 3),
        ]
        late = {one.cut_id: one.late_days for one in model.Session.query(Publication)}
        assert [late[one.id] for one in cuts] == [0, 3]
        assert all(cut_service.verify(paac, one).same for one in cuts)

        health = permission.load_person(model.User.get("salud-enlace"))
        assert permission.list_reporting_organizations(health, paac) == ["secretaria-de-salud-publica"]
        leader = permission.load_person(model.User.get("lider-servicio"))
        assert len(leader.led_components(paac.id)) == 2
        assert record_service.current_plan(paac).item("fila", "5.3.1").schedule.months == (11,)

        shown = tk.get_action("package_show")(
            {"ignore_auth": True}, {"id": "demostracion-soportes-de-planes"}
        )
        assert len(shown["resources"]) == 9
