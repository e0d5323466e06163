"""The package around the projects: who publishes, under which licence, where and when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ckanext.cost_common.values.links import has_userinfo
from ckanext.cost_common.values.text import has_forbidden

from .. import schema
from ..messages import N_, register
from ..types import Severity
from . import Hit, PackageContext, check
from .extracts import day
from .rules import rule_set
from .spelling import LONGEST, Speller, plain

_W, _N = Severity.WARNING, Severity.NOTE

register(
    "package.published_in_future",
    _W,
    N_("A package published in the future"),
    N_("The package says that it was published on %(value)s, and that day has not come yet."),
    N_("Write the day of the last change of the data, with its time zone."),
    N_("OC4IDS 0.9.5: project package, published date"),
)
register(
    "package.no_licence",
    _W,
    N_("A package without a licence"),
    N_("The package does not say under which licence the data may be used."),
    N_(
        "Add 'license' with the address of an open licence, for example "
        '"https://creativecommons.org/licenses/by/4.0/".'
    ),
    N_("OC4IDS 0.9.5: project package, licence"),
)
register(
    "package.licence_unknown",
    _N,
    N_("A licence that is not recognised"),
    N_("The licence %(value)s is not one of the addresses of open licences that collectors recognise."),
    N_(
        "If it is one of the known open licences, write its exact address, for example "
        '"https://creativecommons.org/licenses/by/4.0/".'
    ),
    N_("CoST datastore: open licences by address"),
)
register(
    "package.uri_not_http",
    _W,
    N_("A package without a web address"),
    N_("The package's 'uri', %(value)s, is not a web address."),
    N_("Write the address where this same file can be downloaded, beginning with https://."),
    N_("OC4IDS 0.9.5: project package, uri"),
)
register(
    "package.publisher_without_id",
    _N,
    N_("A publisher without an identifier"),
    N_("The publisher is known by its name only."),
    N_(
        "Add 'publisher.uid' with its official number (in Colombia, the NIT) and 'publisher.scheme' with "
        "whose number it is."
    ),
    N_("OC4IDS 0.9.5: project package, publisher"),
)
register(
    "package.unknown_field",
    _N,
    N_("A field that packages do not have"),
    N_("The field '%(name)s' is not part of an OC4IDS package."),
    N_(
        "Remove it, or check its name: 'uri', 'publisher', 'license', 'publicationPolicy', 'publishedDate', "
        "'version', 'projects'."
    ),
    N_("Review tool of OC4IDS: additional fields"),
)
register(
    "package.misspelt_field",
    _W,
    N_("A field of the package whose name is mistyped"),
    N_("The field '%(name)s' is not part of an OC4IDS package. Did you mean '%(suggestion)s'?"),
    N_("See whether '%(suggestion)s' is meant: then write its value there, as the standard asks."),
    N_("Review tool of OC4IDS: additional fields"),
    remedy_fixed=N_("Rename the field to '%(suggestion)s'. Capital letters count."),
)
register(
    "package.blank",
    _W,
    N_("A field of the package with nothing but spaces"),
    N_("The field has only blank spaces: it says nothing."),
    N_("Write the text: the field cannot be left out here."),
    N_("Review tool of OC4IDS: missing values"),
    remedy_fixed=N_("Write the text, or remove '%(removed)s' if there is nothing to say yet."),
)

register(
    "package.forbidden_characters",
    _W,
    N_("Characters that are not text"),
    N_("The text has control characters, which cannot be seen: %(value)s"),
    N_("Remove them: they usually come from a copy out of a document or from a damaged export."),
    N_("XML 1.0: characters"),
    remedy_fixed=N_("Write the text without them: %(example)s"),
)
register(
    "package.password",
    _W,
    N_("A link with a name or password in it"),
    N_(
        "The link has a name or password before its host; everybody who reads the file can use them: "
        "%(value)s"
    ),
    N_("Change that password, publish the file where all can open it, and write its link without it."),
    N_("RFC 3986, section 3.2.1: no passwords in addresses"),
)

_SHOWN = 100


@check("package.published_in_future", scope="package")
def published_in_the_future(ctx: PackageContext) -> Iterator[Hit]:
    """A package's date is that of the last change of its contents (OC4IDS, publishedDate)."""
    if isinstance(ctx.shell, dict):
        published = ctx.shell.get("publishedDate")
        when = day(published, ctx.options.timezone)
        if when is not None and when > ctx.today:
            yield Hit(("publishedDate",), published)


