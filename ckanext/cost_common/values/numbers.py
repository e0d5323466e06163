"""Numbers and dates as Colombian officials write them.

The dot separates thousands and the comma decimals (``5.000``, ``10,5``); a number in
parentheses repeats the words before it and wins over them (``treinta y nueve (39)``);
zeros in front say nothing (``(01)``). What can be read in two ways is not read.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from ckanext.cost_common.values.text import fold
from ckanext.ogp_plan.planning.types import Precision, Schedule, ScheduleKind

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
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "enero ene january jan",
            "febrero feb february",
            "marzo mar march",
            "abril abr april apr",
            "mayo may",
            "junio jun june",
            "julio jul july",
            "agosto ago august aug",
            "septiembre setiembre sep sept set september",
            "octubre oct october",
            "noviembre nov november",
            "diciembre dic december dec",
        ),
        start=1,
    )
    for name in names.split()
}
#: How often, by the word officials use, and how many times in twelve months.
CADENCES = {
    "diario": 365,
    "semanal": 52,
    "quincenal": 24,
    "mensual": 12,
    "bimestral": 6,
    "bimensual": 6,
    "trimestral": 4,
    "cuatrimestral": 3,
    "semestral": 2,
    "anual": 1,
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_PLAIN = re.compile(r"\d{1,15}\Z", re.ASCII)
_DOTS = re.compile(r"\d{1,3}(?:\.\d{3}){1,5}(?:,\d{1,6})?\Z", re.ASCII)
_COMMA_DECIMAL = re.compile(r"\d{1,15},(?:\d{1,2}|\d{4,6})\Z", re.ASCII)
_DOT_DECIMAL = re.compile(r"\d{1,15}\.(?:\d{1,2}|\d{4,6})\Z", re.ASCII)
_TWO_WAYS = re.compile(r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?\Z", re.ASCII)
_FIGURE = r"\d[\d.,]*"
_ALONE = re.compile(rf"\(?\s*({_FIGURE})\s*\)?\s*(%?)\s*\.?\Z", re.ASCII)
#: the word is taken only when it stands before the parenthesis, so that both can be compared
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


def figure(text: str) -> Number | None:
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


def number(text: str) -> Number | None:
    """Read a cell that holds a number and nothing else (``100%``, ``(01)``, ``5.000``)."""
    alone = _ALONE.match(text.strip())
    if not alone:
        return None
    read = figure(alone[1])
    if read is None:
        return None
    return Number(read.value, bool(alone[2]), read.how)


def is_ambiguous(text: str) -> bool:
    """Tell whether the text is a number that can be read in two ways (``1,000``)."""
    alone = _ALONE.match(text.strip())
    return bool(alone and _TWO_WAYS.match(alone[1].rstrip(".,")))


def quantities(text: str) -> list[Number]:
    """Read what a goal promises, in the order it is written.

    A number in parentheses wins over the words before it; without parentheses,
    figures that are no year and no number of a rule; at last a number in words at
    the beginning.
    """
    folded = fold(text)
    in_parentheses = [
        Number(read.value, bool(match[2]), read.how)
        for match in _PARENTHESIS.finditer(folded)
        if (read := figure(match[1]))
    ]
    if in_parentheses:
        return in_parentheses
    found = []
    for match in _LEADING_FIGURE.finditer(_REFERENCE.sub(" ", folded)):
        read = figure(match[1])
        if read:
            found.append(Number(read.value * (1000 if match[2] else 1), bool(match[3]), read.how))
    if found:
        return found
    word = _first_word(folded)
    return [word] if word else []


def _first_word(folded: str) -> Number | None:
    first = folded.split(" ", 1)[0].strip("(),.")
    return Number(Decimal(_WORDS[first]), how=("words",)) if first in _WORDS else None


def promised(text: str) -> Number | None:
    """Read the one number that a sentence promises first ("Un evento con 20 participantes" → 1).

    :returns: None when it promises none in figures or in a word at its beginning.
    """
    found = quantities(text)
    word = _first_word(fold(text))
    if word and (not found or not _PARENTHESIS.search(fold(text))):
        return word
    return found[0] if found else None


def last_day(year: int, month: int) -> dt.date:
    """Return the last day of a month: what "in March" is due on."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


_MONTH_YEAR = re.compile(rf"({_MONTH})\.?\s*(?:de\s+|del\s+|[-/]\s*)?((?:19|20)\d\d)", re.ASCII)
_DAY_MONTH = re.compile(
    rf"(\d{{1,2}})\s*(?:de\s+|[-/]\s*)?({_MONTH})\.?\s*(?:(?:de|del)\s+|[-/]\s*)?((?:19|20)\d\d)?"
)
_ISO = re.compile(r"((?:19|20)\d\d)-(\d{1,2})-(\d{1,2})(?:[ t]00:00(?::00)?)?", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20)\d\d)", re.ASCII)
_NUMERIC_MONTH = re.compile(r"(\d{1,2})[/-]((?:19|20)\d\d)", re.ASCII)
_YEAR = re.compile(r"(?:vigencia\s+|ano\s+)?((?:19|20)\d\d)", re.ASCII)
_MONTH_WORD = re.compile(rf"\b({_MONTH})\b")
_YEAR_WORD = re.compile(r"\b((?:19|20)\d\d)\b", re.ASCII)
_RANGE = re.compile(
    r"^(?:(?:desde|del|de|entre)\b)?\s*(?:el\s+)?(.+?)\s+(?:a|al|hasta|y)\s+(.+)$|^(.+?)\s+[-–]\s+(.+)$"
)
_LIST = re.compile(rf"(?:({_MONTH})\b[\s,;y/]*(?:de\s+)?)+(?:de\s+)?(?:(?:19|20)\d\d)?\.?\Z")


