"""Documents: something to open, that opens for everybody, and says what it is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ckanext.cost_common.values.links import has_userinfo

from ..messages import N_, register
from ..types import Severity
from . import Hit, LintField, LintPlace, ProjectContext, check, lint
from .extracts import compared, earlier, text
from .rules import rule_set, rules

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "doc.no_url",
    _N,
    N_("A document without a link"),
    N_("The document has no link, so people cannot open it."),
    N_(
        "Add 'url' with the address of the file or page; if it is only on paper, say in 'accessDetails' "
        "where to see it."
    ),
    N_("OC4IDS 0.9.5: documents"),
)
register(
    "doc.not_http",
    _W,
    N_("A link that a browser does not open"),
    N_("The link %(value)s does not begin with https:// or http://."),
    N_("Publish the file on a website and write its address, beginning with https://."),
    N_("Our reasoning: links are for everybody"),
)
register(
    "doc.private_link",
    _W,
    N_("A link that only works inside an office"),
    N_("The link %(value)s points to a computer or network that the public cannot reach."),
    N_("Publish the file on a public website and write that address."),
    N_("Our reasoning: links are for everybody"),
)
register(
    "doc.password",
    _W,
    N_("A link with a name or password in it"),
    N_(
        "The link has a name or password before its host; everybody who reads the file can use them: "
        "%(value)s"
    ),
    N_("Change that password, publish the file where all can open it, and write its link without it."),
    N_("RFC 3986, section 3.2.1: no passwords in addresses"),
)
register(
    "doc.no_title",
    _N,
    N_("A document without a title"),
    N_("The document has no title, so people cannot tell what it is."),
    N_("Add 'title' with a short name that says what the document is."),
    N_("OC4IDS 0.9.5: documents"),
)
register(
    "doc.no_type",
    _N,
    N_("A document without its type"),
    N_("The document does not say of which type it is, so it does not count as disclosed information."),
    N_("Add 'documentType' with a code of the list of document types."),
    N_("OC4IDS 0.9.5: document type"),
)
register(
    "doc.url_repeated",
    _N,
    N_("One link for documents of several types"),
    N_("The link %(value)s is used for documents of different types."),
    N_(
        "Check that each document has its own link; if one file holds several, say the pages in "
        "'pageStart' and 'pageEnd'."
    ),
    N_("Our reasoning: one link, one document"),
)
register(
    "doc.modified_before_published",
    _W,
    N_("A document changed before it was published"),
    N_("The document's last change is earlier than its publication: %(value)s."),
    N_("Check both dates."),
    N_("OC4IDS 0.9.5: documents"),
)
register(
    "doc.format",
    _N,
    N_("A file format written in another way"),
    N_("%(value)s is not a media type."),
    N_(
        'Write the media type, for example "application/pdf", "text/html" or "image/jpeg"; '
        '"offline/print" for paper.'
    ),
    N_("OC4IDS 0.9.5: document format (IANA media types)"),
)


@check("doc.no_url", needs=("Document",), also=("doc.no_title", "doc.no_type"))
def incomplete_document(ctx: ProjectContext) -> Iterator[Hit]:
    """A document has a link, a title and a type (OC4IDS, Document).

    No link is asked of one that says how else to see it (``accessDetails``).
    """
    for _, parts, document in ctx.extracts.documents:
        if "url" not in document and "accessDetails" not in document:
            yield Hit(parts, text(document.get("title")))
        if "title" not in document:
            yield Hit(parts, document.get("url"), code="doc.no_title")
        if "documentType" not in document:
            yield Hit(parts, text(document.get("title")), code="doc.no_type")


def _require_http(field: LintField) -> Mapping[str, Any] | None:
    is_link = field.name == "url" and field.schema.get("format") == "uri"
    return {"pattern": "^[hH][tT][tT][pP][sS]?://"} if is_link else None


def _require_no_password(field: LintField) -> Mapping[str, Any] | None:
    if field.schema.get("format") != "uri":
        return None
    return {"not": {"type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*@"}}


@lint("doc.password", require=_require_no_password)
def link_with_password(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """What is published is read by everybody, links included (RFC 3986, 3.2.1). The report leaves it out."""
    if isinstance(place.value, str) and has_userinfo(place.value):
        yield Hit(place.parts, place.value)


_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


@lint("doc.not_http", require=_require_http)
def link_not_http(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Links open in a browser (our reasoning). What is no URI at all is the schema's error."""
    if isinstance(place.value, str) and _SCHEME.match(place.value):
        yield Hit(place.parts, place.value)


_HOST = re.compile(r"[hH][tT][tT][pP][sS]?://(?:[^/?#@]{0,200}@)?(\[[0-9a-fA-F:.]{2,45}\]|[^/?#:@\s]{1,253})")


@lru_cache(maxsize=1)
def _private_networks() -> tuple[ipaddress.IPv4Network, ...]:
    return tuple(ipaddress.IPv4Network(each) for each in rules("documents")["private_networks"])


@lru_cache(maxsize=1024)
def _is_private(host: str) -> bool:
    """Whether a host is only known inside a network: a reserved address or name, or a name without dots."""
    name = host.strip("[]").rstrip(".").lower()
    if name[:1].isdigit() or ":" in name:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            return address.is_private or address.is_loopback
        return any(address in network for network in _private_networks())
    return "." not in name or name.rpartition(".")[2] in rule_set("documents", "private_hosts")


@check("doc.private_link", needs=("Document",))
def private_link(ctx: ProjectContext) -> Iterator[Hit]:
    """The public must be able to follow links (our reasoning; hosts and networks in ``documents``)."""
    for _, parts, document in ctx.extracts.documents:
        url = document.get("url")
        host = _HOST.match(url) if isinstance(url, str) else None
        if host and _is_private(host.group(1)):
            yield Hit((*parts, "url"), url)


@check("doc.url_repeated", needs=("Document",))
def repeated_link(ctx: ProjectContext) -> Iterator[Hit]:
    """The same link as documents of different types counts several times as disclosed (our reasoning).

    Pages with different ``pageStart`` are different documents.
    """
    first: dict[tuple[str, str], str] = {}
    for _, parts, document in ctx.extracts.documents:
        url, kind, page = document.get("url"), document.get("documentType"), document.get("pageStart")
        if not isinstance(url, str) or not isinstance(kind, str):
            continue
        known = first.setdefault((url, page if isinstance(page, str) else ""), kind)
        if known != kind:
            yield Hit((*parts, "url"), url)


@check("doc.modified_before_published", needs=("Document",))
def modified_before_published(ctx: ProjectContext) -> Iterator[Hit]:
    """A document is first published, then modified (OC4IDS, Document: datePublished is the first
    publication)."""
    for _, parts, document in ctx.extracts.documents:
        published, modified = document.get("datePublished"), document.get("dateModified")
        if earlier(modified, published):
            yield Hit((*parts, "dateModified"), compared(modified, "<", published))


def _require_media_type(field: LintField) -> Mapping[str, Any] | None:
    is_format = field.path in ("documents/format", "contractingProcesses/summary/documents/format")
    return {"pattern": rules("documents")["format"]} if is_format else None


@lint("doc.format", require=_require_media_type)
def format_in_words(ctx: ProjectContext, place: LintPlace) -> Iterator[Hit]:
    """Formats are IANA media types, or ``offline/print`` (OC4IDS, Document.format)."""
    if isinstance(place.value, str) and place.value.strip():
        yield Hit(place.parts, place.value)
