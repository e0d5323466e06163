"""What no page of ours holds: characters that XML forbids, and passwords in links."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ckanext.cost_common.values import links, text


@pytest.mark.parametrize(
    "code", [*range(0x20), 0x7F, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000]
)
def test_the_rule_is_that_of_xml(code: int) -> None:
    character = chr(code)
    try:
        ElementTree.fromstring(f"<a>{character}</a>".encode("utf-8", "surrogatepass"))  # noqa: S314  our own text
        allowed = True
    except ElementTree.ParseError:
        allowed = False
    # the parser lets two pass that the rule (XML 1.0, Char) does not
    assert text.has_forbidden(character) == (not allowed or code in (0xFFFE, 0xFFFF))
    assert not text.has_forbidden(text.without_forbidden(character))
    if not 0xD800 <= code <= 0xDFFF:
        cleaned = text.bytes_without_forbidden(f"a{character}é".encode())
        assert cleaned.decode() == text.without_forbidden(f"a{character}é")


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://ana:secreta@example.org/a", "https://example.org/a"),
        ("ftp://ana@example.org", "ftp://example.org"),
        ("https://a:b@c@example.org/x", "https://example.org/x"),
        (
            "vea https://ana:secreta@example.org y ana@example.org",
            "vea https://example.org y ana@example.org",
        ),
        ("https://example.org/@ana?correo=a:b@c", "https://example.org/@ana?correo=a:b@c"),
        ("mailto:ana@example.org", "mailto:ana@example.org"),
    ],
)
def test_links_lose_their_passwords(link: str, shown: str) -> None:
    assert links.without_userinfo(link) == shown
    assert links.has_userinfo(link) == (link != shown)
