"""The Spanish that users read keeps to the glossary: no word that it forbids, singular and plural with their counts."""

from __future__ import annotations

import csv
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "dev"))
import glossary  # noqa: E402  it lives with the developers' tools

NEVER = sorted({word for term in glossary.terms() for word in term.get("never", [])})
#: Where a forbidden word means something else, and is right.
RIGHT = [phrase for term in glossary.terms() for phrase in term.get("right_in", [])]
#: What people read who publish, report, import and run the portal.
GUIDES = ("guia-de-planes.md", "guia-para-publicar.md", "importar-planes.md", "informe.md", "operar.md")
#: Endings that make another form of the same word.
FORMS = "(?:s|es)?"
PARAMETER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def catalogues() -> Iterator[tuple[str, Any]]:
    for path in sorted((ROOT / "i18n" / "es" / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as content:
            yield from ((path.name, message) for message in read_po(content) if message.id)


def texts_of_guides() -> Iterator[tuple[str, str]]:
    """Give each line of the guides that is neither code nor a command."""
    for name in GUIDES:
        code = False
        for number, line in enumerate((ROOT / "docs" / name).read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("```"):
                code = not code
            elif not code and not line.startswith("    "):
                yield f"{name}:{number}", re.sub(r"`[^`]*`", "", line)


@functools.cache
def texts() -> list[tuple[str, str]]:
    """Return every text with its place, without the phrases in which a forbidden word is right."""
    found = [*texts_of_catalogues(), *texts_of_schemas(), *texts_of_guides()]
    return [
        (place, functools.reduce(lambda text, phrase: text.replace(phrase, ""), RIGHT, text))
        for place, text in found
    ]


def texts_of_catalogues() -> Iterator[tuple[str, str]]:
    for name, message in catalogues():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        yield from ((f"{name}: {message.id}", text) for text in strings)


def texts_of_schemas() -> Iterator[tuple[str, str]]:
    """Give each Spanish text of our data: values under ``es`` in YAML, columns that end with ``_es`` in CSV."""
    for path in sorted((ROOT / "schemas").rglob("*.yaml")):
        yield from spanish(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    for path in sorted((ROOT / "schemas").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as content:
            for row in csv.DictReader(content):
                for column, text in row.items():
                    if column and column.endswith("_es") and text:
                        yield f"{path.name}: {next(iter(row.values()))}.{column}", text


def spanish(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            if key == "es":
                words = inside if isinstance(inside, list) else [inside]
                yield from ((f"{place}.es", str(word)) for word in words)
            else:
                yield from spanish(inside, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from spanish(inside, f"{place}[{number}]")


def pattern(word: str) -> re.Pattern[str]:
    # a name in capitals is wrong only as it is written
    return re.compile(rf"(?<!\w){re.escape(word)}{FORMS}(?!\w)", 0 if word[0].isupper() else re.IGNORECASE)


@pytest.mark.parametrize("word", NEVER)
def test_no_text_has_a_word_that_the_glossary_forbids(word: str) -> None:
    search = pattern(word).search
    found = [f"{place}: {text}" for place, text in texts() if search(text)]
    assert not found, "\n".join(found)


def test_texts_are_found() -> None:
    """A test of words that reads nothing passes: it must read all."""
    assert sum(1 for _ in texts_of_catalogues()) > 2500
    assert sum(1 for _ in texts_of_schemas()) > 1000
    assert sum(1 for _ in texts_of_guides()) > 400


def test_counts_have_their_forms() -> None:
    """What is counted says one thing of one and another of none and of several, or the same of all on purpose."""
    wrong = []
    for name, message in catalogues():
        if isinstance(message.id, str):
            continue
        one, several = message.string
        if re.search(r"\b(1|un|una)\b", several) and not re.search(r"[%{]", several):
            wrong.append((name, several))
        # where English leaves the count out of the singular, Spanish may too, and never out of the plural
        if set(PARAMETER.findall(several)) != set(PARAMETER.findall(message.id[1])):
            wrong.append((name, several))
    assert not wrong, wrong


def test_the_page_is_up_to_date() -> None:
    assert glossary.TARGET.read_text(encoding="utf-8") == glossary.page(), "run: python dev/glossary.py"
