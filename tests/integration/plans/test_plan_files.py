"""Files, feeds and calendars of plans: each opens, says what everybody may know, and is asked for in few bytes."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import xml.etree.ElementTree as ET  # noqa: S405 - our own feeds
from collections.abc import Iterator
from decimal import Decimal

import pytest
from ckan import model
from docx import Document
from icalendar import Calendar
from openpyxl import load_workbook
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan.exports import files as plan_files
from ckanext.ogp_plan.model import PlanRow
from ckanext.ogp_plan.planning import tracking
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.services import calendar_token
from ckanext.ogp_plan.services import record as record_service

SECRET = "Expediente-secreto-77"
WITHHELD = "Datos personales de menores"
ATOM = "{http://www.w3.org/2005/Atom}"
NOW = dt.datetime.now(dt.timezone.utc)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def lively(town: Town, family: str = "paac") -> PlanRow:
    """A plan with an update, a measurement, a public and a withheld evidence, a verdict and an answer."""
    plan = town.plan(family)
    item = next(
        one
        for one in record_service.current_plan(plan).items
        if one.trackable and one.assignments[0].organization == town.obras
    )
    who = {"by": town.ids["focal_point"], "organization": town.obras}
    update = town.add_fact(
        plan,
        tracking.Update(
            id="",
            at=NOW,
            item=item.key,
            state=Declared.ONGOING,
            progress=Decimal(30),
            period="2026-03",
            text="Se avanzó con ñ & <b>",
            **who,
        ),
    )
    town.add_fact(
        plan,
        tracking.Evidence(
            id="",
            at=NOW,
            item=item.key,
            update=update.id,
            title="Acta pública",
            url="https://ejemplo.gov.co/acta.pdf",
            **who,
        ),
    )
    town.add_fact(
        plan,
        tracking.Evidence(
            id="",
            at=NOW,
            item=item.key,
            update=update.id,
            title=SECRET,
            url=f"https://interno.gov.co/{SECRET}",
            public=False,
            withheld=WITHHELD,
            **who,
        ),
    )
    if item.indicators:
        town.add_fact(
            plan,
            tracking.Measurement(
                id="",
                at=NOW,
                item=item.key,
                indicator=item.indicators[0].code,
                start=dt.date(2026, 1, 1),
                end=dt.date(2026, 3, 31),
                value=Decimal(1),
                **who,
            ),
        )
    town.add_fact(
        plan,
        tracking.Verdict(
            id="",
            at=NOW,
            by=town.ids["monitor"],
            item=item.key,
            role=tracking.VerdictRole.MONITOR,
            assigned=tracking.Completion.LIMITED,
            rationale="Falta.",
        ),
    )
    return plan


def text_of(body: bytes, name: str) -> str:
    """All the words of a file."""
    if name.endswith(".xlsx"):
        book = load_workbook(io.BytesIO(body))
        return "\n".join(
            str(cell)
            for sheet in book
            for row in sheet.iter_rows(values_only=True)
            for cell in row
            if cell is not None
        )
    if name.endswith(".docx"):
        document = Document(io.BytesIO(body))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    return body.decode("utf-8-sig")


class TestFiles:
    @pytest.mark.parametrize("family", ["paac", "ogp", "cost", "ptep"])
    def test_each_opens_and_says_nothing_private(self, town: Town, family: str) -> None:
        plan = lively(town, family)
        listed = town.call("anonymous", "ogp_plan_file_list", plan=plan.name)
        names = {file["name"] for file in listed}
        assert {
            "plan.json",
            "plan.xlsx",
            "cuadro.xlsx",
            "mediciones.csv",
            "matriz.csv",
            "evidencias.csv",
            "iati.json",
            "ocds.json",
        } <= names
        assert ("f014.xlsx" in names) == (family in ("paac", "ptep"))
        assert ("cost-es.xlsx" in names) == (family == "cost")
        assert ("matriz-ogp.xlsx" in names) == (family == "ogp")
        for name in names:
            answer = town.app.get(f"/planes/{plan.name}/archivo/{name}")
            assert answer.status_code == 200, name
            text = text_of(answer.data, name)
            assert text.strip(), name
            for private in (SECRET, town.names["focal_point"], town.ids["focal_point"], town.ids["monitor"]):
                assert str(private) not in text, (name, private)
            if name.endswith(".json"):
                assert json.loads(text)
            if name.endswith(".csv"):
                measured = name != "mediciones.csv" or family != "ogp"  # a milestone has no indicator
                assert len(list(csv.reader(io.StringIO(text)))) > measured, name
            expected = plan_files.FILES[name].content_type
            assert answer.headers["Content-Type"] == expected
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert WITHHELD in town.app.get(f"/planes/{plan.name}/archivo/evidencias.csv").get_data(as_text=True)

    def test_the_workbook_of_the_plan_comes_in_again(self, town: Town) -> None:
        plan = lively(town)
        body = town.app.get(f"/planes/{plan.name}/archivo/plan.xlsx").data
        found = read(body, "paac", name="plan.xlsx")
        assert [item.key for item in found.plan.items] == [
            item.key for item in record_service.current_plan(plan).items
        ]

    def test_of_another_family_it_is_not_there(self, town: Town) -> None:
        plan = town.plan("ogp")
        for name in ("f014.xlsx", "cost-es.xlsx", "otro.xlsx", "..%2Fplan.json"):
            assert town.app.get(f"/planes/{plan.name}/archivo/{name}").status_code == 404

    def test_an_edition_is_sent_once(self, town: Town) -> None:
        plan = lively(town)
        url = f"/planes/{plan.name}/archivo/plan.json"
        first = town.app.get(url)
        tag = first.headers["ETag"]
        again = town.app.get(url, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        head = town.app.test_client().head(url)
        assert (head.status_code, head.headers["ETag"]) == (200, tag)
        town.update(
            plan, ("fila", "1.1.1"), organization=town.obras, text="Otra cosa.", state=Declared.ONGOING
        )
        after = town.app.get(url, headers={"If-None-Match": tag})
        assert after.status_code == 200
        assert after.headers["ETag"] != tag
        assert town.app.get(f"/en{url}").headers["ETag"] != after.headers["ETag"]

    def test_a_draft_is_only_for_its_own(self, town: Town) -> None:
        plan = town.plan("paac", "borrador")
        for url in (
            "archivo/plan.json",
            "novedades.atom",
            "luces.atom",
            "calendario.ics",
            "1.1.1/novedades.atom",
        ):
            address = f"/planes/{plan.name}/{url}"
            assert town.app.get(address).status_code == 404
            assert town.get("citizen", address).status_code == 404
            mine = town.get("owner_editor", address)
            assert mine.status_code == 200
            assert mine.headers["Cache-Control"] == "private, no-store"
            assert "Access-Control-Allow-Origin" not in mine.headers

    def test_a_plan_without_items_has_no_files(self, town: Town) -> None:
        plan = PlanRow(
            name="sin-elementos", family="paac", title="Sin elementos", status="consulta", owner=town.owner
        )
        model.Session.add(plan)
        model.Session.commit()
        for url in ("archivo/plan.json", "novedades.atom", "calendario.ics"):
            assert town.app.get(f"/planes/sin-elementos/{url}").status_code == 404


class TestCutFiles:
    def test_the_bytes_are_those_that_were_frozen(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = lively(town)
        monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))
        made = town.call("control", "ogp_plan_cut_create", plan=plan.name, day="2026-04-30")
        answer = town.app.get(f"/planes/{plan.name}/corte/2026-04-30/corte.json")
        assert hashlib.sha256(answer.data).hexdigest() == made["sha256"]
        assert answer.headers["ETag"] == f'"{made["sha256"]}"'
        assert answer.headers["Repr-Digest"].startswith("sha-256=:")
        assert SECRET not in answer.get_data(as_text=True)
        assert WITHHELD in answer.get_data(as_text=True)
        assert (
            town.app.get(
                f"/planes/{plan.name}/corte/2026-04-30/corte.json",
                headers={"If-None-Match": answer.headers["ETag"]},
            ).status_code
            == 304
        )
        town.call("control", "ogp_plan_cut_publish", plan=plan.name, day="2026-04-30")
        form = town.app.get(f"/planes/{plan.name}/corte/2026-04-30/seguimiento.xlsx")
        assert form.status_code == 200
        assert "Actividades programadas" in text_of(form.data, "seguimiento.xlsx").replace(
            "ACTIVIDADES PROGRAMADAS", "Actividades programadas"
        )
        assert SECRET not in text_of(form.data, "seguimiento.xlsx")
        whole = town.app.get(f"/planes/{plan.name}/archivo/seguimiento.xlsx")
        assert whole.status_code == 200
        for wrong in (
            "2026-08-31/corte.json",
            "2026-04-29/corte.json",
            "ayer/corte.json",
            "2026-04-30/otro.pdf",
            "2026-04-30/corte.json?sha256=00",
        ):
            assert town.app.get(f"/planes/{plan.name}/corte/{wrong}").status_code == 404, wrong


class TestFeeds:
    def test_atom_is_atom(self, town: Town) -> None:
        plan = lively(town)
        for url in (
            f"/planes/{plan.name}/novedades.atom",
            f"/planes/{plan.name}/1.1.1/novedades.atom",
            f"/organismo/{town.obras}/novedades.atom",
        ):
            answer = town.app.get(url)
            assert answer.status_code == 200, url
            assert answer.headers["Content-Type"] == plan_files.ATOM
            root = ET.fromstring(answer.data)  # noqa: S314 - our own feed
            assert root.tag == f"{ATOM}feed"
            for name in ("id", "title", "updated"):
                assert root.findtext(f"{ATOM}{name}"), (url, name)
            entries = root.findall(f"{ATOM}entry")
            assert entries, url
            ids = [entry.findtext(f"{ATOM}id") for entry in entries]
            assert len(set(ids)) == len(ids)
            assert all(str(entry_id).startswith("urn:uuid:") for entry_id in ids)
            assert root.find(f"{ATOM}link[@rel='self']").get("href").endswith(url)
            text = answer.get_data(as_text=True)
            assert SECRET not in text
            assert str(town.names["focal_point"]) not in text

    def test_lights_that_changed(self, town: Town) -> None:
        plan = lively(town)
        answer = town.app.get(f"/planes/{plan.name}/luces.atom")
        assert answer.status_code == 200
        ET.fromstring(answer.data)  # noqa: S314 - our own feed

    def test_calendars_are_calendars(self, town: Town) -> None:
        plan = lively(town)
        answer = town.app.get(f"/planes/{plan.name}/calendario.ics")
        assert answer.headers["Content-Type"] == plan_files.ICAL
        made = Calendar.from_ical(answer.data)
        tasks = {str(task["uid"]): task for task in made.walk("VTODO")}
        assert len(tasks) == 4  # 2.1 has no date
        # three cuts, the last day to publish each, and the day of each task for calendars without tasks
        assert len(list(made.walk("VEVENT"))) == 6 + len(tasks)
        again = {
            str(component["uid"]): component
            for component in Calendar.from_ical(
                town.app.get(f"/planes/{plan.name}/calendario.ics").data
            ).walk("VTODO")
        }
        assert set(again) == set(tasks)
        town.update(plan, ("fila", "1.1.1"), organization=town.obras, text="Más.", state=Declared.ONGOING)
        after = {
            str(component["uid"]): component
            for component in Calendar.from_ical(
                town.app.get(f"/planes/{plan.name}/calendario.ics").data
            ).walk("VTODO")
        }
        grown = [uid for uid in tasks if int(after[uid]["sequence"]) > int(tasks[uid]["sequence"])]
        assert len(grown) == 1
        own = Calendar.from_ical(town.app.get(f"/organismo/{town.obras}/calendario.ics").data)
        assert list(own.walk("VTODO"))

    def test_of_who_is_not_there(self, town: Town) -> None:
        for url in (
            "/organismo/nadie/novedades.atom",
            "/organismo/nadie/calendario.ics",
            "/organismo/nadie/informe.docx",
            f"/organismo/{town.otra}/calendario.ics",
            "/planes/nada/novedades.atom",
            "/planes/nada/calendario.ics",
        ):
            assert town.app.get(url).status_code == 404, url


class TestStrangeAddresses:
    def test_none_is_a_failure(self, town: Town) -> None:
        plan = town.plan("paac")
        for odd in ("a%00b", "..%2F..", "a" * 3000, "%ff"):
            for url in (
                f"/planes/{odd}/archivo/plan.json", f"/planes/{plan.name}/archivo/{odd}", f"/planes/{odd}/cortes", f"/planes/{odd}/novedades.atom",
                f"/planes/{plan.name}/{odd}/novedades.atom", f"/planes/{plan.name}/corte/{odd}", f"/planes/{plan.name}/corte/2026-04-30/{odd}",
                f"/planes/{plan.name}/corte/2026-04-30/corte.json?sha256={odd}", f"/organismo/{odd}/novedades.atom", f"/organismo/{odd}/calendario.ics",
                f"/organismo/{odd}/informe.docx", f"/organismo/{town.obras}/informe.docx?desde={odd}", f"/organismo/{town.obras}/plantilla.xlsx?periodo={odd}",
            ):  # fmt: skip
                assert town.app.get(url).status_code in (400, 404), url
        shown = town.app.get(f"/planes/{plan.name}/corte/2026-04-30?estado=a%00b&pagina=-1")
        assert shown.status_code == 200
        for odd in ("a%00b", "%3Cscript%3E", "a" * 300):
            for url in (
                f"/planes/importar/{odd}",
                f"/planes/importar/{odd}/acta.json",
                f"/planes/importar/{odd}/acta.xlsx",
                f"/planes/{odd}/importar",
            ):
                assert town.get("owner_admin", url).status_code == 404, url


class TestPrivateCalendars:
    def test_the_key_opens_it_until_it_is_revoked(self, town: Town) -> None:
        lively(town)
        _, key = calendar_token.create(town.ids["focal_point"], None)
        model.Session.commit()
        answer = town.app.get(f"/calendario/{key}.ics")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert list(Calendar.from_ical(answer.data).walk("VTODO"))
        token = calendar_token.find(key)
        assert token.used is not None
        calendar_token.revoke(token)
        model.Session.commit()
        assert town.app.get(f"/calendario/{key}.ics").status_code == 404

    def test_who_answers_for_nothing_gets_an_empty_one(self, town: Town) -> None:
        for who, organization in (("citizen", None), ("focal_point", town.otra)):
            _, key = calendar_token.create(town.ids[who], organization)
            model.Session.commit()
            answer = town.app.get(f"/calendario/{key}.ics")
            assert answer.status_code == 200
            assert not list(Calendar.from_ical(answer.data).walk("VTODO"))

    @pytest.mark.parametrize("key", ["x", "a" * 43, "..%2F..%2Fetc", "a" * 500])
    def test_other_keys_open_nothing(self, town: Town, key: str) -> None:
        assert town.app.get(f"/calendario/{key}.ics").status_code == 404


class TestOfAnOrganismo:
    def test_its_report_is_a_document(self, town: Town) -> None:
        lively(town)
        answer = town.app.get(f"/organismo/{town.obras}/informe.docx?desde=2026-01-01&hasta=2026-12-31")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == plan_files.DOCX
        text = text_of(answer.data, "informe.docx")
        assert "Secretaría de Obras" in text
        assert SECRET not in text
        for wrong in ("desde=ayer", "desde=2026-05-01&hasta=2026-01-01", "desde=1990-01-01&hasta=2026-01-01"):
            assert town.app.get(f"/organismo/{town.obras}/informe.docx?{wrong}").status_code == 400, wrong

    def test_the_workbook_to_report_is_filled(self, town: Town) -> None:
        lively(town)
        answer = town.app.get(f"/organismo/{town.obras}/plantilla.xlsx?periodo=2026-03")
        assert answer.status_code == 200
        assert "1.1.1" in text_of(answer.data, "plantilla.xlsx")
        assert town.app.get(f"/organismo/{town.obras}/plantilla.xlsx?periodo=marzo").status_code == 400

    def test_no_workbook_where_no_plan_takes_reports(self, town: Town) -> None:
        town = Town.build(town.app)
        town.plan("ogp", status="consulta")
        assert town.app.get(f"/organismo/{town.obras}/plantilla.xlsx").status_code == 404

    def test_the_workbook_leaves_out_what_takes_no_report(self, town: Town) -> None:
        town.plan("ogp")
        before = town.app.get(f"/organismo/{town.obras}/plantilla.xlsx").data
        consulted = town.plan("ogp", status="consulta")
        after = text_of(town.app.get(f"/organismo/{town.obras}/plantilla.xlsx").data, "plantilla.xlsx")
        assert consulted.name not in after
        assert sorted(set(text_of(before, "plantilla.xlsx").split())) == sorted(set(after.split()))
