"""Many rows at once: a dry run with the fate of each, then all or nothing, and the same again changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import openpyxl
import pytest
import sqlalchemy as sa
from ckan import model
from support.application import portal
from support.plan_portal import Town, many
from support.publisher import storage

from ckanext.ogp_plan.model import Event, PlanRow
from ckanext.ogp_plan.planning.exporters import report_template
from ckanext.ogp_plan.services import export_view, permission, queue


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(queue, "enqueue_check", found.append)
    return found


@pytest.fixture
def plan(town: Town) -> PlanRow:
    return town.plan("paac")


def rows_of(plan: PlanRow) -> list[Event]:
    model.Session.rollback()
    return list(model.Session.scalars(sa.select(Event).where(Event.plan_id == plan.id).order_by(Event.seq)))


ROWS = [
    {"item": "1.1.1", "state": "en_curso", "text": "Se revisó la mitad.", "value": 1, "progress": 50},
    {
        "level": "fila",
        "code": "1.1.2#2",
        "text": "Dos videos.",
        "value": 2,
        "evidence_url": "https://cali.gov.co/v",
    },
    {"item": "2.2", "confirms": True},
]


class TestLists:
    def test_dry_run_writes_nothing_and_then_all_is_written(
        self, town: Town, plan: PlanRow, queued: list[str]
    ) -> None:
        say = {"plan": plan.name, "organization": town.obras, "rows": ROWS, "period": "2026-06"}
        dry = town.call("focal_point", "ogp_plan_report_rows", **say)
        assert (dry["applied"], dry["counts"]) == (False, {"new": 3, "unchanged": 0, "refused": 0})
        assert rows_of(plan) == []
        done = town.call("focal_point", "ogp_plan_report_rows", **say, dry_run=False)
        assert done["applied"] is True
        assert [one["parts"] for one in done["rows"]] == [
            ["state", "progress", "text", "measurements"], ["text", "measurements", "evidence"], ["confirms"]
        ]  # fmt: skip
        assert [one.kind for one in rows_of(plan)] == [
            "measurement", "update", "measurement", "evidence", "update", "update"
        ]  # fmt: skip
        assert len(queued) == 1
        assert town.item(plan, "1.1.1").declared == "en_curso"

    def test_the_same_again_changes_nothing(self, town: Town, plan: PlanRow) -> None:
        say = {
            "plan": plan.name,
            "organization": town.obras,
            "rows": ROWS,
            "period": "2026-06",
            "dry_run": False,
        }
        town.call("focal_point", "ogp_plan_report_rows", **say)
        before = len(rows_of(plan))
        again = town.call("focal_point", "ogp_plan_report_rows", **say)
        assert again["counts"] == {"new": 0, "unchanged": 3, "refused": 0}
        assert len(rows_of(plan)) == before

    def test_the_same_request_is_written_once(self, town: Town, plan: PlanRow) -> None:
        say = {
            "plan": plan.name,
            "organization": town.obras,
            "rows": ROWS,
            "period": "2026-06",
            "dry_run": False,
        }
        first = town.call("focal_point", "ogp_plan_report_rows", **say, request_id="filas")
        # somebody reports something else in the meantime: what was sent once is not recorded again
        town.call(
            "named_focal_point", "ogp_plan_update_create", plan=plan.name, item="1.1.1", text="Otra cosa"
        )
        before = len(rows_of(plan))
        again = town.call("focal_point", "ogp_plan_report_rows", **say, request_id="filas")
        assert again["applied"] is True
        # of each row the update's id, whatever else it recorded
        assert [row["id"] for row in again["rows"]] == [row["id"] for row in first["rows"]]
        assert len(rows_of(plan)) == before

    def test_a_corrected_value_corrects(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "organization": town.obras, "period": "2026-06", "dry_run": False}
        town.call("focal_point", "ogp_plan_report_rows", **say, rows=[{"item": "1.1.2_2", "value": 2}])
        done = town.call("focal_point", "ogp_plan_report_rows", **say, rows=[{"item": "1.1.2_2", "value": 3}])
        assert done["rows"][0]["parts"] == ["measurements"]
        first, second = rows_of(plan)
        assert second.supersedes == first.id

    def test_one_wrong_row_and_nothing_is_written(self, town: Town, plan: PlanRow) -> None:
        rows: list[Any] = [
            *ROWS,
            {"item": "1.1.2", "text": "De otro organismo"},
            {"item": "9.9.9", "text": "No existe"},
            {"item": "1.1.1"},
            {"plan": "otro-plan", "item": "1.1.1", "text": "x"},
            {"item": "1.1.2_2", "progress": 400, "estado": 1},
            "una fila",
            {"item": ["1.1.1"], "text": "x"},
            {"item": "1.1.1\x00", "text": "x"},
        ]
        say = {"plan": plan.name, "organization": town.obras, "rows": rows}
        dry = town.call("focal_point", "ogp_plan_report_rows", **say)
        fates = [one["outcome"] for one in dry["rows"]]
        assert fates == ["new", "new", "new", "refused", "refused", "new", "refused", *["refused"] * 4]
        assert set(dry["rows"][7]["errors"]) == {"progress", "estado"}
        assert set(dry["rows"][3]["errors"]) == {"organization"}
        with pytest.raises(tk.ValidationError) as error:
            town.call("focal_point", "ogp_plan_report_rows", **say, dry_run=False)
        assert len(error.value.error_dict["outcomes"]) == len(rows)
        assert error.value.error_summary
        assert rows_of(plan) == []

    def test_rows_of_one_item_must_agree(self, town: Town, plan: PlanRow) -> None:
        say = {"plan": plan.name, "organization": town.obras}
        rows = [{"item": "1.1.1", "text": "Uno"}, {"item": "1.1.1", "text": "Dos"}]
        dry = town.call("focal_point", "ogp_plan_report_rows", **say, rows=rows)
        assert [one["outcome"] for one in dry["rows"]] == ["refused", "refused"]
        assert set(dry["rows"][0]["errors"]) == {"text"}
        rows = [{"item": "1.1.1", "value": 1}, {"item": "1.1.1", "value": 2}]
        dry = town.call("focal_point", "ogp_plan_report_rows", **say, rows=rows)
        assert set(dry["rows"][0]["errors"]) == {"indicator"}

    def test_what_cannot_be(self, town: Town, plan: PlanRow) -> None:
        for given, field in (
            ({}, "upload"),
            ({"rows": []}, "upload"),
            ({"rows": {"a": 1}}, "rows"),
            ({"rows": [{}] * 6000}, "rows"),
            ({"rows": "no es json"}, "rows"),
            ({"rows": "[" * 100_000}, "rows"),
            ({"rows": ROWS, "period": "ayer"}, "period"),
            ({"upload": "x"}, "upload"),
        ):
            with pytest.raises(tk.ValidationError) as error:
                town.call(
                    "focal_point", "ogp_plan_report_rows", plan=plan.name, organization=town.obras, **given
                )
            assert field in error.value.error_dict, given
        with pytest.raises((tk.NotAuthorized, tk.ValidationError)):
            town.call("anonymous", "ogp_plan_report_rows", plan=plan.name, rows=ROWS)
        with pytest.raises(tk.NotAuthorized):
            town.call("citizen", "ogp_plan_report_rows", plan=plan.name, rows=ROWS)

    def test_in_a_constant_number_of_queries_for_locks_and_facts(self, town: Town) -> None:
        """A hundred rows are judged by facts that are read once."""
        plan = town.plan(body=many(town, 200))
        counted = {}
        for number in (10, 90):
            rows = [{"code": item, "value": 1} for item in self.of_obras(plan)[:number]]
            statements: list[str] = []

            def note(_c: Any, _cur: Any, statement: str, *_more: Any, into: list[str] = statements) -> None:
                if "ogp_event" in statement and statement.lstrip().startswith("SELECT"):
                    into.append(statement)

            engine = model.Session.get_bind()
            sa.event.listen(engine, "before_cursor_execute", note)
            try:
                done = town.call(
                    "focal_point", "ogp_plan_report_rows", plan=plan.name, organization=town.obras, rows=rows
                )
            finally:
                sa.event.remove(engine, "before_cursor_execute", note)
            assert done["counts"]["new"] == number
            counted[number] = len(statements)
        assert counted[10] == counted[90]

    def of_obras(self, plan: PlanRow) -> list[str]:
        from ckanext.ogp_plan.model import ItemAssignment, PlanItem

        wanted = (
            sa.select(PlanItem.code)
            .join(ItemAssignment, ItemAssignment.item_id == PlanItem.id)
            .where(PlanItem.plan_id == plan.id, PlanItem.trackable.is_(True))
            .where(ItemAssignment.organization.like("obras%"))
            .order_by(PlanItem.position)
        )
        return list(model.Session.scalars(wanted))


class TestWorkbooks:
    def workbook(
        self, town: Town, filled: dict[tuple[str, str], dict[str, Any]], period: str = "2026-06"
    ) -> bytes:
        """The workbook that the portal gives, filled: (plan, code) → column → value."""
        person = permission.load_person(town.names["focal_point"])
        views = export_view.build_views(town.obras, person, "es")
        book = openpyxl.load_workbook(io.BytesIO(report_template.write(town.obras, views, period)))
        sheet = book.active
        header = next(row for row in sheet.iter_rows() if any(cell.value == "Estado" for cell in row))
        columns = {cell.value: cell.column for cell in header if cell.value}
        wrote = 0
        for row in sheet.iter_rows(min_row=header[0].row + 1):
            values = {cell.column: cell.value for cell in row}
            key = (values[columns["Plan"]], values[columns["Código"]])
            for name, value in filled.get(key, {}).items():
                sheet.cell(row=row[0].row, column=columns[name], value=value)
                wrote += 1
        assert wrote == sum(len(one) for one in filled.values())
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def test_down_edited_and_up(self, town: Town, plan: PlanRow) -> None:
        other = town.plan("ogp")
        content = self.workbook(
            town,
            {
                (plan.name, "1.1.1"): {"Estado": "En curso", "Valor medido": 1, "Qué se hizo": "Se revisó."},
                (other.name, "4.1.H1"): {"Sin cambios": "Sí"},
            },
        )
        dry = town.call("focal_point", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"))
        assert dry["counts"] == {"new": 2, "unchanged": 0, "refused": 0}
        assert (dry["organization"], dry["period"]) == (town.obras, "2026-06")
        assert dry["blank"] > 0
        assert {one["place"].split("!")[0] for one in dry["rows"]} == {"Reporte"}
        done = town.call(
            "focal_point", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"), dry_run=False
        )
        assert done["applied"]
        measured, update = rows_of(plan)
        assert (measured.body["start"], measured.body["value"], update.body["text"]) == (
            "2026-06-01",
            "1",
            "Se revisó.",
        )
        assert rows_of(other)[0].body["confirms"] is True
        again = town.call(
            "focal_point", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"), dry_run=False
        )
        assert again["counts"]["unchanged"] == 2

    def test_a_wrong_cell_names_its_place(self, town: Town, plan: PlanRow) -> None:
        content = self.workbook(town, {(plan.name, "1.1.1"): {"Avance (%)": 300, "Qué se hizo": "x"}})
        dry = town.call("focal_point", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"))
        assert dry["counts"]["refused"] == 1
        assert any(place.startswith("Reporte!") for place in dry["rows"][0]["errors"])

    def test_of_another_organismo_every_row_is_refused(self, town: Town, plan: PlanRow) -> None:
        content = self.workbook(town, {(plan.name, "1.1.1"): {"Qué se hizo": "x"}})
        with pytest.raises(tk.NotAuthorized):
            town.call("other_editor", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"))

    @pytest.mark.parametrize(
        "content", [b"", b"PK\x03\x04 broken", b"\x00" * 100, b"nada;que;ver\n1;2;3\n", b"%PDF-1.4"]
    )
    def test_files_that_are_none(self, town: Town, plan: PlanRow, content: bytes) -> None:
        with pytest.raises(tk.ValidationError) as error:
            town.call("focal_point", "ogp_plan_report_rows", upload=storage(content, "reporte.xlsx"))
        assert "upload" in error.value.error_dict

    def test_over_http(self, town: Town, plan: PlanRow) -> None:
        content = self.workbook(town, {(plan.name, "1.1.1"): {"Qué se hizo": "x"}})
        answer = town.app.post(
            "/api/action/ogp_plan_report_rows",
            headers={"Authorization": town.tokens["focal_point"]},
            data={"upload": (io.BytesIO(content), "reporte.xlsx"), "dry_run": "false"},
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        assert json.loads(answer.get_data())["result"]["applied"] is True
