"""Did you mean…? For names of fields and codes, in a few microseconds whatever was written.

Each known word is filed under itself and under itself with one letter left out.
A wrong word, with one letter left out, meets there every known word that
differs by a letter more, a letter less, another letter, or two letters
swapped. Long words are also met by their first and last letters, and taken when only a
letter or two between them differ. Nothing is compared with the whole
vocabulary, so that a file with a hundred thousand wrong names costs a hundred
thousand times little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os.path import commonprefix

from ..schema import normalise

#: Longer words are not corrected: no field or code is near that long.
LONGEST = 48
#: Shorter words are not corrected: one letter makes them another word.
_SHORTEST = 4
#: From this length on two letters may differ, if they are adjacent …
_LONG = 8
#: … and these many at either end are right; no more words than these are looked at.
_END, _LOOKED_AT = 3, 4


def plain(written: str) -> str:
    """:func:`schema.normalise`, quicker for what names usually are."""
    return written.lower() if written.isascii() and written.isalnum() else normalise(written)


def _shortened(word: str) -> Iterator[str]:
    """The word with each of its letters left out."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _ends(word: str) -> tuple[str, str]:
    return word[:_END], word[-_END:]


def _differ_inside(first: str, other: str) -> bool:
    """Whether two words are the same but for up to two adjacent letters."""
    start = len(commonprefix((first, other)))
    end = len(commonprefix((first[start:][::-1], other[start:][::-1])))
    return max(len(first), len(other)) - start - end <= 2  # noqa: PLR2004


class Speller:
    """A vocabulary that finds the word meant. Case, accents and punctuation do not count."""

    def __init__(self, words: Iterable[str]) -> None:
        self._exact: dict[str, str] = {}
        for word in words:
            self._exact.setdefault(plain(word), word)
        self._near: dict[str, list[str]] | None = None
        self._ends: dict[tuple[str, str], list[str]] = {}

    def same(self, asked: str) -> str | None:
        """The word that is ``asked`` (as :func:`plain` leaves it) but for case, accents and punctuation."""
        return self._exact.get(asked)

    def nearest(self, asked: str) -> str | None:
        """The word that is one letter away from ``asked`` (as :func:`plain` leaves it), or None."""
        if asked in self._exact:
            return self._exact[asked]
        if not _SHORTEST <= len(asked) <= LONGEST:
            return None
        if self._near is None:
            self._near = self._file()
        near = self._near
        met = set(near.get(asked, ()))
        for short in _shortened(asked):
            if short in near:
                met.update(near[short])
        if not met and len(asked) >= _LONG:
            met = {word for word in self._ends.get(_ends(asked), ()) if _differ_inside(asked, word)}
        if not met:
            return None
        # The likeliest begins like what was written; the rest of the order only has to be always the same.
        best = min(
            met, key=lambda word: (-len(commonprefix((asked, word))), abs(len(word) - len(asked)), word)
        )
        return self._exact[best]

    def _file(self) -> dict[str, list[str]]:
        near: dict[str, list[str]] = {}
        for word in self._exact:
            if len(word) >= _SHORTEST:
                for short in {word, *_shortened(word)}:
                    near.setdefault(short, []).append(word)
            if len(word) >= _LONG:
                alike = self._ends.setdefault(_ends(word), [])
                if len(alike) < _LOOKED_AT:
                    alike.append(word)
        return near
