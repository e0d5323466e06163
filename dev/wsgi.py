"""The portal as a WSGI application, of the configuration that ``CKAN_INI`` names."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from logging.config import fileConfig
from typing import Any

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

_ini = os.environ["CKAN_INI"]
fileConfig(_ini, disable_existing_loggers=False)
_portal = make_app(CKANConfigLoader(_ini).get_config())


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as CKAN does, and let a browser keep styles, scripts and images for an hour.

    CKAN has a browser ask for each of its twenty files at each page; the web server before a portal
    does as this does.
    """

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        if environ.get("PATH_INFO", "").startswith(("/webassets/", "/base/")) and status.startswith("200"):
            headers = [each for each in headers if each[0].lower() != "cache-control"]
            headers.append(("Cache-Control", "public, max-age=3600"))
        return start_response(status, headers, *more)

    return _portal(environ, start)


# CKAN's quarter of a million objects stay for ever; the collector need not walk through them again.
gc.collect()
gc.freeze()
