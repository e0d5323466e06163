"""Every kind of mistake in ``support.defects`` is found, by its code and at its place, and a good package has none."""

from __future__ import annotations

from functools import lru_cache

import pytest
from support import defects, generate

from ckanext.cost_oc4ids.oc4ids.types import Options, Report, Severity
from ckanext.cost_oc4ids.oc4ids.validator import validate

OPTIONS = Options(as_of=generate.NOW.date(), prefix=generate.PREFIX)
#: beside what the defect says, the schema's codes are distinguished more finely than a table of defects needs
FINER = {
    "schema.type": {
        "schema.null",
        "schema.number_as_text",
        "schema.boolean_as_text",
        "schema.text_as_number",
        "schema.not_a_list",
        "schema.list_instead_of_object",
    },
    "schema.format_date_time": {"schema.date_without_time"},
}


@lru_cache(maxsize=1)
def report_of_good() -> Report:
    return validate(generate.encode(defects.valid()), OPTIONS)


def test_good_package_is_clean() -> None:
    report = report_of_good()
    assert report.valid
    assert [(each.code, each.field) for each in report.findings if each.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("size", generate.SIZES)
def test_generated_packages_have_nothing_to_correct(size: str) -> None:
    report = validate(generate.encode(generate.make(60, size)), OPTIONS)
    assert report.projects == 60
    found = {
        (each.code, each.field, each.occurrences)
        for each in report.findings
        if each.severity is not Severity.NOTE
    }
    assert found == set()


def test_enough_kinds() -> None:
    assert len(defects.DEFECTS) >= 60


@pytest.mark.parametrize("name", defects.DEFECTS)
def test_found(name: str) -> None:
    about = defects.DEFECTS[name]
    report = validate(generate.encode(defects.defective(name)), OPTIONS)
    before = {(each.code, each.field) for each in report_of_good().findings}
    codes = {about.code} | FINER.get(about.code, set())
    new = {(each.code, each.field) for each in report.findings} - before
    named = {field for code, field in new if code in codes}
    assert named, f"{about.code} not found, but {sorted(new)}"
    if about.field:
        assert any(field == about.field or field.endswith(f"/{about.field}") for field in named), named


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, each in defects.DEFECTS.items()
        if each.code.startswith(("schema.", "code.closed", "package."))
    ],
)
def test_errors_refuse(name: str) -> None:
    assert not validate(generate.encode(defects.defective(name)), OPTIONS).valid
