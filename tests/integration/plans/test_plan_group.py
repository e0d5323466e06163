"""The organismos of a group, set by action and by form; and reads that come in pages."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import MAKERS, Town, paac
from support.visitor import Visitor, text_of

from ckanext.ogp_plan.model import ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange, UnknownName
from ckanext.ogp_plan.planning.types import Declared, OrgGroup
from ckanext.ogp_plan.services import group as group_service
from ckanext.ogp_plan.services import item_status
from ckanext.ogp_plan.services import record as record_service

PASSWORD = "Una-clave-larga-1"
ACT = {"act_name": "Acta 7 de 2026", "reason": "La lista del decreto"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def with_group(
    town: Town, status: str = "adoptado", *, size: int | None = 3, members: tuple[str, ...] = ()
) -> PlanRow:
    """A PAAC whose row 2.2 is owed by a group, two each, of which these members are known."""
    body = paac(town)
    body.groups = [
        OrgGroup("organismos", "Todos los organismos", size, members, source="Decreto de ejemplo"),
        OrgGroup("otros", "Los demás", None),
    ]
    row = town.plan(status=status, body=body)
    item_status.recompute(row.id)
    model.Session.commit()
    return row


def patch(town: Town, row: PlanRow, members: Any, who: str = "coordinator", **more: Any) -> dict[str, Any]:
    more = {"group": "organismos", **ACT, **more}
    done: dict[str, Any] = town.call(who, "ogp_plan_group_patch", plan=row.name, members=members, **more)
    return done


def refused(town: Town, row: PlanRow, members: Any, **more: Any) -> dict[str, list[str]]:
    """What is refused, and that nothing of the plan was written."""
    before = everything(row)
    with pytest.raises(tk.ValidationError) as error:
        patch(town, row, members, **more)
    assert everything(row) == before
    found: dict[str, list[str]] = error.value.error_dict
    return found


def everything(row: PlanRow) -> list[Any]:
    """Each row of the plan's versions, changes, items and of who owes them."""
    model.Session.rollback()
    tables = (PlanRow, PlanVersion, RecordedChange, PlanItem, ItemAssignment)
    made: list[Any] = []
    for table in tables:
        of_plan = table.id == row.id if table is PlanRow else table.plan_id == row.id
        rows = model.Session.execute(sa.select(table.__table__).where(of_plan)).all()
        made.append(sorted(map(repr, rows)))
    return made


def owing(row: PlanRow) -> set[tuple[str | None, str | None]]:
    """Who owes 2.2: organismo and group."""
    item = PlanItem.at(row.id, "2.2")
    wanted = sa.select(ItemAssignment.organization, ItemAssignment.group_id).where(
        ItemAssignment.item_id == item.id
    )
    return set(map(tuple, model.Session.execute(wanted)))


