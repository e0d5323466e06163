"""What the issue promises people and no other test holds: each page by each person in each status, reads that leave
everything as it was, groups whose organismos nobody listed yet, what a plan's page counts."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.logic import _actions
from docx import Document
from openpyxl import load_workbook
from support import fifth_family, plan_files, sampling
from support.application import portal
from support.plan_portal import CAST, Town
from support.visitor import text_of
from werkzeug.datastructures import FileStorage

from ckanext.ogp_plan.model import APPEND_ONLY, Event, PlanItem, PlanRow
from ckanext.ogp_plan.planning import data
from ckanext.ogp_plan.planning.exporters import own_workbook
from ckanext.ogp_plan.planning.tracking import Evidence, Measurement, Report, Verdict, VerdictRole
from ckanext.ogp_plan.planning.types import Declared, Item
from ckanext.ogp_plan.services import cut as cut_service
from ckanext.ogp_plan.services import item_status
from ckanext.ogp_plan.services import record as record_service

EVERYBODY = set(CAST)
INSIDERS = {"owner_editor", "owner_admin", "leader", "coordinator", "control", "monitor", "sysadmin"}
FOCAL = {"focal_point", "named_focal_point", "delegate"}
MANAGERS = {"coordinator", "owner_admin", "sysadmin"}
JUDGES = {"control", "monitor"}
STATUSES = ("borrador", "consulta", "adoptado", "cerrado")
NOBODY: set[str] = set()

#: What anybody reads of a public plan.
READ = (
    "", "/1.1.1", "/1.1.1/imprimir", "/cambios", "/cortes", "/corte/2026-04-30", "/archivo/plan.json", "/archivo/f014.xlsx",
    "/novedades.atom", "/luces.atom", "/1.1.1/novedades.atom", "/calendario.ics",
)  # fmt: skip
#: Page → status → who opens it.
WORK: dict[str, dict[str, set[str]]] = {
    **{
        path: dict.fromkeys(STATUSES, NOBODY) | {"adoptado": FOCAL | {"coordinator"}}
        for path in ("/1.1.1/reportar", "/1.1.1/respuesta", "/1.1.1/evidencia")
    },
    "/1.1.1/concepto": dict.fromkeys(STATUSES, NOBODY) | {"adoptado": JUDGES, "cerrado": JUDGES},
    "/seguimiento": dict.fromkeys(STATUSES, NOBODY) | {"adoptado": {"leader", "coordinator"}},
    # of a closed plan too: it is still published as a dataset
    "/ajustes": dict.fromkeys(STATUSES, MANAGERS),
    "/importar": dict.fromkeys(STATUSES, MANAGERS) | {"cerrado": NOBODY},
}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def soup(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def page(town: Town, url: str, who: str = "anonymous") -> str:
    answer = town.get(who, url)
    assert answer.status_code == 200, url
    return text_of(soup(answer))


def people(path: str, status: str, expected: set[str]) -> list[str]:
    """Return whom a page is asked as: one of each kind of person at least, by page and status."""
    return sampling.sample(
        CAST, lambda who: (path, status, who in expected, who in INSIDERS, who == "anonymous"), one_in=8
    )


class TestWhoOpensWhichPage:
    """Each page × each kind of person × draft, consultation, adopted, closed."""

    @pytest.fixture(scope="class")
    def plans(self, town: Town) -> dict[str, str]:
        return {status: str(town.plan("paac", status).name) for status in STATUSES}

    @pytest.mark.parametrize("path", [*READ, *WORK])
    def test_as_the_matrix_says(self, town: Town, plans: dict[str, str], path: str) -> None:
        wrong = []
        for status, name in plans.items():
            expected = WORK[path][status] if path in WORK else INSIDERS if status == "borrador" else EVERYBODY
            for who in people(path, status, expected):
                code = town.get(who, f"/planes/{name}{path}", follow_redirects=False).status_code
                if who in expected:
                    fits = code == 200
                elif status == "borrador" and who not in INSIDERS:
                    # that a draft is there is shown to nobody; who is not signed in is sent to do so first
                    fits = code == town.get(who, f"/planes/no-hay{path}", follow_redirects=False).status_code
                else:
                    fits = code in ((302,) if who == "anonymous" else (403,))
                if not fits:
                    wrong.append((status, who, code))
        assert not wrong


def standing() -> dict[str, str]:
    """Every row of every table of ours, as it is."""
    model.Session.remove()
    found = {}
    for name in sorted(sa.inspect(model.meta.engine).get_table_names()):
        if name.startswith("ogp_"):
            rows = model.Session.execute(sa.text(f"SELECT CAST({name} AS text) FROM {name} ORDER BY 1")).scalars()  # noqa: S608
            found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    model.Session.rollback()
    return found


def test_every_table_of_facts_refuses_to_be_changed(town: Town) -> None:
    """A trigger before UPDATE, DELETE and TRUNCATE on each; tests of the tables show what it does."""
    wanted = sa.text(
        "SELECT relname, bool_or(tgtype & 16 > 0), bool_or(tgtype & 8 > 0), bool_or(tgtype & 32 > 0) FROM pg_trigger"
        " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND tgtype & 2 > 0 AND tgenabled = 'O' GROUP BY 1"
    )
    found = {name: (update, delete, truncate) for name, update, delete, truncate in model.Session.execute(wanted)}
    assert {one.__tablename__: found.get(one.__tablename__) for one in APPEND_ONLY} == {
        one.__tablename__: (True, True, True) for one in APPEND_ONLY
    }
    assert {"ogp_event", "ogp_cut", "ogp_publication", "ogp_plan_change", "ogp_plan_version", "ogp_light_change"} <= set(found)


class TestReads:
    def test_every_read_leaves_everything_as_it_was(self, town: Town) -> None:
        row = town.plan("paac")
        cut_service.create(row, dt.date(2026, 4, 30), user_id=None)
        model.Session.commit()
        opened = town.call(
            "owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(plan_files.f014()), "plan.xlsx"),
            family="paac", name="leido", owner=town.owner,
        )  # fmt: skip
        now = dt.datetime.now(dt.timezone.utc)
        proof = town.add_fact(row, Evidence(id="", at=now, item=("fila", "1.1.1"), organization=town.obras, url="https://example.org/a"))
        report = town.add_fact(row, Report(id="", at=now, organization=town.obras, start=dt.date(2026, 1, 1), end=dt.date(2026, 3, 31)))
        item_status.recompute(row.id)
        model.Session.commit()
        ids = {"ogp_plan_report_show": report.id, "ogp_plan_import_show": opened["id"], "ogp_plan_item_show": "1.1.1", "ogp_plan_evidence_private": proof.id}
        tk.get_action("status_show")
        reads = {name for name, one in _actions.items() if name.startswith("ogp_plan_") and getattr(one, "side_effect_free", False)}
        assert len(reads) > 14
        before = standing()
        for name in sorted(reads):
            data = {
                "plan": row.name, "id": ids.get(name, row.name),
                "organization": town.obras, "day": "2026-04-30",
            }  # fmt: skip
            # each takes those of them that it knows
            codes = []
            for who in ("owner_admin", "coordinator", "focal_point"):
                given = dict(data)
                while True:
                    answer = town.ask(who, name, **given)
                    unknown = {field for field in answer.get_json().get("error", {}) if field in given}
                    if answer.status_code != 409 or not unknown:
                        break
                    given = {field: value for field, value in given.items() if field not in unknown}
                assert answer.status_code in (200, 403, 404), (name, who, answer.get_data(as_text=True)[:300])
                codes.append(answer.status_code)
            assert 200 in codes, name
        for path in READ:
            assert town.get("anonymous", f"/planes/{row.name}{path}").status_code == 200
        assert standing() == before


class TestGroups:
    """“Todos los organismos”: until somebody says which they are, the page says who owes the list."""

    ROWS = (
        ("1.1.1", "Publicar lo que se hace", "Publicar dos veces", "Dos (2) publicaciones por organismo", [6, 12], "Publicaciones", "Número de publicaciones", 56,
         "Todos los organismos y Unidades Administrativas Especiales"),
        *plan_files.ROWS[1:],
    )  # fmt: skip

    @pytest.fixture(scope="class")
    def plan(self, town: Town) -> str:
        one = town.call(
            "owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(plan_files.f014(self.ROWS)), "plan.xlsx"),
            family="paac", name="con-grupo", owner=town.owner,
        )  # fmt: skip
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        PlanRow.get("con-grupo").status = "adoptado"  # type: ignore[union-attr]
        model.Session.commit()
        return "con-grupo"

    def test_who_they_are_is_owed_then_listed_and_each_sees_its_own(self, town: Town, plan: str) -> None:
        [owed] = [one for one in town.call("owner_admin", "ogp_plan_show", id=plan)["groups"] if one["size"] == 28]
        text = page(town, f"/planes/{plan}/1.1.1")
        assert "Organismos que cumplieron su parte: 0 de 28" in text
        assert "Falta identificar 28 organismos del grupo" in text
        assert owed["name"] in text and owed["id"] not in text, "a group is called by its name"
        asked = page(town, f"/planes/{plan}/importar", "owner_admin")
        assert f"{owed['name']} Identificados: 0 de 28" in asked
        assert town.call("anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=plan)["count"] == 0

        book = load_workbook(io.BytesIO(own_workbook.write(record_service.current_plan(PlanRow.get(plan)))))
        sheet = book["Grupos"]
        names = [cell.value for cell in sheet[1]]
        row = next(cell.row for cell in sheet["A"] if cell.value == owed["id"])
        sheet.cell(row, names.index("miembros") + 1).value = f"{town.obras}\n{town.datic}"
        one = town.call("owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(plan_files.saved(book)), "cuadro.xlsx"), plan=plan)
        [change] = one["changes"]
        assert "Secretaría de Obras" in change["after_text"] != change["before_text"]
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"], act_name="Acta 1", reason="Se nombran.")

        assert town.call("anonymous", "ogp_plan_obligation_list", organization=town.obras, plan=plan)["count"] == 1
        text = page(town, f"/planes/{plan}/1.1.1")
        assert "Faltan 2 organismos" in text and "Falta identificar 26 organismos del grupo" in text
        assert f"{owed['name']} Identificados: 2 de 28" in page(town, f"/planes/{plan}/importar", "owner_admin")
        # the same document again, which has no place for them, takes nobody out
        again = town.call("owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(plan_files.f014(self.ROWS)), "plan.xlsx"), plan=plan)
        assert again["changes"] == []


class TestAFifthFamily:
    def test_it_is_imported_followed_and_cut_without_code(self, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.copytree(data.SCHEMAS, tmp_path / "schemas")
        fifth_family.put(tmp_path / "schemas")
        monkeypatch.setattr(data, "SCHEMAS", tmp_path / "schemas")
        assert "CONPES" in page(town, "/planes/importar", "owner_admin")
        one = town.call(
            "owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(fifth_family.conpes()), "pas.xlsx"),
            family="conpes", name="conpes-1", owner=town.owner,
        )  # fmt: skip
        town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        row = PlanRow.get("conpes-1")
        assert row is not None
        row.status, row.start, row.end = "adoptado", dt.date(2026, 1, 1), dt.date(2027, 12, 31)
        model.Session.commit()
        # weights of the document: 70 × (40 × 100 % + 60 × 0 %) + 30 × 0 %
        for code, progress in (("1.1", 100), ("1.2", 0), ("2.1", 0)):
            town.update(row, ("accion", code), state=Declared.ONGOING, progress=Decimal(progress))
        item_status.recompute(row.id)
        model.Session.commit()
        shown = town.call("anonymous", "ogp_plan_show", id="conpes-1")
        assert [one["name"] for one in shown["levels"]] == ["Objetivo", "Acción"] and shown["tracked"] == 3
        assert shown["progress"] == pytest.approx(0.28)
        for path in ("", "?vista=tabla", "?vista=matriz", "/1.1", "/1.1/imprimir", "/cambios", "/archivo/plan.json", "/archivo/cuadro.xlsx", "/novedades.atom", "/calendario.ics"):
            assert town.get("anonymous", f"/planes/conpes-1{path}").status_code == 200, path
        assert "Hacer un inventario" in page(town, "/planes/conpes-1")
        cut_service.create(PlanRow.get("conpes-1"), dt.date(2026, 4, 30), user_id=None)
        model.Session.commit()
        assert town.call("anonymous", "ogp_plan_cut_verify", plan="conpes-1", day="2026-04-30")["same"]
        assert "Ordenar" in page(town, "/planes/conpes-1/corte/2026-04-30")


class TestAddresses:
    def test_an_address_is_given_once(self, town: Town) -> None:
        """Whatever the plan becomes, an item stays where it was; what comes later goes elsewhere."""
        row = town.plan("paac")

        def given() -> dict[tuple[str, str], str]:
            model.Session.expire_all()
            return {(one.level, one.code): one.address for one in model.Session.query(PlanItem).filter_by(plan_id=row.id)}

        before = given()
        assert before["fila", "2.1"] == "2.1" and before["fila", "1.1.2#2"] == "1.1.2_2"
        whole = record_service.current_plan(row)
        body = record_service.current_plan(town.fresh(row))
        body.items = [one for one in body.items if one.key != ("fila", "2.1")]
        body.items.insert(1, Item("subcomponente", "2.1", "Otro con el mismo número", ("componente", "1")))
        town.change(row, body)
        town.change(town.fresh(row), whole)
        after = given()
        assert {key: after[key] for key in before} == before
        assert len(set(after.values())) == len(after)
        assert town.get("anonymous", f"/planes/{row.name}/{after['subcomponente', '2.1']}").status_code == 200


class TestThePageOfAPlan:
    @pytest.fixture(scope="class")
    def lived(self, town: Town) -> PlanRow:
        row = town.plan("ogp")
        now = dt.datetime.now(dt.timezone.utc)
        town.update(row, ("hito", "4.1.H1"), now - dt.timedelta(days=9), organization=town.obras, state=Declared.ONGOING, text="Va")
        town.add_fact(row, Verdict(id="", at=now, item=("hito", "4.1.H1"), role=VerdictRole.MONITOR, agrees=False, rationale="No va"), now - dt.timedelta(days=8))
        item_status.recompute(row.id)
        model.Session.commit()
        return row

    def test_it_counts_and_says_since_when_nothing_is_new(self, town: Town, lived: PlanRow) -> None:
        shown = town.call("anonymous", "ogp_plan_show", id=lived.name)
        assert shown["days_since_update"] in (8, 9) and shown["disagreements"] == 1
        for text in (page(town, f"/planes/{lived.name}"), page(town, "/planes")):
            assert f"hace {shown['days_since_update']} días" in text.lower()
            assert f"en 1 de {shown['tracked']}" in text

    @pytest.mark.parametrize("view", ["arbol", "tabla", "matriz"])
    def test_by_value_and_by_reason(self, town: Town, lived: PlanRow, view: str) -> None:
        for query, parameters in (("valor=transparencia", {"tag": "transparencia"}), ("razon=R4", {"reason": "R4"})):
            wanted = town.call("anonymous", "ogp_plan_item_list", plan=lived.name, tracked=True, **parameters)
            shown = soup(town.get("anonymous", f"/planes/{lived.name}?vista={view}&{query}"))
            links = shown.select("#ogp-items .ogp-leaf-title a, #ogp-items tbody th a")
            assert {link["href"] for link in links} == {one["url"] for one in wanted["results"]}
            assert 0 < wanted["count"] < town.call("anonymous", "ogp_plan_show", id=lived.name)["tracked"]

    def test_the_matrix_by_cut_has_the_light_of_each_cut_and_of_today(self, town: Town) -> None:
        row = town.plan("paac")
        cut_service.create(row, dt.date(2026, 4, 30), user_id=None)
        model.Session.commit()
        key = ("fila", "1.1.1")
        now = dt.datetime.now(dt.timezone.utc)
        town.add_fact(row, Evidence(id="", at=now, item=key, organization=town.obras, url="https://example.org/a"))
        town.update(row, key, organization=town.obras, state=Declared.DONE)
        item_status.recompute(row.id)
        model.Session.commit()
        table = soup(town.get("anonymous", f"/planes/{row.name}?vista=matriz&columnas=corte"))
        line = next(one for one in table.select("tbody tr") if one.select_one(".ogp-code").get_text() == "1.1.1")  # type: ignore[union-attr]
        cells = [text_of(one) for one in line.select("td")]
        assert len(cells) == 4
        assert cells[0] != cells[3] == "Completado" and cells[1] == cells[2] == "sin congelar"


class TestOfAnItem:
    def test_baseline_goal_and_actual_by_period(self, town: Town) -> None:
        row = town.plan("paac")
        now = dt.datetime.now(dt.timezone.utc)
        for month, day in ((1, dt.date(2026, 1, 31)), (2, dt.date(2026, 2, 28))):
            town.add_fact(row, Measurement(id="", at=now, item=("fila", "1.1.2#2"), indicator="1.1.2#2", organization=town.obras, start=day.replace(day=1), end=day, value=Decimal(month)))
        shown = soup(town.get("anonymous", f"/planes/{row.name}/1.1.2_2"))
        table = shown.select_one("#ogp-ind-1 table")
        assert table is not None
        assert [text_of(one) for one in table.select("thead th")][:3] == ["Período", "Meta", "Real"]
        rows = {text_of(one.select_one("th")): [text_of(cell) for cell in one.select("td")] for one in table.select("tbody tr")}
        assert rows["enero de 2026"][1] == "1" and rows["febrero de 2026"][1] == "2"

    def test_a_report_of_an_organismo_and_what_it_carried_lead_to_each_other(self, town: Town) -> None:
        row, other = town.plan("paac"), town.plan("ogp")
        # both were there by then
        for one in (row, other):
            self.since(one, dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc))
        carried = {
            "plan": row.name, "organization": town.obras, "period": "2026-T1", "title": "Primer trimestre",
            "sections": [{"title": "Consejo de gobierno", "text": "Se hicieron tres sesiones."}],
            "updates": [
                {"item": "1.1.1", "text": "Se revisó la mitad.", "measurements": [{"value": 1}]},
                {"item": "2.2", "text": "Hubo una reunión.", "period": "2026-03"},
                {"plan": other.name, "item": "4.1.H1", "text": "Avanza."},
            ],
        }  # fmt: skip
        made = town.call("focal_point", "ogp_plan_report_create", **carried)
        report = made["reports"][row.name]
        for item in ("1.1.1", "2.2"):
            shown = soup(town.get("anonymous", f"/planes/{row.name}/{item}"))
            link = next(one for one in shown.select(".ogp-story a[href]") if "Primer trimestre" in one.get_text())
            report_page = soup(town.get("anonymous", link["href"]))
            assert report_page.select_one(f"a[href$='/planes/{row.name}/{item}']") is not None
            answer = town.app.get(report_page.select_one("a[href*='informe.docx']")["href"])
            assert answer.status_code == 200
            document = Document(io.BytesIO(answer.data))
            text = "\n".join([one.text for one in document.paragraphs] + [cell.text for table in document.tables for line in table.rows for cell in line.cells])
            for words in ("Primer trimestre", "Consejo de gobierno", "Se hicieron tres sesiones.", "Se revisó la mitad.", "Hubo una reunión."):
                assert text.count(words) == 1, words
            links = {one.target_ref for one in document.part.rels.values() if one.is_external}
            assert any(one.endswith(f"/planes/{row.name}/{item}") for one in links)
        # what it carries is of its period, whenever it was handed in, unless it names its own
        of = {one.code: one.body["period"] for one in model.Session.query(Event).filter_by(plan_id=row.id, kind="update")}
        assert of == {"1.1.1": "2026-T1", "2.2": "2026-03"}
        measured = model.Session.query(Event).filter_by(plan_id=row.id, kind="measurement").one()
        assert (measured.body["start"], measured.body["end"]) == ("2026-01-01", "2026-03-31")
        story = town.call("anonymous", "ogp_plan_item_show", plan=row.name, id="1.1.1")["story"]
        assert {(one["kind"], one["report"]) for one in story if one["report"]} == {("update", report), ("measurement", report)}
        assert {one["report_of"]["period"] for one in story if one["report"]} == {"1 ene 2026 – 31 mar 2026"}

    def since(self, row: PlanRow, moment: dt.datetime) -> None:
        """Let a plan have been there since a moment."""
        model.Session.execute(sa.text("ALTER TABLE ogp_plan_version DISABLE TRIGGER USER"))
        model.Session.execute(sa.text("UPDATE ogp_plan_version SET created = :at WHERE plan_id = :id"), {"at": moment.replace(tzinfo=None), "id": row.id})
        model.Session.execute(sa.text("ALTER TABLE ogp_plan_version ENABLE TRIGGER USER"))
        model.Session.commit()

    def test_of_a_time_before_its_plans_there_is_no_report(self, town: Town) -> None:
        town.plan("paac")
        assert town.app.get(f"/organismo/{town.obras}/informe.docx?desde=2024-01-01&hasta=2024-03-31").status_code == 404

    def test_whoever_looks_at_an_organismo_finds_its_report(self, town: Town) -> None:
        town.plan("paac")
        shown = soup(town.get("anonymous", f"/organismo/{town.obras}/obligaciones"))
        link = shown.select_one("a[href*='informe.docx']")
        assert link is not None and town.app.get(link["href"]).status_code == 200
        assert not soup(town.get("anonymous", "/organismo/dagma/obligaciones")).select_one("a[href*='informe.docx']")
