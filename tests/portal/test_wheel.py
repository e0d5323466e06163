"""The distribution as people get it: built as an sdist, from that a wheel, installed where no checkout is.

Everything that the checkout's plugins read at run time must be in there, open by
``importlib.resources`` and be the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

#: The clean environment has no CKAN, whichever release runs the test.
pytestmark = pytest.mark.one_release("the distribution is the same for every release of CKAN")

PACKAGES = ("cost_common", "cost_oc4ids", "ogp_plan")
#: What runs in the clean environment: lists the digest of every data file it can open there.
LIST_RESOURCES = """
import hashlib, importlib.resources, json, sys

def walk(folder, prefix):
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from walk(entry, name)
        elif not name.endswith((".pyc",)):
            yield name, hashlib.sha256(entry.read_bytes()).hexdigest()

found = {}
for package in sys.argv[1:]:
    found.update(walk(importlib.resources.files(f"ckanext.{package}"), package))
json.dump(found, sys.stdout)
"""


def run(*command: object, cwd: Path | None = None, code: int = 0) -> str:
    """Run a program and return what it prints; the test fails when it ends with another code."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel with what it depends on, and neither CKAN nor the checkout."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def installed(clean_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digest of each file of the installed packages, by its path below ``ckanext/``."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    found: dict[str, str] = json.loads(
        run(clean_python, "-I", "-c", LIST_RESOURCES, *PACKAGES, cwd=elsewhere)
    )
    return found


def files_of(source: Path) -> dict[str, str]:
    """Return the digest of each file of the packages in a checkout, through the links."""
    found = {}
    for package in PACKAGES:
        top = source / "ckanext" / package
        for folder in (top, top / "schemas", top / "i18n"):
            # A link to a folder is not walked into: its contents are asked for by name.
            for path in folder.rglob("*"):
                relative = path.relative_to(source / "ckanext")
                ours = not set(relative.parts) & {"__pycache__", "parts"}
                if path.is_file() and ours and path.suffix not in {".pyc", ".pot", ".mo", ".new"}:
                    found[str(relative)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_every_file_of_the_checkout_is_in_the_wheel_unchanged(
    installed: dict[str, str], source: Path
) -> None:
    expected = files_of(source)
    missing = sorted(set(expected) - set(installed))
    different = sorted(name for name in expected if name in installed and installed[name] != expected[name])
    assert (missing, different) == ([], [])


@pytest.mark.parametrize(
    "part",
    [
        "cost_oc4ids/schemas/oc4ids/0.9.5/",
        "cost_oc4ids/schemas/datasets/oc4ids.yaml",
        "cost_oc4ids/schemas/cali/organismos.yaml",
        "cost_oc4ids/templates/",
        "cost_oc4ids/assets/",
        "cost_oc4ids/migration/cost_oc4ids/alembic.ini",
        "cost_oc4ids/migration/cost_oc4ids/versions/",
        "cost_oc4ids/i18n/es/LC_MESSAGES/ckanext-cost_oc4ids.mo",
        "cost_oc4ids/i18n/en/LC_MESSAGES/ckanext-cost_oc4ids.mo",
        "cost_oc4ids/config_declaration.yaml",
        "ogp_plan/plugin.py",
        "ogp_plan/templates/",
        "ogp_plan/i18n/es/LC_MESSAGES/ckanext-ogp_plan.mo",
        "cost_common/plugin.py",
        "cost_common/schemas/cali/organismos.yaml",
        "cost_common/schemas/plans/",
        "cost_common/templates/cost_common/base.html",
        "cost_common/templates/header.html",
        "cost_common/assets/webassets.yml",
        "cost_common/assets/css/page.css",
        "cost_common/assets/js/focus.js",
        "cost_common/i18n/es/LC_MESSAGES/ckanext-cost_common.mo",
        "cost_common/i18n/es/LC_MESSAGES/ckanext-ogp_plan.mo",
    ],
)
def test_each_kind_of_data_is_there(installed: dict[str, str], part: str) -> None:
    assert [name for name in installed if name.startswith(part)]


def test_nothing_that_does_not_belong_there(installed: dict[str, str], wheel: Path) -> None:
    strays = [name for name in installed if name.endswith((".pot", ".new", ".pyc")) or "/parts/" in name]
    assert strays == []
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ckanext"}


def test_the_compiled_spanish_speaks_spanish(clean_python: Path, tmp_path: Path) -> None:
    program = (
        "import gettext, importlib.resources as r\n"
        "mo = r.files('ckanext.cost_oc4ids') / 'i18n/es/LC_MESSAGES/ckanext-cost_oc4ids.mo'\n"
        "catalogue = gettext.GNUTranslations(mo.open('rb'))\n"
        "pairs = [(k, v) for k, v in catalogue._catalog.items() if k and isinstance(k, str)]\n"
        "print(len(pairs), sum(k != v for k, v in pairs))\n"
    )
    total, translated = map(int, run(clean_python, "-I", "-c", program, cwd=tmp_path).split())
    assert total > 100
    assert translated > total * 0.8


def test_the_plugins_are_announced_to_ckan(clean_python: Path, tmp_path: Path) -> None:
    program = (
        "import importlib.metadata as m\n"
        "print(sorted(e.name for e in m.distribution('ckanext-cost-oc4ids').entry_points if e.group == 'ckan.plugins'))"
    )
    assert run(clean_python, "-I", "-c", program, cwd=tmp_path).strip() == "['cost_common', 'cost_oc4ids', 'ogp_plan']"


def test_the_command_validates_without_ckan(clean_python: Path, tmp_path: Path) -> None:
    bad = tmp_path / "sin-sector.json"
    bad.write_text(json.dumps({"projects": [{"id": "oc4ids-abc123-1"}], "version": "0.9"}))
    answer = run(
        clean_python, "-I", "-m", "ckanext.cost_oc4ids.oc4ids", "check", bad, "--format", "json", "--lang", "es",
        cwd=tmp_path, code=1,
    )  # fmt: skip
    report = json.loads(answer)
    assert report["valid"] is False
    assert report["counts"]["error"] >= 1
    assert run(clean_python, "-I", "-c", "import sys, ckanext.cost_oc4ids.oc4ids; print('ckan' in sys.modules)",
               cwd=tmp_path).strip() == "False"  # fmt: skip


def test_the_command_says_what_it_cannot_read(clean_python: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "vacio.json"
    nothing.write_bytes(b"")
    run(clean_python, "-I", "-m", "ckanext.cost_oc4ids.oc4ids", "check", nothing, cwd=tmp_path, code=2)


def test_the_other_command_reads_plans_without_ckan(clean_python: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "Subcomponente;Actividades;Meta o producto;Responsable;Fecha programada\n"
        "Componente 1: Riesgos\n"
        "Subcomponente 1 Mapas;1.1 Revisar el mapa;Un (1) mapa;DATIC;31/03/2026\n",
        encoding="utf-8",
    )
    answer = run(
        clean_python, "-I", "-m", "ckanext.ogp_plan.planning", "read", plan, "--family", "paac", "--format", "json",
        cwd=tmp_path,
    )  # fmt: skip
    found = json.loads(answer)
    assert found["acta"]["accepted"] == 1
    assert found["items"][-1]["assignments"][0]["organization"] == "datic"
