"""Where the files lie that are shipped with the code of all plugins.

By their place beside the code: a wheel is always unpacked, and ``importlib.resources`` is slow to load.
In a checkout these folders are links to those at the top.
"""

from __future__ import annotations

from pathlib import Path

#: Knowledge of the field as data: schemas, codelists, families of plans, organismos.
SCHEMAS = Path(__file__).parent / "schemas"
#: Catalogues of translations, ``<language>/LC_MESSAGES/<domain>.po``.
CATALOGUES = Path(__file__).parent / "i18n"
