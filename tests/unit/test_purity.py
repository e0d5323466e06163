"""The core is pure: using it loads no CKAN, no web framework and no database."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import ckanext.cost_oc4ids.oc4ids as core

FOREIGN = (
    "ckan",
    "flask",
    "sqlalchemy",
    "werkzeug",
    "jinja2",
    "redis",
    "rq",
    "pysolr",
    "psycopg2",
    "requests",
)

#: What is pure of the package that both plugins stand on.
PURE = ("ckanext.cost_common.shipped", "ckanext.cost_common.translation", "ckanext.cost_common.values")

USE = """
import sys
import ckanext.cost_oc4ids.oc4ids
import pkgutil, importlib
for module in pkgutil.walk_packages(ckanext.cost_oc4ids.oc4ids.__path__, "ckanext.cost_oc4ids.oc4ids."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from ckanext.cost_oc4ids.oc4ids import render, validator
report = validator.validate(b'{"projects": [{"id": "x", "title": null}]}')
assert not report.valid
render.as_html(report, "es")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_using_the_core_loads_nothing_foreign() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", USE], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    assert "ckanext" in loaded
    assert loaded.isdisjoint(FOREIGN)


def test_nothing_in_the_core_imports_upwards() -> None:
    """Also not inside a function: every import of the core's sources is the core's own, pure or a pure library."""
    allowed = {"msgspec", "jsonschema_rs", "babel", "yaml"} | set(sys.stdlib_module_names)
    for source in Path(core.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [f"{node.module}.{each.name}" for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                depth = len(source.relative_to(core.__path__[0]).parts)
                assert node.level <= depth, f"{source}: import above the core"
            for name in names:
                own = name.startswith(("ckanext.cost_oc4ids.oc4ids", *PURE))
                assert own or name.partition(".")[0] in allowed, f"{source}: {name}"
