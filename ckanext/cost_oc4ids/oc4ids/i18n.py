"""The reader's language, without CKAN.

The same catalogues serve CKAN's pages and this core: domain
``ckanext-cost_oc4ids`` in the package's ``i18n`` folder.
"""

from __future__ import annotations

import gettext
import io
import re
from functools import lru_cache

from .shipped import shipped

DOMAIN = "ckanext-cost_oc4ids"
#: A language tag as folders of catalogues are named: it may come from an address, so nothing else is tried.
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


def N_(message: str) -> str:
    """Mark a message for extraction; it is translated later, by :func:`translator`."""
    return message


def _candidates(lang: str) -> tuple[str, ...]:
    """Folder names to try for a tag: ``es-CO`` → ``es_CO``, ``es``; none for what is no language tag."""
    if not _TAG.fullmatch(lang):
        return ()
    base, *rest = lang.replace("-", "_").split("_")
    return tuple(dict.fromkeys(("_".join((base.lower(), *rest)), base.lower())))


def _compile(po: bytes, lang: str) -> gettext.GNUTranslations:
    """A catalogue straight from a ``.po``, as building would have compiled it."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  only a bare checkout needs the compiler
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(po), locale=lang.split("_", 1)[0]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=32)
def translator(lang: str | None) -> gettext.NullTranslations:
    """Translations of this extension's messages.

    :param lang: a language tag (``es``, ``es_CO``, ``es-419``); None is English.
    :returns: the catalogue of the tag or of its base language; for a language
        that has none, one that gives back the English source.

    The built ``.mo`` is used when there is one. In a bare checkout, where it is
    not built yet, the ``.po`` is compiled in memory: a reader of Spanish never
    gets English because somebody skipped a step.
    """
    folder = shipped("i18n")
    for tag in _candidates(lang or ""):
        messages = folder / tag / "LC_MESSAGES"
        built = messages / f"{DOMAIN}.mo"
        if built.is_file():
            return gettext.GNUTranslations(io.BytesIO(built.read_bytes()))
        source = messages / f"{DOMAIN}.po"
        if source.is_file():
            return _compile(source.read_bytes(), tag)
    return gettext.NullTranslations()
