"""The demonstration data says what it means to say, by our own validator and by the review tool's."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckanext.cost_oc4ids.oc4ids.types import Options, Report, Severity
from ckanext.cost_oc4ids.oc4ids.validator import validate

SAMPLE = Path(__file__).parents[2] / "dev" / "sample"
MANIFEST = yaml.safe_load((SAMPLE / "muestra.yaml").read_text(encoding="utf-8"))
RESOURCES = [resource for dataset in MANIFEST["datasets"] for resource in dataset["resources"]]
GOOD = [resource["file"] for resource in RESOURCES if resource["oc4ids"]]
AS_OF = dt.date(2026, 11, 21)


def validate_sample(file: str) -> Report:
    return validate((SAMPLE / file).read_bytes(), Options(as_of=AS_OF, prefix=MANIFEST["prefix"]))


@lru_cache(maxsize=1)
def generator() -> Any:
    spec = importlib.util.spec_from_file_location("broken_files", SAMPLE / "broken_files.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_files() -> list[str]:
    return sorted(
        str(path.relative_to(SAMPLE))
        for path in SAMPLE.rglob("*")
        if path.is_file() and path.parent != SAMPLE and not {"__pycache__", "planes"} & set(path.parts)
    )


def test_broken_files_are_those_that_the_manifest_describes() -> None:
    made = generator().broken_files()
    assert len(made) == 34 and set(made) <= set(sample_files())
    stale = [name for name, content in made.items() if (SAMPLE / name).read_bytes() != content]
    assert not stale, "run: python dev/sample/broken_files.py"


@pytest.mark.parametrize("file", GOOD)
def test_good_files_are_indented_alike(file: str) -> None:
    text = (SAMPLE / file).read_text(encoding="utf-8")
    assert generator().encode(json.loads(text)) == text


def test_manifest_names_every_file_once() -> None:
    named = [resource["file"] for resource in RESOURCES] + [entry["file"] for entry in MANIFEST["broken"]]
    assert sorted(named) == sample_files()


def test_organismos_exist() -> None:
    root = SAMPLE.parents[1]
    listed = yaml.safe_load((root / "schemas" / "cali" / "organismos.yaml").read_text(encoding="utf-8"))[
        "organismos"
    ]
    known = {each["name"] for each in listed}
    used = [dataset["organismo"] for dataset in MANIFEST["datasets"]]
    assert set(used) <= known
    assert len(set(used)) == 4


@pytest.mark.parametrize("file", GOOD)
def test_good_files_have_nothing_to_correct(file: str) -> None:
    report = validate_sample(file)
    assert report.valid
    assert [(each.code, each.field) for each in report.findings if each.severity is not Severity.NOTE] == []


def test_eight_projects_in_differing_stages() -> None:
    projects = [
        project
        for file in GOOD
        for project in json.loads((SAMPLE / file).read_text(encoding="utf-8"))["projects"]
    ]
    assert len({project["id"] for project in projects}) == 8
    assert {project["status"] for project in projects} >= {
        "identification",
        "preparation",
        "implementation",
        "completion",
        "maintenance",
        "cancelled",
    }
    assert all(project["title"].startswith("DEMOSTRACIÓN") for project in projects)
    assert all("demostración" in project["description"] for project in projects)


@pytest.mark.parametrize("entry", MANIFEST["broken"], ids=lambda entry: Path(entry["file"]).stem)
def test_broken_files_show_their_mistake(entry: dict[str, Any]) -> None:
    report = validate_sample(entry["file"])
    found = {finding.code for finding in report.findings}
    assert set(entry["findings"]) <= found
    assert report.valid is entry["accepted"]
    assert report.unreadable is entry["findings"][0].startswith("read.")


@pytest.mark.parametrize("entry", MANIFEST["broken"], ids=lambda entry: Path(entry["file"]).stem)
def test_broken_files_have_no_other_mistake(entry: dict[str, Any]) -> None:
    """One lesson a file: what else is found follows from the mistake (a missing party is also an unused reference)."""
    report = validate_sample(entry["file"])
    others = {
        finding.code
        for finding in report.findings
        if finding.severity is Severity.ERROR and finding.code not in entry["findings"]
    }
    assert others == set()
