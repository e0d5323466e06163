"""The reader's language, without CKAN: the catalogues of domain ``ckanext-cost_oc4ids``."""

from __future__ import annotations

import gettext

from ckanext.cost_common import translation
from ckanext.cost_common.translation import N_

__all__ = ["DOMAIN", "N_", "translator"]

DOMAIN = "ckanext-cost_oc4ids"


def translator(lang: str | None) -> gettext.NullTranslations:
    """Return the translations of this plugin's messages, by :mod:`ckanext.cost_common.translation`.

    :param lang: a language tag (``es``, ``es_CO``, ``es-419``); None is English, the source.
    """
    return translation.translator(DOMAIN, lang)
