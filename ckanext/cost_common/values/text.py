"""Texts made comparable: white space, accents and capitals, and the words that carry the meaning."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Characters that no XML document can hold (XML 1.0, Char), and no page of ours shows, as the inside of a
#: class of an expression: control characters but tab and line breaks, halves of surrogate pairs, and two
#: that are no characters.
XML_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_FORBIDDEN = re.compile(f"[{XML_FORBIDDEN}]")
#: The same in UTF-8, where halves of surrogate pairs are not.
_FORBIDDEN_BYTES = re.compile(b"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")

_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
#: Words that say nothing about what a sentence is about.
_EMPTY_WORDS = frozenset(
    [
        "a",
        "al",
        "ante",
        "con",
        "de",
        "del",
        "desde",
        "el",
        "en",
        "entre",
        "es",
        "la",
        "las",
        "lo",
        "los",
        "o",
        "para",
        "por",
        "que",
        "se",
        "su",
        "sus",
        "un",
        "una",
        "y",
        "e",
        "u",
        "the",
        "of",
    ]
)


def has_forbidden(text: str) -> bool:
    """Return whether a text has characters that XML forbids."""
    return _FORBIDDEN.search(text) is not None


def without_forbidden(text: str, instead: str = "\ufffd") -> str:
    """Return the text with what XML forbids replaced, by the sign for what cannot be shown."""
    return _FORBIDDEN.sub(instead, text)


def bytes_without_forbidden(data: bytes) -> bytes:
    """Return UTF-8 text with what XML forbids replaced by the sign for what cannot be shown."""
    return _FORBIDDEN_BYTES.sub(b"\xef\xbf\xbd", data)


def clean(text: str) -> str:
    """Return the text with every run of white space (line breaks too) as one space, and none at the ends."""
    return _SPACES.sub(" ", text).strip()


#: Longer texts are not remembered: they come once, and may be very long.
_REMEMBERED = 600


def fold(text: str) -> str:
    """Return the text for comparing: no accents, no capitals, single spaces, ``ñ`` as ``n``.

    The degree and ordinal signs are not distinguished: ``N°``, ``Nº`` and ``No`` are the same.
    """
    return _remembered(text) if len(text) <= _REMEMBERED else _folded(text)


@lru_cache(maxsize=16384)
def _remembered(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    return clean(without_accents(text.replace("°", "o")))


def without_accents(text: str) -> str:
    """Return the text in lower case without accents, compatible forms made equal; white space stays."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in spread if not unicodedata.combining(mark))


def bare(text: str) -> str:
    """Return :func:`fold` of the text without punctuation at its end."""
    return fold(text).rstrip(" .:;,/-")


def significant_words(text: str) -> frozenset[str]:
    """Return the words of a text that carry its meaning, each cut to six letters so that inflections meet."""
    return frozenset(
        word[:6] for word in _WORD.findall(fold(text)) if word not in _EMPTY_WORDS and not word.isdigit()
    )


def letters(text: str) -> int:
    """Return the length of the longest run of letters."""
    return max((len(run) for run in re.findall(r"[^\W\d_]+", text)), default=0)
