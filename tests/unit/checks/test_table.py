"""The table of checks is whole: words in both languages, sources, data that exist, and its page in the docs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from ckanext.cost_oc4ids.oc4ids import checks, messages, schema
from ckanext.cost_oc4ids.oc4ids.types import SCHEMA_VERSION, Severity

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "dev"))
import checks_table  # noqa: E402  it lives with the developers' tools

checks.load()
ROWS = (*checks.registry(), *checks.lint_registry())
CODES = sorted({code for row in ROWS for code in row.codes})
RULES = yaml.safe_load(
    (ROOT / "schemas" / "oc4ids" / SCHEMA_VERSION / "checks.yaml").read_text(encoding="utf-8")
)
SPANISH = checks_table.spanish()
PARAMETER = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("code", CODES)
def test_words_in_both_languages(code: str) -> None:
    found = messages.get(code)
    for text in (found.title, found.message, found.remedy, found.source):
        assert text.strip()
        assert "%" not in PARAMETER.sub("", text), "a percent sign would be taken for a parameter"
        translated = SPANISH(text)
        # the only words that both languages write alike
        assert translated != text or text == "OC4IDS 0.9.5: sector"
        assert set(PARAMETER.findall(translated)) == set(PARAMETER.findall(text))


def test_only_what_fails_the_review_tool_is_an_error() -> None:
    assert {code for code in CODES if messages.get(code).severity is Severity.ERROR} == {"id.duplicate"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_docstring_names_the_rule(row: checks.Check | checks.Lint) -> None:
    words = " ".join((row.run.__doc__ or "").split())
    assert re.search(r"OC4IDS|review tool|RFC \d|our reasoning", words)


def test_every_registered_code_is_used_by_one_row() -> None:
    used = [code for row in ROWS for code in row.codes]
    assert sorted(used) == CODES


def paths_in(node: object) -> set[str]:
    """Every text of the data that looks like a schema path of two steps or more."""
    if isinstance(node, dict):
        return {path for item in node.items() for each in item for path in paths_in(each)}
    if isinstance(node, list):
        return {path for each in node for path in paths_in(each)}
    is_path = isinstance(node, str) and re.fullmatch(r"[a-z]\w+(/[a-z]\w+)+", node, re.ASCII)
    return {str(node)} if is_path else set()


def test_paths_of_the_data_exist() -> None:
    texts = paths_in({name: node for name, node in RULES.items() if name != "text"}) | paths_in(
        [RULES["text"]["html_allowed"], RULES["text"]["languages"]]
    )
    assert len(texts) > 40
    assert texts <= set(schema.fields())


def test_all_fourteen_references_have_their_roles() -> None:
    roles = RULES["references"]["roles"]
    assert set(roles) == set(schema.paths_of("OrganizationReference"))
    assert len(roles) == 14
    # "sourceParty" is the role the standard's own text asks for, though its list has not got it
    known = set(schema.codelists()["partyRole"].codes) | {"sourceParty"}
    assert {role for fitting in roles.values() for role in fitting} <= known
    assert set(RULES["references"]["unreferenced_roles"]) <= known


def test_codes_of_the_data_exist() -> None:
    lists = schema.codelists()
    status = RULES["status"]
    assert {*status["order"], "cancelled"} == set(lists["projectStatus"].codes)
    for name in ("finished", "unfinished", "plannable", "too_early"):
        assert set(status[name]) <= set(lists["projectStatus"].codes)
    assert {nature for natures in status["too_early"].values() for nature in natures} <= {*lists["contractNature"].codes, "*"}
    assert set(RULES["tenders"]["without_competition"]) <= set(lists["method"].codes)
    assert set(RULES["modifications"]["shows"]) <= set(lists["modificationType"].codes)
    assert set(RULES["metrics"]["percent_metrics"]) <= set(lists["metricID"].codes)
    for limits in ("largest", "smallest"):
        assert set(RULES["money"][limits]) <= set(lists["currency"].codes)


def test_every_section_of_the_data_is_read() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(checks.__file__).parent.glob("*.py"))
    for section, node in RULES.items():
        for name in node:
            assert f'"{name}"' in code, f"{section}.{name} is read by nobody"


def test_page_of_the_docs_is_up_to_date() -> None:
    assert checks_table.TARGET.read_text(encoding="utf-8") == checks_table.page(), "run: python dev/checks_table.py"
