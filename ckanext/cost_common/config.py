"""Every option of the plugin: its key and one typed reader. Nobody else reads the configuration.

Options, their defaults and what they mean are declared in ``config_declaration.yaml``. A reader raises
:class:`ckan.exceptions.CkanConfigurationException`, naming the key, when the value cannot be used;
:func:`require_valid` calls them all.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ckanext.cost_common import options

PREFIX = "ckanext.cost_common."

CSP = PREFIX + "csp"
CSP_SOURCES = PREFIX + "csp_sources"

ENFORCE, REPORT_ONLY, OFF = "enforce", "report-only", "off"
#: Directives to which a portal may add sources of its own.
DIRECTIVES = (
    "connect-src",
    "font-src",
    "form-action",
    "frame-src",
    "img-src",
    "media-src",
    "script-src",
    "style-src",
    "worker-src",
)
#: A host, an origin, a scheme, or a hash of what is inline. Keywords such as 'unsafe-eval' are refused.
_SOURCE = re.compile(
    r"(?:(?:https?|wss?)://)?(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?:\d+|\*))?(?:/[\w./~%-]*)?|(?:data|blob):"
    r"|'sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}'",
    re.IGNORECASE,
)


def csp() -> str:
    """Return whether browsers enforce the policy of our pages, only report what breaks it, or get none."""
    value = options.read_text(CSP)
    if value not in (ENFORCE, REPORT_ONLY, OFF):
        raise options.option_error(CSP, value, f"write {ENFORCE}, {REPORT_ONLY} or {OFF}")
    return value


def csp_sources() -> dict[str, list[str]]:
    """Return the sources that this portal adds to the policy, by directive."""
    value = options.read_text(CSP_SOURCES)
    found: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in value.split(";"))):
        directive, *sources = part.split()
        if directive not in DIRECTIVES or not sources or not all(map(_SOURCE.fullmatch, sources)):
            raise options.option_error(
                CSP_SOURCES,
                value,
                "write a directive and its hosts, such as img-src https://tiles.example.org",
            )
        found.setdefault(directive, []).extend(sources)
    return found


def site_origin() -> str:
    """Return the scheme and host of the portal's own address."""
    parts = urlsplit(options.read_text("ckan.site_url"))
    return f"{parts.scheme}://{parts.netloc}"


def site_logo_origin() -> str:
    """Return the scheme and host of the portal's logo; empty when it is a file of the portal."""
    parts = urlsplit(options.read_text("ckan.site_logo"))
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def shows_gravatars() -> bool:
    """Return whether pages show pictures of people from gravatar.com."""
    return options.read_text("ckan.gravatar_default") != "disabled"


READERS = {CSP: csp, CSP_SOURCES: csp_sources}


def require_valid() -> None:
    """Read every option, so that a wrong one ends the portal's start."""
    for reader in READERS.values():
        reader()