@check("package.no_licence", scope="package", also=("package.licence_unknown",))
def licence(ctx: PackageContext) -> Iterator[Hit]:
    """Data have an open licence (OC4IDS, license), known to the registry by its exact address
    (``package.licences``)."""
    if not isinstance(ctx.shell, dict):
        return
    found = ctx.shell.get("license")
    if found is None:
        yield Hit(("license",) if "license" in ctx.shell else (), field="license")
    elif isinstance(found, str) and found.strip() and found not in rule_set("package", "licences"):
        yield Hit(("license",), found, code="package.licence_unknown")


@check("package.uri_not_http", scope="package")
def package_address(ctx: PackageContext) -> Iterator[Hit]:
    """The package's uri is where it can be had (OC4IDS, uri; collectors fetch it by the web)."""
    uri = ctx.shell.get("uri") if isinstance(ctx.shell, dict) else None
    if isinstance(uri, str) and uri.strip() and not uri.lower().startswith(("https://", "http://")):
        yield Hit(("uri",), uri)


def _says_nothing(value: Any) -> bool:
    return value is None or isinstance(value, str) and not value.strip()


@check("package.publisher_without_id", scope="package")
def publisher_identifier(ctx: PackageContext) -> Iterator[Hit]:
    """A publisher is identified by an identifier, not by its name (OC4IDS, publisher.uid). An empty text
    is none."""
    publisher = ctx.shell.get("publisher") if isinstance(ctx.shell, dict) else None
    if isinstance(publisher, dict) and publisher and _says_nothing(publisher.get("uid")):
        yield Hit(("publisher",), publisher.get("name") if isinstance(publisher.get("name"), str) else None)


@lru_cache(maxsize=4)
def _known(parent: str) -> Speller:
    return Speller(each.name for each in schema.package_fields().values() if each.parent == parent)


@lru_cache(maxsize=4)
def _names(parent: str) -> frozenset[str]:
    return frozenset(each.name for each in schema.package_fields().values() if each.parent == parent)


@check("package.unknown_field", scope="package", also=("package.misspelt_field",))
def unknown_package_field(ctx: PackageContext) -> Iterator[Hit]:
    """Fields outside the package's schema are allowed but seldom meant (review tool: additional fields)."""
    shell = ctx.shell if isinstance(ctx.shell, dict) else {}
    for parent, node in (("", shell), ("publisher", shell.get("publisher"))):
        for name in node if isinstance(node, dict) else ():
            if name in _names(parent):
                continue
            parts = (parent, name) if parent else (name,)
            alias = schema.aliases().field(parent or "package", name) if len(name) <= LONGEST else None
            suggestion = alias.to if alias else _known(parent).nearest(plain(name[: LONGEST + 1]))
            params: dict[str, Any] = {"name": name[:_SHOWN]}
            if suggestion is None:
                yield Hit(parts, None, params)
            else:
                yield Hit(parts, None, params | {"suggestion": suggestion}, code="package.misspelt_field")


@check("package.blank", scope="package")
def blank_package_text(ctx: PackageContext) -> Iterator[Hit]:
    """Texts of the package say something (review tool: missing values).

    An empty text is the schema's error where the schema asks for a letter or for a format.
    """
    for parts, value in _texts(ctx.shell):
        described = schema.package_fields().get("/".join(parts))
        reported = described is not None and (described.min_length or described.format or described.pattern)
        if not value.strip() and (value or not reported):
            yield Hit(parts, value)


@check("package.forbidden_characters", scope="package", also=("package.password",))
def package_text_as_text(ctx: PackageContext) -> Iterator[Hit]:
    """Texts of the package can be shown, and say no passwords (XML 1.0, Char; RFC 3986, 3.2.1; our
    reasoning)."""
    for parts, value in _texts(ctx.shell):
        if has_forbidden(value):
            yield Hit(parts, value)
        if has_userinfo(value):
            yield Hit(parts, value, code="package.password")


def _texts(shell: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of the package and its publisher, with the way to it."""
    shell = shell if isinstance(shell, dict) else {}
    for parent, node in (("", shell), ("publisher", shell.get("publisher"))):
        for name, value in node.items() if isinstance(node, dict) else ():
            if isinstance(value, str):
                yield ((parent, name) if parent else (name,)), value
