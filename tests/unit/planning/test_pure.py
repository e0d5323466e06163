"""The rules of plans and the readers of values load no CKAN, and no module imports one that imports it."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("ckanext.ogp_plan.planning", "ckanext.cost_common.values")
FOREIGN = {"ckan", "flask", "sqlalchemy", "werkzeug", "jinja2", "redis", "rq", "pysolr", "psycopg2", "requests"}
LOAD_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def modules() -> dict[str, Path]:
    """Return the modules of the pure packages, by their dotted name."""
    found = {}
    for package in PACKAGES:
        folder = Path(importlib.util.find_spec(package).submodule_search_locations[0])
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Return what a module imports of the pure packages, inside of functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names = {f"{node.module}.{each.name}" for each in node.names}
            found |= {name if name in known else str(node.module) for name in names}
    return found & set(known)


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_foreign_is_loaded(package: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOAD_ALL, package], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "ckanext" in loaded
    assert loaded.isdisjoint(FOREIGN)


def test_no_module_imports_one_that_imports_it() -> None:
    known = modules()
    direct = {name: imports(path, known) - {name} for name, path in known.items()}
    assert len(direct) > 50
    for name, own in direct.items():
        reached: set[str] = set()
        waiting = list(own)
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += direct[other]
        assert name not in reached, f"{name} imports {sorted(one for one in own if one in reached)}"
