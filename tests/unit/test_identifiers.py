"""Names of modules, functions, variables, parameters and attributes hold no metaphors (CONTRIBUTING.md, "Names")."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bench", "ckanext", "dev", "tests")
WORDS = frozenset(
    word for noun in ("caretaker", "desk", "door", "house", "ledger", "paper") for word in (noun, f"{noun}s")
) | {"betray", "betrayal", "betrayed", "betraying", "betrays", "said", "told"}
#: Names that a library gives: openpyxl's.
ALLOWED = frozenset({"paperSize"})
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def has_metaphor(name: str) -> bool:
    """Tell whether one of the words of a name, in snake_case or CamelCase, is in :data:`WORDS`."""
    return name not in ALLOWED and not WORDS.isdisjoint(part.lower() for part in PARTS.findall(name))


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every name in a module, as often as it is there; texts are no names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            continue
        for field, value in ast.iter_fields(node):
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and field != "type_comment":
                    yield getattr(node, "lineno", 0), name


def modules(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder, without hidden folders and caches."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith((".", "__pycache__")):
            yield from modules(path)
        elif path.suffix == ".py":
            yield path


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def judge(told): ...", ["told"]),
        ("class LedgerRow: ...", ["LedgerRow"]),
        ("from support import said as s", ["said"]),
        ("import a.told.b", ["a.told.b"]),
        ("row.on_paper = f(paper_size=1)", ["on_paper", "paper_size"]),
        ("def f():\n    global SAID", ["SAID"]),
        ("try: pass\nexcept E as betrayed: pass", ["betrayed"]),
        ("match x:\n    case {**desks}: pass", ["desks"]),
        ("f'{said}'", ["said"]),
        ("page.paperSize = 1; warehouse, outdoors, newspaper = 'said', b'told', None", []),
    ],
)
def test_where_a_name_can_be(source: str, found: list[str]) -> None:
    assert [name for _, name in identifiers(ast.parse(source)) if has_metaphor(name)] == found


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_name_is_a_metaphor(folder: str) -> None:
    wrong = []
    paths = list(modules(ROOT / folder))
    for path in paths:
        place = path.relative_to(ROOT)
        wrong += [
            f"{place}: name of a file or folder" for part in place.with_suffix("").parts if has_metaphor(part)
        ]
        names = identifiers(ast.parse(path.read_bytes()))
        wrong += [f"{place}:{line}: {name}" for line, name in sorted(set(names)) if has_metaphor(name)]
    assert paths and not wrong, "\n".join(wrong)


#: What a variable holds is never these; CONTRIBUTING.md, "Names".
VAGUE = frozenset({"one", "ones", "said", "shown", "told"})


def vague(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each variable and parameter that says nothing of what it holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE:
            yield node.lineno, node.id
        elif isinstance(node, ast.arg) and node.arg in VAGUE:
            yield node.lineno, node.arg


def test_where_a_vague_name_can_be() -> None:
    source = "def f(one):\n    for shown in one: pass\n    return [told for told in one if (said := told)]\nx.one = d['one']"
    assert [name for _, name in sorted(vague(ast.parse(source)))] == ["one", "shown", "said", "told"]


def test_no_variable_of_the_product_is_vague() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules(ROOT / "ckanext")
        for line, name in vague(ast.parse(path.read_bytes()))
    ]
    assert not wrong, "\n".join(wrong)
