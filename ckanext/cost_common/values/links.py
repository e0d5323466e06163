"""Addresses of the web as people write them."""

from __future__ import annotations

import re

#: From the scheme to the at sign before a host (RFC 3986, userinfo).
_USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^/?#\s\"'<>]{1,500}@")


def has_userinfo(text: str) -> bool:
    """Return whether an address has a name or password before its host, or a text such an address."""
    return "@" in text and _USERINFO.search(text) is not None


def without_userinfo(text: str) -> str:
    """Return the text with no names and passwords in its addresses."""
    return _USERINFO.sub(r"\1", text) if "@" in text else text