class TestTheAction:
    def test_each_owes_its_part_and_the_change_is_shown(self, town: Town) -> None:
        row = with_group(town)
        assert owing(row) == {(None, "organismos")}
        done = patch(town, row, [town.obras, town.datic])
        assert done == {"plan": row.name, "group": "organismos", "version": 2, "changes": 1}
        assert owing(row) == {(town.obras, "organismos"), (town.datic, "organismos")}
        item = town.item(row, "2.2")
        quota = item.status["quota"]
        assert sorted(quota["missing"]) == sorted([town.obras, town.datic])
        assert (quota["unnamed"], Decimal(quota["target"])) == (1, 6), "the third is owed still"
        due = town.call("anonymous", "ogp_plan_obligation_list", organization=town.datic, plan=row.name)
        assert "2.2" in {one["address"] for name in ("late", "this_month", "next") for one in due[name]}
        [change] = town.call("anonymous", "ogp_plan_diff", plan=row.name)["changes"]
        assert (change["field"], change["act_name"], change["reason"]) == (
            "groups[organismos]",
            *ACT.values(),
        )
        assert "DATIC" in change["after_text"]
        version = PlanVersion.get(row.id, 2)
        assert (version.act_name, version.reason, version.user_id) == (
            *ACT.values(),
            town.ids["coordinator"],
        )

    def test_the_same_again_in_any_order_writes_nothing(self, town: Town) -> None:
        row = with_group(town, members=(town.obras, town.datic))
        before = everything(row)
        for members in ([town.datic, town.obras, town.datic], f"{town.datic}\n{town.obras}"):
            # nothing changes: it needs no act
            done = patch(town, row, members, act_name="", reason="")
            assert (done["version"], done["changes"]) == (1, 0)
        assert everything(row) == before

    def test_who_is_not_among_them_leaves_and_what_it_reported_stays(self, town: Town) -> None:
        row = with_group(town, members=(town.obras, town.datic))
        town.update(
            row, ("fila", "2.2"), organization=town.obras, state=Declared.ONGOING, text="Dos reuniones."
        )
        patch(town, row, [town.datic, town.otra])
        assert owing(row) == {(town.datic, "organismos"), (town.otra, "organismos")}
        shown = town.call("anonymous", "ogp_plan_item_show", plan=row.name, id="2.2")
        assert "Dos reuniones." in {one["text"] for one in shown["story"]}
        assert patch(town, row, [])["version"] == 3
        assert owing(row) == {(None, "organismos")}

    def test_by_id_and_of_no_size(self, town: Town) -> None:
        row = with_group(town)
        ids = [model.Group.get(name).id for name in (town.obras, town.datic, town.otra, town.owner)]
        patch(town, row, ids, group="otros")
        group = record_service.current_plan(town.fresh(row)).groups[1]
        assert group.members == (town.obras, town.datic, town.otra, town.owner)

    def test_an_unknown_name_is_refused_with_its_remedy(self, town: Town) -> None:
        errors = refused(town, with_group(town), [town.obras, "secretaria-de-nada"])
        assert list(errors) == ["members"]
        assert "secretaria-de-nada" in errors["members"][0]
        assert town.obras not in errors["members"][0]
        assert "administration of the portal" in errors["members"][0]

    def test_an_organismo_that_is_gone_may_stay_but_not_come(self, town: Town) -> None:
        gone = town.organization("ya-no-esta", "Ya no está")
        row, other = with_group(town, members=(gone,)), with_group(town)
        model.Group.get(gone).state = "deleted"
        model.Session.commit()
        assert patch(town, row, [gone, town.obras])["changes"] == 1
        assert "members" in refused(town, other, [gone])

    def test_more_than_the_plan_says_are_refused(self, town: Town) -> None:
        row = with_group(town, size=2)
        errors = refused(town, row, [town.obras, town.datic, town.otra])
        assert "2" in errors["members"][0]
        assert "3" in errors["members"][0]
        assert "tamano" in errors["members"][0]
        assert patch(town, row, [town.obras, town.datic])["changes"] == 1

    def test_every_error_at_once(self, town: Town) -> None:
        errors = refused(town, with_group(town), ["nadie"], act_name="", reason=" ")
        assert set(errors) == {"members", "act_name", "reason"}

    def test_a_draft_needs_no_act(self, town: Town) -> None:
        assert patch(town, with_group(town, "borrador"), [town.obras], act_name="", reason="")["version"] == 2

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"group": "ninguno"}, "group"),
            ({"group": ""}, "group"),
            ({"members": None}, "members"),
            ({"members": {"a": 1}}, "members"),
            ({"members": [1]}, "members"),
            ({"members": [{"a": 1}]}, "members"),
            ({"members": ["a\x00b"]}, "members"),
            ({"members": ["a"] * 1001}, "members"),
            ({"act_name": "x" * 2000}, "act_name"),
            ({"otro": "1"}, "otro"),
        ],
    )
    def test_what_cannot_be_used(self, town: Town, fields: dict[str, Any], wrong: str) -> None:
        row = PlanRow.get("con-datos-malos") or town.plan(body=MAKERS["paac"](town), name="con-datos-malos")
        given = {"plan": row.name, "group": "organismos", "members": [town.obras], **ACT, **fields}
        answer = town.ask("coordinator", "ogp_plan_group_patch", **given)
        assert answer.status_code == 409, answer.get_data(as_text=True)
        assert wrong in answer.get_json()["error"]

    def test_a_plan_without_groups_or_version(self, town: Town) -> None:
        row = town.plan("ogp")
        assert "group" in refused(town, row, [town.obras])
        empty = town.call(
            "sysadmin", "ogp_plan_create", name="sin-nada", family="paac", title="Vacío", owner=town.owner
        )
        assert "group" in refused(town, PlanRow.get(empty["id"]), [town.obras], who="owner_admin")

    def test_a_closed_plan_and_who_may_not(self, town: Town) -> None:
        row = with_group(town)
        for who in ("anonymous", "citizen", "focal_point", "owner_editor", "leader", "control", "monitor"):
            with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
                patch(town, row, [town.obras], who)
        town.fresh(row).status = "cerrado"
        model.Session.commit()
        with pytest.raises(tk.NotAuthorized):
            patch(town, row, [town.obras])
        # who asked before it was closed is refused under the lock
        with pytest.raises(tk.ValidationError) as error:
            group_service.set_members(town.fresh(row), "organismos", [town.obras], act_name="a", reason="b")
        assert "plan" in error.value.error_dict
        model.Session.rollback()
        assert town.fresh(row).version == 1

    def test_what_fails_on_the_way_leaves_nothing(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        row = with_group(town)
        before = everything(row)

        def broken(plan_id: str) -> None:
            raise RuntimeError("the power is gone")

        with monkeypatch.context() as patched:
            patched.setattr(item_status, "recompute", broken)
            with pytest.raises(RuntimeError):
                patch(town, row, [town.obras])
        assert everything(row) == before
        assert patch(town, row, [town.obras])["version"] == 2


class TestAtOnce:
    def test_no_version_is_lost(self, town: Town) -> None:
        """Eight say it of two groups, in versions one after another; the same twice is one version."""
        row = with_group(town, size=None)
        name = row.name
        wanted = [
            (group, town_name) for town_name in (town.obras, town.datic) for group in ("organismos", "otros")
        ]
        outcomes: list[Any] = []

        def one(group: str, member: str) -> None:
            try:
                done = town.call(
                    "coordinator", "ogp_plan_group_patch", plan=name, group=group, members=[member], **ACT
                )
                outcomes.append((done["version"], done["changes"]))
            except Exception as error:
                outcomes.append(error)
            finally:
                model.Session.remove()

        threads = [threading.Thread(target=one, args=each) for each in wanted * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = [version for version, changes in outcomes if changes]
        model.Session.rollback()
        model.Session.expire_all()
        fresh = PlanRow.get(name)
        assert sorted(made) == list(range(2, fresh.version + 1)), outcomes
        assert model.Session.query(PlanVersion).filter_by(plan_id=fresh.id).count() == fresh.version
        for group in record_service.current_plan(fresh).groups:
            assert group.members in ((town.obras,), (town.datic,))
        # who owes it is who the last version says
        [organismos, _] = record_service.current_plan(fresh).groups
        assert owing(fresh) == {(organismos.members[0], "organismos")}


class TestTheForm:
    @pytest.fixture(scope="class")
    def admin(self, town: Town) -> Visitor:
        user = model.User.get(town.names["owner_admin"])
        user.password = PASSWORD
        model.Session.commit()
        visitor = Visitor(town.app)
        visitor.sign_in(user.name, PASSWORD)
        return visitor

    def sent(self, admin: Visitor, row: PlanRow, **fields: Any) -> Any:
        url = f"/planes/{row.name}/importar"
        token = admin.token(f"{url}?grupo=organismos", "/grupo")
        return admin.post(f"{url}/grupo", {**token, "group": "organismos", **fields})

    def boxes(self, found: Any) -> set[str]:
        return {one["value"] for one in found.select("input[name=members][checked]")}

    def test_groups_with_their_numbers_and_one_open(self, town: Town, admin: Visitor) -> None:
        row = with_group(town, members=(town.obras,))
        url = f"/planes/{row.name}/importar"
        page = admin.page(url)
        text = text_of(page.find(id="grupos"))
        assert "Todos los organismos Identificados: 1 de 3" in text
        assert "Los demás ninguno nombrado" in text
        assert not page.select("input[name=members]"), "two groups lack organismos: none is open by itself"
        links = [one["href"] for one in page.select("#grupos article a.btn")]
        page = admin.page(links[0].removesuffix("#grupo"))
        [fieldset] = page.select("#grupo fieldset")
        assert fieldset.find("legend").get_text(strip=True) == "Organismos de este grupo"
        assert self.boxes(page) == {town.obras}
        offered = {one["value"] for one in page.select("input[name=members]")}
        assert {town.obras, town.datic, town.otra, town.owner} <= offered
        assert "Secretaría de Obras" in text_of(fieldset)
        assert "#grupo" in links[1]
        assert not admin.page(f"{url}?grupo=no-hay").select("input[name=members]")
        # the item that lacks them leads there
        assert admin.page(f"/planes/{row.name}/2.2").find(
            "a", href=lambda to: to and to.endswith("/importar?grupo=organismos#grupos")
        )

    def test_saved_and_the_same_again(self, town: Town, admin: Visitor) -> None:
        row = with_group(town)
        answer = self.sent(admin, row, members=[town.obras, town.datic], **ACT)
        assert (answer.status_code, answer.headers["Location"].partition("?")[2]) == (303, "hecho=grupo")
        page = admin.page(f"/planes/{row.name}/importar?hecho=grupo")
        assert "se guardaron" in text_of(page.select_one(".ogp-done")).lower()
        assert self.boxes(admin.page(f"/planes/{row.name}/importar?grupo=organismos")) == {
            town.obras,
            town.datic,
        }
        answer = self.sent(admin, row, members=[town.datic, town.obras])
        assert answer.headers["Location"].endswith("hecho=igual")
        # all boxes empty: nobody is known any more
        assert self.sent(admin, row, **ACT).status_code == 303
        assert town.fresh(row).version == 3
        assert owing(row) == {(None, "organismos")}

    def test_errors_beside_their_fields_and_what_was_chosen_stays(self, town: Town, admin: Visitor) -> None:
        row = with_group(town, size=1)
        answer = self.sent(admin, row, members=[town.obras, town.datic], act_name="<b>Acta</b>", reason="")
        assert answer.status_code == 400
        page = admin_soup(answer)
        assert self.boxes(page) == {town.obras, town.datic}
        field = page.find(id="ogp-members")
        assert field["aria-describedby"].split() == ["ogp-members-hint", "ogp-members-error"]
        assert "Quite los que sobran" in text_of(page.find(id="ogp-members-error"))
        assert page.find(id="ogp-reason-error")
        assert not page.find(id="ogp-act_name-error")
        assert page.find(id="ogp-act_name")["value"] == "<b>Acta</b>"
        assert {one["href"] for one in page.select("#ogp-problems a")} == {"#ogp-members", "#ogp-reason"}
        assert town.fresh(row).version == 1

    def test_a_box_that_is_no_organismo_and_no_group(self, town: Town, admin: Visitor) -> None:
        row = with_group(town)
        answer = self.sent(admin, row, members=["<script>x</script>"], **ACT)
        assert answer.status_code == 400
        assert "<script>x" not in answer.get_data(as_text=True)
        answer = self.sent(admin, row, group="no-hay", members=[town.obras], **ACT)
        assert answer.status_code == 400
        assert "no nombra ese grupo" in text_of(admin_soup(answer).find(id="ogp-problems"))

    def test_without_its_token_or_without_leave(self, town: Town, admin: Visitor) -> None:
        row = with_group(town)
        url = f"/planes/{row.name}/importar/grupo"
        assert admin.post(url, {"group": "organismos", "members": [town.obras], **ACT}).status_code == 400
        assert Visitor(town.app).post(url, {"group": "organismos"}).status_code == 302
        assert town.get("citizen", url.removesuffix("/grupo")).status_code == 403
        assert town.fresh(row).version == 1


def admin_soup(answer: Any) -> Any:
    from bs4 import BeautifulSoup

    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


class TestPagedReads:
    @pytest.fixture(scope="class")
    def long(self, town: Town) -> PlanRow:
        """An item with a story of more than two pages."""
        row = with_group(town, "en_ejecucion", members=(town.obras, town.datic))
        begin = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone.utc)
        from ckanext.ogp_plan.planning.tracking import Update
        from ckanext.ogp_plan.services import event as event_service

        for n in range(230):
            at = begin + dt.timedelta(hours=n)
            fact = Update(
                id="",
                at=at,
                item=("fila", "2.2"),
                organization=town.obras,
                text=f"Novedad {n:03}",
                by=town.ids["focal_point"],
            )
            event_service.append(row.id, fact, at=at)
        item_status.recompute(row.id)
        model.Session.commit()
        return row

    def test_a_story_in_pages_is_the_whole_story(self, town: Town, long: PlanRow) -> None:
        def asked(**part: int) -> dict[str, Any]:
            found: dict[str, Any] = town.call(
                "anonymous", "ogp_plan_item_show", plan=long.name, id="2.2", **part
            )
            return found

        whole = asked(story_limit=1000)
        assert whole["story_count"] == len(whole["story"]) >= 230
        first = asked()
        assert (len(first["story"]), first["story_count"]) == (100, whole["story_count"])
        pages = [
            one
            for n in range(0, whole["story_count"], 70)
            for one in asked(story_limit=70, story_offset=n)["story"]
        ]
        assert pages == whole["story"]
        assert asked(story_limit=0)["story"] == asked(story_offset=10**6)["story"] == []
        rest = {name: value for name, value in first.items() if name != "story"}
        assert rest == {name: value for name, value in whole.items() if name != "story"}

    @pytest.mark.parametrize(
        "wrong", [{"story_limit": 1001}, {"story_limit": -1}, {"story_offset": -1}, {"story_offset": "x"}]
    )
    def test_pages_that_are_none(self, town: Town, long: PlanRow, wrong: dict[str, Any]) -> None:
        answer = town.ask("anonymous", "ogp_plan_item_show", plan=long.name, id="2.2", **wrong)
        assert answer.status_code == 409
        assert set(answer.get_json()["error"]) - {"__type"} == set(wrong)

    def test_the_page_turns(self, town: Town, long: PlanRow) -> None:
        url = f"/planes/{long.name}/2.2"
        texts: list[str] = []
        for number in (1, 2, 3):
            page = admin_soup(town.get("anonymous", f"{url}?pagina={number}"))
            texts += [text_of(one) for one in page.select(".ogp-story .ogp-text") if "Novedad" in text_of(one)]
            assert page.select("nav[aria-label='Páginas de su historial'] a"), number
        assert texts == [f"Novedad {n:03}" for n in reversed(range(230))]
        assert page.select_one("nav[aria-label='Páginas de su historial'] a")["href"].endswith("#ogp-story")
        beyond = town.get("anonymous", f"{url}?pagina=9")
        assert beyond.status_code == 200
        assert "No hay tantas páginas" in text_of(admin_soup(beyond))
        short = admin_soup(town.get("anonymous", f"/planes/{long.name}/1.1.2"))
        assert not short.select("nav[aria-label='Páginas de su historial']")

    def test_what_was_reported_long_ago_can_be_corrected(self, town: Town, long: PlanRow) -> None:
        whole = town.call("anonymous", "ogp_plan_item_show", plan=long.name, id="2.2", story_limit=1000)
        oldest = next(one for one in whole["story"] if "Novedad 000" in one["text"])
        page = admin_soup(town.get("focal_point", f"/planes/{long.name}/2.2/reportar?corrige={oldest['id']}"))
        assert "Novedad 000" in str(page.find("textarea", attrs={"name": "text"}))
        answer = town.get("focal_point", f"/planes/{long.name}/2.2/reportar?corrige=no-hay")
        assert answer.status_code == 200

    def test_lists_whole_and_in_pages(self, town: Town) -> None:
        body = paac(town)
        names = [f"Nombre {n}" for n in range(7)]
        row = next(item for item in body.items if item.code == "2.1" and item.level == "fila")
        [one] = row.assignments
        from dataclasses import replace

        row.assignments = [replace(one, unknown=name) for name in names]
        plan = town.plan("paac", body=body)
        now = dt.datetime.now(dt.timezone.utc)
        model.Session.add_all(UnknownName(plan_id=plan.id, printed=name, created=now) for name in names)
        # nothing of the plan has this one any more: it does not wait, nor take a place on a page
        model.Session.add(UnknownName(plan_id=plan.id, printed="Antiguo", created=now - dt.timedelta(days=9)))
        model.Session.commit()
        for action in ("ogp_plan_name_list", "ogp_plan_cut_list", "ogp_plan_file_list"):
            whole = town.call("coordinator", action, plan=plan.name)
            assert len(whole) > 2, action
            pages = [
                each
                for n in range(0, len(whole), 2)
                for each in town.call("coordinator", action, plan=plan.name, limit=2, offset=n)
            ]
            assert pages == whole, action
            assert town.call("coordinator", action, plan=plan.name, limit=0) == []
            assert town.ask("coordinator", action, plan=plan.name, limit=1001).status_code == 409
        assert [
            one["printed"] for one in town.call("coordinator", "ogp_plan_name_list", plan=plan.name)
        ] == names
