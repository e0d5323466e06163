"""The reader's language, without CKAN: domain ``ckanext-ogp_plan`` in the package's ``i18n`` folder."""

from __future__ import annotations

import gettext
import io
import re
from functools import lru_cache
from importlib.resources import files

DOMAIN = "ckanext-ogp_plan"
#: A language tag as folders of catalogues are named: it may come from an address, so nothing else is tried.
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a message for extraction; it is translated later, by :func:`translator`."""
    return message


def _candidates(lang: str) -> tuple[str, ...]:
    if not _TAG.fullmatch(lang):
        return ()
    base, *rest = lang.replace("-", "_").split("_")
    return tuple(dict.fromkeys(("_".join((base.lower(), *rest)), base.lower())))


@lru_cache(maxsize=32)
def translator(lang: str | None) -> gettext.NullTranslations:
    """Return the translations of this plugin's messages.

    :param lang: a language tag (``es``, ``es_CO``); None is English, the source.

    The built ``.mo`` is used when there is one; in a bare checkout the ``.po`` is compiled in memory.
    """
    for tag in _candidates(lang or ""):
        folder = files("ckanext.ogp_plan") / "i18n" / tag / "LC_MESSAGES"
        built, source = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
        if built.is_file():
            return gettext.GNUTranslations(io.BytesIO(built.read_bytes()))
        if source.is_file():
            return _compile(source.read_bytes(), tag)
    return gettext.NullTranslations()


def _compile(po: bytes, tag: str) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(po), locale=tag.split("_", 1)[0]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
