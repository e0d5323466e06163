"""The declaration and the readers of the options agree, and say enough of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "ckanext" / "cost_oc4ids"


def declared() -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "config_declaration.yaml").read_text(encoding="utf-8"))
    return [option for group in document["groups"] for option in group["options"]]


@pytest.mark.parametrize("option", declared(), ids=lambda option: option["key"])
def test_each_option_says_what_it_is(option: dict[str, Any]) -> None:
    assert option["key"].startswith("ckanext.cost_oc4ids.")
    assert "default" in option
    assert option["example"] not in ("", None)
    assert len(option["description"]) > 30
    # A validator with spaces in it is cut in pieces by CKAN.
    for word in option.get("validators", "").split():
        assert word.count("(") == word.count(")")


def test_each_option_is_in_the_contract() -> None:
    contract = (FOLDER.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    missing = [option["key"] for option in declared() if option["key"].rpartition(".")[2] not in contract]
    assert missing == []
