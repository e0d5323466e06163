"""Installing what is missing: Debian packages, virtual environments, browser code."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from . import state
from .places import CKAN_RELEASES, NODE_MODULES, ROOT, is_root, venv
from .steps import fail, run, say

#: What we look for on the machine → the Debian package that brings it.
PROGRAMS = {
    "redis-server": "redis-server",
    "psql": "postgresql",
    "java": "default-jdk-headless",
    "javac": "default-jdk-headless",
    "mvn": "maven",
    "npm": "npm",
    "chromium-headless-shell": "chromium-headless-shell",
    "gcc": "build-essential",
    "pg_config": "libpq-dev",
    "msgfmt": "gettext",
}
#: What only the tests of whole portals need.
PORTAL_FILES = {
    "/usr/lib/libreoffice/program/libsclo.so": "libreoffice-calc-nogui",
    "/usr/lib/libreoffice/program/libswlo.so": "libreoffice-writer-nogui",
    "/usr/bin/soffice": "libreoffice-common",
}
FILES = {
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
    "/usr/lib/*/libmagic.so.1": "libmagic1",
    "/usr/share/fonts/truetype/*": "fonts-liberation",
}


def _missing_packages(portal: bool = False) -> list[str]:
    files = FILES | PORTAL_FILES if portal else FILES
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    missing += [package for pattern, package in files.items() if not list(Path("/").glob(pattern[1:]))]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        missing.append("python3-dev")
    return sorted(set(missing))


def _as_root(command: list[str]) -> list[str]:
    if is_root():
        return command
    if shutil.which("sudo") is None:
        fail(f"Neither root nor sudo: as root, run: {' '.join(command)}")
    return ["sudo", "-n", *command] if not sys.stdin.isatty() else ["sudo", *command]


def system_packages(portal: bool = False) -> None:
    """Install the Debian packages that are missing; touch nothing when none is.

    :param portal: whether those that only the tests of whole portals need are wanted too.
    """
    missing = _missing_packages(portal)
    if not missing:
        return
    if shutil.which("apt-get") is None:
        fail(f"This machine has no apt. Install what these Debian packages bring: {' '.join(missing)}")
    quietly = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q"]
    install = _as_root([*quietly, "--no-install-recommends", *missing])
    known = subprocess.run(
        ["apt-cache", "show", *missing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    if known.returncode != 0 or not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        run("refreshing apt's lists", _as_root(["apt-get", "update", "-q"]), log="apt-update")
    say(f"    missing: {' '.join(missing)}")
    run("installing Debian packages", install, log="apt")
    left = _missing_packages(portal)
    if left:
        fail(f"Still missing after apt: {' '.join(left)}")


def _fingerprint(parts: Iterable[str | Path]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _make_venv(name: str) -> Path:
    folder = venv(name)
    if not (folder / "bin" / "pip").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run(
            f"making the virtual environment {name}",
            [sys.executable, "-m", "venv", folder],
            log=f"venv-{name}",
        )
    return folder


def _pip(name: str, title: str, *arguments: str | Path) -> None:
    folder = venv(name)
    command = [
        folder / "bin" / "pip",
        "install",
        "--disable-pip-version-check",
        "--prefer-binary",
        *arguments,
    ]
    run(title, command, log=f"pip-{name}", env={"PIP_NO_INPUT": "1"})


def ckan_environment(release: str) -> Path:
    """Make the virtual environment with CKAN ``release`` ("2.12"), its pins and this checkout.

    Nothing is done when the one that is there was made from the same pins.
    """
    if release not in CKAN_RELEASES:
        fail(f"CKAN={release} is not known here: {' or '.join(CKAN_RELEASES)}")
    version = CKAN_RELEASES[release]
    pins = ROOT / f"requirements-{release}.txt"
    wanted = _fingerprint(
        [version, sys.version, pins, ROOT / "requirements-dev.txt", ROOT / "pyproject.toml"]
    )
    folder = venv(release)
    if state.recall("venvs", release) == wanted and (folder / "bin" / "ckan").exists():
        return folder
    _make_venv(release)
    _pip(
        release,
        f"installing CKAN {version} with pip",
        f"ckan[requirements,dev]=={version}",
        "-r", pins,
        "-r", ROOT / "requirements-dev.txt",
        "-c", pins,
    )  # fmt: skip
    _pip(release, "installing this checkout", "--no-deps", "-e", ROOT)
    state.store("venvs", release, wanted)
    return folder


def tools_environment() -> Path:
    """Make the environment of the tools that do not belong beside CKAN: the reference reviewer, linters."""
    pins = [ROOT / "requirements-bench.txt", ROOT / "requirements-lint.txt"]
    wanted = _fingerprint([sys.version, *pins])
    folder = venv("tools")
    if state.recall("venvs", "tools") == wanted and (folder / "bin" / "ruff").exists():
        return folder
    _make_venv("tools")
    _pip("tools", "installing the reference reviewer and the linters", "-r", pins[0], "-r", pins[1])
    state.store("venvs", "tools", wanted)
    return folder


def browser_code() -> None:
    """Install what ``package-lock.json`` names into ``node_modules/``."""
    wanted = _fingerprint([ROOT / "package-lock.json"])
    if state.recall("npm", "lock") == wanted and NODE_MODULES.exists():
        return
    run("installing axe-core with npm", ["npm", "ci", "--no-audit", "--no-fund"], log="npm")
    state.store("npm", "lock", wanted)


def everything(release: str, tools: bool = True, portal: bool = False) -> Path:
    """Install all that the portal and the tests need for CKAN ``release``; return its environment.

    :param tools: whether the linters, the reference reviewer and the browser's code are wanted too.
    :param portal: whether what only the tests of whole portals need is wanted too.
    """
    os.umask(0o022)
    system_packages(portal)
    folder = ckan_environment(release)
    if tools:
        tools_environment()
        browser_code()
    return folder
