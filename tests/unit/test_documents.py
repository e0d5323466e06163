"""What documents list is all there is: ``docs/api.md`` the actions of plans, each with its parameters and an
example; ``docs/modelo-de-datos.md`` the tables."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
#: Documented once for all actions that have them.
COMMON = {"whole"}


@cache
def actions() -> dict[str, set[str]]:
    """Every action of the plugin with the parameters that its docstring gives."""
    found = {}
    for path in (ROOT / "ckanext" / "ogp_plan" / "logic" / "action").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("ogp_plan_"):
                found[node.name] = set(re.findall(r":param (\w+):", ast.get_docstring(node) or ""))
    return found


@cache
def rows() -> dict[str, str]:
    """The row of the document's tables in which each action stands."""
    found = {}
    for line in TEXT.splitlines():
        if line.startswith("| `ogp_plan_"):
            for name in re.findall(r"`(ogp_plan_\w+)`", line.split("|")[1]):
                found[name] = line
    return found


def test_there_are_actions_to_document() -> None:
    assert len(actions()) > 45


def test_no_action_is_left_out_and_none_is_made_up() -> None:
    assert set(rows()) == set(actions())


@pytest.mark.parametrize("name", sorted(actions()))
def test_its_parameters_and_an_example(name: str) -> None:
    documented = set(re.findall(r"`(\w+)`", "".join(rows()[name].split("|")[2:])))
    assert actions()[name] - COMMON <= documented
    assert re.search(rf"^    (?:…/)?{name}\b", TEXT, re.MULTILINE), "it has an example"


def test_every_table_is_documented() -> None:
    document = (ROOT / "docs" / "modelo-de-datos.md").read_text(encoding="utf-8")
    for plugin in ("cost_oc4ids", "ogp_plan"):
        for path in (ROOT / "ckanext" / plugin / "migration" / plugin / "versions").glob("*.py"):
            for name in re.findall(r'create_table\(\s*"(\w+)"', path.read_text(encoding="utf-8")):
                assert re.search(rf"\b{name}\b", document), name
