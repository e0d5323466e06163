"""Which organization an organismo is: decided by links with time, never by a name."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories, helpers
from click.testing import CliRunner, Result
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import Visitor

from ckanext.ogp_plan import cli
from ckanext.ogp_plan.model import OrganizationLink, PlanRow
from ckanext.ogp_plan.services import organization as organization_service
from ckanext.ogp_plan.services import organization_link, permission
from ckanext.ogp_plan.services import record as record_service

UTC = dt.timezone.utc
PASSWORD = "una-clave-larga-1"


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    with portal() as app:
        yield app


@pytest.fixture
def town(shared: Any) -> Town:
    """Organismos of its own for each test: they are renamed and purged."""
    return Town.build(shared)


def signed_in(town: Town, who: str) -> Visitor:
    """Somebody of the cast in a browser, signed in."""
    user = model.User.get(town.ids[who])
    assert user is not None
    user.password = PASSWORD
    model.Session.commit()
    visitor = Visitor(town.app)
    visitor.sign_in(user.name, PASSWORD)
    return visitor


def run(town: Town, *words: str) -> Result:
    with town.app.flask_app.test_request_context():
        return CliRunner().invoke(cli.ogp_plan, list(words))


def sysadmin(action: str, **data: Any) -> Any:
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return helpers.call_action(action, {"ignore_auth": True, "user": site}, **data)


def rename(name: str, new: str) -> None:
    sysadmin("organization_patch", id=name, name=new)
    model.Session.expire_all()


def organization_with_editor(name: str, title: str = "Una nueva") -> tuple[dict[str, Any], str]:
    user = factories.User()
    made = factories.Organization(name=name, title=title, users=[{"name": user["name"], "capacity": "admin"}])
    return made, user["name"]


def reports_for(user: str, plan: PlanRow) -> set[str]:
    return set(permission.list_reporting_organizations(permission.load_person(user), plan))


def links_of(code: str) -> list[OrganizationLink]:
    model.Session.expire_all()
    return organization_link.load(code=code)


class TestLinkedByAPlan:
    def test_when_it_names_an_organization_for_the_first_time(self, town: Town) -> None:
        assert links_of(town.obras) == []
        before = dt.datetime.now(UTC)
        town.plan("paac")
        (link,) = links_of(town.obras)
        assert link.organization_id == model.Group.get(town.obras).id
        assert (link.origin, link.linked_by, link.until) == ("plan", town.ids["sysadmin"], None)
        assert before <= link.since <= dt.datetime.now(UTC)
        assert len(links_of(town.owner)) == 1, "its owner too"
        assert links_of(town.otra) == [], "which no plan names"

    def test_a_second_plan_links_nothing_again(self, town: Town) -> None:
        town.plan("paac")
        town.plan("ogp")
        assert len(links_of(town.obras)) == 1

    def test_what_a_plan_named_before_there_was_an_organization_is_left(self, town: Town) -> None:
        body = record_service.current_plan(town.plan("paac"))
        next(item for item in body.items if item.assignments).assignments[0].organization = "sin-pagina"
        town.plan(body=body)
        assert links_of("sin-pagina") == []
        _, user = organization_with_editor("sin-pagina")
        again = town.plan(body=body)
        assert links_of("sin-pagina") == []
        assert reports_for(user, again) == set()
        assert "sin-pagina" in {code for code, _ in organization_link.list_unlinked()}

    def test_an_answer_of_an_import_links_it(self, town: Town) -> None:
        made, user = organization_with_editor(f"nombrada-{town.obras}", "Secretaría nombrada")
        plan = town.plan("paac")
        from ckanext.ogp_plan.services import unknown_name

        unknown_name.store_unknown_names(plan, ["Todos los procesos"])
        model.Session.commit()
        town.call("coordinator", "ogp_plan_name_answer", plan=plan.name, printed="Todos los procesos", organization=made["name"], act_name="Acta 3")
        (link,) = links_of(made["name"])
        assert (link.organization_id, link.linked_by) == (made["id"], town.ids["coordinator"])
        assert reports_for(user, plan) == {made["name"]}


class TestRenaming:
    def test_an_organization_that_takes_the_name_of_one_that_owes_gets_nothing(self, town: Town) -> None:
        plan = town.plan("paac")
        name = town.obras
        rename(name, f"{name}-antigua")
        rename(town.otra, name)
        other, focal = str(town.names["other_editor"]), str(town.names["focal_point"])
        assert reports_for(other, plan) == set()
        reached = set(permission.load_focal_points([name], plan.id)[name])
        assert {town.ids[who] for who in ("focal_point", "named_focal_point", "delegate")} <= reached
        assert town.ids["other_editor"] not in reached
        for data in ({"organization": name}, {}, {"organization": model.Group.get(name).id}):
            with pytest.raises(tk.NotAuthorized):
                town.call("other_editor", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Falso", **data)
        # and the one that owed goes on, under its own new name
        assert reports_for(focal, plan) == {name}
        made = town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Se hizo", state="en_curso")
        assert made["organization"] == name
        assert organization_service.load_names()[name] == "Secretaría de Obras"

    def test_pages_are_those_of_the_code(self, town: Town) -> None:
        town.plan("paac")
        name = town.obras
        rename(name, f"{name}-antigua")
        rename(town.otra, name)
        page = BeautifulSoup(town.get("anonymous", f"/organismo/{name}/obligaciones").get_data(as_text=True), "html.parser")
        assert "Secretaría de Obras" in page.h1.get_text()
        assert page.select_one(f"a[href$='/organization/{name}-antigua']") is not None
        assert page.select_one(f"a[href$='/organization/{name}']") is None
        # by its new name it is found too
        assert town.get("anonymous", f"/organismo/{name}-antigua/obligaciones").status_code == 200
        assert f"/organismo/{name}/obligaciones" in town.get("anonymous", f"/organization/{name}-antigua").get_data(as_text=True)
        assert "/obligaciones" not in town.get("anonymous", f"/organization/{name}").get_data(as_text=True)

    def test_the_owner_of_a_plan_too(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        name = town.owner
        rename(name, f"{name}-antigua")
        _, thief = organization_with_editor(name)
        person = permission.load_person(thief)
        assert not permission.is_allowed(person, "see", plan) and not permission.is_allowed(person, "change", plan)
        assert not permission.is_allowed(person, "create", None, organization=name)
        owner = permission.load_person(town.names["owner_admin"])
        assert permission.is_allowed(owner, "change", plan)
        assert permission.is_allowed(owner, "create", None, organization=name)
        town.call("owner_admin", "ogp_plan_patch", id=plan.name, title="Sigue siendo suyo")

    def test_by_its_new_name_or_id_an_organization_is_the_same_organismo(self, town: Town) -> None:
        town.plan("paac")
        group = model.Group.get(town.obras)
        rename(town.obras, f"{town.obras}-nueva")
        for reference in (town.obras, f"{town.obras}-nueva", group.id):
            found = town.call("anonymous", "ogp_plan_obligation_list", organization=reference)
            assert found["organization"] == town.obras, reference


class TestPurgingAndMakingAgain:
    def test_a_new_organization_with_an_old_name_holds_nothing(self, town: Town) -> None:
        plan = town.plan("paac")
        name, old = town.obras, model.Group.get(town.obras).id
        sysadmin("organization_delete", id=name)
        assert reports_for(str(town.names["focal_point"]), plan) == set(), "of a deleted one nobody reports"
        sysadmin("organization_purge", id=name)
        made, user = organization_with_editor(name, "Secretaría falsa")
        assert made["id"] != old
        assert reports_for(user, plan) == set()
        assert permission.load_person(user).editor_of == frozenset()
        assert permission.load_focal_points([name], plan.id)[name] == [town.ids["named_focal_point"]]
        assert "Secretaría falsa" not in organization_service.load_names().values()
        with pytest.raises(tk.ObjectNotFound):
            town.call("anonymous", "ogp_plan_obligation_list", organization=made["id"])
        # nor does another plan that names it give it anything
        again = town.plan("paac")
        assert reports_for(user, again) == set()
        with pytest.raises(tk.ValidationError) as refused:
            sysadmin("ogp_plan_create", name=f"de-{name}", title="Otro", family="paac", owner=name)
        assert "owner" in refused.value.error_dict
        # until the administration says so
        town.call("sysadmin", "ogp_plan_organization_link_end", id=links_of(name)[0].id)
        town.call("sysadmin", "ogp_plan_organization_link_create", code=name, organization=name)
        assert reports_for(user, plan) == {name}
        assert [link.organization_id for link in links_of(name)] == [old, made["id"]]

    def test_one_that_is_restored_is_the_same(self, town: Town) -> None:
        plan = town.plan("paac")
        sysadmin("organization_delete", id=town.obras)
        sysadmin("organization_patch", id=town.obras, state="active")
        model.Session.expire_all()
        assert links_of(town.obras)[0].until is None
        assert organization_link.find_organization(town.obras) is not None
        assert plan is not None


class TestTime:
    def test_an_expired_link_gives_nothing(self, town: Town) -> None:
        plan = town.plan("paac")
        focal = str(town.names["focal_point"])
        (link,) = links_of(town.obras)
        assert reports_for(focal, plan) == {town.obras}
        link.since, link.until = (dt.datetime.now(UTC) - dt.timedelta(days=days) for days in (9, 1))
        model.Session.commit()
        assert reports_for(focal, plan) == set()
        assert permission.load_focal_points([town.obras], plan.id)[town.obras] == [town.ids["named_focal_point"]]
        with pytest.raises(tk.NotAuthorized):
            town.call("focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Tarde", organization=town.obras)
        assert town.obras in {code for code, _ in organization_link.list_unlinked()}
        # who has the role by itself keeps it, and a substitute stands in for nobody now
        assert reports_for(str(town.names["named_focal_point"]), plan) == {town.obras}
        assert reports_for(str(town.names["delegate"]), plan) == set()

    def test_one_that_begins_later_gives_nothing_yet(self, town: Town) -> None:
        plan = town.plan("paac")
        town.call("sysadmin", "ogp_plan_organization_link_end", id=links_of(town.obras)[0].id)
        later = (record_service.today() + dt.timedelta(days=2)).isoformat()
        made = town.call("sysadmin", "ogp_plan_organization_link_create", code=town.obras, organization=town.otra, since=later)
        assert made["active"] is False
        assert reports_for(str(town.names["other_editor"]), plan) == set()

    @pytest.mark.parametrize(
        ("since", "until", "refused"),
        [
            ("2026-01-01", "2026-03-31", False), ("2026-01-01", "2026-04-01", True), ("2026-05-10", "2026-05-20", True),
            ("2026-05-31", None, True), ("2026-06-01", None, False), ("2026-01-01", None, True), ("2026-01-01", "2026-12-31", True),
        ],
    )  # fmt: skip
    def test_two_that_overlap_are_refused(self, town: Town, since: str, until: str | None, refused: bool) -> None:
        code = town.datic
        first = {"code": code, "organization": town.datic, "since": "2026-04-01", "until": "2026-05-31"}
        town.call("sysadmin", "ogp_plan_organization_link_create", **first)
        wanted = {"code": code, "organization": town.otra, "since": since, **({"until": until} if until else {})}
        if refused:
            with pytest.raises(tk.ValidationError) as error:
                town.call("sysadmin", "ogp_plan_organization_link_create", **wanted)
            assert set(error.value.error_dict) == {"code"}
        else:
            town.call("sysadmin", "ogp_plan_organization_link_create", **wanted)
        assert len(links_of(code)) == (1 if refused else 2)

    def test_two_at_once_make_one(self, town: Town) -> None:
        ids, outcomes = [model.Group.get(name).id for name in (town.obras, town.otra)], []
        code = town.datic
        model.Session.remove()

        def link(id_: str) -> None:
            try:
                organization_link.create(code, model.Group.get(id_))
                model.Session.commit()
                outcomes.append("made")
            except tk.ValidationError:
                model.Session.rollback()
                outcomes.append("refused")
            finally:
                model.Session.remove()

        both = [threading.Thread(target=link, args=(id_,)) for id_ in ids]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(outcomes) == ["made", "refused"] and len(links_of(code)) == 1

    def test_who_it_was_on_the_day_of_a_report(self, town: Town) -> None:
        old, new = (model.Group.get(name).id for name in (town.datic, town.otra))
        create = "ogp_plan_organization_link_create"
        town.call("sysadmin", create, code=town.datic, organization=town.datic, since="2026-01-01", until="2026-06-30")
        town.call("sysadmin", create, code=town.datic, organization=town.otra, since="2026-07-01")
        for day, expected in (("2025-12-31", []), ("2026-03-15", [old]), ("2026-06-30", [old]), ("2026-07-01", [new])):
            found = town.call("sysadmin", "ogp_plan_organization_link_list", code=town.datic, day=day)
            assert [one["organization"]["id"] for one in found["results"]] == expected, day
        noon = dt.datetime(2026, 6, 30, 17, tzinfo=UTC)
        assert organization_link.find_organization_id(town.datic, noon) == old
        sysadmin("organization_purge", id=town.datic)
        assert organization_link.find_organization_id(town.datic, noon) == old, "what it was is kept"
        (gone,) = [one for one in town.call("sysadmin", "ogp_plan_organization_link_list", code=town.datic)["results"] if not one["active"]]
        assert gone["organization"] == {"id": old, "name": town.datic, "title": town.datic, "state": None}

    def test_one_organization_may_be_two_organismos(self, town: Town) -> None:
        plan = town.plan("paac")
        town.call("sysadmin", "ogp_plan_organization_link_end", id=links_of(town.datic)[0].id)
        town.call("sysadmin", "ogp_plan_organization_link_create", code=town.datic, organization=town.obras)
        assert reports_for(str(town.names["focal_point"]), plan) == {town.obras, town.datic}
        page = town.get("anonymous", f"/organization/{town.obras}").get_data(as_text=True)
        assert f"/organismo/{town.obras}/obligaciones" in page and f"/organismo/{town.datic}/obligaciones" in page


class TestWhoSaysSo:
    @pytest.mark.parametrize("who", [one for one in CAST if one != "sysadmin"])
    def test_the_administration_alone(self, town: Town, who: str) -> None:
        town.plan("paac")
        id_ = links_of(town.obras)[0].id
        for action, data in (
            ("list", {}), ("create", {"code": town.otra, "organization": town.otra}), ("end", {"id": id_}), ("create", {}), ("end", {"id": "x"}),
        ):  # fmt: skip
            answer = town.ask(who, f"ogp_plan_organization_link_{action}", **data)
            assert answer.status_code == 403, (action, answer.get_data(as_text=True))
        page = town.get(who, "/planes/organizaciones", follow_redirects=False)
        assert page.status_code in ((302, 303) if who == "anonymous" else (403,))
        assert "/planes/organizaciones" not in town.get(who, "/planes").get_data(as_text=True)

    def test_what_cannot_be_linked(self, town: Town) -> None:
        for data, field in (
            ({"code": town.obras, "organization": "no-hay"}, "organization"), ({"code": "no-lo-nombra-nadie", "organization": town.obras}, "code"),
            ({"code": town.obras}, "organization"), ({"organization": town.obras}, "code"),
            ({"code": town.obras, "organization": town.obras, "since": "2026-05-02", "until": "2026-05-01"}, "until"),
            ({"code": town.obras, "organization": town.obras, "since": "ayer"}, "since"),
        ):  # fmt: skip
            with pytest.raises(tk.ValidationError) as refused:
                town.call("sysadmin", "ogp_plan_organization_link_create", **data)
            assert set(refused.value.error_dict) == {field}, data
        assert links_of(town.obras) == []

    def test_an_ended_one_is_not_ended_again(self, town: Town) -> None:
        town.plan("paac")
        (link,) = links_of(town.obras)
        done = town.call("sysadmin", "ogp_plan_organization_link_end", id=link.id)
        assert done["active"] is False and done["ended_by"] == town.names["sysadmin"]
        with pytest.raises(tk.ValidationError):
            town.call("sysadmin", "ogp_plan_organization_link_end", id=link.id)


class TestThePage:
    def test_links_are_seen_made_and_ended(self, town: Town) -> None:
        town.plan("paac")
        (link,) = links_of(town.obras)
        visitor = signed_in(town, "sysadmin")
        assert "/planes/organizaciones" in town.get("sysadmin", "/planes").get_data(as_text=True)
        page = BeautifulSoup(town.get("sysadmin", "/planes/organizaciones").get_data(as_text=True), "html.parser")
        assert town.obras in page.get_text() and page.h1 is not None

        def send(**fields: str) -> Any:
            return visitor.post("/planes/organizaciones", {**visitor.token("/planes/organizaciones", "/planes/organizaciones"), **fields})

        assert send(hacer="terminar", id=link.id).status_code in (302, 303)
        assert links_of(town.obras)[0].until is not None
        unlinked = town.get("sysadmin", f"/planes/organizaciones?codigo={town.obras}").get_data(as_text=True)
        assert f'value="{town.obras}"' in unlinked
        wrong = send(hacer="vincular", code=town.obras, organization="no-hay")
        assert wrong.status_code == 400 and 'href="#ogp-organization"' in wrong.get_data(as_text=True)
        assert send(hacer="vincular", code=town.obras, organization=town.otra).status_code in (302, 303)
        assert links_of(town.obras)[-1].organization_name == town.otra
        assert send(hacer="nada").status_code == 400
        without = visitor.post("/planes/organizaciones", {"hacer": "terminar", "id": links_of(town.obras)[-1].id})
        assert without.status_code == 400 and links_of(town.obras)[-1].until is None


class TestCommands:
    def test_list_link_end(self, town: Town) -> None:
        town.plan("paac")
        listed = run(town, "organization", "list", "--code", town.obras)
        assert listed.exit_code == 0 and f"{town.obras} = {town.obras}" in listed.output
        assert run(town, "organization", "end", town.obras).exit_code == 0
        again = run(town, "organization", "end", town.obras)
        assert again.exit_code == cli.UNUSABLE and "no organization" in again.output
        assert f"{town.obras}: no organization, owes in" in run(town, "organization", "list").output
        done = run(town, "organization", "link", town.obras, town.otra, "--user", str(town.names["sysadmin"]))
        assert done.exit_code == 0 and f"{town.obras} = {town.otra}" in done.output
        twice = run(town, "organization", "link", town.obras, town.datic)
        assert twice.exit_code == cli.UNUSABLE and "Traceback" not in twice.output
        assert links_of(town.obras)[-1].linked_by == town.ids["sysadmin"]
        assert len(run(town, "organization", "list", "--all", "--code", town.obras).output.splitlines()) == 2
