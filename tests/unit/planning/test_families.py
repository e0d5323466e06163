"""Families are files: what they say, and a fifth one that no code knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import fifth_family
from support.fifth_family import conpes
from support.plans import lost

from ckanext.ogp_plan.planning import data, families
from ckanext.ogp_plan.planning.__main__ import main
from ckanext.ogp_plan.planning.importers import layouts, read
from ckanext.ogp_plan.planning.types import Item, Plan


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder of schemas with one family that the extension does not have."""
    fifth_family.put(tmp_path / "schemas")
    return tmp_path / "schemas"


def test_a_fifth_family_is_a_file(schemas: Path) -> None:
    assert families.names(schemas) == ["conpes"]
    reading = read(conpes(), "conpes", schemas=schemas)
    keys = {item.key: item for item in reading.plan.items}
    assert list(keys) == [("objetivo", "1"), ("accion", "1.1"), ("accion", "1.2"), ("objetivo", "2"), ("accion", "2.1")]
    assert [item.weight for item in reading.plan.items] == [70, 40, 60, 30, 100]
    assert keys["accion", "1.2"].parent == ("objetivo", "1")
    assert keys["accion", "1.2"].fields["depends_on"] == "Sí, 1.1"
    assert keys["accion", "2.1"].indicators[0].targets[0].value == 2
    assert [one.organization for one in keys["accion", "1.1"].assignments] == ["datic"]
    assert reading.act.accepted == 3 and not reading.act.asked
    assert lost(conpes(), reading) == []
    assert not [one for one in reading.act.flagged if one.kind.startswith("family.")]


def test_weights_that_do_not_sum_100_are_reported(schemas: Path) -> None:
    reading = read(conpes("50%"), "conpes", schemas=schemas)
    (wrong,) = [one for one in reading.act.flagged if one.kind == "family.weight.sum"]
    assert wrong.params == {"level": "accion", "detail": "90"}


def test_the_command_takes_a_fifth_family(schemas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pas.xlsx"
    path.write_bytes(conpes())
    assert main(["read", str(path), "--family", "conpes", "--schemas", str(schemas), "--format", "json"]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["items"]] == ["1", "1.1", "1.2", "2", "2.1"]


@pytest.mark.parametrize("name", families.names())
def test_our_own_families_are_complete(name: str) -> None:
    family = families.load(name)
    assert family.name["es"] and family.name["en"]
    assert any(level.trackable for level in family.levels)
    for level in family.levels:
        assert level.name["es"] and level.name["en"] and level.plural["es"]
    for spec in family.fields:
        assert spec.label["es"] and spec.label["en"] and spec.help["es"] and spec.help["en"], spec.name
    for layout in layouts.of_family(family):
        assert layout.serves(name) and layout.title("es") != layout.name
        assert set(_levels(layout.data)) - {"*"} <= {level.id for level in family.levels}


def _levels(found: object) -> list[str]:
    """The levels that a layout names, wherever it does."""
    if isinstance(found, list):
        return [level for one in found for level in _levels(one)]
    if not isinstance(found, dict):
        return []
    own = [found["level"]] if isinstance(found.get("level"), str) and "columns" not in found else []
    return own + [level for one in found.values() if isinstance(one, (dict, list)) for level in _levels(one)]


def test_four_families() -> None:
    assert families.names() == ["cost", "ogp", "paac", "ptep"]


@pytest.mark.parametrize("name", ["nadie", "../paac", "", "PAAC", "layouts/paac-f014"])
def test_there_is_no_other_family(name: str) -> None:
    with pytest.raises(data.DataError):
        families.load(name)


def test_a_wrong_file_says_what_is_wrong(schemas: Path) -> None:
    (schemas / "plans" / "conpes.yaml").write_text("levels: [{id: a, name: A, under: b}]", encoding="utf-8")
    with pytest.raises(data.DataError, match="hangs from"):
        families.load("conpes", schemas)
    (schemas / "plans" / "conpes.yaml").write_text("levels: [{name: A}]", encoding="utf-8")
    with pytest.raises(data.DataError, match="id"):
        families.load("conpes", schemas)


def test_what_breaks_a_family_is_reported() -> None:
    plan = Plan("paac")
    plan.items = [Item("componente", "1", "a"), Item("componente", "1", "b"), Item("nivel", "2", "c"), Item("fila", "x", "d", ("componente", "1")), Item("actividad", "1.1", "e", ("componente", "9"))]
    found = {(one.kind, one.code) for one in families.find_mismatches(plan, families.load("paac"))}
    assert found == {
        ("code.repeated", "1"), ("level.unknown", "2"), ("code.pattern", "x"), ("parent.level", "x"), ("parent.missing", "1.1"),
    }  # fmt: skip
