"""Messages and locales in the reader's language, without CKAN.

The catalogues that serve CKAN's pages serve the pure packages too: gettext domain
``ckanext-<plugin>`` in the folder ``i18n`` beside this module.
"""

from __future__ import annotations

import gettext
import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ckanext.cost_common.shipped import CATALOGUES

if TYPE_CHECKING:
    from babel import Locale

#: Which country's way of writing figures and dates a language means here.
COUNTRY_OF = {"es": "es_CO"}
#: A language tag as folders of catalogues are named: it may come from an address, so nothing else is tried.
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark a message for extraction; it is translated later, by :func:`translator`."""
    return message


def _candidates(lang: str) -> tuple[str, ...]:
    """Folder names to try for a tag: ``es-CO`` → ``es_CO``, ``es``; none for what is no language tag."""
    if not _TAG.fullmatch(lang):
        return ()
    base, *rest = lang.replace("-", "_").split("_")
    return tuple(dict.fromkeys(("_".join((base.lower(), *rest)), base.lower())))


def _compile(po: bytes, tag: str) -> gettext.GNUTranslations:
    """A catalogue straight from a ``.po``, as building would have compiled it."""
    from babel.messages.mofile import write_mo  # only a bare checkout needs the compiler
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(po), locale=tag.split("_", 1)[0]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=64)
def translator(domain: str, lang: str | None) -> gettext.NullTranslations:
    """Return the translations of one plugin's messages.

    :param domain: the gettext domain, such as ``ckanext-ogp_plan``.
    :param lang: a language tag (``es``, ``es_CO``, ``es-419``); None is English, the source.
    :returns: the catalogue of the tag or of its base language; for a language that has none, one
        that returns the English source.

    The built ``.mo`` is used when there is one. In a bare checkout, where it is not built yet, the
    ``.po`` is compiled in memory: a reader of Spanish never gets English because a step was skipped.
    """
    for tag in _candidates(lang or ""):
        messages = CATALOGUES / tag / "LC_MESSAGES"
        built, source = messages / f"{domain}.mo", messages / f"{domain}.po"
        if built.is_file():
            return gettext.GNUTranslations(io.BytesIO(built.read_bytes()))
        if source.is_file():
            return _compile(source.read_bytes(), tag)
    return gettext.NullTranslations()


@lru_cache(maxsize=32)
def locale_of(lang: str) -> Locale:
    """Return the locale in which figures and dates are written for a language.

    :param lang: a language tag; ``es`` means Colombia's Spanish.
    :returns: Babel's locale; that of English for a tag that Babel does not know.
    """
    from babel import Locale, UnknownLocaleError  # slow to load, and only needed for words

    try:
        return Locale.parse(COUNTRY_OF.get(lang, lang).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")
