"""The readers of the options, under CKAN's own loading of configuration."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
import yaml
from ckan.exceptions import CkanConfigurationException
from ckan.plugins import toolkit as tk

from ckanext.cost_oc4ids import config

pytestmark = pytest.mark.usefixtures("with_plugins")


def test_every_declared_option_has_a_reader_and_the_other_way_round() -> None:
    declaration = tk.config_declaration if hasattr(tk, "config_declaration") else None
    if declaration is None:
        from ckan.common import config_declaration as declaration
    declared = {str(key) for key in declaration.iter_options() if str(key).startswith(config.PREFIX)}
    assert declared == set(config.READERS)


def test_the_defaults_can_be_used() -> None:
    config.require_valid()
    assert config.guard() == "strict"
    assert config.raise_to_error() == frozenset()
    assert config.prefix() is None
    assert config.fetch_links() is False
    assert config.fetch_hosts() == frozenset()
    assert config.timezone() == zoneinfo.ZoneInfo("America/Bogota")
    assert config.country_bbox() == (-81.9, -4.3, -66.8, 13.6)
    assert config.publisher_uri() == tk.config["ckan.site_url"]
    assert config.publisher_name() == tk.config["ckan.site_title"]


@pytest.mark.parametrize(
    ("key", "written", "read", "expected"),
    [
        (config.GUARD, "warn", config.guard, "warn"),
        (config.RAISE_TO_ERROR, "money.negative geo.outside_country", config.raise_to_error,
         {"money.negative", "geo.outside_country"}),
        (config.MAX_BYTES, "1000", config.max_bytes, 1000),
        (config.FETCH_HOSTS, "Datos.Example.GOV.co", config.fetch_hosts, {"datos.example.gov.co"}),
        (config.COUNTRY_BBOX, "-82 -5 -66 14", config.country_bbox, (-82.0, -5.0, -66.0, 14.0)),
        (config.PAGE_SIZE, "50", config.page_size, 50),
        (config.PREFIX + "publisher_name", " Alcaldía ", config.publisher_name, "Alcaldía"),
    ],
)  # fmt: skip
def test_what_is_written_is_read_with_its_type(
    monkeypatch: pytest.MonkeyPatch, key: str, written: str, read: Any, expected: Any
) -> None:
    monkeypatch.setitem(tk.config, key, written)
    assert read() == expected


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (config.GUARD, "severe"),
        (config.GUARD, ""),
        (config.MAX_BYTES, "ten"),
        (config.MAX_BYTES, "0"),
        (config.MAX_DEPTH, "5000"),
        (config.QUEUE, " "),
        (config.TIMEZONE, "Cali"),
        (config.TIMEZONE, "../../etc/passwd"),
        (config.COUNTRY_BBOX, "1 2 3"),
        (config.COUNTRY_BBOX, "10 5 -10 8"),
        (config.COUNTRY_BBOX, "a b c d"),
        (config.PAGE_SIZE, "-1"),
        (config.PAGE_SIZE, "100000"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, key: str, written: str) -> None:
    monkeypatch.setitem(tk.config, key, written)
    with pytest.raises(CkanConfigurationException, match=key):
        config.require_valid()


def test_the_declaration_is_well_formed_for_ckan() -> None:
    from importlib.resources import files

    text = (files("ckanext.cost_oc4ids") / "config_declaration.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["version"] == 1
