"""Values that commitments serve are read from their words, and milestones have those of their commitment."""

from __future__ import annotations

from ckanext.ogp_plan.planning import families, family_values
from ckanext.ogp_plan.planning.types import Item, Plan


def plan(text: str) -> Plan:
    return Plan("ogp", items=[Item("compromiso", "1", "Uno", fields={"relevance": text}), Item("hito", "1.H1", "Hito", parent=("compromiso", "1"))])


def test_a_milestone_serves_what_its_commitment_serves() -> None:
    found = family_values.find_item_values(plan("Rendición de Cuentas y PARTICIPACIÓN de los barrios"), families.load("ogp"))
    assert found[("compromiso", "1")] == found[("hito", "1.H1")] == ["participacion", "rendicion-de-cuentas"]


def test_a_text_that_names_none_serves_none() -> None:
    assert family_values.find_item_values(plan("Algo bueno"), families.load("ogp")) == {("compromiso", "1"): [], ("hito", "1.H1"): []}


def test_a_family_without_values() -> None:
    family = families.load("paac")
    assert family_values.value_names(family) == {}
    assert family_values.find_item_values(Plan("paac", items=[Item("fila", "1.1", "Una")]), family) == {}


def test_items_that_hang_from_each_other_end() -> None:
    looped = Plan("ogp", items=[Item("hito", "a", "A", parent=("hito", "b")), Item("hito", "b", "B", parent=("hito", "a"))])
    assert family_values.find_item_values(looped, families.load("ogp")) == {("hito", "a"): [], ("hito", "b"): []}


def test_each_value_has_a_name_in_both_languages() -> None:
    named = family_values.value_names(families.load("ogp"))
    assert len(named) == 5
    assert all(set(name) == {"es", "en"} for name in named.values())
