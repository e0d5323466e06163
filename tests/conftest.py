"""Fixtures for every test.

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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A search says nothing of time: the machine may be busy with other work. In `make test` each tries the same examples on every
# machine, so that a run can be repeated; `make fuzz` tries others each time.
hypothesis.settings.register_profile(
    "project", hypothesis.settings.default, deadline=None, derandomize=not os.environ.get("OC4IDS_FUZZ")
)
hypothesis.settings.load_profile("project")

ROOT = Path(__file__).resolve().parents[1]
#: The release of CKAN on which tests marked ``one_release`` run.
FIRST_RELEASE = "2.12."


def pytest_configure(config: pytest.Config) -> None:
    """Give each worker of pytest-xdist an instance of its own, and the controller no application at all.

    pytest-ckan builds an application from ``--ckan-ini`` when a session starts, in the controller and in each worker.
    ``OC4IDS_TEST_INIS`` names the workers' configurations (``make test`` sets it).
    """
    if hasattr(config.option, "randomly_reset_seed"):
        # Only the order is random: names that factories make must differ from test to test.
        config.option.randomly_reset_seed = False
    if not config.pluginmanager.hasplugin("ckan"):
        return
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        inis = os.environ.get("OC4IDS_TEST_INIS", "").split(os.pathsep)
        number = int(worker["workerid"].removeprefix("gw"))
        if number >= len(inis) or not inis[number]:
            raise pytest.UsageError(f"worker {number} has no instance of its own: run `make test`")
        config.option.ckan_ini = inis[number]
    elif getattr(config.option, "numprocesses", None):
        config.pluginmanager.unregister(name="ckan")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a parameter of bytes by its argument: what is compressed holds the second in which it was made.

    Workers collect for themselves, and a session of several ends where their names differ.
    """
    return argname if isinstance(val, bytes | bytearray | memoryview) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what one release of CKAN shows for all; keep classes marked ``in_order`` in their order."""
    if not _is_first_release():
        left_out = [item for item in items if item.get_closest_marker("one_release")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    _restore_order(items)


def _is_first_release() -> bool:
    """Return whether the CKAN here is the one on which tests marked ``one_release`` run."""
    try:
        return version("ckan").startswith(FIRST_RELEASE)
    except PackageNotFoundError:
        return True


def _restore_order(items: list[pytest.Item]) -> None:
    groups: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(items):
        if isinstance(item, pytest.Function) and item.cls and item.get_closest_marker("in_order"):
            groups.setdefault((str(item.path), item.cls.__qualname__), []).append(place)
    for places in groups.values():
        written = sorted((items[place] for place in places), key=lambda item: item.function.__code__.co_firstlineno)
        for place, item in zip(places, written, strict=True):
            items[place] = item


@pytest.fixture
def clean_db(with_plugins: None) -> None:
    """Empty the database. Stands in for pytest-ckan's, which knows nothing of append-only tables."""
    from support import tables

    tables.empty()


@pytest.fixture
def with_plugins(request: pytest.FixtureRequest, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the plugins that the configuration lists, and those that a mark of the same name adds.

    Stands in for pytest-ckan's, which loads and unloads them for each test.
    """
    from support import application

    more = [name for mark in request.node.iter_markers("with_plugins") for name in mark.args]
    if more:
        monkeypatch.setitem(ckan_config, "ckan.plugins", [*application.wanted(), *more])
    application.load()


@pytest.fixture
def make_app(ckan_config: Any) -> Callable[[], Any]:
    """Factory of clients. Stands in for pytest-ckan's, which builds an application for each test."""
    from support import application

    return application.client


@pytest.fixture(scope="session")
def tools_python() -> str:
    """Path of the Python that has libcoveoc4ids and other tools that do not belong beside CKAN."""
    path = os.environ.get("OC4IDS_TOOLS_PYTHON") or str(ROOT / ".venv" / "tools" / "bin" / "python")
    if not Path(path).exists():
        pytest.fail("the environment of the reference reviewer is absent: run `make install`")
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
    """Debian's Chromium without windows, driven by Playwright; one browser for the whole run."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("OC4IDS_CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium-headless-shell"
    with sync_playwright() as playwright:
        # Only our own pages are opened, and a container rarely allows the sandbox.
        # Nothing outside of the machine is needed, and no name leads there.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
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
        [programs / "gunicorn", "--workers", "1", "--threads", "4", "--bind", f"127.0.0.1:{port}", "--timeout", "120",
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
    parser.set("app:main", "ckan.gravatar_default", "disabled")
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
