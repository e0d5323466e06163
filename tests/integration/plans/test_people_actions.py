"""Who is what, who stands in for whom, periods of reporting, links between items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.model import Delegation, Event, PlanRole, PlanRow
from ckanext.ogp_plan.services import item_status, permission
from ckanext.ogp_plan.services import record as record_service


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    yield
    model.Session.rollback()
    model.Session.remove()


@pytest.fixture
def row(town: Town) -> PlanRow:
    made = town.plan("paac")
    item_status.recompute(made.id)
    model.Session.commit()
    return town.fresh(made)


def refused(town: Town, who: str, action: str, **data: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as caught:
        town.call(who, action, **data)
    model.Session.rollback()
    found: dict[str, Any] = caught.value.error_dict
    assert all(found.values())
    return found


def day(after: int) -> str:
    return (record_service.today() + dt.timedelta(days=after)).isoformat()


class TestRoles:
    def test_granted_and_ended(self, town: Town, row: PlanRow) -> None:
        user = factories.User()
        before = town.call("coordinator", "ogp_plan_role_list", plan=row.name)["count"]
        role = town.call(
            "coordinator",
            "ogp_plan_role_grant",
            plan=row.name,
            user=user["name"],
            role="punto_focal",
            organization=town.datic,
        )
        assert role["organization"] == {"name": town.datic, "title": "DATIC"}
        assert role["user"]["name"] == user["name"]
        assert role["may_end"] is True
        assert permission.list_reporting_organizations(permission.load_person(user["name"]), row) == [town.datic]
        again = town.call(
            "coordinator",
            "ogp_plan_role_grant",
            plan=row.name,
            user=user["id"],
            role="punto_focal",
            organization=town.datic,
        )
        assert again["id"] == role["id"], "who has it already keeps it"
        listed = town.call("coordinator", "ogp_plan_role_list", plan=row.name)
        assert role["id"] in {result["id"] for result in listed["results"]}
        assert listed["count"] == len(listed["results"]) == before + 1
        assert not any(
            result["may_end"] for result in listed["results"] if result["role"] in ("control_interno", "monitor")
        )
        ended = town.call("coordinator", "ogp_plan_role_end", id=role["id"])
        assert ended["until"] is not None
        assert permission.list_reporting_organizations(permission.load_person(user["name"]), row) == []
        assert model.Session.get(PlanRole, role["id"]) is not None, "that somebody was something is kept"
        after = town.call("coordinator", "ogp_plan_role_list", plan=row.name)
        assert role["id"] not in {result["id"] for result in after["results"]}
        assert town.call("coordinator", "ogp_plan_role_list", plan=row.name, ended=True)["count"] == 6

    def test_a_leader_by_the_code_of_the_component(self, town: Town, row: PlanRow) -> None:
        user = factories.User()
        role = town.call(
            "coordinator",
            "ogp_plan_role_grant",
            plan=row.name,
            user=user["name"],
            role="lider_componente",
            component="2",
        )
        assert role["component"] == {"address": "2", "code": "2", "title": "Atención al ciudadano"}
        person = permission.load_person(user["name"])
        assert permission.is_allowed(person, "review", row, town.item(row, "2.2"))
        assert not permission.is_allowed(person, "review", row, town.item(row, "1.1.1"))

    def test_a_code_that_several_components_have_is_asked_about(self, town: Town) -> None:
        row = town.plan("cost")
        errors = refused(
            town,
            "coordinator",
            "ogp_plan_role_grant",
            plan=row.name,
            user=town.names["citizen"],
            role="lider_componente",
            component="1.1",
        )
        assert "outcome-1.1" in errors["component"][0]
        role = town.call(
            "coordinator",
            "ogp_plan_role_grant",
            plan=row.name,
            user=town.names["citizen"],
            role="lider_componente",
            component="outcome-1.1",
        )
        assert role["component"]["address"] == "outcome-1.1"

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"role": "punto_focal"}, "organization"),
            ({"role": "punto_focal", "organization": "no-hay"}, "organization"),
            ({"role": "lider_componente"}, "component"),
            ({"role": "lider_componente", "component": "1.1.1"}, "component"),
            ({"role": "rey"}, "role"),
            ({"role": "monitor", "organization": "x"}, "organization"),
            ({"role": "monitor", "component": "1"}, "component"),
            ({"role": "monitor", "user": "no-hay"}, "user"),
            ({"role": "monitor", "until": "2020-01-01"}, "until"),
        ],
    )
    def test_what_cannot_be_granted(self, town: Town, row: PlanRow, data: dict[str, Any], field: str) -> None:
        given = {"plan": row.name, "user": town.names["citizen"], **data}
        assert list(refused(town, "sysadmin", "ogp_plan_role_grant", **given)) == [field]

    def test_a_component_needs_a_plan(self, town: Town) -> None:
        data = {"user": town.names["citizen"], "role": "lider_componente", "component": "1"}
        assert list(refused(town, "sysadmin", "ogp_plan_role_grant", **data)) == ["plan"]

    def test_a_role_with_a_last_day(self, town: Town, row: PlanRow) -> None:
        role = town.call(
            "sysadmin",
            "ogp_plan_role_grant",
            plan=row.name,
            user=town.names["citizen"],
            role="monitor",
            until=day(0),
        )
        assert permission.is_allowed(permission.load_person(town.names["citizen"]), "verdict", row)
        model.Session.get(PlanRole, role["id"]).until = dt.datetime.now(dt.timezone.utc)
        model.Session.flush()
        assert not permission.is_allowed(permission.load_person(town.names["citizen"]), "verdict", row)

    def test_a_role_in_all_plans(self, town: Town, row: PlanRow) -> None:
        user = factories.User()
        granted = town.call("sysadmin", "ogp_plan_role_grant", user=user["name"], role="control_interno")
        draft = town.plan("ogp", "borrador", roles=False)
        person = permission.load_person(user["name"])
        assert permission.is_allowed(person, "see", draft)
        assert permission.is_allowed(person, "cut_publish", row)
        # lists of roles, also of ended ones, have it in the plans of the other tests, whichever runs first
        model.Session.delete(model.Session.get(PlanRole, granted["id"]))
        model.Session.commit()

    def test_the_administration_of_the_portal_does_not_judge_until_it_holds_the_role(
        self, town: Town, row: PlanRow
    ) -> None:
        data = {"plan": row.name, "item": "1.1.1", "role": "monitor"}
        with pytest.raises(tk.NotAuthorized):
            tk.check_access("ogp_plan_verdict_create", {"user": town.names["sysadmin"]}, data)
        granted = town.call(
            "sysadmin", "ogp_plan_role_grant", plan=row.name, user=town.names["sysadmin"], role="monitor"
        )
        tk.check_access("ogp_plan_verdict_create", {"user": town.names["sysadmin"]}, data)
        town.call("sysadmin", "ogp_plan_role_end", id=granted["id"])


class TestDelegations:
    def test_during_leave(self, town: Town, row: PlanRow) -> None:
        user = factories.User()
        delegation = town.call(
            "focal_point",
            "ogp_plan_delegation_create",
            delegate=user["name"],
            organization=town.obras,
            since=day(0),
            until=day(5),
            reason="Vacaciones",
        )
        assert delegation["active"] is True
        assert permission.list_reporting_organizations(permission.load_person(user["name"]), row) == [town.obras]
        mine = town.call("focal_point", "ogp_plan_delegation_list")
        assert delegation["id"] in {result["id"] for result in mine["results"]}
        revoked = town.call("focal_point", "ogp_plan_delegation_revoke", id=delegation["id"])
        assert revoked["active"] is False
        assert permission.list_reporting_organizations(permission.load_person(user["name"]), row) == []
        assert model.Session.get(Delegation, delegation["id"]) is not None

    def test_a_delegate_lends_nothing_on(self, town: Town, row: PlanRow) -> None:
        data = {
            "delegate": town.names["citizen"],
            "organization": town.obras,
            "since": day(0),
            "until": day(5),
        }
        with pytest.raises(tk.NotAuthorized):
            town.call("delegate", "ogp_plan_delegation_create", **data)

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"delegate": "no-hay"}, "delegate"),
            ({"delegate": "SELF"}, "delegate"),
            ({"until": "AGO"}, "until"),
            ({"since": "LATER"}, "until"),
            ({"until": "2199-01-01"}, "until"),
            ({"since": "mañana"}, "since"),
        ],
    )
    def test_what_cannot_be_lent(self, town: Town, data: dict[str, Any], field: str) -> None:
        named = {"SELF": town.names["focal_point"], "AGO": day(-1), "LATER": day(9)}
        given = {
            "delegate": town.names["citizen"],
            "organization": town.obras,
            "since": day(-3),
            "until": day(5),
            **data,
        }
        given = {name: named.get(str(value), value) for name, value in given.items()}
        assert list(refused(town, "focal_point", "ogp_plan_delegation_create", **given)) == [field]

    def test_of_somebody_who_reports_for_nobody(self, town: Town) -> None:
        data = {"user": town.names["citizen"], "delegate": town.names["leader"], "organization": town.obras}
        errors = refused(town, "sysadmin", "ogp_plan_delegation_create", since=day(0), until=day(1), **data)
        assert list(errors) == ["user"]


class TestPeriods:
    def test_closed_and_opened_again_with_a_reason(self, town: Town, row: PlanRow) -> None:
        opened = town.call("coordinator", "ogp_plan_period_open", plan=row.name, period="2026-03")
        assert opened["open"] is True
        closed = town.call("coordinator", "ogp_plan_period_close", plan=row.name, period="2026-03")
        assert closed["open"] is False
        again = town.call("coordinator", "ogp_plan_period_close", plan=row.name, period="2026-03")
        assert again["at"] == closed["at"], "closing what is closed changes nothing"
        assert list(
            refused(town, "coordinator", "ogp_plan_period_open", plan=row.name, period="2026-03")
        ) == ["reason"]
        town.call(
            "coordinator", "ogp_plan_period_open", plan=row.name, period="2026-03", reason="Faltó un informe"
        )
        assert model.Session.query(Event).filter_by(plan_id=row.id, kind="period").count() == 3
        periods = town.call("anonymous", "ogp_plan_show", id=row.name)["periods"]
        assert [(period["period"], period["open"], period["reason"]) for period in periods] == [
            ("2026-03", True, "Faltó un informe")
        ]

    @pytest.mark.parametrize("period", ["2025-12", "2027-T1", "marzo", "2026-13", ""])
    def test_no_such_period(self, town: Town, row: PlanRow, period: str) -> None:
        assert "period" in refused(town, "coordinator", "ogp_plan_period_close", plan=row.name, period=period)

    def test_a_report_to_a_closed_period_is_refused(self, town: Town, row: PlanRow) -> None:
        town.call("coordinator", "ogp_plan_period_close", plan=row.name, period="2026-03")
        data = {"plan": row.name, "item": "1.1.1", "organization": town.obras, "state": "en_curso"}
        assert "period" in refused(town, "focal_point", "ogp_plan_update_create", period="2026-03", **data)
        assert town.call("focal_point", "ogp_plan_update_create", period="2026-04", **data)


class TestLinks:
    def test_made_seen_from_both_sides_and_removed(self, town: Town, row: PlanRow) -> None:
        other = town.plan("ogp")
        data = {
            "plan": row.name,
            "item": "1.1.1",
            "kind": "depends_on",
            "other_plan": other.name,
            "other": "4.1.H1",
        }
        created = town.call("coordinator", "ogp_plan_link_create", **data)
        again = town.call("coordinator", "ogp_plan_link_create", **data)
        assert again["id"] == created["id"], "asked twice, made once"
        own = town.call("anonymous", "ogp_plan_item_show", plan=row.name, id="1.1.1")
        theirs = town.call("anonymous", "ogp_plan_item_show", plan=other.name, id="4.1.H1")
        assert [(link["plan"], link["inverse"]) for link in own["links"]] == [(other.name, False)]
        assert [(link["plan"], link["inverse"]) for link in theirs["links"]] == [(row.name, True)]
        assert own["links"][0]["kind_name"] != theirs["links"][0]["kind_name"]
        assert "R6" in {reason["code"] for reason in own["reasons"]}
        town.call("coordinator", "ogp_plan_link_remove", id=created["id"])
        after = town.call("anonymous", "ogp_plan_item_show", plan=row.name, id="1.1.1")
        assert after["links"] == []
        assert "R6" not in {reason["code"] for reason in after["reasons"]}
        assert [event["kind"] for event in after["story"]].count("link") == 2, "that it did is kept"
        town.call("coordinator", "ogp_plan_link_remove", id=created["id"])
        assert model.Session.query(Event).filter_by(plan_id=row.id, kind="link").count() == 2
        assert town.call("coordinator", "ogp_plan_link_create", **data)["id"] != created["id"]

    def test_no_ring(self, town: Town, row: PlanRow) -> None:
        for item, other in (("1.1.1", "1.1.2"), ("1.1.2", "2.1")):
            town.call(
                "coordinator",
                "ogp_plan_link_create",
                plan=row.name,
                item=item,
                kind="depends_on",
                other=other,
            )
        errors = refused(
            town,
            "coordinator",
            "ogp_plan_link_create",
            plan=row.name,
            item="2.1",
            kind="depends_on",
            other="1.1.1",
        )
        assert list(errors) == ["other"]
        town.call(
            "coordinator",
            "ogp_plan_link_create",
            plan=row.name,
            item="2.1",
            kind="same_deliverable",
            other="1.1.1",
        )

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"other": "1.1.1"}, "other"),
            ({"kind": "loves"}, "kind"),
            ({"kind": "counts_for", "other": "1"}, "other"),
        ],
    )
    def test_what_cannot_be_linked(self, town: Town, row: PlanRow, data: dict[str, Any], field: str) -> None:
        given = {"plan": row.name, "item": "1.1.1", "kind": "depends_on", "other": "1.1.2", **data}
        assert list(refused(town, "coordinator", "ogp_plan_link_create", **given)) == [field]

    def test_one_answer_for_two_plans_needs_who_manages_both(self, town: Town, row: PlanRow) -> None:
        other = town.plan("ogp", roles=False, owner=town.otra)
        data = {"plan": row.name, "item": "1.1.1", "other_plan": other.name, "other": "4.1.H1"}
        with pytest.raises(tk.NotAuthorized):
            town.call("coordinator", "ogp_plan_link_create", kind="counts_for", **data)
        town.call("coordinator", "ogp_plan_link_create", kind="contributes_to", **data)
        assert town.call("sysadmin", "ogp_plan_link_create", kind="counts_for", **data)
