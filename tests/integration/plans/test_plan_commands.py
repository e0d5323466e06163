"""``ckan ogp-plan`` as an administrator types it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ckan import model
from click.testing import CliRunner, Result
from support import plan_files
from support.application import portal
from support.plan_portal import Town

from ckanext.ogp_plan import cli
from ckanext.ogp_plan.model import Import, PlanRow
from ckanext.ogp_plan.services import event as event_service
from ckanext.ogp_plan.services import import_ as import_service
from ckanext.ogp_plan.services import record as record_service


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


def run(town: Town, *words: str) -> Result:
    with town.app.flask_app.test_request_context():
        return CliRunner().invoke(cli.ogp_plan, list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(plan_files.f014())
    return path


class TestImport:
    def test_dry_and_applied(self, town: Town, file: Path) -> None:
        words = ("import", str(file), "--family", "paac", "--name", "por-orden", "--owner", town.owner)
        before = model.Session.query(Import).count()
        dry = run(town, *words)
        assert dry.exit_code == 0, dry.output
        assert "accepted: 4" in dry.output
        assert PlanRow.get("por-orden") is None
        assert model.Session.query(Import).count() == before
        done = run(town, *words, "--apply")
        assert done.exit_code == 0, done.output
        plan = PlanRow.get("por-orden")
        assert (plan.version, plan.status) == (1, "borrador")
        again = run(town, "import", str(file), "--plan", "por-orden", "--apply")
        assert again.exit_code == 0
        assert "version 1: 0 changes" in again.output
        shown = run(town, "import", str(file), "--plan", "por-orden", "--format", "json")
        assert json.loads(shown.output)["changes"] == []

    def test_questions_end_with_1_and_answers_close_them(self, town: Town, tmp_path: Path) -> None:
        file = tmp_path / "preguntas.xlsx"
        file.write_bytes(
            plan_files.f014([*plan_files.ROWS, ("", "", "Sólo una descripción", "", [], "", "", "", "")])
        )
        words = ("import", str(file), "--family", "paac", "--name", "preguntado", "--owner", town.owner)
        asked = run(town, *words, "--apply", "--format", "json")
        assert asked.exit_code == cli.OPEN
        assert PlanRow.get("preguntado") is None
        questions = json.loads(asked.output)["reading"]["acta"]["asked"]
        answers = tmp_path / "respuestas.json"
        answers.write_text(json.dumps({one["id"]: one["options"][0]["value"] for one in questions}))
        assert run(town, *words, "--apply", "--answers", str(answers)).exit_code == 0
        assert PlanRow.get("preguntado").version == 1

    def test_what_cannot_be_read_ends_with_2(self, town: Town, tmp_path: Path, file: Path) -> None:
        bad = tmp_path / "foto.png"
        bad.write_bytes(b"\x89PNG\r\n\x1a\n")
        for words in (
            ("import", str(bad), "--family", "paac", "--name", "malo", "--owner", town.owner),
            ("import", str(file), "--plan", "no-hay"),
            ("import", str(file), "--family", "nada", "--name", "malo", "--owner", town.owner),
            (
                "import",
                str(file),
                "--family",
                "paac",
                "--name",
                "malo",
                "--owner",
                town.owner,
                "--user",
                "nadie",
            ),
        ):
            done = run(town, *words)
            assert done.exit_code == cli.UNUSABLE, (words, done.output)
            assert "Traceback" not in done.output
        assert PlanRow.get("malo") is None


class TestCuts:
    def test_they_are_made_listed_verified_and_published(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = town.plan("paac")
        monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))
        assert run(town, "cut", "create", plan.name, "2026-04-30").exit_code == 0
        again = run(town, "cut", "create", plan.name, "2026-04-30")
        assert again.exit_code == cli.UNUSABLE
        assert "reason" in again.output
        assert run(town, "cut", "create", plan.name, "2026-04-30", "--reason", "Faltaba algo").exit_code == 0
        listed = run(town, "cut", "list", plan.name)
        assert listed.output.count(plan.name) == 3
        verified = run(town, "cut", "verify", plan.name, "2026-04-30")
        assert verified.exit_code == 0
        assert verified.output.count(" same ") == 2
        assert run(town, "cut", "verify").exit_code == 0
        assert run(town, "cut", "verify", plan.name, "2026-08-31").exit_code == cli.UNUSABLE
        assert (
            run(
                town, "cut", "publish", plan.name, "2026-04-30", "--user", str(town.names["sysadmin"])
            ).exit_code
            == cli.UNUSABLE
        )
        done = run(town, "cut", "publish", plan.name, "2026-04-30", "--user", str(town.names["control"]))
        assert done.exit_code == 0, done.output

    def test_a_cut_that_differs_ends_with_1(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = town.plan("paac")
        monkeypatch.setattr(record_service, "today", lambda: dt.date(2026, 5, 4))
        run(town, "cut", "create", plan.name, "2026-04-30")
        from ckanext.ogp_plan.planning.cuts import frozen

        freeze = frozen.freeze
        monkeypatch.setattr(frozen, "freeze", lambda *given: {**freeze(*given), "version": 7})
        done = run(town, "cut", "verify", plan.name)
        assert done.exit_code == cli.OPEN
        assert "/version: 1 → 7" in done.output


class TestNightly:
    def test_it_runs_and_closes_what_was_left_open(self, town: Town) -> None:
        plan = town.plan("paac")
        row, _ = import_service.open_import(plan_files.f014(), "viejo.xlsx", family="paac", plan=plan)
        row.modified = event_service.clock() - dt.timedelta(days=40)
        other, _ = import_service.open_import(plan_files.f014(), "nuevo.xlsx", family="paac", plan=plan)
        model.Session.commit()
        ids = row.id, other.id
        done = run(town, "nightly")
        assert done.exit_code == 0, done.output
        assert plan.name in done.output
        assert "imports closed: 1" in done.output
        model.Session.expire_all()
        old, new = (model.Session.get(Import, id_) for id_ in ids)
        assert (old.state, old.content) == ("discarded", None)
        assert new.state == "open"
        assert run(town, "recompute", plan.name).exit_code == 0
        assert run(town, "recompute", "no-hay").exit_code == cli.UNUSABLE
