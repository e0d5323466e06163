"""The declaration and the documentation of the options agree, and say enough of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
#: Options and the plugin that declares each.
OPTIONS = [
    (plugin, option)
    for plugin in sorted(path.parent.name for path in ROOT.glob("ckanext/*/config_declaration.yaml"))
    for group in yaml.safe_load(
        (ROOT / "ckanext" / plugin / "config_declaration.yaml").read_text(encoding="utf-8")
    )["groups"]
    for option in group["options"]
]


@pytest.mark.parametrize(("plugin", "option"), OPTIONS, ids=lambda each: each["key"] if isinstance(each, dict) else "")
def test_each_option_says_what_it_is(plugin: str, option: dict[str, Any]) -> None:
    assert option["key"].startswith(f"ckanext.{plugin}.")
    assert "default" in option
    assert option["example"] not in ("", None)
    assert len(option["description"]) > 30
    # A validator with spaces in it is cut in pieces by CKAN.
    for word in option.get("validators", "").split():
        assert word.count("(") == word.count(")")


def test_each_option_is_documented_in_spanish() -> None:
    text = (ROOT / "docs" / "opciones.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    missing = [
        option["key"]
        for plugin, option in OPTIONS
        if not any(
            f"`ckanext.{plugin}.…`" in title and f"`{option['key'].removeprefix(f'ckanext.{plugin}.')}`" in body
            for title, body in sections.items()
        )
    ]
    assert missing == []
