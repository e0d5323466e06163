"""Holding a reading against its source: is every word of it in the plan or in the act?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ckanext.cost_common.values.text import clean
from ckanext.ogp_plan.planning.importers import Reading, sources
from ckanext.ogp_plan.planning.output import to_dict


def strings(value: Any) -> Iterator[str]:
    """Every text inside a JSON value, names of fields left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def reading_text(reading: Reading) -> str:
    """All that a reading holds, in one text; reasons and titles in our own words are left out."""
    found = to_dict(reading)
    for kind in ("inherited", "flagged", "dropped", "asked", "answered"):
        for one in found["acta"][kind]:
            one.pop("why")
            one.pop("title")
    return "\n".join(clean(text) for text in strings(found))


#: a code at the beginning of a cell or of a sentence, three numbers anywhere, marks of lists, markup, letters
#: of a list, ends of sentences
_CUTS = re.compile(
    r"(?:^|(?<=>)|(?<=[.;]\s))\s*(?:H|Hito |Compromiso )?\d+(?:\.\d+)*[.)]?(?=\s)|(?<=\s)\d+\.\d+\.\d+\.?(?=\s)"
    r"|[•●]|(?<=[.;:])\s+|</?[a-z][^>]*>|\([a-z]\)",
    re.I,
)


def lost(content: bytes, reading: Reading, name: str = "") -> list[str]:
    """Return the texts of a source that neither the plan nor the act holds as often as it does.

    Cells are compared without their spaces. A cell that was taken apart (a code glued to its title, a
    list, an indicator joined again) is held against its pieces, cut at codes and ends of sentences.
    """
    packed = _packed(reading_text(reading))
    wanted: Counter[str] = Counter()
    first: dict[str, tuple[str, str]] = {}
    for _, row in sources.load(content, name).rows():
        for cell in row.filled():
            wanted[_packed(cell.text)] += 1
            first.setdefault(_packed(cell.text), (str(row.place), cell.text))
    in_pieces: Counter[str] = Counter()
    for text, times in wanted.items():
        for piece in {_packed(piece) for piece in _CUTS.split(first[text][1])}:
            in_pieces[piece] += times
    missing = []
    for text, times in wanted.items():
        place, printed = first[text]
        if not _is_there(packed, text, times):
            pieces = [_packed(piece) for piece in _CUTS.split(printed) if _packed(piece)]
            if not pieces or not all(_is_there(packed, piece, in_pieces[piece]) for piece in pieces):
                missing.append(f"{place}: {printed}")
    return missing


def _packed(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_there(packed: str, text: str, times: int) -> bool:
    """Tell whether a text is held as often as it is printed.

    A short text ("1", "100%") stands inside others: only that it is there can be checked. The mark of a
    month ("x") is held as the month's number, a percentage may be as a number (a weight).
    """
    found = packed.count(text) or packed.count(text.removesuffix("%"))
    return text in ("x", "") or found >= (times if len(text) >= 12 else 1)


def as_json(reading: Reading) -> str:
    """A reading as text, to compare two."""
    return json.dumps(to_dict(reading), ensure_ascii=False, sort_keys=True)
