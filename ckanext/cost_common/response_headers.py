"""Headers of the plugins' own pages: what a browser may load, run and frame on them.

Rules: OWASP Secure Headers Project. The portal's other pages are its own affair. A view that other
sites may show in a frame declares it by :func:`allow_frames`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, g, request

from ckanext.cost_common import config
from ckanext.cost_common.values.text import bytes_without_forbidden

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
#: Names of the blueprints whose responses have these headers.
_protected: set[str] = set()


def protect(blueprints: Iterable[Blueprint]) -> list[Blueprint]:
    """Give every response of some blueprints its headers, and return them."""
    found = list(blueprints)
    for blueprint in found:
        if blueprint.name not in _protected:
            blueprint.after_request(set_headers)
            _protected.add(blueprint.name)
    return found


def is_protected_page() -> bool:
    """Return whether the present request is of one of those blueprints."""
    return bool(request) and request.blueprint in _protected


def allow_frames(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let any site show the pages of a view in a frame: they only show, and ask for nothing."""

    @wraps(view)
    def framed(*arguments: Any, **named: Any) -> Any:
        g.cost_frames = True
        return view(*arguments, **named)

    return framed


def set_headers(response: Response) -> Response:
    """Set the headers of a response; those that a view has set stay. Clean a page of what XML forbids."""
    _clean_page(response)
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    framed = bool(g.get("cost_frames"))
    if not framed:
        headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    mode = config.csp()
    if response.mimetype == "text/html" and mode != config.OFF and "Content-Security-Policy" not in headers:
        name = "Content-Security-Policy" + ("-Report-Only" if mode == config.REPORT_ONLY else "")
        headers.setdefault(name, build_policy(_hash_custom_styles(response), framed=framed))
    return response


def _clean_page(response: Response) -> None:
    """Replace characters that XML forbids, wherever they come from: none reaches a page raw."""
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return
    data = response.get_data()
    cleaned = bytes_without_forbidden(data)
    if cleaned != data:
        response.set_data(cleaned)


def build_policy(style_hashes: Iterable[str] = (), *, framed: bool = False) -> str:
    """Return the policy of a page.

    :param style_hashes: of the styles that are in the page by the portal's configuration.
    :param framed: whether any site may show it in a frame.
    """
    own = ["'self'", config.site_origin()]
    # people and organismos have pictures by their address; a picture runs nothing
    images = [*own, "data:", "https:"]
    if config.shows_gravatars():
        images += ["gravatar.com", "*.gravatar.com"]
    if config.site_logo_origin():
        images.append(config.site_logo_origin())
    directives = {
        "default-src": own,
        "script-src": own,
        "style-src": [*own, *style_hashes],
        # widths of bars: an attribute runs nothing, and loads nothing that img-src does not allow
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": images,
        "font-src": [*own, "data:"],
        "connect-src": own,
        "form-action": own,
        "frame-src": own,
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
    for directive, sources in config.csp_sources().items():
        directives[directive] = [*directives.get(directive, own), *sources]
    if not framed:
        directives["frame-ancestors"] = ["'self'"]
    return "; ".join(f"{name} {' '.join(dict.fromkeys(sources))}" for name, sources in directives.items())


def _hash_custom_styles(response: Response) -> list[str]:
    """The hash of the style that CKAN puts into each page by ``ckan.site_custom_css``, as it is there."""
    wanted = _normalize(
        str(getattr(tk.g, "site_custom_css", "") or tk.config.get("ckan.site_custom_css") or "")
    )
    if not wanted or response.is_streamed or response.direct_passthrough:
        return []
    inline = (found.replace("\r\n", "\n") for found in _STYLE.findall(response.get_data(as_text=True)))
    return [
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in inline
        if _normalize(style) == wanted
    ]


def _normalize(style: str) -> str:
    return style.replace("\r\n", "\n").strip()
