"""Texts that say nothing, or say it badly. One expression in compiled code finds the candidates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ckanext.cost_common.values.text import XML_FORBIDDEN, has_forbidden

from ..messages import N_, register
from ..types import Severity
from . import Hit, LintField, LintPlace, ProjectContext, lint
from .rules import rule_set

register(
    "text.blank",
    Severity.WARNING,
    N_("A text with nothing but spaces"),
    N_("The field has only blank spaces: it says nothing."),
    N_("Write the text: the field cannot be left out here."),
    N_("Review tool of OC4IDS: missing values"),
    remedy_fixed=N_("Write the text, or remove '%(removed)s' if there is nothing to say yet."),
)
register(
    "text.placeholder",
    Severity.WARNING,
    N_("A filler instead of information"),
    N_("The text %(value)s fills the field but tells people nothing."),
    N_(
        "Write the real information. If it does not exist yet, remove the field: a gap is clearer than a "
        "filler."
    ),
    N_("Our reasoning: a filler hides a gap"),
)
register(
    "text.html",
    Severity.NOTE,
    N_("Web page code inside a text"),
    N_("The text has HTML tags, and people would see them as they are: %(value)s"),
    N_("Leave the plain text only, without tags such as <p> or <br>."),
    N_("OC4IDS 0.9.5: only document descriptions may carry basic HTML"),
)
register(
    "text.spaces",
    Severity.NOTE,
    N_("Spaces at the start or the end of a text"),
    N_(
        "The text has spaces or line breaks before or after it: %(value)s. They break searches and "
        "comparisons."
    ),
    N_("Remove the spaces at the ends."),
    N_("Our reasoning: texts are compared letter by letter"),
    remedy_fixed=N_("Remove the spaces at the ends: %(example)s"),
)
register(
    "text.garbled",
    Severity.WARNING,
    N_("Accents that were damaged"),
    N_("The text has letters that a wrong conversion damaged: %(value)s"),
    N_("Export the data again as UTF-8 and check words with accents and ñ."),
    N_("Our reasoning: UTF-8 read as another encoding"),
)
register(
    "text.forbidden_characters",
    Severity.WARNING,
    N_("Characters that are not text"),
    N_("The text has control characters, which cannot be seen: %(value)s"),
    N_("Remove them: they usually come from a copy out of a document or from a damaged export."),
    N_("XML 1.0: characters"),
    remedy_fixed=N_("Write the text without them: %(example)s"),
)
register(
    "text.language_tag",
    Severity.NOTE,
    N_("A language written in words"),
    N_("The language must be a code of two letters, and here it says %(value)s."),
    N_('Write "es" for Spanish or "en" for English; a region may follow, as in "es-CO".'),
    N_("OC4IDS 0.9.5: language (ISO 639-1, BCP 47)"),
)

#: Neither spaces at the ends nor any sign of tags or damage: what nearly every text is.
_FORBIDDEN = XML_FORBIDDEN.replace("\ud800-\udfff", "")  # which no file that can be read has
_CLEAN = (
    f"^[^\\s<\u00c2\u00c3\ufffd{_FORBIDDEN}]"
    f"([^<\u00c2\u00c3\ufffd{_FORBIDDEN}]*[^\\s<\u00c2\u00c3\ufffd{_FORBIDDEN}])?$"
)
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,10}(\s[^<>]{0,300})?/?>")
#: UTF-8 read as Latin-1 or Windows-1252 (``Ã³`` for ``ó``), or what could not be read at all.
_GARBLED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022"
    "\u2026\u2030\u2039\u203a\u20ac\u2122]|\ufffd"
)
#: Texts that the schema validates.
_SCHEMA_FORMATS = ("date-time", "uri", "email")


def _plain(value: str) -> str:
    """Lower case, no accents, single spaces: the form placeholders are listed in."""
    decomposed = unicodedata.normalize("NFD", " ".join(value.casefold().split()))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=8)
def _placeholder_pattern() -> str:
    """An expression for every placeholder that lets more through than it should: :func:`_plain` decides."""
    vowels = {"a": "[aáAÁ]", "e": "[eéEÉ]", "i": "[iíIÍ]", "o": "[oóOÓ]", "u": "[uúUÚ]", " ": "\\s+"}

    def letter(char: str) -> str:
        if char in vowels:
            return vowels[char]
        return f"[{char}{char.upper()}]" if char.isalpha() else re.escape(char).replace("\\-", "-")

    words = sorted(rule_set("text", "placeholders"))
    return "^\\s*(" + "|".join("".join(map(letter, word)) for word in words) + ")\\s*$"


def _is_prose(field: LintField) -> bool:
    """A text for people: not a code, not a date, not a link."""
    types = field.schema.get("type", ())
    types = (types,) if isinstance(types, str) else types
    by_schema = field.schema.get("enum") or field.schema.get("format") in _SCHEMA_FORMATS
    return "string" in types and not by_schema


def _require_clean(field: LintField) -> Mapping[str, Any] | None:
    if not _is_prose(field):
        return None
    if field.name in rule_set("text", "placeholder_exempt"):
        return {"pattern": _CLEAN}
    return {"pattern": _CLEAN, "not": {"type": "string", "pattern": _placeholder_pattern()}}


#: Where a place's damage or tags are looked for; hostile texts can be megabytes long.
_LOOKED_AT = 20_000


@lint(
    "text.blank",
    require=_require_clean,
    also=("text.placeholder", "text.html", "text.spaces", "text.garbled", "text.forbidden_characters"),
)
def untidy_text(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Texts should say something, in plain text (review tool: missing values; the rest is our reasoning).

    Blank: only spaces, also inside lists. Filler: listed in ``text.placeholders``.
    An empty text is the schema's error.
    """
    value = place.value
    if not isinstance(value, str) or not value:
        return
    if has_forbidden(value):
        yield Hit(place.parts, value, code="text.forbidden_characters")
    if not value.strip():
        yield Hit(place.parts, value)
        return
    name = place.field.rpartition("/")[2]
    if name not in rule_set("text", "placeholder_exempt") and _plain(value[:100]) in rule_set(
        "text", "placeholders"
    ):
        yield Hit(place.parts, value, code="text.placeholder")
        return
    if value[0].isspace() or value[-1].isspace():
        yield Hit(place.parts, value, code="text.spaces")
    start = value[:_LOOKED_AT]
    if place.field not in rule_set("text", "html_allowed") and _TAG.search(start):
        yield Hit(place.parts, value, code="text.html")
    if _GARBLED.search(start):
        yield Hit(place.parts, value, code="text.garbled")


def _require_language(field: LintField) -> Mapping[str, Any] | None:
    is_one = not field.is_item and field.path in rule_set("text", "languages")
    return {"pattern": "^([a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*|\\s*)$"} if is_one else None


@lint("text.language_tag", require=_require_language)
def language_in_words(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Languages are ISO 639-1 codes or BCP 47 tags (OC4IDS, language)."""
    if isinstance(place.value, str) and place.value:
        yield Hit(place.parts, place.value)
