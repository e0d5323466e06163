"""A check that is only called for projects with certain fields has nothing to say of others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import defects, fuzz, generate, hostile

from ckanext.cost_oc4ids.oc4ids import checks, reading
from ckanext.cost_oc4ids.oc4ids.types import Options, Unreadable

ROWS = checks.registry("project")
OPTIONS = Options(as_of=generate.NOW.date(), prefix="oc4ids-abc123")


def projects() -> list[dict[str, Any]]:
    """Good ones, every defect, and what is left readable of hostile and mangled files."""
    found: list[Any] = [*generate.projects(10, "large"), *defects.spoiled(60)]
    for name in defects.DEFECTS:
        found.extend(defects.defective(name)["projects"][:1])
    contents = [fuzz.mangled(seed) for seed in range(60)]
    contents += [content for kind in hostile.KINDS.values() if len(content := kind.make()) < 20_000]
    for content in contents:
        try:
            reader = reading.open_package(content, OPTIONS)
            found.extend(reader.parse(raw) for raw in reader.projects())
        except Unreadable:
            continue
    return [each for each in found if isinstance(each, dict)]


PROJECTS = projects()


def hits(row: checks.Check, project: dict[str, Any]) -> list[checks.Hit]:
    ctx = checks.ProjectContext(project, options=OPTIONS, today=OPTIONS.as_of)
    return list(row.run(ctx))


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs], ids=lambda row: row.code)
def test_nothing_to_say_without_what_it_needs(row: checks.Check) -> None:
    needed = checks.top_fields(row.needs)
    assert needed
    for project in PROJECTS:
        rest = {name: value for name, value in project.items() if name not in needed}
        assert hits(row, rest) == []


def test_selected_checks_find_what_all_find() -> None:
    select = checks.Selection(ROWS)
    skipped = 0
    for project in PROJECTS:
        chosen = select(project)
        assert list(chosen) == [row for row in ROWS if row in chosen], "in their order"
        for row in ROWS:
            if row not in chosen:
                skipped += 1
                assert not checks.top_fields(row.needs) & project.keys(), json.dumps(project)[:200]
    assert skipped > 1000


def test_what_is_remembered_is_bounded() -> None:
    select = checks.Selection(ROWS)
    names = sorted(select._asked)
    for number in range(3000):
        select({name: 1 for at, name in enumerate(names) if number >> at & 1})
    assert len(select._known) <= select._KEPT


def test_needs_are_fields_of_the_standard() -> None:
    from ckanext.cost_oc4ids.oc4ids import schema

    for row in ROWS:
        assert all(name in schema.fields() for name in checks.top_fields(row.needs)), row.code
