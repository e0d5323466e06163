"""Fixtures for every test of the house.

Nothing here imports CKAN at the top: the pure tests run without it.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: Plugins with tables; their migrations follow CKAN's own whenever the tables are made anew.
PLUGINS_WITH_TABLES = ("activity", "cost_oc4ids", "ogp_plan")


@pytest.fixture
def clean_db(reset_db: Callable[[], None], with_plugins: Any, migrate_db_for: Callable[..., None]) -> None:
    """Empty the database; where the tables had to be made anew, make the plugins' tables too."""
    import sqlalchemy as sa
    from ckan import model
    from ckan.plugins import plugin_loaded
    from support.tables import empty_append_only

    empty_append_only()
    reset_db()
    connection = model.Session.connection()
    inspector = sa.inspect(connection)
    missing = [
        name
        for name in PLUGINS_WITH_TABLES
        if plugin_loaded(name) and not inspector.has_table(f"{name}_alembic_version")
    ]
    model.Session.rollback()
    for name in missing:
        migrate_db_for(name)


@pytest.fixture(scope="session")
def tools_python() -> str:
    """Path of the Python that has libcoveoc4ids and other tools that do not belong beside CKAN."""
    path = os.environ.get("OC4IDS_TOOLS_PYTHON") or str(ROOT / ".venv" / "tools" / "bin" / "python")
    if not Path(path).exists():
        pytest.skip("the environment of the reference reviewer is absent: run `make install`")
    return path


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the standard's own files, which are not part of this project."""
    path = Path(os.environ.get("OC4IDS_REFERENCE") or ROOT.parent / "shared" / "reference" / "oc4ids")
    if not path.is_dir():
        pytest.skip(
            f"the standard's reference files are absent ({path}; OC4IDS_REFERENCE names another place)"
        )
    return path


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Source of axe-core, to be injected into a page."""
    path = Path(os.environ.get("OC4IDS_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    if not path.exists():
        pytest.fail("axe-core is absent: run `make install`")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; one browser for the whole run."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("OC4IDS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        # Only our own pages are opened, and a container rarely allows the sandbox.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@dataclass
class Portal:
    """A served portal over the instance's own database: what tests create, it shows."""

    url: str
    ini: Path
    log: Path


@pytest.fixture(scope="session")
def live_portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The instance served by real web and job processes, outside of this one.

    It shares database, core, Redis number and storage with the tests of this process: create data
    with factories (``ckan.tests.factories``), then look at it over HTTP. Sign in with an API token
    (``factories.UserWithToken``) or with the form. Not in ``testing`` mode: CSRF and all stand.
    """
    folder = tmp_path_factory.mktemp("live")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    ini = _served_ini(Path(request.config.getoption("--ckan-ini")), folder, url)
    programs = Path(sys.executable).parent
    log = folder / "portal.log"
    commands = [
        [programs / "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}", "--timeout", "120",
         "--chdir", ROOT / "dev", "wsgi:application"],
        [programs / "ckan", "-c", ini, "jobs", "worker", "default", "cost_oc4ids", "ogp_plan"],
    ]  # fmt: skip
    environment = {**os.environ, "CKAN_INI": str(ini)}
    with log.open("wb") as out, contextlib.ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            stack.callback(_end, process)
        _await_portal(url, log)
        yield Portal(url, ini, log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _served_ini(source: Path, folder: Path, url: str) -> Path:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(source, encoding="utf-8")
    parser.set("app:main", "ckan.site_url", url)
    parser.set("app:main", "testing", "false")
    target = folder / "ckan.ini"
    with target.open("w", encoding="utf-8") as out:
        parser.write(out)
    return target


def _await_portal(url: str, log: Path, patience: float = 90) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/api/3/action/status_show", timeout=30),
        ):
            return
        time.sleep(0.3)
    pytest.fail(f"the portal did not answer:\n{log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: the worker of their portal would take the jobs of the other tests."""
    items.sort(key=lambda item: "browser" in item.path.parts)
