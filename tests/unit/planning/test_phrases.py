"""Lights, reasons and labels in words."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from support.tracked import (
    day,
)

from ckanext.ogp_plan.planning import settings
from ckanext.ogp_plan.planning.status_types import (
    LABELS,
    LIGHTS,
    OUTSIDE,
    REASONS,
    Reason,
)
from ckanext.ogp_plan.planning.tracking import (
    Completion,
    VerdictRole,
)
from ckanext.ogp_plan.planning.words import messages
from ckanext.ogp_plan.planning.words.i18n import translator
from ckanext.ogp_plan.planning.words.phrases import describe_reason, label_name, light_name, reason_title

D = Decimal


def reasons_of_all_kinds() -> list[Reason]:
    late = day(3, 31)
    return [
        Reason("R1", {"due": late, "days": 1}),
        Reason("R2", {"how": "little", "due": late, "days": 3, "progress": D("49.5"), "least": D(50)}),
        Reason("R2", {"how": "none", "due": late, "days": 3, "progress": None, "least": D(50)}),
        Reason("R2", {"how": "little", "due": late, "days": 0, "progress": D(0), "least": D(50)}),
        Reason("R2", {"how": "none", "due": late, "days": 0, "progress": None, "least": D(50)}),
        Reason(
            "R3",
            {"how": "behind", "expected": D(50), "progress": D(10) / 3, "points": D("46.67"), "limit": D(20)},
        ),
        Reason("R3", {"how": "none", "expected": D(50), "progress": None, "points": D(50), "limit": D(20)}),
        Reason("R4", {"how": "silent", "days": 47, "limit": D(45), "since": late}),
        Reason("R4", {"how": "never", "days": 47, "limit": D(45), "since": late}),
        Reason("R4b", {"times": 3, "limit": D(3)}),
        Reason("R5", {"how": "done", "evidence": 0}),
        Reason("R5", {"how": "broken", "evidence": 2}),
        Reason(
            "R5",
            {"how": "progress", "evidence": 0, "progress": D(10), "since": late, "days": 30, "limit": D(30)},
        ),
        Reason("R6", {"plan": None, "level": "fila", "code": "1.2", "due": late, "days": 10}),
        Reason("R6", {"plan": "ogp-2026", "level": "hito", "code": "4.1.H1", "due": late, "days": 10}),
        *(
            Reason("R7", {"how": role.value, "verdict": "v", "since": late, "days": days})
            for role in VerdictRole
            for days in (0, 9)
        ),
        Reason(
            "R9",
            {
                "indicator": "i",
                "missing": D(5000),
                "target": D(6000),
                "best": D(20),
                "periods": 1,
                "factor": D(2),
                "reach": D(40),
            },
        ),
        Reason("manual", {"text": "Sin contrato", "organization": None, "since": late}),
        Reason("manual", {"text": "", "organization": None, "since": late}),
    ]


@pytest.mark.parametrize("lang", ["es", "en", "es_CO", "fr"])
def test_each_reason_prints_all_its_numbers(lang: str) -> None:
    phrases = set()
    for one in reasons_of_all_kinds():
        words = describe_reason(one, lang)
        phrases.add(words)
        assert words and "%(" not in words and "None" not in words and "  " not in words
        assert reason_title(one.code, lang)
    assert len(phrases) == len(reasons_of_all_kinds()) == len(messages.REASONS), "each of the words is used"


def test_reasons_in_spanish() -> None:
    words = [describe_reason(one, "es") for one in reasons_of_all_kinds()]
    assert words[0] == "Venció el 31 de marzo de 2026, hace 1 día, y no está completado."
    assert (
        words[1]
        == "Vence el 31 de marzo de 2026 (en 3 días) y su avance es del 49,5\u00a0%; a estas alturas se esperaba al menos el 50\u00a0%."
    )
    assert words[5].startswith(
        "A hoy se esperaba el 50\u00a0% y su avance es del 3,3\u00a0%: 46,67 puntos menos"
    )
    assert words[7] == "Sin reportes desde el 31 de marzo de 2026, hace 47 días (máximo: 45 días)."
    assert "Para llegar a 6.000 falta un avance de 5.000, con 1 período por delante" in words[19]


def test_a_hostile_text_is_not_read_as_our_words() -> None:
    found = Reason("manual", {"text": "%(since)s %d <b>", "organization": None, "since": day(3, 1)})
    assert describe_reason(found, "es").endswith("%(since)s %d <b>")


SOURCES = [
    *messages.REASON_TITLES.values(), *messages.REASONS.values(), *messages.LABELS.values(), *messages.BREAKS.values(), *messages.NEEDS.values(),
    *messages.COMPLETIONS.values(), *messages.VERDICT_ROLES.values(), *messages.CUT_STATES.values(), *messages.SETTINGS.values(), *messages.ENTRIES.values(),
]  # fmt: skip


@pytest.mark.parametrize("source", sorted(set(SOURCES)))
def test_spanish(source: str) -> None:
    spanish = translator("es_CO").gettext(source)
    assert spanish != source, "no Spanish"
    assert sorted(re.findall(r"%\(\w+\)s", spanish)) == sorted(re.findall(r"%\(\w+\)s", source))


def test_each_code_has_words() -> None:
    assert set(messages.REASON_TITLES) == set(REASONS)
    assert set(messages.LABELS) == set(LABELS)
    assert {one.value for one in Completion} == set(messages.COMPLETIONS)
    assert {one.value for one in VerdictRole} == set(messages.VERDICT_ROLES)
    for light in (*LIGHTS, *(one.value for one in OUTSIDE)):
        assert (
            light_name(light, "es")
            == settings.family_settings("paac").states[light].name["es"]
            == light_name(light, "es_CO", settings.family_settings("paac"))
        )
        assert light_name(light, "en") == settings.family_settings("paac").states[light].name["en"]
    assert light_name("otra", "es") == "otra"
    assert label_name("sin_programacion", "es") == "Sin programación"
