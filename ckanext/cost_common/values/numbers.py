"""Numbers as Colombian officials write them.

The dot separates thousands and the comma decimals (``5.000``, ``10,5``); a number in
parentheses repeats the words before it and wins over them (``treinta y nueve (39)``);
zeros in front say nothing (``(01)``). What can be read in two ways is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ckanext.cost_common.values.text import fold

_WORDS = {
    "un": 1,
    "una": 1,
    "uno": 1,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "seis": 6,
    "siete": 7,
    "ocho": 8,
    "nueve": 9,
    "diez": 10,
    "once": 11,
    "doce": 12,
    "trece": 13,
    "catorce": 14,
    "quince": 15,
    "veinte": 20,
    "treinta": 30,
    "cuarenta": 40,
    "cincuenta": 50,
    "sesenta": 60,
    "setenta": 70,
    "ochenta": 80,
    "noventa": 90,
    "cien": 100,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_PLAIN = re.compile(r"\d{1,15}\Z", re.ASCII)
_DOTS = re.compile(r"\d{1,3}(?:\.\d{3}){1,5}(?:,\d{1,6})?\Z", re.ASCII)
_COMMA_DECIMAL = re.compile(r"\d{1,15},(?:\d{1,2}|\d{4,6})\Z", re.ASCII)
_DOT_DECIMAL = re.compile(r"\d{1,15}\.(?:\d{1,2}|\d{4,6})\Z", re.ASCII)
_TWO_WAYS = re.compile(r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?\Z", re.ASCII)
_FIGURE = r"\d[\d.,]*"
_ALONE = re.compile(rf"\(?\s*({_FIGURE})\s*\)?\s*(%?)\s*\.?\Z", re.ASCII)
#: the word is taken only when it comes before the parenthesis, so that both can be compared
_PARENTHESIS = re.compile(rf"\(\s*({_FIGURE})\s*(%?)\s*\)", re.ASCII)
#: what has figures and is no quantity: laws, rules, years in dates, and what follows "No."
_REFERENCE = re.compile(
    r"\b(?:ley|decreto|resolucion|acuerdo|circular|ordenanza|norma|ntc|conpes|articulo|art|no|nro|numeral)\b"
    r"[^\d\n]{0,40}\d[\d.,-]*(?:\s+(?:de|del)\s+(?:\d{1,2}\s+de\s+\w+\s+de\s+)?\d{4})?|\b(?:19|20)\d\d(?:\s*[/–-]\s*\d{2,4})?\b",
    re.ASCII,
)
_LEADING_FIGURE = re.compile(rf"\b({_FIGURE})(k?)(?!\w)\s*(%?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """A number read. ``percent``: it is a percentage, in points. ``how``: what had to be interpreted.

    ``how`` holds codes: ``thousands`` (a dot separated thousands), ``zeros`` (zeros in front),
    ``words`` (written in words only), ``ungrouped`` (four digits or more without separator).
    """

    value: Decimal
    percent: bool = False
    how: tuple[str, ...] = ()


def parse_figure(text: str) -> Number | None:
    """Read figures alone (``5.000``, ``10,5``, ``01``).

    :returns: None for what is no figure or can be read in two ways (``1,000``).
    """
    figures = text.strip().rstrip(".,")
    if _PLAIN.match(figures):
        how = ("zeros",) if len(figures) > 1 and figures[0] == "0" else ()
        return Number(Decimal(figures), how=(("ungrouped",) if len(figures) == 4 and not how else how))
    if _DOTS.match(figures):
        return Number(Decimal(figures.replace(".", "").replace(",", ".")), how=("thousands",))
    if _COMMA_DECIMAL.match(figures):
        return Number(Decimal(figures.replace(",", ".")))
    if _DOT_DECIMAL.match(figures):
        return Number(Decimal(figures))
    return None


def parse_number(text: str) -> Number | None:
    """Read a cell that holds a number and nothing else (``100%``, ``(01)``, ``5.000``)."""
    alone = _ALONE.match(text.strip())
    if not alone:
        return None
    read = parse_figure(alone[1])
    if read is None:
        return None
    return Number(read.value, bool(alone[2]), read.how)


def is_ambiguous(text: str) -> bool:
    """Tell whether the text is a number that can be read in two ways (``1,000``)."""
    alone = _ALONE.match(text.strip())
    return bool(alone and _TWO_WAYS.match(alone[1].rstrip(".,")))


def find_quantities(text: str) -> list[Number]:
    """Read what a goal promises, in the order it is written.

    A number in parentheses wins over the words before it; without parentheses,
    figures that are no year and no number of a rule; at last a number in words at
    the beginning.
    """
    folded = fold(text)
    in_parentheses = [
        Number(read.value, bool(match[2]), read.how)
        for match in _PARENTHESIS.finditer(folded)
        if (read := parse_figure(match[1]))
    ]
    if in_parentheses:
        return in_parentheses
    found = []
    for match in _LEADING_FIGURE.finditer(_REFERENCE.sub(" ", folded)):
        read = parse_figure(match[1])
        if read:
            found.append(Number(read.value * (1000 if match[2] else 1), bool(match[3]), read.how))
    if found:
        return found
    word = _first_word(folded)
    return [word] if word else []


def _first_word(folded: str) -> Number | None:
    first = folded.split(" ", 1)[0].strip("(),.")
    return Number(Decimal(_WORDS[first]), how=("words",)) if first in _WORDS else None


def first_quantity(text: str) -> Number | None:
    """Read the one number that a sentence promises first ("Un evento con 20 participantes" → 1).

    :returns: None when it promises none in figures or in a word at its beginning.
    """
    found = find_quantities(text)
    word = _first_word(fold(text))
    if word and (not found or not _PARENTHESIS.search(fold(text))):
        return word
    return found[0] if found else None
