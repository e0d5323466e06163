"""Indicators written together in one cell, their targets, and shares by sector."""

from __future__ import annotations

import re
from typing import Any

from ckanext.cost_common.values import numbers
from ckanext.cost_common.values.text import clean, fold
from ckanext.ogp_plan.planning.importers.act import Option
from ckanext.ogp_plan.planning.importers.common import Context
from ckanext.ogp_plan.planning.types import Accumulation, Indicator, Item, Measure, Place, Target

_BULLET = re.compile(r"(?:^|\n|\s)[•●▪·‣]\s+|(?:^|\n)\s*[-–]\s+")
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-ZÁÉÍÓÚÑ¿])")
_SHARE = re.compile(r"\((?P<letter>[a-z])\)\s*(?P<value>\d[\d.,]*\s*%?)\s*(?P<what>[^()]*)")
_K = re.compile(r"\b\d[\d.,]*\s*[kK]\b")


def coded(text: str, parent: str, general: str) -> list[tuple[str, str]]:
    """Cut a text at the codes that begin with the item's own ("1.1.1. … 1.1.2. …").

    :param general: what any code looks like, for a text whose codes are another item's.
    :returns: (code, words) of each; what is before the first code goes with "". A code that came
        before in the text opens nothing again: it stays among the words.
    """
    for code in (rf"{re.escape(parent)}\.\d{{1,2}}", general):
        cuts, seen = [], set()
        for match in re.finditer(rf"(?<!\S)({code})\.?\s+(?=\S)", text):
            if match[1] not in seen:
                seen.add(match[1])
                cuts.append(match)
        if cuts:
            break
    else:
        return [("", text)]
    found = [("", clean(text[: cuts[0].start()]))] if text[: cuts[0].start()].strip() else []
    ends = [*(match.start() for match in cuts[1:]), len(text)]
    return found + [(match[1], clean(text[match.end() : end])) for match, end in zip(cuts, ends, strict=True)]


def listed(raw: str) -> list[tuple[str, str]]:
    """Cut a text at its bullets or lines; none has a code."""
    pieces = _BULLET.split(raw) if _BULLET.search(raw) else raw.split("\n")
    return [("", clean(piece)) for piece in pieces if piece.strip()]


def split_sentences(text: str, raw: str) -> tuple[list[str], bool]:
    """Cut a list at its bullets, its lines, or, when it has neither, its sentences.

    :returns: the pieces, and whether they had to be cut by sentences.
    """
    if _BULLET.search(text):
        return [clean(piece) for piece in _BULLET.split(text) if piece.strip()], False
    if raw.strip().count("\n"):
        return [clean(piece) for piece in raw.split("\n") if piece.strip()], False
    return [clean(piece) for piece in _SENTENCE.split(text) if piece.strip()], True


def targets(context: Context, item: Item, indicator: Indicator) -> None:
    """Read what an indicator promises, and its shares by sector, into its targets."""
    place = indicator.place or item.place or Place()
    promised = numbers.first_quantity(indicator.name)
    indicator.target_text = indicator.name
    _english(context, indicator, place)
    if promised is None:
        indicator.measure = Measure.QUALITATIVE
        context.act.flag("indicator.no_target", place, indicator.name, code=indicator.code)
        return
    if promised.percent:
        indicator.measure = Measure.PERCENTAGE
        indicator.accumulation = Accumulation.LAST
    if "words" in promised.how:
        context.act.flag("number.words", place, indicator.name, value=str(promised.value))
    if _K.search(indicator.name):
        context.act.flag("number.k", place, indicator.name, value=str(promised.value))
    indicator.targets = [Target(promised.value, indicator.name, context.plan.start, context.plan.end)]
    if "USD" in indicator.name:
        indicator.unit = "USD"
    _shares(context, indicator, place)


def _english(context: Context, indicator: Indicator, place: Place) -> None:
    english = set(context.layout.data.get("checks", {}).get("english", ()))
    spoken = [word.strip(".,") for word in fold(indicator.name).split()]
    if english and sum(word in english for word in spoken) * 3 >= len(spoken) > 3:
        context.act.flag("text.english", place, indicator.name, code=indicator.code)


def _shares(context: Context, indicator: Indicator, place: Place) -> None:
    shares = list(_SHARE.finditer(indicator.name))
    if len(shares) < 2:
        return
    context.act.flag("indicator.compound", place, indicator.name, code=indicator.code, count=len(shares))
    sectors: dict[str, list[str]] = context.layout.data.get("checks", {}).get("sectors", {})
    named: list[tuple[str, str, Target]] = []
    for share in shares:
        read = numbers.parse_number(share["value"].replace(" ", ""))
        what = clean(share["what"]).strip(" ,.;y")
        sector, word = _sector(what, sectors)
        target = Target(
            read.value if read else None,
            share[0].strip(" ,"),
            indicator.targets[0].start,
            indicator.targets[0].end,
            {"sector": word or what},
        )
        indicator.targets.append(target)
        named.append((sector, word, target))
    _ask_repeated(context, indicator, place, named, sectors)


def _sector(what: str, sectors: dict[str, list[str]]) -> tuple[str, str]:
    """Return the sector that some words name, and the word that names it."""
    folded = fold(what)
    for sector, aliases in sectors.items():
        for alias in aliases:
            match = re.search(rf"\b{re.escape(alias)}\b", folded)
            if match:
                # folding keeps the length of Spanish words, so that the printed word can be shown
                return sector, what[match.start() : match.end()] if len(folded) == len(what) else alias
    return "", ""


def _ask_repeated(
    context: Context,
    indicator: Indicator,
    place: Place,
    named: list[tuple[str, str, Target]],
    sectors: dict[str, Any],
) -> None:
    """The same sector twice, and one of the usual ones missing: probably a slip, so it is asked."""
    seen: dict[str, str] = {}
    missing = [sector for sector in sectors if sector not in {entry for entry, _, _ in named}]
    for sector, word, target in named:
        if sector and sector in seen and len(missing) == 1:
            answer = context.ask(
                "sector.twice",
                f"{indicator.code}@{place.line or place.cell}",
                place,
                indicator.name,
                (
                    Option("as_printed", "option.as_printed", {"value": word}),
                    Option("missing", "option.other_sector", {"value": missing[0]}),
                ),
                code=indicator.code,
                sector=word,
                first=seen[sector],
                other=missing[0],
            )
            if answer == "missing":
                target.dimension["sector"] = missing[0]
        seen.setdefault(sector, word)
