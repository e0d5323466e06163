"""Documents become plans: kept, read dry, asked about, applied whole or not at all."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from openpyxl import load_workbook
from support import plan_files
from support.application import portal
from support.plan_portal import Town
from support.seeds import seed
from werkzeug.datastructures import FileStorage

from ckanext.ogp_plan.model import (
    Import,
    ItemAssignment,
    PlanItem,
    PlanRow,
    PlanVersion,
    RecordedChange,
    UnknownName,
)
from ckanext.ogp_plan.planning.exporters import f014, own_workbook
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import record as record_service

TABLES = (Import, ItemAssignment, PlanItem, PlanRow, PlanVersion, RecordedChange, UnknownName)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def storage(content: bytes, name: str = "plan.xlsx") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


def counts() -> dict[str, int]:
    """How many rows our tables have."""
    model.Session.rollback()
    return {
        one.__tablename__: model.Session.execute(sa.select(sa.func.count()).select_from(one)).scalar_one()
        for one in TABLES
    }


def opened(town: Town, content: bytes, who: str = "owner_admin", file: str = "plan.xlsx", **more: Any) -> dict[str, Any]:
    more.setdefault("owner", town.owner) if "plan" not in more else None
    found: dict[str, Any] = town.call(who, "ogp_plan_import", upload=storage(content, file), **more)
    return found


def made(town: Town, name: str, content: bytes | None = None, family: str = "paac", **more: Any) -> PlanRow:
    """A plan made from a document."""
    one = opened(town, content or plan_files.f014(), name=name, family=family, **more)
    town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers=first_options(one))
    town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
    found = PlanRow.get(name)
    assert found is not None
    return found


def first_options(one: dict[str, Any]) -> dict[str, str]:
    return {asked["id"]: asked["options"][0]["value"] for asked in one["reading"]["acta"]["asked"]}


def adopted(plan: PlanRow, status: str = "adoptado") -> PlanRow:
    plan.status = status
    model.Session.commit()
    return plan


class TestANewPlan:
    def test_it_is_read_dry_and_made_as_a_draft(self, town: Town) -> None:
        before = counts()
        one = opened(town, plan_files.f014(), name="paac-de-prueba", family="paac", title="PAAC de prueba")
        after = counts()
        assert {name for name in after if after[name] != before[name]} == {"ogp_import"}
        assert one["state"] == "open"
        assert one["plan"] is None
        assert one["layout"] == "paac-f014"
        assert one["reading"]["acta"]["accepted"] == 4
        assert {change["kind"] for change in one["changes"]} == {"added", "changed"}
        done = town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        plan = PlanRow.get("paac-de-prueba")
        assert plan is not None
        assert (plan.status, plan.owner, plan.title, plan.version) == ("borrador", town.owner, "PAAC de prueba", 1)
        assert done == {"plan": plan.name, "version": 1, "changes": len(one["changes"]), "unknown_names": []}
        version = PlanVersion.get(plan.id, 1)
        assert version.source_name == "plan.xlsx"
        assert version.source_sha256 == one["sha256"]
        row = model.Session.get(Import, one["id"])
        assert (row.state, row.applied_version, row.content, row.plan_id) == ("applied", 1, None, plan.id)

    def test_the_act_is_kept_with_the_version(self, town: Town) -> None:
        plan = made(town, "con-acta")
        row = model.Session.scalars(sa.select(Import).where(Import.plan_id == plan.id)).one()
        shown = town.call("owner_admin", "ogp_plan_import_show", id=row.id)
        assert shown["state"] == "applied"
        assert shown["reading"]["acta"]["accepted"] == 4
        assert shown["reading"]["acta"]["dropped"]

    def test_applied_twice_it_answers_the_same(self, town: Town) -> None:
        one = opened(town, plan_files.f014(), name="dos-veces", family="paac")
        first = town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        before = counts()
        again = town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert (again["plan"], again["version"]) == (first["plan"], first["version"])
        assert counts() == before

    @pytest.mark.parametrize(
        ("family", "content", "tracked"),
        [("cost", plan_files.cost_workbook, 3), ("ogp", plan_files.ogp_matrix, 3), ("paac", plan_files.dafp, 5)],
    )
    def test_other_families_and_layouts(self, town: Town, family: str, content: Any, tracked: int) -> None:
        plan = made(town, f"nuevo-{family}-{tracked}", content(), family)
        items = list(model.Session.scalars(sa.select(PlanItem).where(PlanItem.plan_id == plan.id)))
        assert sum(item.trackable for item in items) == tracked
        assert all(item.light for item in items if item.trackable)

    def test_the_name_must_be_free_and_an_address(self, town: Town) -> None:
        made(town, "ya-existe")
        for name in ("ya-existe", "importar", "mis-avisos", "Con Espacios"):
            with pytest.raises(tk.ValidationError) as refused:
                opened(town, plan_files.f014(), name=name, family="paac")
            assert "name" in refused.value.error_dict, name

    def test_of_two_who_want_one_name_the_second_gets_an_error(self, town: Town) -> None:
        one, two = (opened(town, plan_files.f014(), name="uno-solo", family="paac") for _ in range(2))
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        before = counts()
        with pytest.raises(tk.ValidationError) as refused:
            town.call("owner_admin", "ogp_plan_import_apply", id=two["id"])
        assert "name" in refused.value.error_dict
        assert counts() == before

    def test_who_may(self, town: Town) -> None:
        for who in ("citizen", "owner_editor", "other_editor", "control", "monitor", "coordinator"):
            with pytest.raises(tk.NotAuthorized):
                opened(town, plan_files.f014(), who, name="de-otros", family="paac")
        one = opened(town, plan_files.f014(), name="de-dadii", family="paac")
        for who in ("citizen", "other_editor", "focal_point"):
            for action in ("show", "answer", "apply", "discard"):
                with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
                    town.call(who, f"ogp_plan_import_{action}", id=one["id"])


class TestTheSameAgain:
    def test_it_changes_no_row(self, town: Town) -> None:
        plan = made(town, "igual")
        one = opened(town, plan_files.f014(), plan=plan.name)
        assert one["changes"] == []
        before = counts()
        done = town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert (done["version"], done["changes"]) == (1, 0)
        assert counts() == before

    def test_what_was_answered_is_not_asked_again(self, town: Town) -> None:
        content = plan_files.f014([*plan_files.ROWS, ("1.1.1", "Otra cosa", "Algo muy distinto de lo de antes", "Dos (2)", [5], "Otro", "Número", 2, "DADII")])
        one = opened(town, content, name="con-preguntas", family="paac")
        asked = one["reading"]["acta"]["asked"]
        assert [question["kind"] for question in asked] == ["code.conflict"]
        with pytest.raises(tk.ValidationError) as refused:
            town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert "answers" in refused.value.error_dict
        assert PlanRow.get("con-preguntas") is None
        answered = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers={asked[0]["id"]: "second"})
        if answered["reading"]["acta"]["asked"]:
            value = asked[0]["options"][1]["value"]
            answered = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers={asked[0]["id"]: value})
        assert answered["may_apply"]
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        again = opened(town, content, plan="con-preguntas")
        assert again["reading"]["acta"]["asked"] == []
        assert again["changes"] == []

    def test_every_form_out_comes_in_as_the_same_plan(self, town: Town) -> None:
        plan = made(town, "ida-y-vuelta", title="PLAN ANTICORRUPCIÓN de la casa")
        for content in (f014.write(record_service.current_plan(plan)), own_workbook.write(record_service.current_plan(plan))):
            one = opened(town, content, plan=plan.name)
            assert [(c["field"], c["before"], c["after"]) for c in one["changes"]] == []
            assert one["reading"]["acta"]["asked"] == []

    def test_what_a_form_has_no_place_for_is_not_taken_away(self, town: Town) -> None:
        plan = made(town, "con-pesos")
        body = record_service.current_plan(plan)
        edited = edit(own_workbook.write(body), "Elementos", "peso", {"1.1.1": 40, "1.1.2": 60}, level="fila")
        one = opened(town, edited, plan=plan.name)
        assert {change["field"] for change in one["changes"]} == {"weight"}
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        again = opened(town, plan_files.f014(), plan=plan.name)
        assert again["changes"] == []


def edit(content: bytes, sheet: str, column: str, values: dict[str, Any], level: str | None = None) -> bytes:
    """Our own workbook with some cells changed, by the code of their item."""
    book = load_workbook(io.BytesIO(content))
    page = book[sheet]
    head = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        code = str(page.cell(row, head["codigo"]).value)
        if code in values and level in (None, page.cell(row, head["nivel"]).value):
            page.cell(row, head[column]).value = values[code]
    return plan_files.saved(book)


class TestACorrectedDocument:
    rows = [
        *plan_files.ROWS[:1],
        (*plan_files.ROWS[1][:4], [3, 6, 9], *plan_files.ROWS[1][5:7], 3, plan_files.ROWS[1][8]),
        *plan_files.ROWS[2:],
    ]

    def test_it_shows_what_changes_and_becomes_changes_with_their_act(self, town: Town) -> None:
        plan = adopted(made(town, "corregido"))
        one = opened(town, plan_files.f014(self.rows), plan=plan.name)
        assert one["needs_act"]
        fields = {(change["code"], change["field"]) for change in one["changes"]}
        assert ("1.1.2", "schedule.months") in fields
        assert ("1.1.2", "fields.result") in fields
        months = next(change for change in one["changes"] if change["field"] == "schedule.months")
        assert (months["before"], months["after"]) == ([3, 6, 9, 12], [3, 6, 9])
        assert months["before_text"].count(",") == 3
        before = counts()
        with pytest.raises(tk.ValidationError) as refused:
            town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert set(refused.value.error_dict) == {"act_name", "reason"}
        assert counts() == before
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"], act_name="Acta 3 de 2026", reason="Se pactó un boletín menos.")
        rows = list(model.Session.scalars(sa.select(RecordedChange).where(RecordedChange.plan_id == plan.id)))
        assert {(row.code, row.field) for row in rows} == fields
        assert {(row.version, row.act_name, row.reason) for row in rows} == {(2, "Acta 3 de 2026", "Se pactó un boletín menos.")}
        assert PlanItem.of(plan.id, "fila", "1.1.2").months == [3, 6, 9]

    def test_it_is_refused_when_the_plan_changed_since(self, town: Town) -> None:
        plan = made(town, "cambiado")
        one = opened(town, plan_files.f014(self.rows), plan=plan.name)
        other = opened(town, edit(own_workbook.write(record_service.current_plan(plan)), "Elementos", "titulo", {"1": "Riesgos de todos"}), plan=plan.name)
        town.call("owner_admin", "ogp_plan_import_apply", id=other["id"])
        before = counts()
        with pytest.raises(tk.ValidationError) as refused:
            town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert "base_version" in refused.value.error_dict
        assert counts() == before
        shown = town.call("owner_admin", "ogp_plan_import_show", id=one["id"])
        assert shown["stale"]
        assert not shown["may_apply"]
        again = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], compare_again=True)
        assert not again["stale"]
        assert ("1", "title") in {(change["code"], change["field"]) for change in again["changes"]}
        assert town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])["version"] == 3

    def test_what_is_gone_is_asked_about_and_not_taken_away(self, town: Town) -> None:
        plan = made(town, "con-una-menos")
        shorter = plan_files.f014(plan_files.ROWS[:3])
        one = opened(town, shorter, plan=plan.name)
        asked = one["reading"]["acta"]["asked"]
        assert [(question["kind"], question["params"]["code"], question["params"]["below"]) for question in asked] == [("item.missing", "2", 2)]
        assert one["changes"] == []
        kept = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers={asked[0]["id"]: "keep"})
        assert (kept["may_apply"], kept["changes"]) == (True, [])
        gone = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers={asked[0]["id"]: "withdraw"})
        assert {(change["kind"], change["code"], change["level"]) for change in gone["changes"]} == {
            ("removed", "2", "componente"), ("removed", "2.1", "actividad"), ("removed", "2.1", "fila")
        }  # fmt: skip
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        item = PlanItem.of(plan.id, "fila", "2.1")
        assert item.withdrawn
        back = opened(town, plan_files.f014(), plan=plan.name)
        town.call("owner_admin", "ogp_plan_import_apply", id=back["id"])
        model.Session.expire_all()
        assert not PlanItem.of(plan.id, "fila", "2.1").withdrawn

    def test_a_document_without_an_item_kept_keeps_its_place(self, town: Town) -> None:
        plan = made(town, "en-su-lugar")
        one = opened(town, plan_files.f014([plan_files.ROWS[0], plan_files.ROWS[3]]), plan=plan.name)
        answers = {question["id"]: "keep" for question in one["reading"]["acta"]["asked"]}
        assert answers
        ready = town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers=answers)
        assert ready["changes"] == []
        before = [item.key for item in record_service.current_plan(plan).items]
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert [item.key for item in record_service.current_plan(plan).items] == before

    def test_a_closed_plan_takes_nothing(self, town: Town) -> None:
        plan = made(town, "cerrado")
        one = opened(town, plan_files.f014(self.rows), plan=plan.name)
        adopted(plan, "cerrado")
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
            town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert PlanRow.get("cerrado").version == 1

    def test_discarded_it_is_kept_no_more(self, town: Town) -> None:
        plan = made(town, "descartado")
        one = opened(town, plan_files.f014(self.rows), plan=plan.name)
        town.call("owner_admin", "ogp_plan_import_discard", id=one["id"])
        row = model.Session.get(Import, one["id"])
        assert (row.state, row.content) == ("discarded", None)
        with pytest.raises(tk.ValidationError):
            town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])


class TestManyAtOnce:
    def test_one_import_applied_twice_at_once_makes_one_version(self, town: Town) -> None:
        one = opened(town, plan_files.f014(), name="a-la-vez", family="paac")
        outcomes = at_once(lambda: import_service.apply(model.Session.get(Import, one["id"]), user_id=None).version, 4)
        assert outcomes == [1, 1, 1, 1]
        plan = PlanRow.get("a-la-vez")
        assert model.Session.query(PlanVersion).filter_by(plan_id=plan.id).count() == 1

    def test_of_two_corrections_at_once_the_second_is_refused(self, town: Town) -> None:
        plan = made(town, "dos-correcciones")
        both = [opened(town, edit(own_workbook.write(record_service.current_plan(plan)), "Elementos", "titulo", {"1": f"Riesgos {n}"}), plan=plan.name) for n in range(2)]
        waiting = iter([one["id"] for one in both])
        outcomes = at_once(lambda: import_service.apply(model.Session.get(Import, next(waiting)), user_id=None).version, 2)
        assert sorted(outcomes, key=str) == [2, "refused"]
        model.Session.expire_all()
        assert PlanRow.get("dos-correcciones").version == 2


def at_once(do: Any, times: int) -> list[Any]:
    """Do something in several threads, each with its own transaction; what each answered."""
    outcomes: list[Any] = []

    def one() -> None:
        try:
            outcomes.append(do())
            model.Session.commit()
        except tk.ValidationError:
            model.Session.rollback()
            outcomes.append("refused")
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class TestNamesThatWait:
    rows = [(*plan_files.ROWS[0][:8], "Oficina de los Vecinos"), *plan_files.ROWS[1:]]

    def test_nobody_makes_an_organization_and_a_person_answers(self, town: Town) -> None:
        organizations = model.Session.query(model.Group).filter_by(is_organization=True).count()
        plan = made(town, "con-desconocidos", plan_files.f014(self.rows))
        assert model.Session.query(model.Group).filter_by(is_organization=True).count() == organizations
        waiting = town.call("owner_admin", "ogp_plan_name_list", plan=plan.name)
        assert [one["printed"] for one in waiting] == ["Oficina de los Vecinos"]
        assert [item["code"] for item in waiting[0]["items"]] == ["1.1.1"]
        for who in ("citizen", "owner_editor", "control"):
            with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
                town.call(who, "ogp_plan_name_answer", plan=plan.name, printed="Oficina de los Vecinos", organization=town.obras)
        for wrong in ({"organization": "nadie"}, {}, {"group": "ninguno"}, {"organization": town.obras, "group": "x"}):
            with pytest.raises(tk.ValidationError):
                town.call("owner_admin", "ogp_plan_name_answer", plan=plan.name, printed="Oficina de los Vecinos", **wrong)
        done = town.call("owner_admin", "ogp_plan_name_answer", plan=plan.name, printed="Oficina de los Vecinos", organization=town.obras)
        assert (done["version"], done["changes"]) == (2, 1)
        assert town.call("owner_admin", "ogp_plan_name_list", plan=plan.name) == []
        owed = model.Session.scalars(sa.select(ItemAssignment).where(ItemAssignment.plan_id == plan.id, ItemAssignment.organization == town.obras))
        assert len(list(owed)) == 1
        again = opened(town, plan_files.f014(self.rows), plan=plan.name)
        assert again["changes"] == []
        assert again["unknown_names"] == []
        with pytest.raises(tk.ValidationError):
            town.call("owner_admin", "ogp_plan_name_answer", plan=plan.name, printed="Oficina de los Vecinos", organization=town.obras)


BAD = {
    "vacio.xlsx": (b"", "vacío"),
    "foto.png": (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "imagen"),
    "plan.pdf": (b"%PDF-1.7 ...", "PDF"),
    "roto.xlsx": (b"PK\x03\x04" + b"basura" * 50, "dañado"),
    "texto.txt": ("Esto no es un plan.\n" * 20).encode(),
    "comillas.csv": (b'N;ACTIVIDADES;DESCRIPCION\n"1;2;3\n', ""),
}


class TestBadFiles:
    @pytest.mark.parametrize("file", BAD)
    def test_the_reason_is_given_and_nothing_is_written(self, town: Town, file: str) -> None:
        content, word = BAD[file] if isinstance(BAD[file], tuple) else (BAD[file], "")
        before = counts()
        with pytest.raises(tk.ValidationError) as refused:
            opened(town, content, file=file, name="malo", family="paac")
        assert counts() == before
        assert set(refused.value.error_dict) == {"upload"}
        sentence = refused.value.error_dict["upload"][0]
        assert word in sentence
        assert len(sentence) > 20

    def test_too_large_is_refused(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(tk.config, "ckanext.ogp_plan.max_import_bytes", 2048)
        before = counts()
        with pytest.raises(tk.ValidationError) as refused:
            opened(town, b"x" * 4096, file="grande.txt", name="grande", family="paac")
        assert "2048" in str(refused.value.error_dict["upload"])
        assert counts() == before

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [({"family": "ninguna"}, "family"), ({"family": "paac", "layout": "otro"}, "layout"), ({}, "family"), ({"family": "paac", "owner": "nadie"}, None)],
    )
    def test_other_fields(self, town: Town, fields: dict[str, str], wrong: str | None) -> None:
        before = counts()
        with pytest.raises((tk.ValidationError, tk.NotAuthorized)) as refused:
            opened(town, plan_files.f014(), name="otros-campos", **fields)
        assert counts() == before
        if wrong:
            assert set(refused.value.error_dict) == {wrong}

    def test_over_http_it_is_no_failure(self, town: Town) -> None:
        headers = {"Authorization": town.tokens["owner_admin"]}
        for data, status in (
            ({"family": "paac", "name": "a\x00b", "owner": town.owner, "upload": (io.BytesIO(b"x"), "x.txt")}, 409),
            ({"family": "paac", "name": "sin-archivo", "owner": town.owner}, 409),
            ({"family": "../../etc/passwd", "name": "raro", "owner": town.owner, "upload": (io.BytesIO(b"x"), "x.txt")}, 409),
        ):
            answer = town.app.post("/api/action/ogp_plan_import", headers=headers, data=data)
            assert answer.status_code == status, answer.get_data(as_text=True)


class TestTheCitysOwnDocuments:
    @pytest.mark.parametrize(
        ("file", "family", "tracked"),
        [("cali-paac-2022.txt", "paac", 87), ("cost-cali-workplan-2026.txt", "cost", 14), ("cartagena-ogp-2026-2027.txt", "ogp", 15)],
    )
    def test_they_become_plans_and_the_same_again_changes_nothing(self, town: Town, file: str, family: str, tracked: int) -> None:
        content = seed(file)
        plan = made(town, f"propio-{family}", content, family, file=file)
        items = list(model.Session.scalars(sa.select(PlanItem).where(PlanItem.plan_id == plan.id)))
        assert sum(item.trackable for item in items) == tracked
        if family == "paac":
            assert all(item.due is None for item in items)  # its months were lost with the shading
        before = counts()
        again = opened(town, content, plan=plan.name, file=file)
        assert (again["reading"]["acta"]["asked"], again["changes"]) == ([], [])
        town.call("owner_admin", "ogp_plan_import_apply", id=again["id"])
        after = counts()
        assert {name for name in after if after[name] != before[name]} == {"ogp_import"}
