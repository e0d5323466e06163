"""Every action asks who may act first and validates its request second; read in the source, without CKAN."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "ckanext"
#: Plugin → prefix of its actions.
PLUGINS = {"ogp_plan": "ogp_plan_", "cost_oc4ids": "oc4ids_"}


def functions(plugin: str, layer: str) -> Iterator[tuple[Path, ast.FunctionDef]]:
    """The public functions of a layer whose names have the plugin's prefix."""
    for path in sorted((ROOT / plugin / "logic" / layer).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith(PLUGINS[plugin]):
                yield path, node


ACTIONS = {node.name: (path, node) for plugin in PLUGINS for path, node in functions(plugin, "action")}


def is_access_check(statement: ast.stmt, action: str) -> bool:
    """``tk.check_access("<action>", context, data_dict)``, with the request as it came."""
    return ast.unparse(statement) == f"tk.check_access('{action}', context, data_dict)"


def is_validation(statement: ast.stmt) -> bool:
    """``data = validated(<schema>(), data_dict…)``; where there are no fields, without a name for them."""
    if isinstance(statement, ast.Assign):
        if ast.unparse(statement.targets[0]) != "data":
            return False
    elif not isinstance(statement, ast.Expr):
        return False
    call = statement.value
    return (
        isinstance(call, ast.Call)
        and ast.unparse(call.func) == "validated"
        and len(call.args) == 2
        and isinstance(call.args[0], ast.Call)
        and ast.unparse(call.args[0].func).partition(".")[0].endswith("_schema")
        and ast.unparse(call.args[1]) == "data_dict"
    )


def test_there_are_actions_of_both_plugins() -> None:
    assert sum(name.startswith("ogp_plan_") for name in ACTIONS) > 40
    assert sum(name.startswith("oc4ids_") for name in ACTIONS) >= 6


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_access_is_checked_first_and_the_request_validated_second(action: str) -> None:
    _, node = ACTIONS[action]
    docstring, first, second, *_ = node.body
    assert ast.get_docstring(node) and isinstance(docstring, ast.Expr)
    assert is_access_check(first, action), ast.unparse(first)
    assert is_validation(second), ast.unparse(second)
    assert not any("validate" in ast.unparse(decorator) for decorator in node.decorator_list)


@pytest.mark.parametrize("plugin", sorted(PLUGINS))
def test_a_noun_has_one_file_name_on_each_layer(plugin: str) -> None:
    files = {
        layer: {node.name: path.name for path, node in functions(plugin, layer)}
        for layer in ("action", "auth")
    }
    assert files["action"] == files["auth"]
    schemas = {path.name for path in (ROOT / plugin / "logic" / "schema").glob("*.py")}
    assert set(files["action"].values()) <= schemas


def test_ckans_decorator_which_validates_first_is_not_used() -> None:
    used = [
        path for path in ROOT.rglob("*.py") if "validate_action_data(" in path.read_text(encoding="utf-8")
    ]
    assert not used
