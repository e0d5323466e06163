"""The reader's language, without CKAN: the catalogues of domain ``ckanext-ogp_plan``."""

from __future__ import annotations

import gettext

from ckanext.cost_common import translation
from ckanext.cost_common.translation import N_

__all__ = ["DOMAIN", "N_", "translator"]

DOMAIN = "ckanext-ogp_plan"


def translator(lang: str | None) -> gettext.NullTranslations:
    """Return the translations of this plugin's messages, by :mod:`ckanext.cost_common.translation`.

    :param lang: a language tag (``es``, ``es_CO``); None is English, the source.
    """
    return translation.translator(DOMAIN, lang)
