"""How plans are tracked: what families say, what a plan says otherwise, what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ckanext.ogp_plan.planning import data, families, settings
from ckanext.ogp_plan.planning.status_types import LIGHTS, OUTSIDE
from ckanext.ogp_plan.planning.types import Declared
from ckanext.ogp_plan.planning.words.phrases import describe_settings

D = Decimal
FAMILIES = families.names()


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_is_whole(name: str) -> None:
    made = settings.family_settings(name)
    assert set(made.thresholds) == {
        "due_soon_days", "due_soon_share", "due_soon_progress", "lag_points", "silence_factor",
        "unchanged_limit", "evidence_periods", "reach_factor",
    }  # fmt: skip
    assert set(made.states) == {*LIGHTS, *(one.value for one in OUTSIDE)}
    words = [*made.states.values(), *made.zones, *made.thresholds.values(), *made.cadences.values()]
    assert all(one.name["es"] and one.name["en"] for one in words)
    assert all(one.colour["es"] and one.colour["en"] for one in made.zones)
    assert all(one["es"] and one["en"] for one in made.roles.values())
    levels = {level.id for level in families.load(name).levels}
    assert set(made.unit_levels.values()) <= levels | {settings.ANY_LEVEL, settings.PARENT_LEVEL}


def test_nothing_is_shown_by_colour_alone() -> None:
    made = settings.family_settings("paac")
    lights = [made.states[one] for one in LIGHTS]
    assert len({one.pattern for one in lights}) == len({one.icon for one in lights}) == 4
    assert len({one.pattern for one in made.zones}) == len({one.icon for one in made.zones}) == 3


def test_silence_by_family() -> None:
    limits = {name: settings.family_settings(name).threshold("silence_factor") * settings.family_settings(name).cadence.days for name in FAMILIES}
    assert limits == {"paac": 45, "ptep": 45, "ogp": 135, "cost": 135}


@pytest.mark.parametrize(
    ("share", "zone"),
    [("0", "rojo"), ("59.5", "rojo"), ("59.9999", "rojo"), ("60", "amarillo"), ("79.9", "amarillo"), ("80", "verde"), ("100", "verde")],
)
def test_zones_have_no_gaps(share: str, zone: str) -> None:
    found = settings.family_settings("paac").zone(D(share))
    assert found and found.id == zone


def test_no_share_no_zone() -> None:
    assert settings.family_settings("paac").zone(None) is None


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_printed_gives_the_same_again(name: str) -> None:
    made = settings.family_settings(name)
    stored = json.loads(json.dumps(settings.settings_dict(made)))
    assert settings.family_settings(name, stored) == made
    assert set(stored) == set(settings.OVERRIDES)


OVERRIDES: dict[str, Any] = {
    "cadence": "trimestral",
    "thresholds": {"lag_points": 12.5, "silence_factor": "2"},
    "weights": "budget",
    "count_unit": "activity",
    "cut_days": ["12-31", "06-30"],
    "zones": {"verde": 90},
    "excluded": ["retirado"],
    "reminder_days": [1, 5],
    "publish_business_day": 5,
}


def test_a_plan_says_otherwise() -> None:
    made = settings.family_settings("paac", OVERRIDES)
    assert made.cadence.days == 90 and made.weights == "budget" and made.count_unit == "activity"
    assert made.threshold("lag_points") == D("12.5") and made.threshold("silence_factor") == 2
    assert made.threshold("reach_factor") == settings.family_settings("paac").threshold("reach_factor")
    assert made.cut_days == ((6, 30), (12, 31)) and made.publish_business_day == 5
    assert [zone.start for zone in made.zones] == [0, 60, 90]
    assert made.excluded == (Declared.WITHDRAWN,) and made.reminder_days == (5, 1)
    assert settings.family_settings("paac", settings.settings_dict(made)) == made


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"umbral": 3}, "umbral"),
        ({"cadence": "a veces"}, "cadence"),
        ({"cadence": ["mensual"]}, "cadence"),
        ({"thresholds": {"lag": 3}}, "lag"),
        ({"thresholds": {"lag_points": -1}}, "lag_points"),
        ({"thresholds": {"lag_points": "NaN"}}, "lag_points"),
        ({"thresholds": {"lag_points": True}}, "lag_points"),
        ({"thresholds": {"lag_points": "mucho"}}, "lag_points"),
        ({"thresholds": [1]}, "thresholds"),
        ({"weights": "random"}, "weights"),
        ({"count_unit": "meta"}, "count_unit"),
        ({"cut_days": ["30-04"]}, "cut_days"),
        ({"cut_days": ["02-29"]}, "cut_days"),
        ({"cut_days": []}, "cut_days"),
        ({"cut_days": "04-30"}, "cut_days"),
        ({"publish_business_day": 0}, "publish_business_day"),
        ({"zones": {"verde": 50}}, "zones"),
        ({"zones": {"azul": 50}}, "zones"),
        ({"zones": {"rojo": 1}}, "zones"),
        ({"excluded": ["completado"]}, "excluded"),
        ({"reminder_days": [-1]}, "reminder_days"),
    ],
)
def test_a_wrong_setting_is_named(overrides: dict[str, Any], named: str) -> None:
    with pytest.raises(data.DataError, match=named):
        settings.family_settings("paac", overrides)


def test_a_fifth_family_needs_no_block(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "conpes.yaml").write_text(
        "weights: explicit\nlevels: [{id: accion, name: Acción, trackable: true}]\n"
        "tracking: {cadence: semestral, thresholds: {lag_points: 10}}\n"
        "cuts: {days: ['06-30', '12-31']}\n",
        encoding="utf-8",
    )
    made = settings.build_settings(families.load("conpes", tmp_path), schemas=tmp_path)
    assert made.weights == "explicit" and made.cadence.months == 6 and made.cut_days == ((6, 30), (12, 31))
    assert made.threshold("lag_points") == 10 and made.thresholds["lag_points"].name["es"]
    assert made.threshold("due_soon_days") == 15


@pytest.mark.parametrize("block", ["tracking: {cadence: nunca}", "cuts: {days: [hoy]}", "tracking: 3", "tracking: {thresholds: {lag_points: {value: 1, reason: R3, name: a, unit: {es: [a]}}}}", "cuts: {zones: [{id: a}]}"])
def test_a_wrong_family_file_says_so(tmp_path: Path, block: str) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "otra.yaml").write_text(f"levels: [{{id: a, name: A}}]\n{block}\n", encoding="utf-8")
    with pytest.raises(data.DataError):
        settings.build_settings(families.load("otra", tmp_path))


@pytest.mark.parametrize(("lang", "word"), [("es", "30 de abril, 31 de agosto y 31 de diciembre"), ("en", "April 30, August 31 and December 31")])
def test_all_of_it_is_printed(lang: str, word: str) -> None:
    found = describe_settings(settings.family_settings("paac"), lang)
    assert word in dict(found).values()
    assert len(found) == 8 + len(settings.family_settings("paac").thresholds)
    assert all(name and value and "%(" not in name + value for name, value in found)


@pytest.mark.parametrize(("value", "unit", "lang", "expected"), [
    (1, "{es: [día, días], en: [day, days]}", "es", "1\u00a0día"), (0, "{es: [día, días], en: [day, days]}", "es", "0\u00a0días"),
    (2, "{es: [día, días], en: [day, days]}", "en", "2\u00a0days"), ("1.5", "{es: [día, días]}", "en", "1.5\u00a0días"),
    (1, "jornadas", "en", "1\u00a0jornadas"),
])  # fmt: skip
def test_a_threshold_has_the_unit_of_its_number(tmp_path: Path, value: Any, unit: str, lang: str, expected: str) -> None:
    """In any language, of a family that has words in one alone too."""
    (tmp_path / "plans").mkdir()
    block = f"tracking: {{thresholds: {{lag_points: {{value: {value}, reason: R3, name: Rezago, unit: {unit}}}}}}}"
    (tmp_path / "plans" / "otra.yaml").write_text(f"levels: [{{id: a, name: A}}]\n{block}\n", encoding="utf-8")
    found = describe_settings(settings.build_settings(families.load("otra", tmp_path)), lang)
    assert expected in dict(found).values()


def test_numbers_have_one_form() -> None:
    forms = {"1.50": "1.5", "20.0": "20", "1E+2": "100", "0.00": "0", "-0": "0", "0.10": "0.1"}
    assert {text: settings.number_text(D(text)) for text in forms} == forms
