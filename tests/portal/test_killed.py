"""Who is killed while it applies an import or freezes a cut leaves all or nothing, and can do it again."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from support import plan_files
from support.application import portal
from support.plan_portal import YEAR, Town
from werkzeug.datastructures import FileStorage

from ckanext.ogp_plan.model import (
    Cut,
    Import,
    ItemAssignment,
    PlanItem,
    PlanRow,
    PlanVersion,
    Publication,
    RecordedChange,
    UnknownName,
)
from ckanext.ogp_plan.services import cut as cut_service

TABLES = (Cut, Import, ItemAssignment, PlanItem, PlanRow, PlanVersion, Publication, RecordedChange, UnknownName)
TESTS = Path(__file__).resolve().parents[1]
ROWS = [(*plan_files.ROWS[0][:8], "Oficina de los Vecinos"), *plan_files.ROWS[1:]]


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with portal() as app:
        yield Town.build(app)


@pytest.fixture(scope="module")
def ini(request: pytest.FixtureRequest) -> str:
    return str(Path(request.config.getoption("--ckan-ini")).resolve())


def standing() -> dict[str, list[Any]]:
    """Every row of our tables, as it is."""
    model.Session.remove()
    found = {}
    for one in TABLES:
        table = one.__table__
        rows = model.Session.execute(sa.select(*[column for column in table.c if column.name != "content"]).order_by(table.c.id))
        found[table.name] = [tuple(map(str, row)) for row in rows]
    model.Session.rollback()
    return found


@contextlib.contextmanager
def blocked(table: str) -> Iterator[None]:
    """Nobody else gets at a table."""
    with model.meta.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield
        transaction.rollback()


def waiting(table: str) -> list[int]:
    """The backends that wait for a table."""
    with model.meta.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT pid FROM pg_locks WHERE relation = CAST(:t AS regclass) AND NOT granted"), {"t": table})
        return [row[0] for row in found]


def started(ini: str, user: str, action: str, data: dict[str, Any], table: str) -> tuple[subprocess.Popen[bytes], int]:
    """An action in another process, that has come as far as the blocked table; with its backend's number."""
    command = [sys.executable, "-m", "support.plan_worker", ini, user, action, json.dumps(data)]
    process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": str(TESTS)})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pids = waiting(table)
        if pids:
            return process, pids[0]
        assert process.poll() is None, process.stdout.read().decode()[-3000:]
        time.sleep(0.1)
    process.kill()
    raise AssertionError("it never came as far as the table")


def gone(backend: int) -> None:
    """Wait until a backend is no more."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with model.meta.engine.connect() as connection:
            there = connection.execute(sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :p"), {"p": backend}).scalar()
        if not there:
            return
        time.sleep(0.1)
    raise AssertionError("the backend did not end")


def kill_in(ini: str, user: str, action: str, data: dict[str, Any], table: str, how: str) -> None:
    """Start an action, stop it at a table, and kill the process or PostgreSQL's side of it."""
    with blocked(table):
        process, backend = started(ini, user, action, data, table)
        if how == "process":
            os.kill(process.pid, signal.SIGKILL)
        else:
            with model.meta.engine.connect() as connection:
                connection.execute(sa.text("SELECT pg_terminate_backend(:p)"), {"p": backend})
    process.wait(30)
    assert process.returncode != 0
    gone(backend)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["process", "database"])
class TestKilled:
    # after the version and the items; after everything but the import's own row
    @pytest.mark.parametrize("table", ["ogp_assignment", "ogp_unknown_name"])
    def test_in_the_middle_of_an_import(self, town: Town, ini: str, how: str, table: str) -> None:
        name = f"muerto-{how}-{table.replace('_', '-')}"
        one = town.call("owner_admin", "ogp_plan_import", upload=FileStorage(io.BytesIO(plan_files.f014(ROWS)), "plan.xlsx"), family="paac", name=name, owner=town.owner)
        before = standing()
        kill_in(ini, str(town.names["owner_admin"]), "ogp_plan_import_apply", {"id": one["id"]}, table, how)
        assert standing() == before
        done = town.call("owner_admin", "ogp_plan_import_apply", id=one["id"])
        assert (done["plan"], done["version"], done["unknown_names"]) == (name, 1, ["Oficina de los Vecinos"])

    def test_in_the_middle_of_a_correction(self, town: Town, ini: str, how: str) -> None:
        plan = town.plan("paac", body=None)
        file = FileStorage(io.BytesIO(plan_files.f014(ROWS)), "plan.xlsx")
        one = town.call("owner_admin", "ogp_plan_import", upload=file, plan=plan.name)
        answers = {asked["id"]: asked["options"][0]["value"] for asked in one["reading"]["acta"]["asked"]}
        town.call("owner_admin", "ogp_plan_import_answer", id=one["id"], answers=answers)
        before = standing()
        data = {"id": one["id"], "act_name": "Acta 1", "reason": "Se corrige."}
        kill_in(ini, str(town.names["owner_admin"]), "ogp_plan_import_apply", data, "ogp_unknown_name", how)
        assert standing() == before
        assert town.call("owner_admin", "ogp_plan_import_apply", **data)["version"] == 2

    def test_in_the_middle_of_a_cut(self, town: Town, ini: str, how: str) -> None:
        plan = town.plan("paac", body=None)
        day = f"{YEAR}-04-30"
        assert dt.date.fromisoformat(day) <= dt.datetime.now(dt.timezone.utc).date()
        before = standing()
        user = str(town.names["sysadmin"])
        kill_in(ini, user, "ogp_plan_cut_create", {"plan": plan.name, "day": day}, "ogp_cut", how)
        assert standing() == before
        town.call("control", "ogp_plan_cut_create", plan=plan.name, day=day)
        cut = model.Session.scalars(sa.select(Cut).where(Cut.plan_id == plan.id)).one()
        assert cut_service.verify(PlanRow.get(plan.name), cut).same
