"""Texts made comparable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cost_common.values.text import bare, clean, fold, letters, significant_words, without_accents


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Secretaría\n de  EDUCACIÓN ", "secretaria de educacion"),
        ("Niño", "nino"),
        ("N° 5", "no 5"),
        ("Nº 5", "no 5"),
        ("ﬁn", "fin"),
        ("Straße", "strasse"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_what_is_long_is_folded_alike() -> None:
    assert fold("Á " * 1_000) == ("a " * 1_000).strip()


def test_white_space() -> None:
    assert clean(" a\t\r\n b\u00a0c ") == "a b c"
    assert without_accents(" Á  b ") == " a  b "


def test_parts() -> None:
    assert bare("Meta: ") == "meta"
    assert letters("12 ab-cde 3") == 3
    assert significant_words("La capacitación de los 20 servidores") == {"capaci", "servid"}


@given(st.text(max_size=700))
def test_what_is_folded_has_no_accent_and_no_other_white_space(text: str) -> None:
    folded = fold(text)
    assert clean(folded) == folded
    assert not any(unicodedata.combining(letter) for letter in folded)


@given(st.text(st.characters(categories=("Lu", "Ll", "Nd"), max_codepoint=0x24F, exclude_characters="\u017f"), max_size=200))
def test_letters_of_latin_fold_once_and_for_all(text: str) -> None:
    assert fold(fold(text)) == fold(text)
