"""The portal as a WSGI application, of the configuration that ``CKAN_INI`` names."""

from __future__ import annotations

import gc
import os
from logging.config import fileConfig

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

_ini = os.environ["CKAN_INI"]
fileConfig(_ini, disable_existing_loggers=False)
application = make_app(CKANConfigLoader(_ini).get_config())

# CKAN's quarter of a million objects stay for ever; the collector need not walk through them again.
gc.collect()
gc.freeze()