def _safe(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def day(text: str, year: int | None = None) -> tuple[dt.date, Precision] | None:
    """Read one date: a day, a month (its last day) or a year (its last day).

    :param year: the year of what gives none ("30 de abril").
    :returns: the date and how exactly it is known, or None.
    """
    folded = fold(text).strip(" .")
    found: dt.date | None = None
    if match := _ISO.fullmatch(folded):
        found = _safe(int(match[1]), int(match[2]), int(match[3]))
    elif match := _SLASHES.fullmatch(folded):
        found = _safe(int(match[3]), int(match[2]), int(match[1]))
    elif match := _DAY_MONTH.fullmatch(folded):
        in_year = int(match[3]) if match[3] else year
        found = _safe(in_year, MONTHS[match[2]], int(match[1])) if in_year else None
    if found:
        return found, Precision.DAY
    return _month_or_year(folded, year)


def _month_or_year(folded: str, year: int | None) -> tuple[dt.date, Precision] | None:
    if match := _MONTH_YEAR.fullmatch(folded):
        return last_day(int(match[2]), MONTHS[match[1]]), Precision.MONTH
    if match := _NUMERIC_MONTH.fullmatch(folded):
        month = int(match[1])
        return (last_day(int(match[2]), month), Precision.MONTH) if 1 <= month <= 12 else None
    if folded in MONTHS and year:
        return last_day(year, MONTHS[folded]), Precision.MONTH
    if match := _YEAR.fullmatch(folded):
        return dt.date(int(match[1]), 12, 31), Precision.YEAR
    return None


def _first_day(found: tuple[dt.date, Precision]) -> dt.date:
    """Return where a period begins: "enero de 2026" begins on its first day."""
    date, precision = found
    if precision is Precision.MONTH:
        return date.replace(day=1)
    return dt.date(date.year, 1, 1) if precision is Precision.YEAR else date


def schedule(text: str, year: int | None = None) -> Schedule | None:
    """Read when something is due, as a cell "Fecha programada" says it.

    A date, a range ("enero a diciembre de 2026"), a list of months, or a cadence ("trimestral").

    :param year: the plan's year, for dates that give none.
    :returns: None when it cannot be told.
    """
    folded = fold(text).strip(" .")
    if not folded or len(folded) > 200:
        return None
    one = day(folded, year)
    if one:
        return Schedule(ScheduleKind.DATE, due=one[0], precision=one[1])
    for word, times in CADENCES.items():
        if re.fullmatch(rf"(?:de forma |con periodicidad )?{word}(?:es|mente)?", folded):
            return Schedule(ScheduleKind.RECURRING, cadence=word, times=times)
    return _range(folded, year) or _month_list(folded, year)


def _range(folded: str, year: int | None) -> Schedule | None:
    match = _RANGE.match(folded)
    if not match:
        return None
    first, last = (match[1], match[2]) if match[1] else (match[3], match[4])
    if match[1] and not re.search(r"\s(?:a|al|hasta)\s", folded) and not folded.startswith("entre"):
        return None
    years = _YEAR_WORD.findall(last)
    end = day(last, year)
    start = day(first, int(years[-1]) if years else year)
    if not start or not end or _first_day(start) > end[0]:
        return None
    precision = Precision.DAY if end[1] is Precision.DAY else end[1]
    return Schedule(ScheduleKind.RANGE, start=_first_day(start), due=end[0], precision=precision)


def _month_list(folded: str, year: int | None) -> Schedule | None:
    if not _LIST.match(folded):
        return None
    years = set(_YEAR_WORD.findall(folded))
    if len(years) > 1:
        return None
    of_year = int(years.pop()) if years else year
    months = tuple(sorted({MONTHS[name] for name in _MONTH_WORD.findall(folded)}))
    due = last_day(of_year, months[-1]) if of_year else None
    return Schedule(ScheduleKind.MONTHS, months=months, due=due, precision=Precision.MONTH)


def months_schedule(months: tuple[int, ...], year: int | None) -> Schedule:
    """Return the schedule of marked months; without any, an undeclared one (never "no months")."""
    if not months:
        return Schedule()
    due = last_day(year, max(months)) if year else None
    return Schedule(
        ScheduleKind.MONTHS, months=tuple(sorted(set(months))), due=due, precision=Precision.MONTH
    )
